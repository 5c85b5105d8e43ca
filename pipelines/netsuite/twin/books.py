"""The books of one NetSuite account: what the fictional company does to them, and the tables that SuiteQL reads.

Ids are strings of digits, money is Decimal in document currency, `at` is the aware instant of the change (createddate or
lastmodifieddate), dates are days in the account's own zone. Methods are safe to call from several threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from . import chart, postings
from .corrections import Corrections
from .ledger import Apply, Clock
from .model import (
    Item,
    JournalLine,
    Line,
    OtherLine,
    Refused,
    ident,
    instant,
    optional,
    total_of,
)

__all__ = ["Books", "Clock", "JournalLine", "Line", "OtherLine", "Refused"]


class Books(Corrections):
    """One account: reference data, documents, applications."""

    def post_invoice(
        self, *, customer: str, subsidiary: str, currency: str, exchange_rate: Decimal, date: date, due_date: date | None, lines: Sequence[Line],
        at: datetime, number: str | None = None, memo: str | None = None, other_ref: str | None = None, terms: str | None = None,
        external_id: str | None = None, status: str = "A", po_contact: str | None = None,
    ) -> str:  # fmt: skip
        with self.lock:
            total = total_of(line.amount for line in lines)
            doc = self._doc(
                "CustInvc",
                customer,
                subsidiary,
                currency,
                exchange_rate,
                total,
                date,
                at,
                number,
                memo,
                external_id,
            )
            doc.due, doc.other_ref, doc.terms, doc.status, doc.po_contact = (
                due_date,
                other_ref,
                optional(terms),
                status,
                po_contact,
            )
            doc.account = chart.receivable(self.store)
            return self._post(doc, postings.sales(doc, doc.account, lines, 1), debit=True)

    def post_credit_memo(
        self, *, customer: str, subsidiary: str, currency: str, exchange_rate: Decimal, date: date, lines: Sequence[Line], at: datetime,
        apply: Apply = (), number: str | None = None, memo: str | None = None, external_id: str | None = None,
    ) -> str:  # fmt: skip
        with self.lock:
            total = total_of(line.amount for line in lines)
            doc = self._doc(
                "CustCred",
                customer,
                subsidiary,
                currency,
                exchange_rate,
                total,
                date,
                at,
                number,
                memo,
                external_id,
            )
            doc.account = chart.receivable(self.store)
            return self._post(doc, postings.sales(doc, doc.account, lines, -1), debit=False, apply=apply)

    def post_payment(
        self, *, customer: str, subsidiary: str, currency: str, exchange_rate: Decimal, date: date, amount: Decimal, at: datetime,
        account: str | None = None, apply: Apply = (), memo: str | None = None, method: str | None = None, external_id: str | None = None,
    ) -> str:  # fmt: skip
        """`account` None means Undeposited Funds: the payment waits there, Not Deposited, for a bank deposit."""
        with self.lock:
            doc = self._doc(
                "CustPymt",
                customer,
                subsidiary,
                currency,
                exchange_rate,
                amount,
                date,
                at,
                None,
                memo,
                external_id,
            )
            doc.method = optional(method)
            undeposited = chart.undeposited(self.store)
            doc.account = undeposited if account is None else ident(account, "account")
            doc.status = "B" if doc.account == undeposited else "C"
            return self._post(
                doc,
                postings.money(doc, doc.account, chart.receivable(self.store), 1),
                debit=False,
                apply=apply,
            )

    def post_refund(
        self, *, customer: str, subsidiary: str, currency: str, exchange_rate: Decimal, date: date, amount: Decimal, account: str, at: datetime,
        apply: Apply = (), memo: str | None = None, external_id: str | None = None,
    ) -> str:  # fmt: skip
        """`apply` names the credit memos and payments that the refund consumes."""
        with self.lock:
            doc = self._doc(
                "CustRfnd",
                customer,
                subsidiary,
                currency,
                exchange_rate,
                amount,
                date,
                at,
                None,
                memo,
                external_id,
            )
            doc.account = ident(account, "account")
            return self._post(
                doc,
                postings.money(doc, doc.account, chart.receivable(self.store), -1),
                debit=True,
                apply=apply,
            )

    def post_deposit(
        self, *, account: str, subsidiary: str, currency: str, exchange_rate: Decimal, date: date, payments: Iterable[str], at: datetime,
        other: Sequence[OtherLine] = (), cashback: Sequence[OtherLine] = (), memo: str | None = None, external_id: str | None = None,
    ) -> str:  # fmt: skip
        """`payments` are payments (or refunds) in undeposited funds; `other` amounts are signed, `cashback` amounts positive."""
        with self.lock:
            held = [chart.depositable(self.store, key, ident(currency)) for key in payments]
            total = total_of(doc.total if doc.type == "CustPymt" else -doc.total for doc in held)
            total += total_of(line.amount for line in other) - total_of(line.amount for line in cashback)
            doc = self._doc(
                "Deposit", None, subsidiary, currency, exchange_rate, total, date, at, None, memo, external_id
            )
            doc.account, doc.payments = ident(account, "account"), tuple(held_doc.id for held_doc in held)
            doc.other, doc.cashback = tuple(other), tuple(cashback)
            for payment in held:
                payment.deposit, payment.modified = doc.id, instant(at)
                self.store.put(payment)
            self._put_deposit(doc)
            return str(doc.id)

    def post_journal(
        self, *, subsidiary: str, currency: str, exchange_rate: Decimal, date: date, lines: Sequence[JournalLine], at: datetime,
        memo: str | None = None, external_id: str | None = None, number: str | None = None,
    ) -> str:  # fmt: skip
        """Each line on a receivables account with an entity is an open item, `<journal>.<line>`, that can be applied."""
        with self.lock:
            if total_of(line.debit - line.credit for line in lines) != 0:
                raise Refused(
                    "Please enter a journal entry that balances: the sum of debits must equal the sum of credits.",
                    "line",
                )
            total = total_of(line.debit for line in lines)
            doc = self._doc(
                "Journal",
                None,
                subsidiary,
                currency,
                exchange_rate,
                total,
                date,
                at,
                number,
                memo,
                external_id,
            )
            for index, line in enumerate(lines):
                if line.entity and chart.is_receivable(self.store, line.account):
                    amount = line.debit - line.credit
                    doc.items[index] = Item(doc.id, index, amount > 0, abs(amount), ident(line.entity, "entity"))
            self.store.put(doc, postings.journal(doc, lines))
            return str(doc.id)
