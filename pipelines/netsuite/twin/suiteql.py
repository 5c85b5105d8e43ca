"""SuiteQL results: run a statement once, keep its rows rendered as JSON, and cut pages out of them.

DuckDB renders each row to text itself; a page is then a slice of one Arrow buffer. A result is kept per statement, parameters, role
and version of the books, so that paging through a hundred thousand rows runs the query twice, not a hundred times.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from .books import Books
from .dialect import Compiled, compile_query
from .errors import bad_query
from .functions import DISPLAY_DATE
from .roles import Role

REACHABLE = 100_000
_CACHED_BYTES = 256_000_000
_CACHED_STATEMENTS = 512
_FIRST = 10_000  # rows rendered for a first page: enough for most answers, little for a long one of which only the head is read
_DRIFT = 3  # rows by which an unordered result moves from one page to the next

Key = tuple[str, tuple[Any, ...], Role, str]


@dataclass
class _Result:
    """Rendered rows of one statement: `text` holds them one after the other, each ending in a comma."""

    version: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    offsets: memoryview = field(default_factory=lambda: memoryview(b"").cast("i"))
    text: memoryview = field(default_factory=lambda: memoryview(b""))
    rows: int = -1
    total: int = -1
    complete: bool = False

    def cut(self, start: int, stop: int) -> bytes:
        if start >= stop:
            return b""
        return bytes(self.text[self.offsets[start] : self.offsets[stop] - 1])


@dataclass(frozen=True)
class Page:
    """`items` is the JSON of the rows, comma separated, without brackets."""

    items: bytes
    count: int
    total: int


class SuiteQL:
    """The query service of one account. Safe for several threads."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._lock = threading.Lock()
        self._compiled: OrderedDict[Key, tuple[Compiled, str]] = OrderedDict()
        self._results: OrderedDict[Key, _Result] = OrderedDict()

    def page(self, text: str, params: tuple[Any, ...], role: Role, limit: int, offset: int) -> Page:
        """One page of a statement's rows. Raises ApiError for a statement that NetSuite would refuse."""
        now = self.books.clock.now().astimezone(self.books.zone).strftime("%Y-%m-%d %H:%M:%S")
        compiled, rendering = self._compile(text, params, role, now)
        key = (text, params, role, now if compiled.uses_clock else "")
        result = self._result(key)
        with result.lock:
            if not result.complete and (offset + limit > result.rows):
                self._run(
                    result, compiled, rendering, _FIRST if offset + limit <= _FIRST and result.rows < 0 else REACHABLE
                )
        start = offset
        if offset and not compiled.ordered and result.rows:
            start = (offset + _DRIFT * (offset // limit)) % result.rows
        count = max(0, min(limit, result.rows - offset))
        items = [
            result.cut(start, min(start + count, result.rows)),
            result.cut(0, start + count - result.rows),
        ]
        self._trim()
        return Page(b",".join(part for part in items if part), count, result.total)

    def _compile(self, text: str, params: tuple[Any, ...], role: Role, now: str) -> tuple[Compiled, str]:
        for key in ((text, params, role, ""), (text, params, role, now)):
            with self._lock:
                if key in self._compiled:
                    self._compiled.move_to_end(key)
                    return self._compiled[key]
        compiled = compile_query(text, params, role, self.books.time_zone, now)
        try:
            described = self._cursor().execute(f"describe {compiled.sql}").fetchall()
        except duckdb.Error as error:
            raise bad_query(f"Invalid or unsupported search: {_first_line(error)}") from error
        kinds = {row[0]: str(row[1]) for row in described}
        found = (compiled, render(compiled, kinds))
        with self._lock:
            self._compiled[text, params, role, now if compiled.uses_clock else ""] = found
            while len(self._compiled) > _CACHED_STATEMENTS:
                self._compiled.popitem(last=False)
        return found

    def _result(self, key: Key) -> _Result:
        """The result for the books as they are now: what waits in the buffer is written first."""
        with self.books.lock:
            self.books.store.flush()
            version = self.books.store.version
        with self._lock:
            result = self._results.get(key)
            if result is None or result.version != version:
                result = self._results[key] = _Result(version)
            self._results.move_to_end(key)
            return result

    def _run(self, result: _Result, compiled: Compiled, rendering: str, wanted: int) -> None:
        cursor = self._cursor()
        try:
            table = cursor.sql(f"{rendering} limit {wanted}").to_arrow_table()
            rows = table.num_rows
            total = rows
            if rows == wanted:
                total = (
                    result.total
                    if result.total >= 0
                    else cursor.execute(f"select count(*) from ({compiled.sql})").fetchall()[0][0]
                )
        except duckdb.Error as error:
            raise bad_query(f"Invalid or unsupported search: {_first_line(error)}") from error
        merged = pa.concat_arrays(table.column(0).chunks) if rows else pa.array([], pa.string())
        _, offsets, text = merged.cast(pa.string()).buffers()
        result.offsets = memoryview(offsets).cast("B").cast("i") if rows else result.offsets
        result.text = memoryview(text).cast("B") if rows else result.text
        result.rows, result.total = rows, max(total, rows)
        result.complete = rows == result.total or wanted == REACHABLE

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self.books.lock:
            return self.books.store.con.cursor()

    def _trim(self) -> None:
        with self._lock:
            held = sum(len(result.text) for result in self._results.values())
            while len(self._results) > 1 and (held > _CACHED_BYTES or len(self._results) > _CACHED_STATEMENTS):
                _, oldest = self._results.popitem(last=False)
                held -= len(oldest.text)


def render(compiled: Compiled, kinds: dict[str, str]) -> str:
    """The statement that gives each row as JSON text: names sorted, every value a string, NULL left out (`concat` skips it)."""
    parts = [f"""',"{name}":' || {_value(_quoted(name), kinds[name])}""" for name in sorted(compiled.columns)]
    return f"select concat('{{\"links\":[]', {', '.join(parts)}, '}},') from ({compiled.sql}) as answer"


def _value(column: str, kind: str) -> str:
    if kind == "VARCHAR":
        return f"to_json(nullif({column}, ''))"
    if kind == "BOOLEAN":
        text = f"if({column}, 'T', 'F')"
    elif kind.startswith(("DATE", "TIMESTAMP")):
        text = f"strftime({column}, '{DISPLAY_DATE}')"
    elif kind.startswith("DECIMAL") or kind in ("DOUBLE", "FLOAT"):
        plain = f"cast({column} as varchar)"
        text = f"if(contains({plain}, '.'), rtrim(rtrim({plain}, '0'), '.'), {plain})"
    else:
        text = f"cast({column} as varchar)"
    return f"'\"' || {text} || '\"'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
