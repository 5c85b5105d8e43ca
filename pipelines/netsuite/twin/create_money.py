"""Creating payments, refunds and bank deposits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import applications, chart, values
from .account import Account
from .allocate import Amounts, Shares, allocate, credits_of, wanted_of
from .errors import user_error
from .heading import bank, header, now
from .model import OtherLine, Refused, total_of
from .values import Body, elements, invalid, missing, ref


def payment(account: Account, body: Body) -> str:
    head = header(account, body, "customer")
    amount = values.amount(account, body, "payment", head.currency)
    credits_ = credits_of(account, body, head.currency)
    wanted = wanted_of(
        account,
        body,
        "apply",
        head.currency,
        None if amount is None else amount + total_of(credits_.values()),
    )
    if amount is None and not wanted:
        raise missing("Payment Amount")
    amount = total_of(paid for _, paid in wanted) - total_of(credits_.values()) if amount is None else amount
    if amount < 0 or (amount == 0 and not credits_):
        raise user_error("The payment amount must be greater than zero.", "payment")
    into = bank(account, body, head, mandatory=False)
    method = ref(account, body, "paymentOption", "paymentMethod")
    shares = allocate(wanted, credits_)
    merged = _credits(account, shares)
    for position, (key, paid) in enumerate(wanted):
        if paid > applications.find(account.books.store, applications.parse(key)).open:
            raise user_error(
                f"The amount {paid} exceeds the amount due of transaction {key.partition('.')[0]}.",
                f"apply.items[{position}].amount",
            )
    moment = now(account)
    made = account.books.post_payment(
        customer=head.customer or "",
        amount=amount,
        at=moment,
        account=into,
        apply=shares.payment,
        method=method,
        **head.common(),
    )
    for credit, applied in merged.items():
        account.books.set_applications(credit, applied, at=moment)
    return made


def _credits(account: Account, shares: Shares) -> dict[str, Amounts]:
    """What each credit is applied to afterwards: as before, plus its share. Refuses before anything is changed."""
    store = account.books.store
    merged: dict[str, Amounts] = {}
    for credit, applied in shares.credits.items():
        source = applications.find(store, applications.parse(credit), "credit.items[0].doc")
        before = applications.current(store.docs[source.doc], source.line)
        held = [(f"{doc}.{line}", amount) for (doc, line), amount in before.items()]
        merged[credit] = [*held, *applied]
        applications.check(store, source, applications.combine(merged[credit]), "credit")
    return merged


def refund(account: Account, body: Body) -> str:
    head = header(account, body, "customer")
    source = bank(account, body, head, mandatory=True)
    wanted = wanted_of(account, body, "apply", head.currency, None)
    total = total_of(paid for _, paid in wanted)
    if total <= 0:
        raise user_error("Please choose at least one credit or payment to refund.", "apply")
    return account.books.post_refund(
        customer=head.customer or "",
        amount=total,
        account=source or "",
        at=now(account),
        apply=wanted,
        **head.common(),
    )


def deposit(account: Account, body: Body) -> str:
    key = ref(account, body, "account", "account")
    if key is None:
        raise missing("Account")
    payments = chosen_payments(account, body)
    first = account.books.store.docs[int(payments[0])] if payments else None
    defaults: dict[str, Any] = {}
    if first is not None:
        defaults = {"currency": {"id": str(first.currency)}, "subsidiary": {"id": str(first.subsidiary)}}
    bank_currency = account.books.store.reference["account"][int(key)].get("currency")
    if bank_currency:
        defaults["currency"] = {"id": str(bank_currency)}
    head = header(account, {**defaults, **body}, None)
    into = bank(account, body, head, mandatory=True, kinds=("Bank",))
    other, cashback = (
        other_lines(account, body, "other", head.currency),
        other_lines(account, body, "cashback", head.currency),
    )
    if not payments and not other:
        raise user_error("Please choose at least one item to deposit.", "payment")
    total = _deposit_total(account, payments, other, cashback, head.currency)
    if total <= 0:
        raise user_error("The total of a deposit must be greater than zero.", "total")
    return account.books.post_deposit(
        account=into or "",
        payments=payments,
        other=other,
        cashback=cashback,
        at=now(account),
        **head.common(),
    )


def _deposit_total(
    account: Account, payments: list[str], other: list[OtherLine], cashback: list[OtherLine], currency: str
) -> Decimal:
    held = []
    for index, key in enumerate(payments):
        try:
            held.append(chart.depositable(account.books.store, key, int(currency)))
        except Refused as refusal:
            raise invalid(key, "id", f"payment.items[{index}].id") from refusal
    paid = total_of(doc.total if doc.type == "CustPymt" else -doc.total for doc in held)
    return paid + total_of(line.amount for line in other) - total_of(line.amount for line in cashback)


def chosen_payments(account: Account, body: Body) -> list[str]:
    """The ids of the payments that a body deposits. An element with `deposit: false` is not one."""
    found: list[str] = []
    for index, element in enumerate(elements(body, "payment")):
        key = ref(account, element, "id", "transaction", f"payment.items[{index}].")
        if key is None:
            raise user_error("Please enter value(s) for: ID", f"payment.items[{index}].id")
        if values.flag(element, "deposit", True, f"payment.items[{index}].") and key not in found:
            found.append(key)
    return found


def other_lines(account: Account, body: Body, sublist: str, currency: str) -> list[OtherLine]:
    """`other` lines (signed amounts) or `cashback` lines (positive amounts) of a deposit."""
    lines = []
    for index, element in enumerate(elements(body, sublist)):
        path = f"{sublist}.items[{index}]."
        key, amount = (
            ref(account, element, "account", "account", path),
            values.amount(account, element, "amount", currency, path),
        )
        if key is None or amount is None:
            raise user_error(
                f"Please enter value(s) for: {'Account' if key is None else 'Amount'}",
                f"{path}{'account' if key is None else 'amount'}",
            )
        if sublist == "cashback" and amount <= 0:
            raise invalid(amount, "amount", f"{path}amount")
        entity, method = (
            ref(account, element, "entity", "entity", path),
            ref(account, element, "paymentMethod", "paymentMethod", path),
        )
        lines.append(OtherLine(key, amount, values.text(element, "memo", path), entity, method))
    return lines
