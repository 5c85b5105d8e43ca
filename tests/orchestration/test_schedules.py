"""The clock: one schedule per cadence and the daily redundancy, each tick on its own."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from definitions import defs
from schedules.clock import SCHEDULES
from tests.orchestration.kit import FILE, begin, config_of, configure

CADENCES = {
    "every_15m": "15m",
    "every_30m": "30m",
    "every_60m": "60m",
    "every_daily": "daily",
    "daily_redundancy": "redundancy",
}
WAITING = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


def tick(name: str, hour: int = 12, instance: dg.DagsterInstance | None = None) -> Any:
    """What the schedule answers on the hour, UTC. A schedule's context takes no ephemeral instance."""
    if instance is None:
        with dg.instance_for_test() as empty:
            return tick(name, hour, empty)
    at = datetime(2026, 11, 20, hour, tzinfo=UTC)
    with dg.build_schedule_context(instance, scheduled_execution_time=at) as context:
        return next(schedule for schedule in SCHEDULES if schedule.name == name)(context)


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


def test_daily_is_an_hour_of_the_connections_own_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = FILE.replace('sync_every = "15m"', 'sync_every = "daily"\ndaily_at = 4\ntime_zone = "America/Los_Angeles"')
    configure(tmp_path, monkeypatch, {"drop_a": "daily"}, text)
    with dg.instance_for_test() as instance:
        due = {hour: tick("every_daily", hour, instance) for hour in range(24)}
    asked = {
        hour: config_of(answer)["connections"] for hour, answer in due.items() if isinstance(answer, dg.RunRequest)
    }
    assert asked == {3: ["drop_a"], 12: ["books_us"]}


def test_redundancy_reads_everything_of_everyone_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a connection that is synced every quarter of an hour; never of one that is synced by hand."""
    configure(tmp_path, monkeypatch, {"drop_a": "daily"})
    due = [
        config_of(answer) for hour in range(24) if isinstance(answer := tick("daily_redundancy", hour), dg.RunRequest)
    ]
    assert [(config["connections"], config["full"]) for config in due] == [(["books_us", "drop_a"], True)]


@pytest.mark.parametrize("status", WAITING)
def test_ticks_do_not_pile_up_behind_a_slow_run(
    status: dg.DagsterRunStatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, {"drop_a": "30m"})
    with dg.instance_for_test() as instance:
        begin(instance, "refresh", status, cadence="15m")
        assert "still on its way" in str(tick("every_15m", instance=instance).skip_message)
        assert isinstance(tick("every_30m", instance=instance), dg.RunRequest), "another cadence is not held up"
    with dg.instance_for_test() as instance:
        begin(instance, "refresh", dg.DagsterRunStatus.FAILURE, cadence="15m")
        begin(instance, "writeback", status)
        assert isinstance(tick("every_15m", instance=instance), dg.RunRequest)
