"""The values of a company's books: what a caller posts (lines), what the books remember (transactions, names), what they refuse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

ZERO = Decimal(0)
CENT = Decimal("0.01")
Key = tuple[int, int]  # an open item: transaction and line; an invoice or credit memo has one item, line 0

MESSAGES = {
    "500": "Unsupported Operation",
    "610": "Object Not Found",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2050": "String length is either shorter or longer than supported by specification",
    "2170": "Invalid Enumeration",
    "2500": "Invalid Reference Id",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "6000": "A business validation error has occurred while processing your request",
    "6070": "Amount calculation incorrect in the request",
    "6140": "Duplicate Document Number Error",
    "6210": "Account Period Closed",
    "6240": "Duplicate Name Exists Error",
    "6540": "Deposited Transaction cannot be changed",
}


class Refused(Exception):
    """The books refuse a change: QuickBooks' error code, its detail and the property at fault."""

    def __init__(self, code: str, detail: str, element: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.element = code, detail, element

    @property
    def message(self) -> str:
        return MESSAGES[self.code]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice, credit memo or refund receipt; `amount` is positive for a normal sale (and for a normal credit).
    Without `item` the books take an item that sells to `account`."""

    account: str
    amount: Decimal
    memo: str | None = None
    item: str | None = None
    quantity: Decimal | None = None
    kind: str = "SalesItemLineDetail"  # or DiscountLineDetail (amount is taken off), DescriptionOnly (no amount)
    unit_price: Decimal | None = None
    extra: dict[str, Any] | None = None

    @property
    def effect(self) -> Decimal:
        """What the line adds to its document's total."""
        if self.kind == "DescriptionOnly":
            return ZERO
        return -self.amount if self.kind == "DiscountLineDetail" else self.amount


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line of a journal; exactly one of `debit` and `credit` is not zero."""

    account: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    entity: str | None = None
    memo: str | None = None
    entity_type: str = "Customer"


@dataclass(frozen=True, slots=True)
class OtherLine:
    """One free line of a deposit (signed amount), or its cash back (positive)."""

    account: str
    amount: Decimal
    memo: str | None = None
    entity: str | None = None
    payment_method: str | None = None
    entity_type: str = "VENDOR"
    check: str | None = None


@dataclass(slots=True)
class Item:
    """What is open: a whole invoice or credit memo, or one receivable line of a journal. `users` are the payments that link it."""

    line: int
    debit: bool
    total: Decimal
    customer: int
    settled: Decimal = ZERO
    users: set[int] | None = None

    @property
    def open(self) -> Decimal:
        return self.total - self.settled


@dataclass(slots=True)
class Txn:
    """One transaction. Payments have `links` and `applied` (debits less credits), the documents they settle have `items`."""

    id: int
    type: str
    customer: int | None
    currency: str
    rate: Decimal
    total: Decimal
    date: Day
    created: datetime
    modified: datetime
    sync: int = 0
    number: str | None = None
    note: str | None = None
    due: Day | None = None
    term: int | None = None
    reference: str | None = None
    method: int | None = None
    account: int | None = None
    receivable: int | None = None
    tax: Decimal = ZERO
    lines: tuple[Any, ...] = ()
    payments: tuple[int, ...] = ()
    cash_back: OtherLine | None = None
    items: tuple[Item, ...] = ()
    links: dict[Key, Decimal] | None = None
    applied: Decimal = ZERO
    deposit: int | None = None
    voided: bool = False
    extra: dict[str, Any] | None = None

    @property
    def unapplied(self) -> Decimal:
        return self.total - self.applied

    def item(self, line: int) -> Item | None:
        return next((item for item in self.items if item.line == line), None)


@dataclass(slots=True)
class Name:
    """One entry of a list: a customer, an account, a term. `data` holds its properties as the API shows them, money as Decimal."""

    id: int
    kind: str
    created: datetime
    modified: datetime
    data: dict[str, Any] = field(default_factory=dict)
    sync: int = 0

    @property
    def active(self) -> bool:
        return self.data.get("Active") is not False

    @property
    def label(self) -> str:
        """What a reference to it shows as its name."""
        for prop in ("DisplayName", "FullyQualifiedName", "Name"):
            if self.data.get(prop):
                return str(self.data[prop])
        return ""


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def to_home(amount: Decimal, rate: Decimal) -> Decimal:
    """A document amount in home currency, to the cent."""
    return amount if rate == 1 else (amount * rate).quantize(CENT, ROUND_HALF_UP)


def ident(value: object, what: str = "id") -> int:
    """An id as a number. Raises ValueError naming what is wrong."""
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{what} {value!r} is not an id (a whole number)")
    return int(text)


def instant(at: datetime) -> datetime:
    """Refuse a naive time: the books are kept in UTC."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; give an aware time")
    return at
