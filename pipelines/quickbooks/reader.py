"""What every part of one extraction shares: the client, QuickBooks' clock, the small tables, and rows on their way to Arrow."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from pipelines.quickbooks import exact, shapes, tables
from pipelines.quickbooks.client import PAGE_ROWS, Client, entity_rows, total
from pipelines.quickbooks.paging import pages, single, statement
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.transport import Row
from pipelines.sync import SyncContext
from pipelines.system import Transient
from pipelines.tables import Quarantined, Table, arrow_batch

State = dict[str, Any]
ALL_NAMES = "Active IN (true, false)"  # else inactive ones are hidden
# Tables small enough to be read whole at each sync: entity and condition. Equal rows are not kept twice.
SNAPSHOTS: dict[Table, tuple[str, str]] = {
    tables.COMPANY_INFO: ("CompanyInfo", ""),
    tables.PREFERENCES: ("Preferences", ""),
    tables.ACCOUNT: ("Account", ALL_NAMES),
    tables.TERM: ("Term", ALL_NAMES),
    tables.PAYMENT_METHOD: ("PaymentMethod", ALL_NAMES),
}


def condition(table: Table) -> str:
    return ALL_NAMES if table is tables.CUSTOMER else ""


def counted(table: Table) -> str:
    """The statement that counts all of a table that is read by change."""
    where = condition(table)
    return f"SELECT COUNT(*) FROM {shapes.ENTITIES[table]}" + (f" WHERE {where}" if where else "")


def wanted(settings: QuickBooksSettings) -> tuple[Table, ...]:
    """The tables read by change that a connection asks for."""
    customers = (tables.CUSTOMER,) if settings.sync_customers else ()
    documents = (tables.INVOICE, tables.CREDIT_MEMO, tables.JOURNAL_ENTRY) if settings.sync_invoices else ()
    payments = (tables.PAYMENT, tables.REFUND_RECEIPT, tables.DEPOSIT) if settings.sync_payments else ()
    return customers + documents + payments


@dataclass
class Reader:
    """Made by `begin`, with one batch of queries."""

    client: Client
    context: SyncContext
    started: datetime  # QuickBooks' own clock when this run began
    counts: dict[Table, int]
    snapshots: dict[Table, list[Row]]
    seq: int = 0
    currencies: list[str] = field(default_factory=list)  # foreign ones in use

    @property
    def settings(self) -> QuickBooksSettings:
        return self.client.settings

    @property
    def home_currency(self) -> str | None:
        found = shapes.rows(tables.PREFERENCES, self.snapshots[tables.PREFERENCES])
        return str(found[0]["home_currency"]) if found and found[0]["home_currency"] else None

    @property
    def today(self) -> date:
        """The company's accounting day."""
        return self.started.astimezone(ZoneInfo(self.settings.time_zone)).date()

    @property
    def settled(self) -> datetime:
        """Up to here nothing more will come with an earlier time."""
        return self.started - timedelta(minutes=self.settings.settle_minutes)

    def overlapped(self, moment: str) -> datetime:
        return datetime.fromisoformat(moment) - timedelta(minutes=self.settings.overlap_minutes)

    def everything(self, table: Table, where: str = "", count: int | None = None) -> Any:
        """Pages of all objects of a table that meet a further condition."""
        entity = shapes.ENTITIES[table]
        met = " AND ".join(part for part in (condition(table), where) if part)
        expected = self.counts[table] if count is None else count
        return pages(
            lambda position: self.client.query(statement(entity, met, position)),
            expected,
            self.settings.max_concurrency,
        )

    def objects(self, table: Table, found: list[Row]) -> pa.Table:
        """Objects as an Arrow batch; transactions with an amount that cannot be kept exactly are quarantined, whole."""
        name, kept = self.client.connection, []
        for one in found:
            fault = None if table is tables.CUSTOMER else shapes.fault(one, self.home_currency)
            if fault is None:
                kept.append(one)
                continue
            self.context.quarantine.append(
                Quarantined(
                    name, table.name, str(one.get("Id")), f"{name}: {table.name} {one.get('Id')}: {fault}",
                    "Correct the amount in QuickBooks and sync again; the transaction as received is kept in payload.",
                    exact.encoded(one).decode(),
                )
            )  # fmt: skip
        return self.batch(table, shapes.rows(table, kept))

    def batch(self, table: Table, rows: list[Row], *, deleted: bool = False) -> pa.Table:
        """Rows as an Arrow batch; those that do not fit are quarantined."""
        first, self.seq = self.seq, self.seq + len(rows)
        made, bad = arrow_batch(
            table, self.client.connection, rows, extracted_at=datetime.now(UTC), seq=first,
            time_zone=self.settings.time_zone, deleted=deleted,
        )  # fmt: skip
        self.context.quarantine += bad
        return made


def begin(client: Client, context: SyncContext) -> Reader:
    """Ask for the small tables and for how many records there are, in one request."""
    read = wanted(client.settings)
    snapshots = [statement(entity, where) if where else single(entity) for entity, where in SNAPSHOTS.values()]
    answers = list(client.queries([*snapshots, *map(counted, read)]))
    if client.server_time is None:
        raise Transient(f"{client.connection}: QuickBooks' answer does not say its time. Remedy: sync again.")
    started = client.server_time
    found: dict[Table, list[Row]] = {}
    for (table, (entity, where)), answer in zip(SNAPSHOTS.items(), answers, strict=False):
        found[table] = entity_rows(answer)
        if len(found[table]) >= PAGE_ROWS:
            found[table] = _more(client, entity, where)
    counts = {table: total(answer) for table, answer in zip(read, answers[len(snapshots) :], strict=True)}
    return Reader(client, context, started, counts, found)


def _more(client: Client, entity: str, where: str) -> list[Row]:
    """All of a list of more than 1,000 rows, each once."""
    read = pages(lambda position: client.query(statement(entity, where, position)), 2 * PAGE_ROWS, 1)
    return list({str(row["Id"]): row for page in read for row in page}.values())
