"""What has changed, and what has gone: by change data capture where that sees everything, else by queries and by comparing ids.

Capture reaches 30 days back and gives 1,000 objects in all. When it gives that many, each entity is asked alone; for one that is still
cut off, the window is halved until its later half is whole, and the earlier half is read by query. A query sees no deletions: those are
what is no longer there of the ids known before, when there are fewer records than there should be.

State of a table (in dlt's source state, committed with the rows): `complete_through` and `ids`, the ids of its living records, packed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from pipelines.quickbooks import shapes
from pipelines.quickbooks.client import CDC_OBJECTS
from pipelines.quickbooks.packing import unpacked
from pipelines.quickbooks.reader import ALL_NAMES, Reader, State, counted
from pipelines.quickbooks.transport import Row
from pipelines.tables import Table

_REACH = timedelta(days=29)  # of capture, less a margin
_SHORTEST = timedelta(minutes=1)  # a window that is not halved any more
_IN_LIST = 200


@dataclass
class Changes:
    """The changes of one table in one run. After `batches` is drained, `ids` holds what lives, `gone` what does not any more."""

    reader: Reader
    table: Table
    state: State
    captured: "Captured"
    ids: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    @property
    def since(self) -> datetime | None:
        """From when on to read; None: everything."""
        through = None if self.reader.context.full else self.state.get("complete_through")
        return self.reader.overlapped(through) if through else None

    def batches(self) -> Iterator[pa.Table]:
        known = unpacked(self.state.get("ids", ""))
        since = self.since
        if since is None:
            yield from self._everything()
            self.gone = self._vanished(known - self.ids)
            return
        self.ids = set(known)
        if self.reader.started - since > _REACH:
            yield from self._by_query(since, None)
            yield from self._swept()
            return
        rows = self.captured.rows(self.table)
        if rows is not None:
            yield from self._told(rows)
        else:
            yield from self._halved(since)

    def _everything(self) -> Iterator[pa.Table]:
        if self.reader.counts[self.table]:
            for page in self.reader.everything(self.table):
                yield from self._living(page)

    def _by_query(self, since: datetime, until: datetime | None) -> Iterator[pa.Table]:
        where = f"MetaData.LastUpdatedTime >= '{_moment(since)}'"
        if until is not None:
            where += f" AND MetaData.LastUpdatedTime < '{_moment(until)}'"
        for page in self.reader.everything(self.table, where, 1):
            yield from self._living(page)

    def _halved(self, since: datetime) -> Iterator[pa.Table]:
        """The later part by capture, the earlier one by query."""
        entity, begin = shapes.ENTITIES[self.table], since
        later: list[Row] | None = None
        while later is None and self.reader.started - begin > _SHORTEST:
            begin += (self.reader.started - begin) / 2
            found = self.reader.client.changes([entity], begin).get(entity, [])
            later = found if len(found) < CDC_OBJECTS else None
        self.reader.context.log.count(windows_halved=1)
        yield from self._by_query(since, None if later is None else begin)
        yield from self._told(later or [])
        yield from self._swept()

    def _swept(self) -> Iterator[pa.Table]:
        """Compare ids, unless the number of records shows that none is missing."""
        if self.reader.client.count(counted(self.table)) == len(self.ids):
            return
        self.reader.context.log.count(id_sweeps=1)
        there: set[str] = set()
        for page in self.reader.everything(self.table):
            there |= {str(row["Id"]) for row in page}
            fresh = [row for row in page if str(row["Id"]) not in self.ids]  # came while we read
            if fresh:
                yield from self._living(fresh)
        self.gone |= self._vanished(self.ids - there)
        self.ids -= self.gone

    def _told(self, rows: list[Row]) -> Iterator[pa.Table]:
        """What capture says: living records, and positively deleted ones."""
        gone = {str(row["Id"]) for row in rows if str(row.get("status", "")).lower() == "deleted"}
        living = [row for row in rows if str(row["Id"]) not in gone]
        if living:
            yield from self._living(living)
        self.gone |= gone & self.ids  # what came and went between two syncs never landed
        self.ids -= gone

    def _living(self, rows: list[Row]) -> Iterator[pa.Table]:
        self.ids |= {str(row["Id"]) for row in rows}
        yield self.reader.objects(self.table, rows)

    def _vanished(self, missing: set[str]) -> set[str]:
        """Of ids that a reading did not meet, those that QuickBooks, asked for them by id, does not have."""
        return missing - {str(row["Id"]) for rows in by_ids(self.reader, self.table, missing) for row in rows}


@dataclass
class Captured:
    """What change data capture says of all tables, asked once per run; a table it could not show whole is None."""

    reader: Reader
    since: dict[Table, datetime]  # the tables to ask for, and from when on
    found: dict[Table, list[Row] | None] | None = None

    def rows(self, table: Table) -> list[Row] | None:
        if self.found is None:
            self.found = self._ask()
        return self.found[table]

    def _ask(self) -> dict[Table, list[Row] | None]:
        names = {table: shapes.ENTITIES[table] for table in self.since}
        answer = self.reader.client.changes(names.values(), min(self.since.values()))
        if sum(map(len, answer.values())) < CDC_OBJECTS:
            return {table: answer.get(name, []) for table, name in names.items()}
        found: dict[Table, list[Row] | None] = {}
        for table, name in names.items():
            rows = self.reader.client.changes([name], self.since[table]).get(name, [])
            found[table] = rows if len(rows) < CDC_OBJECTS else None
        return found


def by_ids(reader: Reader, table: Table, ids: Iterable[str]) -> Iterator[list[Row]]:
    """The objects of a table that have these ids, as far as there are any."""
    entity = shapes.ENTITIES[table]
    active = f" AND {ALL_NAMES}" if entity == "Customer" else ""
    for chunk in _chunks(sorted(ids), _IN_LIST):
        among = ", ".join(_quoted(item) for item in chunk)
        yield reader.client.query(f"SELECT * FROM {entity} WHERE Id IN ({among}){active} MAXRESULTS {_IN_LIST}")


def reachable(reader: Reader, since: datetime | None) -> bool:
    return since is not None and reader.started - since <= _REACH


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _chunks(items: list[str], size: int) -> Iterable[list[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
