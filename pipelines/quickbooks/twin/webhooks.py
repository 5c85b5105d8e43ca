"""Webhooks: the two bodies that Intuit sends, and the signature over either."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
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
