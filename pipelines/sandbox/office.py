"""A back office: one ERP account of the company, with what its bookkeepers know by heart (accounts, terms, currencies, rates)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipelines.netsuite.twin.books import Books
from pipelines.sandbox.rates import Rates


@dataclass(frozen=True)
class Profile:
    """What tells one office from another."""

    connection: str
    account_id: str
    subsidiary: str
    outside: str  # a subsidiary that is not mapped to the connection
    zone: str
    currencies: Mapping[str, str]  # code -> internal id; the first one is the base
    number_prefix: str
    country: str
    psp: str
    activated_days: int  # how long before the present Tieout was switched on

    @property
    def base(self) -> str:
        return next(iter(self.currencies))


PROFILES = (
    Profile(
        connection="books_us",
        account_id="7311001",
        subsidiary="1",
        outside="3",
        zone="America/Los_Angeles",
        currencies={"USD": "1", "GBP": "2", "CAD": "3", "EUR": "4", "JPY": "5"},
        number_prefix="INV",
        country="US",
        psp="cards_us",
        activated_days=45,
    ),
    Profile(
        connection="books_emea",
        account_id="7311001_SB1",
        subsidiary="2",
        outside="4",
        zone="Europe/London",
        currencies={"EUR": "1", "GBP": "2", "CHF": "3", "USD": "4"},
        number_prefix="EIN",
        country="GB",
        psp="cards_emea",
        activated_days=42,
    ),
)

RECEIVABLE, UNDEPOSITED, SALES, SERVICES = "119", "122", "54", "55"
FEES, DISPUTES, REFUNDS, WRITE_OFFS, CLEARING = "310", "311", "312", "313", "315"
FEE_VENDOR = "900"
_FIRST_BANK = 201
TERMS = {14: "5", 30: "2", 45: "3", 60: "4"}
METHODS = {"check": "2", "wire": "3", "card": "5", "debit": "6"}


@dataclass
class Office:
    """One ERP account in use. Ids are NetSuite internal ids as text."""

    profile: Profile
    books: Books
    rates: Rates
    activated_on: date
    intercompany: str = ""
    next_number: int = 100001

    def __post_init__(self) -> None:
        self.seen = self.books.clock.now()  # what is older than this has been there for readers to see
        self.zone = ZoneInfo(self.profile.zone)

    @property
    def connection(self) -> str:
        return self.profile.connection

    def day(self, at: datetime) -> date:
        """The accounting day of an instant: the account's own zone."""
        return at.astimezone(self.zone).date()

    def currency_id(self, currency: str) -> str:
        return self.profile.currencies[currency]

    def bank(self, currency: str) -> str:
        """The bank account of a currency."""
        return str(_FIRST_BANK + list(self.profile.currencies).index(currency))

    def bank_accounts(self) -> dict[str, str]:
        """Currency -> bank account, for the connection's settings."""
        return {currency: self.bank(currency) for currency in self.profile.currencies}

    def invoice_number(self) -> str:
        """The next invoice number."""
        number = f"{self.profile.number_prefix}{self.next_number}"
        self.next_number += 1
        return number

    def exists(self, transaction_id: str) -> bool:
        """Whether the books still have a transaction."""
        return int(transaction_id) in self.books.store.docs

    def unpaid(self, transaction_id: str) -> Decimal:
        """What the books leave open on an invoice, or unused on a payment or credit memo; zero when it is gone."""
        found = self.books.store.docs.get(int(transaction_id))
        return found.items[0].open if found else Decimal(0)

    def citing(self, reference: str, kind: str = "CustPymt") -> list[str]:
        """Ids of transactions of a type whose memo or external id names `reference`, oldest first."""
        query = (
            f"select id from transaction where type = '{kind}'"
            f" and (contains(coalesce(memo, ''), '{reference}') or contains(coalesce(externalid, ''), '{reference}')) order by id"
        )
        return [str(row["id"]) for row in self.books.rows(query)]
