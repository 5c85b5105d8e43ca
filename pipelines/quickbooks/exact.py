"""JSON whose numbers keep their digits on the way in and on the way out: no amount is ever a float."""

import json
from decimal import Decimal
from typing import Any

import orjson


def decoded(content: bytes) -> dict[str, Any] | None:
    """A JSON object with its decimals as Decimal; None for anything else, such as an answer that was cut off."""
    try:
        body = json.loads(content, parse_float=Decimal)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def encoded(value: Any) -> bytes:
    """JSON, each Decimal as a number with exactly its digits."""
    return orjson.dumps(value, default=_number)


def canonical(value: Any) -> str | None:
    """JSON text with sorted keys; None stays None."""
    return None if value is None else orjson.dumps(value, default=_number, option=orjson.OPT_SORT_KEYS).decode()


def text(value: Any) -> str:
    """A JSON value as text, a number with the digits it came with."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str):
        return value
    return str(canonical(value)) if isinstance(value, dict | list) else str(value)


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(f"{value:f}".encode())
    raise TypeError(f"{value!r} is not JSON")
