"""One measured step in a process of its own, so that its peak memory is its own: `python -m benchmarks.client STEP`.

Reads `{"home": ..., "settings": ..., "environment": ...}` from standard input; prints seconds, rows and peak memory as JSON. What a step
imports is imported before the clock starts.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from pipelines import systems
from pipelines.connections import Connection
from pipelines.home import Home

Step = Callable[[], int]


def sync(connection: Connection, home: Home) -> Step:
    """Everything new of the connection into the warehouse; new versions of its records."""
    import pandas  # noqa: F401

    from pipelines.sync import sync as run

    import_module(f"pipelines.{connection.system}.source")
    counted = ("transaction",) if connection.system == "netsuite" else ("customer", "invoice", "payment")

    def step() -> int:
        versions = run(connection, home).versions
        return sum(versions[table] for table in counted)

    return step


def dicts(connection: Connection, home: Home) -> Step:
    """The same rows from the same pages, given to dlt as plain dicts: it infers the types and goes through each value."""
    import dlt
    import pandas  # noqa: F401

    from pipelines.netsuite import reads
    from pipelines.netsuite.client import Client
    from pipelines.netsuite.suiteql import Scope, slices
    from pipelines.netsuite.sweep import ordered

    def transactions() -> Iterator[list[dict[str, Any]]]:
        with Client(connection, home) as client:
            condition = Scope(connection.settings).transactions()
            span = client.scalar(
                f"SELECT MIN(t.id) AS low, MAX(t.id) AS high, COUNT(*) AS amount FROM transaction t WHERE {condition}"
            )
            parts = slices(int(span["low"]), int(span["high"]), int(span["amount"]))
            read = reads.transactions(())
            for _part, rows in ordered(
                lambda part: read.rows(client, part, condition, condition), parts, connection.settings.max_concurrency
            ):
                yield rows

    def step() -> int:
        pipeline = dlt.pipeline(
            "dicts",
            pipelines_dir=str(home.dlt),
            destination=dlt.destinations.duckdb(str(home.warehouse)),
            dataset_name="raw_dicts",
        )
        resource_ = dlt.resource(transactions, name="transaction", write_disposition="append")
        pipeline.run(resource_, loader_file_format="parquet")
        with pipeline.sql_client() as warehouse:
            found: Any = warehouse.execute_sql('select count(*) from "transaction"')
        return int(found[0][0])

    return step


def publish(_connection: Connection, home: Home) -> Step:
    """The published copy, as Tieout makes it."""
    from pipelines.publish import publish as run

    return lambda: run(home).stat().st_size


def copy(_connection: Connection, home: Home) -> Step:
    """The published copy, had DuckDB written it table by table."""
    from pipelines.load import connect

    def step() -> int:
        target = home.root / "copied.duckdb"
        with connect(home) as warehouse:
            warehouse.execute(f"attach '{target}' as copied (storage_version 'v1.4.0')")
            name = warehouse.execute("select current_database()").fetchall()[0][0]
            warehouse.execute(f"copy from database {name} to copied").fetchall()
            warehouse.execute("detach copied")
        return target.stat().st_size

    return step


STEPS: dict[str, Callable[[Connection, Home], Step]] = {"sync": sync, "dicts": dicts, "publish": publish, "copy": copy}


def main() -> None:
    task = json.loads(sys.stdin.read())
    os.environ.update(task["environment"])
    home = Home(Path(task["home"]))
    home.root.mkdir(parents=True, exist_ok=True)
    system = systems()[task.get("system", "netsuite")]
    step = STEPS[sys.argv[1]](Connection("bench", system.name, system.settings(**task["settings"])), home)
    started = time.perf_counter()
    rows = step()
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "rows": rows,
                "peak_mb": usage.ru_maxrss / 1024,
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
            }
        )
    )


if __name__ == "__main__":
    main()
