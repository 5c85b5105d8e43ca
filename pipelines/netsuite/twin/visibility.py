"""What a role sees of a table: rows of other subsidiaries, or of types without permission, are simply not there."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from .roles import Role


def visible(table: str, alias: str, role: Role) -> exp.Expr:
    """The table as the role sees it: rows of other subsidiaries or of types without permission are simply not there."""
    conditions = []
    types = role.hidden_types()
    key = {
        "transaction": "id",
        "transactionline": "transaction",
        "transactionaccountingline": "transaction",
    }.get(table)
    linked = table.startswith(("nexttransaction", "previoustransaction"))
    if types:
        hidden = f"(select id from transaction where type in ({', '.join(repr(kind) for kind in types)}))"
        columns = [key] if key else ["previousdoc", "nextdoc"] if linked else []
        conditions += [f'"{column}" not in {hidden}' for column in columns]
    if role.subsidiaries is not None:
        ids = ", ".join(sorted(role.subsidiaries)) or "null"
        own = f"(select transaction from transactionline where id = 0 and subsidiary in ({ids}))"
        related = f"(select entity from customersubsidiaryrelationship where subsidiary in ({ids}))"
        scoped = {"subsidiary": f"id in ({ids})", "customersubsidiaryrelationship": f"subsidiary in ({ids})", "customer": f"id in {related}",
                  "contact": f"company in {related}"}  # fmt: skip
        conditions += [f'"{column}" in {own}' for column in ([key] if key else ["nextdoc"] if linked else [])]
        conditions += [scoped[table]] if table in scoped else []
    body = f'(select * from "{table}" where {" and ".join(conditions)})' if conditions else f'"{table}"'
    return derived(f'{body} as "{alias}"')


def derived(sql: str) -> exp.Expr:
    found: exp.Expr = sqlglot.parse_one(f"select 1 from {sql}", read="duckdb").find(exp.From).this  # type: ignore[union-attr]
    return found
