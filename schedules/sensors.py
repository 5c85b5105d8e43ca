"""Sensors: level-triggered, so that a missed tick loses nothing. They never open the warehouse."""

import json
from datetime import UTC, datetime

import dagster as dg

from pipelines import connections
from pipelines.home import Home
from pipelines.outbox import Outbox
from pipelines.system import NotConfigured, TieoutError
from pipelines.writeback import brakes
from schedules.clock import in_flight
from schedules.jobs import JOBS, refresh, sync_config, writeback
from schedules.words import words


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
    """Starts an ingest when something new has arrived where a system can tell cheaply (a file in an SFTP drop)."""
    try:
        watched = [
            item for item in connections.load() if item.declared.arrivals and item.settings.sync_every != "manual"
        ]
    except NotConfigured as error:
        return dg.SkipReason(str(error))
    seen: dict[str, str] = json.loads(context.cursor or "{}")
    silent: list[str] = []
    now = dict(seen)
    for item in watched:
        assert item.declared.arrivals
        try:
            now[item.name] = item.declared.arrivals(item)
        except TieoutError as error:
            silent.append(f"{item.name}: {error}")
    changed = sorted(name for name in now if now[name] != seen.get(name))
    if not changed:
        return dg.SkipReason("Nothing new has arrived." + "".join(f" {problem}" for problem in silent))
    context.update_cursor(json.dumps(now, sort_keys=True))
    return dg.RunRequest(run_config=sync_config(connections=changed), tags={"arrived": ", ".join(changed)})


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[writeback],
    request_job=refresh,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def written_back(context: dg.RunStatusSensorContext) -> dg.RunRequest:
    """After a delivery the models are built again, so that the breaks it mended close."""
    return dg.RunRequest(run_key=f"after-{context.dagster_run.run_id}", run_config=sync_config(connections=["-"]))


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
