"""`limit`, `offset`, and the links of a collection."""

from __future__ import annotations

from urllib.parse import urlencode

from .account import Call
from .errors import bad_parameter

MAX_LIMIT = 1000
REACHABLE = 100_000


def window(call: Call) -> tuple[int, int]:
    """(limit, offset) of a request. Raises ApiError when they are not what NetSuite accepts."""
    limit, offset = call.whole("limit", MAX_LIMIT), call.whole("offset", 0)
    if limit is None or not 1 <= limit <= MAX_LIMIT:
        raise bad_parameter(
            f"Invalid query parameter value for 'limit'. Provide a whole number from 1 to {MAX_LIMIT}.",
            "limit",
        )
    if offset is None:
        raise bad_parameter("Invalid query parameter value for 'offset'. Provide a whole number.", "offset")
    if offset % limit:
        raise bad_parameter(
            "Invalid query parameter value for 'offset'. The offset must be divisible by the limit.", "offset"
        )
    if offset + limit > REACHABLE and offset:
        raise bad_parameter(
            f"Invalid query parameter value for 'offset'. Only the first {REACHABLE} results can be reached.",
            "offset",
        )
    return limit, offset


def links(call: Call, limit: int, offset: int, total: int) -> list[dict[str, str]]:
    """`first`, `prev`, `next`, `last` where they exist, and `self`."""

    def link(rel: str, at: int) -> dict[str, str]:
        query = {**call.query, "limit": str(limit), "offset": str(at)}
        return {"rel": rel, "href": f"{call.base}{call.path}?{urlencode(query)}"}

    last = max(0, (min(total, REACHABLE) - 1) // limit * limit)
    found = []
    if offset:
        found += [link("first", 0), link("prev", offset - limit)]
    if offset < last:
        found += [link("next", offset + limit), link("last", last)]
    return [*found, link("self", offset)]
