"""Record updates in NetSuite, against the strict twin on real sockets: one field, exactly once, and every refusal in NetSuite's words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.netsuite.check import check
from pipelines.netsuite.client import Client
from pipelines.netsuite.writer import NetSuiteWriter
from pipelines.outbox import Brakes, Outbox, Pace, render_plan
from pipelines.system import Intent, Rejected, Transient
from tests.contract import netsuite_kit as kit
from tests.contract.netsuite_kit import World

FIELDS = {"invoice": ["memo", "custbody_po_contact_email"], "customer": ["comments"]}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with kit.office(tmp_path) as found:
        yield found


def writer(world: World) -> NetSuiteWriter:
    connection = world.connection()
    return NetSuiteWriter(connection, Client(connection, world.home))


def update(record: str, field: str, value: str, level: str = "invoice") -> Intent:
    payload = {"record_type": level, "record_id": record, "field": field, "value": value}
    return Intent(f"tieout_update_books_us_{level}_{record}_{field}_1", "books_us", "record_update", payload)


def changes(world: World) -> int:
    return sum(method == "PATCH" for method, _path in world.way.seen)


def held(world: World, record: str, column: str, table: str = "transaction") -> Any:
    (row,) = world.books.rows(f"select {column} as held from {table} where id = {record}")
    return row["held"]


@pytest.mark.parametrize("field", ["memo", "custbody_po_contact_email", "otherRefNum"])
def test_one_field_of_an_invoice_is_set_and_found(world: World, field: str) -> None:
    invoice = kit.invoice(world.books, memo="before", other_ref="PO 1")
    made, intent = writer(world), update(invoice, field, "Ünder dispute: dp_1")
    before = world.books.rows(f"select * from transaction where id = {invoice}")[0]
    assert made.find(intent) is None
    assert made.create(intent) == made.find(intent) == made.create(intent) == invoice
    after = world.books.rows(f"select * from transaction where id = {invoice}")[0]
    assert {name for name in after if after[name] != before.get(name)} - {"lastmodifieddate"} == {field.lower()}
    assert (after[field.lower()], changes(world)) == ("Ünder dispute: dp_1", 1)
    assert made.create(update(invoice, field, "")) == made.find(update(invoice, field, "")) == invoice
    assert held(world, invoice, field.lower()) is None


def test_every_level_has_its_record(world: World) -> None:
    paid = kit.payment(world.books, "10.00")
    credit = world.books.post_credit_memo(
        customer="501", subsidiary="1", currency="1", exchange_rate=kit.Decimal(1), date=kit.date(2026, 10, 2), at=world.clock.now(),
        lines=[kit.Line(kit.SALES, kit.Decimal("20.00"))],
    )  # fmt: skip
    made = writer(world)
    for record, field, level in (
        ("501", "comments", "customer"),
        ("501", "custentity_segment", "customer"),
        (credit, "memo", "credit_note"),
        (paid, "memo", "payment"),
    ):
        intent = update(record, field, "x", level)
        assert made.find(intent) is None
        assert made.create(intent) == made.find(intent) == record
    assert held(world, "501", "custentity_segment", "customer") == "x"


def test_a_value_goes_out_in_the_form_that_the_field_has(world: World) -> None:
    made = writer(world)
    world.books.add("customercategory", id="5", name="Retail")
    world.books.flush()
    for field, value in (("isInactive", "true"), ("category", "5")):
        assert made.create(update("501", field, value, "customer")) == "501"
        assert made.find(update("501", field, value, "customer")) == "501"
    with pytest.raises(Rejected, match="true or false, not 'perhaps'"):
        made.create(update("501", "isInactive", "perhaps", "customer"))


def test_a_lost_answer_is_found_and_not_sent_again(world: World) -> None:
    invoice = kit.invoice(world.books)
    made, intent = writer(world), update(invoice, "memo", "x")
    world.way.drop_after = lambda method, _path: method == "PATCH"
    with pytest.raises(Transient, match="no answer"):
        made.create(intent)
    world.way.drop_after = lambda _method, _path: False
    assert made.find(intent) == made.create(intent) == invoice
    assert (changes(world), held(world, invoice, "memo")) == (1, "x")


def test_refusals_are_netsuites_words(world: World) -> None:
    invoice, made = kit.invoice(world.books), writer(world)
    world.books.delete(invoice, at=world.clock.tick())
    gone = update(invoice, "memo", "x")
    assert made.find(gone) is None
    with pytest.raises(Rejected, match="The record instance does not exist"):
        made.create(gone)
    other = kit.payment(world.books, "10.00")
    with pytest.raises(Rejected, match="Transaction type specified is incorrect"):
        made.find(update(other, "memo", "x"))
    with pytest.raises(Rejected, match="You have entered an Invalid Field Value") as caught:
        made.create(update("501", "category", "99", "customer"))
    assert "category" in str(caught.value)


def test_a_field_that_netsuite_does_not_know_is_refused_and_not_ignored(world: World) -> None:
    invoice = kit.invoice(world.books)
    with pytest.raises(Rejected, match="custbody_nowhere"):
        writer(world).create(update(invoice, "custbody_nowhere", "x"))


def test_a_closed_period_takes_what_does_not_post_only_where_it_says_so(world: World) -> None:
    invoice, made = kit.invoice(world.books, date=kit.date(2026, 10, 1)), writer(world)
    world.books.edit_row("accountingperiod", "10", at=world.clock.now(), arlocked="T")
    with pytest.raises(Rejected, match="Oct 2026: it is closed or locked"):
        made.create(update(invoice, "memo", "x"))
    world.books.edit_row("accountingperiod", "10", at=world.clock.now(), allownonglchanges="T")
    assert made.create(update(invoice, "memo", "x")) == invoice


@pytest.mark.parametrize(
    ("level", "view", "named"),
    [("invoice", "Invoice", "Transactions > Invoice"), ("customer", "Customers", "Lists > Customers")],
)
def test_changing_a_record_needs_the_level_edit(world: World, level: str, view: str, named: str) -> None:
    world.account.role = world.account.role.viewing(view)
    assert check(world.connection(update_fields=FIELDS)).active, "nothing is to be written"
    found = check(world.connection(writeback={"record_update": "plan"}, update_fields={level: FIELDS[level]}))
    assert [problem.message.partition(". ")[0] for problem in found.problems] == [
        f"The role lacks {named} (level Edit)"
    ]
    assert check(world.connection(writeback={"record_update": "plan"})).active, "no field may be written"


def test_exactly_once_through_the_outbox_and_a_person_is_not_fought(world: World) -> None:
    invoice = kit.invoice(world.books)
    intent = update(invoice, "memo", "x")
    outbox, made = Outbox(world.home.outbox_url), writer(world)
    brakes = {"books_us": Brakes.of(world.connection(writeback={"record_update": "apply"}, max_total=0).settings)}
    row = {
        "intent_key": intent.key, "connection": "books_us", "kind": "record_update", "subject_key": "s", "customer_key": "c", "amount": "0",
        "currency": "XXX", "payload": dict(intent.payload), "evidence": "a rule",
    }  # fmt: skip
    told = render_plan(outbox.plan([row], brakes=brakes, dry=True), brakes, width=300)
    assert f"invoice {invoice}: memo = 'x'" in told
    assert ("XXX" in told, "Effect on balances" in told, "1 to write" in told) == (False, False, True)
    outbox.plan([row], brakes=brakes)
    struck = iter([True])
    world.way.drop_after = lambda method, _path: method == "PATCH" and next(struck, False)
    pace = Pace(tries=3, backoff=0, settle=0)
    assert len(outbox.deliver({"books_us": made}, brakes=brakes, pace=pace).posted) == 1
    kept = outbox.show(intent.key)
    assert (changes(world), kept.intent.erp_id) == (1, invoice)
    assert [attempt.outcome for attempt in kept.attempts] == ["transient", "found"]
    world.books.edit(invoice, at=world.clock.tick(), memo="by hand")
    assert outbox.plan([row], brakes=brakes).unchanged == (intent.key,)
    assert outbox.deliver({"books_us": made}, brakes=brakes, pace=pace).posted == ()
    assert (changes(world), held(world, invoice, "memo")) == (1, "by hand")
    outbox.close()
