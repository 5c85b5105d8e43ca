"""The models against hand-made raw rows: what the ledger says, which breaks open, what is planned, and that a rebuild says the same."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.dbt_facts import (
    bank_facts,
    dispute_facts,
    ledger_facts,
    payment_facts,
    payout_facts,
    report_facts,
    scope_facts,
)
from tests.unit.dbt_warehouse import Warehouse, books

CH = "stripe:cards:"
NS = "netsuite:books:"
BANK = "sftp:bank:"
MEMO = "{reference} {description} {invoices} {date_paid} {bank_id} {amount} {id}"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with pytest.MonkeyPatch.context() as patch:
        house = Warehouse(tmp_path_factory.mktemp("warehouse") / "tieout.duckdb", patch)
        books(house, exclude_customers=["99"], banks=["bank"], account_transaction_memo_template=MEMO)
        for facts in (ledger_facts, payment_facts, dispute_facts, payout_facts, report_facts, scope_facts, bank_facts):
            facts(house)
        house.dbt("build")
        yield house


def test_open_amounts_come_from_dated_applications(house: Warehouse) -> None:
    rows = house.rows(
        "select document_id, open_amount, status from ledger.ar_documents where connection = 'books' and document_id < '200'"
    )
    found = {row["document_id"]: (row["open_amount"], row["status"]) for row in rows}
    assert found == {
        "100": (Decimal(120), "overdue"), "101": (Decimal(40), "approved"), "102": (0, "closed"), "103": (Decimal(5000), "overdue"),
        "106": (Decimal(80), "pending"), "110": (Decimal(-20), "approved"), "120.0": (Decimal(9), "approved"),
    }  # fmt: skip
    deleted = house.one("select is_deleted, document_amount from ledger.ar_documents where document_id = '102'")
    assert deleted == {"is_deleted": True, "document_amount": Decimal(70)}
    payment = house.one("select unapplied_amount, payment_amount from ledger.ar_payments where payment_id = '200'")
    assert payment == {"unapplied_amount": Decimal(30), "payment_amount": Decimal(150)}
    yen = house.one("select base_open_amount, base_currency from ledger.ar_documents where document_id = '103'")
    assert yen == {"base_open_amount": Decimal("33.50"), "base_currency": "USD"}


def test_breaks_of_payments(house: Warehouse) -> None:
    def found(*reasons: str) -> set[tuple[Any, ...]]:
        return {row[:4] for row in house.breaks() if row[0] in reasons and not (row[1] or "").startswith(BANK)}

    assert found("missing_in_erp") == {
        ("missing_in_erp", f"{CH}ch_missing", None, Decimal(120)), ("missing_in_erp", f"{CH}ch_number", None, Decimal(33)),
        ("missing_in_erp", f"{CH}ch_split", None, Decimal(32)), ("missing_in_erp", f"{CH}ch_330", None, Decimal(73)),
    }  # fmt: skip
    assert found("ambiguous_match", "no_evidence", "single_candidate") == {
        ("ambiguous_match", f"{CH}ch_two", None, Decimal(60)), ("no_evidence", f"{CH}ch_none", None, Decimal("7.77")),
        ("single_candidate", f"{CH}ch_one", None, Decimal(13)),
    }  # fmt: skip
    assert found("amount_differs", "duplicate_in_erp", "customer_differs", "missing_in_psp") == {
        ("amount_differs", f"{CH}ch_amount", f"{NS}401", Decimal(1)), ("duplicate_in_erp", f"{CH}ch_double", f"{NS}1403", Decimal(-10)),
        ("customer_differs", f"{CH}ch_customer", f"{NS}404", Decimal(0)), ("missing_in_psp", None, f"{NS}405", Decimal(-10)),
    }  # fmt: skip
    assert found("still_applied", "refund_missing_in_erp") == {
        ("still_applied", f"{CH}py_late", f"{NS}406", Decimal(-15)), ("still_applied", f"{CH}ch_lost", f"{NS}407", Decimal(-14)),
        ("refund_missing_in_erp", f"{CH}re_1", f"{NS}408", Decimal(-17)),
    }  # fmt: skip


def test_breaks_of_payouts_documents_and_reports(house: Warehouse) -> None:
    reasons = {
        (reason, left or right): drift
        for reason, left, right, drift, _ in house.breaks()
        if not (left or "").startswith((f"{CH}ch_", BANK))
    }
    payouts = {key[1].removeprefix(CH): (key[0], drift) for key, drift in reasons.items() if "po_" in key[1]}
    assert payouts == {
        "po_ready": ("missing_deposit", Decimal(69)), "po_wait": ("missing_deposit", Decimal(116)), "po_open": ("item_unmatched", Decimal(7)),
        "po_early": ("before_activation", Decimal("4.80")), "po_minus": ("negative_payout", Decimal(-15)),
        "po_hand": ("manual_payout", Decimal(1)), "po_other": ("deposit_amount_differs", Decimal("0.10")),
        "po_failed": ("payout_failed", Decimal("-0.50")),
    }  # fmt: skip
    assert reasons["missing_payout", f"{NS}603"] == Decimal(-7)
    assert reasons["duplicate_document_number", f"{NS}101"] == Decimal(40)
    assert reasons["reopened", "sftp:drop:A"] == Decimal(9)
    assert reasons["duplicate_in_report", "sftp:drop:A"] == Decimal(1)
    assert reasons["held_report", "sftp:drop:ar_4.csv"] == 0
    assert not {
        key
        for key in reasons
        if key[0] in ("open_amount_differs", "waterfall_residual", "missing_rate", "aging_differs")
    }
    assert house.one("select count(*) = count(distinct break_key) as unique_keys from reconciliation.rec_breaks")[
        "unique_keys"
    ]


def test_planned_payments(house: Warehouse) -> None:
    rows = house.rows("select intent_key, amount, payload, evidence from writeback.wb_payments")
    plan = {
        row["intent_key"].removeprefix("tieout_payment_"): (row["amount"], json.loads(row["payload"]), row["evidence"])
        for row in rows
        if "_bl_" not in row["intent_key"]
    }
    assert plan.keys() == {"ch_missing_12", "ch_number_12", "ch_split_12", "ch_split_13", "ch_330_12"}
    amount, payload, evidence = plan["ch_missing_12"]
    assert (amount, evidence) == (Decimal(120), "metadata names netsuite:books:301; 20.00 stays on account")
    assert payload == {
        "customer_id": "12", "currency": "USD", "amount": "120.00", "date": "2026-10-20", "memo": "ch_missing", "method": "3", "account": None,
        "subsidiary_id": "1", "applications": [{"document_id": "301", "line": "0", "document_type": "invoice", "amount": "100.00"}],
    }  # fmt: skip
    assert plan["ch_number_12"][1]["method"] is None
    assert "no payment method is mapped to klarna" in plan["ch_number_12"][2]
    assert [plan[f"ch_split_{customer}"][0] for customer in ("12", "13")] == [Decimal(12), Decimal(20)]


def test_planned_deposits_and_reversals(house: Warehouse) -> None:
    deposit = house.one("select intent_key, payload from writeback.wb_deposits")
    assert deposit["intent_key"] == "tieout_deposit_po_ready"
    assert json.loads(deposit["payload"]) == {
        "account": "101", "currency": "USD", "date": "2026-10-26", "memo": "po_ready", "total": "69.00", "subsidiary_id": "1",
        "payments": [{"payment_id": "510", "amount": "50.00"}, {"payment_id": "520", "amount": "25.00"}],
        "other": [{"account": "620", "amount": "-6.00", "memo": "Provider fees", "entity": "900"}],
    }  # fmt: skip
    reversals = house.rows("select intent_key, payload from writeback.wb_reversals order by 1")
    assert [row["intent_key"] for row in reversals] == ["tieout_reversal_406_py_late", "tieout_reversal_407_dp_1"]
    assert json.loads(reversals[1]["payload"])["payment_id"] == "407"
    exceptions = {(row["subject_key"], row["reason"]) for row in house.rows("select * from writeback.wb_exceptions")}
    assert exceptions == {
        (f"{CH}po_wait", "waiting_for_payments"), (f"{CH}ch_number", "unmapped_payment_method"),
        (f"{BANK}bl_write", "unmapped_payment_method"), (f"{BANK}bl_euro", "unmapped_payment_method"), (f"{BANK}bl_euro", "bank_account_missing"),
    }  # fmt: skip


def test_money_on_a_bank_statement_is_written_once_and_only_on_exact_evidence(house: Warehouse) -> None:
    open_lines = {left.removeprefix(BANK): (reason, drift) for reason, left, *_, drift, _ in house.breaks() if (left or "").startswith(BANK)}  # fmt: skip
    assert open_lines == {
        "bl_write": ("missing_in_erp", 100), "bl_euro": ("missing_in_erp", 30), "bl_none": ("no_evidence", 77),
        "bl_single": ("single_candidate", 81), "bl_settled": ("single_candidate", 12), "bl_doubt": ("ambiguous_match", 66),
    }  # fmt: skip
    matches = {
        row["left_key"].removeprefix(BANK): (row["right_key"].removeprefix(NS), row["reason"])
        for row in house.rows(f"select * from reconciliation.rec_matches where left_key like '{BANK}%'")
    }
    assert matches == {
        "bl_ref": ("711", "reference_in_erp_record"), "bl_payer": ("712", "payer_amount_and_day"), "bl_twin1": ("714", "payer_amount_and_day"),
        "bl_twin2": ("715", "payer_amount_and_day"), "bl_ours": ("716", "charge_id_in_erp_record"),
        "bl_payout": (f"{CH}po_wait", "amount_and_day"), "bl_checks": ("603", "amount_and_day"),
    }  # fmt: skip
    (planned,) = house.rows("select * from writeback.wb_payments where subject_key like 'sftp:%'")
    assert (planned["intent_key"], planned["amount"]) == ("tieout_payment_bl_write_14", 100)
    assert json.loads(planned["payload"]) == {
        "customer_id": "14", "currency": "USD", "amount": "100.00", "date": "2026-10-20", "account": "101", "method": None,
        "memo": "E2E/1 Your INV701 INV701 2026-10-20 DE89 100.00 bl_write", "subsidiary_id": "1",
        "applications": [{"document_id": "701", "line": "0", "document_type": "invoice", "amount": "100.00"}],
    }  # fmt: skip
    detail = house.one(f"select detail from reconciliation.rec_breaks where left_key = '{BANK}bl_doubt'")["detail"]
    assert detail == f"candidates: {NS}703 (invoice_number); {NS}713 (may_be_booked)"


def test_a_bank_statement_is_payments_and_nothing_else(house: Warehouse) -> None:
    rows = house.rows("select * from ledger.ar_payments where system = 'sftp'")
    assert {row["payment_id"] for row in rows} == {
        f"bl_{name}" for name in ("write", "ref", "payer", "doubt", "twin1", "twin2", "none", "single", "settled", "euro", "ours", "sister",
                                     "payout", "checks")
    }  # fmt: skip
    told = {row["payment_id"]: (row["payment_type"], row["payment_number"], row["erp_id"], row["sync_status"], row["payment_date"]) for row in rows}  # fmt: skip
    assert told["bl_ref"] == ("transfer", "RF-5577", "711", "booked", date(2026, 10, 20))  # no zone moves a bank's day
    assert told["bl_write"] == ("transfer", "E2E/1", None, "unbooked", date(2026, 10, 20))
    pending = house.one("select pending_amount, is_payment_pending from ledger.ar_documents where document_id = '701'")
    assert pending == {"pending_amount": 100, "is_payment_pending": True}
    assert not house.rows("select * from ledger.ar_documents where connection = 'bank'")
    assert (
        house.one("select reconciled_by from ledger.ar_connections where connection = 'bank'")["reconciled_by"]
        == "books"
    )


def test_reports_are_books(house: Warehouse) -> None:
    rows = house.rows(
        "select document_id, document_amount, open_amount, closed_by_report from ledger.ar_documents where connection = 'drop' order by 1"
    )
    assert [tuple(row.values()) for row in rows] == [("A", 10, 9, None), ("B", 20, 0, "sftp:drop:ar_3.csv")]
    assert house.one("select count(*) as payments from ledger.ar_payments where connection = 'drop'")["payments"] == 0
    asof = house.rows(
        "select item_key, open_amount from aging.ar_aging_asof where connection = 'drop' and as_of_date = date '2026-09-30'"
    )
    assert [tuple(row.values()) for row in asof] == [("sftp:drop:A", 9)]
    assert house.one("select file_name from ledger.ar_attachments")["file_name"] == "A.pdf"
    assert {row["attachment_key"] for row in house.rows("select attachment_key from ops.unmatched_attachments")} == {
        "sftp:drop:Z.pdf",
        "sftp:regions:A.pdf",
    }


def test_a_number_in_two_scopes_is_two_invoices_of_two_customers(house: Warehouse) -> None:
    rows = house.rows(
        "select document_key, document_number, customer_key, open_amount from ledger.ar_documents where connection = 'regions' order by 1"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("sftp:regions:at/A", "A", "sftp:regions:at/K1", 20),
        ("sftp:regions:de/A", "A", "sftp:regions:de/K1", 10),
    ]
    customers = house.rows("select customer_key from ledger.ar_customers where connection = 'regions' order by 1")
    assert [row["customer_key"] for row in customers] == ["sftp:regions:at/K1", "sftp:regions:de/K1"]


def test_a_rejected_report_is_a_break_until_a_later_copy_is_read(house: Warehouse) -> None:
    rows = house.rows(
        "select right_key, drift_amount, detail from reconciliation.rec_breaks where reason = 'rejected_report'"
    )
    assert [tuple(row.values()) for row in rows] == [("sftp:regions:bad.csv", 0, "no column. Remedy: mend it")]


def test_only_an_open_dispute_keeps_an_invoice_from_being_chased(house: Warehouse) -> None:
    disputed = house.rows("select document_id from ledger.ar_documents where is_disputed order by 1")
    assert [row["document_id"] for row in disputed] == ["330", "332"]
    chased = {row["document_key"] for row in house.rows("select document_key from collections.ar_to_chase")}
    assert chased & {f"{NS}{id}" for id in ("330", "331", "332")} == {f"{NS}331"}
    pending = house.one("select is_payment_pending from ledger.ar_documents where document_id = '330'")
    assert pending["is_payment_pending"]


def test_aging_and_chase_list(house: Warehouse) -> None:
    item = house.one(
        "select as_of_date, days_overdue, bucket from aging.ar_aging where item_key = 'netsuite:books:100'"
    )
    assert item == {"as_of_date": date(2026, 11, 2), "days_overdue": 32, "bucket": "31-60"}
    assert house.one("select open_amount, bucket from aging.ar_aging where item_key = 'netsuite:books:200'") == {
        "open_amount": Decimal(-30),
        "bucket": "current",
    }
    before = house.rows(
        "select open_amount from aging.ar_aging_asof where item_key = 'netsuite:books:100' order by as_of_date"
    )
    assert [row["open_amount"] for row in before] == [Decimal(250), Decimal(120)]
    total = "select sum(open_amount) as amount from aging.ar_aging"
    assert house.one(total) == house.one("select sum(balance_amount) as amount from ledger.ar_balances")
    chased = {row["document_key"] for row in house.rows("select document_key from collections.ar_to_chase")}
    assert {f"{NS}100", "sftp:drop:A"} <= chased
    assert not chased & {f"{NS}{id}" for id in ("101", "102", "106", "110", "301", "303", "304", "305", "310")}


def test_entries_hold_every_record(house: Warehouse) -> None:
    unallocated = house.rows("select document_key from ledger.ar_entries where account = 'unallocated' order by 1")
    assert [row["document_key"] for row in unallocated] == [
        f"{NS}{id}" for id in (601, 602, 603)
    ]  # deposits given without their lines
    clearing = house.one(
        "select sum(amount) as amount from ledger.ar_entries where book = 'psp' and account = 'clearing'"
    )
    assert (
        clearing["amount"] == house.one("select sum(net) / 100 as amount from raw_stripe.balance_transaction")["amount"]
    )


def test_the_same_raw_gives_the_same_marts(house: Warehouse) -> None:
    schemas = "('ledger', 'aging', 'reconciliation', 'writeback', 'collections')"
    names = [
        f"{row['table_schema']}.{row['table_name']}"
        for row in house.rows(f"select * from information_schema.tables where table_schema in {schemas}")
    ]
    before = {name: sorted(map(repr, house.rows(f"select * from {name}"))) for name in names}
    house.dbt("run", "--full-refresh")
    assert {name: sorted(map(repr, house.rows(f"select * from {name}"))) for name in names} == before
