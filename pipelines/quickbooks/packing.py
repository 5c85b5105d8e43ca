"""The ids of a table's living records packed small, to be kept in a state."""

import base64
import zlib
from collections.abc import Iterable
from itertools import accumulate

import orjson


def packed(ids: Iterable[str]) -> str:
    """Ids as short text: numbers by their differences, anything else as it is, compressed."""
    known = set(ids)
    numbers = sorted(int(item) for item in known if _is_number(item))
    steps = [current - before for before, current in zip([0, *numbers], numbers, strict=False)]
    others = sorted(item for item in known if not _is_number(item))
    return base64.b85encode(zlib.compress(orjson.dumps([steps, others]))).decode()


def unpacked(text: str) -> set[str]:
    if not text:
        return set()
    steps, others = orjson.loads(zlib.decompress(base64.b85decode(text)))
    return {*map(str, accumulate(steps)), *others}


def _is_number(item: str) -> bool:
    return item.isascii() and item.isdigit() and (item == "0" or not item.startswith("0")) and len(item) < 19
