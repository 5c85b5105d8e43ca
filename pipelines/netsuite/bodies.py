"""Record bodies of the writes, and the rules that a payload must meet before anything is sent. Amounts go out as exact numbers."""

from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from pipelines.system import Intent, Rejected

_CREDITS = {"credit_note", "CustCred"}


def number(intent: Intent, text: Any, what: str) -> Decimal:
    """An amount of a payload. Raises Rejected when it is no finite number."""
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise Rejected(f"{intent.connection}: {intent.key}: {what} {text!r} is not an amount; nothing was written.")
    return amount


def exact(amount: Decimal) -> orjson.Fragment:
    """A JSON number with exactly these digits: no float in between."""
    return orjson.Fragment(f"{amount:f}".encode())


def reference(record_id: Any) -> dict[str, str]:
    return {"id": str(record_id)}


def payment(intent: Intent, currency: str, day: str, holding: str | None = None) -> dict[str, Any]:
    """A customer payment, applied. Without an account it goes to the holding account, or else to Undeposited Funds."""
    payload = intent.payload
    amount = number(intent, payload["amount"], "the amount")
    applications = [
        (item, number(intent, item["amount"], "an applied amount")) for item in payload.get("applications", ())
    ]
    invoiced = sum((part for item, part in applications if item.get("document_type") not in _CREDITS), Decimal(0))
    credited = sum((part for item, part in applications if item.get("document_type") in _CREDITS), Decimal(0))
    if amount <= 0 or any(part <= 0 for _item, part in applications):
        raise Rejected(f"{intent.connection}: {intent.key}: amounts of a payment are positive; nothing was written.")
    if invoiced > amount + credited:
        raise Rejected(
            f"{intent.connection}: {intent.key} applies {invoiced} but pays {amount} and uses credits of {credited}; nothing was written."
        )
    body: dict[str, Any] = {
        "externalId": intent.key,
        "customer": reference(payload["customer_id"]),
        "currency": reference(currency),
        "tranDate": day,
        "payment": exact(amount),
    }
    optional = {
        "subsidiary": payload.get("subsidiary_id"),
        "account": payload.get("account") or holding,
        "paymentOption": payload.get("method"),
    }
    body.update({name: reference(value) for name, value in optional.items() if value})
    if payload.get("memo"):
        body["memo"] = payload["memo"]
    for sublist, wanted in (("apply", False), ("credit", True)):
        items = [
            _application(item, part) for item, part in applications if (item.get("document_type") in _CREDITS) is wanted
        ]
        if items:
            body[sublist] = {"items": items}
    return body


def _application(item: Any, amount: Decimal) -> dict[str, Any]:
    """One line of an apply sublist. A journal line's document id is `<transaction>.<line>`."""
    document, _, of_line = str(item["document_id"]).partition(".")
    return {
        "doc": reference(document),
        "line": int(item.get("line") or of_line or 0),
        "apply": True,
        "amount": exact(amount),
    }


def check_deposit(intent: Intent) -> None:
    """N49: the payments and other lines sum to the total, to the cent. N53: NetSuite takes no negative deposit."""
    payload = intent.payload
    total = number(intent, payload["total"], "the total")
    parts = [
        number(intent, item["amount"], "a line's amount")
        for item in (*payload.get("payments", ()), *payload.get("other", ()))
    ]
    if sum(parts, Decimal(0)) != total:
        raise Rejected(
            f"{intent.connection}: the lines of deposit {intent.key} sum to {sum(parts, Decimal(0))}, not to its total of {total};"
            " nothing was written."
        )
    if total < 0:
        raise Rejected(
            f"{intent.connection}: deposit {intent.key} is negative ({total}); NetSuite takes none; nothing was written."
        )


def deposit(intent: Intent, currency: str, day: str) -> dict[str, Any]:
    """A bank deposit: payments out of Undeposited Funds, and other lines (fees are negative ones)."""
    payload = intent.payload
    body: dict[str, Any] = {
        "externalId": intent.key,
        "account": reference(payload["account"]),
        "currency": reference(currency),
        "tranDate": day,
        "payment": {
            "items": [{"id": str(item["payment_id"]), "deposit": True} for item in payload.get("payments", ())]
        },
    }
    if payload.get("subsidiary_id"):
        body["subsidiary"] = reference(payload["subsidiary_id"])
    if payload.get("memo"):
        body["memo"] = payload["memo"]
    if payload.get("other"):
        body["other"] = {"items": [_other(intent, item) for item in payload["other"]]}
    return body


def _other(intent: Intent, item: Any) -> dict[str, Any]:
    line: dict[str, Any] = {
        "account": reference(item["account"]),
        "amount": exact(number(intent, item["amount"], "a line's amount")),
    }
    if item.get("entity"):
        line["entity"] = reference(item["entity"])
    if item.get("memo"):
        line["memo"] = item["memo"]
    return line


def check_reversal(intent: Intent) -> None:
    kind = str(intent.payload.get("payment_type") or "CustPymt")
    if kind not in {"CustPymt", "customerPayment", "payment"}:
        raise Rejected(
            f"{intent.connection}: {intent.key}: only a customer payment can be unapplied, not a {kind}; nothing was written."
        )
