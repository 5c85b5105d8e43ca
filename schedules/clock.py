"""One schedule per cadence. A connection says its own cadence (`sync_every`); a tick with nothing to do is skipped."""

import dagster as dg

from pipelines import connections
from pipelines.system import NotConfigured
from schedules.jobs import refresh, sync_config

CRON = {"15m": "*/15 * * * *", "30m": "*/30 * * * *", "60m": "0 * * * *", "daily": "0 3 * * *"}
_RUNNING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def in_flight(instance: dg.DagsterInstance, *jobs: str) -> bool:
    """Whether a run of one of these jobs waits or runs: ticks do not pile up behind a slow one."""
    return any(instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_RUNNING), limit=1) for job in jobs)


def _schedule(cadence: str) -> dg.ScheduleDefinition:
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            due = [item.name for item in connections.load() if item.settings.sync_every == cadence]
        except NotConfigured as error:
            return dg.SkipReason(str(error))
        if not due:
            return dg.SkipReason(f"No connection has sync_every = {cadence!r}.")
        if in_flight(context.instance, "refresh", "everything"):
            return dg.SkipReason("A run is still on its way; the next tick takes it up.")
        return dg.RunRequest(run_config=sync_config(cadence=cadence), tags={"cadence": cadence})

    return dg.ScheduleDefinition(
        name=f"every_{cadence}",
        job=refresh,
        cron_schedule=CRON[cadence],
        execution_fn=tick,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Reads the connections whose sync_every is {cadence!r}, and carries the news to the published copy.",
    )


def _redundancy() -> dg.ScheduleDefinition:
    def tick(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            connections.load()
        except NotConfigured as error:
            return dg.SkipReason(str(error))
        return dg.RunRequest(run_config=sync_config(full=True), tags={"cadence": "redundancy"})

    return dg.ScheduleDefinition(
        name="daily_redundancy",
        job=refresh,
        cron_schedule="0 2 * * *",
        execution_fn=tick,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Reads everything of every connection again, so that a change nobody announced is found within a day.",
    )


SCHEDULES = [*(_schedule(cadence) for cadence in CRON), _redundancy()]
