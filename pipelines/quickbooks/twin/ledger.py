"""Open items and what settles them.

In QuickBooks only a Payment links documents: its lines take from invoices and debit journal lines, and bring in credit memos and credit
journal lines. What it has left is `UnappliedAmt = TotalAmt + credits - debits`, never below zero. Applying a credit memo by itself makes a
Payment of zero that links both. A refund receipt stands alone: it neither consumes a payment's unapplied money nor touches receivables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date as Day
from datetime import datetime
from decimal import Decimal
from typing import Any

from .model import CENT, ZERO, Item, Key, Refused, Txn, ident, instant, total_of
from .people import People

Apply = Iterable[tuple[str, Decimal]]


def parse(reference: object) -> Key:
    """`"123"` is the document 123, `"123.2"` the line 2 of the journal 123."""
    doc, _, line = str(reference).partition(".")
    return ident(doc, "document"), ident(line or 0, "line")


def combine(apply: Apply) -> dict[Key, Decimal]:
    """Amounts by item; several amounts for one item add up, zeros fall away."""
    wanted: dict[Key, Decimal] = {}
    for reference, amount in apply:
        if amount:
            key = parse(reference)
            wanted[key] = wanted.get(key, ZERO) + Decimal(amount)
    return wanted


class Ledger(People):
    """How transactions enter the books, and how payments settle them."""

    def txn(self, transaction_id: object, *kinds: str) -> Txn:
        """The transaction with this id (and of one of these types). Raises ValueError if there is none."""
        found = self.store.txns.get(ident(transaction_id))
        if found is None or (kinds and found.type not in kinds):
            raise ValueError(
                f"{' or '.join(kinds) or 'transaction'} {transaction_id} does not exist in {self.realm_id}"
            )
        return found

    def draft(self, kind: str, customer: str | None, currency: str | None, rate: Decimal | None, total: Decimal, day: Day, at: datetime,
             **more: Any) -> Txn:  # fmt: skip
        """A new transaction, not yet in the books. Raises ValueError for money finer than a cent or a currency that is not the customer's."""
        if total != total.quantize(CENT):
            raise ValueError(f"amount {total} has more than two decimals")
        key = None
        if customer is not None:
            own = self.customer(customer)
            key, held = own.id, own.data["CurrencyRef"]["value"]
            if currency is not None and currency != held:
                raise ValueError(f"customer {customer} is kept in {held}; it cannot have a transaction in {currency}")
            currency = held
        code = currency or self.home_currency
        known = (
            Decimal(1) if code == self.home_currency else Decimal(rate) if rate is not None else self.rate(code, day)[1]
        )
        moment = instant(at)
        self._next["Transaction"] += 1
        return Txn(self._next["Transaction"], kind, key, code, known, total, day, moment, moment, **more)

    def find(self, key: Key) -> tuple[Txn, Item]:
        """The open item at `key`. Raises Refused (2500) if there is none."""
        doc = self.store.txns.get(key[0])
        item = doc.item(key[1]) if doc is not None else None
        if doc is None or item is None:
            raise Refused("2500", f"Invalid Reference Id : Transaction element id {key[0]} not found", "TxnId")
        return doc, item

    def check_links(self, payment: Txn, wanted: Mapping[Key, Decimal], total: Decimal) -> None:
        """Refuse links that QuickBooks would refuse. Nothing is changed."""
        before, left = payment.links or {}, total
        for key, amount in wanted.items():
            doc, item = self.find(key)
            if item.customer != payment.customer or doc.currency != payment.currency:
                raise Refused(
                    "6000",
                    "Business Validation Error: The transaction you are linking to belongs to another customer or currency.",
                    "Line",
                )
            if amount <= 0:
                raise Refused(
                    "6000", "Business Validation Error: Transaction amount must be greater than zero.", "Line.Amount"
                )
            if amount > item.open + before.get(key, ZERO):
                raise Refused(
                    "6000",
                    "Business Validation Error: The amount you are applying is more than the open balance of the transaction.",
                    "Line.Amount",
                )
            left += -amount if item.debit else amount
        if left < 0:
            raise Refused(
                "6000",
                "Business Validation Error: The amount applied is more than the amount of the payment and its credits.",
                "Line.Amount",
            )

    def relink(self, payment: Txn, wanted: Mapping[Key, Decimal], at: datetime) -> None:
        """Make `wanted` what a payment links. Both sides change: QuickBooks gives the payment and the document a new time."""
        before = payment.links or {}
        if dict(wanted) == before:
            return
        net = ZERO
        for key in {**before, **wanted}:
            old, new = before.get(key, ZERO), wanted.get(key, ZERO)
            doc, item = self.find(key)
            net += new if item.debit else -new
            if old == new:
                continue
            item.settled += new - old
            users = item.users if item.users is not None else set()
            (users.add if new else users.discard)(payment.id)
            item.users = users or None
            self.store.touch(doc, at)
            for user in users:
                self.store.rendered.pop(("Payment", user), None)
        payment.links, payment.applied = dict(wanted) or None, net

    def unlink(self, doc: Txn, at: datetime) -> None:
        """Take a document out of every payment that links it (before it is deleted or voided)."""
        for item in doc.items:
            for user in sorted(item.users or ()):
                payment = self.store.txns[user]
                left = {key: amount for key, amount in (payment.links or {}).items() if key != (doc.id, item.line)}
                self.relink(payment, self._afford(payment, left), at)
                self.store.touch(payment, at)

    def _afford(self, payment: Txn, links: dict[Key, Decimal]) -> dict[Key, Decimal]:
        """What a payment can still settle, the last document first to go, when a credit it brought in is gone."""
        short = -payment.total
        for key, amount in links.items():
            short += amount if self.find(key)[1].debit else -amount
        for key in reversed(list(links)):
            if short > 0 and self.find(key)[1].debit:
                cut = min(short, links[key])
                links[key] -= cut
                short -= cut
        return {key: amount for key, amount in links.items() if amount}

    def credit(self, source: Key, wanted: dict[Key, Decimal], at: datetime, day: Day) -> str | None:
        """Make `wanted` what a credit memo (or credit journal line) settles: through a payment of zero, which is returned."""
        doc, item = self.find(source)
        if item.debit:
            raise ValueError(
                f"{doc.type} {doc.id} is no credit: only payments, credit memos and credit journal lines can be applied"
            )
        for user in sorted(item.users or ()):
            payment = self.store.txns[user]
            if payment.total == 0:
                self.relink(payment, {}, at)
                self.store.remove(payment, at)
        if not wanted:
            return None
        payment = self.draft("Payment", str(item.customer), None, doc.rate, ZERO, day, at, account=self.undeposited)
        links = {**wanted, source: total_of(wanted.values())}
        self.check_links(payment, links, ZERO)
        self.store.put(payment)
        self.relink(payment, links, at)
        return str(payment.id)

    def balance(self, customer: int) -> Decimal:
        """What a customer owes: open documents less credits and unapplied payments."""
        known = self.store.balances.get(customer)
        if known is None:
            known = ZERO
            for txn in self.store.of_customer.get(customer, {}).values():
                if txn.type == "Payment":
                    known -= txn.unapplied
                else:
                    for item in txn.items:
                        if item.customer == customer:
                            known += item.open if item.debit else -item.open
            self.store.balances[customer] = known
        return known

    def balance_with_jobs(self, customer: int) -> Decimal:
        """The balance with that of all sub-customers (in the same currency)."""
        own = self.customer(customer).data["CurrencyRef"]["value"]
        below = [child for child in self.children(customer) if child.data["CurrencyRef"]["value"] == own]
        return self.balance(customer) + total_of(self.balance_with_jobs(child.id) for child in below)
