"""Slots: a number of holders that several processes keep together."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from pipelines.home import Home, Slots

HOLD = """
import sys, time, pathlib
from pipelines.home import Home, Slots
with Slots(Home(pathlib.Path(sys.argv[1])), "calls", 1).slot():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_slot_is_held_against_other_processes_until_they_die(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    got = threading.Event()

    def wait() -> None:
        with Slots(Home(tmp_path), "calls", 1).slot():
            got.set()

    threading.Thread(target=wait, daemon=True).start()
    assert not got.wait(0.3)
    other.kill()  # a crash: nothing is tidied up
    other.wait()
    assert got.wait(10)


def test_a_busy_process_lets_another_one_in(tmp_path: Path) -> None:
    busy, other, stop = Slots(Home(tmp_path), "calls", 2), Slots(Home(tmp_path), "calls", 2), threading.Event()

    def work() -> None:
        while not stop.is_set():
            with busy.slot():
                time.sleep(0.005)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    for _ in range(10):
        with other.slot():
            pass
    waited = time.monotonic() - began
    stop.set()
    for thread in threads:
        thread.join()
    assert waited < 3


def test_a_free_slot_costs_next_to_nothing(tmp_path: Path) -> None:
    slots = Slots(Home(tmp_path), "calls", 4)
    began = time.perf_counter()
    for _ in range(1000):
        with slots.slot():
            pass
    assert (time.perf_counter() - began) / 1000 < 0.0002
