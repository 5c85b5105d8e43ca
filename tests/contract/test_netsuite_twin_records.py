"""The record API of the NetSuite twin: shapes, business rules, and the errors of both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines.netsuite.twin import JournalLine

from .netsuite_twin_kit import (
    BANK,
    FEES,
    RECEIVABLE,
    SALES,
    START,
    Twin,
    books,
    contract,
    invoice,
    made_account,
    payment,
    serve,
)


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    account = made_account(books())
    with serve(account) as root:
        yield Twin(root, account)


def _refusal(answer: Any, code: str, words: str, path: str | None = None) -> None:
    detail = answer.json()["o:errorDetails"][0]
    assert (answer.status_code, detail["o:errorCode"]) == (400, code), answer.text
    assert words in detail["detail"]
    assert detail.get("o:errorPath") == path or path is None


def _pay(document: str, amount: Any = None, **more: Any) -> dict[str, Any]:
    element = {"doc": {"id": document}, "line": 0, "apply": True, **({} if amount is None else {"amount": amount})}
    return {"customer": {"id": "201"}, "apply": {"items": [element]}, **more}


def _record(twin: Twin, path: str, **more: Any) -> dict[str, Any]:
    answer = twin.record("GET", path, params={"expandSubResources": "true", **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _unpaid(twin: Twin, key: str) -> str:
    return str(twin.rows("SELECT NVL(foreignamountunpaid, 0) u FROM transaction WHERE id = ?", key)[0]["u"])


def test_error_bodies_are_the_contract_s(twin: Twin) -> None:
    key = invoice(twin.account.books)
    made = {"customer": {"id": "201"}, "payment": 1}
    twin.create("customerPayment", {**made, "externalId": "twice"})
    answers = [
        twin.record("GET", "invoice/999999"),
        twin.record("GET", "bad-path"),
        twin.record("GET", f"customerPayment/{key}"),
        twin.record("POST", "customerPayment", {**made, "externalId": "twice"}),
        twin.record("POST", "customer", {"subsidiary": {"id": "1"}}),
        twin.record(
            "POST", "invoice", {"entity": {"id": "201"}, "item": {"items": [{"item": {"id": "9999"}, "amount": 1}]}}
        ),
        twin.call("POST", "/record/v1/invoice", b"{not json"),
        twin.query("SELECT id FROM foo"),
    ]
    errors = contract("netsuite_error_bodies.json")["errors"]
    expected = {held["body"]["o:errorDetails"][0]["detail"]: held for held in errors}
    for answer in answers:
        held = expected[answer.json()["o:errorDetails"][0]["detail"]]
        given, wanted = answer.json(), held["body"]
        assert answer.status_code == held["httpStatus"]
        assert (given["title"], given["status"], given["type"]) == (wanted["title"], wanted["status"], wanted["type"])
        assert given["o:errorDetails"][0] == wanted["o:errorDetails"][0] or answer is answers[4]
        assert answer.headers["content-type"].startswith("application/vnd.oracle.resource+json; type=error")


def test_every_field_is_in_the_contract(twin: Twin) -> None:
    made = twin.account.books
    owed = invoice(made)
    paid = payment(made, "40.00", ((owed, Decimal(40)),), method="7")
    credit = twin.create(
        "creditMemo",
        {"entity": {"id": "201"}, "item": {"items": [{"item": {"id": "501"}, "amount": 10}]}, **_pay(owed, 5)}
        | {"customer": None},
    )
    refund = twin.create(
        "customerRefund",
        {
            "customer": {"id": "201"},
            "account": {"id": BANK},
            "apply": {"items": [{"doc": {"id": credit}, "amount": 5}]},
        },
    )
    deposit = twin.create(
        "deposit",
        {
            "account": {"id": BANK},
            "payment": {"items": [{"id": int(paid)}]},
            "other": {"items": [{"account": {"id": FEES}, "amount": -1, "entity": {"id": "201"}}]},
            "cashback": {"items": [{"account": {"id": FEES}, "amount": 2}]},
        },
    )
    journal = made.post_journal(
        subsidiary="1",
        currency="1",
        exchange_rate=Decimal(1),
        date=date(2026, 10, 1),
        at=START,
        lines=[JournalLine(FEES, debit=Decimal(3)), JournalLine(RECEIVABLE, credit=Decimal(3), entity="201")],
    )
    typed, derived = (
        contract("netsuite_records_ar_2026_1.json")["records"],
        contract("netsuite_records_derived.json")["schemas"],
    )
    known = {
        **{name: set(held["properties"]) for name, held in derived.items() if "properties" in held},
        **{name: set(held) for name, held in typed.items()},
    }
    known["customer"] |= {
        "addressBook",
        "contactRoles",
    }  # the contract lists their elements, not the fields that hold them
    paths = {
        "invoice": owed,
        "customerPayment": paid,
        "creditMemo": credit,
        "customerRefund": refund,
        "deposit": deposit,
        "journalEntry": journal,
        "customer": "201",
        "subsidiary": "1",
        "currency": "1",
        "account": BANK,
    }
    for record, key in paths.items():
        body = _record(twin, f"{record}/{key}")
        assert {name for name in body if not name.startswith("cust") or name == "customer"} <= known[record] | {
            "custbody_po_contact_email"
        }, record
        for name, held in body.items():
            fields = known.get(f"{record}-{name}") or known.get(f"{record}-{name}Element")
            for element in held.get("items", []) if isinstance(held, dict) and fields else []:
                assert set(element) <= (fields or set()), (record, name)


def test_a_payment_is_created_applied_and_unapplied(twin: Twin) -> None:
    key = invoice(twin.account.books, "100.00")
    body = _pay(key, 60.25, payment=80, memo="ch_1", externalId="tieout_payment_ch_1_201", paymentOption={"id": "7"})
    answer = twin.record("POST", "customerPayment", body)
    assert (answer.status_code, answer.content) == (204, b"")
    paid = answer.headers["Location"].removeprefix(f"{twin.base}/services/rest/record/v1/customerPayment/")
    record = _record(twin, f"customerPayment/{paid}")
    assert (record["payment"], record["applied"], record["unapplied"], record["status"]) == (
        80.0,
        60.25,
        19.75,
        {"id": "B", "refName": "Not Deposited"},
    )
    assert record["apply"]["items"][0]["links"][0]["href"].endswith(f"customerPayment/{paid}/apply/doc={key},line=0")
    assert _unpaid(twin, key) == "39.75"
    assert twin.rows(
        "SELECT foreignpaymentamountunused u FROM transactionline WHERE transaction = ? AND mainline = 'T'", paid
    ) == [{"u": "19.75"}]
    (link,) = twin.rows("SELECT * FROM nexttransactionlinelink WHERE nextdoc = ?", paid)
    sample = contract("netsuite_samples.json")["application_link_row"]
    assert set(link) - {"lastmodifieddate"} == set(sample) - {"links"}
    assert (link["previousdoc"], link["previousline"], link["linktype"], link["foreignamount"]) == (
        key,
        "0",
        "Payment",
        "60.25",
    )
    assert twin.record("GET", "customerPayment/eid:tieout_payment_ch_1_201?fields=memo").json()["memo"] == "ch_1"
    assert (
        twin.record(
            "PATCH", f"customerPayment/{paid}", {"apply": {"items": [{"doc": {"id": key}, "line": 0, "amount": 70}]}}
        ).status_code
        == 204
    )
    assert _unpaid(twin, key) == "30"
    assert (
        twin.record(
            "PATCH", f"customerPayment/{paid}", {"apply": {"items": [{"doc": {"id": key}, "line": 0, "apply": False}]}}
        ).status_code
        == 204
    )
    assert _unpaid(twin, key) == "100"
    assert twin.record("PATCH", f"customerPayment/{paid}?replace=apply", {"apply": {"items": []}}).status_code == 204
    assert _record(twin, f"invoice/{key}")["status"]["id"] == "A"


def test_an_amount_left_out_takes_what_is_open(twin: Twin) -> None:
    first, second = invoice(twin.account.books, "30.00"), invoice(twin.account.books, "30.00")
    body = _pay(first, payment=40)
    body["apply"]["items"].append({"doc": {"id": second}, "apply": True})
    paid = twin.create("customerPayment", body)
    assert [
        (item["doc"]["id"], item["amount"]) for item in _record(twin, f"customerPayment/{paid}")["apply"]["items"]
    ] == [(first, 30.0), (second, 10.0)]
    assert twin.record("PATCH", f"customerPayment/{paid}/apply/doc={second},line=0", {"amount": 0}).status_code == 204
    assert twin.record("GET", f"customerPayment/{paid}/apply/doc={first},line=0").json()["amount"] == 30.0
    assert twin.record("GET", f"customerPayment/{paid}/apply").json()["count"] == 1


def test_amount_and_applications_change_together_or_not_at_all(twin: Twin) -> None:
    key = invoice(twin.account.books, "100.00")
    paid = twin.create("customerPayment", _pay(key, 60, payment=60))
    element = {"doc": {"id": key}, "line": 0}
    assert twin.record(
        "PATCH", f"customerPayment/{paid}", {"payment": 20, "apply": {"items": [element | {"amount": 15}]}}
    ).ok
    assert (_record(twin, f"customerPayment/{paid}")["unapplied"], _unpaid(twin, key)) == (5.0, "85")
    for body in (
        {"payment": 120, "apply": {"items": [element | {"amount": 110}]}},
        {"payment": 10, "apply": {"items": [element | {"amount": 12}]}},
    ):
        assert twin.record("PATCH", f"customerPayment/{paid}", body).status_code == 400
        assert (_record(twin, f"customerPayment/{paid}")["payment"], _unpaid(twin, key)) == (20.0, "85")


def test_what_a_payment_may_not_do(twin: Twin) -> None:
    key, other = invoice(twin.account.books, "10.00"), invoice(twin.account.books, "10.00", customer="202")
    euro = invoice(twin.account.books, "10.00", currency="2", exchange_rate=Decimal("1.1"))
    before = twin.rows("SELECT COUNT(*) n FROM transaction")
    post = lambda body: twin.record("POST", "customerPayment", body)  # noqa: E731
    _refusal(post({"payment": 5}), "USER_ERROR", "Please enter value(s) for: Customer")
    _refusal(post({"customer": {"id": "201"}}), "USER_ERROR", "Please enter value(s) for: Payment Amount")
    _refusal(post({"customer": {"id": "77"}, "payment": 5}), "INVALID_CONTENT", "Invalid Field Value 77", "customer")
    _refusal(post(_pay(key, 10.01, payment=20)), "USER_ERROR", "exceeds the amount due")
    _refusal(post(_pay(key, 9, payment=8)), "USER_ERROR", "more than your total payment amount")
    _refusal(post(_pay(other, 5, payment=5)), "INVALID_CONTENT", f"Invalid Field Value {other}", "apply.items[0].doc")
    _refusal(post(_pay(euro, 5, payment=5)), "INVALID_CONTENT", f"Invalid Field Value {euro}", "apply.items[0].doc")
    _refusal(post(_pay("424242", 5, payment=5)), "INVALID_CONTENT", "Invalid Field Value 424242", "apply.items[0].doc")
    _refusal(post(_pay(key, 5, payment=-5)), "USER_ERROR", "greater than zero", "payment")
    _refusal(post(_pay(key, 5, payment=5.001)), "INVALID_CONTENT", "5.001", "payment")
    _refusal(post(_pay(key, 5, payment="5")), "INVALID_CONTENT", "payment", "payment")
    _refusal(post(_pay(key, 5, payment=5, account={"id": SALES})), "INVALID_CONTENT", SALES, "account")
    _refusal(post(_pay(key, 5, payment=5, subsidiary={"id": "2"})), "INVALID_CONTENT", "subsidiary", "subsidiary")
    _refusal(post(_pay(key, 5, payment=5, tranDate="2026-01-15")), "USER_ERROR", "closed", "tranDate")
    _refusal(
        post(_pay(key, 5, payment=5, tranDate="2019-01-15")), "USER_ERROR", "not within the date range", "tranDate"
    )
    _refusal(post(_pay(key, 5, payment=5, tranDate="1/15/2026")), "INVALID_CONTENT", "tranDate", "tranDate")
    assert twin.rows("SELECT COUNT(*) n FROM transaction") == before


def test_property_names(twin: Twin) -> None:
    body = {"customer": {"id": "201"}, "payment": 5, "nonsense": 1}
    answer = twin.record("POST", "customerPayment", body, headers={"X-NetSuite-PropertyNameValidation": "Error"})
    _refusal(answer, "INVALID_CONTENT", "nonsense", "nonsense")
    assert "nonsense" in twin.record("POST", "customerPayment", body).headers["X-NetSuite-Warning"]
    ignored = twin.record("POST", "customerPayment", body, headers={"X-NetSuite-PropertyNameValidation": "Ignore"})
    assert (ignored.status_code, ignored.headers.get("X-NetSuite-Warning")) == (204, None)


def test_a_deposit(twin: Twin) -> None:
    made = twin.account.books
    first, second = payment(made, "100.00"), payment(made, "50.00")
    lines = [{"account": {"id": FEES}, "amount": -4.35, "memo": "fee", "entity": {"id": "202"}}]
    body = {
        "account": {"id": BANK},
        "payment": {"items": [{"id": first, "deposit": True}, {"id": second}]},
        "other": {"items": lines},
    }
    key = twin.create(
        "deposit", {**body, "memo": "po_1", "tranDate": "2026-10-31", "externalId": "tieout_deposit_po_1"}
    )
    record = _record(twin, f"deposit/{key}")
    assert (record["total"], record["memo"], [item["id"] for item in record["payment"]["items"]]) == (
        145.65,
        "po_1",
        [int(first), int(second)],
    )
    assert twin.rows("SELECT status FROM transaction WHERE id IN (?, ?)", first, second) == [
        {"status": "C"},
        {"status": "C"},
    ]
    ledger = twin.rows(
        "SELECT account, debit, credit FROM transactionaccountingline WHERE transaction = ? ORDER BY transactionline",
        key,
    )
    assert ledger == [
        {"account": BANK, "debit": "145.65"},
        {"account": "11", "credit": "100"},
        {"account": "11", "credit": "50"},
        {"account": FEES, "debit": "4.35"},
    ]
    _refusal(
        twin.record("POST", "deposit", body), "INVALID_CONTENT", f"Invalid Field Value {first}", "payment.items[0].id"
    )
    _refusal(twin.record("DELETE", f"customerPayment/{first}"), "USER_ERROR", "cannot be deleted")
    _refusal(twin.record("PATCH", f"customerPayment/{first}", {"payment": 90}), "USER_ERROR", "has been deposited")
    assert twin.record("PATCH", f"customerPayment/{first}", {"memo": "ch_2", "payment": 100}).status_code == 204
    assert twin.record("DELETE", f"deposit/{key}").status_code == 204
    assert twin.rows("SELECT status FROM transaction WHERE id = ?", first) == [{"status": "B"}]
    assert twin.record("DELETE", f"customerPayment/{first}").status_code == 204
    gone = twin.rows("SELECT recordid, context FROM deletedrecord ORDER BY deleteddate")
    assert gone[-2:] == [{"recordid": key, "context": "RST"}, {"recordid": first, "context": "RST"}]


def test_what_a_deposit_may_not_do(twin: Twin) -> None:
    paid = payment(twin.account.books, "10.00")
    direct = payment(twin.account.books, "10.00", account=BANK)
    body: dict[str, Any] = {"account": {"id": BANK}, "payment": {"items": [{"id": paid}]}}
    fee = lambda amount: {"cashback": {"items": [{"account": {"id": FEES}, "amount": amount}]}}  # noqa: E731
    _refusal(twin.record("POST", "deposit", body | fee(10)), "USER_ERROR", "greater than zero", "total")
    _refusal(twin.record("POST", "deposit", body | fee(12.5)), "USER_ERROR", "greater than zero", "total")
    _refusal(twin.record("POST", "deposit", body | fee(-1)), "INVALID_CONTENT", "-1", "cashback.items[0].amount")
    _refusal(
        twin.record("POST", "deposit", {"payment": body["payment"]}), "USER_ERROR", "Please enter value(s) for: Account"
    )
    _refusal(twin.record("POST", "deposit", {"account": {"id": BANK}}), "USER_ERROR", "at least one item")
    _refusal(
        twin.record("POST", "deposit", {**body, "payment": {"items": [{"id": direct}]}}), "INVALID_CONTENT", direct
    )
    _refusal(twin.record("POST", "deposit", {**body, "account": {"id": FEES}}), "INVALID_CONTENT", FEES, "account")


def test_upsert_transform_and_delete(twin: Twin) -> None:
    key = invoice(twin.account.books, "75.00")
    put = twin.record("PUT", "customerPayment/eid:tieout_up", _pay(key, 25, payment=25))
    paid = put.headers["Location"].rsplit("/", 1)[1]
    again = twin.record("PUT", "customerPayment/eid:tieout_up", {"memo": "second"})
    assert (put.status_code, again.status_code, again.headers.get("Location")) == (204, 204, None)
    assert _record(twin, f"customerPayment/{paid}")["memo"] == "second"
    moved = twin.record("POST", f"invoice/{key}/!transform/customerPayment", {})
    rest = moved.headers["Location"].rsplit("/", 1)[1]
    assert _record(twin, f"customerPayment/{rest}")["payment"] == 50.0
    assert _record(twin, f"invoice/{key}")["status"] == {"id": "B", "refName": "Paid In Full"}
    _refusal(twin.record("DELETE", f"invoice/{key}"), "USER_ERROR", "cannot be deleted")
    assert twin.record("DELETE", f"customerPayment/{rest}").status_code == 204
    assert _unpaid(twin, key) == "50"
    assert twin.record("GET", f"customerPayment/{rest}").status_code == 404


def test_a_credit_used_by_a_payment(twin: Twin) -> None:
    key = invoice(twin.account.books, "100.00")
    credit = twin.create(
        "creditMemo", {"entity": {"id": "201"}, "item": {"items": [{"item": {"id": "501"}, "quantity": 2, "rate": 10}]}}
    )
    body = _pay(key, 100, payment=80) | {
        "credit": {"items": [{"doc": {"id": credit}, "line": 0, "apply": True, "amount": 20}]}
    }
    paid = twin.create("customerPayment", body)
    links = twin.rows(
        "SELECT nextdoc, foreignamount FROM nexttransactionlinelink WHERE previousdoc = ? AND foreignamount > 0 ORDER BY nextdoc",
        key,
    )
    assert links == [{"nextdoc": credit, "foreignamount": "20"}, {"nextdoc": paid, "foreignamount": "80"}]
    assert _unpaid(twin, key) == "0"
    assert _record(twin, f"creditMemo/{credit}")["status"]["id"] == "B"


def test_a_journal_line_is_applied(twin: Twin) -> None:
    lines = [
        {"account": {"id": RECEIVABLE}, "debit": 12, "entity": {"id": "201"}},
        {"account": {"id": FEES}, "credit": 12},
    ]
    body = {"subsidiary": {"id": "1"}, "line": {"items": lines}}
    key = twin.create("journalEntry", body)
    paid = twin.create("customerPayment", _pay(key, 12, payment=12))
    assert _record(twin, f"customerPayment/{paid}")["apply"]["items"][0]["type"] == "Journal"
    lines[1]["credit"] = 11
    _refusal(twin.record("POST", "journalEntry", body), "USER_ERROR", "balance")


def test_customers_and_contacts(twin: Twin) -> None:
    key = twin.create(
        "customer", {"companyName": "New Ltd", "subsidiary": {"id": "1"}, "externalId": "crm_1", "creditLimit": 500.5}
    )
    assert twin.record("PATCH", f"customer/{key}", {"comments": "called", "isInactive": True}).status_code == 204
    record = _record(twin, "customer/eid:crm_1")
    assert (record["id"], record["comments"], record["isInactive"], record["creditLimit"]) == (
        key,
        "called",
        True,
        500.5,
    )
    assert twin.rows("SELECT subsidiary, isprimarysub FROM customersubsidiaryrelationship WHERE entity = ?", key) == [
        {"subsidiary": "1", "isprimarysub": "T"}
    ]
    person = twin.create(
        "contact", {"firstName": "Bo", "lastName": "Ek", "company": {"externalId": "crm_1"}, "email": "bo@x.example"}
    )
    assert twin.rows("SELECT company, entityid FROM contact WHERE id = ?", person) == [
        {"company": key, "entityid": "Bo Ek"}
    ]
    _refusal(twin.record("DELETE", "customer/201"), "USER_ERROR", "dependent")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('memo IS "q-one"', 1), ('memo CONTAIN "q-"', 3), ('memo START_WITH "q-t" AND entity EQUAL 201', 2), ("id ANY_OF [1, 2]", 0),
        ('memo IS "q-one" OR memo IS "q-two" AND entity EQUAL 202', 1), ('memo CONTAIN "q-" AND tranDate ON_OR_AFTER "10/5/2026"', 3),
        ('memo CONTAIN "q-" AND lastModifiedDate BEFORE "1/1/2026"', 0), ('memo CONTAIN "q-" AND memo IS_NOT "q-one"', 2), ('memo CONTAIN "q-" AND terms EMPTY', 3),
    ],
)  # fmt: skip
def test_q(twin: Twin, text: str, found: int) -> None:
    if not twin.rows("SELECT id FROM transaction WHERE memo = 'q-one'"):
        for name in ("q-one", "q-two", "q-three"):
            invoice(twin.account.books, memo=name)
    answer = twin.record("GET", "invoice", params={"q": text})
    assert (answer.status_code, answer.json()["totalResults"]) == (200, found)


@pytest.mark.parametrize(
    "text",
    [
        'tranDate AFTER "2026-01-01"',
        "foo IS 1",
        'memo EQUAL "x"',
        "memo IS",
        'memo IS "a" XOR memo IS "b"',
        "total EQUAL 5",
    ],
)
def test_a_bad_q_is_refused(twin: Twin, text: str) -> None:
    answer = twin.record("GET", "invoice", params={"q": text})
    assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (400, "INVALID_PARAMETER")


def test_the_small_routes(twin: Twin) -> None:
    assert twin.record("OPTIONS", "invoice").status_code == 204
    names = {item["name"] for item in twin.record("GET", "metadata-catalog").json()["items"]}
    assert {"invoice", "customerPayment", "deposit"} <= names
    page = twin.record("GET", "account", params={"limit": 2, "offset": 2}).json()
    assert (page["count"], page["hasMore"], set(page["items"][0])) == (2, True, {"id", "links"})
    assert twin.record("GET", "account", params={"limit": 2, "offset": 3}).status_code == 400
