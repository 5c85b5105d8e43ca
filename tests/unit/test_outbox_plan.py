"""Planned rows become intents once, and never change afterwards."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.outbox import Brakes, IllegalTransition, Outbox, UnknownIntent, render_plan
from pipelines.system import NotConfigured, Rejected, TieoutError
from tests.unit.outbox_kit import APPLY, BACKENDS, Erp, deliver, key, opened, planned, row


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with opened(request.param, tmp_path) as url:
        yield url


def test_the_same_plan_twice_changes_nothing(url: str) -> None:
    outbox = Outbox(url)
    assert outbox.plan([row("ch_1"), row("ch_2")]).new == (key("ch_1"), key("ch_2"))
    before = outbox.list()
    again = outbox.plan([row("ch_2"), row("ch_1", evidence="told otherwise")])
    assert (again.new, again.red, len(again.unchanged)) == ((), False, 2)
    assert outbox.list() == before
    assert [(one.amount, one.currency, one.state) for one in before] == [("12.30", "USD", "planned")] * 2


CHANGES: list[dict[str, object]] = [
    {"payload": {"customer_id": "8"}},
    {"amount": "12.31"},
    {"currency": "EUR"},
    {"connection": "books_emea"},
    {"kind": "deposit"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_never_sent_is_superseded_when_the_plan_changes(url: str, change: dict[str, object]) -> None:
    outbox = planned(url)
    before = outbox.list()[0]
    result = outbox.plan([row(**change)], run_id="run-2")
    assert (result.red, result.superseded, result.new, result.voided) == (False, (key(),), (), ())
    old = outbox.show(f"{key()}~1").intent
    assert (old.payload, old.amount, old.state, old.voided_by) == (before.payload, before.amount, "void", "plan")
    named = "amount, applications, currency, customer_id, date" if "payload" in change else next(iter(change))
    assert old.void_reason == f"the plan changed ({named}) before it was sent (run run-2)"
    now = outbox.show(key()).intent
    assert (now.state, now.planned_by, now.content == before.content) == ("planned", "run-2", False)
    assert outbox.plan([row(**change)]).unchanged == (key(),)
    assert outbox.plan([row()]).superseded == (key(),)
    assert [one.key for one in outbox.list(state="void")] == [f"{key()}~1", f"{key()}~2"]
    assert len(deliver(outbox, Erp()).posted) == 1


def test_what_left_the_plan_unsent_may_return_changed(url: str) -> None:
    outbox = planned(url)
    assert outbox.plan([]).voided == (key(),)
    assert outbox.plan([row(amount="1.00")]).superseded == (key(),)
    assert [(one.key, one.amount, one.state) for one in outbox.list()] == [
        (f"{key()}~1", "12.30", "void"),
        (key(), "1.00", "planned"),
    ]


def test_a_connection_that_is_left_out_keeps_its_key(url: str) -> None:
    outbox = planned(url)
    result = outbox.plan([row(connection="books_emea")], connections=["books_emea"])
    assert [one.key for one in result.conflicts] == [key()]
    assert outbox.list()[0].connection == "books_us"


def test_superseding_changes_nothing_when_dry(url: str) -> None:
    outbox = planned(url)
    result = outbox.plan([row(amount="1.00")], dry=True)
    assert (result.superseded, [one.amount for one in result.waiting]) == ((key(),), ["1.00"])
    assert [one.amount for one in outbox.list()] == ["12.30"]


def test_a_posted_write_that_is_wanted_again_is_noted_not_red_and_not_sent(url: str) -> None:
    """Somebody applied part of a reversed payment again: the reversal's payload is the same, its amount is not."""
    first = row(kind="reversal", payload={"payment_id": "88"}, amount="10.00")
    outbox = planned(url, first)
    erp = Erp()
    deliver(outbox, erp)
    result = outbox.plan([first | {"amount": "4.00"}])
    assert (result.red, result.unchanged, [one.key for one in result.noted]) == (False, (key(),), [key()])
    assert "posted as 5000 with amount 10.00, and planned again with 4.00" in str(result.noted[0])
    assert str(result.noted[0]) in render_plan(result, APPLY, width=1000)
    assert (str(deliver(outbox, erp)), len(erp.records)) == ("nothing to send", 1)
    assert outbox.plan([row(kind="reversal", payload={"payment_id": "89"}, amount="10.00")]).red


def sent_once(url: str) -> Outbox:
    """An outbox whose only intent was refused, and given back by a person."""
    outbox = planned(url)
    deliver(outbox, Erp({key(): [Rejected("the period is closed")]}))
    outbox.retry(key())
    return outbox


@pytest.mark.parametrize("change", CHANGES)
def test_another_payload_for_what_was_sent_is_an_error_and_not_sent(url: str, change: dict[str, object]) -> None:
    outbox = sent_once(url)
    before = outbox.list()[0]
    result = outbox.plan([row(**change)])
    assert result.red
    assert [one.key for one in result.conflicts] == [key()]
    assert "void --again" in str(result.conflicts[0])
    after = outbox.list()[0]
    assert (after.payload, after.amount, after.currency, after.state) == (
        before.payload,
        before.amount,
        before.currency,
        "planned",
    )
    erp = Erp()
    report = deliver(outbox, erp)
    assert (report.red, erp.calls) == (True, [])
    assert outbox.plan([row()]).unchanged == (key(),)
    assert len(deliver(outbox, erp).posted) == 1, "the first payload is back: the conflict is over"


def test_one_key_twice_in_a_plan_is_an_error_and_neither_is_taken(url: str) -> None:
    outbox = Outbox(url)
    result = outbox.plan([row(), row(amount="99.00"), row("ch_2"), row("ch_2")])
    assert [one.key for one in result.conflicts] == [key()]
    assert result.new == (key("ch_2"),)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": 12.3}, "float"),
        ({"amount": "12.345"}, "decimals"),
        ({"amount": None}, "number"),
        ({"payload": '{"amount": 12.30}'}, "12.30"),
        ({"payload": "[]"}, "object"),
        ({"payload": "{"}, "JSON"),
        ({"currency": ""}, "currency"),
        ({"subject_key": None}, "subject_key"),
    ],
)
def test_a_bad_row_is_named_and_the_others_go_on(url: str, change: dict[str, object], words: str) -> None:
    outbox = Outbox(url)
    result = outbox.plan([row(**change), row("ch_2")])
    assert result.red
    assert result.new == (key("ch_2"),)
    assert (result.invalid[0].key, result.invalid[0].connection) == (key(), "books_us")
    assert words in result.invalid[0].reason


def test_one_connections_conflict_leaves_the_others_plan_and_delivery(url: str) -> None:
    outbox = sent_once(url)
    emea = row("eu_1", connection="books_emea")
    result = outbox.plan([row(amount="1.00"), row("ch_2", amount="x"), emea])
    assert (result.red, result.new) == (True, (key("eu_1"),))
    brakes = dict.fromkeys(("books_us", "books_emea"), APPLY["books_us"])
    report = outbox.deliver({"books_us": Erp(), "books_emea": Erp()}, brakes=brakes)
    assert (report.red, [one.key for one in report.posted]) == (True, [key("eu_1")])


def test_a_bad_row_holds_the_intent_it_names(url: str) -> None:
    outbox = planned(url)
    outbox.plan([row(payload="{")])
    erp = Erp()
    assert deliver(outbox, erp).red
    assert outbox.list()[0].state == "planned"
    assert erp.calls == []


def test_amounts_are_decimals_however_the_warehouse_prints_them(url: str) -> None:
    outbox = planned(url, row(amount=Decimal("12.3000")), row("ch_2", amount="12", currency="JPY"))
    assert outbox.plan([row(amount="12.30"), row("ch_2", amount="12.0000", currency="JPY")]).red is False
    assert outbox.show(key("ch_2")).intent.amount == "12"


def test_what_left_the_plan_is_void_and_returns_with_it(url: str) -> None:
    outbox = planned(url, row("ch_1"), row("ch_2"))
    assert outbox.plan([row("ch_1")], run_id="run-2").voided == (key("ch_2"),)
    gone = outbox.show(key("ch_2")).intent
    assert (gone.state, gone.voided_by, gone.void_reason) == (
        "void",
        "plan",
        "no longer in the plan (run run-2)",
    )
    assert outbox.plan([row("ch_1"), row("ch_2")]).returned == (key("ch_2"),)
    assert outbox.plan([row("ch_1"), row("ch_2")]).unchanged == (key("ch_1"), key("ch_2"))
    assert len(deliver(outbox, Erp()).posted) == 2
    assert outbox.plan([]).voided == ()
    assert {one.state for one in outbox.list()} == {"posted"}


def test_a_plan_of_one_connection_leaves_the_others_alone(url: str) -> None:
    outbox = planned(url, row("ch_1"), row("ch_2", connection="books_emea"))
    assert outbox.plan([], connections=["books_us"]).voided == (key("ch_1"),)


def test_off_makes_no_intent_and_takes_back_what_waits(url: str) -> None:
    outbox = planned(url)
    result = outbox.plan([row(), row("ch_2")], brakes={"books_us": Brakes({"payment": "off"})})
    assert (len(result.off), result.new, result.voided) == (2, (), (key(),))
    assert [one.key for one in result.off] == [key(), key("ch_2")]


def test_dry_says_it_all_and_changes_nothing(url: str) -> None:
    outbox = planned(url, row("ch_1"), row("ch_2"))
    before = outbox.list()
    result = outbox.plan([row("ch_2"), row("ch_3")], dry=True)
    assert (result.new, result.voided) == ((key("ch_3"),), (key("ch_1"),))
    assert {one.key for one in result.waiting} == {key("ch_2"), key("ch_3")}
    assert outbox.list() == before


def test_a_persons_void_stands_whatever_the_plan_says(url: str) -> None:
    outbox = planned(url)
    outbox.void(key(), "paid by cheque", by="ana")
    assert outbox.plan([row()]).unchanged == (key(),)
    assert outbox.plan([row(amount="1.00")]).red is False
    assert (outbox.list()[0].state, outbox.list()[0].voided_by) == ("void", "ana")
    with pytest.raises(IllegalTransition):
        outbox.retry(key())


def test_again_gives_the_key_back_and_keeps_the_record(url: str) -> None:
    outbox = planned(url)
    deliver(outbox, Erp({key(): [Rejected("INVALID_FLD_VALUE: the invoice is closed")]}))
    outbox.plan([row(amount="11.00")])
    old = outbox.void(key(), "the invoice changed", by="ana", again=True)
    assert (old.key, old.state, old.attempts) == (f"{key()}~1", "void", 1)
    assert [one.outcome for one in outbox.show(old.key).attempts] == ["rejected"]
    assert outbox.plan([row(amount="11.00")]).new == (key(),)
    assert deliver(outbox, Erp()).posted[0].key == key()
    with pytest.raises(IllegalTransition):
        outbox.void(key(), "too late", again=True)


def test_what_a_person_may_not_do(url: str) -> None:
    outbox = planned(url)
    with pytest.raises(IllegalTransition, match="planned and cannot become planned"):
        outbox.retry(key())
    with pytest.raises(UnknownIntent):
        outbox.void("nothing", "because")
    with pytest.raises(TieoutError, match="reason"):
        outbox.void(key(), " ")
    deliver(outbox, Erp())
    for step in (lambda: outbox.retry(key()), lambda: outbox.void(key(), "no")):
        with pytest.raises(IllegalTransition, match="is posted"):
            step()


def test_confirmations_keep_the_first_yes(url: str) -> None:
    outbox = Outbox(url)
    first = outbox.confirm("drop_dach", "report:2026-10-05.csv", "ana")
    assert outbox.confirm("drop_dach", "report:2026-10-05.csv", "ben") == first
    assert outbox.confirmations("drop_dach") == [first]
    assert outbox.confirmations("drop_nordics") == []
    assert outbox.rows()["confirmation"][0]["confirmed_by"] == "ana"


def test_each_yes_to_deletions_counts_anew(tmp_path: Path) -> None:
    now = datetime(2026, 11, 2, 9, tzinfo=UTC)
    outbox = Outbox(tmp_path / "outbox.sqlite", now=lambda: now)
    first = outbox.confirm("books_us", "deletes:books_us", "ana")
    now += timedelta(days=30)
    second = outbox.confirm("books_us", "deletes:books_us", "ben")
    assert (second.confirmed_at - first.confirmed_at, second.confirmed_by) == (timedelta(days=30), "ben")
    assert outbox.confirmations() == [second]


def test_rows_for_the_warehouse_are_texts(url: str) -> None:
    outbox = planned(url)
    deliver(outbox, Erp({key(): [Rejected("DUP_RCRD: “déjà vu”\n")]}))
    (loaded,) = outbox.rows()["intent"]
    columns = "intent_key connection kind state erp_id attempts last_error last_attempt_at created_at payload"
    assert list(loaded) == [*columns.split(), "subject_key"]
    assert (loaded["state"], loaded["attempts"], loaded["last_error"]) == (
        "rejected",
        "1",
        "DUP_RCRD: “déjà vu”\n",
    )
    assert all(value is None or isinstance(value, str) for value in loaded.values())


def test_pending_is_what_a_delivery_would_find(url: str) -> None:
    outbox = Outbox(url, now=lambda: datetime(2026, 11, 2, 9, tzinfo=UTC))
    empty = outbox.pending()
    assert (empty.count, empty.fingerprint) == (0, "")
    outbox.plan([row("ch_1"), row("ch_2", connection="books_emea")])
    both = outbox.pending()
    assert (both.count, outbox.pending()) == (2, both)
    assert outbox.pending(APPLY).kinds == {("books_us", "payment"): 1}
    deliver(outbox, Erp())
    assert (outbox.pending().count, outbox.pending().fingerprint == both.fingerprint) == (1, False)


def test_what_waits_is_tried_again_each_hour_and_when_the_brakes_or_its_payload_change(tmp_path: Path) -> None:
    now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    outbox = Outbox(tmp_path / "outbox.sqlite", now=lambda: now)
    outbox.plan([row()])
    modes = APPLY["books_us"].modes
    first = outbox.pending(APPLY).fingerprint
    now += timedelta(minutes=59)
    assert outbox.pending(APPLY).fingerprint == first
    assert outbox.pending({**APPLY, "books_emea": Brakes(modes, max_writes=9)}).fingerprint == first, "not its brakes"
    others = [
        outbox.pending({"books_us": Brakes(modes, max_writes=1)}).fingerprint,
        outbox.pending({"books_us": Brakes(modes, max_total={"*": Decimal(1)})}).fingerprint,
        outbox.pending({"books_us": Brakes({"payment": "apply"})}).fingerprint,
    ]
    now += timedelta(minutes=1)
    others.append(outbox.pending(APPLY).fingerprint)
    outbox.plan([row(payload={"customer_id": "8"})])
    others.append(outbox.pending(APPLY).fingerprint)
    assert len({first, *others}) == 6


def test_an_outbox_that_could_forget_is_refused() -> None:
    for url in ("sqlite://", "mysql://host/db", "postgresql+nothing://host/db", "post gres://?x"):
        with pytest.raises(NotConfigured, match="Remedy"):
            Outbox(url)


def _open(path: str) -> int:
    return len(Outbox(path).plan([row(f"ch_{number}") for number in range(20)]).new)


def test_many_processes_may_open_and_plan_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "new" / "outbox.sqlite")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert sum(pool.map(_open, [path] * 6)) == 20
