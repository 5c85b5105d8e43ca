"""The grammar of QuickBooks' query language.

    SELECT * | COUNT(*) | property, ... FROM Entity [WHERE p op v [AND ...]] [ORDERBY p [ASC|DESC], ...] [STARTPOSITION n] [MAXRESULTS n]

No OR, no joins, no !=. What does not parse is a 4000 that names the token and its column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import ApiError, invalid

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<op><=|>=|=|<|>|\(|\)|,|\*))"
)
_KEYWORDS = {"select", "from", "where", "and", "or", "in", "like", "order", "orderby", "by", "asc", "desc", "startposition", "maxresults", "count", "not",
             "true", "false"}  # fmt: skip
OPERATORS = ("=", "<", ">", "<=", ">=", "in", "like")
PAGE, MAX_PAGE = 100, 1000


@dataclass(frozen=True)
class Token:
    kind: str  # string, number, word, op, end
    text: str
    column: int


@dataclass(frozen=True)
class Predicate:
    """`property operator values`; only `in` has more than one value."""

    prop: str
    op: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A statement that parses. `columns` None is `*`; `count` is COUNT(*)."""

    entity: str
    columns: tuple[str, ...] | None
    count: bool
    where: tuple[Predicate, ...]
    order: tuple[tuple[str, bool], ...]  # property, descending
    start: int
    limit: int


def parse(text: str) -> Query:
    """The statement. Raises ApiError 4000 where it does not parse, 4001 for a page that cannot be."""
    return _Parser(_tokens(text)).query()


def _tokens(text: str) -> list[Token]:
    """The tokens up to the end, or up to a character that is none."""
    found: list[Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            return [*found, Token("bad", text[start], start + 1)]
        kind = str(match.lastgroup)
        found.append(Token(kind, match.group(kind), match.start(kind) + 1))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(text) + 1)]


def _unexpected(token: Token) -> ApiError:
    where = f"at line 1, column {token.column}."
    if token.kind == "bad":
        character = f'"{token.text}" ({ord(token.text)}), after : ""'
        return invalid("4000", f"QueryParserError: Lexical error {where}  Encountered: {character}")
    kinds = {"string": "<STRING> ", "number": "<INTEGER> ", "word": "<IDENTIFIER> "}
    kind = "" if token.text.lower() in _KEYWORDS - {"or"} else kinds.get(token.kind, "")
    return invalid("4000", f'QueryParserError: Encountered " {kind}"{token.text} "" {where}')


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def word(self, *wanted: str) -> bool:
        """Take a keyword if it is next."""
        if self.token.kind in ("word", "op") and self.token.text.lower() in wanted:
            self.at += 1
            return True
        return False

    def need(self, *wanted: str) -> None:
        if not self.word(*wanted):
            raise _unexpected(self.token)

    def name(self) -> str:
        if self.token.kind != "word" or self.token.text.lower() in _KEYWORDS:
            raise _unexpected(self.token)
        return self.next().text

    def query(self) -> Query:
        self.need("select")
        columns, count = self.columns()
        self.need("from")
        entity = self.name()
        where = [self.predicate()] if self.word("where") else []
        while where and self.word("and"):
            where.append(self.predicate())
        order = self.ordering()
        start = self.whole("STARTPOSITION", 1) if self.word("startposition") else 1
        limit = self.whole("MAXRESULTS", 0, MAX_PAGE) if self.word("maxresults") else PAGE
        if self.token.kind != "end":
            raise _unexpected(self.token)
        return Query(entity, columns, count, tuple(where), tuple(order), start, limit)

    def columns(self) -> tuple[tuple[str, ...] | None, bool]:
        if self.word("count"):
            for part in ("(", "*", ")"):
                self.need(part)
            return None, True
        star = self.word("*")
        names = [] if star else [self.name()]
        while self.word(","):
            names.append(self.name())
        return (None if star else tuple(names)), False

    def predicate(self) -> Predicate:
        prop = self.name()
        op = self.token.text.lower()
        if op not in OPERATORS:
            raise _unexpected(self.token)
        self.next()
        if op != "in":
            return Predicate(prop, op, (self.value(),))
        self.need("(")
        values = [self.value()]
        while self.word(","):
            values.append(self.value())
        self.need(")")
        return Predicate(prop, op, tuple(values))

    def value(self) -> str:
        token = self.token
        if token.kind == "string":
            self.next()
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind == "number" or token.text.lower() in ("true", "false"):
            return self.next().text
        raise _unexpected(token)

    def ordering(self) -> list[tuple[str, bool]]:
        if self.word("order"):
            self.need("by")
        elif not self.word("orderby"):
            return []
        order = [self.sort()]
        while self.word(","):
            order.append(self.sort())
        return order

    def sort(self) -> tuple[str, bool]:
        prop = self.name()
        descending = self.word("desc")
        if not descending:
            self.word("asc")
        return prop, descending

    def whole(self, what: str, least: int, most: int = 1 << 31) -> int:
        token = self.next()
        if token.kind != "number" or not token.text.lstrip("-").isdigit():
            raise _unexpected(token)
        if not least <= int(token.text) <= most:
            raise invalid(
                "4001", f"QueryValidationError: value {token.text} of {what} must be between {least} and {most}"
            )
        return int(token.text)
