"""A small warehouse for dbt tests: the declared raw tables in a DuckDB of their own, hand-made rows, the models over them."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines import systems
from pipelines.load import CORE_TABLES
from pipelines.tables import LINEAGE, SQL_TYPES, Table
from tests.models import dbt, faults, fill

TABLES: dict[str, Table] = {
    f"{table.dataset}.{table.name}": table
    for table in (*CORE_TABLES, *(table for system in systems().values() for table in system.tables))
}
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Warehouse:
    """Raw rows in, marts out. `put` appends versions; every row of one `load` gets the same load id."""

    def __init__(self, path: Path) -> None:
        self.path, self.load, self._seq = path, 1, 0
        self._open: duckdb.DuckDBPyConnection | None = None
        self.db.execute("begin")
        for table in TABLES.values():
            types = {
                **{column.name: column.type for column in table.columns},
                **{column.name: column.type for column in LINEAGE},
            }
            columns = ", ".join(f'"{column}" {SQL_TYPES[kind]}' for column, kind in types.items())
            self.db.execute(f"create schema if not exists {table.dataset}")
            self.db.execute(f'create table {table.dataset}."{table.name}" ({columns}, _dlt_load_id varchar)')
        self.db.execute("commit")

    @property
    def db(self) -> duckdb.DuckDBPyConnection:
        """The file stays open until dbt itself is to open it: a connection costs more than the rows of a test."""
        if self._open is None:
            self._open = duckdb.connect(str(self.path), config={"storage_compatibility_version": "v1.4.0"})
            self._open.execute("set TimeZone = 'UTC'")
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None

    def put(self, table: str, connection: str, *rows: dict[str, Any], deleted: bool = False) -> None:
        """Append versions of records, as of this load."""
        dataset, name = table.split(".")
        self.db.execute("begin")
        for row in rows:
            self._seq += 1
            lineage = {
                "connection": connection, "is_deleted": deleted, "_row_hash": str(self._seq), "_seq": self._seq,
                "_extracted_at": datetime(2026, 11, 1, 0, self.load, tzinfo=UTC), "_dlt_load_id": f"17000000{self.load:02}.0",
            }  # fmt: skip
            values = {
                key: json.dumps(item) if isinstance(item, list | dict) else item
                for key, item in {**row, **lineage}.items()
            }
            names = ", ".join(f'"{key}"' for key in values)
            self.db.execute(
                f'insert into {dataset}."{name}" ({names}) values ({", ".join("?" for _ in values)})',
                list(values.values()),
            )
        self.db.execute("commit")

    def build(self) -> None:
        """Seeds, models and every test of the project, by dbt itself."""
        self.close()
        dbt(self.path, "build")

    def models(self, variables: str = "{}") -> None:
        """Seeds and models, by the SQL that dbt compiled."""
        fill(self.db, variables=variables)

    def tested(self) -> None:
        """Seeds and models, and every data test: none objects."""
        self.models()
        assert faults(self.db) == {}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        cursor = self.db.execute(sql)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def one(self, sql: str) -> dict[str, Any]:
        (row,) = self.rows(sql)
        return row

    def breaks(self, *connections: str) -> set[tuple[Any, ...]]:
        """(reason, left, right, drift, currency) of every break, or of these connections'."""
        found = self.rows(
            "select connection, reason, left_key, right_key, drift_amount, currency from reconciliation.rec_breaks"
        )
        return {tuple(row.values())[1:] for row in found if not connections or row["connection"] in connections}

    # Hand-made facts, in the words of the source systems.

    def connection(
        self, name: str, system: str, *, zone: str = "UTC", base: str | None = None, **settings: Any
    ) -> None:
        row = {
            "system": system,
            "time_zone": zone,
            "base_currency": base,
            "settings": settings,
            "complete_through": NOW,
            "last_synced_at": NOW,
        }
        self.put("raw_tieout.connection", name, row)

    def document(self, id: str, amount: str, **columns: Any) -> None:
        """An invoice (or, by `type`, a credit memo) of books, with one revenue line."""
        sign = -1 if columns.get("type") == "CustCred" else 1
        connection = columns.pop("connection", "books")
        unpaid = columns.pop("unpaid", None)
        lines = [
            {"id": "0", "mainline": "T", "account": "110", "foreignamount": str(sign * Decimal(amount)), "foreignpaymentamountunused": columns.pop("unused", None)},
            {"id": "1", "mainline": "F", "account": "400", "foreignamount": str(-sign * Decimal(amount))},
        ]  # fmt: skip
        default: dict[str, Any] = {
            "id": id, "type": "CustInvc", "status": "A", "tranid": f"INV{id}", "entity": "12", "subsidiary": "1", "currency": "1",
            "exchangerate": Decimal(1), "foreigntotal": Decimal(amount), "foreignamountunpaid": unpaid, "trandate": date(2026, 9, 1),
            "duedate": date(2026, 10, 1), "posting": True, "voided": False, "lines": lines, "applications": [],
        }  # fmt: skip
        self.put("raw_netsuite.transaction", connection, {**default, **columns})

    def payment(self, id: str, amount: str, *applied: tuple[str, str], **columns: Any) -> None:
        """A payment of books, with (invoice id, amount) applications."""
        connection = columns.pop("connection", "books")
        links = [
            {
                "previousdoc": doc,
                "previousline": "0",
                "previoustype": "CustInvc",
                "nextline": "0",
                "foreignamount": value,
                "linktype": "Payment",
            }
            for doc, value in applied
        ]
        default: dict[str, Any] = {
            "id": id, "type": "CustPymt", "status": "B", "tranid": f"PYMT{id}", "entity": "12", "subsidiary": "1", "currency": "1",
            "exchangerate": Decimal(1), "foreigntotal": Decimal(amount), "trandate": date(2026, 10, 5), "posting": True, "voided": False,
            "lines": [{"id": "0", "mainline": "T", "account": "115", "foreignamount": amount}], "applications": links,
        }  # fmt: skip
        self.put("raw_netsuite.transaction", connection, {**default, **columns})

    def charge(self, id: str, cents: int, *, connection: str = "cards", **columns: Any) -> None:
        """A succeeded card charge."""
        default: dict[str, Any] = {
            "id": id, "amount": cents, "amount_refunded": 0, "currency": "usd", "status": "succeeded", "paid": True, "customer": "cus_1",
            "payment_method_type": "card", "created": datetime(2026, 10, 20, 12, tzinfo=UTC), "metadata": {},
        }  # fmt: skip
        self.put("raw_stripe.charge", connection, {**default, **columns})


def books(house: Warehouse, name: str = "books", cards: str = "cards", **settings: Any) -> None:
    """An ERP `books` (USD, Los Angeles) that reconciles the Stripe account `cards`, with its reference data."""
    given = {
        "activated_on": "2026-09-01", "stripe": [cards], "subsidiaries": ["1"], "rates": "netsuite", "bank_accounts": {"USD": "101"},
        "fee_account": "620", "fee_vendor": "900", "dispute_account": "621", "refund_account": "116", "payment_methods": {"card": "3"},
        "writeback": {"payment": "apply", "deposit": "apply", "reversal": "apply"}, "aging_buckets": [30, 60, 90],
    }  # fmt: skip
    house.connection(name, "netsuite", zone="America/Los_Angeles", base="USD", **{**given, **settings})
    house.connection(cards, "stripe")
    house.put(
        "raw_netsuite.currency",
        name,
        *({"id": id, "name": code, "symbol": code} for id, code in (("1", "USD"), ("2", "EUR"), ("3", "JPY"))),
    )
    kinds = {
        "110": "AcctRec",
        "115": "OthCurrAsset",
        "116": "OthCurrAsset",
        "101": "Bank",
        "400": "Income",
        "620": "Expense",
        "621": "Expense",
    }
    house.put(
        "raw_netsuite.account", name, *({"id": id, "acctnumber": id, "accttype": kind} for id, kind in kinds.items())
    )
    house.put("raw_netsuite.paymentmethod", name, {"id": "3", "name": "Card"})
    for id, label in (("12", "Acme"), ("13", "Beta")):
        house.put("raw_netsuite.customer", name, {"id": id, "entityid": f"C{id}", "companyname": label})
        house.put(
            "raw_netsuite.customersubsidiaryrelationship",
            name,
            {"id": id, "entity": id, "subsidiary": "1", "isprimarysub": True},
        )
    house.put("raw_stripe.customer", cards, {"id": "cus_1", "metadata": {"customer_source_id": "12"}})
