"""What may change about a posted document: its header, its applications, its amounts, its existence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from . import applications, chart, postings
from .ledger import Apply, Ledger
from .model import (
    TYPES,
    Doc,
    Line,
    OtherLine,
    Posting,
    Refused,
    ident,
    instant,
    optional,
    total_of,
)

_EDITABLE = {
    "memo": "memo", "duedate": "due", "otherrefnum": "other_ref", "tranid": "number", "status": "status", "trandate": "date",
    "externalid": "external_id", "custbody_po_contact_email": "po_contact", "terms": "terms", "paymentmethod": "method",
}  # fmt: skip


class Corrections(Ledger):
    """Changes to documents that are there."""

    def change_deposit(
        self,
        deposit_id: str,
        *,
        payments: Iterable[str],
        other: Sequence[OtherLine],
        cashback: Sequence[OtherLine],
        at: datetime,
    ) -> None:
        """Replace what a deposit holds; payments that leave it are Not Deposited again."""
        with self.lock:
            doc = self.doc(deposit_id)
            wanted = [ident(key) for key in payments]
            held = [chart.depositable(self.store, key, doc.currency) for key in wanted if key not in doc.payments]
            for key in {*doc.payments, *wanted} - ({*doc.payments} & {*wanted}):
                payment = self.store.docs[key]
                payment.deposit, payment.modified = (doc.id if payment in held else None), instant(at)
                self.store.put(payment)
            doc.payments, doc.other, doc.cashback, doc.modified = (
                tuple(wanted),
                tuple(other),
                tuple(cashback),
                instant(at),
            )
            docs = [self.store.docs[key] for key in wanted]
            doc.total = total_of(
                held_doc.total if held_doc.type == "CustPymt" else -held_doc.total for held_doc in docs
            )
            doc.total += total_of(line.amount for line in other) - total_of(line.amount for line in cashback)
            self._put_deposit(doc)

    def _put_deposit(self, doc: Doc) -> None:
        held = [self.store.docs[key] for key in doc.payments]
        bank, undeposited, variance = (
            doc.account or 0,
            chart.undeposited(self.store),
            chart.special(self.store, "RealizedERV"),
        )
        self.store.put(doc, postings.deposit(doc, bank, undeposited, held, doc.other, doc.cashback, variance))
        self.store.relink(doc)

    def change_lines(self, transaction_id: str, lines: Sequence[Line], *, at: datetime) -> None:
        """Replace the lines of an invoice or credit memo. Refused when less than what is applied would remain."""
        with self.lock:
            doc = self.doc(transaction_id)
            if doc.type not in ("CustInvc", "CustCred") or doc.voided:
                raise ValueError(f"transaction {transaction_id} of type {doc.type} has no lines that can be replaced")
            item, total = doc.items[0], total_of(line.amount for line in lines)
            if total < item.settled:
                raise Refused("The total of a transaction cannot be less than the amount applied to it.", "item")
            doc.total = item.total = total
            doc.modified = instant(at)
            self.store.put(doc, postings.sales(doc, doc.account or 0, lines, 1 if doc.type == "CustInvc" else -1))

    def change_payment(
        self, payment_id: str, *, at: datetime, amount: Decimal | None = None, account: str | None = None
    ) -> None:
        """Change a payment's amount or account. Refused below what is applied, and when it is deposited."""
        with self.lock:
            doc = self.doc(payment_id)
            item = doc.items[0]
            if doc.deposit is not None:
                raise Refused("You cannot change the amount or account of a payment that has been deposited.")
            if amount is not None and amount < item.settled:
                raise Refused("You cannot apply more than your total payment amount.", "payment")
            doc.total = item.total = doc.total if amount is None else amount
            undeposited = chart.undeposited(self.store)
            doc.account = doc.account if account is None else ident(account, "account")
            doc.status, doc.modified = ("B" if doc.account == undeposited else "C"), instant(at)
            self.store.put(doc, postings.money(doc, doc.account or undeposited, chart.receivable(self.store), 1))

    def set_applications(self, source_id: str, apply: Apply, *, at: datetime) -> None:
        """Replace what a payment, credit memo, credit journal line (`"12.1"`) or refund is applied to; `[]` unapplies it."""
        with self.lock:
            source = applications.find(self.store, applications.parse(source_id))
            applications.replace(self.store, source, applications.combine(apply), instant(at))

    def edit(self, transaction_id: str, *, at: datetime, **columns: Any) -> None:
        """Change header columns (SuiteQL names). `voided=True` voids: amounts go to zero and applications are taken back."""
        with self.lock:
            doc = self.doc(transaction_id)
            if columns.pop("voided", False) in (True, "T"):
                self.void(transaction_id, at=at)
            for name, value in columns.items():
                if name not in _EDITABLE:
                    raise ValueError(
                        f"transaction column {name!r} cannot be edited; use one of {', '.join(sorted(_EDITABLE))}, voided"
                    )
                setattr(doc, _EDITABLE[name], optional(value) if name in ("terms", "paymentmethod") else value)
            if "trandate" in columns:
                doc.period = chart.period(self.store, doc.date)
            doc.modified = instant(at)
            self.store.put(doc)
            if "trandate" in columns and (doc.applied or doc.payments):
                self.store.relink(doc)

    def void(self, transaction_id: str, *, at: datetime) -> None:
        """Void a transaction: it stays, with zero amounts and status V."""
        with self.lock:
            doc = self.doc(transaction_id)
            rows = [
                Posting(
                    row.line,
                    row.account,
                    row.foreign * 0,
                    row.base * 0,
                    row.memo,
                    row.item,
                    entity=row.entity,
                )
                for row in self.postings(doc.id)
            ]
            applications.clear(self.store, doc, instant(at))
            for item in doc.items.values():
                item.total *= 0
            doc.total *= 0
            doc.voided, doc.modified = True, instant(at)
            self.store.put(doc, rows)

    def delete(self, transaction_id: str, *, at: datetime, context: str = "UIF") -> None:
        """Delete a transaction and take back its applications. A deposited payment cannot be deleted before its deposit."""
        with self.lock:
            doc = self.doc(transaction_id)
            if doc.deposit is not None:
                raise Refused("This transaction cannot be deleted because it is linked to by one or more transactions.")
            applications.clear(self.store, doc, instant(at))
            for key in doc.payments:
                payment = self.store.docs[key]
                payment.deposit, payment.modified = None, instant(at)
                self.store.put(payment)
            self.store.remove(doc)
            record, name, _, _, _ = TYPES[doc.type]
            self._bury("transaction", doc.id, f"{name} #{doc.number}", record, name, at, context)
