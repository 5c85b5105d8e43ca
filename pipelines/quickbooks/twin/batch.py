"""Batches: up to 30 operations in one request, carried out one after the other; each succeeds or fails by itself."""

from __future__ import annotations

from typing import Any

import orjson

from . import cdc, entry, query
from .errors import ApiError, invalid, refusal, unsupported
from .model import Refused
from .rows import Company

MOST = 30
_OPERATIONS = ("create", "update", "delete", "void")


def answer(company: Company, body: dict[str, Any]) -> dict[str, Any]:
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
    return {"BatchItemResponse": [{**_item(company, item), "bId": item["bId"]} for item in items]}


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
