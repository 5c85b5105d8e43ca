"""The values of the books: what a caller posts (lines) and what the books remember of a transaction (documents, open items)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
CENT = Decimal("0.01")
FINE = Decimal("0.0001")


class Refused(Exception):
    """The books refuse a change. `detail` is what NetSuite would say, `path` the JSON path of the culprit, `code` its error code."""

    def __init__(self, detail: str, path: str | None = None, code: str = "USER_ERROR") -> None:
        super().__init__(detail)
        self.detail, self.path, self.code = detail, path, code


@dataclass(frozen=True)
class Line:
    """One line of an invoice or credit memo; `amount` is positive for a normal sale (and for a normal credit)."""

    account: str
    amount: Decimal
    memo: str | None = None
    item: str | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True)
class JournalLine:
    """One line of a journal; exactly one of `debit` and `credit` is not zero."""

    account: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    entity: str | None = None
    memo: str | None = None
    subsidiary: str | None = None  # where an intercompany journal's line is not of the journal's own


@dataclass(frozen=True)
class OtherLine:
    """One `other` (signed) or `cashback` (positive) line of a bank deposit."""

    account: str
    amount: Decimal
    memo: str | None = None
    entity: str | None = None
    payment_method: str | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """One general-ledger line of a transaction: amounts debit positive, in document and in base currency."""

    line: int
    account: int
    foreign: Decimal
    base: Decimal
    memo: str | None = None
    item: int | None = None
    quantity: Decimal | None = None
    entity: int | None = None
    method: int | None = None
    created_from: int | None = None
    subsidiary: int | None = None


@dataclass(slots=True)
class Item:
    """An open item: a whole invoice, credit memo, payment or refund (line 0), or one receivable line of a journal."""

    doc: int
    line: int
    debit: bool
    total: Decimal
    entity: int | None
    settled: Decimal = ZERO
    users: set[int] | None = None  # transactions whose applications consume this item

    @property
    def open(self) -> Decimal:
        return self.total - self.settled


@dataclass(slots=True)
class Doc:
    """What the books remember of one transaction; everything that may change later lives here, its lines live in DuckDB."""

    id: int
    type: str
    number: str
    customer: int | None
    subsidiary: int
    currency: int
    rate: Decimal
    total: Decimal
    date: Day
    created: datetime
    modified: datetime
    account: int | None = None
    due: Day | None = None
    memo: str | None = None
    other_ref: str | None = None
    terms: int | None = None
    external_id: str | None = None
    method: int | None = None
    period: int | None = None
    closed: Day | None = None
    status: str = "A"
    voided: bool = False
    deposit: int | None = None  # the bank deposit that holds this payment
    po_contact: str | None = None
    items: dict[int, Item] = field(default_factory=dict)
    applied: dict[tuple[int, int, int], Decimal] | None = (
        None  # (own line, other document, other line) -> amount; 0 = was applied
    )
    payments: tuple[int, ...] = ()  # a deposit's payments, other lines and cash back
    other: tuple[OtherLine, ...] = ()
    cashback: tuple[OtherLine, ...] = ()

    def state(self) -> str:
        """The status letter as SuiteQL shows it."""
        if self.voided:
            return "V"
        if self.type in ("CustInvc", "CustCred") and self.status in ("A", "B"):
            return "B" if self.items[0].open == 0 else "A"
        if self.type == "CustPymt":
            return "C" if self.deposit is not None or self.status == "C" else self.status
        return self.status

    def posts(self) -> bool:
        """Whether it is in the general ledger: what awaits approval or was rejected is not."""
        return (self.type, self.status) not in _UNPOSTED


# Statuses before, or instead of, approval.
_UNPOSTED = {("CustInvc", "D"), ("CustInvc", "E"), ("CustPymt", "A"), ("CustPymt", "R"), ("Journal", "A")}

# type code -> (record type, display name, number prefix, sign of the header amount, initial status)
TYPES: dict[str, tuple[str, str, str, int, str]] = {
    "CustInvc": ("invoice", "Invoice", "INV", 1, "A"),
    "CustCred": ("creditmemo", "Credit Memo", "CM", -1, "A"),
    "CustPymt": ("customerpayment", "Payment", "PYMT", 1, "B"),
    "CustRfnd": ("customerrefund", "Customer Refund", "RFND", -1, "Z"),
    "Deposit": ("deposit", "Deposit", "DEP", 1, "Z"),
    "Journal": ("journalentry", "Journal", "JE", 1, "B"),
}

STATUS_NAMES = {
    "CustInvc": {"A": "Open", "B": "Paid In Full", "D": "Pending Approval", "E": "Rejected", "V": "Voided"},
    "CustCred": {"A": "Open", "B": "Fully Applied", "V": "Voided"},
    "CustPymt": {
        "A": "Unapproved Payment",
        "R": "Rejected",
        "B": "Not Deposited",
        "C": "Deposited",
        "V": "Voided",
    },
    "CustRfnd": {"Z": "Undefined", "R": "Rejected", "V": "Voided"},
    "Deposit": {"Z": "Undefined", "V": "Voided"},
    "Journal": {"A": "Pending Approval", "B": "Approved for Posting", "V": "Voided"},
}


def ident(value: object, what: str = "id") -> int:
    """An internal id as a number. Raises ValueError naming what is wrong."""
    try:
        return int(str(value))
    except ValueError:
        raise ValueError(f"{what} {value!r} is not an internal id (a whole number)") from None


def optional(value: object, what: str = "id") -> int | None:
    return None if value is None or value == "" else ident(value, what)


def to_base(amount: Decimal, rate: Decimal) -> Decimal:
    """A document amount in base currency, to the cent."""
    return amount if rate == 1 else (amount * rate).quantize(CENT, ROUND_HALF_UP)


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def instant(at: datetime) -> datetime:
    """Refuse a naive time: the books are kept in UTC."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; give an aware time")
    return at
