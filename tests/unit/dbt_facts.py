"""Hand-made facts for the dbt tests: what the source systems said, one case for each thing that the models must tell apart."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.unit.dbt_warehouse import Warehouse


def at(day: int, month: int = 10) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def paid_for(customer: str, *invoices: str) -> dict[str, str]:
    return {"created_by": "tieout", "customer_source_id": customer, "invoices_source_id": ",".join(invoices)}


def ledger_facts(house: Warehouse) -> None:
    """Invoices, a partial payment, a credit memo in use, a journal, a refund, a deletion, and records that belong elsewhere."""
    house.document("100", "250.00", unpaid="120.00")
    house.payment("200", "150.00", ("100", "100.00"), memo="wire")
    link = {
        "previousdoc": "100",
        "previousline": "0",
        "previoustype": "CustInvc",
        "nextline": "0",
        "foreignamount": "30.00",
        "linktype": "Payment",
    }
    house.document("110", "50.00", type="CustCred", unused="20.00", trandate=date(2026, 10, 9), applications=[link])
    house.document("101", "40.00", tranid="INV100", duedate=date(2026, 12, 1))
    house.document("102", "70.00")
    house.put("raw_netsuite.transaction", "books", {"id": "102"}, deleted=True)
    house.document("103", "5000", currency="3", exchangerate=Decimal("0.0067"))
    house.document("104", "10.00", entity="99")  # excluded
    house.document("105", "10.00", subsidiary="2")  # another subsidiary's
    house.document("106", "80.00", status="D", entity="13")
    lines = [
        {"id": "0", "mainline": "F", "account": "110", "foreignamount": "9.00", "debit": "9.00", "entity": "13"},
        {"id": "1", "mainline": "F", "account": "620", "foreignamount": "-9.00", "credit": "9.00"},
    ]
    journal = {
        "id": "120", "type": "Journal", "tranid": "J1", "subsidiary": "1", "currency": "1", "exchangerate": 1, "trandate": date(2026, 9, 3),
        "posting": True, "voided": False, "lines": lines, "applications": [],
    }  # fmt: skip
    house.put("raw_netsuite.transaction", "books", journal)
    back = {**link, "previousdoc": "200", "previoustype": "CustPymt", "foreignamount": "20.00"}
    refund = {
        **journal,
        "id": "130",
        "type": "CustRfnd",
        "entity": "12",
        "foreigntotal": "20.00",
        "lines": [],
        "applications": [back],
        "account": "101",
    }
    house.put("raw_netsuite.transaction", "books", refund)


def payment_facts(house: Warehouse) -> None:
    """One charge, or more, for each reason of rec_payments."""
    for number, total in (
        ("301", "100.00"),
        ("302", "60.00"),
        ("303", "60.00"),
        ("304", "33.00"),
        ("305", "12.00"),
        ("306", "13.00"),
    ):
        house.document(number, total)
    house.document("310", "20.00", entity="13")
    house.charge("ch_missing", 12000, metadata=paid_for("12", "301"))  # 100 applied, 20 on account
    house.charge("ch_number", 3300, description="Payment for INV304.", customer="cus_1", payment_method_type="klarna")
    house.charge("ch_split", 3200, metadata=paid_for("12", "305", "310"))
    house.charge("ch_two", 6000)
    house.charge("ch_one", 1300)
    house.charge("ch_none", 777)
    house.charge("ch_early", 500, created=datetime(2026, 9, 1, 5, tzinfo=UTC))  # 31 August in Los Angeles
    house.charge("ch_pending", 1200, status="pending", metadata=paid_for("12", "303"))
    for name, amount in (("ch_ok", 1000), ("ch_amount", 1000), ("ch_double", 1000), ("ch_customer", 1000)):
        house.charge(name, amount, metadata={"customer_source_id": "12"})
    house.document("320", "200.00")
    house.payment("400", "10.00", ("320", "10.00"), memo="ch_ok")
    house.payment("401", "9.00", ("320", "9.00"), memo="Stripe ch_amount")
    house.payment("402", "10.00", externalid="tieout_payment_ch_double_12")
    house.payment("1403", "10.00", memo="ch_double")
    house.payment("404", "10.00", entity="13", memo="ch_customer")
    house.payment("405", "10.00", memo="ch_nowhere")
    house.charge(
        "py_late", 1500, status="failed", failure_code="insufficient_funds", metadata={"customer_source_id": "12"}
    )
    house.payment("406", "15.00", ("320", "15.00"), memo="py_late")
    house.charge("ch_lost", 1600, metadata={"customer_source_id": "12"})
    house.payment("407", "16.00", ("320", "14.00"), memo="ch_lost")
    house.put(
        "raw_stripe.dispute",
        "cards",
        {
            "id": "dp_1",
            "charge": "ch_lost",
            "amount": 1600,
            "currency": "usd",
            "status": "needs_response",
            "created": at(28),
        },
    )
    house.charge("ch_back", 1700, amount_refunded=1700, metadata={"customer_source_id": "12"})
    house.payment("408", "17.00", memo="ch_back")
    house.put(
        "raw_stripe.refund",
        "cards",
        {
            "id": "re_1",
            "charge": "ch_back",
            "amount": 1700,
            "currency": "usd",
            "status": "succeeded",
            "created": at(28),
        },
    )


def dispute_facts(house: Warehouse) -> None:
    """An inquiry, which takes no money; a dispute under way; a lost one, after which the invoice is owed again."""
    for number, cents, status in (
        ("330", 7300, "warning_needs_response"),
        ("331", 7100, "lost"),
        ("332", 7200, "under_review"),
    ):
        house.document(number, str(Decimal(cents) / 100))
        house.charge(f"ch_{number}", cents, metadata=paid_for("12", number))
        house.put(
            "raw_stripe.dispute",
            "cards",
            {"id": f"dp_{number}", "charge": f"ch_{number}", "amount": cents, "currency": "usd", "status": status},
        )


def payout(house: Warehouse, id: str, cents: int, *members: tuple[str | None, str, int, int], **columns: Any) -> None:
    """A paid payout with members (source, category, gross, fee), its own line among them."""
    connection = columns.pop("connection", "cards")
    house.put("raw_stripe.payout", connection, {
        "id": id, "amount": cents, "currency": "usd", "status": "paid", "automatic": True, "arrival_date": date(2026, 10, 26),
        "reconciliation_status": "completed", "balance_transaction": f"txn_{id}", "created": at(25), **columns,
    })  # fmt: skip
    for place, (source, category, gross, fee) in enumerate((*members, (id, "payout", -cents, 0))):
        txn = f"txn_{id}" if category == "payout" else f"txn_{id}_{place}"
        house.put("raw_stripe.balance_transaction", connection, {
            "id": txn, "amount": gross, "fee": fee, "net": gross - fee, "currency": "usd", "type": category, "reporting_category": category,
            "status": "available", "source": source, "created": at(24),
        })  # fmt: skip
        house.put("raw_stripe.payout_item", connection, {"payout": id, "balance_transaction": txn})


def payout_facts(house: Warehouse) -> None:
    """A payout for each reason of rec_payouts; po_ready can be deposited at once."""
    for name, cents in (("ch_p1", 5000), ("ch_p2", 2500)):
        house.charge(name, cents, metadata={"customer_source_id": "12"})
        house.payment(f"5{name[-1]}0", str(Decimal(cents) / 100), memo=name)
    payout(
        house, "po_ready", 6900, ("ch_p1", "charge", 5000, 175), ("ch_p2", "charge", 2500, 125), (None, "fee", -300, 0)
    )
    payout(house, "po_wait", 11600, ("ch_missing", "charge", 12000, 400))
    payout(house, "po_open", 700, ("ch_none", "charge", 777, 77))
    payout(house, "po_early", 480, ("ch_early", "charge", 500, 20))
    payout(house, "po_minus", -1500, ("dp_1", "dispute", -1000, 500))
    payout(house, "po_hand", 100, automatic=False)
    payout(house, "po_other", 960, ("ch_ok", "charge", 1000, 40))
    payout(house, "po_failed", 50, (None, "fee", 50, 0), status="failed", failure_code="account_closed")
    deposit = {
        "type": "Deposit",
        "account": "101",
        "lines": [{"id": "0", "mainline": "T", "account": "101", "foreignamount": "1"}],
    }
    house.payment("601", "9.50", memo="Stripe po_other", entity=None, **deposit)
    house.payment("602", "0.50", externalid="tieout_deposit_po_failed", entity=None, **deposit)
    house.payment("603", "7.00", memo="po_nowhere", entity=None, **deposit)


def report_facts(house: Warehouse) -> None:
    """Three reports of one drop: A is closed by the second and comes back in the third, twice; the fourth is held."""
    house.connection("drop", "sftp", zone="Europe/Berlin")
    listed = {1: [("A", "10.00"), ("B", "20.00")], 2: [("B", "15.00")], 3: [("A", "9.00"), ("A", "1.00")]}
    for number, lines in listed.items():
        house.put("raw_sftp.report", "drop", {
            "report_id": f"r{number}", "file_name": f"ar_{number}.csv", "report_date": date(2026, 9, 7 * number), "scope": "", "status": "applied",
            "sequence": number,
        })  # fmt: skip
        for place, (invoice, amount) in enumerate(lines, start=1):
            house.put("raw_sftp.report_line", "drop", {
                "report_id": f"r{number}", "line_number": place, "invoice_ref": invoice, "customer_ref": "K1", "currency": "EUR",
                "open_amount": amount, "invoice_date": date(2026, 9, 1), "due_date": date(2026, 9, 15),
            })  # fmt: skip
    house.put(
        "raw_sftp.report",
        "drop",
        {"report_id": "r4", "file_name": "ar_4.csv", "scope": "", "status": "held_empty", "reason": "no rows"},
    )
    for name in ("A", "Z"):
        house.put("raw_sftp.attachment", "drop", {"file_name": f"{name}.pdf", "invoice_ref": name})


def scope_facts(house: Warehouse) -> None:
    """Two scopes of one drop with the same numbers; a report that was rejected, and one that was rejected and then mended."""
    house.connection("regions", "sftp")
    for scope, amount in (("de", "10.00"), ("at", "20.00")):
        house.put("raw_sftp.report", "regions", {
            "report_id": scope, "file_name": f"{scope}.csv", "scope": scope, "status": "applied", "sequence": len(scope + amount),
            "modified_at": at(2), "report_date": date(2026, 10, 2),
        })  # fmt: skip
        line = {"report_id": scope, "line_number": 2, "invoice_ref": "A", "customer_ref": "K1", "currency": "EUR"}
        house.put("raw_sftp.report_line", "regions", {**line, "open_amount": amount})
        bad = {"report_id": f"bad_{scope}", "status": "rejected", "reason": "no column. Remedy: mend it"}
        house.put("raw_sftp.report", "regions", {**bad, "file_name": f"{scope}.csv", "modified_at": at(1)})
    house.put("raw_sftp.report", "regions", {**bad, "report_id": "bad", "file_name": "bad.csv", "modified_at": at(3)})
    house.put("raw_sftp.attachment", "regions", {"file_name": "A.pdf", "invoice_ref": "A"})
