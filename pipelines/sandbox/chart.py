"""The reference data of an ERP account: currencies, subsidiaries, accounts, terms, payment methods, periods, rates."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pipelines.sandbox import office as chart
from pipelines.sandbox.calendar import add_months
from pipelines.sandbox.money import decimals
from pipelines.sandbox.office import Office

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
_ACCOUNTS = (
    (chart.RECEIVABLE, "1100", "Accounts Receivable", "AcctRec", None),
    (chart.UNDEPOSITED, "1150", "Undeposited Funds", "OthCurrAsset", "UndepFunds"),
    (chart.REFUNDS, "1160", "Card Refund Clearing", "OthCurrAsset", None),
    (chart.CLEARING, "1170", "Payment Provider Clearing", "OthCurrAsset", None),
    (chart.SALES, "4000", "Sales", "Income", None),
    (chart.SERVICES, "4100", "Services", "Income", None),
    (chart.FEES, "6200", "Payment Processing Fees", "Expense", None),
    (chart.DISPUTES, "6210", "Chargebacks", "Expense", None),
    (chart.WRITE_OFFS, "6900", "Small Balance Write-offs", "Expense", None),
)
ITEMS = (
    ("601", "Instrument", chart.SALES),
    ("602", "Calibration", chart.SERVICES),
    ("603", "Support plan", chart.SERVICES),
)


def fill(office: Office, since: date, now: datetime) -> None:
    """Enter everything a transaction refers to. `since` is the first month of the history."""
    _currencies(office)
    _subsidiaries(office)
    _accounts(office)
    _lists(office)
    _periods(office, since, now.date())
    month = add_months(since, -1)
    while month <= now.date():
        enter_rates(office, month)
        month = add_months(month, 1)


def enter_rates(office: Office, month: date) -> None:
    """One currencyrate row per foreign currency, effective on the first of the month."""
    for place, code in enumerate(office.rates.currencies):
        office.books.add(
            "currencyrate",
            id=str((month.year * 12 + month.month) * 10 + place),
            basecurrency=office.currency_id(office.profile.base),
            transactioncurrency=office.currency_id(code),
            exchangerate=office.rates.on(code, month),
            effectivedate=month,
        )


def _currencies(office: Office) -> None:
    for code, currency_id in office.profile.currencies.items():
        office.books.add(
            "currency",
            id=currency_id,
            name=_NAMES[code],
            symbol=code,
            currencyprecision=decimals(code),
            isbasecurrency="T" if code == office.profile.base else "F",
            isinactive="F",
        )


def _subsidiaries(office: Office) -> None:
    base = office.currency_id(office.profile.base)
    for number in (office.profile.subsidiary, office.profile.outside):
        name, country = _SUBSIDIARIES[number]
        office.books.add(
            "subsidiary",
            id=number,
            name=name,
            fullname=name,
            country=country,
            currency=base,
            iselimination="F",
            isinactive="F",
        )


def _accounts(office: Office) -> None:
    banks = [
        (office.bank(code), f"10{place:02}", f"Bank {code}", "Bank", None)
        for place, code in enumerate(office.profile.currencies, 1)
    ]
    for account_id, number, name, kind, special in (*banks, *_ACCOUNTS):
        currency = next((code for code in office.profile.currencies if name == f"Bank {code}"), None)
        office.books.add(
            "account",
            id=account_id,
            acctnumber=number,
            accountsearchdisplayname=f"{number} {name}",
            accountsearchdisplaynamecopy=name,
            displaynamewithhierarchy=f"{number} {name}",
            fullname=name,
            accttype=kind,
            sspecacct=special,
            currency=office.currency_id(currency) if currency else None,
            isinactive="F",
            issummary="F",
        )


def _lists(office: Office) -> None:
    for days, term in chart.TERMS.items():
        office.books.add("term", id=term, name=f"Net {days}", daysuntilnetdue=days, isinactive="F")
    names = {"check": "Check", "wire": "Bank Transfer", "card": "Card (Stripe)", "debit": "Direct Debit (Stripe)"}
    for key, method in chart.METHODS.items():
        office.books.add("paymentmethod", id=method, name=names[key], isinactive="F")
    for item_id, name, account in ITEMS:
        office.books.add("item", id=item_id, fullname=name, itemtype="NonInvtPart", incomeaccount=account)
    office.books.add(
        "entity",
        id=chart.FEE_VENDOR,
        type="Vendor",
        entityid="Stripe",
        altname="Stripe",
        vendor=chart.FEE_VENDOR,
        isinactive="F",
        isperson="F",
    )


def _periods(office: Office, since: date, today: date) -> None:
    """Months in quarters in years, from the history's first year to the year after the present; old ones are closed."""
    closed_before = today - timedelta(days=120)
    for year in range(add_months(since, -1).year, today.year + 2):
        _period(office, year * 100, f"FY {year}", date(year, 1, 1), 12, closed_before, None)
        for quarter in range(4):
            first = date(year, quarter * 3 + 1, 1)
            _period(office, year * 100 + 20 + quarter, f"Q{quarter + 1} {year}", first, 3, closed_before, year * 100)
            for month in range(3):
                start = add_months(first, month)
                parent = year * 100 + 20 + quarter
                _period(office, year * 100 + start.month, f"{start:%b %Y}", start, 1, closed_before, parent)


def _period(
    office: Office, number: int, name: str, start: date, months: int, closed_before: date, parent: int | None
) -> None:
    end = add_months(start, months) - timedelta(days=1)
    closed = "T" if end < closed_before else "F"
    office.books.add(
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
