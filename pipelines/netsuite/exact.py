"""Amounts that the warehouse could not keep exactly: more than four decimals on a line or link, more than its currency has on a header.

They are found here, before anything could round them. The texts of a page are searched at once; only what looks wrong is parsed.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.netsuite.client import Row

_CHILDREN = ("lines", "applications")
_AMOUNTS = ("foreignamount", "foreignpaymentamountunused", "netamount", "debit", "credit")
_HEADER = ("foreigntotal", "foreignamountpaid", "foreignamountunpaid")
# Finds every amount that might not fit; those that fit after all (1.50000) are let through by `_fault`.
_SUSPECT = rf'"(?:{"|".join(_AMOUNTS)})":(?:[^"]|"(?:"|[^"]*[^-0-9."]|[^"]*\.[0-9]{{5}}|[^"]*\.[^"]*\.|[^"]+-|[^"]*[0-9]{{15}}))'
_DECIMALS, _BELOW = 4, Decimal(10) ** 14  # decimal(18,4)


def faults(rows: list[Row], places: Mapping[str, int]) -> dict[int, str]:
    """What is wrong with which of these transactions, by their place in `rows`. `places`: decimals by currency id, where known."""
    found: dict[int, str] = {}
    for number, row in enumerate(rows):
        allowed = places.get(row.get("currency", ""))
        if allowed is not None:
            for name in _HEADER:
                text = row.get(name)
                if text and len(text.partition(".")[2].rstrip("0")) > allowed:
                    found.setdefault(number, f"{name}: {text!r} has more than the {allowed} decimals of its currency")
    for name in _CHILDREN:
        texts = pa.array([row[name] for row in rows], pa.string())
        for number in pc.indices_nonzero(pc.match_substring_regex(texts, _SUSPECT)).to_pylist():
            fault = _fault(orjson.loads(rows[number][name]))
            if fault:
                found.setdefault(number, f"{name}{fault}")
    return found


def _fault(children: Iterable[Row]) -> str | None:
    for number, child in enumerate(children):
        for name in _AMOUNTS:
            if name not in child:
                continue
            where = f"[{number}].{name}: {child[name]!r}"
            try:
                amount = Decimal(child[name])
            except (InvalidOperation, TypeError, ValueError):
                return f"{where} is not an amount"
            if not amount.is_finite() or abs(amount) >= _BELOW:
                return f"{where} is no amount of at most 14 digits before the point"
            if amount != amount.quantize(Decimal(1).scaleb(-_DECIMALS)):
                return f"{where} has more than {_DECIMALS} decimals"
    return None
