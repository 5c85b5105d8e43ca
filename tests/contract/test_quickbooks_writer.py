"""The QuickBooks writer against the strict twin, on real sockets: exactly once, tying, and every refusal told with its cause."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipelines.outbox import Brakes, Outbox, Pace
from pipelines.quickbooks import deposits, keys
from pipelines.quickbooks.company import Company
from pipelines.quickbooks.twin.chart import BANK, DISPUTES, FEE_VENDOR, FEES, SALES, UNDEPOSITED
from pipelines.quickbooks.twin.model import Line
from pipelines.system import Intent, Rejected, Transient
from tests.contract import quickbooks_kit as kit
from tests.contract.quickbooks_kit import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with kit.world(tmp_path) as found:
        yield found


def payment(customer: str, invoice: str, amount: str = "60.10", charge: str = "ch_1", **changes: Any) -> Intent:
    payload = {
        "customer_id": customer, "currency": "USD", "amount": amount, "date": "2026-11-01", "memo": charge, "method": "3", "account": None,
        "subsidiary_id": None,
        "applications": [{"document_id": invoice, "line": None, "document_type": "invoice", "amount": amount}],
    }  # fmt: skip
    return Intent(f"tieout_payment_{charge}_{customer}", "books_uk", "payment", {**payload, **changes})


def deposit(payments: Mapping[str, str], total: str, *, fee: str = "0", payout: str = "po_1", **changes: Any) -> Intent:
    other = [{"account": FEES, "amount": fee, "memo": "Provider fees", "entity": FEE_VENDOR}] if Decimal(fee) else []
    payload = {
        "account": BANK, "currency": "USD", "date": "2026-11-02", "memo": payout, "total": total, "subsidiary_id": None,
        "payments": [{"payment_id": key, "amount": amount} for key, amount in payments.items()], "other": other,
    }  # fmt: skip
    return Intent(f"tieout_deposit_{payout}", "books_uk", "deposit", {**payload, **changes})


def reversal(payment_id: str, amount: str = "60.10") -> Intent:
    payload = {
        "payment_id": payment_id, "payment_type": "payment", "amount": amount, "currency": "USD", "memo": "the debit failed late (no_account)",
    }  # fmt: skip
    return Intent(f"tieout_reversal_{payment_id}_py_1", "books_uk", "reversal", payload)


def open_of(world: World, document: str) -> Decimal:
    return world.company.unpaid(document)


def balance(world: World, customer: str) -> Decimal:
    return next(row.balance for row in world.company.customers() if row.id == customer)


# Payments


def test_a_payment_is_created_applied_and_found(world: World) -> None:
    customer = world.customer("Acme")
    invoice = world.invoice(customer)
    bank = world.company.account_balances().get(int(BANK), 0)
    writer, intent = world.writer(), payment(customer, invoice)
    assert writer.find(intent) is None
    made = writer.create(intent)
    assert writer.find(intent) == made
    (row,) = world.company.payments()
    assert (row.id, row.amount, row.memo, row.reference) == (
        made, Decimal("60.10"), "ch_1 [tieout_payment_ch_1_101]".replace("101", customer), keys.reference(intent.key),
    )  # fmt: skip
    assert open_of(world, invoice) == Decimal("39.90")
    assert world.company.account_balances().get(int(BANK), 0) == bank


def test_a_payment_applies_a_journal_line_and_a_credit(world: World) -> None:
    customer = world.customer("Acme")
    invoice, journal = world.invoice(customer), world.journal(customer, "15.00")
    credit = world.company.post_credit_memo(
        customer=customer, date=date(2026, 10, 2), lines=[Line(SALES, Decimal("20.00"))], at=world.clock.now()
    )
    applications = [
        {"document_id": invoice, "line": None, "document_type": "invoice", "amount": "100.00"},
        {"document_id": f"{journal}.0", "line": None, "document_type": "journal", "amount": "15.00"},
        {"document_id": credit, "line": None, "document_type": "credit_note", "amount": "20.00"},
    ]
    world.writer().create(payment(customer, invoice, "95.00", applications=applications))
    assert balance(world, customer) == 0
    assert open_of(world, invoice) == 0


def test_a_repeated_create_makes_one_payment(world: World) -> None:
    customer = world.customer("Acme")
    intent = payment(customer, world.invoice(customer))
    writer = world.writer()
    assert writer.create(intent) == writer.create(intent)
    assert len(world.company.payments()) == 1


def test_a_lost_answer_is_found(world: World) -> None:
    customer = world.customer("Acme")
    intent, writer = payment(customer, world.invoice(customer)), world.writer()
    world.way.drop_after = kit.nth(1, path="/payment")
    with pytest.raises(Transient):
        writer.create(intent)
    found = writer.find(intent)
    assert found is not None
    assert [row.id for row in world.company.payments()] == [found]


def test_the_same_key_with_another_amount_is_an_error(world: World) -> None:
    customer = world.customer("Acme")
    invoice, writer = world.invoice(customer), world.writer()
    writer.create(payment(customer, invoice))
    with pytest.raises(Rejected, match=r"amount 60\.10? instead of 61\.00"):
        writer.find(payment(customer, invoice, "61.00"))
    with pytest.raises(Rejected, match="already carries the key"):
        writer.create(payment(customer, invoice, "61.00"))  # the request id gives the first one again
    assert len(world.company.payments()) == 1


def test_a_payment_deleted_by_a_person_is_made_anew_when_asked(world: World) -> None:
    customer = world.customer("Acme")
    intent, writer = payment(customer, world.invoice(customer)), world.writer()
    first = writer.create(intent)
    world.company.delete(first, at=world.clock.tick())
    world.clock.set(world.clock.now() + timedelta(hours=1))
    assert writer.find(intent) is None
    second = writer.create(intent)
    assert second != first
    assert [row.id for row in world.company.payments()] == [second]


def test_refusals_keep_quickbooks_words(world: World) -> None:
    customer, other = world.customer("Acme"), world.customer("Other")
    with pytest.raises(Rejected, match=r"6000 A business validation error.*diagnosis: unclassified"):
        world.writer().create(payment(customer, world.invoice(other)))
    with pytest.raises(Rejected, match="2500 Invalid Reference Id"):
        world.writer().create(payment("9999", world.invoice(customer)))
    assert world.company.payments() == []


def test_closed_books_hold_or_move_a_payment(world: World) -> None:
    customer = world.customer("Acme")
    intent = payment(customer, world.invoice(customer))
    world.company.book_close_date = date(2026, 11, 1)
    with pytest.raises(Rejected, match="closed up to 2026-11-01"):
        world.writer().create(intent)
    moved = world.writer(closed_period="next_open").create(intent)
    (row,) = world.company.payments()
    assert (row.id, row.date) == (moved, date(2026, 11, 2))


# Deposits


def test_a_deposit_ties_and_is_found(world: World) -> None:
    customer = world.customer("Acme")
    paid = world.payment(customer, "100.00")
    writer, intent = world.writer(), deposit({paid: "100.00"}, "96.50", fee="-3.50")
    assert writer.find(intent) is None
    made = writer.create(intent)
    assert writer.find(intent) == made
    (row,) = world.company.deposits()
    assert (row.id, row.amount, row.memo) == (made, Decimal("96.50"), "po_1 [tieout_deposit_po_1]")
    assert world.company.account_balances()[int(BANK)] == Decimal("96.50")
    assert world.company.account_balances()[int(UNDEPOSITED)] == 0


def test_a_deposit_that_does_not_tie_is_not_sent(world: World) -> None:
    paid = world.payment(world.customer("Acme"), "100.00")
    for wrong in (
        deposit({paid: "100.00"}, "96.51", fee="-3.50"),
        deposit({paid: "99.00"}, "99.00"),
        deposit({"9": "1.00"}, "1.00"),
    ):
        with pytest.raises(Rejected, match=r"tie|sum to"):
            world.writer().create(wrong)
    assert world.company.deposits() == []


def test_a_payment_in_another_deposit_is_diagnosed(world: World) -> None:
    paid = world.payment(world.customer("Acme"), "100.00")
    world.writer().create(deposit({paid: "100.00"}, "100.00"))
    with pytest.raises(Rejected, match="diagnosis: holding account wrong or payment already deposited"):
        world.writer().create(deposit({paid: "100.00"}, "100.00", payout="po_2"))
    assert len(world.company.deposits()) == 1


def test_a_payment_that_is_in_the_bank_already_is_diagnosed(world: World) -> None:
    paid = world.payment(world.customer("Acme"), "100.00", account=BANK)
    with pytest.raises(Rejected, match="diagnosis: holding account wrong or payment already deposited"):
        world.writer().create(deposit({paid: "100.00"}, "100.00"))


def test_only_a_bank_account_takes_deposits(world: World) -> None:
    paid = world.payment(world.customer("Acme"), "100.00")
    with pytest.raises(Rejected, match="has to be of type Bank"):
        world.writer().create(deposit({paid: "100.00"}, "100.00", account=FEES))


def test_quickbooks_own_refusal_of_an_account_or_a_line_is_diagnosed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = world.payment(world.customer("Acme"), "100.00")
    monkeypatch.setattr(Company, "bank", lambda _self, account: account)
    with pytest.raises(Rejected, match="diagnosis: bank account setting or deposit line shape"):
        world.writer().create(deposit({paid: "100.00"}, "100.00", account=FEES))
    shaped = deposits._linked

    def detailed(intent: Intent, item: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **shaped(intent, item),
            "DetailType": "DepositLineDetail",
            "DepositLineDetail": {"AccountRef": {"value": UNDEPOSITED}},
        }

    monkeypatch.setattr(deposits, "_linked", detailed)
    with pytest.raises(Rejected, match="diagnosis: bank account setting or deposit line shape"):
        world.writer().create(deposit({paid: "100.00"}, "100.00"))
    assert world.company.deposits() == []


# Reversals


CLAWBACK = {"account": DISPUTES, "memo": "Disputes and returned debits", "entity": None}


def two_invoices(world: World) -> tuple[str, list[str], str]:
    """A customer, two invoices of 100.00, and the id of a payment of 150.00 for both that waits for its deposit."""
    customer = world.customer("Acme")
    invoices = [world.invoice(customer, number=f"N{number}") for number in (1, 2)]
    applied = [
        {"document_id": invoice, "line": None, "document_type": "invoice", "amount": amount}
        for invoice, amount in zip(invoices, ("100.00", "50.00"), strict=True)
    ]
    paid = world.writer().create(payment(customer, invoices[0], "150.00", applications=applied))
    return customer, invoices, paid


def journals(world: World) -> list[tuple[Decimal, Decimal]]:
    """Amount and what is open, of each."""
    return [(row.amount, row.open) for row in world.company.documents() if row.type == "JournalEntry"]


def test_a_payment_that_waits_settles_its_journals_and_its_invoices_are_owed_again(world: World) -> None:
    customer, invoices, paid = two_invoices(world)
    writer, intent = world.writer(), reversal(paid, "150.00")
    before = balance(world, customer)
    assert writer.find(intent) is None
    assert writer.create(intent) == paid
    assert [open_of(world, invoice) for invoice in invoices] == [Decimal(100), Decimal(100)]
    assert balance(world, customer) == before + Decimal(150)
    assert journals(world) == [(Decimal(100), Decimal(0)), (Decimal(50), Decimal(0))]
    (row,) = world.company.payments()
    assert (row.amount, row.unapplied) == (Decimal(150), Decimal(0))
    assert writer.find(intent) == writer.create(intent) == paid
    assert len(journals(world)) == 2
    # The payout brings the money and takes it back.
    lines = [{**CLAWBACK, "amount": "-150.00"}, {**CLAWBACK, "account": FEES, "amount": "1.00"}]
    writer.create(deposit({paid: "150.00"}, "1.00", other=lines))
    assert world.company.account_balances()[int(DISPUTES)] == 0


def test_without_a_dispute_account_a_payment_that_waits_is_unapplied_once(world: World) -> None:
    _customer, invoices, paid = two_invoices(world)
    writer, intent = world.writer(dispute_account=None), reversal(paid, "150.00")
    assert writer.find(intent) is None
    assert writer.create(intent) == writer.find(intent) == writer.create(intent) == paid
    assert [open_of(world, invoice) for invoice in invoices] == [Decimal(100), Decimal(100)]
    (row,) = world.company.payments()
    assert (row.unapplied, journals(world)) == (Decimal(150), [])


def test_a_deposited_payment_and_its_deposit_stay_and_the_customer_owes_again(world: World) -> None:
    customer, invoices, paid = two_invoices(world)
    writer, intent = world.writer(), reversal(paid, "150.00")
    writer.create(deposit({paid: "150.00"}, "146.50", fee="-3.50"))
    before = (world.company.payments(), world.company.deposits())
    assert writer.find(intent) is None
    assert writer.create(intent) == writer.find(intent) == writer.create(intent) == paid
    assert (world.company.payments(), world.company.deposits()) == before
    assert journals(world) == [(Decimal(100), Decimal(100)), (Decimal(50), Decimal(50))]
    assert balance(world, customer) == Decimal(200)
    other = world.payment(customer, "190.00")
    writer.create(deposit({other: "190.00"}, "40.00", payout="po_2", other=[{**CLAWBACK, "amount": "-150.00"}]))
    assert world.company.account_balances()[int(DISPUTES)] == 0
    # A person moves the ticks: the website may.
    links = [(row.id, row.open) for row in world.company.documents() if row.type == "JournalEntry"]
    world.company.set_applications(paid, links, at=world.clock.tick())
    assert writer.find(intent) == paid
    assert [open_of(world, invoice) for invoice in invoices] == [Decimal(100), Decimal(100)]


def test_a_payment_deposited_meanwhile_is_refused_and_stays(world: World) -> None:
    customer = world.customer("Acme")
    invoice, writer = world.invoice(customer), world.writer()
    paid = writer.create(payment(customer, invoice))
    struck = kit.nth(1)

    def sweep(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/payment") and struck(method, path):
            world.company.post_deposit(account=BANK, date=date(2026, 11, 2), payments=[paid], at=world.clock.tick())

    world.way.before = sweep
    assert writer.create(reversal(paid)) == writer.find(reversal(paid)) == paid
    (row,) = world.company.payments()
    assert (row.unapplied, row.deposit) == (Decimal(0), world.company.deposits()[0].id)
    assert balance(world, customer) == Decimal("100.00")


@pytest.mark.parametrize("step", ["/journalentry", "/journalentry 2", "/payment"])
@pytest.mark.parametrize("deposited", [False, True])
def test_a_lost_answer_at_any_step_of_a_reversal_reopens_once(world: World, step: str, deposited: bool) -> None:
    customer, _invoices, paid = two_invoices(world)
    writer, intent = world.writer(), reversal(paid, "150.00")
    if deposited:
        writer.create(deposit({paid: "150.00"}, "150.00"))
    path, _, which = step.partition(" ")
    struck = kit.nth(int(which or 1), path=path)
    world.way.drop_after = lambda method, asked: method == "POST" and struck(method, asked)
    try:
        writer.create(intent)
    except Transient:
        last = path == "/payment" or (deposited and which == "2")
        assert (writer.find(intent) == paid) is last
        writer.create(intent)
    else:
        assert deposited  # nothing is asked of a payment in a deposit
        assert path == "/payment"
    assert writer.find(intent) == paid
    assert [amount for amount, _open in journals(world)] == [Decimal(100), Decimal(50)]
    assert balance(world, customer) == Decimal(200)


def test_a_payment_changed_meanwhile_is_read_again(world: World) -> None:
    customer = world.customer("Acme")
    invoice, writer = world.invoice(customer), world.writer()
    paid = writer.create(payment(customer, invoice))
    struck = kit.nth(1)

    def meddle(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/payment") and struck(method, path):
            world.company.edit(paid, at=world.clock.tick(), paymentmethod="4")

    world.way.before = meddle
    assert writer.create(reversal(paid)) == paid
    assert open_of(world, invoice) == Decimal("100.00")
    assert len(journals(world)) == 1


# Through the outbox


def rows(world: World, count: int) -> list[dict[str, Any]]:
    planned = []
    for number in range(count):
        customer = world.customer(f"Customer {number}")
        intent = payment(customer, world.invoice(customer, number=f"N{number}"), "60.10", charge=f"ch_{number}")
        planned.append(
            {
                "intent_key": intent.key, "connection": "books_uk", "kind": "payment", "subject_key": intent.key, "customer_key": customer,
                "amount": Decimal("60.10"), "currency": "USD", "payload": dict(intent.payload), "evidence": "metadata",
            }
        )  # fmt: skip
    return planned


def test_forty_writes_under_lost_answers_and_expiring_tokens_make_forty_payments(world: World) -> None:
    outbox = Outbox(world.home.outbox_url)
    brakes = {"books_uk": Brakes.of(world.connection(writeback={"payment": "apply"}).settings)}
    outbox.plan(rows(world, 40), brakes=brakes)
    chance, calls = Random(7), 0

    def expire(_method: str, path: str) -> None:
        nonlocal calls
        if "/v3/" in path:
            calls += 1
            if calls % 23 == 0:
                world.realm.credentials.expire_access()

    world.way.before = expire
    world.way.drop_after = lambda method, path: method == "POST" and path.endswith("/payment") and chance.random() < 0.2
    report = outbox.deliver({"books_uk": world.writer()}, brakes=brakes, pace=Pace(backoff=0.001, settle=0.001))
    assert not report.red, str(report)
    assert len(world.company.payments()) == 40
    assert {row.amount for row in world.company.payments()} == {Decimal("60.10")}
    assert {row.erp_id for row in outbox.list()} == {row.id for row in world.company.payments()}
    assert report.found > 0
    outbox.close()


def test_a_corrected_account_is_for_later_payouts_and_what_was_refused_stays_listed(world: World) -> None:
    """Q17."""
    outbox, writer = Outbox(world.home.outbox_url), world.writer()
    brakes = {"books_uk": Brakes.of(world.connection(writeback={"deposit": "apply"}).settings)}

    def planned(payout: str, account: str, paid: str) -> dict[str, Any]:
        intent = deposit({paid: "100.00"}, "100.00", payout=payout, account=account)
        return {
            "intent_key": intent.key, "connection": "books_uk", "kind": "deposit", "subject_key": payout, "customer_key": None,
            "amount": Decimal(100), "currency": "USD", "payload": dict(intent.payload), "evidence": "ties",
        }  # fmt: skip

    customer = world.customer("Acme")
    first, second = (world.payment(customer, "100.00") for _ in range(2))
    outbox.plan([planned("po_1", FEES, first)], brakes=brakes)
    assert len(outbox.deliver({"books_uk": writer}, brakes=brakes).rejected) == 1
    # The setting is mended: the earlier write is not taken up again by itself, and a later one goes its way.
    told = outbox.plan([planned("po_1", BANK, first), planned("po_2", BANK, second)], brakes=brakes)
    assert [conflict.key for conflict in told.conflicts] == ["tieout_deposit_po_1"]
    assert len(outbox.deliver({"books_uk": writer}, brakes=brakes).posted) == 1
    (row,) = world.company.deposits()
    assert row.memo == "po_2 [tieout_deposit_po_2]"
    (manual,) = outbox.list(state="rejected")
    assert (manual.key, "has to be of type Bank" in str(manual.last_error)) == ("tieout_deposit_po_1", True)
    # A person gives the key back, and then it posts as well.
    outbox.void(manual.key, "the account is right now", again=True)
    outbox.plan([planned("po_1", BANK, first), planned("po_2", BANK, second)], brakes=brakes)
    assert len(outbox.deliver({"books_uk": writer}, brakes=brakes).posted) == 1
    assert len(world.company.deposits()) == 2
    outbox.close()
