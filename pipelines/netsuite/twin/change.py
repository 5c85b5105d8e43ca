"""Changing and deleting records through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from . import applications, create_lists, create_money, create_sales, heading, values
from .account import Account
from .allocate import wanted_of
from .errors import ApiError, bad_content, user_error
from .fields import DOCUMENTS
from .model import Doc, Refused
from .values import Body, elements

_HEADER = {
    "memo": "memo", "dueDate": "duedate", "otherRefNum": "otherrefnum", "tranId": "tranid", "tranDate": "trandate", "externalId": "externalid",
    "terms": "terms", "paymentOption": "paymentmethod", "custbody_po_contact_email": "custbody_po_contact_email",
}  # fmt: skip
_FIXED = ("customer", "entity", "currency", "exchangeRate", "subsidiary")
LINKED = "This transaction cannot be deleted because it is linked to by one or more transactions."


def change(account: Account, record: str, key: int, body: Body, replace: frozenset[str]) -> None:
    """PATCH: set what the body names. Sublists with a key merge by it; those named in `replace` are swapped whole."""
    external = values.text(body, "externalId")
    holder = values.locate(account, record, f"eid:{external}") if external else None
    if holder is not None and holder != key:
        raise user_error("This entity already exists.")
    if record not in DOCUMENTS:
        columns = create_lists.row_columns(account, record, body)
        account.books.edit_row(record, str(key), at=account.books.clock.tick(), **columns)
        return
    doc = account.books.store.docs[key]
    _check_fixed(account, doc, body)
    columns = _header(account, body)
    posts = "trandate" in columns or bool({"payment", "account", "item", "line", "other", "cashback"} & set(body))
    heading.check_period(account, doc.date, posts=posts)
    heading.check_period(account, columns.get("trandate") or doc.date, posts=posts)
    lines = None
    if "item" in replace and elements(body, "item") and doc.type in ("CustInvc", "CustCred"):
        lines = create_sales.lines_of(account, body, str(doc.currency))
    elif {"item", "line"} & set(body):
        raise user_error("Lines of a posted transaction can only be replaced whole (?replace=item).", "item")
    moment = account.books.clock.tick()
    _change_money(account, doc, body, "apply" in replace, moment)
    if doc.type == "Deposit" and {"payment", "other", "cashback"} & set(body):
        _change_deposit(account, doc, body, replace, moment)
    if lines is not None:
        account.books.change_lines(str(key), lines, at=moment)
    account.books.edit(str(key), at=moment, **columns)


def _change_money(account: Account, doc: Doc, body: Body, swap: bool, moment: datetime) -> None:
    """A payment's amount and what it is applied to, both or neither: whichever makes room comes first, and is taken back if the other
    is refused."""
    amount = values.amount(account, body, "payment", str(doc.currency)) if doc.type == "CustPymt" else None
    steps: list[Callable[[], None]] = []
    if doc.type == "CustPymt" and {"payment", "account"} & set(body):
        steps.append(lambda: _change_payment(account, doc, body, moment))
    if "apply" in body:
        steps.append(lambda: _reapply(account, doc, body, swap, moment))
    if amount is not None and amount < doc.total:
        steps.reverse()
    total, into, applied = doc.total, doc.account, applications.current(doc)
    for number, step in enumerate(steps):
        try:
            step()
        except (ApiError, Refused):
            if number and doc.total != total:
                account.books.change_payment(str(doc.id), at=moment, amount=total, account=str(into))
            elif number:
                before = [(f"{other}.{line}", paid) for (other, line), paid in applied.items()]
                account.books.set_applications(str(doc.id), before, at=moment)
            raise


def _check_fixed(account: Account, doc: Doc, body: Body) -> None:
    """Customer, currency, rate and subsidiary stay as they were; naming the same value is no change."""
    for name, held, target in (
        ("customer", doc.customer, "customer"), ("entity", doc.customer, "customer"), ("currency", doc.currency, "currency"),
        ("subsidiary", doc.subsidiary, "subsidiary"),
    ):  # fmt: skip
        given = values.ref(account, body, name, target)
        if given is not None and held is not None and given != str(held):
            raise user_error(f"You cannot change the field {name} of an existing transaction.", name)
    rate = values.number(body, "exchangeRate")
    if rate is not None and rate != doc.rate:
        raise user_error("You cannot change the field exchangeRate of an existing transaction.", "exchangeRate")


def _header(account: Account, body: Body) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, column in _HEADER.items():
        if name not in body:
            continue
        if name in ("dueDate", "tranDate"):
            columns[column] = values.day(body, name)
        elif name in ("terms", "paymentOption"):
            columns[column] = values.ref(account, body, name, "term" if name == "terms" else "paymentMethod")
        else:
            columns[column] = values.text(body, name)
    if "trandate" in columns and columns["trandate"] is None:
        raise values.missing("Date")
    return columns


def _change_payment(account: Account, doc: Doc, body: Body, moment: datetime) -> None:
    amount = values.amount(account, body, "payment", str(doc.currency))
    into = values.ref(account, body, "account", "account")
    if (amount is None or amount == doc.total) and (into is None or into == str(doc.account)):
        return
    if amount is not None and amount <= 0:
        raise user_error("The payment amount must be greater than zero.", "payment")
    account.books.change_payment(str(doc.id), at=moment, amount=amount, account=into)


def _reapply(account: Account, doc: Doc, body: Body, swap: bool, moment: datetime) -> None:
    if doc.type not in ("CustPymt", "CustCred", "CustRfnd"):
        raise bad_content(path="apply")
    before = {} if swap else applications.current(doc)
    wanted = wanted_of(account, body, "apply", str(doc.currency), doc.total, before)
    account.books.set_applications(str(doc.id), wanted, at=moment)


def _change_deposit(account: Account, doc: Doc, body: Body, replace: frozenset[str], moment: datetime) -> None:
    """Payments merge by id; `other` and `cashback` have no key that a client knows, so they append unless replaced."""
    currency = str(doc.currency)
    payments = [] if "payment" in replace else [str(key) for key in doc.payments]
    for index, element in enumerate(values.elements(body, "payment")):
        key = values.ref(account, element, "id", "transaction", f"payment.items[{index}].")
        taken = values.flag(element, "deposit", True)
        if key in payments and not taken:
            payments.remove(key)
        elif key and key not in payments and taken:
            payments.append(key)
    other = [
        *(() if "other" in replace else doc.other),
        *create_money.other_lines(account, body, "other", currency),
    ]
    cashback = [
        *(() if "cashback" in replace else doc.cashback),
        *create_money.other_lines(account, body, "cashback", currency),
    ]
    docs = [account.books.store.docs[int(key)] for key in payments]
    total = sum((held.total if held.type == "CustPymt" else -held.total) for held in docs)
    if total + sum(line.amount for line in other) - sum(line.amount for line in cashback) <= 0:
        raise user_error("The total of a deposit must be greater than zero.", "total")
    account.books.change_deposit(str(doc.id), payments=payments, other=other, cashback=cashback, at=moment)


def delete(account: Account, record: str, key: int) -> None:
    """DELETE: refused while other transactions link to the record, or in a closed period."""
    books = account.books
    if record not in DOCUMENTS:
        if record == "customer" and any(doc.customer == key for doc in books.store.docs.values()):
            raise Refused("This record cannot be deleted because it has dependent records.")
        books.delete_row(record, str(key), at=books.clock.tick(), context="RST")
        return
    doc = books.store.docs[key]
    heading.check_period(account, doc.date)
    if doc.deposit is not None or any(item.users for item in doc.items.values()):
        raise Refused(LINKED)
    books.delete(str(key), at=books.clock.tick(), context="RST")
