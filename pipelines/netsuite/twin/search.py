"""The `q` filter of a record collection: `field OP value [AND|OR ...]`, AND binding tighter, as SQL over the books.

Dates are written as the account displays them (`"1/31/2026"`); ISO dates are refused, as NetSuite refuses them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from .account import Account
from .errors import ApiError, bad_query
from .fields import DOCUMENTS, ROWS, TABLE_OF

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(\[)|(\])|(,)|([^\s\[\],"]+))')
_DOC_FIELDS = {
    "id": ("id", "number"), "tranId": ("tranid", "text"), "externalId": ("externalid", "text"), "memo": ("memo", "text"),
    "tranDate": ("trandate", "date"), "createdDate": ("createddate", "datetime"), "lastModifiedDate": ("lastmodifieddate", "datetime"),
    "currency": ("currency", "number"), "exchangeRate": ("exchangerate", "number"), "postingPeriod": ("postingperiod", "number"),
}  # fmt: skip
_SALES_FIELDS = {
    "entity": ("entity", "number"),
    "dueDate": ("duedate", "date"),
    "otherRefNum": ("otherrefnum", "text"),
    "terms": ("terms", "number"),
}
_TEXT = {
    "IS": "{c} = {v}",
    "CONTAIN": "contains({c}, {v})",
    "START_WITH": "starts_with({c}, {v})",
    "END_WITH": "ends_with({c}, {v})",
}
_NUMBER = {"EQUAL": "=", "GREATER": ">", "GREATER_OR_EQUAL": ">=", "LESS": "<", "LESS_OR_EQUAL": "<="}
_DATE = {"ON": "=", "AFTER": ">", "BEFORE": "<", "ON_OR_AFTER": ">=", "ON_OR_BEFORE": "<="}


def filterable(record: str) -> dict[str, tuple[str, str]]:
    """Field -> (column, text | number | bool | date | datetime)."""
    if record in DOCUMENTS:
        sales = _SALES_FIELDS if record in ("invoice", "creditMemo") else {}
        paid = {"customer": ("entity", "number")} if record in ("customerPayment", "customerRefund") else {}
        return {**_DOC_FIELDS, **sales, **paid}
    found = {"id": ("id", "number")}
    for name, (column, kind) in ROWS[record].items():
        found[name] = (
            column,
            "number" if kind.startswith("ref:") or kind == "integer" else "text" if kind == "enum" else kind,
        )
    return found


def where(account: Account, record: str, text: str) -> str:
    """The SQL condition of a `q`. Raises ApiError for what NetSuite would not accept."""
    tokens = _tokens(text)
    alternatives: list[list[str]] = [[]]
    place = 0
    while True:
        condition, place = _condition(account, record, tokens, place)
        alternatives[-1].append(condition)
        if place == len(tokens):
            break
        word = tokens[place][0].upper()
        if tokens[place][1] or word not in ("AND", "OR"):
            raise bad_query(f"Unexpected '{tokens[place][0]}' in q; AND or OR is expected.")
        if word == "OR":
            alternatives.append([])
        place += 1
    return "(" + ") or (".join(" and ".join(parts) for parts in alternatives) + ")"


def _tokens(text: str) -> list[tuple[str, bool]]:
    """(text, was quoted) of each token; a list `[a, b]` stays as its brackets and values."""
    found: list[tuple[str, bool]] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise bad_query("The q parameter could not be parsed.")
        quoted = match.group(1)
        found.append((re.sub(r"\\(.)", r"\1", quoted), True) if quoted is not None else (match.group(0).strip(), False))
        place = match.end()
    return found


def _condition(account: Account, record: str, tokens: list[tuple[str, bool]], place: int) -> tuple[str, int]:
    if place + 1 >= len(tokens):
        raise bad_query("The q parameter is not complete: a field, an operator and a value are expected.")
    name, operator = tokens[place][0], tokens[place + 1][0].upper()
    fields = filterable(record)
    if name not in fields:
        raise bad_query(f"Field '{name}' cannot be used in a filter of {record}.")
    column, kind = fields[name]
    positive, negate = (operator[:-4], True) if operator.endswith("_NOT") else (operator, False)
    if positive == "EMPTY":
        return (f'"{column}" is not null' if negate else f'"{column}" is null'), place + 2
    values, place = _values(tokens, place + 2)
    sql = _compare(account, f'"{column}"', kind, positive, values, name)
    return (f"not coalesce({sql}, false)" if negate else sql), place


def _values(tokens: list[tuple[str, bool]], place: int) -> tuple[list[str], int]:
    if place >= len(tokens):
        raise bad_query("The q parameter is not complete: a value is missing.")
    if tokens[place] != ("[", False):
        return [tokens[place][0]], place + 1
    values = []
    place += 1
    while place < len(tokens) and tokens[place] != ("]", False):
        if tokens[place] != (",", False):
            values.append(tokens[place][0])
        place += 1
    if place == len(tokens) or not values:
        raise bad_query("A list in q is not closed or empty.")
    return values, place + 1


def _compare(account: Account, column: str, kind: str, operator: str, values: list[str], name: str) -> str:
    refused = bad_query(f"Operator {operator} cannot be used for field '{name}'.")
    if kind == "text" and operator in _TEXT and len(values) == 1:
        return _TEXT[operator].format(c=f"lower({column})", v=f"lower({_literal(values[0])})")
    if kind == "bool" and operator == "IS" and len(values) == 1 and values[0].lower() in ("true", "false"):
        return f"coalesce({column}, 'F') = '{'T' if values[0].lower() == 'true' else 'F'}'"
    if kind == "number":
        numbers = [_number(value) for value in values]
        if operator == "ANY_OF":
            return f"{column} in ({', '.join(numbers)})"
        if operator in ("BETWEEN", "WITHIN") and len(numbers) == 2:
            return f"{column} between {numbers[0]} and {numbers[1]}"
        if operator in _NUMBER and len(numbers) == 1:
            return f"{column} {_NUMBER[operator]} {numbers[0]}"
    if kind in ("date", "datetime"):
        day = column if kind == "date" else f"cast(timezone('{account.books.time_zone}', {column}) as date)"
        if operator in _DATE and len(values) == 1:
            return f"{day} {_DATE[operator]} {_day(values[0])}"
        if operator in ("BETWEEN", "WITHIN") and len(values) == 2:
            return f"{day} between {_day(values[0])} and {_day(values[1])}"
    raise refused


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _number(text: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise bad_query(f"'{text}' is not a number.")
    return text


def _day(text: str) -> str:
    for pattern in ("%m/%d/%Y", "%m/%d/%Y %I:%M %p"):
        try:
            return f"date '{datetime.strptime(text, pattern).replace(tzinfo=UTC).date().isoformat()}'"
        except ValueError:
            continue
    raise _not_a_date(text)


def _not_a_date(text: str) -> ApiError:
    return bad_query(f"'{text}' is not a date in the format of the account; write it like 1/31/2026.")


def table(record: str) -> tuple[str, str]:
    """(table, condition) that hold the records of a type."""
    if record in DOCUMENTS:
        return "transaction", f"type = '{DOCUMENTS[record]}'"
    return TABLE_OF[record], "true"
