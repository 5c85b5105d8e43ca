"""What may change about a posted transaction: its header, its links, its amounts, its existence."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from .books import Books
from .ledger import Apply, combine, parse
from .model import ZERO, Item, Line, Refused, Txn, ident, to_home, total_of

_EDITABLE = {
    "memo": "note", "duedate": "due", "otherrefnum": "reference", "tranid": "number", "trandate": "date", "externalid": "reference",
    "terms": "term", "paymentmethod": "method", "extra": "extra",
}  # fmt: skip


class Corrections(Books):
    """Changes to transactions that are there, as a bookkeeper makes them on the website: neither closed books nor deposits forbid them
    to unapply; amounts of deposited payments stay as they are."""

    _balances: tuple[int, dict[int, Decimal]] | None = None  # what stood in the accounts at which version of the store

    def set_applications(self, source_id: str, apply: Apply, *, at: datetime) -> str | None:
        """Replace what a payment, credit memo or credit journal line (`"12.1"`) settles; `[]` unapplies it. For a credit, the id of the
        payment of zero that now links both; the one that did before is deleted."""
        with self.lock:
            key, wanted = parse(source_id), combine(apply)
            txn = self.txn(key[0])
            if txn.type != "Payment":
                return self.credit(key, wanted, at, at.astimezone(self.zone).date())
            self.check_links(txn, wanted, txn.total)
            if wanted != (txn.links or {}):
                self.relink(txn, wanted, at)
                self.store.touch(txn, at)
            return source_id

    def edit(self, transaction_id: str, *, at: datetime, **columns: Any) -> None:
        """Change header columns: memo, duedate, otherrefnum, tranid, trandate, terms, paymentmethod. `voided=True` voids."""
        with self.lock:
            txn = self.txn(transaction_id)
            if columns.pop("voided", False):
                self.void(transaction_id, at=at)
            for column, value in columns.items():
                if column not in _EDITABLE:
                    raise ValueError(
                        f"a transaction has no column {column!r}; use one of {', '.join(sorted(_EDITABLE))}, voided"
                    )
                if column == "tranid":
                    self.renumber(txn, value)
                else:
                    setattr(
                        txn, _EDITABLE[column], int(value) if value and column in ("terms", "paymentmethod") else value
                    )
            self.store.touch(txn, at)

    def renumber(self, txn: Txn, number: str | None) -> None:
        """Give a transaction another number; payments that link it show it."""
        self.store.number(txn, number)
        for item in txn.items:
            for user in item.users or ():
                self.store.rendered.pop(("Payment", user), None)

    def replace_amount(self, invoice_id: str, amount: Decimal, *, at: datetime) -> None:
        """Make an invoice (or credit memo) one line of another amount. Refused below what is applied to it."""
        with self.lock:
            txn = self.txn(invoice_id, "Invoice", "CreditMemo")
            first = next(line for line in txn.lines if line.kind == "SalesItemLineDetail")
            self.replace_lines(txn, [Line(first.account, amount, first.memo, first.item)], ZERO)
            self.store.touch(txn, at)

    def replace_lines(self, txn: Txn, lines: list[Line], tax: Decimal) -> None:
        """Replace the lines of a sales form. What was applied beyond the new total is refused."""
        total = total_of(line.effect for line in lines) + tax
        for item in txn.items:
            if total < item.settled:
                raise Refused(
                    "6000",
                    "Business Validation Error: The total of a transaction cannot be less than the amount applied to it.",
                    "TotalAmt",
                )
        txn.lines, txn.tax, txn.total = tuple(lines), tax, total
        for item in txn.items:
            item.total = total

    def void(self, transaction_id: str, *, at: datetime) -> None:
        """Void: the transaction stays, with zero amounts and the note `Voided`."""
        with self.lock:
            txn = self.txn(transaction_id)
            self._release(txn, at)
            txn.note = (
                "Voided" if not txn.note else txn.note if txn.note.startswith("Voided") else f"Voided - {txn.note}"
            )
            txn.total = txn.tax = ZERO
            txn.items = tuple(Item(item.line, item.debit, ZERO, item.customer) for item in txn.items)
            if txn.type in ("Invoice", "CreditMemo", "RefundReceipt"):
                txn.lines = tuple(
                    Line(line.account, ZERO, line.memo, line.item, ZERO)
                    for line in txn.lines
                    if line.kind == "SalesItemLineDetail"
                )
            else:
                txn.lines = ()
            txn.voided = True
            self.store.touch(txn, at)

    def delete(self, transaction_id: str, *, at: datetime) -> None:
        """Delete a transaction and take back its links. A deposited payment cannot be deleted before its deposit (6540)."""
        with self.lock:
            txn = self.txn(transaction_id)
            if txn.deposit is not None:
                raise deposited()
            self._release(txn, at)
            self.store.remove(txn, at)

    def _release(self, txn: Txn, at: datetime) -> None:
        self.unlink(txn, at)
        if txn.type == "Payment":
            self.relink(txn, {}, at)
        for key in txn.payments:
            self.store.txns[key].deposit = None
            self.store.touch(self.store.txns[key], at)
        txn.payments = ()

    def flush(self) -> None:
        """Nothing is held back: what is posted is in the books."""

    def account_balances(self) -> dict[int, Decimal]:
        """What stands in each account (debit positive), in the account's currency; income and expense in home currency."""
        with self.lock:
            held = self._balances
            if held is None or held[0] != self.store.version:
                sums: dict[int, Decimal] = {}
                for txn in self.store.txns.values():
                    for account, amount in self._effects(txn):
                        sums[account] = sums.get(account, ZERO) + self._in_account(account, txn, amount)
                held = self._balances = (self.store.version, sums)
            return dict(held[1])

    def _in_account(self, account: int, txn: Txn, amount: Decimal) -> Decimal:
        own = self.account(account).data["CurrencyRef"]["value"]
        return amount if own == txn.currency else to_home(amount, txn.rate)

    def _effects(self, txn: Txn) -> list[tuple[int, Decimal]]:
        """The postings of a transaction: account and amount, debit positive, in document currency."""
        account = txn.account or 0
        if txn.type == "Payment":
            return [(account, txn.total), (self.receivable(txn.currency), -txn.total)]
        if txn.type == "Deposit":
            held = [self.store.txns[key] for key in txn.payments]
            moved = total_of(doc.total if doc.type == "Payment" else -doc.total for doc in held)
            other = [(ident(line.account), -line.amount) for line in txn.lines]
            back = [(ident(txn.cash_back.account), txn.cash_back.amount)] if txn.cash_back else []
            return [(account, txn.total), (self.undeposited, -moved), *other, *back]
        if txn.type == "JournalEntry":
            return [(ident(line.account), line.debit - line.credit) for line in txn.lines]
        sign = 1 if txn.type == "Invoice" else -1
        against = account if txn.type == "RefundReceipt" else txn.receivable or 0
        return [(against, sign * txn.total), *((ident(line.account), -sign * line.effect) for line in txn.lines)]


def deposited() -> Refused:
    """A deposited payment cannot be changed."""
    return Refused(
        "6540",
        "Deposited Transaction cannot be changed : This transaction has been deposited. If you want to change or delete it,"
        " you must edit the deposit it appears on and remove it first.",
    )
