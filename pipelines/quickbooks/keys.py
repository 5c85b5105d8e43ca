"""How our key stands in QuickBooks, where no field of ours exists: a short reference that can be searched for, and the key in the note."""

import hashlib
from decimal import Decimal, InvalidOperation
from typing import Any

from pipelines.quickbooks.transport import Row
from pipelines.system import CannotFind, Intent, Rejected

_REFERENCE_LENGTH, _NOTE_LENGTH = 21, 4000  # QuickBooks' limits on PaymentRefNum and DocNumber, and on PrivateNote


def reference(key: str) -> str:
    """21 characters that stand for a key: `TO-` and 18 of its hash."""
    return f"TO-{hashlib.sha256(key.encode()).hexdigest()}"[:_REFERENCE_LENGTH]


def parts_of(key: str) -> str:
    """What the references of the parts of a key begin with."""
    return f"TO-{hashlib.sha256(key.encode()).hexdigest()[:12]}-"


def part_reference(key: str, part: str) -> str:
    """The reference of one of several records that a key stands for."""
    return f"{parts_of(key)}{hashlib.sha256(part.encode()).hexdigest()}"[:_REFERENCE_LENGTH]


def request_id(key: str, after: str = "") -> str:
    """The request id under which a key is created. `after`: the id of a record that an earlier one made and somebody has deleted since."""
    return hashlib.sha256(f"{key}|{after}".encode()).hexdigest()[:40]


def note(intent: Intent) -> str:
    """The memo, and behind it the key."""
    mark = f"[{intent.key}]"
    memo = str(intent.payload.get("memo") or "")[: _NOTE_LENGTH - len(mark) - 1]
    return f"{memo} {mark}".strip()


def carries(row: Row, key: str) -> bool:
    return f"[{key}]" in str(row.get("PrivateNote") or "")


def only(intent: Intent, rows: list[Row]) -> Row | None:
    """The one record that carries the key. Raises CannotFind if there are several: a person has to say which."""
    mine = [row for row in rows if carries(row, intent.key)]
    if len(mine) > 1:
        ids = ", ".join(str(row["Id"]) for row in mine)
        raise CannotFind(
            f"{intent.connection}: several records carry the key {intent.key}: {ids}. Remedy: delete all but one."
        )
    return mine[0] if mine else None


def number(intent: Intent, text: Any, what: str) -> Decimal:
    """An amount of a payload. Raises Rejected when it is no finite number."""
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise Rejected(f"{intent.connection}: {intent.key}: {what} {text!r} is not an amount; nothing was written.")
    return amount


def ref(record_id: Any) -> dict[str, str]:
    return {"value": str(record_id)}


def value(found: Any) -> str | None:
    """The id in a reference."""
    return str(found["value"]) if isinstance(found, dict) and found.get("value") is not None else None


def compare(intent: Intent, entity: str, found: Row, wanted: dict[str, Any], actual: dict[str, Any]) -> None:
    """Raise Rejected if the record under our key is not what we meant."""
    differing = [f"{name} {actual[name]} instead of {wanted[name]}" for name in wanted if actual[name] != wanted[name]]
    if differing:
        raise Rejected(
            f"{intent.connection}: {entity} {found['Id']} already carries the key {intent.key}, with {', '.join(differing)}."
            " It is left as it is: void this intent, or correct the record in QuickBooks."
        )
