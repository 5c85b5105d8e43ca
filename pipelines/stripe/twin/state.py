"""What an account is made of: its stores, its clock, its events, and what falls due by itself."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

import orjson

from pipelines.stripe.twin.errors import missing
from pipelines.stripe.twin.ids import Ids
from pipelines.stripe.twin.objects import API_VERSION
from pipelines.stripe.twin.store import Obj, Store

DAY = 86400
EVENT_DAYS = 30
_INDEXED = {
    "customer": (),
    "payment_method": ("customer", "type"),
    "mandate": (),
    "payment_intent": ("customer",),
    "charge": ("customer", "payment_intent"),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "payout": ("status",),
    "balance_transaction": ("source", "currency", "type"),
    "event": ("type",),
    "bank_account": (),
}


class Ticking(Protocol):
    """The company's clock: `tick` moves it on by one second."""

    def now(self) -> datetime: ...
    def tick(self) -> datetime: ...


def seconds(at: datetime) -> int:
    """Unix seconds of an aware instant."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; Stripe counts in UTC seconds")
    return int(at.timestamp())


def midnight(day: date) -> int:
    """Unix seconds of 00:00 UTC of a day."""
    return int(datetime.combine(day, time(), UTC).timestamp())


class State:
    """The objects of an account and what is told of them."""

    def __init__(
        self,
        account_id: str,
        clock: Ticking,
        *,
        country: str,
        default_currency: str,
        secret_key: str,
        seed: int,
    ) -> None:
        self.account_id, self.clock, self.secret_key = account_id, clock, secret_key
        self.country, self.default_currency = country.upper(), default_currency.lower()
        self.restricted_keys: dict[str, frozenset[str]] = {}
        self.expired_keys: set[str] = set()
        self.revoked_tokens: set[str] = set()  # access tokens of a platform that ended
        self.lock = threading.RLock()
        self.ids = Ids(account_id, seed)
        self.stores = {kind: Store(kind, indexed) for kind, indexed in _INDEXED.items()}
        self.deleted: dict[str, Obj] = {}  # customers that are gone but still answer by id
        self.tombstones: dict[str, Obj] = {}  # what they were: a list may still be paged from there
        self.request: Obj = {"id": None, "idempotency_key": None}  # of the API write in progress, for its events
        self._due: list[tuple[int, int, Callable[[datetime], object]]] = []
        self._dues = 0

    def get(self, kind: str, object_id: str, *, param: str | None = None, status: int = 404) -> Obj:
        """An object by id, or Stripe's resource_missing."""
        obj = self.stores[kind].objects.get(object_id)
        if obj is None:
            raise missing(kind.replace("_", ""), object_id, param or "id", status=status)
        return obj

    def add(self, kind: str, obj: Obj, *events: str) -> Obj:
        """Take a new object and tell of it."""
        self.stores[kind].add(obj)
        for name in events:
            self.emit(name, kind, obj, obj["created"])
        return obj

    def change(self, kind: str, obj: Obj, **fields: Any) -> Obj:
        """Change an object; returns `previous_attributes`."""
        return self.stores[kind].change(obj["id"], **fields)

    def update(self, kind: str, obj: Obj, at: int, event: str, **fields: Any) -> None:
        """Change an object and tell of it with what it was before, maps reduced to the keys that changed. No change, no event."""
        previous = self.change(kind, obj, **fields)
        for name, old in previous.items():
            if isinstance(old, dict) and isinstance(fields[name], dict):
                keys = sorted(old.keys() | fields[name].keys())
                previous[name] = {key: old.get(key) for key in keys if old.get(key) != fields[name].get(key)}
        if previous:
            self.emit(event, kind, obj, at, previous)

    def emit(self, name: str, kind: str, obj: Obj, created: int, previous: Obj | None = None) -> None:
        """Record an event with the object as it is now. One that nobody could read any more (30 days) is not made."""
        if created < seconds(self.clock.now()) - EVENT_DAYS * DAY:
            return
        data: Obj = {"object": orjson.Fragment(self.stores[kind].json(obj["id"]))}
        if previous is not None:
            data["previous_attributes"] = previous
        self.stores["event"].add(
            {
                "id": self.ids.next("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": created,
                "data": data,
                "livemode": False,
                "pending_webhooks": 0,
                "request": self.request,
                "type": name,
            }
        )

    def later(self, at: int, action: Callable[[datetime], object]) -> None:
        """Do `action` once company time has reached `at`."""
        self._dues += 1
        heapq.heappush(self._due, (at, self._dues, action))
