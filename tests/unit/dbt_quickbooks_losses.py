"""Payments whose money was lost, in books of their own: put back by journals, settled by them, half-way, and lost no more."""

from typing import Any

from tests.unit.dbt_facts import payout
from tests.unit.dbt_quickbooks_facts import Company, chart, day, linked, posted
from tests.unit.dbt_warehouse import Warehouse

WHO = "64"


def _charge(house: Warehouse, id: str, amount: str, invoice: str, **columns: Any) -> None:
    given = {"customer_source_id": WHO, "invoices_source_id": invoice}
    house.charge(id, int(amount) * 100, connection="lost_cards", metadata=given, **columns)


def _dispute(house: Warehouse, id: str, charge: str, amount: str, status: str = "lost") -> None:
    house.put("raw_stripe.dispute", "lost_cards",
        {"id": id, "charge": charge, "amount": int(amount) * 100, "currency": "usd", "status": status})  # fmt: skip


def _journal(books: Company, id: str, amount: str, key: str, words: str) -> None:
    line = posted("Debit", amount, "80", WHO) | {"Description": words}
    lines = [line, posted("Credit", amount, "60", place=1)]
    books.record("journal_entry", id, lines, day(10, 28), private_note=f"taken back {key}")


def losses(house: Warehouse) -> None:
    """See each part."""
    books = Company(
        house, "lost", stripe=["lost_cards"], activated_on="2026-09-01", rates="quickbooks", dispute_account="60", payment_methods={"card": "2"},
        writeback={"payment": "apply", "deposit": "apply", "reversal": "apply"}, environment="sandbox", bank_accounts={"USD": "35"},
        fee_account="60", fee_vendor="900",
    )  # fmt: skip
    house.connection("lost_cards", "stripe")
    chart(books)
    books.put("customer", WHO, display_name="Lost and Found", active=True)
    for part in (_deposited, _waiting, _half, _twice, _won, _payouts, _shared):
        part(house, books)


def _deposited(house: Warehouse, books: Company) -> None:
    """50 paid two invoices and is in the bank. Of its journals one has been paid since, so only the other's invoice is owed."""
    books.invoice("301", WHO, "30.00", "0")
    books.invoice("302", WHO, "20.00", "0")
    books.payment(
        "303",
        WHO,
        "50.00",
        "0",
        linked("Invoice", "301", "30.00"),
        linked("Invoice", "302", "20.00"),
        private_note="ch_dep",
    )
    books.record(
        "deposit", "304", [linked("Payment", "303", "50.00", "0")], day(10, 8), deposit_to_account="35", total_amt=50
    )
    _charge(house, "ch_dep", "50", "301,302")
    _dispute(house, "dp_dep", "ch_dep", "50")
    key = "[tieout_reversal_303_dp_dep]"
    _journal(books, "305", "30.00", key, "Invoice 10301 (id 301) of payment 303 taken back")
    _journal(books, "306", "20.00", key, "Invoice 10302 (id 302) of payment 303 taken back")
    books.payment("307", WHO, "30.00", "0", linked("JournalEntry", "305", "30.00"), private_note="by transfer")


def _waiting(house: Warehouse, books: Company) -> None:
    """A payment that waits settles its journal; the invoice is open again."""
    books.invoice("311", WHO, "15.00", "15.00")
    books.payment("312", WHO, "15.00", "0", linked("JournalEntry", "313", "15.00"), private_note="py_wait")
    _charge(house, "py_wait", "15", "311", status="failed", failure_code="no_account")
    _journal(books, "313", "15.00", "[tieout_reversal_312_py_wait]", "Invoice 10311 (id 311) of payment 312 taken back")


def _half(house: Warehouse, books: Company) -> None:
    """Its journal is there, and the payment does not settle it yet."""
    books.invoice("321", WHO, "10.00", "0")
    books.payment("322", WHO, "10.00", "0", linked("Invoice", "321", "10.00"), private_note="py_half")
    _charge(house, "py_half", "10", "321", status="failed", failure_code="no_account")
    _journal(books, "323", "10.00", "[tieout_reversal_322_py_half]", "Invoice 10321 (id 321) of payment 322 taken back")


def _twice(house: Warehouse, books: Company) -> None:
    """A charge that was booked twice, and one journal by hand: it puts one of the two back."""
    books.invoice("331", WHO, "18.00", "0")
    for id in ("332", "333"):
        books.payment(id, WHO, "9.00", "0", linked("Invoice", "331", "9.00"), private_note="py_twice")
    _charge(house, "py_twice", "9", "331", status="failed", failure_code="no_account")
    _journal(books, "334", "9.00", "for py_twice", "by hand")


def _won(house: Warehouse, books: Company) -> None:
    """Disputes that were won: of one the journal stands, of one it was taken off again, of one the payment settles nothing, one was left alone."""
    for number, applied in (("341", True), ("351", True), ("361", False), ("371", True)):
        payment, charge, left = str(int(number) + 1), f"ch_won{number}", "0" if applied else "8.00"
        books.invoice(number, WHO, "8.00", "0" if applied else "8.00", due_date=day(12, 1))
        lines = [linked("Invoice", number, "8.00")] if applied else []
        books.payment(payment, WHO, "8.00", left, *lines, private_note=charge)
        _charge(house, charge, "8", number)
        _dispute(house, f"dp_won{number}", charge, "8", status="won")
    for number in ("341", "351"):
        _journal(books, f"{number}0", "8.00", f"[tieout_reversal_{int(number) + 1}_dp_won{number}]", "taken back")
    off = [posted("Credit", "8.00", "80", WHO), posted("Debit", "8.00", "60", place=1)]
    books.record("journal_entry", "3511", off, day(10, 30), private_note="dp_won351 was won")


def _payouts(house: Warehouse, books: Company) -> None:
    """A payout that takes back a dispute and a returned debit and gives back a won dispute; one whose lines are a cent off."""
    for id, charge, amount in (("381", "ch_fine", "100"), ("382", "ch_cent", "7")):
        books.payment(id, WHO, f"{amount}.00", f"{amount}.00", private_note=charge, deposit_to_account="4")
        house.charge(charge, int(amount) * 100, connection="lost_cards", metadata={"customer_source_id": WHO})
    lines: list[tuple[str | None, str, int, int]] = [
        ("ch_fine", "charge", 10000, 300), ("dp_dep", "dispute", -5000, 1500), ("py_wait", "charge_failure", -1500, 0),
        ("dp_won341", "dispute_reversal", 800, 0),
    ]  # fmt: skip
    payout(house, "po_back", 2500, *lines, connection="lost_cards")
    payout(house, "po_cent", 601, ("ch_cent", "charge", 700, 100), connection="lost_cards")


def _shared(house: Warehouse, books: Company) -> None:
    """Receipts for two customers: of one both are booked, of the other one."""
    for id in ("65", "66"):
        books.put("customer", id, display_name=f"Half {id}", active=True)
    for charge, first, booked in (("ch_both", 391, ("65", "66")), ("ch_one", 395, ("65",))):
        for number, customer in ((first, "65"), (first + 1, "66")):
            open_amount = "0" if customer in booked else "20.00"
            books.invoice(str(number), customer, "20.00", open_amount, due_date=day(12, 1))
            if customer in booked:
                note = f"{charge} [tieout_payment_{charge}_{customer}]"
                books.payment(
                    str(number + 2), customer, "20.00", "0", linked("Invoice", str(number), "20.00"), private_note=note
                )
        house.charge(
            charge, 4000, connection="lost_cards", customer=None, description=f"Invoices 10{first} and 10{first + 1}"
        )
