"""How values are written: exact numbers, times in the Pacific zone, references."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

PACIFIC = ZoneInfo("America/Los_Angeles")  # every time in an answer, whatever the company's own zone
Body = dict[str, Any]


def dumps(body: object) -> bytes:
    """JSON with exact numbers."""
    return orjson.dumps(body, default=_number)


def _number(value: object) -> orjson.Fragment:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no JSON")
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0")
        text = text + "0" if text.endswith(".") else text
    return orjson.Fragment(text.encode())


@lru_cache(maxsize=4096)
def stamp(at: datetime) -> str:
    """A record's time: Pacific, to the second."""
    return at.astimezone(PACIFIC).isoformat(timespec="seconds")


def envelope_time(at: datetime) -> str:
    """An answer's time: Pacific, to the millisecond."""
    return at.astimezone(UTC).astimezone(PACIFIC).isoformat(timespec="milliseconds")
