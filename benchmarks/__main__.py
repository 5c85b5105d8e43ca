"""`python -m benchmarks`: prints a Markdown table of measures; nothing of yours is read or written."""

import argparse
import os
import sys
import tempfile
from itertools import chain
from pathlib import Path

from benchmarks.measures import netsuite, quickbooks, transform


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--invoices", type=int, default=None, help="invoices to extract (100000; 500 with --quick)")
    parser.add_argument(
        "--customers", type=int, default=None, help="customers of the QuickBooks company (5000; 50 with --quick)"
    )
    parser.add_argument("--only", choices=("netsuite", "quickbooks", "transform"), help="leave the others out")
    parser.add_argument("--quick", action="store_true", help="a smoke run: few invoices, and dbt left out")
    chosen = parser.parse_args()
    invoices = chosen.invoices or (500 if chosen.quick else 100_000)
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        folder = Path(name)
        customers = chosen.customers or (50 if chosen.quick else 5000)
        parts = {
            "netsuite": netsuite(folder, invoices),
            "quickbooks": quickbooks(folder, customers, invoices),
            "transform": transform(folder),
        }
        wanted = [chosen.only] if chosen.only else ["netsuite", "quickbooks", *([] if chosen.quick else ["transform"])]
        measures = chain.from_iterable(parts[name] for name in wanted)
        print("| measure | Tieout | against | ratio |\n|---|---|---|---|", flush=True)
        for measure in measures:
            print(f"| {measure.name} | {measure.figure} | {measure.against} | {measure.ratio} |", flush=True)
    busy = f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"
    print(f"\n{busy}; Python {sys.version.split()[0]}. Process start and imports are not counted, except dbt's.")


if __name__ == "__main__":
    main()
