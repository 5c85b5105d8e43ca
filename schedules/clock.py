"""One schedule per cadence. A connection says its own cadence (`sync_every`) and its hours of the day (`daily_at`, `redundancy_at`, in its
own zone).

What is due once a day is due until it is done: the first tick after the hour takes it up, and when that tick was missed, found the
connection busy, or its run failed, a later one does. An hour that the clock leaves out in spring is the next one.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines import connections, journal
from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.system import NotConfigured
from schedules.jobs import refresh, sync_config

CRON = {
    "15m": "*/15 * * * *",
    "30m": "*/30 * * * *",
    "60m": "0 * * * *",
    "daily": "0 * * * *",
    "redundancy": "0 * * * *",
}
_RUNNING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_READING = ("ingest", "refresh", "everything")  # the jobs that sync


def in_flight(instance: dg.DagsterInstance, *jobs: str) -> bool:
    """Whether a run of one of these jobs waits or runs."""
    return any(instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_RUNNING), limit=1) for job in jobs)


def being_read(instance: dg.DagsterInstance) -> Callable[[Connection], bool]:
    """Whether a run waits or runs that syncs a connection: nobody asks for it twice at once. Runs are asked now, once."""
    configs = []
    for job in _READING:
        for record in instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_RUNNING)):
            ops: Any = record.dagster_run.run_config.get("ops", {})
            configs.append({name: op.get("config", {}) for name, op in ops.items()})

    def found(item: Connection) -> bool:
        asked = (config.get(f"raw_{item.system}", {}) for config in configs)
        return any(
            item.name in (one.get("connections") or [item.name])
            and one.get("cadence", "") in ("", item.settings.sync_every)
            for one in asked
        )

    return found


def backoff(failures: int, first: timedelta, longest: timedelta) -> timedelta:
    """How long to wait after so many failures in a row: twice as long each time."""
    return min(first * 2 ** min(failures - 1, 20), longest) if failures else timedelta(0)


def last_hour(hour: int, zone: str, at: datetime) -> datetime:
    """The last time, up to `at`, that the clock of a zone struck this hour (UTC). Of an hour that comes twice, the first; one that is left
    out strikes when the clock goes forward."""
    today = at.astimezone(ZoneInfo(zone)).date()
    days = (today, today - timedelta(days=1))
    struck = (datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC) for day in days)
    return next(moment for moment in struck if moment <= at)


def due(cadence: str, at: datetime, home: Home) -> list[Connection]:
    """The connections that a tick of `cadence` at this instant is for. `redundancy` reads every connection again, once a day."""
    return [item for item in connections.load() if _is_due(item, cadence, at, home)]


def _is_due(item: Connection, cadence: str, at: datetime, home: Home) -> bool:
    settings = item.settings
    match cadence:
        case "60m":  # what a sensor may have missed of a realtime connection, the hour finds
            return settings.sync_every in ("60m", "realtime")
        case "daily":
            return settings.sync_every == "daily" and _is_owed(item, settings.daily_at, at, home, full=False)
        case "redundancy":
            return settings.sync_every != "manual" and _is_owed(item, settings.redundancy_at, at, home, full=True)
    return bool(settings.sync_every == cadence)


def _is_owed(item: Connection, hour: int, at: datetime, home: Home, *, full: bool) -> bool:
    """Not done since the hour struck, and not just failed: again after one hour, two, four."""
    struck = last_hour(hour, item.settings.time_zone, at)
    done = journal.last_sync(home, item.name, full=full)
    if (done is not None and done >= struck) or (full and journal.last_sync(home, item.name) is None):
        return False  # a first sync reads everything anyway
    failed = [when for when in journal.tries(home, item.name, full=full) if when >= struck]
    return not failed or at - failed[0] >= backoff(len(failed), timedelta(minutes=55), timedelta(hours=4))


def _schedule(name: str, cadence: str, description: str) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job=refresh,
        cron_schedule=CRON[cadence],
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            asked = due(cadence, context.scheduled_execution_time, Home.current())
        except NotConfigured as error:
            return dg.SkipReason(str(error))
        if not asked:
            return dg.SkipReason(f"No connection is due ({cadence}).")
        busy = being_read(context.instance)
        names = [item.name for item in asked if not busy(item)]
        if not names:
            reading = ", ".join(item.name for item in asked)
            return dg.SkipReason(
                f"A run that reads {reading} is still on its way; a later tick takes up what it leaves."
            )
        config = sync_config(connections=names, full=cadence == "redundancy")
        return dg.RunRequest(run_config=config, tags={"cadence": cadence})

    return tick


SCHEDULES = [
    *(
        _schedule(f"every_{cadence}", cadence, f"Reads the connections whose sync_every is {cadence!r}, and publishes.")
        for cadence in ("15m", "30m")
    ),
    _schedule("every_60m", "60m", "Reads the connections whose sync_every is '60m' or 'realtime', and publishes."),
    _schedule(
        "every_daily", "daily", "Reads the connections whose sync_every is 'daily' after their daily_at, and publishes."
    ),
    _schedule(
        "daily_redundancy",
        "redundancy",
        "Reads everything again, each connection once a day after its redundancy_at, so that a change nobody announced is found.",
    ),
]
