"""What a QuickBooks Online connection may set: which company, who we are there, what is read, and what may be written."""

import re
from typing import ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from pipelines.connections import Secret
from pipelines.erp import ErpSettings

ACCOUNTING = "com.intuit.quickbooks.accounting"
_ID = re.compile(r"[0-9]+")
_HOSTS = {
    "production": "https://quickbooks.api.intuit.com",
    "sandbox": "https://sandbox-quickbooks.api.intuit.com",
}
_SALE = ("PrivateNote", "CustomerMemo.value", "BillEmail.Address", "BillEmailCc.Address", "BillEmailBcc.Address")
_PHONES = tuple(f"{name}.FreeFormNumber" for name in ("PrimaryPhone", "AlternatePhone", "Mobile", "Fax"))
_DISCOVERY = {
    "production": "https://developer.api.intuit.com/.well-known/openid_configuration",
    "sandbox": "https://developer.api.intuit.com/.well-known/openid_sandbox_configuration",
}


class QuickBooksSettings(ErpSettings):
    """Settings of one `[quickbooks.<name>]` table. Ids are QuickBooks' own, as its API gives them."""

    # In the note and the reference of a payment stands our key.
    HARMLESS: ClassVar[dict[str, tuple[str, ...]]] = {
        "customer": ("Notes", "PrimaryEmailAddr.Address", "WebAddr.URI", *_PHONES),
        "invoice": ("DueDate", "ShipDate", "TrackingNum", *_SALE),
        "credit_note": _SALE,
        "payment": ("PaymentMethodRef.value",),
    }

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

    # What it is reconciled with
    rates: Literal["quickbooks", "ecb"] = "ecb"

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

    def read_whole(self) -> str | None:
        return self.realm_id

    @property
    def company_url(self) -> str:
        """Base of every call about the company, without a trailing slash."""
        base = self.base_url or _HOSTS[self.environment]
        return f"{base.rstrip('/')}/v3/company/{self.realm_id}"

    @property
    def discovery_url(self) -> str:
        base = self.auth_url or self.base_url
        return f"{base.rstrip('/')}/.well-known/openid_configuration" if base else _DISCOVERY[self.environment]
