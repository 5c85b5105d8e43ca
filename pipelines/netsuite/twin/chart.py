"""Reference data: rows as the tables want them, and the questions that posting asks of the chart of accounts and the periods."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .model import Doc, Refused, ident, instant, optional
from .store import Store
from .tables import TABLES


def row(table: str, columns: dict[str, Any]) -> dict[str, Any]:
    """Columns as the table stores them. Raises ValueError naming table and column for one that does not exist or does not fit."""
    kinds = TABLES.get(table)
    if kinds is None:
        raise ValueError(f"there is no table {table!r}; known are {', '.join(sorted(TABLES))}")
    unknown = set(columns) - set(kinds)
    if unknown:
        raise ValueError(f"table {table} has no column {', '.join(sorted(unknown))}")
    return {name: _value(kinds[name], value, f"{table}.{name}") for name, value in columns.items()}


def _value(kind: str, value: Any, where: str) -> Any:
    if value is None or value == "":
        return None
    if kind in ("id", "int"):
        return ident(value, where)
    if kind == "bool":
        return value if value in ("T", "F") else "T" if value else "F"
    if kind in ("money", "rate"):
        if isinstance(value, float):
            raise ValueError(f"{where} is a float; give a Decimal")
        return Decimal(value)
    if kind == "timestamp":
        return instant(value)
    if kind == "date":
        if not isinstance(value, date) or isinstance(value, datetime):
            raise ValueError(f"{where} must be a date, not {value!r}")
        return value
    return str(value)


def entity_row(table: str, source: dict[str, Any]) -> dict[str, Any]:
    """The row of `entity` that mirrors a customer or a contact."""
    shared = {name: source[name] for name in TABLES["entity"] if name in source and name in TABLES[table]}
    return {
        **shared,
        "id": source["id"],
        "type": "CustJob" if table == "customer" else "Contact",
        table: source["id"],
    }


def currency_id(store: Store, code: str) -> int | None:
    """The id of a currency given by its ISO code (or already by its id)."""
    rows = store.reference["currency"]
    return next((key for key, held in rows.items() if code in (held.get("symbol"), str(key))), None)


def special(store: Store, purpose: str) -> int | None:
    """The account with this `sspecacct`, the lowest id first."""
    found = sorted(key for key, held in store.reference["account"].items() if held.get("sspecacct") == purpose)
    return found[0] if found else None


def receivable(store: Store) -> int:
    """The receivables account: the first active account of type AcctRec. Raises ValueError if the chart has none."""
    found = sorted(
        key
        for key, held in store.reference["account"].items()
        if held.get("accttype") == "AcctRec" and held.get("isinactive") != "T"
    )
    if not found:
        raise ValueError("the chart of accounts has no account of type AcctRec; add one first")
    return found[0]


def undeposited(store: Store) -> int:
    """Undeposited Funds: `sspecacct` UndepFunds, or the account so named. Raises ValueError if the chart has none."""
    found = special(store, "UndepFunds")
    if found is None:
        named = (
            key
            for key, held in store.reference["account"].items()
            if "undeposited" in str(held.get("accountsearchdisplayname", "")).lower()
        )
        found = next(named, None)
    if found is None:
        raise ValueError("the chart of accounts has no Undeposited Funds account (sspecacct UndepFunds); add one first")
    return found


def is_receivable(store: Store, account: str) -> bool:
    return store.reference["account"].get(ident(account, "account"), {}).get("accttype") == "AcctRec"


def period(store: Store, day: date) -> int | None:
    """The posting period of a day: a month, not a quarter or a year."""
    if day not in store.periods:
        store.periods[day] = _period(store, day)
    return store.periods[day]


def _period(store: Store, day: date) -> int | None:
    for key, held in store.reference["accountingperiod"].items():
        if held.get("isquarter") != "T" and held.get("isyear") != "T" and held["startdate"] <= day <= held["enddate"]:
            return key
    return None


def depositable(store: Store, key: object, currency: int) -> Doc:
    """A payment (or refund) that waits in undeposited funds. Raises Refused otherwise."""
    doc = store.docs.get(optional(key) or 0)
    if doc is None or doc.type not in ("CustPymt", "CustRfnd") or doc.voided or doc.currency != currency:
        raise Refused(
            f"You have entered an Invalid Field Value {key} for the following field: id",
            "payment",
            "INVALID_CONTENT",
        )
    if doc.deposit is not None or doc.account != undeposited(store):
        raise Refused(
            f"You have entered an Invalid Field Value {key} for the following field: id",
            "payment",
            "INVALID_CONTENT",
        )
    return doc
