"""Where the books are kept: documents in memory, tables in DuckDB, and a buffer between the two.

Posting only appends to the buffer; `flush` moves what is waiting in bulk through Arrow, so that a hundred thousand invoices cost seconds,
and a single write through the API a few milliseconds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from .model import Doc, Posting
from .shapes import INSERT_ACCOUNTING, INSERT_LINES, UPDATE_ACCOUNTING, UPDATE_LINES, header, items
from .tables import SQL_TYPES, TABLES, ddl

_ARROW = {
    "BIGINT": pa.int64(),
    "VARCHAR": pa.string(),
    "DECIMAL(18,4)": pa.decimal128(18, 4),
    "DECIMAL(18,8)": pa.decimal128(18, 8),
    "DATE": pa.date32(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}
_LINE_TYPES = {
    "transaction": "id", "line": "id", "account": "id", "foreign": "money", "base": "money", "memo": "text", "item": "id", "quantity": "rate",
    "entity": "id", "method": "id", "createdfrom": "id", "subsidiary": "id", "currency": "id", "rate": "rate", "created": "timestamp",
    "accttype": "text", "itemtype": "text", "uniquekey": "id",
}  # fmt: skip
_ITEM_TYPES = {
    "transaction": "id", "line": "id", "header": "bool", "memo": "text", "paid": "money", "unpaid": "money", "unused": "money",
    "used": "money", "rate": "rate", "modified": "timestamp",
}  # fmt: skip
_SMALL = 500  # up to so many documents, ids are named in the statement so that DuckDB prunes by zone maps


class Store:
    """State of one account. Every method expects the caller to hold `lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        # One thread per statement: the sandbox shares a small machine with the client that it serves.
        self.con = duckdb.connect(config={"threads": 1})
        self._run("set timezone = 'UTC'")
        for statement in ddl():
            self._run(statement)
        self.docs: dict[int, Doc] = {}
        self.reference: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in TABLES if "id" in TABLES[name]}
        self.version = 0
        self.periods: dict[date, int | None] = {}  # posting period by day, as far as it was asked for
        self._lines: dict[int, list[Posting]] = {}
        self._stored: set[int] = set()
        self._dirty: set[int] = set()
        self._relink: set[int] = set()
        self._removed: set[int] = set()
        self._rows: dict[str, set[int]] = {}
        self._appended: dict[str, list[dict[str, Any]]] = {}
        self._external: dict[tuple[str, str], int] = {}
        self._unique = 0

    def _run(self, sql: str) -> None:
        """Execute and read the result to its end: DuckDB 2 refuses other work on the connection before that."""
        self.con.execute(sql).fetchall()

    def put(self, doc: Doc, postings: list[Posting] | None = None) -> None:
        """Note that a document is new or changed; `postings` replaces its lines."""
        self.docs[doc.id] = doc
        self._dirty.add(doc.id)
        if doc.external_id:
            self._external[doc.type, doc.external_id] = doc.id
        if postings is not None:
            self._lines[doc.id] = postings
        self.version += 1

    def relink(self, doc: Doc) -> None:
        """Note that a document's applications changed."""
        self._relink.add(doc.id)
        self.put(doc)

    def remove(self, doc: Doc) -> None:
        for pending in (self._dirty, self._relink):
            pending.discard(doc.id)
        self._lines.pop(doc.id, None)
        del self.docs[doc.id]
        self._removed.add(doc.id)
        self.version += 1

    def forget(self, doc: Doc) -> None:
        """Take back a document that was put but never flushed."""
        self._dirty.discard(doc.id)
        self._lines.pop(doc.id, None)
        self.docs.pop(doc.id, None)

    def put_row(self, table: str, row: dict[str, Any]) -> None:
        self.reference[table][row["id"]] = row
        self.periods.clear()
        self._rows.setdefault(table, set()).add(row["id"])
        self.version += 1

    def remove_row(self, table: str, key: int) -> None:
        self.reference[table].pop(key, None)
        self._rows.setdefault(table, set()).add(key)
        self.version += 1

    def append(self, table: str, row: dict[str, Any]) -> None:
        self._appended.setdefault(table, []).append(row)
        self.version += 1

    def by_external_id(self, kind: str, external_id: str) -> Doc | None:
        """The live document of a type with this external id."""
        doc = self.docs.get(self._external.get((kind, external_id), 0))
        return doc if doc is not None and doc.external_id == external_id else None

    @property
    def waiting(self) -> int:
        return len(self._dirty)

    def flush(self) -> None:
        """Move everything that waits into DuckDB, in one transaction, so that a reader on a cursor sees all of it or none."""
        if not (self._dirty or self._removed or self._rows or self._appended):
            return
        self._run("begin")
        try:
            self._flush_all()
        except BaseException:
            self._run("rollback")
            raise
        self._run("commit")
        self._stored |= self._dirty
        self._stored -= self._removed
        for pending in (self._dirty, self._relink, self._removed, self._lines, self._rows, self._appended):
            pending.clear()

    def _flush_all(self) -> None:
        self._flush_rows()
        gone = self._removed | {key for key in self._lines if key in self._stored}
        if gone:
            self._delete("transactionline", "transaction", gone)
            self._delete("transactionaccountingline", "transaction", gone)
        if self._removed:
            self._delete("transaction", "id", self._removed)
            self._delete("nexttransactionlinelink", "nextdoc", self._removed)
            self._delete("nexttransactionlinelink", "previousdoc", self._removed)
        if self._dirty:
            self._flush_docs()

    def _flush_rows(self) -> None:
        for table, keys in self._rows.items():
            self._delete(table, "id", keys)
            held = self.reference[table]
            self._insert(table, TABLES[table], [held[key] for key in sorted(keys) if key in held])
        for table, rows in self._appended.items():
            self._insert(table, TABLES[table], rows)

    def _flush_docs(self) -> None:
        docs = [self.docs[key] for key in sorted(self._dirty)]
        changed = [doc for doc in docs if doc.id in self._stored]
        if changed:
            self._delete("transaction", "id", {doc.id for doc in changed})
        kinds = {name: TABLES["transaction"][name] for name in header(docs[0])}
        self._stage("staged", kinds, [tuple(header(doc).values()) for doc in docs])
        self._run('insert into "transaction" by name select * from staged')
        known = [doc for doc in changed if doc.id not in self._lines]
        if known:
            self._stage("staged_item", _ITEM_TYPES, [row for doc in known for row in items(doc)])
            for statement, table in (
                (UPDATE_LINES, "transactionline"),
                (UPDATE_ACCOUNTING, "transactionaccountingline"),
            ):
                self._run(statement + _among(f"{table}.transaction", [doc.id for doc in known], " and "))
        if self._lines:
            fresh = [doc for doc in docs if doc.id in self._lines]
            self._stage("staged_item", _ITEM_TYPES, [row for doc in fresh for row in items(doc)])
            self._stage("staged_line", _LINE_TYPES, [row for doc in fresh for row in self._line_rows(doc)])
            self._run(INSERT_LINES)
            self._run(INSERT_ACCOUNTING)
        if self._relink:
            self._delete("nexttransactionlinelink", "nextdoc", {key for key in self._relink if key in self._stored})
            self._insert(
                "nexttransactionlinelink",
                TABLES["nexttransactionlinelink"],
                [row for key in sorted(self._relink) for row in self._links(self.docs[key])],
            )

    def _line_rows(self, doc: Doc) -> Iterable[tuple[Any, ...]]:
        accounts, items = self.reference["account"], self.reference["item"]
        for row in self._lines[doc.id]:
            self._unique += 1
            kind = None if row.item is None else items.get(row.item, {}).get("itemtype")
            yield (
                doc.id, row.line, row.account, row.foreign, row.base, row.memo, row.item, row.quantity, row.entity, row.method, row.created_from,
                row.subsidiary or doc.subsidiary, doc.currency, doc.rate, doc.created, accounts.get(row.account, {}).get("accttype"), kind, self._unique,
            )  # fmt: skip

    def _links(self, doc: Doc) -> Iterable[dict[str, Any]]:
        links = [(other, line, own, amount, "Payment") for (own, other, line), amount in (doc.applied or {}).items()]
        links += [(key, 0, 0, self.docs[key].total, "DepPay") for key in doc.payments]
        for other, line, own, amount, kind in links:
            previous = self.docs[other]
            yield {
                "previousdoc": other, "previousline": line, "previoustype": previous.type, "previousdate": previous.date, "nextdoc": doc.id,
                "nextline": own, "nexttype": doc.type, "nextdate": doc.date, "linktype": kind, "foreignamount": amount,
                "lastmodifieddate": doc.modified,
            }  # fmt: skip

    def _delete(self, table: str, column: str, keys: set[int]) -> None:
        if len(keys) <= _SMALL:
            self._run(f'delete from "{table}" where ' + _among(column, keys) if keys else "select 1")
            return
        self.con.register("staged_key", pa.table({"key": pa.array(sorted(keys), pa.int64())}))
        self._run(f'delete from "{table}" where "{column}" in (select key from staged_key)')

    def _insert(self, table: str, kinds: dict[str, str], rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            used = {name: kind for name, kind in kinds.items() if any(name in row for row in rows)}
            self._stage("staged", used, [tuple(row.get(name) for name in used) for row in rows])
            self._run(f'insert into "{table}" by name select * from staged')

    def _stage(self, name: str, kinds: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
        columns = zip(*rows, strict=True) if rows else ((),) * len(kinds)
        arrays = [
            pa.array(column, _ARROW[SQL_TYPES[kind]]) for column, kind in zip(columns, kinds.values(), strict=True)
        ]
        self.con.register(name, pa.Table.from_arrays(arrays, names=list(kinds)))


def _among(column: str, keys: Iterable[int], lead: str = "") -> str:
    """`column in (..)` for few keys, nothing for many (the join decides then)."""
    listed = sorted(keys)
    return f"{lead}{column} in ({', '.join(map(str, listed))})" if len(listed) <= _SMALL else ""
