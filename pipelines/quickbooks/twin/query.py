"""Answering queries: which records, in which order, which page of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import orjson

from . import singles
from .errors import invalid
from .fields import TABLES
from .grammar import Predicate, Query, parse
from .model import Name
from .properties import canonical, literal, reader
from .render import record, shown
from .rows import Company
from .store import NAMES, TXNS, Record
from .wire import Body, dumps

_SERVED = {kind.lower(): kind for kind in (*TXNS, *NAMES, "CompanyInfo", "Preferences", "ExchangeRate")}
_EMPTY = ("SalesReceipt", "Bill", "BillPayment", "Estimate", "Purchase", "Transfer", "VendorCredit", "Employee", "TaxCode", "TaxRate", "TimeActivity",
          "Attachable", "Budget", "PurchaseOrder", "CustomerType", "Class", "Department")  # fmt: skip
_UNSERVED = {kind.lower(): kind for kind in _EMPTY}
Test = Callable[[Any], bool]
_TIME = "metadata.lastupdatedtime"
_ID = attrgetter("id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def answer(company: Company, text: str) -> bytes:
    """The QueryResponse of a statement, as JSON. Raises ApiError 4000 or 4001."""
    query = parse(text)
    kind = _SERVED.get(query.entity.lower())
    if kind is None:
        if query.entity.lower() not in _UNSERVED:
            raise invalid("4001", f"QueryValidationError: Invalid Entity name {query.entity}")
        return b'{"totalCount":0}' if query.count else b"{}"
    with company.lock:
        if kind in ("CompanyInfo", "Preferences", "ExchangeRate"):
            return _singles(company, kind, query)
        found = _matching(company, kind, query)
        if query.count:
            return dumps({"totalCount": sum(1 for _ in found)})
        page = _ordered(company, kind, query, found)[query.start - 1 : query.start - 1 + query.limit]
        columns = None if query.columns is None else [column_of(kind, prop) for prop in query.columns]
        rows = [
            orjson.Fragment(record(company, row)) if columns is None else _picked(shown(company, row), columns)
            for row in page
        ]
    return dumps({kind: rows, "startPosition": query.start, "maxResults": len(rows)} if rows else {})


def column_of(kind: str, prop: str) -> list[str]:
    """The path of a selected property, in the API's spelling. What cannot be filtered can be selected all the same."""
    first, _, rest = prop.partition(".")
    known = {name.lower(): name for name in TABLES[kind]}.get(first.lower())
    if known is None or rest:
        return canonical(kind, prop).split(".")
    return [known]


def _picked(body: Body, columns: Iterable[list[str]]) -> Body:
    picked: Body = {"domain": "QBO", "sparse": True}
    for path in columns:
        source, target = body, picked
        for part in path[:-1]:
            source = source.get(part, {})
            target = target.setdefault(part, {})
        if path[-1] in source:
            target[path[-1]] = source[path[-1]]
    return picked


def _matching(company: Company, kind: str, query: Query) -> Iterable[Record]:
    """The records that pass. An Id or a time of last change narrows what has to be looked at."""
    pool, sure = _narrowed(company, kind, query.where)
    every = [(predicate, _test(company, kind, predicate)) for predicate in query.where]
    tests = [test for predicate, test in every if predicate not in sure]
    if kind in NAMES and "active" not in {predicate.prop.lower() for predicate in query.where}:
        tests.append(lambda found: isinstance(found, Name) and found.active)
    if len(tests) == 1:
        return filter(tests[0], pool)
    return (found for found in pool if all(test(found) for test in tests)) if tests else pool


def _narrowed(company: Company, kind: str, where: Iterable[Predicate]) -> tuple[Iterable[Record], set[Predicate]]:
    """Records that are worth a test, in the order of their last change or of their ids, and the predicates that all of them pass."""
    held, sure = company.store.kinds[kind], set()
    since: datetime | None = None
    until: datetime | None = None
    for predicate in where:
        prop = predicate.prop.lower()
        if prop == "id" and predicate.op in ("=", "in"):
            keys = sorted({int(value) for value in predicate.values if value.isascii() and value.isdigit()})
            return [held[key] for key in keys if key in held], set()
        if prop == _TIME and predicate.op in ("<", "<=", ">", ">=", "="):
            limit = literal("time", predicate.values[0], predicate.prop)
            if predicate.op in (">", ">=", "="):
                since = max(since or _EPOCH, limit)
            if predicate.op in ("<", "<=", "="):
                until = min(until, limit) if until else limit
            if predicate.op in (">=", "<=", "="):
                sure.add(predicate)
    return (company.store.changed(kind, since, until) if since or until else held.values()), sure


def _test(company: Company, kind: str, predicate: Predicate) -> Test:
    sort, read = reader(company, kind, predicate.prop)
    if predicate.op == "like":
        if sort != "text":
            raise invalid("4001", f"QueryValidationError: Operator LIKE is not supported for property {predicate.prop}")
        return _like(read, predicate.values[0].casefold())
    values = [literal(sort, value, predicate.prop) for value in predicate.values]
    if sort == "text":
        return _compare(
            lambda found: (read(found) or "").casefold() or None, predicate.op, [value.casefold() for value in values]
        )
    return _compare(read, predicate.op, values)


def _like(read: Callable[[Any], Any], wanted: str) -> Test:
    inner = wanted.strip("%")
    if wanted.startswith("%") and wanted.endswith("%") and "%" not in inner:
        return lambda found: inner in (read(found) or "").casefold()
    like = re.compile(".*".join(re.escape(part) for part in wanted.split("%")), re.DOTALL).fullmatch
    return lambda found: like((read(found) or "").casefold()) is not None


def _compare(read: Callable[[Any], Any], op: str, values: list[Any]) -> Test:
    first = values[0]
    if op == "=":
        return lambda found: bool(read(found) == first)
    if op == "in":
        wanted = set(values)
        return lambda found: read(found) in wanted
    if op == "<":
        return lambda found: (value := read(found)) is not None and bool(value < first)
    if op == "<=":
        return lambda found: (value := read(found)) is not None and bool(value <= first)
    if op == ">":
        return lambda found: (value := read(found)) is not None and bool(value > first)
    return lambda found: (value := read(found)) is not None and bool(value >= first)


def _ordered(company: Company, kind: str, query: Query, found: Iterable[Record]) -> list[Record]:
    """Without ORDERBY transactions come newest id first and names by name: nothing to page by."""
    rows = list(found)
    if not query.order:
        if kind in NAMES:
            return sorted(rows, key=lambda row: row.label.casefold() if isinstance(row, Name) else "")
        return sorted(rows, key=_ID, reverse=True)
    for prop, descending in reversed(query.order):
        _, read = reader(company, kind, prop)
        values = [read(row) for row in rows]
        known = [place for place, value in enumerate(values) if value is not None]
        known.sort(key=values.__getitem__, reverse=descending)
        unknown = [place for place, value in enumerate(values) if value is None] if len(known) < len(rows) else []
        rows = [rows[place] for place in ([*known, *unknown] if descending else [*unknown, *known])]
    return rows


def _singles(company: Company, kind: str, query: Query) -> bytes:
    if kind == "ExchangeRate":
        rows = [
            row for row in singles.exchange_rates(company) if all(_plain(row, predicate) for predicate in query.where)
        ]
    else:
        rows = [singles.company_info(company) if kind == "CompanyInfo" else singles.preferences(company)]
    if query.count:
        return dumps({"totalCount": len(rows)})
    page = rows[query.start - 1 : query.start - 1 + query.limit]
    return dumps({kind: page, "startPosition": query.start, "maxResults": len(page)} if page else {})


def _plain(row: Body, predicate: Predicate) -> bool:
    found = next((value for prop, value in row.items() if prop.lower() == predicate.prop.lower()), None)
    if not isinstance(found, str):
        raise invalid("4001", f"QueryValidationError: Property {predicate.prop} not found for Entity ExchangeRate")
    return _compare(lambda value: value, predicate.op, list(predicate.values))(found)
