"""Sensors: level-triggered, so that a missed tick loses nothing. They never open the warehouse."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import dagster as dg

from pipelines import connections, journal
from pipelines.home import Home
from pipelines.outbox import Outbox
from pipelines.system import NotConfigured
from pipelines.writeback import brakes
from schedules import watch
from schedules.clock import being_read, in_flight
from schedules.jobs import JOBS, refresh, sync_config, writeback
from schedules.words import words

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dg.sensor(job=writeback, minimum_interval_seconds=15, default_status=dg.DefaultSensorStatus.RUNNING)
def outbox_waiting(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Starts a writeback while intents wait that the settings let us send; again only when what waits has changed."""
    try:
        waiting = Outbox(Home.current().outbox_url).pending(brakes(connections.load()))
    except NotConfigured as error:
        return dg.SkipReason(str(error))
    if not waiting.count:
        return dg.SkipReason("Nothing waits in the outbox.")
    if in_flight(context.instance, "writeback", "everything"):
        return dg.SkipReason("A delivery is on its way.")
    return dg.RunRequest(run_key=waiting.fingerprint, tags={"waiting": str(waiting.count)})


@dg.sensor(job=refresh, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def arrivals(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Asks each realtime connection whether something is new, all at once, and starts a refresh of those where a sync has not taken it."""
    try:
        watched = [item for item in connections.load() if item.settings.sync_every == "realtime"]
    except NotConfigured as error:
        return dg.SkipReason(str(error))
    answers, home, now = watch.ask(watched), Home.current(), watch.now()
    known = _cursor(context.cursor)
    busy = being_read(context.instance)
    due: list[str] = []
    for item in watched:
        answer = answers[item.name]
        if isinstance(answer, str):
            synced = journal.last_sync(home, item.name)
            state = known.get(item.name, watch.Watched()).told(answer, now, synced)
            if state.is_due(now, synced) and not busy(item):
                due.append(item.name)
                state = state.asked(now)
            known[item.name] = state
    context.update_cursor(json.dumps({item.name: asdict(known[item.name]) for item in watched if item.name in known}))
    silent = "".join(f" {name}: {error}" for name, error in answers.items() if isinstance(error, Exception))
    if silent:
        context.log.warning("Not answered:%s", silent)
    if not due:
        return dg.SkipReason(f"Nothing new has arrived.{silent}")
    return dg.RunRequest(run_config=sync_config(connections=due), tags={"arrived": ", ".join(due)})


def _cursor(text: str | None) -> dict[str, watch.Watched]:
    known = json.loads(text or "{}")
    return {name: watch.Watched(**state) for name, state in known.items() if isinstance(state, dict)}


@dg.sensor(job=refresh, minimum_interval_seconds=15, default_status=dg.DefaultSensorStatus.RUNNING)
def written_back(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """After each delivery, a red one too (one write of a hundred was refused), the models are built again: breaks it mended close."""
    ended = context.instance.get_runs(dg.RunsFilter(job_name="writeback", statuses=_ENDED), limit=1)
    if not ended:
        return dg.SkipReason("Nothing has been delivered yet.")
    return dg.RunRequest(run_key=f"after-{ended[0].run_id}", run_config=sync_config(connections=["-"]))


@dg.run_failure_sensor(
    monitored_jobs=list(JOBS), minimum_interval_seconds=10, default_status=dg.DefaultSensorStatus.RUNNING
)
def failed_run(context: dg.RunFailureSensorContext) -> None:
    """Writes each failed run to `logs/failures.jsonl` in the home, one line with job, run and each failed step's words."""
    entry = {
        "at": datetime.now(UTC).isoformat(),
        "job": context.dagster_run.job_name,
        "run_id": context.dagster_run.run_id,
        "error": context.failure_event.message,
        "steps": {str(event.step_key): words(event) for event in context.get_step_failure_events()},
    }
    with (Home.current().logs / "failures.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
    context.log.error("%s failed: %s", entry["job"], entry["error"])


SENSORS = [outbox_waiting, arrivals, written_back, failed_run]
