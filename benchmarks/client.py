"""One measured step in a process of its own, so that its peak memory is its own: `python -m benchmarks.client STEP`.

Reads `{"home": ..., "settings": ..., "environment": ...}` from standard input; prints seconds, rows and peak memory as JSON.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Step = Callable[[dict[str, Any]], Callable[[], int]]


def sync(task: dict[str, Any]) -> Callable[[], int]:
    """Everything new of the connection into the warehouse; counts invoices and their lines, main lines left out."""
    from pipelines.connections import Connection
    from pipelines.home import Home
    from pipelines.netsuite import source  # noqa: F401  the import is not what is measured
    from pipelines.netsuite.settings import NetSuiteSettings
    from pipelines.sync import sync as run

    connection = Connection("bench", "netsuite", NetSuiteSettings(**task["settings"]))

    def step() -> int:
        report = run(connection, Home(Path(task["home"])))
        sys.stderr.write(f"{report}\n")
        return report.rows

    return step


STEPS: dict[str, Step] = {"sync": sync}


def main() -> None:
    task = json.loads(sys.stdin.read())
    os.environ.update(task["environment"])
    Path(task["home"]).mkdir(parents=True, exist_ok=True)
    step = STEPS[sys.argv[1]](task)
    started = time.perf_counter()
    rows = step()
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": seconds, "rows": rows, "peak_mb": usage.ru_maxrss / 1024, "cpu": usage.ru_utime + usage.ru_stime}))


if __name__ == "__main__":
    main()
