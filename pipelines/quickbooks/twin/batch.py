"""Batches: up to 30 operations in one request, carried out one after the other; each succeeds or fails by itself."""

from __future__ import annotations

from typing import Any

import orjson

from . import cdc, entry, query
from .errors import ApiError, invalid, refusal, unsupported
from .model import Refused
from .realm import Realm
from .rows import Company
from .wire import dumps

MOST = 30
_OPERATIONS = ("create", "update", "delete", "void")


def answer(realm: Realm, body: dict[str, Any], request_id: str | None) -> dict[str, Any]:
    """The BatchItemResponse list. Raises ApiError only for a batch that is none."""
    items = body.get("BatchItemRequest")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise invalid("2020", "Required parameter BatchItemRequest is missing in the request", "BatchItemRequest")
    if len(items) > MOST:
        raise invalid(
            "6000",
            f"Business Validation Error: A batch can hold {MOST} items at most. Supplied items:{len(items)}",
            "BatchItemRequest",
        )
    if len({item.get("bId") for item in items}) != len(items) or any(not item.get("bId") for item in items):
        raise invalid("2020", "Required parameter bId is missing in the request", "bId")
    return {"BatchItemResponse": [{**_once(realm, item, request_id), "bId": item["bId"]} for item in items]}


def _once(realm: Realm, item: dict[str, Any], request_id: str | None) -> dict[str, Any]:
    """An item's answer. A write is known by its own `requestid`, else by the batch's and its bId: what succeeded under it is not done again."""
    own = item.get("requestid") or (f"{request_id}/{item['bId']}" if request_id else None)
    if own is None or "operation" not in item:
        return _item(realm.company, item)
    if own not in realm.answers:
        done = _item(realm.company, item)
        if "Fault" in done:
            return done
        realm.remember(own, dumps(done))
    return dict(orjson.loads(realm.answers[own]))


def _item(company: Company, item: dict[str, Any]) -> dict[str, Any]:
    try:
        if "Query" in item:
            return {"QueryResponse": orjson.Fragment(query.answer(company, str(item["Query"])))}
        if "CDCQuery" in item:
            asked = item["CDCQuery"]
            return cdc.changes(company, asked.get("Entities"), asked.get("ChangedSince"))
        kind = next((name for name in item if name.lower() in entry.ENTITIES), None)
        operation = item.get("operation")
        if kind is None or not isinstance(item[kind], dict):
            raise unsupported(str(operation).title())
        if operation not in _OPERATIONS:
            raise Refused("2170", f"Invalid Enumeration : {operation}", "operation")
        if item.get("optionsData") == "void":
            operation = "void"
        return entry.write(company, entry.ENTITIES[kind.lower()], operation, item[kind])
    except Refused as refused:
        return refusal(refused).body()
    except ApiError as error:
        return error.body()
