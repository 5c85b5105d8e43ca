"""Tables without a change of their own to ask for: read whole, the two that grow only now and then.

A row that a whole read no longer has becomes a version with `is_deleted`, but only if everything it refers to can still be seen: else
it may only be out of sight (N71).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from pipelines import load
from pipelines.netsuite import tables
from pipelines.netsuite.client import Row
from pipelines.netsuite.reads import chunks, select_list
from pipelines.netsuite.suiteql import since
from pipelines.netsuite.sweep import Reader, State
from pipelines.tables import Table

TABLES = (
    tables.SUBSIDIARY, tables.ACCOUNT, tables.CURRENCY, tables.ACCOUNTINGPERIOD, tables.TERM, tables.PAYMENTMETHOD,
    tables.RELATIONSHIP, tables.CURRENCYRATE,
)  # fmt: skip
# What a row refers to, the smaller table first. Rows of other tables only name things, and are kept for that.
_REFERS = {
    tables.RELATIONSHIP: {"subsidiary": "subsidiary", "entity": "customer"},
    tables.CURRENCYRATE: {"basecurrency": "currency", "transactioncurrency": "currency"},
}


@dataclass
class Snapshot:
    """One table's read. The two that grow are read whole at first and with `full`, and else as far as something changed.

    State: `complete_through` of those two, an instant as ISO text.
    """

    reader: Reader
    table: Table
    state: State

    def run(self) -> Iterator[pa.Table]:
        known = self.state.get("complete_through")
        changed = None if self.reader.context.full or known is None else self._changed(known)
        query = f"SELECT {select_list(self.table, 's')} FROM {self.table.name} s WHERE {changed or 's.id IS NOT NULL'}"
        seen: dict[str, Row] = {}
        for page in self.reader.client.by_id(query, (), "s.id"):
            seen |= {row["id"]: row for row in page if self.table in _REFERS}
            yield self.reader.batch(self.table, page)
        if seen and (changed is None or self.table is tables.RELATIONSHIP):
            yield from self._gone(seen, whole=changed is None)
        if self.table in _REFERS:
            self.state["complete_through"] = self.reader.settled(self.reader.started)

    def _changed(self, through: str) -> str:
        """Rates by their own change; a customer's relationships, all of them, by the customer's."""
        moment, zone = self.reader.overlapped(through), self.reader.client.settings.time_zone
        if self.table is tables.RELATIONSHIP:
            return f"s.entity IN (SELECT c.id FROM customer c WHERE {since('c', moment, zone)})"
        return since("s", moment, zone)

    def _gone(self, seen: dict[str, Row], *, whole: bool) -> Iterator[pa.Table]:
        refers = _REFERS[self.table]
        entities = [] if whole else sorted({row["entity"] for row in seen.values()})
        found = load.living(
            self.reader.context.home, self.table, self.reader.client.connection, ", ".join(("id", *refers)),
            "true" if whole else "entity in (select unnest(?::varchar[]))", () if whole else [entities],
        )  # fmt: skip
        absent = [
            row for row in (dict(zip(("id", *refers), row, strict=True)) for row in found) if row["id"] not in seen
        ]
        gone = absent
        for column, target in refers.items():
            there = self._visible(target, {row[column] for row in gone if row[column]})
            gone = [row for row in gone if row[column] in there]
        if len(gone) < len(absent):
            self.reader.context.log.note(
                f"{self.reader.client.connection}: {len(absent) - len(gone)} rows of {self.table.name} can no longer be seen, nor can what"
                " they refer to; they are kept. Remedy: look at the integration role's subsidiaries and permissions."
            )
        if gone:
            yield self.reader.batch(self.table, gone, deleted=True)

    def _visible(self, target: str, ids: set[str]) -> set[str]:
        client = self.reader.client
        return {
            row["id"]
            for chunk in chunks(ids)
            for row in client.query(f"SELECT x.id FROM {target} x WHERE x.id IN ({chunk}) ORDER BY x.id")
        }
