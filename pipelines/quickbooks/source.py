"""The dlt source of a QuickBooks connection: one resource per raw table, as Arrow batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import dlt
import orjson
import pyarrow as pa

from pipelines import load
from pipelines.connections import Connection
from pipelines.quickbooks import aging, controls, shapes, tables
from pipelines.quickbooks.changes import Captured, Changes, reachable
from pipelines.quickbooks.client import Client
from pipelines.quickbooks.contacts import people
from pipelines.quickbooks.deletions import Deletions
from pipelines.quickbooks.packing import packed
from pipelines.quickbooks.rates import rates
from pipelines.quickbooks.reader import SNAPSHOTS, Reader, State, begin, wanted
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.transport import Row
from pipelines.sync import SyncContext
from pipelines.tables import Table

Batches = Iterator[pa.Table]


def source(connection: Connection, context: SyncContext) -> Any:
    """Everything of one connection that is new, or with `context.full` everything. Sends nothing until it is extracted."""
    run = Extraction(connection, context)
    makers: dict[Table, Callable[[], Batches]] = {
        **{table: _with(run.snapshot, table) for table in SNAPSHOTS},
        **{table: _with(run.changed, table) for table in shapes.ENTITIES},
        tables.EXCHANGE_RATE: run.rates,
        tables.AGED_RECEIVABLES: run.aged,
        tables.CONTROL_TOTAL: run.totals,
        tables.CONTROL_BALANCE: run.balances,
    }

    @dlt.source(name="quickbooks")
    def quickbooks() -> Any:
        return [load.resource(table, run.guarded(batches)) for table, batches in makers.items()]

    return quickbooks()


def _with(batches: Callable[[Table], Batches], table: Table) -> Callable[[], Batches]:
    return lambda: batches(table)


@dataclass
class Extraction:
    """One run of one connection. dlt takes from its resources in turns; the one that ends last closes the client."""

    connection: Connection
    context: SyncContext
    running: int = 0
    failed: bool = False
    held: bool = False
    reported: dict[str, int] = field(default_factory=dict)

    @property
    def settings(self) -> QuickBooksSettings:
        settings: QuickBooksSettings = self.connection.settings
        return settings

    @cached_property
    def client(self) -> Client:
        return Client(self.connection, self.context.home)

    @cached_property
    def reader(self) -> Reader:
        """Made at the first call, with QuickBooks' clock."""
        reader = begin(self.client, self.context)
        self.context.base_currency = reader.home_currency
        return reader

    @cached_property
    def captured(self) -> Captured:
        """What is asked of change data capture in one request: every table that it can see whole since its last sync."""
        since = {table: self._changes(table, None).since for table in wanted(self.settings)}
        return Captured(
            self.reader, {table: when for table, when in since.items() if when and reachable(self.reader, when)}
        )

    def _changes(self, table: Table, captured: Captured | None) -> Changes:
        return Changes(self.reader, table, self._state(table.name), captured or Captured(self.reader, {}))

    def guarded(self, batches: Callable[[], Batches]) -> Callable[[], Batches]:
        """A resource's generator that reports what it cost."""

        self.running += 1

        def generate() -> Batches:
            clean = False
            try:
                yield from batches()
                clean = True
            finally:
                self.running -= 1
                self.failed = self.failed or not clean
                if "client" in self.__dict__:  # else there was nothing to sign in with, and that error is on its way
                    self._report()
                    if self.running == 0:
                        if not self.failed:
                            self._complete()
                        self.client.close()

        return generate

    def _state(self, name: str) -> State:
        state: State = dlt.current.source_state().setdefault(name, {})
        return state

    def snapshot(self, table: Table) -> Batches:
        rows = shapes.rows(table, self.reader.snapshots[table])
        if rows:
            yield self.reader.batch(table, rows)

    def changed(self, table: Table) -> Batches:
        if table not in wanted(self.settings):
            if table is tables.CUSTOMER and self.settings.sync_contacts:
                yield from people(self.reader, self.captured)
            return
        state = self._state(table.name)
        changes = self._changes(table, self.captured)
        yield from changes.batches()
        deletions = Deletions(self.reader, table, state)
        yield from deletions.tombstones(changes.gone, len(changes.ids))
        self.held = self.held or deletions.are_held
        state.update(complete_through=self.reader.settled.isoformat(), ids=packed(changes.ids))

    def rates(self) -> Batches:
        for rows in rates(self.reader, self._state("exchange_rate")):
            yield self.reader.batch(tables.EXCHANGE_RATE, rows)

    def aged(self) -> Batches:
        if self.settings.sync_invoices and self.settings.sync_payments:
            yield from self._figures(tables.AGED_RECEIVABLES, iter([aging.aged(self.reader)]))

    def totals(self) -> Batches:
        yield from self._figures(tables.CONTROL_TOTAL, iter([controls.totals(self.reader)]))

    def balances(self) -> Batches:
        yield from self._figures(tables.CONTROL_BALANCE, controls.balances(self.reader))

    def _figures(self, table: Table, answers: Iterator[list[Row]]) -> Batches:
        """Figures as QuickBooks gives them; one that it no longer gives (a customer owes nothing) is withdrawn."""
        state, keys = self._state(table.name), set()
        for rows in answers:
            keys |= {table.record_key(row) for row in rows}
            if rows:
                yield self.reader.batch(table, rows)
        gone = sorted(set(orjson.loads(state.get("keys", "[]"))) - keys)
        if gone:
            yield self.reader.batch(
                table, [dict(zip(table.key, key.split("|"), strict=True)) for key in gone], deleted=True
            )
        state["keys"] = orjson.dumps(sorted(keys)).decode()

    def _report(self) -> None:
        """Add what was sent since the last report to the run's counts."""
        counter = self.client.counter
        now = {
            "calls": counter.calls,
            "retries": counter.retries,
            "errors": counter.errors,
            "rows_read": self.client.rows,
        }
        self.context.log.count(**{name: number - self.reported.get(name, 0) for name, number in now.items()})
        self.reported = now

    def _complete(self) -> None:
        """Everything was read and given. While deletions are held, what was complete before is all that is."""
        through = [self._state(table.name).get("complete_through") for table in wanted(self.settings)]
        if through and all(through) and not self.held:
            self.context.complete_through = min(datetime.fromisoformat(str(moment)) for moment in through)
