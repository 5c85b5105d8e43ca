"""The reference data of a NetSuite account: currencies, subsidiaries, accounts, terms, payment methods, periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from pipelines.netsuite.twin.books import Books
from pipelines.sandbox.books import SEGMENTS
from pipelines.sandbox.calendar import add_months
from pipelines.sandbox.money import decimals
from pipelines.sandbox.profile import Profile

ACCOUNTS = {
    "receivable": "119", "sales": "54", "fees": "310", "disputes": "311", "refunds": "312", "write_offs": "313", "clearing": "315",
}  # fmt: skip
_UNDEPOSITED, _SERVICES = "122", "55"
FIRST_BANK = 201
FEE_VENDOR = "900"
TERMS = {14: "5", 30: "2", 45: "3", 60: "4"}
CATEGORIES = {segment: str(number) for number, segment in enumerate(SEGMENTS, 1)}
METHODS = {"check": "2", "wire": "3", "card": "5", "debit": "6"}

_NAMES = {
    "USD": "US Dollar",
    "GBP": "British Pound",
    "CAD": "Canadian Dollar",
    "EUR": "Euro",
    "JPY": "Yen",
    "CHF": "Swiss Franc",
}
_SUBSIDIARIES = {
    "1": ("Meridian Instruments Inc.", "US"),
    "2": ("Meridian Instruments EMEA Ltd", "GB"),
    "3": ("Meridian Ventures LLC", "US"),
    "4": ("Meridian Ventures Ltd", "GB"),
}
_CHART = (
    (ACCOUNTS["receivable"], "1100", "Accounts Receivable", "AcctRec", None),
    (_UNDEPOSITED, "1150", "Undeposited Funds", "OthCurrAsset", "UndepFunds"),
    (ACCOUNTS["refunds"], "1160", "Card Refund Clearing", "OthCurrAsset", None),
    (ACCOUNTS["clearing"], "1170", "Payment Provider Clearing", "OthCurrAsset", None),
    (ACCOUNTS["sales"], "4000", "Sales", "Income", None),
    (_SERVICES, "4100", "Services", "Income", None),
    (ACCOUNTS["fees"], "6200", "Payment Processing Fees", "Expense", None),
    (ACCOUNTS["disputes"], "6210", "Chargebacks", "Expense", None),
    (ACCOUNTS["write_offs"], "6900", "Small Balance Write-offs", "Expense", None),
)
ITEMS = (
    ("601", "Instrument", ACCOUNTS["sales"]),
    ("602", "Calibration", _SERVICES),
    ("603", "Support plan", _SERVICES),
)


def fill(
    books: Books, profile: Profile, currencies: Mapping[str, str], banks: Mapping[str, str], since: date, today: date
) -> None:
    """Enter everything a transaction refers to. `since` is the first month of the history."""
    _currencies(books, profile, currencies)
    _subsidiaries(books, profile, currencies[profile.base])
    _accounts(books, currencies, banks)
    _lists(books)
    _periods(books, since, today)


def _currencies(books: Books, profile: Profile, currencies: Mapping[str, str]) -> None:
    for code, currency_id in currencies.items():
        books.add(
            "currency",
            id=currency_id,
            name=_NAMES[code],
            symbol=code,
            currencyprecision=decimals(code),
            isbasecurrency="T" if code == profile.base else "F",
            isinactive="F",
        )


def _subsidiaries(books: Books, profile: Profile, base: str) -> None:
    for number in (profile.subsidiary, profile.outside):
        name, country = _SUBSIDIARIES[number]
        books.add(
            "subsidiary",
            id=number,
            name=name,
            fullname=name,
            country=country,
            currency=base,
            iselimination="F",
            isinactive="F",
        )


def _accounts(books: Books, currencies: Mapping[str, str], banks: Mapping[str, str]) -> None:
    held = [(banks[code], f"10{place:02}", f"Bank {code}", "Bank", None) for place, code in enumerate(currencies, 1)]
    for account_id, number, name, kind, special in (*held, *_CHART):
        currency = next((code for code in currencies if name == f"Bank {code}"), None)
        books.add(
            "account",
            id=account_id,
            acctnumber=number,
            accountsearchdisplayname=f"{number} {name}",
            accountsearchdisplaynamecopy=name,
            displaynamewithhierarchy=f"{number} {name}",
            fullname=name,
            accttype=kind,
            sspecacct=special,
            currency=currencies[currency] if currency else None,
            isinactive="F",
            issummary="F",
        )


def _lists(books: Books) -> None:
    for segment, category in CATEGORIES.items():
        books.add("customercategory", id=category, name=segment, isinactive="F")
    for days, term in TERMS.items():
        books.add("term", id=term, name=f"Net {days}", daysuntilnetdue=days, isinactive="F")
    names = {"check": "Check", "wire": "Bank Transfer", "card": "Card (Stripe)", "debit": "Direct Debit (Stripe)"}
    for key, method in METHODS.items():
        books.add("paymentmethod", id=method, name=names[key], isinactive="F")
    for item_id, name, account in ITEMS:
        books.add("item", id=item_id, fullname=name, itemtype="NonInvtPart", incomeaccount=account)
    books.add(
        "entity",
        id=FEE_VENDOR,
        type="Vendor",
        entityid="Stripe",
        altname="Stripe",
        vendor=FEE_VENDOR,
        isinactive="F",
        isperson="F",
    )


def _periods(books: Books, since: date, today: date) -> None:
    """Months in quarters in years, from the history's first year to the year after the present; old ones are closed."""
    closed_before = today - timedelta(days=120)
    for year in range(add_months(since, -1).year, today.year + 2):
        _period(books, year * 100, f"FY {year}", date(year, 1, 1), 12, closed_before, None)
        for quarter in range(4):
            first = date(year, quarter * 3 + 1, 1)
            _period(books, year * 100 + 20 + quarter, f"Q{quarter + 1} {year}", first, 3, closed_before, year * 100)
            for month in range(3):
                start = add_months(first, month)
                parent = year * 100 + 20 + quarter
                _period(books, year * 100 + start.month, f"{start:%b %Y}", start, 1, closed_before, parent)


def _period(
    books: Books, number: int, name: str, start: date, months: int, closed_before: date, parent: int | None
) -> None:
    end = add_months(start, months) - timedelta(days=1)
    closed = "T" if end < closed_before else "F"
    books.add(
        "accountingperiod",
        id=str(number),
        parent=str(parent) if parent else None,
        periodname=name,
        startdate=start,
        enddate=end,
        closed=closed,
        alllocked=closed,
        aplocked=closed,
        arlocked=closed,
        allownonglchanges="T",
        isadjust="F",
        isinactive="F",
        isposting="T" if months == 1 else "F",
        isquarter="T" if months == 3 else "F",
        isyear="T" if months == 12 else "F",
    )
