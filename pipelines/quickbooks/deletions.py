"""What is gone from QuickBooks becomes a version with `is_deleted`, and not too much at once without asking.

More deletions of a table in one run than the brake allows are held, all of that table's, until a person confirms `deletes:<connection>`.
They are kept in the table's state (`held`): QuickBooks forgets what it deleted after 30 days, and never gives an id again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pyarrow as pa

from pipelines.quickbooks.packing import packed, unpacked
from pipelines.quickbooks.reader import Reader, State
from pipelines.tables import Quarantined, Table


@dataclass
class Deletions:
    """The deletions of one table in one run."""

    reader: Reader
    table: Table
    state: State

    def tombstones(self, gone: set[str], living: int) -> Iterator[pa.Table]:
        """A version with `is_deleted` for each record that is gone, those held before among them; or none, and a note."""
        everything = sorted(gone | unpacked(self.state.get("held", "")), key=lambda item: (len(item), item))
        if self._held(everything, living):
            self.state["held"] = packed(everything)
            return
        self.state.pop("held", None)
        if everything:
            self.reader.context.log.count(deleted=len(everything))
            yield self.reader.batch(self.table, [{"id": item} for item in everything], deleted=True)

    @property
    def are_held(self) -> bool:
        return "held" in self.state

    def _held(self, gone: list[str], living: int) -> bool:
        settings, name = self.reader.settings, self.reader.client.connection
        many = len(gone) > settings.max_deletes and len(gone) > settings.max_delete_share * (living + len(gone))
        if not many or f"deletes:{name}" in self.reader.context.confirmed:
            return False
        reason = (
            f"{name}: QuickBooks reports {len(gone)} deletions of {self.table.name} at once, of {living + len(gone)} records; more than"
            f" max_deletes ({settings.max_deletes}) and max_delete_share ({settings.max_delete_share}). They are held."
        )
        remedy = f"Look at them in QuickBooks (Audit log); if they are meant, run `tieout confirm {name} deletes:{name}` and sync again."
        self.reader.context.log.note(f"{reason} Remedy: {remedy}")
        self.reader.context.log.count(deletes_held=len(gone))
        payload = orjson.dumps([{"type": self.table.name, "id": item} for item in gone[:100]]).decode()
        self.reader.context.quarantine.append(Quarantined(name, self.table.name, gone[0], reason, remedy, payload))
        return True
