"""Records as the API shows them. Money stays Decimal until it is written as a JSON number, digit for digit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from . import render_money, render_sales
from .model import ZERO, Name, Txn
from .render_parts import meta, ref
from .rows import Company
from .store import Record
from .wire import Body, dumps, stamp


def record(company: Company, found: Record) -> bytes:
    """A record's JSON; a transaction's is kept until something about it changes."""
    if isinstance(found, Name):
        return dumps(shown(company, found))
    known = company.store.rendered.get((found.type, found.id))
    return known if known is not None else company.store.keep(found.type, found.id, dumps(shown(company, found)))


def shown(company: Company, found: Record) -> Body:
    """A record's properties."""
    if isinstance(found, Name):
        return _NAMES.get(found.kind, _name)(company, found)
    return _TXNS[found.type](company, found)


def stub(kind: str, key: int, at: datetime) -> Body:
    """What CDC shows of a deleted transaction."""
    return {"domain": "QBO", "status": "Deleted", "Id": str(key), "MetaData": {"LastUpdatedTime": stamp(at)}}


def _name(company: Company, name: Name) -> Body:
    return {**name.data, **meta(name)}


def _item(company: Company, name: Name) -> Body:
    account = name.data.get("IncomeAccountRef")
    return {
        **_name(company, name),
        **({"IncomeAccountRef": ref(company, "Account", account["value"])} if account else {}),
    }


def _account(company: Company, name: Name) -> Body:
    balance = company.account_balances().get(name.id, ZERO)
    if name.data["Classification"] in ("Revenue", "Expense"):
        balance = ZERO  # QuickBooks shows balances of balance sheet accounts only
    return {**_name(company, name), "CurrentBalance": balance, "CurrentBalanceWithSubAccounts": balance}


def _customer(company: Company, name: Name) -> Body:
    body = _name(company, name)
    for prop, kind in (("SalesTermRef", "Term"), ("ParentRef", "Customer"), ("PaymentMethodRef", "PaymentMethod")):
        if prop in body:
            body[prop] = ref(company, kind, body[prop]["value"])
    body.setdefault("PrintOnCheckName", name.data.get("CompanyName") or name.data["DisplayName"])
    return {**body, "Balance": company.balance(name.id), "BalanceWithJobs": company.balance_with_jobs(name.id)}


_TXNS: dict[str, Callable[[Company, Txn], Body]] = {
    "Invoice": render_sales.invoice,
    "Payment": render_money.payment,
    "CreditMemo": render_sales.credit_memo,
    "RefundReceipt": render_sales.refund_receipt,
    "Deposit": render_money.deposit,
    "JournalEntry": render_sales.journal,
}
_NAMES: dict[str, Callable[[Company, Name], Body]] = {"Customer": _customer, "Account": _account, "Item": _item}
