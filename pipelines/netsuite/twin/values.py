"""Reading a request body: references, amounts, days, booleans. Each refusal names the JSON path, as NetSuite does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from .account import Account
from .errors import ApiError, bad_content, user_error
from .fields import DOCUMENTS, ELEMENTS, NAMES, TABLE_OF

Body = Mapping[str, Any]
_REF_TABLE = {
    "entity": "entity",
    "employee": "employee",
    "accountingPeriod": "accountingperiod",
    "customerCategory": "customercategory",
    "item": "item",
}


def parse(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body, numbers exact."""
    if not raw:
        return {}
    try:
        body = json.loads(raw, parse_float=Decimal)
    except ValueError:
        raise bad_content() from None
    if not isinstance(body, dict):
        raise bad_content()
    return body


def check_names(record: str, body: Body, mode: str) -> list[str]:
    """Unknown property names: refused when `mode` is error, returned for a warning else."""
    unknown = [name for name in body if name not in NAMES[record]]
    for sublist, names in ELEMENTS.get(record, {}).items():
        for index, element in enumerate(elements(body, sublist)):
            unknown += [
                f"{sublist}.items[{index}].{name}" for name in element if name not in (*names, "links", "refName")
            ]
    if unknown and mode.lower() == "error":
        raise bad_content(f"Unknown reference or field {unknown[0]} found in the request body.", unknown[0])
    return unknown if mode.lower() != "ignore" else []


def elements(body: Body, sublist: str) -> list[dict[str, Any]]:
    """The `items` of a sublist in a body."""
    held = body.get(sublist)
    if held is None:
        return []
    items = held.get("items") if isinstance(held, dict) else None
    if not isinstance(items, list) or any(not isinstance(item, dict) for item in items):
        raise bad_content(path=sublist)
    return items


def invalid(value: object, name: str, path: str) -> ApiError:
    return user_error(
        f"You have entered an Invalid Field Value {value} for the following field: {name}",
        path,
        "INVALID_CONTENT",
    )


def ref(account: Account, body: Body, name: str, target: str, path: str = "") -> str | None:
    """The id that a reference points at: `{"id"}`, `{"externalId"}`, or a plain id. Raises ApiError when nothing is there."""
    value = body.get(name)
    where = f"{path}{name}"
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        if "id" not in value and "externalId" not in value:
            raise bad_content(path=where)
        value = value["id"] if "id" in value else f"eid:{value['externalId']}"
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise bad_content(path=where)
    found = locate(account, target, str(value))
    if found is None:
        raise invalid(value, name, where)
    return str(found)


def locate(account: Account, target: str, key: str) -> int | None:
    """The internal id behind an id or `eid:..` of a record type; None if there is no such record."""
    store = account.books.store
    if target in DOCUMENTS or target == "transaction":
        kinds = list(DOCUMENTS.values()) if target == "transaction" else [DOCUMENTS[target]]
        if key.startswith("eid:"):
            docs = [doc for kind in kinds if (doc := store.by_external_id(kind, key[4:]))]
            return docs[0].id if docs else None
        number = int(key) if key.isdigit() else 0
        return number if number in store.docs and store.docs[number].type in kinds else None
    rows = store.reference[TABLE_OF.get(target, _REF_TABLE.get(target, target))]
    if key.startswith("eid:"):
        return next((number for number, row in rows.items() if row.get("externalid") == key[4:]), None)
    number = int(key) if key.lstrip("-").isdigit() else 0
    return number if number in rows else None


def amount(account: Account, body: Body, name: str, currency: str | None, path: str = "") -> Decimal | None:
    """A JSON number with no more decimals than the currency has."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise bad_content(f"Invalid value for the field '{name}'. Provide a number.", f"{path}{name}")
    number = Decimal(value)
    row = account.books.store.reference["currency"].get(int(currency or 0), {})
    places = int(row.get("currencyprecision", 2))
    if number != round(number, places):
        raise invalid(value, name, f"{path}{name}")
    return number


def number(body: Body, name: str, path: str = "") -> Decimal | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise bad_content(f"Invalid value for the field '{name}'. Provide a number.", f"{path}{name}")
    return Decimal(value)


def day(body: Body, name: str) -> date | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise bad_content(f"Invalid value for the field '{name}'. Provide a date as YYYY-MM-DD.", name) from None


def text(body: Body, name: str, path: str = "") -> str | None:
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise bad_content(f"Invalid value for the field '{name}'. Provide a string.", f"{path}{name}")


def flag(body: Body, name: str, default: bool, path: str = "") -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise bad_content(f"Invalid value for the field '{name}'. Provide a boolean.", f"{path}{name}")
    return value


def missing(*labels: str) -> ApiError:
    return user_error(f"Please enter value(s) for: {', '.join(labels)}")
