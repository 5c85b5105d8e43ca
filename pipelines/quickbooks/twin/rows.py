"""The books as plain rows, for whoever has to know the truth about them; they hide how the twin stores its records."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from .corrections import Corrections
from .model import ZERO, Key, Txn
from .row_types import ApplicationRow, CustomerRow, DepositRow, DocumentRow, PaymentRow, RefundRow


class Company(Corrections):
    """The books of one QuickBooks Online company (realm)."""

    def exists(self, transaction_id: str) -> bool:
        """Whether the books still have a transaction."""
        return int(transaction_id) in self.store.txns

    def unpaid(self, transaction_id: str) -> Decimal:
        """What is open on an invoice, or unused on a payment or credit memo; zero when it is gone."""
        key, _, line = transaction_id.partition(".")
        txn = self.store.txns.get(int(key))
        if txn is None:
            return ZERO
        if txn.type == "Payment":
            return txn.unapplied
        item = txn.item(int(line or 0))
        return item.open if item else ZERO

    def citing(self, reference: str, kind: str = "Payment") -> list[str]:
        """Ids of transactions of a type whose PrivateNote, PaymentRefNum or DocNumber contains `reference`, oldest first."""
        with self.lock:
            return [
                str(txn.id)
                for txn in self._of(kind)
                if (txn.note and reference in txn.note)
                or (txn.reference and reference in txn.reference)
                or (txn.number and reference in txn.number)
            ]

    def _of(self, *kinds: str) -> Iterator[Txn]:
        for kind in kinds:
            for txn in self.store.kinds[kind].values():
                if isinstance(txn, Txn):
                    yield txn

    def customers(self) -> list[CustomerRow]:
        with self.lock:
            return [
                CustomerRow(
                    str(name.id),
                    name.label,
                    name.data["CurrencyRef"]["value"],
                    name.data.get("ParentRef", {}).get("value"),
                    name.active,
                    self.balance(name.id),
                )
                for name in self.store.names("Customer")
            ]

    def documents(self) -> list[DocumentRow]:
        with self.lock:
            return [
                DocumentRow(
                    reference(txn, item.line), txn.type, txn.number, str(item.customer), txn.currency, txn.rate,
                    item.total if item.debit else -item.total, item.open if item.debit else -item.open, txn.date, txn.due, txn.note, txn.voided,
                )
                for txn in self._of("Invoice", "CreditMemo", "JournalEntry") for item in txn.items
            ]  # fmt: skip

    def payments(self) -> list[PaymentRow]:
        with self.lock:
            return [
                PaymentRow(
                    str(txn.id), str(txn.customer), txn.currency, txn.rate, txn.total, txn.unapplied, txn.date, txn.note, txn.reference,
                    str(txn.deposit) if txn.deposit else None, txn.voided,
                )
                for txn in self._of("Payment")
            ]  # fmt: skip

    def applications(self) -> list[ApplicationRow]:
        """Every link, credit by credit: the credits of a payment are used up first, in the order of its lines, then its own money. What
        credits bring in beyond all debts is applied to the payment itself, where it is unapplied."""
        with self.lock:
            return [row for txn in self._of("Payment") for row in self._applied(txn)]

    def _applied(self, payment: Txn) -> Iterator[ApplicationRow]:
        links = payment.links or {}
        sides: dict[bool, list[tuple[Key, Decimal]]] = {True: [], False: []}
        for key, amount in links.items():
            sides[self.find(key)[1].debit].append((key, amount))
        sources = [*sides[False], ((payment.id, 0), payment.total)]
        for key, amount in sides[True]:
            while amount > 0 and sources:
                source, left = sources[0]
                used = min(amount, left)
                if used:
                    yield self._application(payment, source, key, used)
                amount -= used
                sources[0] = (source, left - used)
                if not sources[0][1]:
                    sources.pop(0)
        for key, left in sources:  # a credit beyond all debts stays with the payment, unapplied
            if key[0] != payment.id:
                yield self._application(payment, key, (payment.id, 0), left)

    def _application(self, payment: Txn, source: Key, target: Key, amount: Decimal) -> ApplicationRow:
        credit, debit = self.store.txns[source[0]], self.store.txns[target[0]]
        return ApplicationRow(
            reference(credit, source[1]), reference(debit, target[1]), str(payment.id), str(payment.customer), payment.currency, amount,
            max(credit.date, debit.date, payment.date),
        )  # fmt: skip

    def deposits(self) -> list[DepositRow]:
        with self.lock:
            return [
                DepositRow(
                    str(txn.id),
                    txn.currency,
                    txn.total,
                    txn.date,
                    str(txn.account),
                    txn.note,
                    tuple(map(str, txn.payments)),
                )
                for txn in self._of("Deposit")
            ]

    def refunds(self) -> list[RefundRow]:
        with self.lock:
            return [
                RefundRow(str(txn.id), str(txn.customer), txn.currency, txn.total, txn.date, str(txn.account), txn.note)
                for txn in self._of("RefundReceipt")
            ]


def reference(txn: Txn, line: int) -> str:
    """How an open item is named: a journal's line is `<journal>.<line>`."""
    return f"{txn.id}.{line}" if txn.type == "JournalEntry" else str(txn.id)
