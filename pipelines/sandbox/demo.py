"""`make demo`: start the sandbox, run the whole circle, and end with a short account. A second run changes nothing.

The sandbox lives in memory and stays up for the UI and for the next run. Its company begins anew when it has to be started again, so
the demo's own home begins anew with it; a home that is not the demo's is never touched.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import requests
from rich.console import Console
from rich.table import Table

from pipelines import connections
from pipelines.home import Home
from pipelines.publish import query
from pipelines.system import NotConfigured, TieoutError

console = Console()
MARK = "# Written by `tieout sandbox`"
START_SECONDS = 120


class DemoHome:
    """The demo's traces: `sandbox.json` in the home says which process serves which port."""

    def __init__(self, home: Home, file: Path) -> None:
        self.home = home
        self.file = file
        self.note = home.root / "sandbox.json"

    def running(self) -> dict[str, Any] | None:
        """The sandbox that this home was filled from, if it still answers."""
        if not self.note.exists() or not self.file.exists():
            return None
        known: dict[str, Any] = json.loads(self.note.read_text("utf-8"))
        try:
            health = requests.get(f"http://127.0.0.1:{known['port']}/__sandbox__/health", timeout=5)
        except requests.RequestException:
            return None
        return known if health.ok and health.json().get("pid") == known["pid"] else None

    def begin_anew(self) -> None:
        """Forget the last demo. Raises NotConfigured rather than touch what the demo did not make."""
        if self.file.exists() and not self.file.read_text("utf-8").startswith(MARK):
            raise NotConfigured(
                f"{self.file} is not the demo's. Remedy: set TIEOUT_CONNECTIONS and TIEOUT_DATA to other places for the demo."
            )
        leftovers = [path for path in self.home.root.iterdir() if path.name != "sandbox.log"]
        if leftovers and not self.note.exists():
            raise NotConfigured(
                f"{self.home.root} holds data that is not the demo's. Remedy: set TIEOUT_DATA to an empty folder for the demo."
            )
        for path in leftovers:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def start(self, seed: int, customers: int, months: int) -> dict[str, Any]:
        """Start a sandbox that outlives this process, and wait until it answers."""
        self.begin_anew()
        log = (self.home.root / "sandbox.log").open("w", encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pipelines",
            "sandbox",
            f"--seed={seed}",
            f"--customers={customers}",
            f"--months={months}",
        ]
        process = subprocess.Popen(
            [*command, "--port=0", "--sftp-port=0", f"--connections-out={self.file}"],
            stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdout
        ready = process.stdout.readline()  # one line when it answers, none if it died
        if not ready.startswith("{"):
            raise TieoutError(f"The sandbox did not start: {ready or 'no word'} See {log.name}.")
        known = {**json.loads(ready), "pid": process.pid}
        self.note.write_text(json.dumps(known), "utf-8")
        return known


@click.command()
@click.option("--seed", default=7, show_default=True)
@click.option("--customers", default=200, show_default=True)
@click.option("--months", default=18, show_default=True)
@click.option("--stop", is_flag=True, help="Stop the demo's sandbox and leave the rest as it is.")
@click.option("--only-start", is_flag=True, help="Start the sandbox if it does not run, and do nothing else.")
def main(seed: int, customers: int, months: int, stop: bool, only_start: bool) -> None:
    """Run the demo."""
    demo = DemoHome(Home.current(), connections.default_path())
    known = demo.running()
    if stop:
        if known:
            os.kill(known["pid"], signal.SIGTERM)
        console.print("The sandbox is stopped." if known else "No sandbox runs.")
        return
    try:
        if known is None:
            console.print("Starting the sandbox ...")
            known = demo.start(seed, customers, months)
        if not only_start:
            circle(demo.home, known)
    except TieoutError as error:
        raise click.ClickException(str(error)) from error


def circle(home: Home, known: dict[str, Any]) -> None:
    """Rounds until nothing is left to write. The first one's published copy shows the breaks as found, the last one's what is left."""
    started = time.monotonic()
    if subprocess.run([sys.executable, "-m", "pipelines", "run"], check=False).returncode:
        raise TieoutError("`tieout run` ended red; its words stand above.")
    rounds = [json.loads(line) for line in (home.logs / "rounds.jsonl").read_text("utf-8").splitlines()]
    first = max(place for place, entry in enumerate(rounds) if entry["round"] == 1)
    account(home, rounds[first]["breaks"], rounds[-1]["breaks"], known, time.monotonic() - started)


def account(home: Home, before: dict[str, str], after: dict[str, str], known: dict[str, Any], seconds: float) -> None:
    """The short account of a demo run."""
    tables = query(home, """
        select schema_name, table_name from duckdb_tables()
        where schema_name like 'raw%' and table_name not like '\\_dlt%' escape '\\'
    """)  # fmt: skip
    versions = " union all ".join(
        f"select '{schema}' as dataset from {schema}.\"{name}\"" for schema, name in tables.rows()
    )
    _print(home, "Rows read", f"""
        select dataset, count(*) as rows from ({versions}) group by dataset
        union all
        select system || ' ' || connection || ': documents and payments', document_count + payment_count from ops.sync_status
        order by 1
    """)  # fmt: skip
    _print(home, "AR balance and aging", """
        select currency, bucket, count(*) as open_items, sum(open_amount) as open_amount
        from aging.ar_aging group by currency, bucket, bucket_order order by currency, bucket_order
    """)  # fmt: skip
    closed = [reason for key, reason in before.items() if key not in after]
    table = Table("reason", "found", "closed by write-back", "open", title="Breaks")
    for reason in sorted({*before.values(), *after.values()}):
        counts = (list(before.values()).count(reason), closed.count(reason), list(after.values()).count(reason))
        table.add_row(reason, *map(str, counts))
    console.print(table)
    _print(
        home, "Writes", "select connection, kind, state, count(*) as intents from ops.intents group by all order by all"
    )
    console.print(f"Warehouse (read-only, open it with any DuckDB): {home.published}", soft_wrap=True)
    console.print('Ask it:    .venv/bin/tieout query "select * from collections.ar_to_chase limit 5"')
    console.print("See it:    make ui, then http://127.0.0.1:3000")
    console.print(f"Sandbox:   http://127.0.0.1:{known['port']}/__sandbox__/truth (stop it: make stop)")
    console.print(f"The circle took {seconds:.0f} s.")


def _print(home: Home, title: str, sql: str) -> None:
    frame = query(home, sql)
    table = Table(*frame.columns, title=title)
    for row in frame.iter_rows():
        table.add_row(
            *("" if value is None else f"{value:,}" if isinstance(value, int) else str(value) for value in row)
        )
    console.print(table)


if __name__ == "__main__":
    main()
