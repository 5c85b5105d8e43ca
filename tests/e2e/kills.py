"""Deliverers in processes of their own, killed at moments of which nobody knows where they fall, and the rows they deliver."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines import connections
from pipelines.outbox import Brakes, Outbox, Pace

ROOT = Path(__file__).resolve().parents[2]
MANY = 1_000_000_000
KINDS = ("payment", "deposit", "reversal", "record_update")
PACE = Pace(tries=8, backoff=0.02, backoff_most=0.2, settle=0.02, give_up_after=20)


def row(key: str, name: str, kind: str, amount: str, currency: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A planned row."""
    return {
        "intent_key": key, "connection": name, "kind": kind, "subject_key": key, "amount": amount, "currency": currency,
        "payload": payload,
    }  # fmt: skip


def update(name: str, record: str, field: str) -> dict[str, Any]:
    """A planned note on an invoice."""
    payload = {"record_type": "invoice", "record_id": record, "field": field, "value": "noted once"}
    return row(f"tieout_update_once_{name}_{record}", name, "record_update", "0", "XXX", payload)


def start(program: str, file: Path, outbox: Path, run: int) -> subprocess.Popen[str]:
    """Run a test's file as the delivering process."""
    command = [sys.executable, program, str(file), str(outbox), f"run-{run}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def killed(process: subprocess.Popen[str], outbox: Outbox, posted: int, chance: random.Random) -> int:
    """Kill a deliverer once that many are posted and another is on its way; returns how many intents it left begun."""
    deadline = time.monotonic() + 60
    while len(outbox.list(state="posted")) < posted or not outbox.list(state="sending"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.002)
    time.sleep(chance.random() * 0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return len(outbox.list(state="sending"))


def deliver(system: str, **hasty: Any) -> None:
    """What the process does: deliver to every connection of a system. As many tries as usual, but (`hasty`) shorter pauses between them:
    the twin's faults do not pass with time."""
    file, path, run_id = sys.argv[1:]
    books = [
        replace(item, settings=item.settings.model_copy(update=hasty))
        for item in connections.load(Path(file)).of(system)
    ]
    writers = {item.name: item.declared.writer(item) for item in books}
    apply = Brakes(dict.fromkeys(KINDS, "apply"), max_writes=MANY, max_total={"*": Decimal(MANY)})
    print(Outbox(Path(path)).deliver(writers, brakes=dict.fromkeys(writers, apply), pace=PACE, run_id=run_id))
