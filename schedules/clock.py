"""One schedule per cadence. A connection says its own cadence (`sync_every`) and its hour of the day (`daily_at`, in its own zone); a
tick with nothing to do is skipped, and a slow run holds up only the ticks of its own cadence."""

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines import connections
from pipelines.connections import Connection
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


def in_flight(instance: dg.DagsterInstance, *jobs: str, tags: dict[str, str] | None = None) -> bool:
    """Whether a run of one of these jobs (with these tags) waits or runs: ticks do not pile up behind a slow one."""
    return any(
        instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_RUNNING, tags=tags), limit=1) for job in jobs
    )


def due(cadence: str, at: datetime) -> list[Connection]:
    """The connections that a tick of `cadence` at this instant is for. `redundancy` reads every connection again, once a day."""
    return [item for item in connections.load() if _is_due(item, cadence, at)]


def _is_due(item: Connection, cadence: str, at: datetime) -> bool:
    if cadence not in ("daily", "redundancy"):
        return bool(item.settings.sync_every == cadence)
    hour = at.astimezone(ZoneInfo(item.settings.time_zone)).hour
    asked = item.settings.sync_every == "daily" if cadence == "daily" else item.settings.sync_every != "manual"
    return bool(asked and hour == (item.settings.daily_at if cadence == "daily" else item.settings.redundancy_at))


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
            names = [item.name for item in due(cadence, context.scheduled_execution_time)]
        except NotConfigured as error:
            return dg.SkipReason(str(error))
        if not names:
            return dg.SkipReason(f"No connection is due ({cadence}).")
        if in_flight(context.instance, "refresh", tags={"cadence": cadence}):
            return dg.SkipReason(f"The last {cadence} run is still on its way; the next tick takes it up.")
        config = sync_config(connections=names, full=cadence == "redundancy")
        return dg.RunRequest(run_config=config, tags={"cadence": cadence})

    return tick


SCHEDULES = [
    *(
        _schedule(f"every_{cadence}", cadence, f"Reads the connections whose sync_every is {cadence!r}, and publishes.")
        for cadence in ("15m", "30m", "60m", "daily")
    ),
    _schedule(
        "daily_redundancy",
        "redundancy",
        "Reads everything again, each connection at its own hour, so that a change nobody announced is found within a day.",
    ),
]
