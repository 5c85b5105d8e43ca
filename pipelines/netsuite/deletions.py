"""What is gone from NetSuite: only what it says is gone, and not too much at once without asking.

A deletion becomes a version with `is_deleted` in the record's own table. More new ones than the brake allows are held, all of them,
until a person confirms `deletes:<connection>`; the cursor stays where it is meanwhile, so nothing is lost. It moves only when a run has
given every table its deletions (`commit`): a run that ends early is told of them again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from pipelines.netsuite import tables
from pipelines.netsuite.client import Row
from pipelines.netsuite.errors import Denied
from pipelines.netsuite.packing import packed, unpacked
from pipelines.netsuite.reads import select_list
from pipelines.netsuite.suiteql import instant, since, slices
from pipelines.netsuite.sweep import Reader, State
from pipelines.system import Refused
from pipelines.tables import Quarantined

# `deletedrecord` names a record's type as text ("Invoice", "Customer Payment") and by script id ("invoice", "customerpayment").
_TYPES = {
    "invoice": "CustInvc", "creditmemo": "CustCred", "customerpayment": "CustPymt", "payment": "CustPymt", "customerrefund": "CustRfnd",
    "customerdeposit": "CustDep", "depositapplication": "DepAppl", "deposit": "Deposit", "bankdeposit": "Deposit",
    "journalentry": "Journal", "journal": "Journal",
}  # fmt: skip
_TABLE_OF = {**dict.fromkeys(_TYPES, "transaction"), "customer": "customer", "contact": "contact"}

_RANGE = 20_000  # deletions a query is meant to cover: far below NetSuite's 100,000 rows


def table_of(row: Row) -> str | None:
    """The raw table a deleted record lived in, or None if it is none of ours."""
    return next((_TABLE_OF[name] for name in _names(row) if name in _TABLE_OF), None)


def type_of(row: Row) -> str | None:
    """The type of a deleted transaction, as SuiteQL names it."""
    return next((_TYPES[name] for name in _names(row) if name in _TYPES), None)


def _names(row: Row) -> Iterator[str]:
    for column in ("scriptid", "type"):
        yield str(row.get(column, "")).lower().replace(" ", "").replace("_", "")


@dataclass
class Deletions:
    """The deletions of one run, asked once and given to each table by `tombstones`."""

    reader: Reader
    state: State
    live: dict[str, str]  # tables that are synced -> condition of what is in scope
    rows: list[Row] = field(default_factory=list)
    ids: dict[str, list[str]] = field(default_factory=dict)
    any_new: bool = False
    after: State = field(default_factory=dict)  # what the state will say once all of them are given

    def find(self) -> None:
        """Ask NetSuite what was deleted since the last complete read. Without the permission nothing counts as deleted."""
        first = self.state.setdefault("first_started", self.reader.started.isoformat())
        through = self.state.get("complete_through")
        begin = (
            max(datetime.fromisoformat(first), self.reader.overlapped(through))
            if through
            else datetime.fromisoformat(first)
        )
        zone = self.reader.client.settings.time_zone
        try:
            found = self._deleted_since(since("d", begin, zone, "deleteddate"))
        except (Refused, Denied) as error:
            self._blind(error)
            return
        ours = [row for row in found if table_of(row) in self.live]
        done = set(self.state.get("done", ()))
        fresh = [row for row in ours if _key(row) not in done]
        if self._held(fresh):
            return
        self.rows, self.any_new = ours, bool(fresh)
        for row in ours:
            self.ids.setdefault(str(table_of(row)), []).append(str(row["recordid"]))
        settled = self.reader.settled(self.reader.started)
        still = self.reader.overlapped(settled)
        done_now = sorted(_key(row) for row in ours if instant(row["deleteddate"], zone) >= still)
        self.after.update(complete_through=settled, done=done_now)

    def commit(self) -> None:
        """Every table has been given what is gone from it: the next run asks from here on."""
        self.state.update(self.after)
        self.state.pop("allowed", None)

    def _deleted_since(self, condition: str) -> list[Row]:
        client = self.reader.client
        ends = client.scalar(
            f"SELECT MIN(d.recordid) AS low, MAX(d.recordid) AS high, COUNT(*) AS amount FROM deletedrecord d WHERE {condition}"
        )
        amount = int(ends.get("amount") or 0)
        parts = slices(int(ends["low"]), int(ends["high"]), amount, _RANGE) if amount else []
        query = (
            f"SELECT {select_list(tables.DELETEDRECORD, 'd')} FROM deletedrecord d WHERE {condition}"
            " AND d.recordid >= ? AND d.recordid < ? ORDER BY d.recordid, d.recordtypeid"
        )
        return [row for part in parts for row in client.query(query, [str(part.low), str(part.high)])]

    def _held(self, found: list[Row]) -> bool:
        settings, name = self.reader.client.settings, self.reader.client.connection
        if f"deletes:{name}" in self.reader.context.confirmed:
            self.state["allowed"] = [_key(row) for row in found]  # the yes holds until they are given, by whichever run
            return False
        allowed = set(self.state.get("allowed", ()))
        fresh = [row for row in found if _key(row) not in allowed]
        if len(fresh) <= settings.max_deletes:
            return False
        living = sum(self._count(table, condition) for table, condition in self.live.items())
        if len(fresh) <= settings.max_delete_share * (living + len(fresh)):
            return False
        reason = (
            f"{name}: NetSuite reports {len(fresh)} deletions at once, of {living + len(fresh)} records; more than max_deletes"
            f" ({settings.max_deletes}) and max_delete_share ({settings.max_delete_share}). They are held."
        )
        remedy = f"Look at them in NetSuite (Deleted Records); if they are meant, run `tieout confirm {name} deletes:{name}` and sync again."
        self.reader.context.log.note(f"{reason} Remedy: {remedy}")
        self.reader.context.log.count(deletes_held=len(fresh))
        payload = orjson.dumps(
            [{"type": row.get("type"), "id": row["recordid"], "name": row.get("name")} for row in fresh[:100]]
        )
        first = tables.DELETEDRECORD.record_key(fresh[0])
        self.reader.context.quarantine.append(
            Quarantined(name, "deletedrecord", first, reason, remedy, payload.decode())
        )
        return True

    def _count(self, table: str, condition: str) -> int:
        alias = {"transaction": "t", "customer": "c", "contact": "p"}[table]
        row = self.reader.client.scalar(f"SELECT COUNT(*) AS amount FROM {table} {alias} WHERE {condition}")
        return int(row.get("amount") or 0)

    def _blind(self, error: Exception) -> None:
        """No Deleted Records permission: what is absent may only be out of sight (N71), unless the settings say otherwise."""
        name = self.reader.client.connection
        if not self.reader.client.settings.missing_means_deleted:
            self.reader.context.log.note(
                f"{name}: deletions cannot be seen ({error}). Remedy: give the role Lists > Deleted Records, or set"
                " missing_means_deleted = true if the role sees every record."
            )
            self.reader.context.log.count(deletes_not_visible=1)
            return
        for table, condition in self.live.items():
            self._missing(table, condition)

    def _missing(self, table: str, condition: str) -> None:
        alias = {"transaction": "t", "customer": "c", "contact": "p"}[table]
        query = f"SELECT {alias}.id FROM {table} {alias} WHERE {condition}"
        seen = sorted(int(row["id"]) for page in self.reader.client.by_id(query, (), f"{alias}.id") for row in page)
        known = unpacked(self.state.get(f"seen_{table}", ""))
        missing = sorted(set(known) - set(seen))
        fresh = [
            {"recordtypeid": table, "recordid": str(item), "type": table, "name": f"{table} {item}"} for item in missing
        ]
        if not self._held(fresh):
            self.ids[table] = [str(item) for item in missing]
            self.any_new = self.any_new or bool(missing)
            self.after[f"seen_{table}"] = packed(seen)
            self.after["complete_through"] = self.reader.settled(self.reader.started)

    def tombstones(self, table: Any) -> Iterator[pa.Table]:
        """A version with `is_deleted` for each record of a table that is gone."""
        if gone := self.ids.get(table.name):
            self.reader.context.log.count(deleted=len(gone))
            yield self.reader.batch(table, [{"id": item} for item in gone], deleted=True)


def _key(row: Row) -> str:
    return f"{row.get('recordtypeid')}|{row['recordid']}"
