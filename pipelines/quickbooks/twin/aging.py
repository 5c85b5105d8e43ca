"""The report AgedReceivables: what each customer owes at the end of a day, by days past due, in home currency.

It is true of any past day: only transactions dated on or before it count, and of their links only those whose two sides both do. An open
document stands at its own exchange rate, rounded by itself; credits and unapplied payments age from their own date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day
from decimal import Decimal
from typing import Any

from .errors import invalid
from .model import ZERO, Item, Name, Txn, to_home
from .rows import Company
from .wire import Body, stamp

_METHODS = ("Report_Date", "Current")


@dataclass(frozen=True)
class Question:
    """What the report is asked for."""

    day: Day
    since: Day  # what days past due are counted to
    period: int
    periods: int
    customers: frozenset[str] | None

    @property
    def titles(self) -> list[str]:
        """The columns: Current, 1 - 30, 31 - 60, 61 - 90, 91 and over, Total."""
        ranges = [f"{step * self.period + 1} - {(step + 1) * self.period}" for step in range(self.periods - 1)]
        return ["Current", *ranges, f"{(self.periods - 1) * self.period + 1} and over", "Total"]

    def column(self, due: Day) -> int:
        """Which column a due date falls in."""
        late = (self.since - due).days
        return 0 if late <= 0 else min((late - 1) // self.period, self.periods - 1) + 1


def report(company: Company, query: Mapping[str, str]) -> Body:
    """The report as QuickBooks shows it: Header, Columns, Rows. Raises ApiError for a parameter that is none."""
    with company.lock:
        question = _question(company, query)
        amounts = {name.id: _customer(company, name.id, question) for name in company.store.names("Customer")}
        rows = [row for name in _sorted(company, None) if (row := _row(company, name, amounts, question)) is not None]
        total = _sum([amounts[int(name)] for name in _picked(company, question)], question)
        grand = {"ColData": [{"value": "TOTAL"}, *({"value": f"{amount:.2f}"} for amount in total)]}
        if rows:
            rows.append({"Summary": grand, "type": "Section", "group": "GrandTotal"})
        columns = [
            {"ColTitle": "", "ColType": "Customer"},
            *({"ColTitle": title, "ColType": "Money"} for title in question.titles),
        ]
        return {
            "Header": _header(company, query, question, bool(rows)),
            "Columns": {"Column": columns},
            "Rows": {"Row": rows} if rows else {},
        }


def _question(company: Company, query: Mapping[str, str]) -> Question:
    text, method = query.get("report_date"), query.get("aging_method", "Report_Date")
    try:
        day = Day.fromisoformat(text) if text else company.today()
        period, periods = int(query.get("aging_period", "30")), int(query.get("num_periods", "4"))
    except ValueError:
        raise invalid(
            "2010", "Property Name:report parameter specified is unsupported or invalid", "report_date"
        ) from None
    if method not in _METHODS or period < 1 or periods < 1:
        raise invalid("2170", f"Invalid Enumeration : {method}", "aging_method")
    wanted = frozenset(query["customer"].split(",")) if query.get("customer") else None
    return Question(day, day if method == "Report_Date" else company.today(), period, periods, wanted)


def _header(company: Company, query: Mapping[str, str], question: Question, any_rows: bool) -> Body:
    options = [
        {"Name": "report_date", "Value": question.day.isoformat()},
        {"Name": "NoReportData", "Value": "false" if any_rows else "true"},
    ]
    macro = {} if query.get("report_date") else {"DateMacro": "today"}
    return {
        "Time": stamp(company.clock.now()), "ReportName": "AgedReceivables", **macro, "StartPeriod": question.day.isoformat(),
        "EndPeriod": question.day.isoformat(), "Currency": company.home_currency, "Option": options,
    }  # fmt: skip


def _customer(company: Company, customer: int, question: Question) -> list[Decimal]:
    """The amounts of one customer, without its sub-customers: the columns, then the total."""
    columns = [ZERO] * (question.periods + 1)
    for txn in company.store.of_customer.get(customer, {}).values():
        if txn.date > question.day:
            continue
        if txn.type == "Payment":
            left = _unused(company, txn, question.day)
            if left:
                columns[question.column(txn.date)] -= to_home(left, txn.rate)
            continue
        for item in txn.items:
            amount = _open(company, txn, item, question.day) if item.customer == customer else ZERO
            if amount:
                amount = to_home(amount, txn.rate)
                columns[question.column(txn.due or txn.date)] += amount if item.debit else -amount
    return [*columns, sum(columns, ZERO)]


def _open(company: Company, txn: Txn, item: Item, day: Day) -> Decimal:
    """What was open on a document: a payment of a later day had not come yet."""
    later = [company.store.txns[user] for user in item.users or ()]
    return item.open + sum(
        ((payment.links or {})[(txn.id, item.line)] for payment in later if payment.date > day), ZERO
    )


def _unused(company: Company, payment: Txn, day: Day) -> Decimal:
    """What was left of a payment: a document of a later day was not there yet."""
    left = payment.unapplied
    for key, amount in (payment.links or {}).items():
        doc, item = company.find(key)
        if doc.date > day:
            left += amount if item.debit else -amount
    return left


def _sorted(company: Company, parent: int | None) -> list[Name]:
    if parent is None:
        found = [name for name in company.store.names("Customer") if "ParentRef" not in name.data]
    else:
        found = company.children(parent)
    return sorted(found, key=lambda name: str(name.data["DisplayName"]).casefold())


def _picked(company: Company, question: Question) -> list[str]:
    """The customers that the report is about."""
    return [str(name.id) for name in company.store.names("Customer") if _asked(company, name, question)]


def _asked(company: Company, name: Name, question: Question) -> bool:
    if question.customers is None or str(name.id) in question.customers:
        return True
    above = name.data.get("ParentRef")
    parent = company.store.name("Customer", above["value"]) if above else None
    return parent is not None and _asked(company, parent, question)


def _row(company: Company, name: Name, amounts: Mapping[int, list[Decimal]], question: Question) -> Body | None:
    """A customer's row, or section when there are sub-customers to show; None when there is nothing to say."""
    below = [row for child in _sorted(company, name.id) if (row := _row(company, child, amounts, question)) is not None]
    own = amounts[name.id] if _asked(company, name, question) else [ZERO] * (question.periods + 2)
    label = str(name.data["DisplayName"])
    if not below:
        return _data(label, name.id, own) if any(own) else None
    whole = _sum([own, *(_total_of(row) for row in below)], question)
    summary = [{"value": f"Total {label}"}, *({"value": f"{amount:.2f}"} for amount in whole)]
    head = _data(label, name.id, own)["ColData"]
    head[-1] = {"value": f"{own[-1]:.2f}"}
    return {"Header": {"ColData": head}, "Rows": {"Row": below}, "Summary": {"ColData": summary}, "type": "Section"}


def _data(label: str, key: int, amounts: list[Decimal]) -> dict[str, Any]:
    return {
        "ColData": [
            {"value": label, "id": str(key)},
            *({"value": f"{amount:.2f}" if amount else ""} for amount in amounts),
        ],
        "type": "Data",
    }


def _total_of(row: Body) -> list[Decimal]:
    cells = row.get("Summary", row)["ColData"][1:]
    return [Decimal(cell["value"] or "0") for cell in cells]


def _sum(rows: list[list[Decimal]], question: Question) -> list[Decimal]:
    return [sum((row[index] for row in rows), ZERO) for index in range(question.periods + 2)]
