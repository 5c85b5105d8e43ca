"""Record updates: one field of one record set to one value, because a rule says so.

A value is a text; it goes out in the form that the field has now (a flag, a number, a reference), and an empty one clears the field.
"""

from decimal import Decimal
from typing import Any

from pipelines.netsuite.bodies import exact, number, reference
from pipelines.netsuite.client import Client, Row
from pipelines.netsuite.errors import NotFound
from pipelines.system import Intent, Rejected

_RECORDS = {"customer": "customer", "invoice": "invoice", "credit_note": "creditMemo", "payment": "customerPayment"}
_FLAGS = {"true": True, "false": False}


def record(level: str) -> str:
    """NetSuite's name of a level's record type."""
    return _RECORDS[level]


def find(client: Client, intent: Intent) -> str | None:
    """The record's id if its field has the value already; None also if there is no such record."""
    try:
        held = _read(client, intent).get(str(intent.payload["field"]))
    except NotFound:
        return None
    return str(intent.payload["record_id"]) if _has(held, str(intent.payload["value"])) else None


def create(client: Client, intent: Intent) -> str:
    """Set the field; returns the record's id. Sent once: Transient means it may have been done."""
    field, value, key = (str(intent.payload[name]) for name in ("field", "value", "record_id"))
    held = _read(client, intent).get(field)
    if not _has(held, value):
        client.patch(_record(intent), key, {field: _shaped(intent, held, value)})
    return key


def _read(client: Client, intent: Intent) -> Row:
    return client.get(_record(intent), str(intent.payload["record_id"]))


def _record(intent: Intent) -> str:
    return record(str(intent.payload["record_type"]))


def _has(held: Any, value: str) -> bool:
    if held is None:
        return value == ""
    if isinstance(held, bool):
        return _FLAGS.get(value) is held
    if isinstance(held, int | Decimal):
        return value != "" and _number(value) == held
    return str(held.get("id") if isinstance(held, dict) else held) == value


def _number(value: str) -> Decimal | None:
    try:
        return Decimal(value)
    except ArithmeticError:
        return None


def _shaped(intent: Intent, held: Any, value: str) -> Any:
    if value == "":
        return None
    if isinstance(held, bool):
        if value not in _FLAGS:
            raise Rejected(
                f"{intent.connection}: {intent.payload['field']} is true or false, not {value!r}; nothing was written."
            )
        return _FLAGS[value]
    if isinstance(held, int | Decimal):
        return exact(number(intent, value, "the value"))
    return reference(value) if isinstance(held, dict) else value
