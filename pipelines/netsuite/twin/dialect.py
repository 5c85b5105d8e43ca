"""SuiteQL to DuckDB: what NetSuite refuses is refused here, the rest is rewritten node by node.

A statement is parsed as Oracle SQL. Every table and column is resolved, so that each column's kind is known: instants are shown in the
account's zone, dates may not be compared with bare literals, and names that do not exist (or that the role may not see) are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from . import functions
from .display import display
from .errors import bad_query
from .roles import SEARCH, TABLE_PERMISSION, Role
from .statement import bind, parse
from .tables import TABLES
from .visibility import derived, visible

MAX_IN = 1000
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
Kinds = dict[str, str]


@dataclass(frozen=True)
class Compiled:
    """A statement ready for DuckDB."""

    sql: str
    columns: tuple[str, ...]
    ordered: bool
    uses_clock: bool


def compile_query(text: str, params: Sequence[Any], role: Role, zone: str, now: str) -> Compiled:
    """Validate and translate. `now` is the account's local time for SYSDATE. Raises ApiError as NetSuite would answer."""
    tree = parse(text)
    bind(tree, params)
    context = functions.Context(zone=zone, now=now)
    columns = tuple(_Select(tree, role, context, {}).rewrite())
    if len(set(columns)) != len(columns):
        raise bad_query("Invalid or unsupported search: two columns have the same name; give each an alias.")
    ordered = tree.args.get("order") is not None or (
        tree.find(exp.AggFunc) is not None and tree.args.get("group") is None
    )
    return Compiled(tree.sql("duckdb", copy=False), columns, ordered, context.clock_used)


class _Select:
    """One SELECT with what it can see: alias -> column kinds. `outer` is the enclosing SELECT's, for correlated subqueries."""

    def __init__(self, node: exp.Query, role: Role, context: functions.Context, outer: dict[str, Kinds]) -> None:
        self.node, self.role, self.context, self.outer = node, role, context, outer
        self.sources: dict[str, Kinds] = {}
        self.kinds: Kinds = {}  # of the output columns

    def rewrite(self) -> list[str]:
        """Rewrite in place; returns the output column names."""
        if isinstance(self.node, exp.SetOperation):
            return self._set_operation(self.node)
        assert isinstance(self.node, exp.Select)
        for key in ("qualify", "windows", "connect", "pivots", "laterals", "into", "locks", "hint"):
            if self.node.args.get(key):
                raise bad_query(f"Invalid or unsupported search: {key.upper()} is not supported.")
        self._read_sources(self.node)
        names = self._outputs(self.node)
        self._rownum(self.node)
        self._expressions(self.node)
        return names

    def _set_operation(self, node: exp.SetOperation) -> list[str]:
        left, right = (
            _Select(node.left, self.role, self.context, self.outer),
            _Select(node.right, self.role, self.context, self.outer),
        )
        names = left.rewrite()
        if len(right.rewrite()) != len(names):
            raise bad_query("Invalid or unsupported search: the parts of a UNION have different numbers of columns.")
        self.kinds = left.kinds
        for ordered in node.find_all(exp.Ordered):
            if (
                isinstance(ordered.this, exp.Column)
                and ordered.this.name.lower() not in names
                and ordered.find_ancestor(exp.Query) is node
            ):
                raise _unknown(ordered.this.name, names)
        return names

    def _read_sources(self, node: exp.Select) -> None:
        start = node.args.get("from_")
        if start is None:
            raise bad_query("Invalid or unsupported search: FROM is missing.")
        for source in [start.this, *(join.this for join in node.args.get("joins") or ())]:
            self._read_source(source)

    def _read_source(self, source: exp.Expr) -> None:
        if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Query):
            inner = _Select(source.this, self.role, self.context, self.outer)
            inner.rewrite()
            # An instant that leaves a subquery is already local time.
            kinds = {name: "local" if kind == "timestamp" else kind for name, kind in inner.kinds.items()}
            self._name(source.alias.lower() or f"sub{len(self.sources)}", kinds)
            return
        if not isinstance(source, exp.Table) or source.args.get("db"):
            raise bad_query("Invalid or unsupported search: this FROM clause is not supported.")
        table = source.name.lower()
        alias = (source.alias or table).lower()
        if table == "dual":
            self._name(alias, {})
            source.replace(derived(f'(select 1 as dummy) as "{alias}"'))
            return
        if table not in TABLES or not self.role.may(TABLE_PERMISSION.get(table)) or not self.role.may(SEARCH):
            raise bad_query(f"Record '{source.name}' was not found.")
        self._name(alias, TABLES[table])
        source.replace(visible(table, alias, self.role))

    def _name(self, alias: str, kinds: Kinds) -> None:
        if alias in self.sources:
            raise bad_query(f"Invalid or unsupported search: the alias '{alias}' is used twice.")
        self.sources[alias] = kinds

    def _outputs(self, node: exp.Select) -> list[str]:
        """Expand stars, name every output column in lower case, and remember its kind."""
        expanded: list[exp.Expr] = []
        unnamed = 0
        for item in node.expressions:
            if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
                expanded += self._star(item)
                continue
            name = item.alias_or_name.lower()
            if not name or (not isinstance(item, (exp.Alias, exp.Column))):
                unnamed += 1
                name = f"expr{unnamed}"
            value = item.this if isinstance(item, exp.Alias) else item
            expanded.append(exp.alias_(value.copy(), name, quoted=True))
        node.set("expressions", expanded)
        for item in expanded:
            self.kinds[item.alias] = self.kind(item.this)
        return [item.alias for item in expanded]

    def _star(self, item: exp.Expr) -> list[exp.Expr]:
        only = item.table.lower() if isinstance(item, exp.Column) else ""
        if only and only not in self.sources:
            raise _unknown(only, list(self.sources))
        chosen = [only] if only else list(self.sources)
        return [
            exp.alias_(exp.column(name, alias, quoted=True), name, quoted=True)
            for alias in chosen
            for name in self.sources[alias]
        ]

    def kind(self, node: exp.Expr | None) -> str:
        """The kind of an expression: a column's own, else what the function gives."""
        if isinstance(node, exp.Column):
            return "number" if node.name.lower() == "rownum" else self._resolve(node)[1]
        return functions.kind(node, self.kind)

    def _resolve(self, column: exp.Column) -> tuple[str, str]:
        name, table = column.name.lower(), column.table.lower()
        visible = {**self.outer, **self.sources}
        if table:
            if table not in visible or name not in visible[table]:
                raise _unknown(f"{column.table}.{column.name}", list(visible))
            return table, visible[table][name]
        for scope in (self.sources, self.outer):
            holders = [alias for alias, kinds in scope.items() if name in kinds]
            if len(holders) > 1:
                raise bad_query(f"Ambiguous identifier '{column.name}'. It is in {', '.join(holders)}.")
            if holders:
                return holders[0], scope[holders[0]][name]
        raise _unknown(column.name, list(visible))

    def _rownum(self, node: exp.Select) -> None:
        """ROWNUM counts rows after WHERE and before ORDER BY; DuckDB's QUALIFY stands at the same place."""
        where = node.args.get("where")
        conjuncts = (
            list(where.this.flatten()) if where and isinstance(where.this, exp.And) else [where.this] if where else []
        )
        counted = [part for part in conjuncts if _own_rownum(part, node)]
        if not counted and not _own_rownum(node, node):
            return
        if node.args.get("group") or any(item.find(exp.AggFunc) for item in node.expressions):
            raise bad_query("Invalid or unsupported search: ROWNUM together with an aggregate is not supported.")
        if counted:
            kept = [part for part in conjuncts if part not in counted]
            node.set("where", exp.Where(this=exp.and_(*kept)) if kept else None)
            node.set("qualify", exp.Qualify(this=exp.and_(*counted)))
        for column in list(node.find_all(exp.Column)):
            if column.name.lower() == "rownum" and column.find_ancestor(exp.Select) is node:
                column.replace(sqlglot.parse_one("row_number() over ()", read="duckdb"))

    def _expressions(self, node: exp.Select) -> None:
        aliases = set(self.kinds)
        order = node.args.get("order")
        for ordered in order.expressions if order else ():
            if isinstance(ordered.this, exp.Column) and not ordered.this.table and ordered.this.name.lower() in aliases:
                ordered.set("this", exp.column(ordered.this.name.lower(), quoted=True))
                ordered.this.set("resolved", True)
        for key in ("expressions", "where", "qualify", "group", "having", "order", "joins"):
            held = node.args.get(key)
            for part in held if isinstance(held, list) else [held] if held is not None else []:
                if isinstance(part, exp.Join):
                    self._join(part)
                else:
                    self._walk(part)
        if isinstance(node.args.get("limit"), exp.Fetch):
            node.set("limit", exp.Limit(expression=node.args["limit"].args["count"].copy()))

    def _join(self, join: exp.Join) -> None:
        if join.args.get("using") or join.method:
            raise bad_query("Invalid or unsupported search: only JOIN .. ON is supported.")
        if join.args.get("on") is not None:
            self._walk(join.args["on"])

    def _walk(self, node: exp.Expr) -> None:
        """Check and translate one expression tree, children first."""
        if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery):
            _Select(node, self.role, self.context, {**self.outer, **self.sources}).rewrite()
            return
        if isinstance(node, exp.Column):
            if not node.args.get("resolved"):
                alias, kind = self._resolve(node)
                node.replace(functions.column(alias, node.name.lower(), kind, self.context))
            return
        self._check(node)
        rewritten = functions.before(node, self.kind, self.context)
        if rewritten is not None:
            node.replace(rewritten)
            return
        special = display(node, self._resolve)
        if special is not None:
            node.replace(special)
            return
        after = functions.translation(node, self.kind, self.context)
        if (
            isinstance(node, exp.In)
            and all(isinstance(value, exp.Literal) for value in node.expressions)
            and not node.args.get("query")
        ):
            self._walk(node.this)
            return
        for child in list(node.iter_expressions()):
            self._walk(child)
        if after is not None:
            node.replace(after(node))

    def _check(self, node: exp.Expr) -> None:
        if isinstance(node, exp.In) and len(node.expressions) > MAX_IN:
            raise bad_query(f"Invalid or unsupported search: more than {MAX_IN} values in an IN list.")
        sides: list[exp.Expr | None] = []
        if isinstance(node, _COMPARISONS):
            sides = [node.this, node.expression]
        elif isinstance(node, exp.Between):
            sides = [node.this, node.args["low"], node.args["high"]]
        elif isinstance(node, exp.In):
            sides = [node.this, *node.expressions]
        if any(isinstance(side, exp.Literal) and side.is_string for side in sides) and any(
            self.kind(side) in functions.DATES for side in sides
        ):
            raise bad_query(
                "Invalid or unsupported search: a date is compared with a literal; use TO_DATE('..', 'YYYY-MM-DD')."
            )
        if isinstance(node, exp.Add) and any(
            (isinstance(side, exp.Literal) and side.is_string) or self.kind(side) in ("text", "bool")
            for side in (node.this, node.expression)
        ):
            raise bad_query("Invalid or unsupported search: text is joined with ||, not +.")


def _own_rownum(part: exp.Expr, node: exp.Select) -> bool:
    return any(
        column.name.lower() == "rownum" and column.find_ancestor(exp.Select) is node
        for column in part.find_all(exp.Column)
    )


def _unknown(name: str, available: list[str]) -> Exception:
    return bad_query(f"Unknown identifier '{name}'. Available identifiers are: {{{', '.join(sorted(available))}}}")
