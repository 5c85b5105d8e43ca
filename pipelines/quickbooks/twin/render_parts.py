"""What all records show: ids, times, references, the header of a transaction."""

from __future__ import annotations

from decimal import Decimal

from . import chart
from .model import Txn, to_home
from .rows import Company
from .store import Record
from .wire import Body, stamp


def meta(found: Record) -> Body:
    """Id, SyncToken and times."""
    times = {"CreateTime": stamp(found.created), "LastUpdatedTime": stamp(found.modified)}
    return {"domain": "QBO", "sparse": False, "Id": str(found.id), "SyncToken": str(found.sync), "MetaData": times}


def ref(company: Company, kind: str, key: object) -> Body:
    """A reference with the name of what it refers to."""
    found = company.store.name(kind, key)
    return chart.reference(key, found.label if found else "")


def head(company: Company, txn: Txn) -> Body:
    """The header of a transaction."""
    body = {
        **(txn.extra or {}),
        **meta(txn),
        "TxnDate": txn.date.isoformat(),
        "CurrencyRef": chart.currency(txn.currency),
    }
    if txn.currency != company.home_currency:
        body["ExchangeRate"] = txn.rate
    if txn.note is not None:
        body["PrivateNote"] = txn.note
    if txn.number is not None:
        body["DocNumber"] = txn.number
    if txn.customer is not None:
        body["CustomerRef"] = ref(company, "Customer", txn.customer)
    if txn.method is not None:
        body["PaymentMethodRef"] = ref(company, "PaymentMethod", txn.method)
    if txn.reference is not None:
        body["PaymentRefNum"] = txn.reference
    return body


def money(company: Company, txn: Txn, body: Body, **amounts: Decimal) -> Body:
    """Amounts, and in a foreign currency what they are at home."""
    body.update(amounts)
    if txn.currency != company.home_currency:
        for prop in ("TotalAmt", "Balance"):
            if prop in amounts:
                body[f"Home{prop}"] = to_home(amounts[prop], txn.rate)
    return body


def deposited(txn: Txn, body: Body) -> None:
    """The deposit that a transaction is in."""
    if txn.deposit is not None:
        body["LinkedTxn"] = [{"TxnId": str(txn.deposit), "TxnType": "Deposit"}]
