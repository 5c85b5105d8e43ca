"""A back office: one set of books of the company, with what its bookkeepers know by heart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipelines.sandbox.books import Books, Chart, Heading
from pipelines.sandbox.profile import Profile
from pipelines.sandbox.rates import Rates


@dataclass
class Office:
    """One set of books in use. `seen`: what is older than this has been there for readers to see."""

    profile: Profile
    books: Books
    rates: Rates
    activated_on: date
    seen: datetime
    intercompany: str = ""
    next_number: int = 100001

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.profile.zone)

    @property
    def connection(self) -> str:
        return self.profile.connection

    @property
    def chart(self) -> Chart:
        return self.books.chart

    def day(self, at: datetime) -> date:
        """The accounting day of an instant: the account's own zone."""
        return at.astimezone(self.zone).date()

    def head(
        self, at: datetime, currency: str, customer: str | None = None, subsidiary: str = "", day: date | None = None
    ) -> Heading:
        """The heading of a transaction: at the rate of its day, which is the day of the instant unless said otherwise."""
        dated = day or self.day(at)
        rate = self.rates.on(currency, dated)
        return Heading(customer, subsidiary or self.profile.subsidiary, currency, rate, dated, at)

    def bank(self, currency: str) -> str:
        """The bank account of a currency."""
        return self.chart.banks[currency]

    def invoice_number(self) -> str:
        """The next invoice number."""
        number = f"{self.profile.number_prefix}{self.next_number}"
        self.next_number += 1
        return number

    def exists(self, transaction_id: str) -> bool:
        """Whether the books still have a transaction."""
        return self.books.exists(transaction_id)

    def unpaid(self, transaction_id: str) -> Decimal:
        """What the books leave open on an invoice, or unused on a payment or credit memo; zero when it is gone."""
        return self.books.unpaid(transaction_id)
