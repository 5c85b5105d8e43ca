"""Which payment settles which invoice: the graph of applications, and the balances that follow from it.

The source of an application is the later document: a payment, a credit memo or a credit journal line settles debit items; a customer
refund settles credit items. Amounts never exceed what is open on either side, and both sides share customer and currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from .model import ZERO, Doc, Item, Refused, ident, total_of
from .store import Store

Key = tuple[int, int]


def parse(reference: object) -> Key:
    """`"123"` is the document 123, `"123.2"` its line 2 (a journal's receivable line)."""
    doc, _, line = str(reference).partition(".")
    return ident(doc, "document"), ident(line or 0, "line")


def find(store: Store, key: Key, path: str | None = None) -> Item:
    """The open item at `key`. Raises Refused if there is none."""
    doc = store.docs.get(key[0])
    item = doc.items.get(key[1]) if doc else None
    if item is None or doc is None or doc.voided:
        raise Refused(
            f"You have entered an Invalid Field Value {key[0]} for the following field: doc",
            path,
            "INVALID_CONTENT",
        )
    return item


def combine(apply: Iterable[tuple[object, Decimal]]) -> dict[Key, Decimal]:
    """Amounts by item; several amounts for one item add up, zeros fall away."""
    wanted: dict[Key, Decimal] = {}
    for reference, amount in apply:
        if amount:
            key = parse(reference)
            wanted[key] = wanted.get(key, ZERO) + Decimal(amount)
    return wanted


def current(doc: Doc, line: int = 0) -> dict[Key, Decimal]:
    """What a document is applied to now."""
    return {(other, at): amount for (own, other, at), amount in (doc.applied or {}).items() if own == line and amount}


def check(store: Store, source: Item, wanted: Mapping[Key, Decimal], path: str = "apply") -> None:
    """Refuse applications that NetSuite would refuse. Nothing is changed."""
    doc = store.docs[source.doc]
    before = current(doc, source.line)
    for number, (key, amount) in enumerate(wanted.items()):
        where = f"{path}.items[{number}]"
        target = find(store, key, f"{where}.doc")
        other = store.docs[target.doc]
        if (
            target.debit == source.debit
            or target.entity != source.entity
            or other.currency != doc.currency
            or key == (source.doc, source.line)
        ):
            raise Refused(
                f"You have entered an Invalid Field Value {key[0]} for the following field: doc",
                f"{where}.doc",
                "INVALID_CONTENT",
            )
        if amount < 0:
            raise Refused("Invalid application amount: it must be positive.", f"{where}.amount", "INVALID_CONTENT")
        if target.settled - before.get(key, ZERO) + amount > target.total:
            raise Refused(
                f"The amount {amount} exceeds the amount due of transaction {other.number}.",
                f"{where}.amount",
            )
    others = source.settled - total_of(before.values())
    if total_of(wanted.values()) + others > source.total:
        raise Refused("You cannot apply more than your total payment amount.", path)


def replace(store: Store, source: Item, wanted: Mapping[Key, Decimal], at: datetime, *, checked: bool = False) -> None:
    """Make `wanted` what the source is applied to. Touches the source always, a target when its application grows, and on a decrease
    only every other one: NetSuite does not reliably bump the invoice when a payment is unapplied, and a reader must not count on it."""
    if not checked:
        check(store, source, wanted)
    doc = store.docs[source.doc]
    before = current(doc, source.line)
    if dict(wanted) == before:
        return
    applied = dict(doc.applied or {})
    for key in {**before, **wanted}:
        _settle(store, doc, source, key, before.get(key, ZERO), wanted.get(key, ZERO), at, applied)
    doc.applied = applied
    doc.modified = at
    store.relink(doc)


def _settle(
    store: Store,
    doc: Doc,
    source: Item,
    key: Key,
    old: Decimal,
    new: Decimal,
    at: datetime,
    applied: dict[tuple[int, int, int], Decimal],
) -> None:
    if old == new:
        return
    target = store.docs[key[0]].items[key[1]]
    other = store.docs[key[0]]
    target.settled += new - old
    source.settled += new - old
    link = (source.line, *key)
    if new or key[0] % 2:  # an application taken back may leave a row with amount zero behind; odd documents show it
        applied[link] = new
    else:
        applied.pop(link, None)
    target.users = (target.users or set()) | {doc.id}
    if not new and all(amount == 0 for (_, d, n), amount in applied.items() if (d, n) == key):
        target.users.discard(doc.id)
    other.closed = max(doc.date, other.date) if target.open == 0 and doc.type != "Journal" else None
    if new > old or key[0] % 2 == 0:
        other.modified = max(other.modified, at)
    store.put(other)


def clear(store: Store, doc: Doc, at: datetime) -> None:
    """Take back every application from and to a document (before a deletion or a void)."""
    for item in doc.items.values():
        replace(store, item, {}, at, checked=True)
        for user in sorted(item.users or ()):
            source = store.docs[user]
            for own in source.items.values():
                kept = {key: amount for key, amount in current(source, own.line).items() if key != (doc.id, item.line)}
                replace(store, own, kept, at, checked=True)
