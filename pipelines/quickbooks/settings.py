"""What a QuickBooks Online connection may set: which company, who we are there, what is read, and what may be written."""

import re
from datetime import date
from decimal import Decimal
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines import templates
from pipelines.connections import Secret, Settings

ACCOUNTING = "com.intuit.quickbooks.accounting"
_ID = re.compile(r"[0-9]+")
_HOSTS = {
    "production": "https://quickbooks.api.intuit.com",
    "sandbox": "https://sandbox-quickbooks.api.intuit.com",
}
_DISCOVERY = {
    "production": "https://developer.api.intuit.com/.well-known/openid_configuration",
    "sandbox": "https://developer.api.intuit.com/.well-known/openid_sandbox_configuration",
}
Policy = Literal["off", "plan", "apply"]


class Writeback(BaseModel):
    """What may be written, per kind: nothing, only planned, or planned and sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payment: Policy = "off"
    deposit: Policy = "off"
    reversal: Policy = "off"


class QuickBooksSettings(Settings):
    """Settings of one `[quickbooks.<name>]` table. Ids are QuickBooks' own, as its API gives them."""

    # Who
    realm_id: str  # the company id: Settings > Account and settings > Billing & subscription
    environment: Literal["production", "sandbox"] = "production"
    base_url: str | None = None  # derived from the environment unless set
    auth_url: str | None = None  # where the discovery document is; Intuit's, or base_url if that is set
    client_id: Secret
    client_secret: Secret
    refresh_token: Secret  # of the consent; later ones are kept in the home
    scopes: tuple[str, ...] = (ACCOUNTING, "openid", "email")  # what was consented to

    # What is read
    sync_customers: bool = True
    sync_contacts: bool = (
        True  # a customer's own names, address and numbers; without customers, of those who have something new
    )
    sync_invoices: bool = True  # invoices, credit memos and journal entries
    sync_payments: bool = True  # payments, refund receipts and deposits
    contact_name_as_reference: bool = False
    parity_links: int | None = Field(default=None, ge=1)  # links kept per payment; null: all

    # How it is read
    overlap_minutes: int = Field(default=30, ge=5)  # equal versions are not kept twice
    settle_minutes: int = Field(default=5, ge=0)
    requests_per_second: float = Field(default=8, gt=0, le=10)
    requests_per_minute: int = Field(default=450, ge=10, le=500)
    max_concurrency: int = Field(default=4, ge=1, le=10)
    max_attempts: int = Field(default=8, ge=1)
    max_wait_seconds: float = Field(default=60, gt=0)
    throttle_wait_seconds: float = Field(default=60, ge=0)  # after a 429, for every process
    max_deletes: int = Field(default=25, ge=0)  # more deletions in one run than both of these ask a person
    max_delete_share: Decimal = Field(default=Decimal("0.02"), ge=0, le=1)

    # What it is reconciled with, and what may be written
    activated_on: date | None = None
    stripe: tuple[str, ...] = ()
    banks: tuple[str, ...] = ()  # sftp connections with bank statements
    rates: Literal["quickbooks", "ecb"] = "ecb"
    exclude_customers: tuple[str, ...] = ()
    holding_account: str | None = None  # null: the company's Undeposited Funds account
    bank_accounts: dict[str, str] = Field(default_factory=dict)  # currency -> account
    fee_account: str | None = None
    fee_vendor: str | None = None
    dispute_account: str | None = None
    refund_account: str | None = None
    # the provider's method, or "<provider's connection>.<method>", which comes first -> payment method id
    payment_methods: dict[str, str] = Field(default_factory=dict)
    memo_template: str = "{charge_id}"
    account_transaction_memo_template: str = "{reference}"  # of a payment to the bank
    deposit_memo_template: str = "{payout_id}"
    writeback: Writeback = Writeback()
    max_writes: int = Field(default=500, ge=0)
    max_total: Decimal = Field(default=Decimal(1_000_000), ge=0)
    closed_period: Literal["hold", "next_open"] = "hold"
    aging_buckets: tuple[int, ...] = (30, 60, 90)

    def reconciles(self) -> tuple[str, ...]:
        return self.stripe + self.banks

    @field_validator("account_transaction_memo_template")
    @classmethod
    def _bank_payment_names(cls, value: str) -> str:
        return templates.known(value, templates.BANK_PAYMENT)

    @field_validator("memo_template")
    @classmethod
    def _payment_names(cls, value: str) -> str:
        return templates.known(value, templates.PAYMENT)

    @field_validator("deposit_memo_template")
    @classmethod
    def _deposit_names(cls, value: str) -> str:
        return templates.known(value, templates.DEPOSIT)

    @field_validator("realm_id")
    @classmethod
    def _realm_form(cls, value: str) -> str:
        realm = value.strip().replace(" ", "")  # QuickBooks shows it in groups of four
        if not _ID.fullmatch(realm):
            raise ValueError(f"{value!r} is no company id (digits)")
        return realm

    @field_validator("scopes")
    @classmethod
    def _accounting(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if ACCOUNTING not in value:
            raise ValueError(f"must contain {ACCOUNTING}")
        return value

    @model_validator(mode="after")
    def _same_environment(self) -> Self:
        """Credentials of one environment must never reach the other: a host of Intuit's has to be this one's."""
        host = urlsplit(self.base_url or "").hostname or ""
        if host.endswith(".intuit.com") and f"https://{host}" != _HOSTS[self.environment]:
            raise ValueError(f"base_url {self.base_url} is not the {self.environment} environment's")
        return self

    @property
    def company_url(self) -> str:
        """Base of every call about the company, without a trailing slash."""
        base = self.base_url or _HOSTS[self.environment]
        return f"{base.rstrip('/')}/v3/company/{self.realm_id}"

    @property
    def discovery_url(self) -> str:
        base = self.auth_url or self.base_url
        return f"{base.rstrip('/')}/.well-known/openid_configuration" if base else _DISCOVERY[self.environment]
