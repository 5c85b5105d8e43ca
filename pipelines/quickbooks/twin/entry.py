"""Writing through the API: what an operation on an entity does to the books, and what QuickBooks answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

from . import entry_money, entry_names, entry_sales, singles
from .corrections import deposited
from .errors import invalid, not_found, unsupported
from .fields import TABLES, checked
from .heading import Data, missing
from .model import Refused, Txn
from .render import record, shown
from .rows import Company
from .store import NAMES, TXNS, Record
from .wire import dumps

ENTITIES = {kind.lower(): kind for kind in (*TXNS, *NAMES)}
_WRITERS: dict[str, Callable[[Company, str, Data, Txn | None], Txn]] = {
    "Invoice": entry_sales.sale, "CreditMemo": entry_sales.sale, "RefundReceipt": entry_sales.sale, "JournalEntry": entry_sales.journal,
    "Payment": entry_money.payment, "Deposit": entry_money.deposit,
}  # fmt: skip
_USER = "user@example.com"


def body_of(raw: bytes) -> dict[str, Any]:
    """A JSON object with exact numbers. Raises ApiError 2010."""
    try:
        body = json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except ValueError:
        raise invalid("2010", "Property Name:JSON body specified is unsupported or invalid") from None
    if not isinstance(body, dict):
        raise invalid("2010", "Property Name:JSON body specified is unsupported or invalid")
    return body


def _no_number(text: str) -> None:
    raise ValueError(text)


def read(company: Company, kind: str, key: str) -> bytes:
    """A record's JSON. Raises ApiError 610 for one that is not there."""
    with company.lock:
        return record(company, found(company, kind, key))


def found(company: Company, kind: str, key: object) -> Record:
    """A record by id. Raises ApiError 610 for one that is not there."""
    text = str(key)
    found = company.store.kinds[kind].get(int(text)) if text.isascii() and text.isdigit() else None
    if found is None:
        raise not_found()
    return found


def write(company: Company, kind: str, operation: str, given: dict[str, Any]) -> dict[str, Any]:
    """Carry out create, update, delete or void. The answer's `{entity: body}`. Raises ApiError or Refused, and then nothing has changed."""
    with company.lock:
        if kind == "ExchangeRate":
            if operation not in ("create", "update"):
                raise unsupported(operation.title())
            return {"ExchangeRate": _rate(company, checked(kind, given))}
        if operation == "create":
            return _answer(company, kind, _write(company, kind, checked(kind, given), None))
        held = _target(company, kind, given)
        if operation == "update":
            data = checked(
                kind, _merged(company, kind, given, held) if given.get("sparse") in (True, "true") else given
            )
            return _answer(company, kind, _write(company, kind, data, held))
        if (
            not isinstance(held, Txn)
            or operation not in ("delete", "void")
            or (operation == "void" and kind in ("Deposit", "JournalEntry"))
        ):
            raise unsupported(operation.title())
        _check_open(company, held)
        at = company.clock.tick()
        if operation == "void":
            company.void(str(held.id), at=at)
            return _answer(company, kind, held)
        company.delete(str(held.id), at=at)
        return {kind: {"domain": "QBO", "status": "Deleted", "Id": str(held.id)}}


def _answer(company: Company, kind: str, held: Record) -> dict[str, Any]:
    return {kind: orjson.Fragment(record(company, held))}


def _write(company: Company, kind: str, data: Data, held: Record | None) -> Record:
    if kind in NAMES:
        return entry_names.write(company, kind, data, held if not isinstance(held, Txn) else None)
    return _WRITERS[kind](company, kind, data, held if isinstance(held, Txn) else None)


def _target(company: Company, kind: str, given: dict[str, Any]) -> Record:
    """What an update, delete or void means, at the SyncToken that the client knows."""
    for prop in ("Id", "SyncToken"):
        if given.get(prop) in (None, ""):
            raise missing(prop)
    held = found(company, kind, given["Id"])
    if str(given["SyncToken"]) != str(held.sync):
        raise Refused("5010", f"Stale Object Error : You and {_USER} were working on this at the same time. {_USER} finished before you did,"
                              " so your work was not saved.")  # fmt: skip
    return held


def _merged(company: Company, kind: str, given: dict[str, Any], held: Record) -> dict[str, Any]:
    """A sparse update as the full one: what is not named stays. A name's new parts do not change its display name."""
    now: dict[str, Any] = json.loads(dumps(shown(company, held)), parse_float=Decimal)
    return {**{prop: value for prop, value in now.items() if prop in TABLES[kind]}, **given}


def _check_open(company: Company, txn: Txn) -> None:
    if txn.deposit is not None:
        raise deposited()
    if company.book_close_date is not None and txn.date <= company.book_close_date:
        raise Refused("6210", "The account period has closed and the account books cannot be updated through through the QBO Services API."
                              " Please use the QBO website to make these changes. ")  # fmt: skip


def _rate(company: Company, data: Data) -> dict[str, Any]:
    for prop in ("SourceCurrencyCode", "Rate", "AsOfDate"):
        if data.get(prop) is None:
            raise missing(prop)
    company.set_rate(data["SourceCurrencyCode"], data["AsOfDate"], data["Rate"])
    return singles.exchange_rate(company, data["SourceCurrencyCode"], data["AsOfDate"], data["Rate"])
