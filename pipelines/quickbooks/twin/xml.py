"""The XML that QuickBooks answers with when a client does not ask for JSON."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape


def of(body: bytes) -> str:
    """A JSON answer as XML: objects are elements, lists repeat theirs."""
    parsed: dict[str, Any] = json.loads(body, parse_float=str)
    time = parsed.pop("time", "")
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="{time}" xmlns="http://schema.intuit.com/finance/v3">{_inner(parsed)}</IntuitResponse>'


def _inner(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(_element(name, part) for name, part in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else escape(str(value))


def _element(name: str, value: Any) -> str:
    return "".join(f"<{name}>{_inner(part)}</{name}>" for part in (value if isinstance(value, list) else [value]))
