"""The clock: one schedule per cadence and the daily redundancy, each tick on its own."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from definitions import defs
from pipelines import journal
from pipelines.home import Home
from schedules.clock import SCHEDULES
from schedules.jobs import sync_config
from tests.orchestration.kit import FILE, begin, config_of, configure

CADENCES = {
    "every_15m": "15m",
    "every_30m": "30m",
    "every_60m": "60m",
    "every_daily": "daily",
    "daily_redundancy": "redundancy",
}
WAITING = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


def tick(name: str, at: int | datetime = 12, instance: dg.DagsterInstance | None = None) -> Any:
    """What the schedule answers at an instant, or on the hour, UTC. A schedule's context takes no ephemeral instance."""
    if instance is None:
        with dg.instance_for_test() as empty:
            return tick(name, at, empty)
    moment = datetime(2026, 11, 20, at, tzinfo=UTC) if isinstance(at, int) else at
    with dg.build_schedule_context(instance, scheduled_execution_time=moment) as context:
        return next(schedule for schedule in SCHEDULES if schedule.name == name)(context)


def synced(name: str, started: datetime, *, full: bool = False, state: str = "active") -> None:
    """An entry of the connection's execution log."""
    entry = {"connection": name, "started": started.isoformat(), "full": full, "state": state}
    journal.write(Home.current(), entry)


def days(name: str, hours: int, first: datetime, broken: Collection[int] = ()) -> list[datetime]:
    """The instants at which a schedule asks for `books_us`, ticking every hour; each run syncs at once, or fails in a `broken` hour."""
    asked = []
    with dg.instance_for_test() as instance:
        for hour in range(hours):
            moment = first + timedelta(hours=hour)
            if isinstance(tick(name, moment, instance), dg.RunRequest):
                asked.append(moment)
                state = "unreachable" if hour in broken else "active"
                synced("books_us", moment + timedelta(seconds=9), full=name == "daily_redundancy", state=state)
    return asked


def test_there_is_one_schedule_per_cadence_and_one_for_redundancy() -> None:
    assert [schedule.name for schedule in SCHEDULES] == list(CADENCES)
    assert {schedule.name: schedule.cron_schedule for schedule in SCHEDULES[:3]} == {
        "every_15m": "*/15 * * * *",
        "every_30m": "*/30 * * * *",
        "every_60m": "0 * * * *",
    }
    assert all(schedule.default_status == dg.DefaultScheduleStatus.RUNNING for schedule in SCHEDULES)


def test_no_schedule_delivers() -> None:
    """What waits is sent by the outbox's sensor alone, so that no clock sends what a person holds back."""
    assert {schedule.job_name for schedule in SCHEDULES} == {"refresh"}
    selected = defs.resolve_job_def("refresh").asset_layer.executable_asset_keys
    assert dg.AssetKey(["outbox", "deliveries"]) not in selected


@pytest.mark.parametrize("name", CADENCES)
def test_a_tick_without_connections_says_so(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_CONNECTIONS", str(tmp_path / "none.toml"))
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path))
    skipped = tick(name)
    assert isinstance(skipped, dg.SkipReason)
    assert "none.toml" in str(skipped.skip_message)


def test_a_tick_asks_for_the_connections_of_its_cadence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path, monkeypatch, {"drop_a": "30m"})
    due = tick("every_15m")
    assert (config_of(due)["connections"], config_of(due)["full"]) == (["books_us"], False)
    assert due.tags["cadence"] == "15m"
    assert config_of(tick("every_30m"))["connections"] == ["drop_a"]
    assert isinstance(tick("every_60m"), dg.SkipReason)


def test_realtime_is_also_read_by_the_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path, monkeypatch, {"drop_a": "realtime", "drop_b": "60m", "drop_c": "manual"})
    assert config_of(tick("every_60m"))["connections"] == ["drop_a", "drop_b"]


def test_daily_is_an_hour_of_the_connections_own_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = FILE.replace('sync_every = "15m"', 'sync_every = "daily"\ndaily_at = 4\ntime_zone = "America/Los_Angeles"')
    configure(tmp_path, monkeypatch, text=text)
    synced("books_us", datetime(2026, 11, 19, 22, tzinfo=UTC))
    assert days("every_daily", 48, datetime(2026, 11, 20, tzinfo=UTC)) == [
        datetime(2026, 11, 20, 12, tzinfo=UTC),
        datetime(2026, 11, 21, 12, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        # Los Angeles goes from 02:00 to 03:00 on 8 March 2026, and from 02:00 back to 01:00 on 1 November.
        (datetime(2026, 3, 7, 8, tzinfo=UTC), [(7, 10), (8, 10), (9, 9)]),
        (datetime(2026, 10, 31, 8, tzinfo=UTC), [(31, 9), (1, 10), (2, 10)]),
    ],
)
def test_redundancy_is_once_a_day_also_when_the_clock_changes(
    first: datetime, expected: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = FILE.replace('sync_every = "15m"', 'sync_every = "15m"\ntime_zone = "America/Los_Angeles"')
    configure(tmp_path, monkeypatch, text=text)
    synced("books_us", first - timedelta(hours=1), full=True)
    assert [(at.day, at.hour) for at in days("daily_redundancy", 72, first)] == expected


def test_an_hour_that_comes_twice_is_one_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = FILE.replace(
        'sync_every = "15m"', 'sync_every = "15m"\nredundancy_at = 1\ntime_zone = "America/Los_Angeles"'
    )
    configure(tmp_path, monkeypatch, text=text)
    synced("books_us", datetime(2026, 10, 31, 12, tzinfo=UTC), full=True)
    asked = days("daily_redundancy", 24, datetime(2026, 11, 1, 0, tzinfo=UTC))
    assert asked == [datetime(2026, 11, 1, 8, tzinfo=UTC)]


def test_what_was_missed_or_failed_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hour is 02:00 UTC. The daemon starts at 05:00; three runs fail; the next day goes on as ever."""
    configure(tmp_path, monkeypatch)
    synced("books_us", datetime(2026, 11, 19, 2, tzinfo=UTC), full=True)
    asked = days("daily_redundancy", 24, datetime(2026, 11, 20, 5, tzinfo=UTC), broken=(0, 1, 3))
    assert [(at.day, at.hour) for at in asked] == [(20, 5), (20, 6), (20, 8), (20, 12), (21, 2)]


def test_a_connection_that_is_being_read_keeps_no_other_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, {"drop_a": "daily"})
    for name in ("books_us", "drop_a"):
        synced(name, datetime(2026, 11, 19, 2, tzinfo=UTC), full=True)
    with dg.instance_for_test() as instance:
        begin(instance, "refresh", config=sync_config(connections=["drop_a"]))
        first = config_of(tick("daily_redundancy", 2, instance))
    assert (first["connections"], first["full"]) == (["books_us"], True)
    synced("books_us", datetime(2026, 11, 20, 2, 1, tzinfo=UTC), full=True)
    assert config_of(tick("daily_redundancy", 3))["connections"] == ["drop_a"], "the next tick takes up what was left"


def test_redundancy_reads_everything_of_everyone_but_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a connection that is synced every quarter of an hour; not of one that is new, whose first sync does so anyway."""
    configure(tmp_path, monkeypatch, {"drop_a": "daily", "drop_new": "daily"})
    for name in ("books_us", "cards_us", "drop_a"):
        synced(name, datetime(2026, 11, 19, 2, tzinfo=UTC), full=True)
    config = config_of(tick("daily_redundancy"))
    assert (config["connections"], config["full"]) == (["books_us", "drop_a"], True)


@pytest.mark.parametrize("status", WAITING)
def test_ticks_do_not_pile_up_behind_a_slow_run(
    status: dg.DagsterRunStatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, {"drop_a": "30m"})
    with dg.instance_for_test() as instance:
        begin(instance, "refresh", status, config=sync_config(connections=["books_us"]))
        assert "still on its way" in str(tick("every_15m", instance=instance).skip_message)
        assert isinstance(tick("every_30m", instance=instance), dg.RunRequest), "another connection is not held up"
        begin(instance, "everything", status)
        assert "still on its way" in str(tick("every_30m", instance=instance).skip_message), "it reads every connection"
    with dg.instance_for_test() as instance:
        begin(instance, "refresh", dg.DagsterRunStatus.FAILURE)
        begin(instance, "refresh", status, config=sync_config(connections=["-"]))
        begin(instance, "writeback", status)
        assert isinstance(tick("every_15m", instance=instance), dg.RunRequest)
