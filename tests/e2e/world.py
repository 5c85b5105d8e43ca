"""A world for a test: a sandbox of its own, a home of its own, and the steps of the circle without Dagster."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dotenv
import requests

from pipelines import connections, load, writeback
from pipelines.connections import Connections
from pipelines.home import Home, warehouse_lock
from pipelines.outbox import DeliveryReport, Outbox
from pipelines.sync import SyncReport, forget_removed, sync
from tests.models import faults, fill


@dataclass
class World:
    """A sandbox and one home over it."""

    base_url: str
    connections: Connections
    home: Home

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

    def transform(self, *, tests: bool = False) -> None:
        """Every model as Dagster runs them; with `tests`, dbt's data tests too."""
        forget_removed(self.connections, self.home)
        load.store_outbox(self.home, self.outbox.rows())
        self.fill()
        if tests:
            with warehouse_lock(self.home), load.connect(self.home) as warehouse:
                assert faults(warehouse) == {}

    def fill(self, *, only: Iterable[str] = (), changed: str = "") -> None:
        """The models of the ids `only`, or those that read the raw dataset `changed`; all if neither is given."""
        with warehouse_lock(self.home), load.connect(self.home) as warehouse:
            fill(warehouse, only=only, changed=changed)

    def plan(self, without: Collection[str] = ()) -> Any:
        return writeback.plan(self.home, self.outbox, self.connections, without=without)

    def deliver(self, without: Collection[str] = ()) -> DeliveryReport:
        return writeback.deliver(self.outbox, self.connections, without=without, home=self.home)

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
