"""Objects of one kind: by id, newest first by (created, id), by the fields that lists filter on, and as JSON rendered once per state."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

Obj = dict[str, Any]
Key = tuple[int, str]


class Keys:
    """A sorted set of (created, id) that is cheap to append to: a history is nearly in order, so it is sorted when it is next read."""

    __slots__ = ("_in_order", "_keys")

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._in_order = True

    def add(self, key: Key) -> None:
        """Add one key."""
        self._in_order = self._in_order and (not self._keys or self._keys[-1] < key)
        self._keys.append(key)

    def ordered(self) -> list[Key]:
        """Oldest first; not to be changed by the caller."""
        if not self._in_order:
            self._keys.sort()
            self._in_order = True
        return self._keys

    def discard(self, key: Key) -> None:
        """Remove one key if it is there."""
        keys = self.ordered()
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            del keys[at]

    def drop_before(self, created: int) -> list[Key]:
        """Remove and return the keys older than `created`."""
        keys = self.ordered()
        cut = bisect_left(keys, (created, ""))
        gone = keys[:cut]
        del keys[:cut]
        return gone


@dataclass(frozen=True)
class Window:
    """Which part of a list is asked for: created in [low, high), older than `after`, newer than `before`."""

    limit: int = 10
    low: int | None = None
    high: int | None = None
    after: Key | None = None
    before: Key | None = None


def page(keys: list[Key], window: Window, accept: Callable[[str], bool] | None) -> tuple[list[str], bool]:
    """Ids newest first and whether more lie beyond; the cursor and the dates are found by bisection."""
    start = 0 if window.low is None else bisect_left(keys, (window.low, ""))
    stop = len(keys) if window.high is None else bisect_left(keys, (window.high, ""))
    if window.after is not None:
        stop = min(stop, bisect_left(keys, window.after))
    if window.before is not None:
        start = max(start, bisect_right(keys, window.before))
    forward = window.before is not None
    found: list[str] = []
    for at in range(start, stop) if forward else range(stop - 1, start - 1, -1):
        object_id = keys[at][1]
        if accept is None or accept(object_id):
            found.append(object_id)
            if len(found) > window.limit:
                break
    ids = found[: window.limit]
    return (ids[::-1] if forward else ids), len(found) > window.limit


def _key(obj: Obj) -> Key:
    """Bank accounts and mandates have no `created`."""
    return obj.get("created", 0), obj["id"]


class Store:
    """All objects of one kind. `indexed` fields get an index of their own; other filters scan."""

    def __init__(self, kind: str, indexed: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.indexed = indexed
        self.objects: dict[str, Obj] = {}
        self.keys = Keys()
        self._index: dict[tuple[str, str], Keys] = {}
        self._json: dict[str, bytes] = {}

    def add(self, obj: Obj) -> None:
        """Take a new object."""
        key = _key(obj)
        self.objects[obj["id"]] = obj
        self.keys.add(key)
        for field in self.indexed:
            self.tag(field, obj.get(field), key)

    def tag(self, field: str, value: str | None, key: Key) -> None:
        """File `key` under `field` = `value`; also for facts that are not on the object itself (a transaction's payout)."""
        if value is not None:
            self._index.setdefault((field, value), Keys()).add(key)

    def change(self, object_id: str, **fields: Any) -> Obj:
        """Set fields; returns the previous value of those that differ (Stripe's `previous_attributes`)."""
        obj = self.objects[object_id]
        previous = {name: obj.get(name) for name, value in fields.items() if name not in obj or obj[name] != value}
        key = _key(obj)
        for field in self.indexed:
            if field in previous:
                old = previous[field]
                if isinstance(old, str):
                    self._index[(field, old)].discard(key)
                self.tag(field, fields[field], key)
        obj.update(fields)
        self.stale(object_id)
        return previous

    def stale(self, object_id: str) -> None:
        """Forget the rendered JSON."""
        self._json.pop(object_id, None)

    def remove(self, object_id: str) -> Obj:
        """Take an object out of every list."""
        obj = self.objects.pop(object_id)
        key = _key(obj)
        self.keys.discard(key)
        for field in self.indexed:
            value = obj.get(field)
            if isinstance(value, str):
                self._index[(field, value)].discard(key)
        self.stale(object_id)
        return obj

    def json(self, object_id: str) -> bytes:
        """The object as Stripe sends it, rendered once per state."""
        body = self._json.get(object_id)
        if body is None:
            body = self._json[object_id] = orjson.dumps(self.objects[object_id])
        return body

    def under(self, field: str, value: str) -> list[Key]:
        """Keys whose indexed `field` is `value`, oldest first."""
        keys = self._index.get((field, value))
        return keys.ordered() if keys is not None else []

    def values(self, field: str) -> set[str]:
        """The values that occur of an indexed field."""
        return {value for name, value in self._index if name == field}

    def expire(self, created: int) -> None:
        """Drop what is older than `created` (events are kept for 30 days)."""
        ordered = self.keys.ordered()
        if not ordered or ordered[0][0] >= created:
            return
        for _, object_id in self.keys.drop_before(created):
            self.objects.pop(object_id, None)
            self.stale(object_id)
        for keys in self._index.values():
            keys.drop_before(created)
