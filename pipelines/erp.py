"""What every connection to an ERP may set: which objects are read, whose money its books reconcile, and what may be written to them."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines import templates
from pipelines.connections import Settings

Policy = Literal["off", "plan", "apply"]


class Writeback(BaseModel):
    """What may be written, per kind: nothing, only planned, or planned and sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payment: Policy = "off"
    deposit: Policy = "off"
    reversal: Policy = "off"


class ErpSettings(Settings):
    """Settings that mean the same in every ERP. Ids of accounts, vendors, methods and customers are the ERP's own."""

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
