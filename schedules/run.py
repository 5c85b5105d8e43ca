"""`python -m schedules.run JOB`: run a job now, in this process, recorded in the home's Dagster instance so that the UI shows it.

`everything` repeats while a round wrote something, so that what it wrote is read again and the breaks close.
"""

import contextlib
import json
import logging
import os
import shutil
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import click
import dagster as dg
from rich.console import Console

from pipelines.home import Home
from pipelines.publish import query
from schedules.words import words

console = Console(stderr=True)


def prepare_home(home: Home) -> Path:
    """DAGSTER_HOME inside the home, with the project's dagster.yaml; returns it."""
    shutil.copyfile(Path(__file__).resolve().parent.parent / ".dagster" / "dagster.yaml", home.dagster / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    return home.dagster


def execute(job: str, run_config: dict[str, Any] | None = None) -> tuple[bool, dict[str, Any]]:
    """Run a job in process. Returns whether it succeeded and the metadata of its materialisations by asset key."""
    from definitions import defs  # this command stands above the definitions; nothing imports it

    run_id = str(uuid.uuid4())
    with dg.DagsterInstance.get() as instance:
        done = threading.Event()
        progress = threading.Thread(target=_show, args=(instance, run_id, done), daemon=True)
        progress.start()
        config = {
            **(run_config or {}),
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        }
        with (Home.current().logs / "steps.log").open("a", encoding="utf-8") as log, contextlib.redirect_stdout(log):
            result = defs.resolve_job_def(job).execute_in_process(
                instance=instance, run_config=config, run_id=run_id, raise_on_error=False
            )
        done.set()
        progress.join()
    metadata: dict[str, Any] = {}
    for event in result.get_asset_materialization_events():
        if event.asset_key:
            materialized = event.step_materialization_data.materialization
            metadata[event.asset_key.to_user_string()] = {
                name: value.value for name, value in materialized.metadata.items()
            }
    return result.success, metadata


def _show(instance: dg.DagsterInstance, run_id: str, done: threading.Event) -> None:
    """Print each step as it ends, until the run has ended and all is printed."""
    steps = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}
    began: dict[str, float] = {}
    shown = 0
    while True:
        last = done.is_set()
        entries = instance.all_logs(run_id, of_type=steps)
        for entry in entries[shown:]:
            event = entry.dagster_event
            if event is None or event.step_key is None:
                continue
            if event.event_type == dg.DagsterEventType.STEP_START:
                began[event.step_key] = entry.timestamp
                continue
            seconds = entry.timestamp - began.get(event.step_key, entry.timestamp)
            console.print(
                f"  {'done' if event.is_step_success else '[red]FAILED[/]'} {event.step_key} ({seconds:.1f} s)"
            )
            if event.is_step_failure:
                console.print(f"    {words(event)}", markup=False)
        shown = len(entries)
        if last:
            return
        done.wait(0.5)


def note(home: Home, number: int, posted: int, seconds: float) -> None:
    """Write down a green round as a line of `logs/rounds.jsonl`: what it wrote, and the breaks (key -> reason) that it published."""
    breaks = dict(query(home, "select break_key, reason from reconciliation.rec_breaks order by break_key").iter_rows())
    entry = {"round": number, "posted": posted, "seconds": round(seconds, 1), "breaks": breaks}
    with (home.logs / "rounds.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


@click.command()
@click.argument("job")
@click.option("--full", is_flag=True)
@click.option("--rounds", default=4)
@click.option("--no-apply", is_flag=True)
@click.option("--connection", "names", multiple=True)
def main(job: str, full: bool, rounds: int, no_apply: bool, names: tuple[str, ...]) -> None:
    """Run JOB; exits with 1 when it is red."""
    logging.getLogger("dagster").setLevel(logging.ERROR)
    prepare_home(Home.current())
    from schedules.jobs import sync_config

    started = time.monotonic()
    if job == "writeback":  # what was written is read again there; build on it, so that the breaks close
        green, _ = execute(job)
        rebuilt, _ = execute("refresh", sync_config(connections=["-"]))
        sys.exit(0 if green and rebuilt else 1)
    if job != "everything":
        green, _ = execute(job)
        sys.exit(0 if green else 1)
    name = "refresh" if no_apply else "everything"
    for number in range(1, rounds + 1):
        console.print(f"Round {number}: reading, transforming, publishing{'' if no_apply else ', writing back'} ...")
        # A delivery has read the books it wrote to; the other systems are read once.
        config = sync_config(full=full, connections=[*names]) if number == 1 else sync_config(connections=["-"])
        green, metadata = execute(name, config)
        posted = int(metadata.get("outbox/deliveries", {}).get("posted", 0) or 0)
        seconds = time.monotonic() - started
        console.print(f"Round {number}: {'green' if green else 'RED'}, {posted} written, {seconds:.0f} s so far")
        if not green:
            sys.exit(1)
        note(Home.current(), number, posted, seconds)
        if not posted:
            break
    sys.exit(0)


if __name__ == "__main__":
    main()
