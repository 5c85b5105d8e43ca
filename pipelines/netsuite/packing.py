"""Ids and texts packed small, to be kept in a state."""

import base64
import zlib
from itertools import accumulate

import orjson


def packed(ids: list[int]) -> str:
    """Sorted ids as short text: their differences, compressed."""
    return packed_text(orjson.dumps([current - before for before, current in zip([0, *ids], ids, strict=False)]))


def unpacked(text: str) -> list[int]:
    return list(accumulate(orjson.loads(unpacked_text(text) or b"[]")))


def packed_text(content: bytes) -> str:
    """Bytes as short text that fits in a state."""
    return base64.b85encode(zlib.compress(content)).decode()


def unpacked_text(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text)) if text else b""
