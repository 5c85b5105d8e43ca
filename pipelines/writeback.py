"""From the warehouse's plan to the ERPs: planned rows into the outbox, what waits out of it.

The plan is every relation of schema `writeback` whose name starts with `wb_` and that has the columns of an intent.
"""

from typing import Any

from pipelines import load
from pipelines.connections import Connections
from pipelines.home import Home, warehouse_lock
from pipelines.outbox import Brakes, DeliveryReport, Outbox, PlanResult, render_plan
from pipelines.publish import open_published

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


def plan(home: Home, outbox: Outbox, connections: Connections, *, run_id: str = "", dry: bool = False) -> PlanResult:
    """Make intents of the warehouse's plan. Only for connections that are configured: the others' intents stay as they are."""
    names = [item.name for item in connections if item.declared.writer is not None]
    rows = [row for row in planned_rows(home) if row["connection"] in names]
    return outbox.plan(rows, run_id=run_id, brakes=brakes(connections), connections=names, dry=dry)


def deliver(outbox: Outbox, connections: Connections, *, run_id: str = "") -> DeliveryReport:
    """Send what waits, exactly once. Raises DeliveryBusy while another process delivers."""
    writers = {item.name: item.declared.writer(item) for item in connections if item.declared.writer is not None}
    return outbox.deliver(writers, brakes=brakes(connections), run_id=run_id)


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
