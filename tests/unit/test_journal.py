"""The execution log: what a person reads, and what the clock and the sensors ask."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import journal, writeback
from pipelines.home import Home
from pipelines.http import Counter
from pipelines.outbox import Outbox
from pipelines.system import Rejected
from tests.unit.outbox_kit import Erp, key, row
from tests.unit.test_outbox_writeback import books

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def entry(home: Home, hours: int, state: str = "active", **more: Any) -> None:
    started = (NOON + timedelta(hours=hours)).isoformat()
    journal.write(home, {"connection": "a", "state": state, "started": started, **more})


def test_the_last_good_sync_and_what_failed_since(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert (journal.last_sync(home, "a"), journal.tries(home, "a")) == (None, [])
    entry(home, 0, full=True)
    entry(home, 1)
    for hours in (2, 3):
        entry(home, hours, "unreachable", full=hours == 3)
    journal.write(home, {"connection": "a", "kind": "delivery", "state": "delivered"})
    assert journal.last_sync(home, "a") == NOON + timedelta(hours=1)
    assert journal.last_sync(home, "a", full=True) == NOON
    assert journal.tries(home, "a") == [NOON + timedelta(hours=3), NOON + timedelta(hours=2)]
    assert journal.tries(home, "a", full=True) == [NOON + timedelta(hours=3)]
    assert journal.last_sync(home, "b") is None


def test_a_long_log_is_read_from_its_end_and_whole_if_need_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    monkeypatch.setattr(journal, "_TAIL", 500)
    entry(home, 0)
    for hours in range(1, 40):
        entry(home, hours, "failed")
    assert journal.last_sync(home, "a") == NOON
    assert [one["started"] for one in journal.newest(home, "a")] == [
        (NOON + timedelta(hours=hours)).isoformat() for hours in range(39, -1, -1)
    ]


def test_half_a_line_is_passed_over(tmp_path: Path) -> None:
    home = Home(tmp_path)
    entry(home, 0)
    with (home.logs / "a.jsonl").open("a") as file:
        file.write('{"connection": "a", "sta')
    assert journal.last_sync(home, "a") == NOON


class Metered(Erp):
    """Writes, and counts like a client."""

    counter = Counter(calls=7, retries=2, errors=1)


def test_a_delivery_is_an_entry_of_its_connection(tmp_path: Path) -> None:
    """Calls, retries and errors, what was refused and in whose words; nothing of a connection that had nothing to send."""
    home, box = Home(tmp_path), Outbox(tmp_path / "outbox.sqlite")
    box.plan([row("ch_1"), row("ch_2")])
    writers: Any = [books("books_us", lambda _: Metered({key("ch_2"): [Rejected("[PERIOD_CLOSED] no")]})),
                    books("books_emea", lambda _: Erp())]  # fmt: skip
    assert writeback.deliver(box, writers, home=home).red
    (told,) = journal.newest(home, "books_us")
    assert (told["kind"], told["state"]) == ("delivery", "red")
    assert told["counts"] == {
        "calls": 7, "retries": 2, "errors": 1, "posted": 1, "rejected": 1, "unknown": 0, "waiting": 0,
    }  # fmt: skip
    shown = journal.render("books_us", [told])
    for words in ("7 calls, 2 retries, 1 errors, 1 posted, 1 rejected", f"{key('ch_2')}", "[PERIOD_CLOSED] no"):
        assert words in shown
    assert not list(journal.newest(home, "books_emea"))
    assert json.loads((home.logs / "books_us.jsonl").read_text("utf-8")) == told
    box.close()
