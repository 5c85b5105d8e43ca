"""The rows in which the books tell the truth about themselves: QuickBooks' own ids, money as Decimal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Day
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One customer; `balance` as QuickBooks shows it: open documents less credits and unapplied payments."""

    id: str
    name: str
    currency: str
    parent: str | None
    active: bool
    balance: Decimal


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One invoice, credit memo or receivable line of a journal. Amounts are debit positive, so a credit's are negative."""

    id: str
    type: str  # Invoice, CreditMemo, JournalEntry
    number: str | None
    customer: str
    currency: str
    rate: Decimal
    amount: Decimal
    open: Decimal
    date: Day
    due: Day | None
    memo: str | None
    voided: bool


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment; those of zero only link a credit to what it settles."""

    id: str
    customer: str
    currency: str
    rate: Decimal
    amount: Decimal
    unapplied: Decimal
    date: Day
    memo: str | None
    reference: str | None
    deposit: str | None
    voided: bool


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """What a credit (payment, credit memo, credit journal line) settles of a debit (invoice, debit journal line). `via` is the payment
    that links them; `date` the later day of credit, debit and that payment."""

    credit: str
    document: str
    via: str
    customer: str
    currency: str
    amount: Decimal
    date: Day


@dataclass(frozen=True, slots=True)
class DepositRow:
    """One bank deposit."""

    id: str
    currency: str
    amount: Decimal
    date: Day
    account: str
    memo: str | None
    payments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One refund receipt."""

    id: str
    customer: str
    currency: str
    amount: Decimal
    date: Day
    account: str
    memo: str | None
