"""Record updates in QuickBooks, against the strict twin on real sockets: one field, exactly once, and every refusal in QuickBooks' words."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.outbox import Brakes, Outbox, Pace
from pipelines.quickbooks.twin.chart import BANK, SALES
from pipelines.quickbooks.twin.model import Line
from pipelines.system import Intent, Rejected, Transient
from tests.contract import quickbooks_kit as kit
from tests.contract.quickbooks_kit import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with kit.world(tmp_path) as found:
        yield found


def update(record: str, field: str, value: str, level: str = "invoice") -> Intent:
    payload = {"record_type": level, "record_id": record, "field": field, "value": value}
    return Intent(f"tieout_update_books_uk_{level}_{record}_{field}_1", "books_uk", "record_update", payload)


def writes(world: World, entity: str = "invoice") -> int:
    return sum((method, path.rpartition("/")[2]) == ("POST", entity) for method, path in world.way.seen)


def read(world: World, entity: str, record: str) -> dict[str, Any]:
    return world.client().read(entity, record)


@pytest.mark.parametrize("field", ["PrivateNote", "CustomerMemo.value", "DueDate", "BillEmail.Address"])
def test_one_field_of_an_invoice_is_set_and_found(world: World, field: str) -> None:
    invoice = world.invoice(world.customer("Acme"), memo="before")
    value = "2026-12-24" if field == "DueDate" else "Ünder dispute"
    writer, intent = world.writer(), update(invoice, field, value)
    before = read(world, "Invoice", invoice)
    assert writer.find(intent) is None
    assert writer.create(intent) == writer.find(intent) == writer.create(intent) == invoice
    after = read(world, "Invoice", invoice)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert (changed - {"SyncToken", "MetaData"}, writes(world)) == ({field.partition(".")[0]}, 1)
    if field != "DueDate":
        assert writer.create(update(invoice, field, "")) == writer.find(update(invoice, field, "")) == invoice


def test_every_level_has_its_entity(world: World) -> None:
    customer = world.customer("Acme")
    paid = world.payment(customer, "60.00", [(world.invoice(customer), "60.00")])
    credit = world.company.post_credit_memo(
        customer=customer, date=date(2026, 10, 2), lines=[Line(SALES, Decimal("20.00"))], at=world.clock.now()
    )
    for record, field, value, level in (
        (customer, "Notes", "x", "customer"),
        (customer, "PrimaryEmailAddr.Address", "ar@example.com", "customer"),
        (credit, "PrivateNote", "x", "credit_note"),
        (paid, "PaymentMethodRef.value", "3", "payment"),
    ):
        intent = update(record, field, value, level)
        assert world.writer().find(intent) is None
        assert world.writer().create(intent) == world.writer().find(intent) == record
    (row,) = world.company.payments()
    assert (row.amount, row.unapplied) == (Decimal(60), Decimal(0)), "what it is applied to stays"
    assert read(world, "Customer", customer)["DisplayName"] == "Acme"


def test_a_lost_answer_is_found_and_not_sent_again(world: World) -> None:
    invoice = world.invoice(world.customer("Acme"))
    writer, intent = world.writer(), update(invoice, "PrivateNote", "x")
    world.way.drop_after = lambda method, path: method == "POST" and path.endswith("/invoice")
    with pytest.raises(Transient):
        writer.create(intent)
    world.way.calm()
    assert writer.find(intent) == writer.create(intent) == invoice
    assert (writes(world), read(world, "Invoice", invoice)["PrivateNote"]) == (1, "x")


def meddle(world: World, invoice: str, times: int) -> None:
    """Somebody changes the invoice between our reading and our writing, so often."""
    left = iter(range(times))

    def before(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/invoice") and next(left, None) is not None:
            world.company.edit(invoice, at=world.clock.tick(), duedate=date(2026, 12, 1))

    world.way.before = before


def test_where_somebody_was_faster_the_record_is_read_again_and_their_change_stays(world: World) -> None:
    invoice = world.invoice(world.customer("Acme"))
    meddle(world, invoice, 2)
    assert world.writer().create(update(invoice, "PrivateNote", "x")) == invoice
    after = read(world, "Invoice", invoice)
    assert (after["PrivateNote"], after["DueDate"], writes(world)) == ("x", "2026-12-01", 3)


def test_a_record_that_never_holds_still_is_left_to_a_person(world: World) -> None:
    invoice = world.invoice(world.customer("Acme"))
    meddle(world, invoice, 99)
    with pytest.raises(Rejected, match="5010 Stale Object Error"):
        world.writer().create(update(invoice, "PrivateNote", "x"))
    assert writes(world) == 3


def test_refusals_are_quickbooks_words(world: World) -> None:
    customer = world.customer("Acme")
    invoice = world.invoice(customer)
    writer = world.writer()
    with pytest.raises(Rejected, match=r"2010 Request has invalid or unsupported property.*Property Name:Colour"):
        writer.create(update(invoice, "Colour", "x"))
    with pytest.raises(Rejected, match="2050 "):
        writer.create(update(invoice, "PrivateNote", "x" * 4001))
    world.company.delete(invoice, at=world.clock.tick())
    gone = update(invoice, "PrivateNote", "x")
    assert writer.find(gone) is None
    with pytest.raises(Rejected, match="610 Object Not Found"):
        writer.create(gone)


def test_a_payment_in_a_deposit_and_a_closed_period_stay_as_they_are(world: World) -> None:
    customer = world.customer("Acme")
    invoice, paid = world.invoice(customer), world.payment(customer, "60.00")
    world.company.post_deposit(account=BANK, date=date(2026, 11, 2), payments=[paid], at=world.clock.tick())
    with pytest.raises(Rejected, match="6540 "):
        world.writer().create(update(paid, "PaymentMethodRef.value", "3", "payment"))
    world.company.book_close_date = date(2026, 10, 31)
    with pytest.raises(Rejected, match=r"6210 .*The account period has closed"):
        world.writer().create(update(invoice, "PrivateNote", "x"))


def test_exactly_once_through_the_outbox_and_a_person_is_not_fought(world: World) -> None:
    invoice = world.invoice(world.customer("Acme"))
    intent = update(invoice, "PrivateNote", "x")
    outbox, writer = Outbox(world.home.outbox_url), world.writer()
    brakes = {"books_uk": Brakes.of(world.connection(writeback={"record_update": "apply"}, max_total=0).settings)}
    row = {
        "intent_key": intent.key, "connection": "books_uk", "kind": "record_update", "subject_key": "s", "customer_key": "c", "amount": "0",
        "currency": "XXX", "payload": dict(intent.payload), "evidence": "a rule",
    }  # fmt: skip
    outbox.plan([row], brakes=brakes)
    struck = iter([True])
    world.way.drop_after = lambda method, path: method == "POST" and path.endswith("/invoice") and next(struck, False)
    pace = Pace(tries=3, backoff=0, settle=0)
    assert len(outbox.deliver({"books_uk": writer}, brakes=brakes, pace=pace).posted) == 1
    told = outbox.show(intent.key)
    assert (writes(world), told.intent.erp_id) == (1, invoice)
    assert [attempt.outcome for attempt in told.attempts] == ["transient", "found"]
    world.company.edit(invoice, at=world.clock.tick(), memo="by hand")
    assert outbox.plan([row], brakes=brakes).unchanged == (intent.key,)
    assert outbox.deliver({"books_uk": writer}, brakes=brakes, pace=pace).posted == ()
    assert (writes(world), read(world, "Invoice", invoice)["PrivateNote"]) == (1, "by hand")
    outbox.close()
