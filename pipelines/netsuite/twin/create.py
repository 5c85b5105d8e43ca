"""Creating records through the API: what must be there, what may be referred to, what is defaulted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from . import create_lists, create_money, create_sales, values
from .account import Account
from .errors import ApiError, user_error
from .values import Body


def create(account: Account, record: str, body: Body) -> str:
    """Create a record; returns its id. Raises ApiError or Refused, and then nothing is kept."""
    makers: dict[str, Callable[[Account, Body], str]] = {
        "invoice": create_sales.invoice, "creditMemo": create_sales.credit_memo, "customerPayment": create_money.payment, "customerRefund": create_money.refund, "deposit": create_money.deposit,
        "journalEntry": create_lists.journal, "customer": create_lists.customer, "contact": create_lists.contact,
    }  # fmt: skip
    external = values.text(body, "externalId")
    if external and values.locate(account, record, f"eid:{external}") is not None:
        raise user_error("This entity already exists.")
    return makers[record](account, body)


def transform(account: Account, source: str, key: int, target: str, body: Body) -> tuple[str, dict[str, Any]]:
    """(record type, body) of a transform: the source's values as defaults, the given body on top."""
    known = {
        ("invoice", "customerPayment"), ("invoice", "creditMemo"), ("customerPayment", "customerRefund"), ("customer", "customerPayment"),
        ("customer", "invoice"),
    }  # fmt: skip
    if (source, target) not in known:
        raise ApiError(404, "NONEXISTENT_ID", f"The transformation from '{source}' to '{target}' does not exist.")
    if source == "customer":
        return target, {("customer" if target == "customerPayment" else "entity"): {"id": str(key)}, **body}
    doc = account.books.store.docs[key]
    shared: dict[str, Any] = {
        "currency": {"id": str(doc.currency)},
        "subsidiary": {"id": str(doc.subsidiary)},
        "exchangeRate": doc.rate,
    }
    if target == "creditMemo":
        items = [
            {"item": {"id": str(row.item)}, "account": {"id": str(row.account)}, "amount": -row.foreign, "quantity": abs(row.quantity or Decimal(1))}
            for row in account.books.postings(key) if row.line and row.item
        ]  # fmt: skip
        return target, {"entity": {"id": str(doc.customer)}, **shared, "item": {"items": items}, **body}
    available = doc.items[0].open
    paid = values.amount(account, body, "payment", str(doc.currency)) if "payment" in body else None
    share = available if paid is None else min(available, paid)
    apply = {"items": [{"doc": {"id": str(key)}, "line": 0, "apply": True, "amount": share}]}
    extra = {"payment": available} if target == "customerPayment" else {}
    return target, {"customer": {"id": str(doc.customer)}, **shared, **extra, "apply": apply, **body}
