"""From text to one SELECT with its parameters in place; what is no SuiteQL statement at all is refused here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from .errors import bad_parameter, bad_query

_TOP = re.compile(r"^(\s*select\s+(?:distinct\s+)?)top\s+(\d+)\s", re.IGNORECASE)


def parse(text: str) -> exp.Query:
    top = _TOP.match(text)
    try:
        statements = sqlglot.parse(_TOP.sub(r"\1", text), read="oracle")
    except SqlglotError as error:
        raise bad_query("Invalid or unsupported search: the statement could not be parsed.") from error
    tree = statements[0] if len(statements) == 1 else None
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise bad_query("Invalid or unsupported search: exactly one SELECT statement is expected.")
    if tree.find(exp.With) or tree.args.get("with_"):
        raise bad_query("Invalid or unsupported search: WITH is not supported.")
    for node in tree.find_all(exp.Limit, exp.Offset):
        raise bad_query(
            f"Invalid or unsupported search: {node.key.upper()} is not supported; use FETCH FIRST n ROWS ONLY or the request's own paging."
        )
    if top:
        tree.set("limit", exp.Fetch(direction="FIRST", count=exp.Literal.number(top.group(2))))
    return tree


def bind(tree: exp.Query, params: Sequence[Any]) -> None:
    """Put the request's `params` where the `?` are: strings stay strings, numbers numbers."""
    holders = list(tree.find_all(exp.Placeholder, bfs=False))
    if len(holders) != len(params):
        raise bad_parameter(
            f"Invalid number of parameters. Expected: {len(holders)}. Provided: {len(params)}.", "params"
        )
    for holder, value in zip(holders, params, strict=True):
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise bad_parameter("Invalid parameter: each must be a string or a number.", "params")
        holder.replace(exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(str(value)))
