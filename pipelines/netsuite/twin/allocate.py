"""The `apply` and `credit` sublists of a body, as amounts by document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from . import applications, values
from .account import Account
from .errors import bad_content, user_error
from .model import ZERO, Refused
from .values import Body, elements, ref

Amounts = list[tuple[str, Decimal]]


def wanted_of(
    account: Account,
    body: Body,
    sublist: str,
    currency: str,
    available: Decimal | None,
    before: Mapping[tuple[int, int], Decimal] | None = None,
) -> Amounts:
    """What a body wants applied, merged over `before` by (doc, line). An element without an amount takes what is open, as far as `available`
    goes; `apply: false` or amount 0 takes the application back."""
    found = dict(before or {})
    for index, element in enumerate(elements(body, sublist)):
        path = f"{sublist}.items[{index}]."
        key = target(account, element, path)
        amount = values.amount(account, element, "amount", currency, path)
        if not values.flag(element, "apply", amount is not None or key in found, path) or amount == 0:
            found.pop(key, None)
            continue
        if amount is None:
            amount = found.get(key) or _open(account, key, path)
            if available is not None:
                amount = max(
                    ZERO,
                    min(amount, available - sum((held for other, held in found.items() if other != key), ZERO)),
                )
        if amount < 0:
            raise values.invalid(amount, "amount", f"{path}amount")
        found[key] = amount
    return [(f"{doc}.{line}", amount) for (doc, line), amount in found.items() if amount]


def target(account: Account, element: dict[str, Any], path: str) -> tuple[int, int]:
    """The (doc, line) that an element names."""
    doc = ref(account, element, "doc", "transaction", path)
    if doc is None:
        raise user_error("Please enter value(s) for: Doc", f"{path}doc")
    line = element.get("line", 0)
    if isinstance(line, bool) or not isinstance(line, int):
        raise bad_content(path=f"{path}line")
    return int(doc), line


def _open(account: Account, key: tuple[int, int], path: str) -> Decimal:
    try:
        return applications.find(account.books.store, key).open
    except Refused:
        raise values.invalid(key[0], "doc", f"{path}doc") from None


def credits_of(account: Account, body: Body, currency: str) -> dict[str, Decimal]:
    """The credit memos (or credit journal lines) that a payment's `credit` sublist uses: id -> amount."""
    return dict(wanted_of(account, body, "credit", currency, None))


@dataclass(frozen=True)
class Shares:
    """Who pays what: the credits first, in order, then the payment."""

    credits: dict[str, Amounts]
    payment: Amounts


def allocate(wanted: Amounts, credits_: Mapping[str, Decimal]) -> Shares:
    """Spread invoices over credits and the payment; the credits' existing applications are not touched by this function."""
    rest = dict(wanted)
    shares: dict[str, Amounts] = {}
    for credit, available in credits_.items():
        left = available
        for key, due in rest.items():
            used = min(due, left)
            if used > 0:
                shares.setdefault(credit, []).append((key, used))
                rest[key] = due - used
                left -= used
    return Shares(shares, [(key, due) for key, due in rest.items() if due])
