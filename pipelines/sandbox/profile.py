"""What tells one back office of the company from another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """One back office: its ERP, its account there, its currencies and what it sells through."""

    connection: str
    system: str
    account_id: str  # as the ERP names an account; QuickBooks: the realm
    company: str
    zone: str
    currencies: tuple[str, ...]  # the first one is the base
    number_prefix: str
    country: str
    psp: str
    takes: tuple[str, ...]  # currencies that the payment provider collects
    activated_days: int  # how long before the present Tieout was switched on
    share: int  # of the company's customers, in percent
    subsidiary: str = ""  # where the ERP has subsidiaries
    outside: str = ""  # a subsidiary that is not mapped to the connection

    @property
    def base(self) -> str:
        return self.currencies[0]


PROFILES = (
    Profile(
        connection="books_us",
        system="netsuite",
        account_id="7311001",
        company="Meridian Instruments Inc.",
        subsidiary="1",
        outside="3",
        zone="America/Los_Angeles",
        currencies=("USD", "GBP", "CAD", "EUR", "JPY"),
        number_prefix="INV",
        country="US",
        psp="cards_us",
        takes=("USD",),
        activated_days=45,
        share=30,
    ),
    Profile(
        connection="books_emea",
        system="netsuite",
        account_id="7311001_SB1",
        company="Meridian Instruments EMEA Ltd",
        subsidiary="2",
        outside="4",
        zone="Europe/London",
        currencies=("EUR", "GBP", "CHF", "USD"),
        number_prefix="EIN",
        country="GB",
        psp="cards_emea",
        takes=("EUR", "GBP"),
        activated_days=42,
        share=18,
    ),
    Profile(
        connection="qbo_us",
        system="quickbooks",
        account_id="9130350120017311",
        company="Meridian Studio LLC",
        zone="America/New_York",
        currencies=("USD", "CAD", "EUR"),
        number_prefix="QS",
        country="US",
        psp="cards_qbo_us",
        takes=("USD",),
        activated_days=44,
        share=22,
    ),
    Profile(
        connection="qbo_uk",
        system="quickbooks",
        account_id="9130350120017312",
        company="Meridian Studio Ltd",
        zone="Europe/London",
        currencies=("GBP", "EUR"),
        number_prefix="QK",
        country="GB",
        psp="cards_qbo_uk",
        takes=("GBP", "EUR"),
        activated_days=43,
        share=12,
    ),
)
