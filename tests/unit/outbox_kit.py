"""What the outbox's tests share: planned rows, an ERP told to misbehave, empty outboxes."""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from pipelines.outbox import Brakes, Outbox, Pace
from pipelines.system import CannotFind, Intent, Transient

APPLY = {"books_us": Brakes(dict.fromkeys(("payment", "deposit", "reversal", "record_update"), "apply"))}
QUICK = Pace(tries=3, backoff=0.0, settle=0.0, give_up_after=3)

# A PostgreSQL URL here runs the same tests on a server too, each in a schema of its own.
SERVER = os.environ.get("TIEOUT_TEST_POSTGRES") or None
BACKENDS = ["sqlite", *(["postgresql"] if SERVER else [])]


@contextmanager
def opened(backend: str, folder: Path) -> Iterator[str]:
    """The URL of a new, empty outbox."""
    if backend == "sqlite":
        yield f"sqlite:///{folder / 'outbox.sqlite'}"
        return
    schema = f"outbox_{uuid.uuid4().hex[:12]}"
    engine = create_engine(str(SERVER))
    with engine.begin() as connection:
        connection.execute(text(f"create schema {schema}"))
    yield f"{SERVER}?options=-csearch_path%3D{schema}"
    with engine.begin() as connection:
        connection.execute(text(f"drop schema {schema} cascade"))
    engine.dispose()


def row(name: str = "ch_1", **changes: Any) -> dict[str, Any]:
    """A row of wb_payments; `payload` may be given as a dict."""
    payload = {"customer_id": "7", "currency": "USD", "amount": "12.30", "date": "2026-11-02"}
    applied: list[dict[str, str]] = [{"document_id": "9", "amount": "10.00"}]
    values = {
        "intent_key": f"tieout_payment_{name}_7",
        "connection": "books_us",
        "kind": "payment",
        "subject_key": f"stripe:cards_us:{name}",
        "customer_key": "netsuite:books_us:7",
        "amount": "12.3000",
        "currency": "USD",
        "payload": {**payload, "applications": applied},
        "evidence": "metadata",
        **changes,
    }
    if isinstance(values["payload"], dict):
        values["payload"] = json.dumps(values["payload"])
    return values


def update(name: str = "up_1", **changes: Any) -> dict[str, Any]:
    """A row of wb_record_updates."""
    payload = {"record_type": "invoice", "record_id": "9", "field": "memo", "value": "x"}
    values = {"kind": "record_update", "amount": "0", "currency": "XXX", "payload": payload, "evidence": "a rule: why"}
    return row(name, **{**values, **changes})


def key(name: str = "ch_1") -> str:
    return f"tieout_payment_{name}_7"


class Killed(BaseException):
    """The process dies here: nothing in the delivery may catch it."""


class Lost(Transient):
    """Raised by a scripted create after the record was made."""


class Erp:
    """Records by key (a second create of a key is a second record), and a script of what the next calls do.

    `script[key]` is a list consumed by creates: an exception to raise before making the record (`Lost`:
    after), or None for success.
    """

    def __init__(self, script: dict[str, list[Any]] | None = None, searchable: bool = True) -> None:
        self.records: list[tuple[str, str]] = []
        self.calls: list[tuple[str, str]] = []
        self.script = script or {}
        self.searchable = searchable

    def ids(self, key: str) -> list[str]:
        return [erp_id for held, erp_id in self.records if held == key]

    def find(self, intent: Intent) -> str | None:
        self.calls.append(("find", intent.key))
        if not self.searchable:
            raise CannotFind("KashFlow cannot be searched by reference")
        return next(iter(self.ids(intent.key)), None)

    def create(self, intent: Intent) -> str:
        self.calls.append(("create", intent.key))
        plan = self.script.get(intent.key, [])
        step = plan.pop(0) if plan else None
        if (
            step is not None
            and not isinstance(step, Lost)
            and not (isinstance(step, Killed) and step.args == ("after",))
        ):
            raise step
        self.records.append((intent.key, str(5000 + len(self.records))))
        if step is not None:
            raise step
        return self.records[-1][1]


def planned(url: str, *rows: dict[str, Any]) -> Outbox:
    outbox = Outbox(url)
    outbox.plan(rows or [row()], run_id="run-1")
    return outbox


def deliver(outbox: Outbox, erp: Any, **more: Any) -> Any:
    return outbox.deliver({"books_us": erp}, **{"brakes": APPLY, "pace": QUICK, **more})
