"""Reading one table by ranges of ids and by change, so that a run may stop anywhere and the next one goes on from there.

State of a table (in dlt's source state, so it is committed with the rows): `complete_through`, and while a sweep is unfinished its
`since`, `started`, `next_id` and what the changes read so far touch (`related`). All times are ISO text in UTC.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson
import pyarrow as pa

from pipelines import load
from pipelines.netsuite import exact, tables
from pipelines.netsuite.budget import BudgetSpent
from pipelines.netsuite.client import Client, Row
from pipelines.netsuite.reads import Read
from pipelines.netsuite.related import Related
from pipelines.netsuite.suiteql import Scope, Slice, since, slices
from pipelines.sync import SyncContext
from pipelines.tables import Quarantined, Table, arrow_batch

Item = TypeVar("Item")
Result = TypeVar("Result")
State = dict[str, Any]


def ordered(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[tuple[Item, Result]]:
    """`work` on each item by a few threads at once, results in order, never more than `threads` + 2 waiting."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) > threads + 1:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _item, future in waiting:
                future.cancel()


@dataclass
class Reader:
    """What every part of one extraction shares."""

    client: Client
    context: SyncContext
    scope: Scope
    started: datetime  # NetSuite's own clock when this run began
    decimals: dict[str, int] = field(default_factory=dict)  # of an amount, by currency id
    seq: int = 0

    def batch(self, table: Table, rows: list[Row], *, deleted: bool = False) -> pa.Table:
        """Rows as an Arrow batch; those that do not fit are quarantined."""
        if table is tables.TRANSACTION and not deleted:
            rows = self._exact(rows)
        first, self.seq = self.seq, self.seq + len(rows)
        batch, bad = arrow_batch(
            table, self.client.connection, rows, extracted_at=datetime.now(UTC), seq=first,
            time_zone=self.client.settings.time_zone, deleted=deleted,
        )  # fmt: skip
        self.context.quarantine += bad
        return batch

    def _exact(self, rows: list[Row]) -> list[Row]:
        """The transactions all of whose amounts can be kept as they are."""
        found, name = exact.faults(rows, self.decimals), self.client.connection
        for number, fault in found.items():
            row = rows[number]
            self.context.quarantine.append(
                Quarantined(
                    name, "transaction", str(row["id"]), f"{name}: transaction {row['id']}: {fault}",
                    "Correct the amount in NetSuite and sync again; the transaction as received is kept in payload.",
                    orjson.dumps(row).decode(),
                )
            )  # fmt: skip
        return [row for number, row in enumerate(rows) if number not in found] if found else rows

    def landed(self, table: Table, ids: Iterable[str]) -> set[str]:
        """Which of these records earlier syncs have loaded and still live."""
        found = load.living(
            self.context.home, table, self.client.connection, "id", "id in (select unnest(?::varchar[]))", [sorted(ids)]
        )
        return {str(row[0]) for row in found}

    def settled(self, moment: datetime) -> str:
        return (moment - timedelta(minutes=self.client.settings.settle_minutes)).isoformat()

    def overlapped(self, moment: str) -> datetime:
        return datetime.fromisoformat(moment) - timedelta(minutes=self.client.settings.overlap_minutes)


@dataclass
class Sweep:
    """All changes of one table: `always` holds for what is in scope, `first` for the first load.

    A row that `keep` refuses is only counted, unless it was loaded before: then it is given on where it `stays` in the books (an
    invoice whose status is no longer asked for is how we learn that it is paid), and else as gone from them.
    """

    reader: Reader
    read: Read
    state: State
    always: str
    first: str
    keep: Callable[[Row], bool] = lambda _row: True
    stays: Callable[[Row], bool] = lambda _row: False
    related: Related | None = None
    given: set[str] = field(default_factory=set)  # by this run, of the types that may leave
    filtered: set[str] = field(default_factory=set)

    def run(self) -> Iterator[pa.Table]:
        """The table's batches. When the day's requests are spent it ends quietly, with its place kept."""
        known = self.state.get("complete_through")
        if self.state.get("scope") != self.reader.scope.fingerprint:
            self.state.clear()
            self.state["scope"] = self.reader.scope.fingerprint
        if "started" not in self.state:
            through = None if self.reader.context.full else self.state.get("complete_through")
            self.state.update(started=self.reader.started.isoformat(), since=through, next_id=None, before=known)
        if self.related is not None and "related" in self.state:
            self.related.recall(self.state["related"])
        began = datetime.fromisoformat(self.state["started"])
        try:
            yield from self._pass(self.state["since"])
            if self.state["since"] is None:
                # What changed while everything was being read, or left the scope since the last complete read.
                yield from self._pass(self.state["before"] or began.isoformat(), again=True)
        except BudgetSpent:
            if self.related is not None:
                self.state["related"] = self.related.kept()
            raise
        kept = {"scope": self.state["scope"], "complete_through": self.reader.settled(began)}
        self.state.clear()
        self.state.update(kept)

    def _pass(self, through: str | None, *, again: bool = False) -> Iterator[pa.Table]:
        condition, children = self.first, self.always
        if through is not None:
            zone = self.reader.client.settings.time_zone
            condition = children = f"{self.always} AND {since(self.read.alias, self.reader.overlapped(through), zone)}"
        for part, rows in self._read(condition, children, 0 if again else self.state["next_id"] or 0):
            if through is not None and self.related is not None:
                self.related.add(rows)
            yield from self._batches(rows)
            if not again:
                self.state["next_id"] = part.high
        if through is not None and self.related is not None:
            for touched in self.related.conditions():
                condition = f"{self.always} AND {touched}"
                for _part, rows in self._read(condition, condition, 0):
                    yield from self._batches(rows)

    def _read(self, condition: str, children: str, after: int) -> Iterator[tuple[Slice, list[Row]]]:
        client = self.reader.client
        parts = self._plan(condition, after)
        return ordered(
            lambda part: self.read.rows(client, part, condition, children), parts, client.settings.max_concurrency
        )

    def _plan(self, condition: str, resume: int) -> list[Slice]:
        key = self.read.key
        row = self.reader.client.scalar(
            f"SELECT MIN({key}) AS low, MAX({key}) AS high, COUNT(*) AS amount FROM {self.read.table.name} {self.read.alias}"
            f" WHERE {condition} AND {key} >= ?", [str(resume)],
        )  # fmt: skip
        amount = int(row.get("amount") or 0)
        return slices(int(row["low"]), int(row["high"]), amount) if amount else []

    def _batches(self, rows: list[Row]) -> Iterator[pa.Table]:
        out = {row["id"] for row in rows if not self.keep(row)}
        loaded = (out & self.given) | self.reader.landed(self.read.table, out - self.given) if out else set()
        live = [row for row in rows if row["id"] not in out or (row["id"] in loaded and self.stays(row))]
        gone = [row for row in rows if row["id"] in loaded and not self.stays(row)]
        self._count(out)
        self.given.update(row["id"] for row in live if self.stays(row) or row.get("type") == "Journal")
        if live:
            yield self.reader.batch(self.read.table, live)
        if gone:
            self.given.difference_update(row["id"] for row in gone)
            yield self.reader.batch(self.read.table, gone, deleted=True)

    def _count(self, out: set[str]) -> None:
        new = out - self.filtered
        self.filtered |= new
        if new:
            self.reader.context.log.count(**{f"{self.read.table.name}_filtered": len(new)})
