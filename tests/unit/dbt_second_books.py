"""A second set of books (`second`, reconciled with `second_cards`) for the dbt tests: what has become of writes, and shared payments."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.unit.dbt_facts import paid_for, payout
from tests.unit.dbt_warehouse import Warehouse, books

BOOKS = {"connection": "second"}
CARDS = {"connection": "second_cards"}


def intent(house: Warehouse, kind: str, subject: str, state: str, part: str = "", **columns: Any) -> None:
    """An intent for a charge (and customer `part`) or a payout, tried once the day after everything was read."""
    default = {
        "intent_key": f"tieout_{kind}_{subject}" + (f"_{part}" if part else ""), "kind": kind, "state": state, "attempts": 1,
        "subject_key": f"stripe:second_cards:{subject}", "last_attempt_at": datetime(2026, 11, 3, tzinfo=UTC),
        "payload": {"amount": "1.00", "currency": "USD"},
    }  # fmt: skip
    house.put("raw_tieout.intent", "second", {**default, **columns})


def bill(house: Warehouse, id: str, amount: str, customer: str = "12", **columns: Any) -> None:
    house.document(id, amount, entity=customer, **BOOKS, **columns)


def sync_facts(house: Warehouse) -> None:
    """A charge for each way in which its writes may stand, and a payout that was refused, and one deposited by hand."""
    books(house, name="second", cards="second_cards", exclude_customers=["99"])
    for id, amount, customer in (
        ("501", "40.00", "12"), ("502", "60.00", "13"), ("503", "5.00", "12"), ("504", "10.00", "12"), ("505", "20.00", "13"),
        ("506", "12.00", "12"), ("507", "18.00", "13"), ("508", "8.00", "12"), ("509", "9.00", "12"),
    ):  # fmt: skip
        bill(house, id, amount, customer)
    house.charge("ch_worst", 10000, metadata=paid_for("12", "501", "502"), **CARDS)
    intent(house, "payment", "ch_worst", "rejected", "12", attempts=2, last_error="Invalid period.")
    intent(house, "payment", "ch_worst", "unknown", "13", attempts=3, last_error="Unheard of.")
    house.charge("ch_sent", 500, metadata=paid_for("12", "503"), **CARDS)
    intent(house, "payment", "ch_sent", "posted", "12", erp_id="903")
    house.charge("ch_half", 3000, metadata=paid_for("12", "504", "505"), **CARDS)
    house.payment("904", "10.00", ("504", "10.00"), memo="ch_half", **BOOKS)
    intent(house, "payment", "ch_half", "rejected", "13", last_error="No such customer.")
    house.charge("ch_both", 3000, metadata=paid_for("12", "506", "507"), **CARDS)
    house.payment("906", "12.00", ("506", "12.00"), memo="ch_both", custom_fields={"custbody_ref": "R1"}, **BOOKS)
    house.payment("907", "18.00", ("507", "18.00"), memo="ch_both", entity="13", **BOOKS)
    house.charge("ch_wait", 800, status="pending", metadata=paid_for("12", "508"), **CARDS)
    house.charge("ch_fresh", 900, metadata=paid_for("12", "509"), **CARDS)
    payout(house, "po_hand", 2900, ("ch_both", "charge", 3000, 100), **CARDS)
    lines = [{"id": "0", "mainline": "T", "account": "101", "foreignamount": "29.00"},
             {"id": "1", "mainline": "F", "account": "620", "foreignamount": "1.00", "entity": "900"},
             {"id": "2", "mainline": "F", "account": "115", "foreignamount": "-30.00"}]  # fmt: skip
    house.payment("910", "29.00", type="Deposit", account="101", entity=None, memo="po_hand", lines=lines, **BOOKS)
    payout(house, "po_no", 450, ("ch_sent", "charge", 500, 50), **CARDS)
    intent(house, "deposit", "po_no", "rejected", last_error="Closed.")
    intent(house, "deposit", "po_no", "void", intent_key="tieout_deposit_po_no~1", attempts=4, last_error="Zeroed.")


def shared_facts(house: Warehouse) -> None:
    """One customer's share of a payment is booked; the other's invoice has been credited, so that it takes less than its share."""
    bill(house, "510", "60.00")
    bill(house, "511", "30.00", "13")
    house.charge("ch_share", 10000, metadata=paid_for("12", "510", "511"), **CARDS)
    house.payment("950", "60.00", ("510", "60.00"), memo="ch_share", **BOOKS)


def outsider_facts(house: Warehouse) -> None:
    """A journal with lines of a customer in the books and of one who is left out. The fee of deposit 910 names a vendor."""
    sides = (("110", "9.00", "13"), ("110", "4.00", "99"), ("400", "-13.00", "99"))
    lines = [
        {"id": str(place), "mainline": "F", "account": account, "foreignamount": amount, "entity": entity}
        for place, (account, amount, entity) in enumerate(sides)
    ]
    house.payment("520", "0.00", type="Journal", entity=None, foreigntotal=None, lines=lines, **BOOKS)
    house.put("raw_netsuite.customer", "second", {"id": "99", "entityid": "C99", "companyname": "Our own"})


def due_facts(house: Warehouse) -> None:
    """An invoice without a due date, one that a payment on its way covers in part, and one with the number of another customer's."""
    bill(house, "530", "15.00", duedate=None)
    bill(house, "540", "100.00", currency="2", exchangerate=Decimal("1.10"))
    house.charge("ch_part", 3000, status="pending", currency="eur", metadata=paid_for("12", "540"), **CARDS)
    bill(house, "541", "7.00", "13", tranid="INV540")


def closed_facts(house: Warehouse) -> None:
    """A dispute about a payment of a month that is closed by now."""
    august = {"id": "8", "startdate": date(2026, 8, 1), "enddate": date(2026, 8, 31), "closed": True, "isposting": True}
    house.put("raw_netsuite.accountingperiod", "second", august)
    bill(house, "560", "8.00", trandate=date(2026, 8, 2))
    house.charge("ch_old", 800, created=datetime(2026, 8, 15, 20, tzinfo=UTC), metadata=paid_for("12", "560"), **CARDS)
    house.payment("960", "8.00", ("560", "8.00"), memo="ch_old", trandate=date(2026, 8, 15), **BOOKS)
    taken = {"id": "dp_old", "charge": "ch_old", "amount": 800, "currency": "usd", "status": "lost"}
    house.put("raw_stripe.dispute", "second_cards", taken)


def line_facts(house: Warehouse) -> None:
    """An invoice with a line that says what was sold."""
    sold = {
        "account": "400",
        "foreignamount": "-12.50",
        "item": "7",
        "item_name": "Services : Hours",
        "quantity": "2.5",
        "memo": "May",
    }
    lines = [
        {"id": "0", "mainline": "T", "account": "110", "foreignamount": "12.50"},
        {"id": "1", "mainline": "F", **sold},
    ]
    bill(house, "550", "12.50", duedate=date(2026, 12, 1), lines=lines)
