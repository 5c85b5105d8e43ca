"""Webhooks: the two bodies that Intuit sends, the signature over either, and sending them to who has subscribed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
import urllib.request
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

_PAST = {
    "Create": "created",
    "Update": "updated",
    "Delete": "deleted",
    "Merge": "merged",
    "Void": "voided",
    "Emailed": "emailed",
}


@dataclass(frozen=True)
class Event:
    """Something happened to a record. `operation` is Create, Update, Delete, Merge, Void or Emailed."""

    entity: str
    id: str
    operation: str
    at: datetime


def sign(body: bytes, verifier: str) -> str:
    """The header `intuit-signature` for a raw body."""
    return base64.b64encode(hmac.new(verifier.encode(), body, hashlib.sha256).digest()).decode()


def legacy(realm_id: str, events: Sequence[Event]) -> bytes:
    """The body as it was until 2026: eventNotifications."""
    entities = [
        {
            "id": event.id,
            "operation": event.operation,
            "name": event.entity,
            "lastUpdated": _zulu(event.at, "milliseconds"),
        }
        for event in events
    ]
    return orjson.dumps({"eventNotifications": [{"realmId": realm_id, "dataChangeEvent": {"entities": entities}}]})


def cloud_events(realm_id: str, events: Sequence[Event]) -> bytes:
    """The body since then: an array of CloudEvents."""
    return orjson.dumps([
        {
            "specversion": "1.0", "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{realm_id}/{event}")), "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
            "type": f"qbo.{event.entity.lower()}.{_PAST[event.operation]}.v1", "datacontenttype": "application/json", "time": _zulu(event.at, "seconds"),
            "intuitentityid": event.id, "intuitaccountid": realm_id, "data": {},
        }
        for event in events
    ])  # fmt: skip


def _zulu(at: datetime, to: str) -> str:
    return at.astimezone(UTC).isoformat(timespec=to).replace("+00:00", "Z")


FORMS = {"legacy": legacy, "cloudevents": cloud_events}
_GATHER, _TRIES, _PAUSE, _PATIENCE = 0.05, 3, 0.2, 5.0  # seconds but the second


@dataclass
class Subscription:
    """Who is told of a company's changes: one call for what came within a moment, in each form asked for. `sent` is told when a call has
    been answered, `failed` counts the calls given up."""

    realm_id: str
    url: str
    verifier: str
    forms: tuple[str, ...] = ("cloudevents",)
    sent: int = 0
    failed: int = 0
    _waiting: dict[tuple[str, str], Event] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        if unknown := set(self.forms) - set(FORMS):
            raise ValueError(f"there is no form {', '.join(sorted(unknown))}; there are {', '.join(FORMS)}")

    def tell(self, event: Event) -> None:
        """Something happened. A record made and changed within the same moment was made."""
        with self._lock:
            first = not self._waiting
            before = self._waiting.get((event.entity, event.id))
            if before is None or before.operation != "Create" or event.operation != "Update":
                self._waiting[event.entity, event.id] = event
        if first:
            threading.Thread(target=self._send, daemon=True).start()

    def _send(self) -> None:
        time.sleep(_GATHER)
        with self._lock:
            events = list(self._waiting.values())
            self._waiting.clear()
        for form in self.forms:
            body = FORMS[form](self.realm_id, events)
            done = any(self._post(body, attempt) for attempt in range(_TRIES))
            self.sent, self.failed = self.sent + done, self.failed + (not done)

    def _post(self, body: bytes, attempt: int) -> bool:
        time.sleep(_PAUSE * attempt)
        headers = {"Content-Type": "application/json", "intuit-signature": sign(body, self.verifier)}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=_PATIENCE) as answer:
                return bool(200 <= answer.status < 300)
        except OSError:  # nobody there, or an answer of 400 and above
            return False
