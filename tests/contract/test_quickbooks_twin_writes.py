"""What the twin takes and what it refuses when a client writes, with the codes of QuickBooks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines.quickbooks.twin import JournalLine, Line, OtherLine
from tests.contract.quickbooks_twin_kit import (
    BANK,
    CLEARING,
    FEES,
    METHOD,
    RECEIVABLE,
    SALES,
    START,
    UNDEPOSITED,
    Twin,
    company,
    invoice,
    payment,
    running,
)  # fmt: skip

Body = dict[str, Any]


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with running() as found:
        yield found


def paying(total: Any = "10.00", *links: tuple[str, str, Any], customer: str = "201", **more: Any) -> Body:
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": key, "TxnType": kind}]} for key, kind, amount in links]
    return {"CustomerRef": {"value": customer}, "TotalAmt": total, "Line": lines, **more}


def depositing(*payments: tuple[str, Any], fee: Any = None, account: str = BANK, **more: Any) -> Body:
    lines: list[Body] = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": key, "TxnType": "Payment", "TxnLineId": "0"}]}
        for key, amount in payments
    ]
    if fee is not None:
        lines.append(
            {"Amount": fee, "DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": {"value": FEES}}}
        )
    return {"DepositToAccountRef": {"value": account}, "Line": lines, **more}


@pytest.mark.parametrize(
    ("body", "code", "element"),
    [
        ({"TotalAmt": 1}, "2020", "CustomerRef"),
        ({"CustomerRef": {"value": "201"}}, "2020", "TotalAmt"),
        (paying(customer="999"), "2500", "CustomerRef"),
        (paying(Foo=1), "2010", "Foo"),
        (paying(PaymentType="Cheque"), "2170", "PaymentType"),
        (paying(PaymentRefNum="x" * 22), "2050", "PaymentRefNum"),
        (paying("ten"), "2010", "TotalAmt"),
        (paying("1.005"), "2010", "TotalAmt"),
        (paying("-1.00"), "6000", "TotalAmt"),
        (paying(DepositToAccountRef={"value": "999"}), "2500", "DepositToAccountRef"),
        (paying(DepositToAccountRef={"value": CLEARING}), "6000", "DepositToAccountRef"),
        (paying(DepositToAccountRef={"value": SALES}), "6000", "DepositToAccountRef"),
        (paying(PaymentMethodRef={"value": "77"}), "2500", "PaymentMethodRef"),
        (paying(CurrencyRef={"value": "EUR"}), "6000", "CurrencyRef"),
        (paying("10.00", ("999", "Invoice", 1)), "2500", "TxnId"),
        (paying("10.00", ("1", "Bill", 1)), "6000", "Line.LinkedTxn.TxnType"),
    ],
)  # fmt: skip
def test_payments_that_are_refused(twin: Twin, body: Body, code: str, element: str) -> None:
    found = twin.fault("payment", body)
    assert (found[0], found[2]) == (code, element), found


def test_what_a_payment_cannot_settle(twin: Twin) -> None:
    books = twin.realm.company
    mine, other = invoice(books, "20.00"), invoice(books, "20.00", customer="203")
    assert "open balance" in twin.fault("payment", paying("50.00", (mine, "Invoice", "20.01")))[1]
    assert "amount of the payment" in twin.fault("payment", paying("10.00", (mine, "Invoice", "11.00")))[1]
    assert "another customer" in twin.fault("payment", paying("50.00", (other, "Invoice", "20.00")))[1]
    assert twin.fault("payment", paying("50.00", (mine, "CreditMemo", "20.00")))[0] == "2500"
    assert books.unpaid(mine) == 20


def test_a_request_id_is_carried_out_once(twin: Twin) -> None:
    body, before = paying("3.00"), twin.query("select count(*) from Payment")
    first, second = (twin.post("payment", body, requestid="once") for _ in range(2))
    assert first.content == second.content
    assert twin.query("select count(*) from Payment")["totalCount"] == before["totalCount"] + 1
    assert twin.fault("payment", body, requestid="x" * 51)[0] == "2050"


def test_a_request_id_is_carried_out_once_by_many_at_a_time(twin: Twin) -> None:
    before = twin.query("select count(*) from Payment")["totalCount"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda number: twin.post("payment", paying("2.00"), requestid=f"many-{number % 2}"), range(16))
        )
    assert len({answer.json()["Payment"]["Id"] for answer in answers}) == 2
    assert twin.query("select count(*) from Payment")["totalCount"] == before + 2


def test_unapplying_by_full_and_sparse_update(twin: Twin) -> None:
    books = twin.realm.company
    key = invoice(books, "20.00")
    made = twin.made(
        "payment", paying("20.00", (key, "Invoice", "20.00"), PrivateNote="ch_9", PaymentMethodRef={"value": METHOD})
    )
    assert books.unpaid(key) == 0
    changed = twin.made("payment", {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "Line": []})
    assert (changed["UnappliedAmt"], changed["PrivateNote"], changed["SyncToken"], changed["Line"]) == (
        20.0,
        "ch_9",
        "1",
        [],
    )
    assert twin.get(f"invoice/{key}").json()["Invoice"]["Balance"] == 20.0
    assert twin.fault("payment", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})[0] == "5010"
    again = twin.made("payment", paying("20.00", (key, "Invoice", "15.00"), Id=made["Id"], SyncToken="1"))
    assert "PrivateNote" not in again
    assert (again["UnappliedAmt"], str(books.unpaid(key))) == (5.0, "5.00")
    assert twin.fault("payment", {"Id": made["Id"], "sparse": True})[2] == "SyncToken"
    assert twin.fault("payment", {"Id": "99999", "SyncToken": "0", "sparse": True})[0] == "610"


def test_a_payment_goes_to_the_bank_once(twin: Twin) -> None:
    books = twin.realm.company
    before = twin.get(f"account/{BANK}").json()["Account"]["CurrentBalance"]
    held, direct = payment(books, "50.00"), payment(books, "5.00", account=BANK)
    assert twin.fault("deposit", depositing((held, "49.00")))[2] == "Line.Amount"
    assert twin.fault("deposit", depositing((held, "50.00"), fee="-60.00"))[2] == "TotalAmt"
    for account in (UNDEPOSITED, FEES, RECEIVABLE):
        assert "Select a bank account" in twin.fault("deposit", depositing((held, "50.00"), account=account))[1]
    assert "cannot be applied to a Deposit" in twin.fault("deposit", depositing((direct, "5.00")))[1]
    assert "cannot be applied to a Deposit" in twin.fault("deposit", depositing((held, "50.00"), (held, "50.00")))[1]
    assert twin.fault("deposit", depositing(("99999", "5.00")))[0] == "2500"
    assert twin.fault("deposit", depositing(account="999"))[0] == "2500"
    assert twin.fault("deposit", {"DepositToAccountRef": {"value": BANK}})[2] == "Line"
    made = twin.made("deposit", depositing((held, "50.00"), fee="-1.50", PrivateNote="po_1", TxnDate="2026-11-01"))
    assert (made["TotalAmt"], made["PrivateNote"]) == (48.5, "po_1")
    assert twin.get(f"account/{BANK}").json()["Account"]["CurrentBalance"] == before + 48.5 + 5
    assert "cannot be applied to a Deposit" in twin.fault("deposit", depositing((held, "50.00")))[1]
    shown = twin.get(f"payment/{held}").json()["Payment"]
    assert shown["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Deposit"}]
    for operation in ({}, {"operation": "delete"}, {"operation": "update", "include": "void"}):
        body = {"Id": held, "SyncToken": shown["SyncToken"], "sparse": True, "PrivateNote": "x"}
        assert twin.fault("payment", body, **operation)[0] == "6540"
    twin.made("deposit", {"Id": made["Id"], "SyncToken": made["SyncToken"]}, operation="delete")
    assert "LinkedTxn" not in twin.get(f"payment/{held}").json()["Payment"]
    assert twin.get(f"deposit/{made['Id']}").status_code == 400


def test_the_shape_of_a_deposit_line(twin: Twin) -> None:
    held = payment(twin.realm.company, "50.00")
    for change, code, text in (
        ({"DetailType": "DepositLineDetail"}, "2020", "Line.DepositLineDetail.AccountRef"),
        (
            {"DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": {"value": FEES}}},
            "6000",
            "Select a bank account",
        ),
        ({"LinkedTxn": [{"TxnId": held, "TxnType": "Payment"}]}, "2020", "LinkedTxn.TxnLineId"),
        ({"LinkedTxn": [{"TxnId": held, "TxnType": "Payment", "TxnLineId": "1"}]}, "6000", "cannot be applied"),
    ):
        body = depositing((held, "50.00"))
        body["Line"][0].update(change)
        found = twin.fault("deposit", body)
        assert found[0] == code
        assert text in found[1]
    free = {"Amount": "-1.00", "DetailType": "DepositLineDetail", "DepositLineDetail": {}}
    assert twin.fault("deposit", {"DepositToAccountRef": {"value": BANK}, "Line": [free]})[1].startswith(
        "Required parameter Line.DepositLineDetail.AccountRef"
    )
    free["DepositLineDetail"] = {"AccountRef": {"value": FEES}, "Entity": {"value": "999", "type": "VENDOR"}}
    assert twin.fault("deposit", {"DepositToAccountRef": {"value": BANK}, "Line": [free]})[0] == "2500"


def test_currencies(twin: Twin) -> None:
    books = twin.realm.company
    euros = payment(books, "30.00", customer="202")
    assert "currency" in twin.fault("deposit", depositing((euros, "30.00")))[1]
    made = twin.made("deposit", depositing((euros, "30.00"), account="36"))
    assert (made["CurrencyRef"]["value"], made["ExchangeRate"], made["HomeTotalAmt"]) == ("EUR", 1.1, 33.0)
    assert twin.made("customer", {"Id": "202", "SyncToken": "0", "sparse": True, "Notes": "n"})["Notes"] == "n"
    assert (
        twin.fault("customer", {"Id": "202", "SyncToken": "1", "sparse": True, "CurrencyRef": {"value": "USD"}})[2]
        == "CurrencyRef"
    )
    assert twin.fault("customer", {"DisplayName": "Yen", "CurrencyRef": {"value": "JPY"}})[0] == "2500"


def test_credit_memos_are_applied_by_a_payment_of_zero(twin: Twin) -> None:
    books = twin.realm.company
    key = invoice(books, "40.00")
    line = {
        "Amount": 15,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "Qty": 3, "UnitPrice": 5},
    }
    memo = twin.made("creditmemo", {"CustomerRef": {"value": "201"}, "Line": [line]})
    assert (memo["RemainingCredit"], memo["TotalAmt"]) == (15.0, 15.0)
    made = twin.made("payment", paying(0, (key, "Invoice", 15), (memo["Id"], "CreditMemo", 15)))
    assert (made["TotalAmt"], made["UnappliedAmt"]) == (0, 0)
    assert (books.unpaid(key), books.unpaid(memo["Id"])) == (25, 0)
    assert "credits" in twin.fault("payment", paying(0, (key, "Invoice", 5)))[1]
    (row,) = [row for row in books.applications() if row.via == made["Id"]]
    assert (row.credit, row.document, row.amount) == (memo["Id"], key, 15)
    twin.made("creditmemo", {"Id": memo["Id"], "SyncToken": "1"}, operation="delete")
    assert books.unpaid(key) == 40


def test_sales_forms(twin: Twin) -> None:
    line = {
        "Amount": 10,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "Qty": 3, "UnitPrice": 3},
    }
    body: Body = {
        "CustomerRef": {"value": "201"},
        "Line": [line],
        "DocNumber": "F-1",
        "SalesTermRef": {"value": "3"},
        "TxnDate": "2026-10-01",
    }
    assert twin.fault("invoice", body)[0] == "6070"
    line["SalesItemLineDetail"] = {"ItemRef": {"value": "99"}}
    assert twin.fault("invoice", body)[0] == "2500"
    assert twin.fault("invoice", {**body, "Line": []})[2] == "Line"
    line["SalesItemLineDetail"] = {}
    made = twin.made("invoice", {**body, "BillEmail": {"Address": "a@b.example"}, "CustomerMemo": {"value": "Thanks"}})
    assert (made["DueDate"], made["Balance"], made["BillEmail"]["Address"], made["CustomerMemo"]) == (
        "2026-10-31",
        10.0,
        "a@b.example",
        {"value": "Thanks"},
    )
    code, detail, _ = twin.fault("invoice", body)
    assert code == "6140"
    assert f"DocNumber=F-1 is assigned to TxnType=Invoice with TxnId={made['Id']}" in detail
    changed = twin.made("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "DueDate": "2026-12-24"})
    assert (changed["DueDate"], changed["TotalAmt"], changed["BillEmail"]) == (
        "2026-12-24",
        10.0,
        {"Address": "a@b.example"},
    )
    voided = twin.made("invoice", {"Id": made["Id"], "SyncToken": "1"}, operation="void")
    assert (voided["TotalAmt"], voided["Balance"], voided["PrivateNote"]) == (0, 0, "Voided")
    refund = twin.made(
        "refundreceipt", {"CustomerRef": {"value": "201"}, "Line": [line], "DepositToAccountRef": {"value": BANK}}
    )
    assert refund["TotalAmt"] == 10.0
    assert twin.fault("refundreceipt", {"CustomerRef": {"value": "201"}, "Line": [line]})[2] == "DepositToAccountRef"


def test_journals(twin: Twin) -> None:
    def line(kind: str, account: str, amount: int, customer: str | None = None) -> Body:
        entity = {"Entity": {"Type": "Customer", "EntityRef": {"value": customer}}} if customer else {}
        return {
            "Amount": amount,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": kind, "AccountRef": {"value": account}, **entity},
        }

    assert (
        "select a customer"
        in twin.fault("journalentry", {"Line": [line("Debit", "62", 9), line("Credit", RECEIVABLE, 9)]})[1]
    )
    assert "balance" in twin.fault("journalentry", {"Line": [line("Debit", "62", 9), line("Credit", SALES, 8)]})[1]
    assert twin.fault("journalentry", {"Line": [line("debit", "62", 9)]})[0] == "2170"
    twice = [line("Debit", RECEIVABLE, 5, "201"), line("Debit", RECEIVABLE, 4, "203"), line("Credit", SALES, 9)]
    assert "one line on an Accounts Receivable" in twin.fault("journalentry", {"Line": twice})[1]
    made = twin.made("journalentry", {"Line": [line("Debit", "62", 9), line("Credit", RECEIVABLE, 9, "201")]})
    key = invoice(twin.realm.company, "9.00")
    link = {"TxnId": made["Id"], "TxnType": "JournalEntry", "TxnLineId": "1"}
    lines = [{"Amount": 9, "LinkedTxn": [{"TxnId": key, "TxnType": "Invoice"}]}, {"Amount": 9, "LinkedTxn": [link]}]
    assert twin.made("payment", {"CustomerRef": {"value": "201"}, "TotalAmt": 0, "Line": lines})["Line"][1][
        "LinkedTxn"
    ] == [link]
    assert twin.realm.company.unpaid(f"{made['Id']}.1") == 0


def test_names(twin: Twin) -> None:
    assert twin.fault("customer", {"CompanyName": ""})[2] == "DisplayName"
    assert twin.fault("customer", {"DisplayName": "Card processor"})[0] == "6240"
    child = twin.made("customer", {"DisplayName": "South", "ParentRef": {"value": "203"}, "Job": True})
    assert (child["FullyQualifiedName"], child["Level"]) == ("Acme Ltd:North:South", 2)
    twin.made("customer", {"Id": "201", "SyncToken": "0", "sparse": True, "DisplayName": "Acme Inc"})
    assert twin.get(f"customer/{child['Id']}").json()["Customer"]["FullyQualifiedName"] == "Acme Inc:North:South"
    assert (
        twin.fault("customer", {"Id": "203", "SyncToken": "0", "sparse": True, "ParentRef": {"value": child["Id"]}})[2]
        == "ParentRef"
    )
    assert twin.fault("customer", {"Id": "201", "SyncToken": "1"}, operation="delete")[0] == "500"
    term = twin.made("term", {"Name": "Net 45", "DueDays": 45})
    assert twin.made("term", {**term, "Active": False})["Active"] is False
    gone = twin.made("customer", {"DisplayName": "Gone"})
    twin.made("customer", {"Id": gone["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    assert twin.fault("payment", paying(customer=gone["Id"]))[0] == "610"
    assert twin.made("account", {"Name": "Savings", "AccountType": "Bank"})["AccountSubType"] == "Checking"
    assert twin.fault("account", {"Name": "Odd", "AccountType": "Money"})[0] == "2170"


def test_closed_books() -> None:
    made = company()
    key = payment(made, "5.00", date=date(2026, 9, 30))
    made.book_close_date = date(2026, 9, 30)
    with running(made) as twin:
        assert twin.get("preferences").json()["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"] == "2026-09-30"
        assert twin.fault("payment", paying(TxnDate="2026-09-30"))[0] == "6210"
        assert (
            twin.fault("payment", {"Id": key, "SyncToken": "0", "sparse": True, "TxnDate": "2026-10-30"})[0] == "6210"
        )
        assert twin.fault("payment", {"Id": key, "SyncToken": "0"}, operation="delete")[0] == "6210"
        assert twin.made("payment", paying(TxnDate="2026-10-01"))["TxnDate"] == "2026-10-01"


def test_batches(twin: Twin) -> None:
    items: list[Body] = [
        {"bId": "a", "operation": "create", "Payment": paying("1.00")},
        {"bId": "b", "operation": "create", "Payment": paying("1.00", Foo=1)},
        {"bId": "c", "Query": "select count(*) from Payment"},
        {"bId": "d", "Query": "select"},
        {"bId": "e", "operation": "merge", "Payment": paying("1.00")},
    ]
    found = {item["bId"]: item for item in twin.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]}
    codes = {key: item["Fault"]["Error"][0]["code"] for key, item in found.items() if "Fault" in item}
    assert codes == {"b": "2010", "d": "4000", "e": "2170"}
    assert found["a"]["Payment"]["TotalAmt"] == 1.0
    assert found["c"]["QueryResponse"]["totalCount"] > 0
    many = [{"bId": str(number), "Query": "select count(*) from Payment"} for number in range(31)]
    assert "30" in twin.fault("batch", {"BatchItemRequest": many})[1]
    assert len(twin.post("batch", {"BatchItemRequest": many[:30]}).json()["BatchItemResponse"]) == 30


def test_what_is_not_served(twin: Twin) -> None:
    assert twin.fault("salesreceipt", {"CustomerRef": {"value": "201"}})[0] == "500"
    assert twin.fault("payment", paying(), operation="merge")[:2] == ("500", "Operation Merge is not supported.")
    assert twin.query("select * from SalesReceipt") == {}
    answer = twin.session.post(
        f"{twin.base}/payment", data=b"{", headers={"Content-Type": "application/json"}, timeout=20
    )
    assert answer.json()["Fault"]["Error"][0]["code"] == "2010"


def test_the_posting_methods_and_their_rows() -> None:
    made = company()
    first, second = invoice(made, "60.00"), invoice(made, "40.00")
    held = payment(made, "90.00", ((first, "60.00"), (second, "30.00")), memo="ch_77")
    memo = made.post_credit_memo(
        customer="201",
        date=date(2026, 10, 9),
        lines=[Line(SALES, Decimal("10.00"))],
        at=START,
        apply=[(second, Decimal("10.00"))],
    )
    journal = made.post_journal(
        date=date(2026, 10, 9),
        at=START,
        lines=[
            JournalLine(RECEIVABLE, debit=Decimal("7.00"), entity="201"),
            JournalLine(SALES, credit=Decimal("7.00")),
        ],
    )
    banked = made.post_deposit(
        account=BANK,
        date=date(2026, 10, 21),
        payments=[held],
        at=START,
        other=[OtherLine(FEES, Decimal("-2.00"), "fee", "1")],
        memo="po_7",
    )
    made.post_refund(
        customer="201", date=date(2026, 10, 22), amount=Decimal("3.00"), account="62", at=START, memo="re_1"
    )
    assert {row.id: row.open for row in made.documents()} == {first: 0, second: 0, memo: 0, f"{journal}.0": 7}
    assert sorted((row.credit, row.document, row.amount) for row in made.applications()) == [
        (held, first, 60),
        (held, second, 30),
        (memo, second, 10),
    ]
    assert [(row.id, row.amount, row.payments) for row in made.deposits()] == [(banked, 88, (held,))]
    assert (made.citing("ch_77"), made.citing("po_7", "Deposit"), made.citing("re_1", "RefundReceipt")) == (
        [held],
        [banked],
        [made.refunds()[0].id],
    )
    assert {row.id: row.balance for row in made.customers()} == {"201": 7, "202": 0, "203": 0}
    made.set_applications(held, [], at=START)
    made.set_applications(memo, [], at=START)
    assert (made.unpaid(first), made.unpaid(second), made.unpaid(held), made.unpaid(memo)) == (60, 40, 90, 10)
    made.replace_amount(second, Decimal("45.00"), at=START)
    made.edit(second, at=START, memo="changed", duedate=date(2026, 12, 1), tranid="N-2")
    made.delete(first, at=START)
    assert (made.exists(first), made.unpaid(first), made.unpaid(second)) == (False, 0, 45)
    with pytest.raises(ValueError, match="kept in EUR"):
        invoice(made, customer="202", currency="USD")
