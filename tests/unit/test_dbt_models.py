"""The models against hand-made raw rows: what the ledger says, which breaks open, what is planned, and that a rebuild says the same."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipelines.home import Home
from pipelines.publish import publish, query
from tests.unit.dbt_facts import (
    bank_facts,
    dispute_facts,
    ledger_facts,
    payment_facts,
    payout_facts,
    report_facts,
    scope_facts,
)
from tests.unit.dbt_second_books import closed_facts, due_facts, line_facts, outsider_facts, shared_facts, sync_facts
from tests.unit.dbt_warehouse import Warehouse, books

CH = "stripe:cards:"
NS = "netsuite:books:"
BANK = "sftp:bank:"
MEMO = "{reference} {description} {invoices} {date_paid} {bank_id} {amount} {id}"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    house = Warehouse(tmp_path_factory.mktemp("warehouse") / "tieout.duckdb")
    methods = {"card": "3", "sepa_debit": "8", "cards.sepa_debit": "7", "other.card": "9"}
    books(
        house, exclude_customers=["99"], payment_methods=methods, memo_template="{charge_id} {payment_id}", banks=["bank"],
        account_transaction_memo_template=MEMO, writeback={"payment": "apply", "deposit": "plan"},
    )  # fmt: skip
    for facts in (
        ledger_facts,
        payment_facts,
        dispute_facts,
        payout_facts,
        report_facts,
        scope_facts,
        bank_facts,
        sync_facts,
        shared_facts,
        outsider_facts,
        due_facts,
        line_facts,
        closed_facts,
    ):
        facts(house)
    house.build()
    return house


def test_open_amounts_come_from_dated_applications(house: Warehouse) -> None:
    rows = house.rows(
        "select document_id, open_amount, status from ledger.ar_documents where connection = 'books' and document_id < '200'"
    )
    found = {row["document_id"]: (row["open_amount"], row["status"]) for row in rows}
    assert found == {
        "100": (Decimal(120), "overdue"), "101": (Decimal(40), "approved"), "102": (0, "closed"), "103": (Decimal(5000), "overdue"),
        "106": (0, "pending"), "107": (0, "pending"), "110": (Decimal(-20), "approved"), "120.0": (Decimal(9), "overdue"),
    }  # fmt: skip
    deleted = house.one("select is_deleted, document_amount from ledger.ar_documents where document_id = '102'")
    assert deleted == {"is_deleted": True, "document_amount": Decimal(70)}
    payment = house.one("select unapplied_amount, payment_amount from ledger.ar_payments where payment_id = '200'")
    assert payment == {"unapplied_amount": Decimal(30), "payment_amount": Decimal(150)}
    yen = house.one("select base_open_amount, base_currency from ledger.ar_documents where document_id = '103'")
    assert yen == {"base_open_amount": Decimal("33.50"), "base_currency": "USD"}


def test_a_customer_has_terms_limit_segment_notes_and_addresses(house: Warehouse) -> None:
    customer = house.one(
        "select terms, credit_limit, segment, notes, phone, alternate_phone, fax, website, custom_fields from ledger.ar_customers"
        f" where customer_key = '{NS}13'"
    )
    assert tuple(customer.values()) == (
        "Net 30", Decimal("5000.50"), "Wholesale", "Call first.", "1", "2", "3", "beta.example", '{"custentity_owner": "Ann"}',
    )  # fmt: skip
    rows = house.rows("select * exclude (system, connection) from ledger.ar_addresses order by address_key")
    assert [tuple(row.values()) for row in rows] == [
        (f"{NS}13#billing", f"{NS}13", "billing", "Beta", None, '1 Elm "Row"', None, None, "Austin", "TX", "78701", "US", None, False),
        (f"{NS}13#shipping", f"{NS}13", "shipping", None, None, "2 Oak", "Suite 3", None, None, None, None, "US", "555", False),
    ]  # fmt: skip


def test_what_is_not_approved_is_owed_by_nobody(house: Warehouse) -> None:
    keys = f"('{NS}106', '{NS}107')"
    assert house.rows(f"select document_amount from ledger.ar_documents where document_key in {keys} order by 1") == [
        {"document_amount": Decimal(80)},
        {"document_amount": Decimal(90)},
    ]
    for items in ("aging.ar_aging", "aging.ar_aging_asof"):
        assert house.rows(f"select * from {items} where item_key in {keys}") == []
    assert house.rows(f"select * from ledger.ar_entries where document_key in {keys}") == []


def test_breaks_of_payments(house: Warehouse) -> None:
    def found(*reasons: str) -> set[tuple[Any, ...]]:
        return {row[:4] for row in house.breaks("books") if row[0] in reasons and not (row[1] or "").startswith(BANK)}

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
        for reason, left, right, drift, _ in house.breaks("books", "drop", "regions")
        if not (left or "").startswith((f"{CH}ch_", BANK))
    }
    payouts = {key[1].removeprefix(CH): (key[0], drift) for key, drift in reasons.items() if "po_" in key[1]}
    assert payouts == {
        "po_ready": ("missing_deposit", Decimal(69)), "po_later": ("missing_deposit", Decimal("28.42")), "po_wait": ("missing_deposit", Decimal(116)), "po_open": ("item_unmatched", Decimal(7)),
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
    rows = house.rows(
        "select intent_key, amount, payload, evidence from writeback.wb_payments where connection = 'books'"
    )
    plan = {
        row["intent_key"].removeprefix("tieout_payment_"): (row["amount"], json.loads(row["payload"]), row["evidence"])
        for row in rows
        if "_bl_" not in row["intent_key"]
    }
    assert plan.keys() == {"ch_missing_12", "ch_number_12", "ch_split_12", "ch_split_13", "ch_330_12"}
    amount, payload, evidence = plan["ch_missing_12"]
    assert (amount, evidence) == (Decimal(120), "metadata names netsuite:books:301; 20.00 stays on account")
    assert payload == {
        "customer_id": "12", "currency": "USD", "amount": "120.00", "date": "2026-10-20", "memo": "ch_missing P-1", "method": "3", "account": None,
        "subsidiary_id": "1", "applications": [{"document_id": "301", "line": "0", "document_type": "invoice", "amount": "100.00"}],
    }  # fmt: skip
    assert plan["ch_split_12"][1]["method"] == "7", (
        "a method of this provider's connection comes before the method alone"
    )
    assert plan["ch_number_12"][1]["method"] is None
    assert "no payment method is mapped to klarna" in plan["ch_number_12"][2]
    assert [plan[f"ch_split_{customer}"][0] for customer in ("12", "13")] == [Decimal(12), Decimal(20)]


def test_the_worst_of_a_payments_writes_is_what_became_of_it(house: Warehouse) -> None:
    """G4, G6, N54: a shared payment has a write a customer; one that was refused is not hidden by others that were not."""
    rows = house.rows(
        "select payment_id, sync_status, sync_attempts, sync_error, erp_ids, erp_system from ledger.ar_payments"
        " where connection = 'second_cards'"
    )
    found = {row.pop("payment_id"): tuple(row.values()) for row in rows}
    assert found == {
        "ch_worst": ("rejected", 5, "Invalid period.", None, "netsuite"), "ch_sent": ("posted", 1, None, "903", "netsuite"),
        "ch_half": ("rejected", 1, "No such customer.", "904", "netsuite"), "ch_both": ("booked", None, None, "906,907", "netsuite"),
        "ch_wait": (None, None, None, None, "netsuite"), "ch_fresh": ("unbooked", None, None, None, "netsuite"),
        "ch_share": ("unbooked", None, None, "950", "netsuite"), "ch_part": (None, None, None, None, "netsuite"),
        "ch_old": ("booked", None, None, "960", "netsuite"),
    }  # fmt: skip
    own = house.one(
        "select erp_id, erp_system, sync_status, custom_fields from ledger.ar_payments where payment_id = '906'"
    )
    assert own == {
        "erp_id": "906",
        "erp_system": "netsuite",
        "sync_status": None,
        "custom_fields": '{"custbody_ref": "R1"}',
    }


def test_a_payout_names_the_deposit_that_a_person_made_and_the_refusal_of_ours(house: Warehouse) -> None:
    """G5, N54."""
    rows = house.rows(
        "select payout_id, deposit_key, erp_id, erp_system, last_error, last_attempt_at is not null as tried from ledger.ar_payouts"
        " where connection = 'second_cards'"
    )
    assert {row.pop("payout_id"): tuple(row.values()) for row in rows} == {
        "po_hand": ("netsuite:second:910", "910", "netsuite", None, False), "po_no": (None, None, "netsuite", "Closed.", True),
    }  # fmt: skip


def test_an_invoice_stays_payment_pending_until_its_payment_is_in_the_books(house: Warehouse) -> None:
    """G7, N55: from initiation; a write that was refused, or that was answered and not read yet, leaves it so."""
    rows = house.rows(
        "select document_id, is_payment_pending, pending_amount from ledger.ar_documents where connection = 'second' and document_id < '511'"
    )
    found = {row["document_id"]: (row["is_payment_pending"], row["pending_amount"]) for row in rows}
    pending = {"501": 40, "502": 60, "503": 5, "505": 20, "508": 8, "509": 9}
    assert found == {str(id): (str(id) in pending, Decimal(pending.get(str(id), 0))) for id in range(501, 511)}


def test_what_is_left_of_a_shared_payment_goes_to_a_customer_whose_share_is_not_booked(house: Warehouse) -> None:
    """A key that is in the ERP already could never be written with another amount."""
    rows = house.rows(
        "select intent_key, amount, payload from writeback.wb_payments where subject_key = 'stripe:second_cards:ch_share'"
    )
    (planned,) = rows
    assert (planned["intent_key"], planned["amount"]) == ("tieout_payment_ch_share_13", Decimal(40))
    assert [line["amount"] for line in json.loads(planned["payload"])["applications"]] == ["30.00"]


def test_planned_deposits_and_reversals(house: Warehouse) -> None:
    deposit, later = (
        house.one(f"select payload from writeback.wb_deposits where intent_key = 'tieout_deposit_{name}'")
        for name in ("po_ready", "po_later")
    )
    assert house.one("select count(*) as deposits from writeback.wb_deposits where connection = 'books'") == {
        "deposits": 2
    }
    fees = json.loads(later["payload"])["other"]
    assert [(line["account"], line["amount"]) for line in fees] == [("620", "-1.58")], "with the payout that pays it"
    assert json.loads(deposit["payload"]) == {
        "account": "101", "currency": "USD", "date": "2026-10-26", "memo": "po_ready", "total": "69.00", "subsidiary_id": "1",
        "payments": [{"payment_id": "510", "amount": "50.00"}, {"payment_id": "520", "amount": "25.00"}],
        "other": [{"account": "620", "amount": "-6.00", "memo": "Provider fees", "entity": "900"}],
    }  # fmt: skip
    reversals = house.rows(
        "select intent_key, payload, mode from writeback.wb_reversals where connection = 'books' order by 1"
    )
    assert {row["mode"] for row in reversals} == {"off"}, "a kind that is off is planned: what it would be can be seen"
    assert [row["intent_key"] for row in reversals] == ["tieout_reversal_406_py_late", "tieout_reversal_407_dp_1"]
    assert json.loads(reversals[1]["payload"])["payment_id"] == "407"
    exceptions = {
        (row["subject_key"], row["reason"])
        for row in house.rows("select * from writeback.wb_exceptions where connection = 'books'")
    }
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


def test_a_reversal_in_a_closed_period_goes_to_the_erp_and_says_so(house: Warehouse) -> None:
    """Unapplying posts nothing: the policy for closed periods does not hold it, but the ERP may refuse it."""
    planned = house.one("select intent_key, amount from writeback.wb_reversals where connection = 'second'")
    assert planned == {"intent_key": "tieout_reversal_960_dp_old", "amount": 8}
    row = house.one("select * from writeback.wb_exceptions where connection = 'second' and kind = 'reversal'")
    assert (row["subject_key"], row["reason"], row["is_blocking"]) == (
        "stripe:second_cards:ch_old",
        "closed_period",
        False,
    )
    assert "cites dp_old" in row["detail"]


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
    assert not chased & {f"{NS}{id}" for id in ("101", "102", "106", "107", "110", "301", "304", "305", "310")}


def test_any_past_day_can_be_asked_of_the_published_copy(house: Warehouse) -> None:
    """One definition: a month end says what ar_aging_asof says, and today what ar_aging says."""
    home = Home(house.path.parent)
    publish(home)
    month_end = query(home, "from aging.asof('2026-09-30') order by aging_key")
    assert month_end.equals(
        query(home, "from aging.ar_aging_asof where as_of_date = date '2026-09-30' order by aging_key")
    )
    columns = "item_key, customer_key, currency, open_amount, due_date, days_overdue, bucket"
    today = query(home, f"select {columns} from aging.asof('2026-11-02') order by item_key")
    assert today.equals(query(home, f"select {columns} from aging.ar_aging order by item_key"))
    assert len(month_end) > 10 < len(today)
    between = query(home, "select open_amount from aging.asof(date '2026-10-08') where item_key = 'netsuite:books:100'")
    assert between["open_amount"].to_list() == [Decimal(150)]  # the payment is of the 5th, the credit of the 9th


def test_without_a_due_date_an_invoice_is_due_when_issued(house: Warehouse) -> None:
    """Status, aging, any past day and the chase list go by one rule; the stored due date stays empty."""
    document = house.one(
        "select due_date, effective_due_date, status from ledger.ar_documents where document_key = 'netsuite:second:530'"
    )
    assert document == {"due_date": None, "effective_due_date": date(2026, 9, 1), "status": "overdue"}
    aged = "select due_date, days_overdue from aging.{} where item_key = 'netsuite:second:530'"
    assert house.one(aged.format("ar_aging")) == {"due_date": None, "days_overdue": 62}
    past = house.rows(aged.format("ar_aging_asof") + " order by as_of_date")
    assert [row["days_overdue"] for row in past] == [29, 60]
    assert house.one("select days_overdue from collections.ar_to_chase where document_key = 'netsuite:second:530'") == {
        "days_overdue": 62
    }


def test_what_a_payment_on_its_way_does_not_cover_is_chased(house: Warehouse) -> None:
    """C7: the invoice leaves the list in the run that sees the payment that covers it."""
    rows = house.rows(
        "select document_number, open_amount, amount_to_chase from collections.ar_to_chase"
        " where document_key in ('netsuite:books:303', 'netsuite:second:540', 'netsuite:second:541', 'netsuite:second:503') order by document_key"
    )
    assert [tuple(row.values()) for row in rows] == [("INV303", 60, 48), ("INV540", 100, 70), ("INV540", 7, 7)]


def test_a_number_is_one_invoices_whoever_owes_it(house: Warehouse) -> None:
    found = [row for row in house.breaks("second") if row[0] == "duplicate_document_number"]
    assert found == [("duplicate_document_number", "netsuite:second:541", "netsuite:second:540", 7, "USD")]


def test_a_document_has_the_rate_of_its_record_and_its_lines_their_items(house: Warehouse) -> None:
    """C3: a NetSuite invoice with everything that a person reads on it."""
    rate = house.one(
        "select exchange_rate, base_rate from ledger.ar_documents where document_key = 'netsuite:second:540'"
    )
    assert rate == {"exchange_rate": Decimal("1.10"), "base_rate": Decimal("1.10")}
    line = house.one(
        "select account_number, item_id, item_name, quantity, currency, line_amount, is_tax, memo from ledger.ar_document_lines"
        " where document_key = 'netsuite:second:550'"
    )
    assert line == {
        "account_number": "400", "item_id": "7", "item_name": "Services : Hours", "quantity": Decimal("2.5"), "currency": "USD",
        "line_amount": Decimal("12.50"), "is_tax": False, "memo": "May",
    }  # fmt: skip


def test_entries_name_only_customers_of_these_books(house: Warehouse) -> None:
    """N28: of a journal with a customer who is left out every line is there, and theirs are nobody's. A vendor is no customer."""
    rows = house.rows(
        "select account, customer_key, amount from ledger.ar_entries where document_key = 'netsuite:second:520' order by amount"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("revenue", None, -13), ("receivable", None, 4), ("receivable", "netsuite:second:13", 9),
    ]  # fmt: skip
    strangers = "select distinct customer_key from ledger.ar_entries where customer_key not in (select customer_key from ledger.ar_customers)"
    assert house.rows(strangers) == []


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
    """And what other tests fill by the SQL that dbt compiled is what dbt itself makes."""
    schemas = "('ledger', 'aging', 'reconciliation', 'writeback', 'collections')"
    names = [
        f"{row['table_schema']}.{row['table_name']}"
        for row in house.rows(f"select * from information_schema.tables where table_schema in {schemas}")
    ]

    def content() -> dict[str, list[str]]:
        """Rows by relation, whatever the order of rows and columns."""
        return {
            name: sorted(repr(sorted(row.items())) for row in house.rows(f"select * from {name}")) for name in names
        }

    before = content()
    house.models()
    assert content() == before
