"""The report AgedReceivables: buckets, sub-customers, past days, and that it adds up to the customers' balances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines.quickbooks.twin import JournalLine, Line
from tests.contract.quickbooks_twin_kit import RECEIVABLE, SALES, START, Twin, company, fault, invoice, payment, running


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    made = company()
    paid = invoice(made, "100.00", due_date=date(2026, 11, 2))
    invoice(made, "10.00", due_date=date(2026, 11, 1))
    invoice(made, "20.00", due_date=date(2026, 10, 3))
    invoice(made, "40.00", due_date=date(2026, 8, 5), date=date(2026, 8, 1))
    invoice(made, "80.00", due_date=date(2026, 5, 5), date=date(2026, 5, 1))
    payment(made, "35.00", ((paid, "30.00"),), date=date(2026, 10, 20))
    invoice(made, "5.55", customer="203", due_date=date(2026, 12, 1))
    invoice(made, "33.33", customer="202", due_date=date(2026, 12, 1), exchange_rate=Decimal("1.11111"))
    made.post_credit_memo(customer="203", date=date(2026, 9, 30), lines=[Line(SALES, Decimal("1.00"))], at=START)
    lines = [JournalLine(RECEIVABLE, debit=Decimal("2.00"), entity="201"), JournalLine(SALES, credit=Decimal("2.00"))]
    made.post_journal(date=date(2026, 11, 2), at=START, lines=lines)
    with running(made) as found:
        yield found


def cells(row: dict[str, Any]) -> list[str]:
    return [cell["value"] for cell in row["ColData"]]


def test_the_report_of_today(twin: Twin) -> None:
    found = twin.get("reports/AgedReceivables").json()
    assert found["Header"]["ReportName"] == "AgedReceivables"
    assert (found["Header"]["EndPeriod"], found["Header"]["Currency"]) == ("2026-11-02", "USD")
    assert [column["ColTitle"] for column in found["Columns"]["Column"]] == [
        "",
        "Current",
        "1 - 30",
        "31 - 60",
        "61 - 90",
        "91 and over",
        "Total",
    ]
    acme, beta, total = found["Rows"]["Row"]
    assert cells(acme["Header"]) == ["Acme Ltd", "72.00", "25.00", "", "40.00", "80.00", "217.00"]
    assert acme["Header"]["ColData"][0]["id"] == "201"
    assert cells(acme["Rows"]["Row"][0]) == ["North", "5.55", "", "-1.00", "", "", "4.55"]
    assert cells(acme["Summary"]) == ["Total Acme Ltd", "77.55", "25.00", "-1.00", "40.00", "80.00", "221.55"]
    assert cells(beta) == ["Beta GmbH", "37.03", "", "", "", "", "37.03"]
    assert cells(total["Summary"]) == ["TOTAL", "114.58", "25.00", "-1.00", "40.00", "80.00", "258.58"]
    assert total["group"] == "GrandTotal"


def test_it_ties_to_the_balances(twin: Twin) -> None:
    shown = {row["Id"]: row for row in twin.query("select * from Customer")["Customer"]}
    assert (
        shown["201"]["Balance"],
        shown["201"]["BalanceWithJobs"],
        shown["202"]["Balance"],
        shown["203"]["Balance"],
    ) == (217.0, 221.55, 33.33, 4.55)


def test_a_past_day_knows_no_later_payment(twin: Twin) -> None:
    found = twin.get("reports/AgedReceivables", report_date="2026-10-10").json()
    acme = found["Rows"]["Row"][0]
    assert cells(acme["Header"]) == ["Acme Ltd", "110.00", "20.00", "", "40.00", "80.00", "250.00"]
    early = twin.get("reports/AgedReceivables", report_date="2026-01-01").json()
    assert early["Rows"] == {}
    assert {"Name": "NoReportData", "Value": "true"} in early["Header"]["Option"]


def test_other_questions(twin: Twin) -> None:
    late = twin.get("reports/AgedReceivables", report_date="2026-10-10", aging_method="Current", customer="203").json()
    assert cells(late["Rows"]["Row"][0]["Summary"])[-1] == "4.55"
    assert len(twin.get("reports/AgedReceivables", num_periods="2").json()["Columns"]["Column"]) == 5
    assert fault(twin.get("reports/AgedReceivables", aging_method="Soon"))[0] == "2170"
    assert fault(twin.get("reports/AgedReceivables", report_date="soon"))[0] == "2010"
    assert fault(twin.get("reports/ProfitAndLoss"))[0] == "500"


def test_a_payment_of_nothing_has_what_it_links_to_a_later_document_at_its_own_rate() -> None:
    made = company()
    given = {"customer": "202", "at": START}
    late, today = date(2026, 11, 20), date(2026, 10, 5)

    def credit(amount: str, day: date, rate: str) -> str:
        return made.post_credit_memo(
            date=day, lines=[Line(SALES, Decimal(amount))], exchange_rate=Decimal(rate), **given
        )

    pairs = [
        (invoice(made, "20.33", customer="202", date=late, exchange_rate=Decimal("1.1")), credit("20.33", today, "1.2345"), "20.33", "1.1111"),
        (invoice(made, "20.00", customer="202", date=today, exchange_rate=Decimal("1.05")), credit("20.00", late, "1.3"), "20.00", "1.07"),
    ]  # fmt: skip
    with running(made) as found:
        for debt, memo, amount, rate in pairs:
            lines = [
                {"Amount": float(amount), "LinkedTxn": [{"TxnId": key, "TxnType": kind}]} for key, kind in ((debt, "Invoice"), (memo, "CreditMemo"))
            ]  # fmt: skip
            body = {
                "CustomerRef": {"value": "202"},
                "TotalAmt": 0,
                "Line": lines,
                "TxnDate": "2026-10-09",
                "ExchangeRate": float(rate),
            }
            found.made("payment", {**body, "CurrencyRef": {"value": "EUR"}})
        (row, _total) = found.get("reports/AgedReceivables").json()["Rows"]["Row"]
    assert cells(row)[-1] == "-1.19"  # -22.59 and 21.40
