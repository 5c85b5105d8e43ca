"""Delivery: find, create if absent, commit; what each answer leads to; brakes; order; one deliverer."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from pipelines.outbox import Brakes, DeliveryBusy, Outbox, render_intents, render_plan, render_show
from pipelines.system import Intent, NotConfigured, Refused, Rejected, Transient
from tests.unit.outbox_kit import (
    APPLY,
    BACKENDS,
    QUICK,
    SERVER,
    Erp,
    Killed,
    Lost,
    deliver,
    key,
    opened,
    planned,
    row,
    update,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with opened(request.param, tmp_path) as url:
        yield url


def outcomes(outbox: Outbox, name: str = "ch_1") -> list[str | None]:
    return [one.outcome for one in outbox.show(key(name)).attempts]


def test_a_write_is_named_before_it_is_tried(url: str) -> None:
    outbox = planned(url)
    seen: list[tuple[str, str, int]] = []

    class Watching(Erp):
        def find(self, intent: Intent) -> str | None:
            now = Outbox(url).show(intent.key)
            seen.append(("find", now.intent.state, now.intent.attempts))
            return super().find(intent)

        def create(self, intent: Intent) -> str:
            seen.append(("create", Outbox(url).show(intent.key).intent.state, 1))
            return super().create(intent)

    report = deliver(outbox, Watching(), run_id="run-2")
    assert seen == [("find", "sending", 1), ("create", "sending", 1)]
    assert (report.red, report.posted[0].erp_id, report.found) == (False, "5000", 0)
    detail = outbox.show(key())
    assert (detail.intent.state, detail.intent.erp_id, detail.intent.last_error) == ("posted", "5000", None)
    assert [(one.run_id, one.outcome) for one in detail.attempts] == [("run-2", "posted")]
    assert str(deliver(outbox, Erp())) == "nothing to send"


def test_what_is_there_already_is_success(url: str) -> None:
    outbox = planned(url)
    erp = Erp()
    erp.records.append((key(), "4711"))
    assert deliver(outbox, erp).found == 1
    assert erp.calls == [("find", key())]
    assert (outbox.list()[0].erp_id, outcomes(outbox)) == ("4711", ["found"])


def test_a_lost_answer_is_looked_for_before_it_is_repeated(url: str) -> None:
    outbox = planned(url)
    erp = Erp({key(): [Lost("connection reset")]})
    report = deliver(outbox, erp)
    assert (erp.ids(key()), len(report.posted), report.found) == (["5000"], 1, 1)
    assert outcomes(outbox) == ["transient", "found"]


def test_after_a_lost_answer_the_erp_is_asked_twice_with_a_settle_wait_between(url: str) -> None:
    outbox = planned(url)
    erp = Erp({key(): [Transient("timed out")]})
    waits: list[float] = []
    deliver(outbox, erp, sleep=waits.append, pace=QUICK.__class__(backoff=1.0, settle=7.0))
    assert [name for name, _ in erp.calls] == ["find", "create", "find", "find", "create"]
    assert waits[1] == 7.0
    assert 0.5 <= waits[0] <= 1.0


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_leaves_sending_and_the_next_run_begins_with_find(url: str, moment: str) -> None:
    outbox = planned(url)
    erp = Erp({key(): [Killed(moment)]})
    with pytest.raises(Killed):
        deliver(outbox, erp)
    assert (outbox.list()[0].state, outcomes(outbox)) == ("sending", [None])
    erp.calls.clear()
    assert len(deliver(outbox, erp).posted) == 1
    asked = ["find"] if moment == "after" else ["find", "find", "create"]
    assert [name for name, _ in erp.calls] == asked, "a create follows two finds, a settle wait apart"
    assert erp.ids(key()) == ["5000"]
    assert outcomes(outbox) == ["lost", "found" if moment == "after" else "posted"]


def test_no_answer_stays_sending_and_is_due_later(url: str) -> None:
    outbox = planned(url)
    erp = Erp({key(): [Transient("503 busy")] * 3})
    report = deliver(outbox, erp)
    assert (report.red, len(report.waiting), report.waiting[0].error) == (True, 1, "503 busy")
    left = outbox.list()[0]
    assert (left.state, left.attempts, left.last_error) == ("sending", 3, "503 busy")
    assert outbox.pending().count == 0, "a sensor does not hammer an ERP that is down"
    assert len(deliver(outbox, erp).posted) == 1


def test_a_silent_connection_is_left_in_peace(url: str) -> None:
    names = [f"ch_{number}" for number in range(6)]
    outbox = planned(url, *[row(name) for name in names])
    erp = Erp({key(name): [Transient("no route to host")] * 9 for name in names})
    report = deliver(outbox, erp)
    assert [one.left for one in report.stopped] == [6]
    assert len(outbox.list(state="planned")) == 3
    assert "no route to host" in str(outbox.list(state="planned")[0].blocked)


def test_a_no_keeps_its_words_and_waits_for_a_person(url: str) -> None:
    outbox = planned(url, row("ch_1"), row("ch_2"))
    words = 'USER_ERROR: "Périod closed" \t{"o:errorCode": "X"}'
    erp = Erp({key("ch_1"): [Rejected(words)]})
    report = deliver(outbox, erp)
    assert (report.red, len(report.posted), report.rejected[0].error) == (True, 1, words)
    assert (outbox.show(key()).intent.state, outbox.show(key()).intent.last_error) == ("rejected", words)
    assert outbox.show(key()).attempts[0].error == words
    assert deliver(outbox, erp).red is False, "it is not tried again by itself"
    outbox.retry(key())
    assert len(deliver(outbox, erp).posted) == 1


def test_already_exists_in_any_words_is_success(url: str) -> None:
    outbox = planned(url)

    class Racing(Erp):
        def create(self, intent: Intent) -> str:
            super().create(intent)
            raise Rejected("DUP_RCRD: this record already exists")

    assert deliver(outbox, Racing()).found == 1


def test_where_nothing_can_be_searched_a_person_decides_each_time(url: str) -> None:
    outbox = planned(url)
    erp = Erp({key(): [Lost("cut")]}, searchable=False)
    report = deliver(outbox, erp)
    assert (report.red, report.unknown[0].error, erp.records) == (
        True,
        "KashFlow cannot be searched by reference",
        [],
    )
    outbox.retry(key())
    assert deliver(outbox, erp).unknown[0].key == key(), "the answer was lost: unknown again, not created twice"
    assert erp.ids(key()) == ["5000"]
    assert deliver(outbox, erp).unknown == ()
    outbox.void(key(), "it is there: 5000", by="ana")
    assert outbox.list()[0].state == "void"


def test_a_persons_word_is_good_for_one_create(url: str) -> None:
    outbox = planned(url)
    erp = Erp({key(): [Killed("after")]}, searchable=False)
    deliver(outbox, erp)
    outbox.retry(key())
    with pytest.raises(Killed):
        deliver(outbox, erp)
    assert deliver(outbox, erp).unknown
    assert erp.ids(key()) == ["5000"]


def test_a_refused_question_says_nothing_about_the_write(url: str) -> None:
    outbox = planned(url)

    class Mute(Erp):
        def find(self, intent: Intent) -> str | None:
            raise Rejected("INVALID_SEARCH")

    assert deliver(outbox, Mute()).unknown[0].error == "INVALID_SEARCH"


@pytest.mark.parametrize("error", [Refused("token revoked", "issue a new one"), NotConfigured("no secret")])
def test_one_connection_stops_and_the_others_go_on(url: str, error: Exception) -> None:
    outbox = planned(
        url, *[row(f"ch_{n}") for n in range(3)], *[row(f"eu_{n}", connection="books_emea") for n in range(3)]
    )
    stopped, fine = Erp({key("ch_0"): [error]}), Erp()
    brakes = dict.fromkeys(("books_us", "books_emea"), APPLY["books_us"])
    report = outbox.deliver({"books_us": stopped, "books_emea": fine}, brakes=brakes, pace=QUICK)
    assert report.red
    assert [(one.connection, one.left) for one in report.stopped] == [("books_us", 3)]
    assert (len(stopped.records), len(fine.records)) == (0, 3)
    assert str(error) in str(outbox.show(key("ch_1")).intent.blocked)
    assert len(outbox.deliver({"books_us": stopped}, brakes=brakes, pace=QUICK).posted) == 3
    assert outbox.show(key("ch_1")).intent.blocked is None


def test_an_intent_that_breaks_our_writer_waits_for_a_person_and_the_rest_goes_on(url: str) -> None:
    outbox = planned(url, *[row(f"ch_{n}") for n in range(3)])
    erp = Erp({key("ch_0"): [KeyError("terms")]})
    report = deliver(outbox, erp)
    assert (report.red, len(report.posted), report.stopped) == (True, 2, ())
    assert [(one.key, one.error) for one in report.unknown] == [(key("ch_0"), "KeyError: 'terms'")]
    left = outbox.show(key("ch_0"))
    assert (left.intent.state, left.intent.last_error) == ("unknown", "KeyError: 'terms'")
    assert [(one.outcome, one.error) for one in left.attempts] == [("error", "KeyError: 'terms'")]
    outbox.plan([row("ch_0"), row("ch_9")])
    assert [one.key for one in deliver(outbox, erp).posted] == [key("ch_9")], "it is not in the way"
    outbox.retry(key("ch_0"))
    assert [one.key for one in deliver(outbox, erp).posted] == [key("ch_0")]


def test_a_fault_after_the_record_was_made_is_found_and_not_made_twice(url: str) -> None:
    outbox = planned(url)

    class Breaking(Erp):
        def create(self, intent: Intent) -> str:
            super().create(intent)
            raise KeyError("id")

    erp = Breaking()
    assert deliver(outbox, erp).unknown
    outbox.retry(key())
    assert (deliver(outbox, erp).found, erp.ids(key())) == (1, ["5000"])


def test_a_writer_that_breaks_on_everything_stops_after_three(url: str) -> None:
    names = [f"ch_{number}" for number in range(6)]
    outbox = planned(url, *[row(name) for name in names])
    erp = Erp({key(name): [KeyError("id")] for name in names[:2] + names[3:]})
    assert len(deliver(outbox, erp).unknown) == 5, "not three in a row: the last one ends the list"
    more = [f"more_{number}" for number in range(5)]
    outbox.plan([row(name) for name in names + more])
    report = deliver(outbox, Erp({key(name): [KeyError("id")] for name in more}))
    assert (len(report.unknown), [one.left for one in report.stopped]) == (3, [2])
    assert "KeyError: 'id'" in str(outbox.list(state="planned")[0].blocked)


def test_a_connection_that_cannot_be_begun_is_stopped_and_the_others_go_on(url: str) -> None:
    outbox = planned(url, row(), row("po_1", kind="deposit"), row("eu_1", connection="books_emea"))
    brakes = {"books_us": Brakes({"payment": "apply"}), "books_emea": APPLY["books_us"]}
    why = {"books_us": "NS_TOKEN is not set"}
    report = outbox.deliver({"books_emea": Erp()}, brakes=brakes, pace=QUICK, unable=why)
    assert (report.red, [one.key for one in report.posted]) == (True, [key("eu_1")])
    assert [str(one) for one in report.stopped] == ["books_us: stopped with 1 still waiting: NS_TOKEN is not set"]
    assert outbox.show(key()).intent.blocked == "NS_TOKEN is not set"
    assert outbox.show(key("po_1")).intent.blocked == 'writeback.deposit is "plan"'
    assert outbox.show(key()).intent.state == "planned"
    assert outbox.deliver({}, pace=QUICK, unable=why).red is False, "nothing of it would be sent"


def test_begun_but_no_longer_wanted_is_not_created(url: str) -> None:
    outbox = planned(url)
    erp = Erp({key(): [Killed("before")]})
    with pytest.raises(Killed):
        deliver(outbox, erp)
    assert outbox.plan([]).voided == ()
    report = deliver(outbox, erp)
    assert "booked it by hand" in str(report.unknown[0].error)
    assert erp.records == []
    outbox.retry(key())
    assert len(deliver(outbox, erp).posted) == 1


def test_brakes_are_on_by_default(url: str) -> None:
    outbox = planned(url)
    erp = Erp()
    report = outbox.deliver({"books_us": erp})
    assert (report.red, erp.calls, report.blocked[0].reason) == (False, [], 'writeback.payment is "plan"')
    assert outbox.list()[0].blocked == 'writeback.payment is "plan"'
    assert "no writer" in outbox.deliver({}, brakes=APPLY).blocked[0].reason


def test_over_a_cap_nothing_of_that_kind_is_sent_and_it_says_so(url: str) -> None:
    rows = [*[row(f"ch_{n}") for n in range(3)], row("po_1", kind="deposit"), row("po_2", kind="deposit")]
    outbox = planned(url, *rows)
    modes = APPLY["books_us"].modes
    erp = Erp()
    report = deliver(outbox, erp, brakes={"books_us": Brakes(modes, max_writes=4)})
    assert [(held.kind, len(held.keys), held.cap) for held in report.blocked] == [("deposit", 2, True)]
    assert report.red
    assert "5 writes in one run, max_writes is 4" in str(report)
    assert len(erp.records) == 3
    total = Brakes(modes, max_total={"USD": Decimal("24.59")})
    report = deliver(outbox, erp, brakes={"books_us": total})
    assert "24.60 USD in one run, max_total is 24.59 USD" in str(outbox.list(kind="deposit")[0].blocked)
    assert (len(erp.records), len(report.blocked)) == (3, 1)
    assert (
        len(deliver(outbox, erp, brakes={"books_us": Brakes(modes, max_total={"USD": Decimal("24.60")})}).posted) == 2
    )


def test_brakes_come_from_a_connections_settings() -> None:
    settings = SimpleNamespace(writeback={"payment": "apply"}, max_writes=3, max_total={"EUR": "10.50"})
    brakes = Brakes.of(settings)
    assert (brakes.mode("payment"), brakes.mode("deposit"), brakes.max_writes) == ("apply", "plan", 3)
    assert (brakes.limit("EUR"), brakes.limit("USD")) == (Decimal("10.50"), None)
    assert Brakes.of(SimpleNamespace(max_total=Decimal(5))).limit("USD") == 5
    assert Brakes.of(SimpleNamespace()) == Brakes()
    with pytest.raises(NotConfigured, match=r"writeback\.payment"):
        Brakes.of(SimpleNamespace(writeback={"payment": "yes"}))


def test_updates_count_and_move_no_money(url: str) -> None:
    outbox = planned(url, row(), update("up_1"), update("up_2"))
    modes = APPLY["books_us"].modes
    capped = Brakes(modes, max_writes=2, max_total={"*": Decimal("12.30")})
    (held,) = deliver(outbox, Erp(), brakes={"books_us": capped}).blocked
    assert str(held) == "books_us record_update: 2 not sent: 3 writes in one run, max_writes is 2"
    assert len(deliver(outbox, Erp(), brakes={"books_us": capped}).posted) == 2, "and no cap on a total holds them"


def test_payments_then_reversals_then_deposits_then_updates_oldest_first(url: str) -> None:
    outbox = Outbox(url)
    dated = row("ch_0")["payload"].replace("2026-11-02", "2026-11-01")
    first = [
        update(),
        row("re_1", kind="reversal"),
        row("po_1", kind="deposit"),
        row("ch_1"),
        row("ch_2", payload=dated),
    ]
    outbox.plan(first)
    outbox.plan([*first, row("ch_0")])
    erp = Erp()
    deliver(outbox, erp)
    assert [held for held, _ in erp.records] == [key(name) for name in ("ch_2", "ch_1", "ch_0", "re_1", "po_1", "up_1")]


def test_a_void_between_reading_and_sending_is_respected(url: str) -> None:
    outbox = planned(url, row("ch_1"), row("ch_2"))

    class Voiding(Erp):
        def create(self, intent: Intent) -> str:
            Outbox(url).void(key("ch_2"), "changed my mind")
            return super().create(intent)

    erp = Voiding()
    assert len(deliver(outbox, erp).posted) == 1
    assert erp.ids(key("ch_2")) == []


def test_a_plan_that_changes_meanwhile_is_respected(url: str) -> None:
    """ch_2 now means another write, which no brake has seen: it is sent by the next run, never as it was."""
    outbox = planned(url, row("ch_1"), row("ch_2"), row("ch_3"))
    changed = row("ch_2", amount="1.00", payload={"amount": "1.00"})

    class Replanning(Erp):
        def create(self, intent: Intent) -> str:
            Outbox(url).plan([row("ch_1"), changed])
            return super().create(intent)

    erp = Replanning()
    assert len(deliver(outbox, erp).posted) == 1
    assert [held for held, _ in erp.records] == [key("ch_1")]
    assert [outbox.show(key(name)).intent.state for name in ("ch_2", "ch_3")] == ["planned", "void"]


def test_halt_stops_before_the_next_intent(url: str) -> None:
    outbox = planned(url, row("ch_1"), row("ch_2"))
    halt = threading.Event()

    class Halting(Erp):
        def create(self, intent: Intent) -> str:
            halt.set()
            return super().create(intent)

    report = deliver(outbox, Halting(), halt=halt)
    assert (len(report.posted), report.stopped[0].left) == (1, 1)


HOLDER = """
import sys, time
from pipelines.outbox.lock import deliverer
from pipelines.outbox.store import Store
with deliverer(Store(sys.argv[1]), 0):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_deliverer_refuses_cleanly_and_a_dead_one_holds_nothing(url: str) -> None:
    outbox = planned(url)
    holder: Any = subprocess.Popen([sys.executable, "-c", HOLDER, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        erp = Erp()
        with pytest.raises(DeliveryBusy, match="Another process is delivering"):
            deliver(outbox, erp)
        assert erp.calls == []
        assert len(outbox.list()) == outbox.pending().count == 1, "reading goes on meanwhile"
    finally:
        holder.kill()
        holder.communicate()
    assert len(deliver(outbox, erp, pace=QUICK.__class__(wait_for_lock=10)).posted) == 1


@pytest.mark.skipif(SERVER is None, reason="needs a PostgreSQL server: set TIEOUT_TEST_POSTGRES")
def test_a_deliverer_whose_lock_session_is_gone_stops(tmp_path: Path) -> None:
    with opened("postgresql", tmp_path) as url:
        outbox = planned(url, row("ch_1"), row("ch_2"))

        class Cutting(Erp):
            def create(self, intent: Intent) -> str:
                with create_engine(str(SERVER)).connect() as connection:
                    holders = "from pg_locks where locktype = 'advisory' and granted"
                    connection.execute(text(f"select pg_terminate_backend(pid) {holders}"))
                return super().create(intent)

        report = deliver(outbox, Cutting())
        assert (len(report.posted), [one.left for one in report.stopped]) == (1, [1])
        assert "lock was lost" in report.stopped[0].reason
        outbox.close()


def test_two_deliverers_at_once_make_each_record_once(url: str) -> None:
    outbox = planned(url, *[row(f"ch_{number:02d}") for number in range(30)])
    erp = Erp()
    pace = QUICK.__class__(backoff=0.0, settle=0.0, wait_for_lock=30)
    threads = [threading.Thread(target=deliver, args=(Outbox(url), erp), kwargs={"pace": pace}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(erp.records) == len({held for held, _ in erp.records}) == 30
    assert len(outbox.list(state="posted")) == 30


def test_people_can_read_it(url: str) -> None:
    outbox = Outbox(url)
    reversal = row("re_1", kind="reversal", payload={"payment_id": "88"}, amount="5.00")
    result = outbox.plan(
        [row(), reversal, row("po_1", kind="deposit", payload={"payments": [{"payment_id": "88"}]})], dry=True
    )
    brakes = {"books_us": Brakes({"payment": "apply", "reversal": "apply"})}
    names, balances = (
        {"netsuite:books_us:7": "Acme [GmbH]"},
        {("netsuite:books_us:7", "USD"): Decimal("100.00")},
    )
    shown = render_plan(result, brakes, names=names, balances=balances)
    for words in ("Acme [GmbH]", 'writeback.deposit is "plan"', "2 to write; 3 new"):
        assert words in shown
    effect = next(line.split() for line in shown.splitlines() if line.startswith(" Acme") and "100.00" in line)
    assert effect[-6:] == ["USD", "-5.00", "7.30", "-12.30", "100.00", "87.70"]
    assert "Nothing to write." in render_plan(outbox.plan([]), brakes)


@pytest.mark.parametrize(
    ("mode", "told"), [("plan", "Planned: would be written if"), ("off", "Off: would be written if")]
)
def test_what_only_a_policy_holds_is_shown_whole(mode: Any, told: str, url: str) -> None:
    """Each row and its effect, so that a person can see what `apply` would do before it is set."""
    brakes = {"books_us": Brakes({"payment": mode})}
    result = Outbox(url).plan([row("ch_1"), row("ch_2")], brakes=brakes, dry=True)
    names, balances = {"netsuite:books_us:7": "Acme"}, {("netsuite:books_us:7", "USD"): Decimal("100.00")}
    shown = render_plan(result, brakes, names=names, balances=balances, width=220)
    assert "Nothing to write." in shown
    _, _, itemised = shown.partition(told)
    assert key("ch_1") in itemised
    assert key("ch_2") in itemised
    effect = next(line.split() for line in itemised.splitlines() if "100.00" in line)
    assert effect[-6:] == ["USD", "-20.00", "4.60", "-24.60", "100.00", "75.40"]


def test_lists_and_single_intents_are_readable(url: str) -> None:
    outbox = Outbox(url)
    assert "The outbox is empty." in render_intents(outbox.list())
    outbox.plan([row()])
    deliver(outbox, Erp({key(): [Rejected("[PERIOD_CLOSED] no")]}))
    assert "[PERIOD_CLOSED] no" in render_intents(outbox.list())
    assert "[PERIOD_CLOSED] no" in render_show(outbox.show(key()))
