"""What is measured, and against what."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dotenv
import requests

from benchmarks.account import LINES
from pipelines import connections, load
from pipelines.home import Home, warehouse_lock
from pipelines.outbox import Outbox
from pipelines.sync import forget_removed, sync

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
HOUR_REQUESTS = 15  # that an hour's changes may cost
TRANSFORM_LIMIT = 20.0  # seconds that `dbt build` of the demo's company may take


@dataclass(frozen=True)
class Measure:
    """One row of the table."""

    name: str
    figure: str
    against: str
    ratio: str


def ratio(better: float, worse: float) -> str:
    return f"{worse / better:.1f} x" if better else "-"


def environment() -> dict[str, str]:
    """Modules are compiled once for all processes of a run, also where Python is told to keep no bytecode."""
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def child(arguments: list[str], log: Path) -> Iterator[dict[str, Any]]:
    """A server in a process of its own, told to stop by the end of its input; gives the line of JSON it prints when it answers."""
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], env=environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"{arguments[0]} did not start: {log.read_text('utf-8')[-2000:]}")
            yield json.loads(line)
        finally:
            process.stdin.close()
            process.terminate()
            process.wait()


def step(name: str, task: dict[str, Any], home: Path) -> dict[str, float]:
    """One step of `benchmarks.client` in its own process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.client", name],
        input=json.dumps({**task, "home": str(home)}), env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the step {name} failed: {done.stderr[-2000:]}")
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def netsuite(folder: Path, invoices: int) -> Iterator[Measure]:
    """Extraction, a second sync, and the published copy of what they made. The dict path is slow: a sample of it is enough."""
    home = folder / "netsuite"
    sample = min(invoices, max(500, invoices // 20))
    with child(["benchmarks.account", str(sample)], folder / "sample.log") as task:
        if sample < invoices:  # once unmeasured, so that neither way pays for what only a first process does
            step("sync", task, folder / "warm_sync")
            step("dicts", task, folder / "warm_dicts")
        plain = step("dicts", task, folder / "dicts")
    with child(["benchmarks.account", str(invoices)], folder / "account.log") as task:
        # Once unmeasured: the twin shares this machine's processors, and has now worked out its answers.
        step("sync", task, folder / "warm_account")
        first = step("sync", task, home)
        again = step("sync", task, home)
    fast, slow = (1 + LINES) * first["rows"] / first["seconds"], (1 + LINES) * plain["rows"] / plain["seconds"]
    yield Measure(
        f"NetSuite twin to DuckDB, {first['rows']:,.0f} invoices with {LINES} lines each",
        f"{fast:,.0f} rows/s ({first['seconds']:.1f} s), peak {first['peak_mb']:.0f} MB",
        f"dlt's dict path, {plain['rows']:,.0f} of them: {slow:,.0f} rows/s, peak {plain['peak_mb']:.0f} MB",
        ratio(slow, fast),
    )
    yield Measure(
        f"Second sync, nothing new ({again['rows']:.0f} new versions)",
        f"{again['seconds']:.2f} s",
        f"the first sync: {first['seconds']:.1f} s",
        ratio(again["seconds"], first["seconds"]),
    )
    copied, published = step("copy", task, home), step("publish", task, home)
    yield Measure(
        f"Publish the warehouse ({published['rows'] / 1e6:.0f} MB)",
        f"{published['seconds']:.2f} s",
        f"COPY FROM DATABASE: {copied['seconds']:.2f} s",
        ratio(published["seconds"], copied["seconds"]),
    )


def quickbooks(folder: Path, customers: int, invoices: int) -> Iterator[Measure]:
    """A first sync at the pace that QuickBooks allows, by the twin's own log, and what an hour's changes cost afterwards."""
    with child(["benchmarks.quickbooks_account", str(customers), str(invoices)], folder / "company.log") as task:
        first = step("sync", task, folder / "quickbooks")
        seen = requests.get(f"{task['control']}/seen", timeout=60).json()
        happened = requests.post(f"{task['control']}/hour", timeout=60).json()
        hour = step("sync", task, folder / "quickbooks")
        asked = requests.get(f"{task['control']}/seen", timeout=60).json()
    yield Measure(
        f"QuickBooks twin to DuckDB, {customers:,} customers, {invoices:,} invoices and their payments ({first['rows']:,.0f} records)",
        f"{first['seconds']:.1f} s, {seen['requests']} requests, at most {seen['second']} in any second and {seen['minute']} in any minute",
        f"QuickBooks' limits: 10 a second, 500 a minute ({seen['refused']} refused)",
        ratio(seen["second"], 10),
    )
    yield Measure(
        f"An hour's changes of it ({hour['rows']:.0f} new versions; {happened['invoices']} invoices, {happened['payments']} payments)",
        f"{asked['requests']} requests, {hour['seconds']:.1f} s",
        f"the limit: {HOUR_REQUESTS} requests",
        ratio(asked["requests"], HOUR_REQUESTS),
    )


def transform(folder: Path, customers: int = 200, months: int = 18) -> Iterator[Measure]:
    """`dbt build`, models and tests, of the demo's company after its first sync; the project is parsed before, as `make setup` does."""
    file, home = folder / "connections.toml", Home(folder / "company")
    home.root.mkdir(parents=True, exist_ok=True)
    size = ["--seed=7", f"--customers={customers}", f"--months={months}"]
    command = ["pipelines", "sandbox", *size, "--port=0", "--sftp-port=0", f"--connections-out={file}"]
    with child(command, folder / "sandbox.log"):
        os.environ.update({name: text for name, text in dotenv.dotenv_values(folder / ".env").items() if text})
        known = connections.load(file)
        with ThreadPoolExecutor(4) as pool:
            rows = sum(report.rows for report in pool.map(lambda item: sync(item, home), known))
        forget_removed(known, home)
        load.store_outbox(home, Outbox(home.outbox_url).rows())
    with warehouse_lock(home):
        _dbt(home, "parse")
        started = time.perf_counter()
        _dbt(home, "build")
        seconds = time.perf_counter() - started
    yield Measure(
        f"`dbt build` of {customers} customers, {months} months ({rows:,} raw rows)",
        f"{seconds:.1f} s",
        f"the limit: {TRANSFORM_LIMIT:.0f} s",
        ratio(seconds, TRANSFORM_LIMIT),
    )


def _dbt(home: Home, what: str) -> None:
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    where += ["--target-path", str(home.root / "target"), "--log-path", str(home.root / "logs"), "--quiet"]
    done = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), what, *where],
        env={**os.environ, "TIEOUT_WAREHOUSE": str(home.warehouse), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"dbt {what} failed: {done.stdout[-2000:]}")
