"""A world for a test: a sandbox of its own, a home of its own, and the steps of the circle without Dagster."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dotenv
import pytest
import requests
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from pipelines import connections, load, writeback
from pipelines.connections import Connections
from pipelines.home import Home, warehouse_lock
from pipelines.outbox import DeliveryReport, Outbox
from pipelines.sync import SyncReport, forget_removed, sync

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"

WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
_PARSED: list[Any] = []


def dbt(home: Home, *arguments: str) -> Any:
    """dbt in this process on one home's warehouse, under its lock; returns the result. The file is free again afterwards.

    The project is parsed once a process: what a home changes is only the file, which the profile reads anew at each call.
    """
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    where += ["--target-path", str(home.root / "target"), "--log-path", str(home.root / "logs"), "--quiet"]
    where += ["--threads", "1", "--no-write-json"]  # the other core has a test of its own
    with warehouse_lock(home), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEOUT_WAREHOUSE", str(home.warehouse))
        try:
            if not _PARSED:
                parsed = dbtRunner().invoke(["parse", *where])
                assert parsed.success, parsed.exception
                _PARSED.append(parsed.result)
            # A copy for every run, since a run writes what it compiled into the manifest.
            done = dbtRunner(manifest=_PARSED[0].deepcopy()).invoke([*arguments, *where])
        finally:
            DuckDBConnectionManager.close_all_connections()
    nodes: Any = done.result or ()
    problems = [f"{item.node.name}: {item.message}" for item in nodes if item.status in ("error", "fail")]
    assert done.success, done.exception or problems
    return done.result


def again(home: Home, done: Any, dataset: str | None = None) -> None:
    """Fill what depends on one raw dataset (or on any) from the warehouse as it is now, by the very SQL that dbt compiled in an earlier run.

    For tests that look at many states of one warehouse: a run of dbt costs seconds, this a fraction of one.
    """
    moved = {f"source.tieout.{dataset}"}
    with warehouse_lock(home), load.connect(home) as warehouse:
        warehouse.execute("begin")
        for node in (item.node for item in done if item.node.resource_type == "model"):  # in the order they were built
            sources = {parent.rpartition(".")[0] for parent in node.depends_on.nodes if parent.startswith("source.")}
            if dataset is not None and not moved & {*node.depends_on.nodes, *sources}:
                continue
            moved.add(node.unique_id)
            if node.config.materialized == "table":
                warehouse.execute(f"delete from {node.relation_name}")
                warehouse.execute(f"insert into {node.relation_name} by name {node.compiled_code}")
        warehouse.execute("commit")


@dataclass
class World:
    """A sandbox and one home over it."""

    base_url: str
    connections: Connections
    home: Home
    built: Any = None  # what dbt did first in this home

    def control(self, method: str, what: str, **options: Any) -> Any:
        response = requests.request(method, f"{self.base_url}/__sandbox__/{what}", timeout=120, **options)
        response.raise_for_status()
        return response.json()

    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "truth")
        return found

    def advance(self, days: int) -> None:
        self.control("POST", "advance", json={"days": days})

    def faults(self, *rules: dict[str, Any]) -> None:
        self.control("POST", "faults", json=list(rules))

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.home.outbox_url)

    def ingest(self, *names: str, full: bool = False) -> dict[str, SyncReport]:
        chosen = [item for item in self.connections if not names or item.name in names]
        with ThreadPoolExecutor(4) as pool:
            reports = pool.map(
                lambda item: sync(item, self.home, full=full, confirmations=self.outbox.confirmations()), chosen
            )
            return {report.connection: report for report in reports}

    def transform(self, *arguments: str, tests: bool = False) -> None:
        """Every model as Dagster runs them; with `tests`, dbt's tests too (half as long again). Later times by the SQL of the first."""
        forget_removed(self.connections, self.home)
        load.store_outbox(self.home, self.outbox.rows())
        if arguments or tests or self.built is None:
            done = dbt(self.home, "build", *([] if tests else WITHOUT_TESTS), *arguments)
            self.built = self.built or (None if arguments else done)
        else:
            again(self.home, self.built)

    def plan(self) -> Any:
        return writeback.plan(self.home, self.outbox, self.connections)

    def deliver(self) -> DeliveryReport:
        return writeback.deliver(self.outbox, self.connections)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with warehouse_lock(self.home), load.connect(self.home) as warehouse:
            cursor = warehouse.execute(sql)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def beside(self, root: Path) -> "World":
        """Another home over the same sandbox."""
        root.mkdir(parents=True, exist_ok=True)
        return World(self.base_url, self.connections, Home(root))


@contextmanager
def world(folder: Path, *, seed: int = 1, customers: int = 200, months: int = 18) -> Iterator[World]:
    """Start a sandbox on free ports, hand out a world, and end the sandbox by its own process id."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "connections.toml"
    command = [
        sys.executable,
        "-m",
        "pipelines",
        "sandbox",
        f"--seed={seed}",
        f"--customers={customers}",
        f"--months={months}",
    ]
    with (folder / "sandbox.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*command, "--port=0", "--sftp-port=0", f"--connections-out={file}"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        before = dict(os.environ)
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("{"), (folder / "sandbox.log").read_text("utf-8")[-3000:]
            os.environ.update({name: value for name, value in dotenv.dotenv_values(folder / ".env").items() if value})
            home = Home(folder / "home")
            home.root.mkdir(exist_ok=True)
            yield World(f"http://127.0.0.1:{json.loads(line)['port']}", connections.load(file), home)
        finally:
            os.environ.clear()
            os.environ.update(before)
            process.terminate()
            process.wait(timeout=20)


def forget(home: Home) -> None:
    """Remove a home, so that a long test keeps the disk small."""
    shutil.rmtree(home.root, ignore_errors=True)
