"""The models over time: an empty warehouse, versions and deletions, the past as it was known, and breaks that writing back closes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.dbt_warehouse import NOW, Warehouse, books

pytestmark = pytest.mark.timeout(300)
OPEN = "select open_amount, is_deleted from ledger.ar_documents where document_id = '100'"


def link(document: str, amount: str) -> dict[str, str]:
    return {
        "previousdoc": document,
        "previousline": "0",
        "previoustype": "CustInvc",
        "nextline": "0",
        "foreignamount": amount,
        "linktype": "Payment",
    }


def intent(key: str, kind: str, state: str, subject: str, amount: str, erp_id: str | None = None) -> dict[str, object]:
    payload = {"amount" if kind == "payment" else "total": amount, "currency": "USD"}
    return {
        "intent_key": key, "kind": kind, "state": state, "subject_key": subject, "erp_id": erp_id, "payload": payload,
        "last_error": "Invalid period." if state == "rejected" else None, "last_attempt_at": datetime(2026, 11, 1, tzinfo=UTC),
    }  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "tieout.duckdb")


def test_an_empty_warehouse_builds(house: Warehouse) -> None:
    house.tested()
    assert house.rows("select * from reconciliation.rec_breaks") == []


def test_versions_deletions_and_the_past(house: Warehouse) -> None:
    books(house)
    house.document("100", "50.00")
    house.payment("200", "50.00", ("100", "50.00"), memo="ch_1")
    house.payment("201", "8.00", memo="ch_2")
    for name, cents in (("ch_1", 5000), ("ch_2", 800), ("ch_3", 1000)):
        house.charge(name, cents, metadata={"customer_source_id": "12", "invoices_source_id": "100"})
    house.load = 2
    house.payment("200", "50.00", memo="ch_1")  # unapplied
    house.load = 3
    house.payment("200", "50.00", ("100", "50.00"), memo="ch_1")  # as it was at first
    house.load = 4
    house.put("raw_netsuite.transaction", "books", {"id": "200"}, deleted=True)
    house.models()
    assert house.one(OPEN) == {"open_amount": Decimal(50), "is_deleted": False}
    gone = house.one("select status, payment_amount, unapplied_amount from ledger.ar_payments where payment_id = '200'")
    assert gone == {"status": "deleted", "payment_amount": Decimal(50), "unapplied_amount": 0}
    reasons = {(reason, left) for reason, left, *_ in house.breaks()}
    assert reasons == {("missing_in_erp", "stripe:cards:ch_1"), ("missing_in_erp", "stripe:cards:ch_3")}
    house.models("{as_of_load_id: '1700000003.0'}")
    assert house.one(OPEN)["open_amount"] == 0
    assert {left for _, left, *_ in house.breaks()} == {"stripe:cards:ch_3"}


def test_written_back_and_read_again(house: Warehouse) -> None:
    books(house, closed_period="next_open")
    month = {"closed": False, "isposting": True, "isquarter": False, "isyear": False}
    house.put("raw_netsuite.accountingperiod", "books",
        {"id": "10", "startdate": date(2026, 10, 1), "enddate": date(2026, 10, 31), **month, "closed": True},
        {"id": "11", "startdate": date(2026, 11, 1), "enddate": date(2026, 11, 30), **month},
    )  # fmt: skip
    house.document("100", "50.00")
    house.document("101", "1000", currency="3", exchangerate=None)
    house.charge("ch_1", 5000, metadata={"customer_source_id": "12", "invoices_source_id": "100"})
    house.charge("ch_2", 1000, currency="jpy", metadata={"customer_source_id": "12", "invoices_source_id": "101"})
    house.put("raw_tieout.intent", "books",
        intent("tieout_payment_ch_2_12", "payment", "rejected", "stripe:cards:ch_2", "1000"),
        intent("tieout_payment_ch_8_12", "payment", "posted", "stripe:cards:ch_8", "8.00", "808"),
        intent("tieout_payment_ch_9_12", "payment", "posted", "stripe:cards:ch_9", "9.00", "909"),
    )  # fmt: skip
    house.payment("909", "9.50", externalid="tieout_payment_ch_9_12")
    house.charge("ch_9", 950, metadata={"customer_source_id": "12"})
    house.models()
    plan = {
        row["intent_key"]: row["payload"] for row in house.rows("select intent_key, payload from writeback.wb_payments")
    }
    assert '"amount": "1000", "date": "2026-11-01"' in plan["tieout_payment_ch_2_12"]
    assert house.one("select is_payment_pending, pending_amount from ledger.ar_documents where document_id = '100'") == {
        "is_payment_pending": True, "pending_amount": Decimal(50),
    }  # fmt: skip
    assert {row[0]: row[3] for row in house.breaks() if row[0] != "missing_in_erp"} == {
        "rejected": Decimal(1000), "deleted_after_posting": Decimal(8), "changed_after_posting": Decimal("-0.50"), "missing_rate": 0,
    }  # fmt: skip
    house.load = 2
    house.payment("300", "50.00", externalid="tieout_payment_ch_1_12", memo="ch_1", applications=[link("100", "50.00")])
    house.models()
    assert "tieout_payment_ch_1_12" not in {
        row["intent_key"] for row in house.rows("select intent_key from writeback.wb_payments")
    }
    assert house.one("select status, pending_amount from ledger.ar_documents where document_id = '100'") == {
        "status": "paid",
        "pending_amount": 0,
    }
    match = house.one(
        "select left_key, amount_agrees, customer_agrees from reconciliation.rec_matches where right_key = 'netsuite:books:300'"
    )
    assert match == {"left_key": "stripe:cards:ch_1", "amount_agrees": True, "customer_agrees": True}


def test_the_settings_act_on_what_was_read_before_and_every_measure_is_compared(house: Warehouse) -> None:
    books(house, invoice_statuses=["A"])
    house.document("100", "50.00", unpaid="0.00")
    house.document("101", "20.00", status="B")
    house.payment("200", "50.00", ("100", "50.00"))
    house.document("110", "5.00", type="CustCred", foreigntotal=Decimal(-5))
    house.put("raw_netsuite.control_total", "books",
        {"table_name": "transaction", "measure": "CustInvc|1", "row_count": 2, "total": Decimal(70)},
        {"table_name": "transaction", "measure": "CustPymt|1", "row_count": 1, "total": Decimal(50)},
        {"table_name": "transaction", "measure": "CustCred|1", "row_count": 1, "total": Decimal(5)},
        {"table_name": "application", "measure": "Payment", "row_count": 2, "total": Decimal(60)},
        {"table_name": "filtered", "measure": "B", "row_count": 1, "total": Decimal(20)},
        {"table_name": "contact", "measure": "all", "row_count": 3},
        {"table_name": "customer", "measure": "all", "row_count": 2},
    )  # fmt: skip
    house.tested()
    assert house.rows("select document_id from ledger.ar_documents order by 1") == [
        {"document_id": "100"},
        {"document_id": "110"},
    ]
    found = house.rows(
        "select break_key, drift_amount, currency from reconciliation.rec_breaks where reason = 'incomplete'"
    )
    assert {row["break_key"].split("|", 4)[4]: (row["drift_amount"], row["currency"]) for row in found} == {
        "transaction|CustInvc|1": (Decimal(-20), "USD"), "transaction|CustCred|1": (Decimal(-10), "USD"),
        "application|Payment": (Decimal(-10), None), "contact|all": (0, None),
    }  # fmt: skip
    house.load = 2
    house.connection("books", "netsuite", base="USD", sync_payments=False, sync_contacts=False, sync_customers=False)
    failed = {"system": "stripe", "state": "failed", "last_error": "The key is revoked.", "failed_at": NOW}
    house.put("raw_tieout.connection", "cards", failed)
    house.models()
    status = house.one("select state, last_error, failed_at from ops.sync_status where connection = 'cards'")
    assert status == {key: failed[key] for key in status}
    assert house.rows("select * from ledger.ar_payments") == []
    assert house.rows("select * from ledger.ar_customers") == []
    assert house.one(OPEN)["open_amount"] == Decimal(50)
    assert house.rows("select document_id from ledger.ar_documents where document_id = '101'")


def test_exchange_differences_close_in_the_ledger(house: Warehouse) -> None:
    books(house)
    house.document("100", "100.00", currency="2", exchangerate=Decimal("1.10"))
    house.payment("200", "100.00", ("100", "100.00"), currency="2", exchangerate=Decimal("1.20"))
    house.models()
    rows = house.rows(
        "select account, amount, base_amount from ledger.ar_entries where document_key = 'netsuite:books:200'"
    )
    assert {row["account"]: (row["amount"], row["base_amount"]) for row in rows} == {
        "undeposited": (Decimal(100), Decimal(120)), "receivable": (Decimal(-100), Decimal(-110)), "fx": (0, Decimal(-10)),
    }  # fmt: skip
