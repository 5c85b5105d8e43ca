"""QuickBooks in the models: what its records become in the ledger, and that the ledger says what QuickBooks itself says."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.dbt_quickbooks_facts import (
    Company,
    chart,
    credits,
    customers,
    deletions,
    early_links,
    euros,
    journals,
    many_links,
    payments,
    provider,
    reversals,
    said,
)
from tests.unit.dbt_quickbooks_losses import losses
from tests.unit.dbt_warehouse import Warehouse

QB = "quickbooks:books:"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    house = Warehouse(tmp_path_factory.mktemp("warehouse") / "tieout.duckdb")
    books = Company(
        house, "books", stripe=["cards"], activated_on="2026-09-01", rates="quickbooks", bank_accounts={"USD": "35"}, fee_account="60",
        fee_vendor="900", exclude_customers=["99"], payment_methods={"card": "2"},
        writeback={"payment": "apply", "deposit": "apply", "reversal": "apply"},
    )  # fmt: skip
    for facts in (chart, customers, credits, payments, journals, euros, provider, reversals, deletions, said):
        facts(books)
    many_links(house)
    losses(house)
    early_links(house)
    house.put("raw_tieout.manual_contact", "lost", {"contact_id": "c1", "customer_id": "64", "email": "desk@lost.test"})
    house.tested()
    return house


def pairs(house: Warehouse, sql: str) -> dict[Any, Any]:
    """The first column to the second, or to the tuple of the others; keys without their prefix."""
    rows = [list(row.values()) for row in house.rows(sql)]
    return {str(first).removeprefix(QB): rest[0] if len(rest) == 1 else tuple(rest) for first, *rest in rows}


def test_documents_and_what_is_open(house: Warehouse) -> None:
    found = pairs(
        house,
        "select document_id, document_type, document_amount, open_amount from ledger.ar_documents"
        " where connection = 'books' and not is_deleted and document_id not in ('189', '190', '191', '193')",
    )
    invoices = {"145": (200, 0), "146": (100, 80), "152": (80, 0), "153": (50, 0), "154": (40, 0), "156": (40, 25), "157": ("11.11", "11.11"), "178": (7, 0), "183": (12, 0), "188": (7, 0)}  # fmt: skip
    notes = {"150": (-30, -10), "151": (-30, 0), "155": (-15, 0), "158": (-10, -4)}
    lines = {"170.0": (9, 0), "171.1": (-5, 0), "181.1": (-12, 0), "195.0": (7, 7)}
    assert found == {
        id: (kind, Decimal(amount), Decimal(left))
        for kind, group in (("invoice", invoices), ("credit_note", notes), ("journal", lines))
        for id, (amount, left) in group.items()
    }
    one = house.one("select * from ledger.ar_documents where document_id = '145'")
    assert (one["document_number"], one["terms"], one["purchase_order"], one["status"]) == (
        "10145",
        "Net 30",
        "PO-7",
        "paid",
    )
    assert json.loads(one["custom_fields"]) == {"P.O. Number": "PO-7"}


def test_a_payment_of_nothing_is_the_credit_memos_application(house: Warehouse) -> None:
    found = pairs(
        house,
        "select application_key, payment_type, document_type, applied_amount from ledger.ar_applications where connection = 'books'",
    )
    expected = {
        "150>146": ("credit_note", "invoice", 20), "151>152": ("credit_note", "invoice", 30), "155>156": ("credit_note", "invoice", 15), "158>159": ("credit_note", "payment", 6),
        "163>145": ("payment", "invoice", 200), "165>152": ("payment", "invoice", 50), "165>153": ("payment", "invoice", 50),
        "166>154": ("payment", "invoice", 40), "171.1>170.0": ("journal", "journal", 5), "172>170.0": ("payment", "journal", 4),
        "174>175": ("payment", "refund", 60), "177>178": ("payment", "invoice", 7), "187>188": ("payment", "invoice", 7), "181.1>183": ("journal", "invoice", 12),
    }  # fmt: skip
    assert {key.replace(QB, ""): value for key, value in found.items()} == expected
    dates = pairs(
        house, "select payment_key, applied_date from ledger.ar_applications where payment_type = 'credit_note'"
    )
    assert dates["150"] == date(2026, 10, 9)


def test_only_money_is_a_payment(house: Warehouse) -> None:
    found = pairs(
        house,
        "select payment_id, payment_amount, unapplied_amount, status from ledger.ar_payments where connection = 'books'",
    )
    assert found == {
        "159": (0, 6, "unapplied"), "163": (250, 50, "partly_applied"), "165": (100, 0, "applied"), "166": (40, 0, "applied"), "172": (4, 0, "applied"),
        "174": (60, 0, "applied"), "177": (7, 0, "applied"), "187": (7, 0, "applied"), "184": (0, 0, "deleted"), "185": (30, 30, "unapplied"), "186": (10, 0, "deleted"),
        "192": (20, 20, "unapplied"),
    }  # fmt: skip
    one = house.one("select * from ledger.ar_payments where payment_id = '163'")
    assert (one["payment_number"], one["payment_method"], one["deposit_key"]) == ("bank-9", "Credit card", f"{QB}180")
    assert one["external_id"] == "bank-9"


def test_deleted_and_voided_records_stay_without_effect(house: Warehouse) -> None:
    found = pairs(
        house, "select document_id, document_amount, open_amount, status from ledger.ar_documents where is_deleted"
    )
    assert found == {"147": (70, 0, "closed"), "148": (0, 0, "closed")}
    assert house.one("select is_deleted from ledger.ar_customers where customer_id = '63'")["is_deleted"]
    assert not house.rows(f"select * from ledger.ar_balances where customer_key = '{QB}99'")


def test_sub_customers_form_one_group_and_pay_for_each_other(house: Warehouse) -> None:
    groups = pairs(
        house, "select customer_key, group_key, depth from ledger.ar_customer_groups where connection = 'books'"
    )
    assert {key: value for key, value in groups.items() if value[0] == f"{QB}58"} == {
        "58": (f"{QB}58", 0), "59": (f"{QB}58", 1), "60": (f"{QB}58", 2),
    }  # fmt: skip
    owed = pairs(
        house,
        "select customer_key, sum(amount) from ledger.ar_entries where account in ('receivable', 'unapplied_cash') and connection = 'books'"
        " and currency = 'USD' group by 1",
    )
    assert {key: owed[key] for key in ("58", "59", "60")} == {"58": 17, "59": -5, "60": Decimal("11.11")}


def test_contacts_and_references(house: Warehouse) -> None:
    contacts = pairs(
        house,
        "select contact_key, contact_name, email, phone, alternate_phone, mobile_phone from ledger.ar_contacts where connection = 'books'",
    )
    assert contacts == {
        "58": ("Ada Byron", "ada@acme.test", "1", "2", "3"), "61": ("Beta GmbH", "b@beta.test", None, None, None),
        "62": ("Grace", None, None, None, None),
    }  # fmt: skip
    names = pairs(
        house,
        "select customer_key, customer_number, customer_name, terms from ledger.ar_customers where customer_id < '59'",
    )
    assert names["58"] == ("Acme Ltd", "Acme Ltd", "Net 30")
    acme = f"where customer_key = '{QB}58'"
    found = house.one(f"select credit_limit, segment, notes, phone, alternate_phone from ledger.ar_customers {acme}")
    assert tuple(found.values()) == (None, None, "Call first.", "1", "2")  # QuickBooks has neither limit nor segment
    address = house.one(
        f"select address_type, line1, line2, line3, city, region, postal_code from ledger.ar_addresses {acme}"
    )
    assert tuple(address.values()) == ("billing", "Acme", "1 Elm", "Floor 2, Door 3", "Austin", "TX", "78701")
    assert names["quickbooks:strict:1"][:2] == ("Mary Shelley", "Many")
    assert names["quickbooks:strict:2"][:2] == ("Blank", "Blank")


def test_deposits(house: Warehouse) -> None:
    deposit = house.one(
        "select deposit_amount, payment_count, payments_amount, account_id from ledger.ar_deposits where deposit_id = '180'"
    )
    assert tuple(deposit.values()) == (Decimal("236.50"), 1, 250, "35")
    legs = house.rows(f"select account, account_id, amount from ledger.ar_entries where document_key = '{QB}180'")
    assert {tuple(leg.values()) for leg in legs} == {
        ("bank", "35", Decimal("236.50")), ("bank", "36", 10), ("fees", "60", Decimal("3.50")), ("undeposited", "4", -250),
    }  # fmt: skip


def test_a_refund_receipt_changes_no_balance(house: Warehouse) -> None:
    refunds = pairs(
        house,
        "select refund_id, refund_amount, payment_key, external_id from ledger.ar_refunds where connection = 'books'",
    )
    assert refunds == {"173": (25, None, "r-1"), "175": (60, f"{QB}174", None)}
    legs = pairs(house, f"select account, amount from ledger.ar_entries where document_key = '{QB}173'")
    assert legs == {"bank": -25, "revenue": 22, "tax": 3}


def test_every_record_sums_to_zero(house: Warehouse) -> None:
    assert not house.rows(
        "select document_key from ledger.ar_entries group by document_key, currency having sum(amount) <> 0"
    )
    assert not house.rows("select document_key from ledger.ar_entries where account = 'unallocated'")
    assert not house.rows(
        "select transaction_key from staging.stg_quickbooks__gl_lines group by transaction_key, currency having sum(line_amount) <> 0"
    )
    posted = house.rows("select distinct transaction_type from staging.stg_quickbooks__gl_lines")
    assert len(posted) == 6
    lines = house.rows(
        "select line_amount, is_tax from ledger.ar_document_lines where document_key = 'quickbooks:books:145' order by 1"
    )
    assert [tuple(line.values()) for line in lines] == [(-20, False), (20, True), (200, False)]
    exact = house.rows(
        "select line_amount from ledger.ar_document_lines where document_key = 'quickbooks:books:189' order by 1"
    )
    assert [line["line_amount"] for line in exact] == [Decimal("0.0022"), Decimal("12345678901234.5678")]


def test_the_ledger_ties_out_to_balances_and_to_the_aging_report(house: Warehouse) -> None:
    found = {row for row in house.breaks() if row[0] in ("aging_differs", "open_amount_differs", "missing_rate")}
    assert found == {
        ("aging_differs", f"{QB}60", f"{QB}60", Decimal("-0.01"), "USD"),
        (
            "missing_rate",
            "quickbooks:strict:60",
            None,
            0,
            "EUR",
        ),  # by the setting; the report is compared at the record's own rate
    }
    beta = house.one(f"select open_amount, currency from intermediate.int_aging_reported where customer_key = '{QB}61'")
    assert beta == {
        "open_amount": Decimal("125.01"),
        "currency": "USD",
    }  # 112.35 + 36.66 - 24.00, without what is dated later
    # A payment of nothing at a rate of its own has what it links to a later document: -22.59 of a credit memo, and 21.40 of an invoice.
    zero = house.one("select open_amount from intermediate.int_aging_reported where customer_key = 'quickbooks:zero:1'")
    assert zero["open_amount"] == Decimal("-1.19")
    assert house.one(f"select base_balance_amount from ledger.ar_balances where customer_key = '{QB}61'")["base_balance_amount"] == Decimal("136.01")  # fmt: skip
    incomplete = pairs(
        house,
        "select measure_key, control_count, landed_count from reconciliation.rec_completeness where not is_complete",
    )
    assert incomplete == {"books|credit_memo|all": (5, 4)}


def test_parity_keeps_fifteen_links_and_says_what_it_leaves_out(house: Warehouse) -> None:
    kept = house.rows("select document_key from ledger.ar_applications where connection = 'strict'")
    assert {row["document_key"].rpartition(":")[2] for row in kept} == {str(number) for number in range(3, 18)}
    left_out = house.one("select record_key, application_count, left_out_amount, currency from ops.left_out_links")
    assert tuple(left_out.values()) == ("quickbooks:strict:50", 2, 3, "USD")
    assert (
        house.one(
            "select sum(abs(open_amount)) as amount from ledger.ar_documents where customer_key = 'quickbooks:strict:1'"
        )["amount"]
        == 0
    )


def test_what_is_planned_and_chased(house: Warehouse) -> None:
    payment = house.one("select intent_key, payload from writeback.wb_payments where connection = 'books'")
    assert payment["intent_key"] == "tieout_payment_ch_open_60"
    assert json.loads(payment["payload"]) == {
        "customer_id": "60", "currency": "USD", "amount": "11.11", "date": "2026-10-20", "memo": "ch_open", "method": "2", "account": None,
        "subsidiary_id": None, "applications": [{"document_id": "157", "line": "0", "document_type": "invoice", "amount": "11.11"}],
    }  # fmt: skip
    deposit = json.loads(house.one("select payload from writeback.wb_deposits where connection = 'books'")["payload"])
    assert (deposit["account"], deposit["total"], deposit["payments"]) == (
        "35",
        "29.00",
        [{"payment_id": "185", "amount": "30.00"}],
    )
    assert deposit["other"] == [{"account": "60", "amount": "-1.00", "memo": "Provider fees", "entity": "900"}]
    assert {(row["subject_key"], row["reason"]) for row in house.rows("select * from writeback.wb_exceptions where connection = 'books'")} == {
        ("stripe:cards:ch_closed", "closed_period"),
    }  # fmt: skip
    chased = house.rows(
        "select document_key, amount_to_chase, contact_emails, ultimate_parent_customer_key from collections.ar_to_chase"
        " where connection = 'books' order by 1"
    )
    assert [tuple(row.values()) for row in chased] == [
        (f"{QB}146", 80, "ada@acme.test", f"{QB}58"),
        (f"{QB}188", 7, "ada@acme.test", f"{QB}58"),  # the ERP has it paid, by money that a dispute took
    ]


def test_a_journal_that_reopens_the_debt_settles_a_reversal(house: Warehouse) -> None:
    reversals = house.rows("select intent_key, amount from writeback.wb_reversals where connection = 'books'")
    assert [tuple(row.values()) for row in reversals] == [("tieout_reversal_177_dp_8", 7)]
    still = [row for row in house.breaks() if row[0] == "still_applied" and row[1].startswith("stripe:cards:")]
    assert still == [("still_applied", "stripe:cards:ch_177", f"{QB}177", -7, "USD")]


LOST, CARDS = "quickbooks:lost:", "stripe:lost_cards:"


def lost(house: Warehouse, *reasons: str) -> set[tuple[Any, ...]]:
    """(reason, left, right, drift) of the breaks of those books, ids without what comes before."""
    found = {row for row in house.breaks() if row[0] in reasons and str(row[1]).startswith(CARDS)}
    return {
        (reason, left.removeprefix(CARDS), right.removeprefix(LOST), drift) for reason, left, right, drift, _ in found
    }


def test_an_invoice_paid_by_lost_money_is_chased_while_its_journal_is_open(house: Warehouse) -> None:
    assert lost(house, "paid_by_lost_money") == {
        ("paid_by_lost_money", "ch_dep", "302", -20), ("paid_by_lost_money", "py_half", "321", -10), ("paid_by_lost_money", "py_twice", "331", -9),
    }  # fmt: skip
    reopened = pairs(house, "select document_id, open_amount, reopened_amount from ledger.ar_documents where connection = 'lost' and document_type = 'invoice'")  # fmt: skip
    assert {id: amounts for id, amounts in reopened.items() if any(amounts)} == {
        "302": (0, 20), "311": (15, 0), "321": (0, 10), "331": (0, 9), "361": (8, 0), "396": (20, 0),
    }  # fmt: skip
    chased = house.rows("select document_key, amount_to_chase, days_overdue, bucket from collections.ar_to_chase where connection = 'lost' order by 1")  # fmt: skip
    assert [tuple(row.values()) for row in chased] == [
        (f"{LOST}302", 20, 32, "31-60"), (f"{LOST}311", 15, 32, "31-60"), (f"{LOST}321", 10, 32, "31-60"), (f"{LOST}331", 9, 32, "31-60"),
    ]  # fmt: skip
    detail = house.one(f"select detail from reconciliation.rec_breaks where right_key = '{LOST}302'")["detail"]
    assert "in ERP payment 303 untick invoice 10302 and tick the journal" in detail


def test_a_reversal_stays_planned_until_its_payment_settles_its_journals(house: Warehouse) -> None:
    planned = house.rows(
        "select intent_key, amount, payload from writeback.wb_reversals where connection = 'lost' order by 1"
    )
    assert [(row["intent_key"], row["amount"]) for row in planned] == [("tieout_reversal_322_py_half", 10), ("tieout_reversal_333_py_twice", 9)]  # fmt: skip
    assert json.loads(planned[0]["payload"]) == {
        "payment_id": "322", "payment_type": "payment", "amount": "10.00", "currency": "USD", "memo": "the debit failed late (no_account)",
    }  # fmt: skip
    assert lost(house, "still_applied") == {
        ("still_applied", "py_half", "322", -10),
        ("still_applied", "py_twice", "333", -9),
    }
    unapplied = house.rows(
        "select payment_id from ledger.ar_payments where connection = 'lost' and is_unapplied order by 1"
    )
    assert [row["payment_id"] for row in unapplied] == ["303", "312", "322", "332", "362", "381", "382"]


def test_a_dispute_that_was_won_leaves_no_reversal(house: Warehouse) -> None:
    assert lost(house, "reversed_without_cause") == {
        ("reversed_without_cause", "ch_won341", "342", 8), ("reversed_without_cause", "ch_won361", "362", 8),
    }  # fmt: skip


def test_each_dispute_and_returned_debit_is_a_line_of_its_own(house: Warehouse) -> None:
    deposit = json.loads(house.one("select payload from writeback.wb_deposits where connection = 'lost'")["payload"])
    assert (deposit["total"], [line["amount"] for line in deposit["payments"]]) == ("25.00", ["100.00"])
    assert [tuple(line.values()) for line in deposit["other"]] == [
        ("60", "-18.00", "Provider fees", "900"), ("60", "-50.00", "Dispute dp_dep", None), ("60", "8.00", "Won dispute dp_won341", None),
        ("60", "-15.00", "Returned debit py_wait", None),
    ]  # fmt: skip


def test_a_payout_that_does_not_tie_says_by_how_much(house: Warehouse) -> None:
    found = house.one(
        "select subject_key, reason, detail from writeback.wb_exceptions where connection = 'lost' and kind = 'deposit'"
    )
    assert (found["subject_key"], found["reason"]) == (f"{CARDS}po_cent", "does_not_tie")
    assert found["detail"].startswith("its lines sum to 6.0000, which is -0.0100 off the payout.")


def test_a_receipt_of_two_customers_knows_both_payments_and_is_planned_for_who_is_not_booked(house: Warehouse) -> None:
    planned = house.rows("select intent_key, amount from writeback.wb_payments where connection = 'lost'")
    assert [tuple(row.values()) for row in planned] == [("tieout_payment_ch_one_66", 20)]
    ids = pairs(house, "select payment_id, erp_ids from ledger.ar_payments where connection = 'lost_cards' and payment_id in ('ch_both', 'ch_one')")  # fmt: skip
    assert ids == {"ch_both": "393,394", "ch_one": "397"}
    booked = "select sum(payment_amount) as amount from ledger.ar_payments where connection = 'lost' and payment_id in ('393', '394')"
    assert house.one(booked)["amount"] == 40


def test_records_open_in_quickbooks(house: Warehouse) -> None:
    web = "https://app.sandbox.qbo.intuit.com/app/"
    urls = pairs(
        house,
        "select document_id, source_url from ledger.ar_documents where connection = 'lost' and document_id in ('301', '305.0')",
    )
    assert urls == {"301": f"{web}invoice?txnId=301", "305.0": f"{web}journal?txnId=305"}
    paid = house.one("select source_url from ledger.ar_payments where payment_id = 'ch_dep'")
    assert paid == {"source_url": f"{web}recvpayment?txnId=303"}
    assert house.one("select source_url from ledger.ar_deposits where deposit_id = '304'") == {
        "source_url": f"{web}deposit?txnId=304"
    }
    line = house.one("select source_url from ledger.ar_documents where document_id = '181.1'")
    assert line == {"source_url": "https://app.qbo.intuit.com/app/deposit?txnId=181"}


def test_contacts_say_where_they_come_from(house: Warehouse) -> None:
    found = house.rows("select system, contact_id, contact_name, phone_type, origin from ledger.ar_contacts where customer_key = 'quickbooks:lost:64'")  # fmt: skip
    assert [tuple(row.values()) for row in found] == [("quickbooks", "c1", "desk@lost.test", None, "manual")]
    ada = house.one(
        f"select contact_id, phone, phone_type, mobile_phone from ledger.ar_contacts where customer_key = '{QB}58'"
    )
    assert tuple(ada.values()) == ("58", "1", "primary", "3")
    unasked = house.rows("select email from ledger.ar_contacts where connection = 'zero'")
    assert unasked == [{"email": "zero@zero.test"}]
    assert not house.rows("select customer_key from ledger.ar_customers where connection = 'zero'")
    chased = house.one("select contact_emails from collections.ar_to_chase where document_number = '10311'")  # fmt: skip
    assert chased == {"contact_emails": "desk@lost.test"}
