"""BUILTIN.DF and BUILTIN.CF, and date formats: what a person sees of a value."""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from .errors import bad_query
from .lookups import DISPLAY, REFERENCES
from .model import STATUS_NAMES, TYPES

Resolve = Callable[[exp.Column], tuple[str, str]]
_FORMATS = {
    "YYYY": "%Y", "YY": "%y", "MONTH": "%B", "MON": "%b", "MM": "%m", "DD": "%d", "DAY": "%A", "DY": "%a", "HH24": "%H", "HH12": "%I",
    "HH": "%I", "MI": "%M", "SS": "%S", "AM": "%p", "PM": "%p", "DDD": "%j",
}  # fmt: skip


def display(node: exp.Expr, resolve: Resolve) -> exp.Expr | None:
    """BUILTIN.DF (what a person sees) and BUILTIN.CF (the coded value) of a column."""
    if not isinstance(node, exp.Dot):
        return None
    call = node.expression
    name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
    if (
        node.this.name.upper() != "BUILTIN"
        or name not in ("DF", "CF")
        or len(call.expressions) != 1
        or not isinstance(call.expressions[0], exp.Column)
    ):
        raise bad_query(f"Invalid or unsupported search: {node.sql()} is not supported.")
    target = call.expressions[0]
    alias, _ = resolve(target)
    held = target.name.lower()
    plain = exp.column(held, alias, quoted=True).sql("duckdb")
    if held == "status":
        kind_ = exp.column("type", alias, quoted=True).sql("duckdb")
        sql = f"{kind_} || ':' || {plain}" if name == "CF" else _status_case(kind_, plain)
    elif held in ("type", "previoustype", "nexttype") and name == "DF":
        sql = (
            "case "
            + plain
            + " ".join(["", *(f"when '{code}' then '{label}'" for code, (_, label, _, _, _) in TYPES.items())])
            + f" else {plain} end"
        )
    elif held in REFERENCES and name == "DF":
        table = REFERENCES[held]
        sql = f'(select {DISPLAY[table]} from "{table}" shown where shown.id = {plain})'
    else:
        sql = f"cast({plain} as varchar)"
    return sqlglot.parse_one(sql, read="duckdb")


def _status_case(kind_: str, plain: str) -> str:
    branches = [
        f"when {kind_} = '{code}' and {plain} = '{letter}' then '{TYPES[code][1]} : {label}'"
        for code, letters in STATUS_NAMES.items()
        for letter, label in letters.items()
    ]
    return "case " + " ".join(branches) + f" else {plain} end"


def strftime(pattern: str) -> str:
    """An Oracle date format as strftime's. Raises ApiError for an element that is not known."""
    out, rest = "", pattern
    while rest:
        element = next(
            (name for name in sorted(_FORMATS, key=len, reverse=True) if rest.upper().startswith(name)), None
        )
        if element:
            out, rest = out + _FORMATS[element], rest[len(element) :]
        elif rest.startswith('"') and '"' in rest[1:]:
            quoted, rest = rest[1:].split('"', 1)
            out += quoted.replace("%", "%%")
        elif rest[0].isalnum():
            raise bad_query(f"Invalid or unsupported search: date format '{pattern}' is not supported.")
        else:
            out, rest = out + rest[0].replace("%", "%%"), rest[1:]
    return out
