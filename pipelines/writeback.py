"""From the warehouse's plan to the ERPs: planned rows into the outbox, what waits out of it.

The plan is every relation of schema `writeback` whose name starts with `wb_` and that has the columns of an intent.
"""

import logging
import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from typing import Any

from pipelines import journal, load
from pipelines.connections import Connections
from pipelines.home import Home, warehouse_lock
from pipelines.http import Counter
from pipelines.outbox import Brakes, DeliveryReport, Outbox, PlanResult, render_plan
from pipelines.publish import open_published
from pipelines.system import TieoutError, Writer

log = logging.getLogger(__name__)

INTENT_COLUMNS = (
    "intent_key",
    "connection",
    "kind",
    "subject_key",
    "customer_key",
    "amount",
    "currency",
    "payload",
    "evidence",
)


def brakes(connections: Connections) -> dict[str, Brakes]:
    """The brakes of every connection that can be written to."""
    return {item.name: Brakes.of(item.settings) for item in connections if item.declared.writer is not None}


def planned_rows(home: Home) -> list[dict[str, Any]]:
    """Every planned write the warehouse holds now. Takes the warehouse lock."""
    with warehouse_lock(home), load.connect(home) as warehouse:
        relations = [
            name
            for (name,) in warehouse.execute(
                """
                select table_name from information_schema.columns where table_schema = 'writeback' and table_name like 'wb\\_%' escape '\\'
                group by table_name having count(*) filter (where column_name in ('intent_key', 'payload')) = 2 order by table_name
                """
            ).fetchall()
        ]
        rows: list[dict[str, Any]] = []
        for relation in relations:
            found = warehouse.execute(
                f"select {', '.join(INTENT_COLUMNS)} from writeback.{relation} order by intent_key"
            ).fetchall()
            rows += [dict(zip(INTENT_COLUMNS, row, strict=True)) for row in found]
        return rows


def behind(connections: Connections, unread: Collection[str]) -> set[str]:
    """The connections whose plan cannot be trusted when `unread` were not read: those, and the books of unread providers."""
    return {item.name for item in connections if {item.name, *item.settings.reconciles()} & {*unread}}


def plan(
    home: Home,
    outbox: Outbox,
    connections: Connections,
    *,
    run_id: str = "",
    dry: bool = False,
    without: Collection[str] = (),
) -> PlanResult:
    """Make intents of the warehouse's plan. Only for connections that are configured: the others' intents stay as they are.

    `without`: connections whose sync failed; their intents, and those of the books they are reconciled with, stay as they are too.
    """
    stale = behind(connections, without)
    names = [item.name for item in connections if item.declared.writer is not None and item.name not in stale]
    rows = [row for row in planned_rows(home) if row["connection"] in names]
    return outbox.plan(rows, run_id=run_id, brakes=brakes(connections), connections=names, dry=dry)


def deliver(
    outbox: Outbox,
    connections: Connections,
    *,
    run_id: str = "",
    without: Collection[str] = (),
    home: Home | None = None,
) -> DeliveryReport:
    """Send what waits, exactly once, and write it into the execution logs of `home`. Raises DeliveryBusy while another process delivers.

    A connection whose writer cannot be made (a secret is missing) is reported as stopped; the others go on. `without`: as for `plan`.
    So is one whose last sync failed, in whatever run: meanwhile somebody may have booked by hand what waits.
    """
    failed = {item.name for item in connections if home is not None and journal.tries(home, item.name)}
    stale = behind(connections, {*without, *failed})
    unable = dict.fromkeys(
        stale, "it, or a provider it is reconciled with, could not be read; what waits is sent after the next good sync"
    )
    writers: dict[str, Writer] = {}
    with ExitStack() as open_writers:
        for item in connections:
            if item.declared.writer is None or item.name in stale:
                continue
            try:
                writers[item.name] = item.declared.writer(item)
            except TieoutError as error:
                unable[item.name] = str(error)
            except Exception as error:
                log.exception("The writer of %s cannot be made", item.name)
                unable[item.name] = f"{type(error).__name__}: {error}"
            else:
                open_writers.callback(_close, item.name, writers[item.name])
        started = time.monotonic()
        report = outbox.deliver(writers, brakes=brakes(connections), run_id=run_id, unable=unable)
        if home is not None:
            _log(home, report, writers, time.monotonic() - started)
        return report


def _log(home: Home, report: DeliveryReport, writers: Mapping[str, Writer], seconds: float) -> None:
    """One entry in the execution log of each connection that was called, or could not be."""
    stopped = {one.connection: one.reason for one in report.stopped}
    for name in sorted({*writers, *stopped}):
        counter: Counter | None = getattr(writers.get(name), "counter", None)
        outcomes = {
            kind: [sent for sent in getattr(report, kind) if sent.connection == name]
            for kind in ("posted", "rejected", "unknown", "waiting")
        }
        failed = [sent for kind in ("rejected", "unknown", "waiting") for sent in outcomes[kind]]
        counts = {**(counter.counts() if counter else {}), **{kind: len(sent) for kind, sent in outcomes.items()}}
        if not any(counts.values()) and name not in stopped:
            continue
        entry = {
            "connection": name,
            "kind": "delivery",
            "state": "stopped" if name in stopped else "red" if failed else "delivered",
            "counts": counts,
            "notes": [f"{sent.key}: {sent.result}: {sent.error}" for sent in failed],
            "load_seconds": seconds,
        }
        journal.write(home, entry | ({"error": stopped[name]} if name in stopped else {}))


def _close(name: str, writer: Writer) -> None:
    """A writer may hold sessions or part of a request budget. Trouble in giving them back is no trouble with what was written."""
    try:
        getattr(writer, "close", lambda: None)()
    except (TieoutError, OSError):
        log.warning("The writer of %s did not close", name, exc_info=True)


def show_plan(home: Home, outbox: Outbox, connections: Connections, width: int = 140) -> str:
    """What would be written and its effect on balances, as text."""
    result = plan(home, outbox, connections, dry=True)
    with open_published(home) as published:
        names = dict(published.execute("select customer_key, customer_name from ledger.ar_customers").fetchall())
        balances = published.execute("select customer_key, currency, balance_amount from ledger.ar_balances").fetchall()
    return render_plan(
        result,
        brakes(connections),
        names=names,
        balances={(customer, currency): amount for customer, currency, amount in balances},
        width=width,
    )
