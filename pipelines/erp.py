"""What every connection to an ERP may set: which objects are read, whose money its books reconcile, and what may be written to them."""

import re
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines import templates
from pipelines.connections import Settings

Policy = Literal["off", "plan", "apply"]
Level = Literal["customer", "invoice", "credit_note", "payment"]


class Writeback(BaseModel):
    """What may be written, per kind: nothing, only planned, or planned and sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payment: Policy = "off"
    deposit: Policy = "off"
    reversal: Policy = "off"
    record_update: Policy = "off"


class ErpSettings(Settings):
    """Settings that mean the same in every ERP. Ids of accounts, vendors, methods and customers are the ERP's own."""

    # Per level, the ERP's standard fields that a rule may be let write, and what the name of a custom field is like. What is not known to be
    # harmless may carry money, currency, party, account, status, links, a number or our own key, and can never be allowed.
    HARMLESS: ClassVar[dict[str, tuple[str, ...]]] = {}
    CUSTOM: ClassVar[dict[str, str]] = {}

    # What is read
    sync_customers: bool = True
    sync_contacts: bool = True
    sync_invoices: bool = True  # invoices, credit notes and journals
    sync_payments: bool = True  # payments, refunds and bank deposits

    # When a person is asked
    max_deletes: int = Field(default=25, ge=0)  # more deletions in one run than both of these
    max_delete_share: Decimal = Field(default=Decimal("0.02"), ge=0, le=1)

    # What it is reconciled with
    activated_on: date | None = None
    stripe: tuple[str, ...] = ()
    banks: tuple[str, ...] = ()  # sftp connections with bank statements
    exclude_customers: tuple[str, ...] = ()
    aging_buckets: tuple[int, ...] = (30, 60, 90)

    # What may be written
    holding_account: str | None = None  # null: Undeposited Funds
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
    update_fields: dict[Level, tuple[str, ...]] = Field(
        default_factory=dict
    )  # level -> the fields that rules may write
    max_writes: int = Field(default=500, ge=0)
    max_total: Decimal = Field(default=Decimal(1_000_000), ge=0)
    closed_period: Literal["hold", "next_open"] = "hold"

    def reconciles(self) -> tuple[str, ...]:
        return self.stripe + self.banks

    @field_validator("memo_template")
    @classmethod
    def _payment_names(cls, value: str) -> str:
        return templates.known(value, templates.PAYMENT)

    @field_validator("account_transaction_memo_template")
    @classmethod
    def _bank_payment_names(cls, value: str) -> str:
        return templates.known(value, templates.BANK_PAYMENT)

    @field_validator("deposit_memo_template")
    @classmethod
    def _deposit_names(cls, value: str) -> str:
        return templates.known(value, templates.DEPOSIT)

    @field_validator("update_fields")
    @classmethod
    def _harmless_fields(cls, value: dict[Level, tuple[str, ...]]) -> dict[Level, tuple[str, ...]]:
        for level, names in value.items():
            known, custom = cls.HARMLESS.get(level, ()), cls.CUSTOM.get(level)
            for name in names:
                if name not in known and not (custom and re.fullmatch(custom, name)):
                    others = [*known, *([f"a custom field ({custom})"] if custom else [])]
                    raise ValueError(
                        f"{level}: a rule may never write {name}: it may carry money, currency, party, account, status, links, number or our"
                        f" own key. Remedy: take it out; what may be named is {', '.join(others) or 'nothing'}"
                    )
        return value
