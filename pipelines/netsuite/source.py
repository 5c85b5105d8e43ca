"""The dlt source of a NetSuite connection: one resource per raw table, as Arrow batches."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import dlt
import orjson
import pyarrow as pa

from pipelines import load
from pipelines.connections import Connection
from pipelines.netsuite import access, controls, reads, snapshots, tables, touched
from pipelines.netsuite.budget import BudgetSpent
from pipelines.netsuite.client import Client, Row
from pipelines.netsuite.deletions import Deletions
from pipelines.netsuite.errors import Denied
from pipelines.netsuite.facts import base_currency, check_fields, decimals
from pipelines.netsuite.packing import packed_text, unpacked_text
from pipelines.netsuite.related import Related
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.netsuite.suiteql import Scope
from pipelines.netsuite.sweep import Reader, State, Sweep
from pipelines.sync import SyncContext
from pipelines.system import Refused
from pipelines.tables import Table

log = logging.getLogger(__name__)
Batches = Iterator[pa.Table]


def source(connection: Connection, context: SyncContext) -> Any:
    """Everything of one connection that is new, or with `context.full` everything. Sends nothing until it is extracted."""
    run = Extraction(connection, context)
    makers: dict[Table, Callable[[], Batches]] = {
        **{table: _snapshot_of(run, table) for table in snapshots.TABLES},
        tables.CUSTOMER: run.customers,
        tables.CONTACT: run.contacts,
        tables.TRANSACTION: run.transactions,
        tables.DELETEDRECORD: run.deleted,
        tables.CONTROL_TOTAL: run.totals,
        tables.CONTROL_BALANCE: run.balances,
    }

    @dlt.source(name="netsuite")
    def netsuite() -> Any:
        return [load.resource(table, run.guarded(table, batches)) for table, batches in makers.items()]

    return netsuite()


def _snapshot_of(run: "Extraction", table: Table) -> Callable[[], Batches]:
    return lambda: run.snapshot(table)


@dataclass
class Extraction:
    """One run of one connection. dlt takes from its resources in turns; the one that ends last closes the client."""

    connection: Connection
    context: SyncContext
    spent: bool = False
    running: int = 0
    failed: bool = False
    reported: dict[str, int] = field(default_factory=dict)

    @property
    def settings(self) -> NetSuiteSettings:
        settings: NetSuiteSettings = self.connection.settings
        return settings

    @cached_property
    def client(self) -> Client:
        return Client(self.connection, self.context.home)

    @cached_property
    def reader(self) -> Reader:
        """Made at the first call, with NetSuite's clock; the settings that name fields are tested here."""
        started = self.client.server_time()
        accounts = self.client.query("SELECT a.id FROM account a WHERE a.accttype = 'AcctRec' ORDER BY a.id")
        scope = Scope(self.settings, tuple(str(row["id"]) for row in accounts))
        reader = Reader(self.client, self.context, scope, started, decimals(self.client))
        check_fields(self.client)
        if scope.types:
            confirmed = f"deletes:{self.connection.name}" in self.context.confirmed
            access.check_types(reader, self._state("types"), confirmed=confirmed)
        self.context.base_currency = base_currency(self.client)
        return reader

    @cached_property
    def deletions(self) -> Deletions:
        scope, live = self.reader.scope, {}
        if scope.types:
            live["transaction"] = scope.kept()
        if self.settings.sync_customers:
            live["customer"] = scope.customers()
        if self.settings.sync_contacts:
            live["contact"] = scope.customers("p", "company")
        found = Deletions(self.reader, self._state("deletedrecord"), live)
        found.find()
        return found

    def guarded(self, table: Table, batches: Callable[[], Batches]) -> Callable[[], Batches]:
        """A resource's generator that ends quietly when the day's requests are spent, and reports what it cost."""

        self.running += 1

        def generate() -> Batches:
            clean = False
            try:
                if not self.spent:
                    yield from batches()
                clean = True
            except BudgetSpent as end:
                clean = True
                if not self.spent:
                    self.context.log.note(f"{end} Stopped at {table.name}; what was read is kept.")
                    self.context.log.count(stopped_by_budget=1)
                self.spent = True
            except Denied as denied:
                raise access.explained(self.client, denied) from denied
            finally:
                self.running -= 1
                self.failed = self.failed or not clean
                if "client" in self.__dict__:  # else there was nothing to sign in with, and that error is on its way
                    self._report()
                    if self.running == 0:
                        if not (self.failed or self.spent):
                            self._complete()
                        self.client.close()

        return generate

    def _state(self, table: str) -> State:
        state: State = dlt.current.source_state().setdefault(table, {})
        return state

    def snapshot(self, table: Table) -> Batches:
        if table is tables.RELATIONSHIP and not self.settings.sync_customers:
            return
        yield from snapshots.Snapshot(self.reader, table, self._state(table.name)).run()

    def customers(self) -> Batches:
        if self.settings.sync_customers:
            read = reads.customers(self.settings.customer_fields, addressed=self._sees_addresses())
            yield from self._sweep(read, self.reader.scope.customers())

    def _sees_addresses(self) -> bool:
        """Whether the role sees addresses. A customer without them is better than none."""
        try:
            self.reader.client.page(access.ADDRESS_PROBE, limit=1)
        except (Refused, Denied) as error:
            if isinstance(error, Refused) and error.code != "permission":
                raise
            self.context.log.note(
                f"{self.connection.name}: addresses cannot be read ({error}); customers come without them."
            )
            self.context.log.count(addresses_not_visible=1)
            return False
        return True

    def contacts(self) -> Batches:
        if self.settings.sync_contacts:
            yield from self._sweep(reads.contacts(), self.reader.scope.customers("p", "company"))

    def transactions(self) -> Batches:
        scope = self.reader.scope
        if not scope.types:
            return
        wanted = self.settings.invoice_statuses

        def keep(row: Row) -> bool:
            if row.get("type") == "Journal":
                return any(line.get("account") in scope.receivable for line in orjson.loads(row["lines"]))
            return row.get("type") != "CustInvc" or not wanted or row.get("status") in wanted

        def stays(row: Row) -> bool:
            return bool(wanted) and row.get("type") == "CustInvc"

        read = reads.transactions(self.settings.transaction_fields)
        first = scope.first_load(self.reader.started.date())
        related = Related(everyone=self.deletions.any_new)
        yield from self._sweep(read, scope.transactions(), first=first, keep=keep, stays=stays, related=related)

    def _sweep(self, read: reads.Read, always: str, **more: Any) -> Batches:
        gone = self.deletions  # asked before the sweep; given after it, so that a deletion is the last version
        yield from Sweep(self.reader, read, self._state(read.table.name), always, **{"first": always, **more}).run()
        yield from gone.tombstones(read.table)

    def deleted(self) -> Batches:
        if self.deletions.rows:
            yield self.reader.batch(tables.DELETEDRECORD, self.deletions.rows)

    def totals(self) -> Batches:
        yield from self._controls(tables.CONTROL_TOTAL, controls.totals(self.reader))

    def balances(self) -> Batches:
        """At first and with `full` everybody's balance, else that of whoever something has changed for."""
        state, scope = self._state("balances_asked"), self.reader.scope
        through = state.get("complete_through") if state.get("scope") == scope.fingerprint else None
        if not controls.has_balances(self.settings):
            yield from self._controls(tables.CONTROL_BALANCE, iter(()))
            state.clear()
            return
        among = None if self.context.full or not through else touched.customers(self.reader, through, self.deletions)
        yield from self._controls(tables.CONTROL_BALANCE, controls.balances(self.reader, among), among)
        state.update(scope=scope.fingerprint, complete_through=self.reader.settled(self.reader.started))

    def _controls(self, table: Table, answers: Iterator[list[Row]], among: Sequence[str] | None = None) -> Batches:
        """Figures as NetSuite gives them; one that it no longer gives (the last invoice of a customer is gone) is withdrawn. `among`: the
        first parts of the keys that were asked for, None for all."""
        state, keys = self._state(table.name), set()
        for rows in answers:
            keys |= {table.record_key(row) for row in rows}
            if rows:
                yield self.reader.batch(table, rows)
        known: set[str] = set(orjson.loads(unpacked_text(state.get("keys", "")) or b"[]"))
        mine = None if among is None else set(among)
        asked = known if mine is None else {key for key in known if key.partition("|")[0] in mine}
        gone = sorted(asked - keys)
        if gone:
            yield self.reader.batch(
                table, [dict(zip(table.key, key.split("|", 1), strict=True)) for key in gone], deleted=True
            )
        state["keys"] = packed_text(orjson.dumps(sorted((known - asked) | keys)))

    def _report(self) -> None:
        """Add what was sent since the last report to the run's counts."""
        counter = self.client.http.counter
        now = {
            "calls": counter.calls,
            "retries": counter.retries,
            "errors": counter.errors,
            "rows_read": self.client.rows,
        }
        self.context.log.count(**{name: number - self.reported.get(name, 0) for name, number in now.items()})
        self.reported = now

    def _complete(self) -> None:
        """Everything was read and given, so everything up to the earliest of the tables' cursors is complete."""
        self.deletions.commit()
        switched_on = [
            read
            for read, on in (("customer", self.settings.sync_customers), ("contact", self.settings.sync_contacts))
            if on
        ]
        names = [*switched_on, *(["transaction"] if Scope(self.settings).types else [])]
        through = [self._state(name).get("complete_through") for name in names]
        if seen := self._state("deletedrecord").get("complete_through"):  # absent where deletions cannot be seen
            through.append(seen)
        if through and all(through):
            self.context.complete_through = min(datetime.fromisoformat(str(moment)) for moment in through)
