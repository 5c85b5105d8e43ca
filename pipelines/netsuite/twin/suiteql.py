"""SuiteQL results: run a statement once, keep its rows rendered as JSON, and cut pages out of them.

DuckDB renders each row to text itself; a page is then some of these texts joined. A result is kept per statement, parameters, role
and version of the books, so that paging through a hundred thousand rows runs the query twice, not a hundred times.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
from sqlglot import exp

from .books import Books
from .dialect import Compiled, compile_query
from .errors import ApiError, bad_query
from .functions import DISPLAY_DATE
from .roles import Role

REACHABLE = 100_000
_CACHED_BYTES = 256_000_000
_CACHED_STATEMENTS = 512
_FIRST = 10_000  # rows rendered for a first page: enough for most answers, little for a long one of which only the head is read
_DRIFT = 3  # rows by which an unordered result moves from one page to the next

_MARK = "\ue000"  # of a private use area: begins what stands for a parameter while a statement is compiled

Key = tuple[str, tuple[Any, ...], Role, str]


@dataclass(frozen=True)
class _Statement:
    """A compiled statement, and `rendering`, which gives its rows as JSON. In both, `marks` stand where the parameters go."""

    compiled: Compiled
    rendering: str
    marks: tuple[str, ...] = ()

    def filled(self, params: tuple[Any, ...]) -> _Statement:
        """With these values in place of the marks."""
        sql, rendering = self.compiled.sql, self.rendering
        for mark, value in zip(self.marks, params, strict=False):
            literal = exp.Literal.string(value).sql("duckdb")
            sql, rendering = sql.replace(f"'{mark}'", literal), rendering.replace(f"'{mark}'", literal)
        return _Statement(replace(self.compiled, sql=sql), rendering)


@dataclass
class _Result:
    """Rendered rows of one statement, from the first on: all of them if `complete`."""

    version: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    texts: list[str] = field(default_factory=list)
    size: int = 0
    total: int = -1
    complete: bool = False

    @property
    def rows(self) -> int:
        return len(self.texts) if self.total >= 0 else -1


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
        self._compiled: OrderedDict[Key, _Statement] = OrderedDict()
        self._results: OrderedDict[Key, _Result] = OrderedDict()

    def page(self, text: str, params: tuple[Any, ...], role: Role, limit: int, offset: int) -> Page:
        """One page of a statement's rows. Raises ApiError for a statement that NetSuite would refuse."""
        now = self.books.clock.now().astimezone(self.books.zone).strftime("%Y-%m-%d %H:%M:%S")
        statement = self._compile(text, params, role, now)
        compiled = statement.compiled
        key = (text, params, role, now if compiled.uses_clock else "")
        result = self._result(key)
        with result.lock:
            if not result.complete and (offset + limit > result.rows):
                self._run(result, statement, _FIRST if offset + limit <= _FIRST and result.rows < 0 else REACHABLE)
        start = offset
        if offset and not compiled.ordered and result.rows:
            start = (offset + _DRIFT * (offset // limit)) % result.rows
        count = max(0, min(limit, result.rows - offset))
        items = result.texts[start : start + count]
        items += result.texts[: count - len(items)]
        self._trim()
        return Page(",".join(items).encode(), count, result.total)

    def _compile(self, text: str, params: tuple[Any, ...], role: Role, now: str) -> _Statement:
        """Parsing and checking costs more than most answers: a statement is compiled once for all values of its parameters, if it can be."""
        marks = _marks(text, params)
        for key in ((text, values, role, moment) for values in (marks, params) for moment in ("", now)):
            with self._lock:
                if key in self._compiled:
                    self._compiled.move_to_end(key)
                    return self._compiled[key].filled(params)
        try:
            compiled = compile_query(text, marks, role, self.books.time_zone, now)
        except ApiError:
            compiled = None  # it may be a value that matters; if not, the same refusal follows
        if compiled is None or not all(_verbatim(compiled.sql, mark) for mark in marks):
            compiled, marks = compile_query(text, params, role, self.books.time_zone, now), ()
        sql = _Statement(compiled, "", marks).filled(params).compiled.sql
        try:
            described = self._cursor().execute(f"describe {sql}").fetchall()
        except duckdb.Error as error:
            raise bad_query(f"Invalid or unsupported search: {_first_line(error)}") from error
        kinds = {row[0]: str(row[1]) for row in described}
        found = _Statement(compiled, render(compiled, kinds), marks)
        with self._lock:
            self._compiled[text, marks or params, role, now if compiled.uses_clock else ""] = found
            while len(self._compiled) > _CACHED_STATEMENTS:
                self._compiled.popitem(last=False)
        return found.filled(params)

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

    def _run(self, result: _Result, statement: _Statement, wanted: int) -> None:
        cursor = self._cursor()
        try:
            texts = [text for (text,) in cursor.execute(f"{statement.rendering} limit {wanted}").fetchall()]
            total = len(texts)
            if total == wanted:
                total = (
                    result.total
                    if result.total >= 0
                    else cursor.execute(f"select count(*) from ({statement.compiled.sql})").fetchall()[0][0]
                )
        except duckdb.Error as error:
            raise bad_query(f"Invalid or unsupported search: {_first_line(error)}") from error
        result.texts, result.size = texts, sum(map(len, texts))
        result.total = max(total, len(texts))
        result.complete = len(texts) == result.total or wanted == REACHABLE

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self.books.lock:
            return self.books.store.con.cursor()

    def _trim(self) -> None:
        with self._lock:
            held = sum(result.size for result in self._results.values())
            while len(self._results) > 1 and (held > _CACHED_BYTES or len(self._results) > _CACHED_STATEMENTS):
                _, oldest = self._results.popitem(last=False)
                held -= oldest.size


def _marks(text: str, params: tuple[Any, ...]) -> tuple[Any, ...]:
    """What stands for the parameters; they themselves, if not all are text."""
    if _MARK in text or not all(isinstance(value, str) and _MARK not in value for value in params):
        return params
    return tuple(f"{_MARK}{number};" for number in range(len(params)))


def _verbatim(sql: str, mark: Any) -> bool:
    """Whether a parameter stands in the statement as the literal it is, and nowhere else: then any other value may take its place."""
    return isinstance(mark, str) and 0 < sql.count(mark) == sql.count(f"'{mark}'")


def render(compiled: Compiled, kinds: dict[str, str]) -> str:
    """The statement that gives each row as JSON text: names sorted, every value a string, NULL left out (`concat` skips it)."""
    parts = [f"""',"{name}":' || {_value(_quoted(name), kinds[name])}""" for name in sorted(compiled.columns)]
    return f"select concat('{{\"links\":[]', {', '.join(parts)}, '}}') from ({compiled.sql}) as answer"


def _value(column: str, kind: str) -> str:
    if kind == "VARCHAR":
        return f"to_json(nullif({column}, ''))"
    if kind == "BOOLEAN":
        text = f"if({column}, 'T', 'F')"
    elif kind.startswith(("DATE", "TIMESTAMP")):
        text = f"strftime({column}, '{DISPLAY_DATE}')"
    elif kind.startswith("DECIMAL") and not kind.endswith(",0)"):  # always with a point
        text = f"rtrim(rtrim(cast({column} as varchar), '0'), '.')"
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
