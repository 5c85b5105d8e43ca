"""Planned rows become intents once, and never change afterwards."""

import multiprocessing
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.outbox import Brakes, IllegalTransition, Outbox, UnknownIntent
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


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"customer_id": "8"}},
        {"amount": "12.31"},
        {"currency": "EUR"},
        {"connection": "books_emea"},
        {"kind": "deposit"},
    ],
)
def test_another_payload_under_a_key_is_an_error_and_not_sent(url: str, change: dict[str, object]) -> None:
    outbox = planned(url)
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
    outbox = Outbox(url)
    empty = outbox.pending()
    assert (empty.count, empty.fingerprint) == (0, "")
    outbox.plan([row("ch_1"), row("ch_2", connection="books_emea")])
    both = outbox.pending()
    assert (both.count, outbox.pending()) == (2, both)
    assert outbox.pending(APPLY).kinds == {("books_us", "payment"): 1}
    deliver(outbox, Erp())
    assert (outbox.pending().count, outbox.pending().fingerprint == both.fingerprint) == (1, False)


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
