"""Stripe's bracket notation: `created[gte]=1`, `expand[]=a`, `expand[0]=a`, literal or percent-encoded, in a query or a form body."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from pipelines.stripe.twin.errors import ApiError, bad_request

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")


def parse(encoded: str) -> dict[str, Any]:
    """`a[b]=1&c[]=x&c[]=y` -> `{"a": {"b": "1"}, "c": ["x", "y"]}`; values stay text. Raises ApiError (400) when a name is malformed or
    is used both as a value and as an object."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict")
    except ValueError:
        raise bad_request(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."
        ) from None
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _put(tree, name, value)
    # metadata is a map whatever its keys look like
    return {name: value if name == "metadata" else _lists(value) for name, value in tree.items()}


def _put(tree: dict[str, Any], name: str, value: str) -> None:
    match = _KEY.match(name)
    if match is None:
        raise bad_request(f"Invalid parameter name: {name}", param=name)
    path = [match.group(1), *_PART.findall(match.group(2))]
    node = tree
    for part in path[:-1]:
        child = node.setdefault(_slot(node, part), {})
        if not isinstance(child, dict):
            raise _both(name)
        node = child
    slot = _slot(node, path[-1])
    if isinstance(node.get(slot), dict):
        raise _both(name)
    node[slot] = value


def _slot(node: dict[str, Any], part: str) -> str:
    """`[]` appends: it takes the next number."""
    return part or str(len(node))


def _both(name: str) -> ApiError:
    return bad_request(
        f"Invalid request: {name} is given both as a value and as an object", param=name.partition("[")[0]
    )


def _lists(value: Any) -> Any:
    """Objects whose keys are all numbers are arrays, in the order of the numbers."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}
