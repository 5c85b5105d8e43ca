"""The books of an account without the documents' own rules: reference data, the buffer, reading, and how a document enters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from . import applications, chart
from .model import (
    CENT,
    TYPES,
    Doc,
    Item,
    Posting,
    Refused,
    ident,
    instant,
    optional,
)
from .store import Store
from .tables import TABLES

_BUFFER = 50_000  # documents held back before a bulk insert
_RECORD_TYPES = {"transaction": -30, "customer": -2, "contact": -6}
Apply = Iterable[tuple[str, Decimal]]


class Clock(Protocol):
    """Company time."""

    def now(self) -> datetime: ...
    def tick(self) -> datetime: ...


class Ledger:
    """One account: reference data and documents."""

    def __init__(self, account_id: str, clock: Clock, *, time_zone: str, base_currency: str) -> None:
        self.account_id, self.clock, self.time_zone, self.base_currency = (
            account_id,
            clock,
            time_zone,
            base_currency,
        )
        self.zone = ZoneInfo(time_zone)
        self.store = Store()
        self.lock = self.store.lock
        self._next = 1000
        self._numbers = dict.fromkeys(TYPES, 0)

    def add(self, table: str, **columns: Any) -> None:
        """Add a row of reference data, a customer, a contact or a relationship. Raises ValueError for a table or column that is not known."""
        with self.lock:
            row = chart.row(table, columns)
            if table in ("customer", "contact"):
                row.setdefault("lastmodifieddate", self.clock.now())
                row.setdefault("datecreated", row["lastmodifieddate"])
                self.store.put_row("entity", chart.entity_row(table, row))
            if table == "nexttransactionlinelink" or "id" not in row:
                self.store.append(table, row)
            else:
                self.store.put_row(table, row)

    def edit_customer(self, customer_id: str, *, at: datetime, **columns: Any) -> None:
        self.edit_row("customer", customer_id, at=at, **columns)

    def edit_row(self, table: str, row_id: str, *, at: datetime, **columns: Any) -> None:
        """Change columns of a customer, contact or reference row."""
        with self.lock:
            held = self.store.reference[table].get(ident(row_id))
            if held is None:
                raise ValueError(f"{table} {row_id} does not exist in {self.account_id}")
            row = {**held, **chart.row(table, columns), "lastmodifieddate": instant(at)}
            if "lastmodifieddate" not in TABLES[table]:
                del row["lastmodifieddate"]
            self.store.put_row(table, row)
            if table in ("customer", "contact"):
                self.store.put_row("entity", chart.entity_row(table, row))

    def delete_customer(self, customer_id: str, *, at: datetime, context: str = "UIF") -> None:
        self.delete_row("customer", customer_id, at=at, context=context)

    def delete_row(self, table: str, row_id: str, *, at: datetime, context: str = "UIF") -> None:
        """Delete a customer or contact. Refused while transactions name it."""
        with self.lock:
            key = ident(row_id)
            held = self.store.reference[table].get(key)
            if held is None:
                raise ValueError(f"{table} {row_id} does not exist in {self.account_id}")
            if table == "customer" and any(doc.customer == key for doc in self.store.docs.values()):
                raise Refused("This record cannot be deleted because it has dependent records.")
            self.store.remove_row(table, key)
            self.store.remove_row("entity", key)
            for relation, row in list(self.store.reference["customersubsidiaryrelationship"].items()):
                if table == "customer" and row.get("entity") == key:
                    self.store.remove_row("customersubsidiaryrelationship", relation)
            self._bury(table, key, str(held.get("entityid") or key), table, table.title(), at, context)

    def flush(self) -> None:
        """Bulk-load what has been posted."""
        with self.lock:
            self.store.flush()

    def rows(self, sql: str) -> list[dict[str, object]]:
        """Run DuckDB SQL over the tables: timestamps in UTC, amounts Decimal, booleans T or F."""
        with self.lock:
            self.store.flush()
            found = self.store.con.execute(sql)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def doc(self, transaction_id: object) -> Doc:
        """The document with this id. Raises ValueError if there is none."""
        found = self.store.docs.get(ident(transaction_id))
        if found is None:
            raise ValueError(f"transaction {transaction_id} does not exist in {self.account_id}")
        return found

    def postings(self, transaction_id: int) -> list[Posting]:
        """The ledger lines of a transaction, in order."""
        found = self.rows(
            "select l.id, a.account, l.foreignamount, a.amount, l.memo, l.item, l.quantity, l.entity, l.paymentmethod, l.createdfrom"
            " from transactionline l join transactionaccountingline a on a.transaction = l.transaction and a.transactionline = l.id"
            f" where l.transaction = {transaction_id} and a.transaction = {transaction_id} order by l.id"
        )
        return [Posting(*row.values()) for row in found]  # type: ignore[arg-type]

    def _doc(
        self, kind: str, customer: str | None, subsidiary: str, currency: str, rate: Decimal, total: Decimal, day: date, at: datetime,
        number: str | None, memo: str | None, external_id: str | None,
    ) -> Doc:  # fmt: skip
        """A new document. Raises ValueError for money with more than two decimals or a customer that is not there."""
        if Decimal(total) != Decimal(total).quantize(CENT):
            raise ValueError(f"amount {total} has more than two decimals")
        key = optional(customer, "customer")
        if key is not None and key not in self.store.reference["customer"]:
            raise ValueError(f"customer {customer} does not exist in {self.account_id}")
        self._next += 1
        self._numbers[kind] += 1
        _, _, prefix, _, status = TYPES[kind]
        name = number or f"{prefix}{self._numbers[kind]}"
        moment = instant(at)
        period = chart.period(self.store, day)
        return Doc(
            self._next, kind, name, key, ident(subsidiary, "subsidiary"), ident(currency, "currency"), Decimal(rate), Decimal(total), day, moment,
            moment, memo=memo, external_id=external_id, period=period, status=status,
        )  # fmt: skip

    def _post(self, doc: Doc, rows: list[Posting], *, debit: bool, apply: Apply = ()) -> str:
        item = Item(doc.id, 0, debit, doc.total, doc.customer)
        doc.items[0] = item
        self.store.put(doc, rows)
        wanted = applications.combine(apply)
        if wanted:
            try:
                applications.check(self.store, item, wanted)
            except Refused:
                self.store.forget(doc)
                raise
            applications.replace(self.store, item, wanted, doc.modified, checked=True)
        if self.store.waiting >= _BUFFER:
            self.store.flush()
        return str(doc.id)

    def _bury(self, table: str, key: int, name: str, script: str, kind: str, at: datetime, context: str) -> None:
        self.store.append(
            "deletedrecord",
            {
                "recordtypeid": _RECORD_TYPES[table], "recordid": key, "name": name, "scriptid": script, "type": kind, "context": context,
                "deletedby": 12, "deleteddate": instant(at), "iscustomlist": "F", "iscustomrecord": "F", "iscustomtransaction": "F",
            },
        )  # fmt: skip
