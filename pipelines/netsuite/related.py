"""Documents whose open amount changed although NetSuite did not touch them.

Applying or unapplying touches the payment or credit, not always the invoice (nor the payment that a refund consumes). So whatever the
changed transactions are linked to now is read again, and so is what stands open with the same customers: a document that has lost an
application is open, and no link names it any more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from pipelines.netsuite.client import Row
from pipelines.netsuite.packing import packed, unpacked
from pipelines.netsuite.reads import chunks

OPEN = (
    "(COALESCE(t.foreignamountunpaid, 0) <> 0 OR EXISTS (SELECT 1 FROM transactionline u WHERE u.transaction = t.id"
    " AND u.mainline = 'T' AND COALESCE(u.foreignpaymentamountunused, 0) <> 0))"
)


@dataclass
class Related:
    """Collects what the changed transactions of a run touch. `everyone`: a deletion does not say whose it was, so all that is open."""

    everyone: bool = False
    changed: set[str] = field(default_factory=set)
    linked: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)

    def add(self, rows: list[Row]) -> None:
        for row in rows:
            self.changed.add(row["id"])
            if row.get("type") == "CustInvc":
                continue  # an invoice applies nothing
            self.linked.update(link["previousdoc"] for link in orjson.loads(row["applications"]))
            if row.get("entity"):
                self.entities.add(row["entity"])
            if row.get("type") == "Journal":
                self.entities.update(line["entity"] for line in orjson.loads(row["lines"]) if line.get("entity"))

    def kept(self) -> dict[str, str]:
        """What a sweep that stops half-way must remember for its next run."""
        return {"linked": _packed(self.linked - self.changed), "entities": _packed(self.entities)}

    def recall(self, kept: dict[str, str]) -> None:
        self.linked.update(map(str, unpacked(kept["linked"])))
        self.entities.update(map(str, unpacked(kept["entities"])))

    def conditions(self) -> Iterator[str]:
        """Conditions on `t` that together cover what is to be read again."""
        for chunk in chunks(self.linked - self.changed):
            yield f"t.id IN ({chunk})"
        if self.everyone:
            yield OPEN
            return
        for chunk in chunks(self.entities):
            yield f"t.entity IN ({chunk}) AND {OPEN}"


def _packed(ids: set[str]) -> str:
    return packed(sorted(map(int, ids)))
