"""What events say has changed: ids to read again, never contents (an event is a snapshot, may come twice, and out of order)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

DAY = 86_400


@dataclass(frozen=True, order=True)
class Changed:
    """An object that an event names. `created` is the object's own, epoch seconds."""

    created: int
    id: str


@dataclass(frozen=True)
class Changes:
    """Objects named by events, by kind; and the last that was seen of deleted customers."""

    objects: dict[str, frozenset[Changed]]
    deleted_customers: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, events: Iterable[dict[str, Any]]) -> "Changes":
        """The same for the same set of events, whatever their order and however often each comes."""
        objects: dict[str, set[Changed]] = {}
        deleted: dict[str, dict[str, Any]] = {}
        for event in events:
            item = (event.get("data") or {}).get("object") or {}
            if not item.get("id") or not item.get("object"):
                continue
            if event.get("type") == "customer.deleted":
                deleted[item["id"]] = item
            else:
                objects.setdefault(item["object"], set()).add(Changed(int(item.get("created") or 0), item["id"]))
        return cls({kind: frozenset(items) for kind, items in objects.items()}, deleted)

    def of_kind(self, kind: str, *, before: int) -> list[Changed]:
        """Changed objects of a kind created before `before`, oldest first, without deleted ones."""
        changed = self.objects.get(kind, frozenset())
        return sorted(item for item in changed if item.created < before and item.id not in self.deleted_customers)


def spans(changed: list[Changed]) -> Iterator[list[Changed]]:
    """Groups by day of creation: one object is worth a GET, several a list of their day, so that no more calls than objects are made."""
    for _, group in groupby(changed, key=lambda item: item.created // DAY):
        yield list(group)
