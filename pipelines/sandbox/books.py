"""What the fictional company asks of an ERP's books, whichever ERP it is. Its bookkeepers know nothing else of them.

Each ERP has one class that fulfils `Books` over its twin. Ids are the ERP's own, as text; currencies are ISO codes; money is Decimal in
document currency; `at` is the aware instant of the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from pipelines.sandbox.survey import Survey

ZERO = Decimal(0)
SEGMENTS = ("Enterprise", "Mid-market", "Small business", "Public sector")
Apply = Sequence[tuple[str, Decimal]]  # open items and what is applied to each


class Clock(Protocol):
    """Company time."""

    def now(self) -> datetime: ...
    def tick(self) -> datetime: ...


@dataclass(frozen=True)
class Heading:
    """What every transaction has. A deposit or journal has no customer."""

    customer: str | None
    subsidiary: str
    currency: str
    exchange_rate: Decimal
    date: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice or credit memo; `amount` is positive in both."""

    account: str
    amount: Decimal
    memo: str | None = None
    item: str | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line of a journal; exactly one of `debit` and `credit` is not zero."""

    account: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    customer: str | None = None
    memo: str | None = None


@dataclass(frozen=True, slots=True)
class OtherLine:
    """One free line of a deposit, signed."""

    account: str
    amount: Decimal
    memo: str | None = None
    vendor: str | None = None


@dataclass(frozen=True)
class Contact:
    """A person at a customer."""

    given: str
    family: str
    title: str
    email: str
    phone: str
    mobile: str | None
    inactive: bool


@dataclass(frozen=True)
class Address:
    """Where a customer is; `region` is the code of a state, where there are any."""

    addressee: str
    attention: str | None
    line1: str
    line2: str | None
    city: str
    region: str | None
    postal_code: str
    country: str


@dataclass(frozen=True)
class NewCustomer:
    """A customer to enter. `person` is given and family name of one that is no company."""

    name: str
    person: tuple[str, str] | None
    email: str
    phone: str
    currency: str
    terms: int
    parent: str | None
    subsidiary: str
    also: str | None  # a second subsidiary
    credit_limit: int | None
    comments: str | None
    segment: str
    owner: str | None
    external_id: str | None
    inactive: bool
    contacts: Sequence[Contact]
    at: datetime
    billing: Address | None = None
    shipping: Address | None = None


@dataclass(frozen=True)
class Chart:
    """Accounts, items and lists by the ids of the ERP."""

    receivable: str
    sales: str
    fees: str
    disputes: str
    refunds: str  # where money given back by the payment provider waits for its payout
    clearing: str
    write_offs: str
    fee_vendor: str
    banks: Mapping[str, str]  # by currency
    methods: Mapping[str, str]  # check, wire, card, debit
    items: Sequence[tuple[str, str, str]]  # item, name, account


class Books(Protocol):
    """One set of books. Methods are safe to call from several threads."""

    @property
    def system(self) -> str: ...
    @property
    def chart(self) -> Chart: ...
    @property
    def one_currency(self) -> bool:
        """Whether a customer is kept in one currency only."""

    def add_customer(self, new: NewCustomer) -> str: ...
    def rename_customer(self, customer_id: str, name: str, at: datetime) -> None: ...
    def enter_rate(self, currency: str, day: date, rate: Decimal) -> None:
        """What one unit of a currency is worth from a day on."""

    def post_invoice(
        self, head: Heading, lines: Sequence[Line], *, due: date, number: str, terms: int, memo: str | None = None,
        other_ref: str | None = None, contact: str | None = None,
    ) -> str: ...  # fmt: skip
    def post_credit_memo(self, head: Heading, lines: Sequence[Line], *, apply: Apply = (), memo: str) -> str: ...
    def post_payment(
        self, head: Heading, amount: Decimal, *, account: str | None, method: str, apply: Apply = (), memo: str
    ) -> str:
        """`account` None: the payment waits for its deposit."""

    def post_deposit(
        self, head: Heading, account: str, payments: Sequence[str], *, other: Sequence[OtherLine] = (), memo: str
    ) -> str: ...
    def post_journal(self, head: Heading, lines: Sequence[JournalLine], *, memo: str) -> list[str]:
        """Returns its open items: the receivable lines with a customer."""

    def refund_payment(
        self, head: Heading, payment_id: str, amount: Decimal, *, kept: Apply, account: str, memo: str
    ) -> None:
        """Give part of a payment back; `kept` is what the rest still settles, if the ERP wants a refund to use the payment up."""

    def refund_credit(self, head: Heading, credit_id: str, amount: Decimal, *, account: str, memo: str) -> None:
        """Pay an unused credit memo back; it is used up."""

    def set_applications(self, source_id: str, apply: Apply, *, at: datetime) -> object:
        """Replace what a payment, credit memo or credit journal line settles."""

    def edit(self, transaction_id: str, *, at: datetime, due: date | None = None, memo: str | None = None) -> None: ...
    def replace_amount(self, invoice_id: str, amount: Decimal, *, at: datetime) -> None:
        """Make an invoice one line of another amount."""

    def delete(self, transaction_id: str, *, at: datetime) -> None: ...
    def exists(self, transaction_id: str) -> bool: ...
    def unpaid(self, transaction_id: str) -> Decimal:
        """What is open on an invoice, or unused on a payment or credit memo; zero when it is gone."""

    def citing(self, reference: str) -> list[str]:
        """Payments whose words name `reference`, oldest first."""

    def survey(self, excluded: str) -> Survey:
        """Everything in the connection's scope as the books have it now, without the excluded customer."""

    def flush(self) -> None:
        """Everything posted is there for readers."""

    def close(self) -> None: ...
