"""Record updates: one field of one record set to one value, because a rule says so. `Part.Element` names an element within a field.

A sparse update at the SyncToken that was just read: what it does not name stays. Where somebody was faster it is read again, a few times.
An empty value empties the field.
"""

from typing import Any

from pipelines.quickbooks import exact
from pipelines.quickbooks.client import Client
from pipelines.quickbooks.errors import NotFound, Stale
from pipelines.quickbooks.keys import request_id
from pipelines.quickbooks.transport import Row
from pipelines.system import Intent

_ENTITIES = {"customer": "Customer", "invoice": "Invoice", "credit_note": "CreditMemo", "payment": "Payment"}
_TRIES = 3


def find(client: Client, intent: Intent) -> str | None:
    """The record's id if its field has the value already; None also if there is no such record."""
    try:
        row = _read(client, intent)
    except NotFound:
        return None
    return str(intent.payload["record_id"]) if _has(row, intent) else None


def create(client: Client, intent: Intent) -> str:
    """Set the field; returns the record's id. Sent once at each SyncToken: Transient means it may have been done."""
    for attempt in range(1, _TRIES + 1):
        row = _read(client, intent)
        if _has(row, intent):
            break
        token = str(row["SyncToken"])
        body = {"sparse": True, "Id": str(row["Id"]), "SyncToken": token, **_change(intent)}
        try:
            client.update(_entity(intent), body, request_id(intent.key, token))
            break
        except Stale:
            if attempt == _TRIES:
                raise
    return str(intent.payload["record_id"])


def _entity(intent: Intent) -> str:
    return _ENTITIES[str(intent.payload["record_type"])]


def _read(client: Client, intent: Intent) -> Row:
    return client.read(_entity(intent), str(intent.payload["record_id"]))


def _has(row: Row, intent: Intent) -> bool:
    held: Any = row
    for part in str(intent.payload["field"]).split("."):
        held = held.get(part) if isinstance(held, dict) else None
    return ("" if held is None else exact.text(held)) == str(intent.payload["value"])


def _change(intent: Intent) -> dict[str, Any]:
    field, _, element = str(intent.payload["field"]).partition(".")
    value = intent.payload["value"]
    return {field: {element: value} if element else value}
