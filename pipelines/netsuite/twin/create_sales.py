"""Creating invoices and credit memos."""

from __future__ import annotations

from decimal import Decimal

from . import values
from .account import Account
from .allocate import wanted_of
from .errors import user_error
from .heading import header, now
from .model import Line, total_of
from .values import Body, elements, ref


def lines_of(account: Account, body: Body, currency: str) -> list[Line]:
    lines = []
    for index, element in enumerate(elements(body, "item")):
        path = f"item.items[{index}]."
        item = ref(account, element, "item", "item", path)
        ledger = ref(account, element, "account", "account", path)
        if item is None:
            raise user_error("Please enter value(s) for: Item", f"{path}item")
        income = account.books.store.reference["item"][int(item)].get("incomeaccount")
        quantity = values.number(element, "quantity", path) or Decimal(1)
        rate = values.amount(account, element, "rate", currency, path)
        total = values.amount(account, element, "amount", currency, path)
        if total is None:
            total = None if rate is None else round(rate * quantity, 2)
        if total is None or (ledger is None and income is None):
            raise user_error(
                "Please enter value(s) for: Amount" if total is None else "Please enter value(s) for: Account",
                f"{path}amount",
            )
        lines.append(Line(ledger or str(income), total, values.text(element, "description", path), item, quantity))
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.", "item")
    return lines


def invoice(account: Account, body: Body) -> str:
    head = header(account, body, "entity")
    lines = lines_of(account, body, head.currency)
    terms = ref(account, body, "terms", "term")
    due = values.day(body, "dueDate")
    return account.books.post_invoice(
        customer=head.customer or "", due_date=due, lines=lines, at=now(account), number=values.text(body, "tranId"), terms=terms,
        other_ref=values.text(body, "otherRefNum"), po_contact=values.text(body, "custbody_po_contact_email"), **head.common(),
    )  # fmt: skip


def credit_memo(account: Account, body: Body) -> str:
    head = header(account, body, "entity")
    lines = lines_of(account, body, head.currency)
    wanted = wanted_of(account, body, "apply", head.currency, total_of(line.amount for line in lines))
    return account.books.post_credit_memo(
        customer=head.customer or "",
        lines=lines,
        at=now(account),
        apply=wanted,
        number=values.text(body, "tranId"),
        **head.common(),
    )
