"""`make bench` in small: every measure that needs no company prints a figure."""

import re
import subprocess
import sys


def test_a_quick_run_prints_a_figure_for_each_measure() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--invoices=60"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    header, _, *rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert header == "| measure | Tieout | against | ratio |"
    extraction, second, published, first, hour = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    assert re.match(r"[\d,]+ rows/s \([\d.]+ s\), peak \d+ MB$", extraction[1])
    assert "60 invoices with 3 lines" in extraction[0]
    assert "0 new versions" in second[0]
    assert re.match(r"[\d.]+ s$", second[1])
    assert re.match(r"COPY FROM DATABASE: [\d.]+ s$", published[2])
    assert re.match(r"[\d.]+ s, \d+ requests, at most \d+ in any second and \d+ in any minute$", first[1])
    assert "50 customers, 60 invoices" in first[0]
    assert "(0 refused)" in first[2]
    assert re.match(r"\d+ requests", hour[1])
    assert all(re.match(r"[\d.]+ x$", row[3]) for row in (extraction, second, published, first, hour))
