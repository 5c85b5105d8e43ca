"""What rules may change: each obstacle is a row that says its remedy, what has none is planned once, and the shipped rule says what it should."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.models import compiled, fill
from tests.unit.dbt_warehouse import Warehouse, books

FIELDS = {"invoice": ["memo", "custbody_note"], "customer": ["comments"]}
COLUMNS = ("connection", "record_type", "record_id", "field", "value", "evidence")
READERS = ("int_record_updates", "wb_record_updates", "wb_exceptions")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    made = Warehouse(tmp_path_factory.mktemp("rules") / "tieout.duckdb")
    books(made, writeback={"record_update": "apply"}, update_fields=FIELDS, exclude_customers=["13"])
    made.document("101", "50.00")
    made.document("102", "20.00", memo="Ask Ann")
    made.document("103", "30.00", trandate=date(2026, 3, 1))
    made.document("105", "30.00", trandate=date(2026, 2, 1))
    made.document("104", "10.00")
    made.document("106", "10.00", entity="13")
    made.put("raw_netsuite.transaction", "books", {"id": "104"}, deleted=True)
    for month, last, allows in ((2, 28, False), (3, 31, True)):
        period = {"id": str(month), "periodname": f"{month}/2026", "startdate": date(2026, month, 1), "enddate": date(2026, month, last),
                  "closed": True, "allownonglchanges": allows, "isposting": True, "isquarter": False, "isyear": False}  # fmt: skip
        made.put("raw_netsuite.accountingperiod", "books", period)
    for invoice, charge, payment in (("101", "ch_1", "401"), ("102", "ch_2", "402")):
        made.payment(payment, "20.00", (invoice, "20.00"), memo=charge)
        made.charge(charge, 2000, metadata={"customer_source_id": "12", "invoices_source_id": invoice})
        dispute = {"id": f"dp_{charge}", "charge": charge, "amount": 2000, "currency": "usd", "status": "lost", "reason": "fraudulent",
                   "is_charge_refundable": False, "created": datetime(2026, 10, 25, tzinfo=UTC)}  # fmt: skip
        made.put("raw_stripe.dispute", "cards", dispute)
    made.models()
    return made


def planned(house: Warehouse, *rules: tuple[Any, ...]) -> tuple[list[dict[str, Any]], set[tuple[str, str]]]:
    """The writes that rows of the rule lead to, and (record, reason) of each exception."""
    rows = ", ".join(f"({', '.join('null' if cell is None else repr(cell) for cell in row)})" for row in rules)
    house.db.execute(
        f"create or replace table rules.rule_payment_taken_back as select * from (values {rows}) as rows ({', '.join(COLUMNS)})"
    )
    fill(house.db, only={node.id for node in compiled() if node.id.rpartition(".")[2] in READERS})
    found = house.rows("select subject_key, reason, detail from writeback.wb_exceptions where kind = 'record_update'")
    assert all(("Remedy: " in row["detail"]) for row in found)
    updates = house.rows("select * from writeback.wb_record_updates order by intent_key")
    return updates, {(row["subject_key"], row["reason"]) for row in found}


def test_the_shipped_rule_notes_a_lost_payment_where_no_memo_stands(house: Warehouse) -> None:
    (row,) = house.rows("select * from rules.rule_payment_taken_back")
    assert tuple(row.values()) == (
        "books", "invoice", "101", "memo", "Payment 401 no longer counts: dispute dp_ch_1 took the money back", "stripe:cards:ch_1",
    )  # fmt: skip


def test_a_rules_row_becomes_one_write(house: Warehouse) -> None:
    one = ("books", "invoice", "101", "custbody_note", 'call "Ann"', "why")
    updates, exceptions = planned(house, one, one, (*one[:-1], "another"))
    (update,) = updates
    assert exceptions == set()
    assert update["intent_key"].startswith("tieout_update_books_invoice_101_custbody_note_")
    assert json.loads(update["payload"]) == {
        "record_type": "invoice", "record_id": "101", "field": "custbody_note", "value": 'call "Ann"',
    }  # fmt: skip
    assert (update["subject_key"], update["customer_key"]) == ("netsuite:books:101", "netsuite:books:12")
    assert (update["amount"], update["currency"], update["mode"]) == (0, "XXX", "apply")
    assert update["evidence"] == "rule_payment_taken_back: another; rule_payment_taken_back: why"
    again, _ = planned(house, (*one[:4], "", "why"))
    assert again[0]["intent_key"] != update["intent_key"], "another value is another write"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("books", "customer", "12", "comments", "x", "e"), "wrong_level"),  # G9: the rule is of level invoice
        (("books", "payment", "401", "memo", "x", "e"), "wrong_level"),
        (("books", "invoice", "999", "memo", "x", "e"), "unknown_record"),
        (("books", "invoice", "401", "memo", "x", "e"), "unknown_record"),  # a payment's id
        (("books", "invoice", "106", "memo", "x", "e"), "unknown_record"),  # of a customer who is left out of the books
        (("books", "invoice", "104", "memo", "x", "e"), "deleted_record"),
        (("books", "invoice", "105", "memo", "x", "e"), "closed_period"),
        (("books", "invoice", "101", "memo", None, "e"), "no_value"),
        (("books", "invoice", "101", "otherRefNum", "x", "e"), "field_not_allowed"),
        (("books", "invoice", "101", None, "x", "e"), "field_not_allowed"),
        (("nobody", "invoice", "101", "memo", "x", "e"), "unknown_connection"),
        (("cards", "invoice", "101", "memo", "x", "e"), "unknown_connection"),
        ((None, None, None, None, None, None), "unknown_connection"),
    ],
)
def test_what_a_rule_may_not_change_is_told_and_not_planned(
    house: Warehouse, row: tuple[Any, ...], reason: str
) -> None:
    updates, exceptions = planned(house, row)
    assert (updates, {found for _subject, found in exceptions}) == ([], {reason})


def test_two_values_for_one_field_are_none(house: Warehouse) -> None:
    one, two = (("books", "invoice", "101", "memo", text, "e") for text in ("x", "y"))
    updates, exceptions = planned(house, one, two, ("books", "invoice", "102", "memo", "x", "e"))
    assert [row["subject_key"] for row in updates] == ["netsuite:books:102"]
    assert exceptions == {("netsuite:books:101", "contradicting_rules")}
    detail = house.one("select detail from writeback.wb_exceptions where reason = 'contradicting_rules'")["detail"]
    assert ("memo to be x" in detail, "memo to be y" in detail) == (True, True)


def test_a_closed_period_that_allows_what_does_not_post_is_told_and_the_erp_decides(house: Warehouse) -> None:
    updates, exceptions = planned(house, ("books", "invoice", "103", "memo", "x", "e"))
    assert len(updates) == 1
    assert exceptions == {("netsuite:books:103", "closed_period")}


def test_a_value_that_was_sent_and_replaced_since_is_told(house: Warehouse) -> None:
    rows = {text: ("books", "invoice", "101", "memo", text, "e") for text in ("old", "new")}
    for hour, text in enumerate(rows):
        (update,) = planned(house, rows[text])[0]
        house.put(
            "raw_tieout.intent", "books",
            {"intent_key": update["intent_key"], "kind": "record_update", "state": "posted", "subject_key": update["subject_key"],
             "payload": update["payload"], "created_at": datetime(2026, 11, 1, hour, tzinfo=UTC), "attempts": 1},
        )  # fmt: skip
    updates, exceptions = planned(house, rows["new"])
    assert (updates[0]["intent_state"], exceptions) == ("posted", set())
    _updates, exceptions = planned(house, rows["old"])
    assert exceptions == {("netsuite:books:101", "sent_before")}
