"""What a query may filter and sort by: per entity, a property's kind and how it is read from a record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from datetime import date as Day
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import invalid
from .model import ZERO, Name, Txn
from .rows import Company
from .wire import PACIFIC

Read = Callable[[Any], Any]

_COMMON: dict[str, tuple[str, Read]] = {
    "Id": ("id", lambda found: found.id),
    "SyncToken": ("text", lambda found: str(found.sync)),
    "MetaData.CreateTime": ("time", lambda found: found.created),
    "MetaData.LastUpdatedTime": ("time", lambda found: found.modified),
}
_TXN: dict[str, tuple[str, Read]] = {
    **_COMMON,
    "TxnDate": ("day", lambda txn: txn.date),
    "DocNumber": ("text", lambda txn: txn.number),
    "PrivateNote": ("text", lambda txn: txn.note),
    "TotalAmt": ("money", lambda txn: txn.total),
    "CurrencyRef": ("text", lambda txn: txn.currency),
}
_PARTY: dict[str, tuple[str, Read]] = {"CustomerRef": ("id", lambda txn: txn.customer)}


def _open(txn: Txn) -> Decimal:
    return txn.items[0].open if txn.items else ZERO


def _data(prop: str, part: str = "") -> Read:
    def read(name: Name) -> Any:
        value = name.data.get(prop)
        return value.get(part) if part and isinstance(value, dict) else value

    return read


def _listed(*texts: str, **more: tuple[str, Read]) -> dict[str, tuple[str, Read]]:
    return {
        **_COMMON,
        "Active": ("flag", lambda name: name.active),
        **{prop: ("text", _data(prop)) for prop in texts},
        **more,
    }


FILTERABLE: dict[str, dict[str, tuple[str, Read]]] = {
    "Invoice": {**_TXN, **_PARTY, "Balance": ("money", _open), "DueDate": ("day", lambda txn: txn.due), "SalesTermRef": ("id", lambda txn: txn.term)},
    "CreditMemo": {**_TXN, **_PARTY, "Balance": ("money", _open), "RemainingCredit": ("money", _open)},
    "Payment": {**_TXN, **_PARTY, "PaymentRefNum": ("text", lambda txn: txn.reference), "PaymentMethodRef": ("id", lambda txn: txn.method),
                "DepositToAccountRef": ("id", lambda txn: txn.account), "UnappliedAmt": ("money", lambda txn: txn.unapplied)},
    "RefundReceipt": {**_TXN, **_PARTY, "PaymentRefNum": ("text", lambda txn: txn.reference), "DepositToAccountRef": ("id", lambda txn: txn.account)},
    "Deposit": {**_TXN, "DepositToAccountRef": ("id", lambda txn: txn.account)},
    "JournalEntry": _TXN,
    "Customer": _listed(
        "DisplayName", "CompanyName", "GivenName", "MiddleName", "FamilyName", "FullyQualifiedName", "PrintOnCheckName", "Notes",
        PrimaryEmailAddr=("text", _data("PrimaryEmailAddr", "Address")), PrimaryPhone=("text", _data("PrimaryPhone", "FreeFormNumber")),
        ParentRef=("id", lambda name: int(name.data["ParentRef"]["value"]) if "ParentRef" in name.data else None),
        Job=("flag", _data("Job")), BillWithParent=("flag", _data("BillWithParent")),
    ),
    "Vendor": _listed("DisplayName", "CompanyName", "GivenName", "FamilyName", "PrintOnCheckName"),
    "Account": _listed("Name", "FullyQualifiedName", "AccountType", "AccountSubType", "Classification", "AcctNum", CurrencyRef=("text", _data("CurrencyRef", "value"))),
    "Item": _listed("Name", "FullyQualifiedName", "Type", "Sku"),
    "Term": _listed("Name", "Type"),
    "PaymentMethod": _listed("Name", "Type"),
    "CompanyCurrency": _listed("Name", "Code"),
}  # fmt: skip
_CANONICAL = {entity: {prop.lower(): prop for prop in table} for entity, table in FILTERABLE.items()}


def canonical(entity: str, prop: str) -> str:
    """A property in its own spelling (case does not matter). Raises ApiError 4001 for one that cannot be asked."""
    found = _CANONICAL[entity].get(prop.lower())
    if found is None:
        raise invalid("4001", f"QueryValidationError: Property {prop} not found for Entity {entity}")
    return found


def reader(company: Company, entity: str, prop: str) -> tuple[str, Read]:
    """The kind of a property and how to read it."""
    if entity == "Customer" and prop.lower() == "balance":
        return "money", lambda name: company.balance(name.id)
    return FILTERABLE[entity][canonical(entity, prop)]


def literal(kind: str, text: str, prop: str) -> Any:
    """A query's value as a property's kind. Raises ApiError 4001."""
    try:
        if kind == "id":
            return int(text)
        if kind == "money":
            return Decimal(text)
        if kind == "day":
            return Day.fromisoformat(text[:10])
        if kind == "time":
            return moment(text)
        if kind == "flag":
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError, InvalidOperation):
        raise invalid("4001", f"QueryValidationError: invalid value '{text}' for property {prop}") from None
    return text


def moment(text: str) -> datetime:
    """A time in a query or a CDC request; without an offset it is Pacific. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=PACIFIC)).astimezone(UTC)
