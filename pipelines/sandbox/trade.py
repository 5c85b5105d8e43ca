"""Selling on account: invoices go out, each with a plan of how it will be paid, and now and then a credit memo or a journal follows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from pipelines.sandbox import money
from pipelines.sandbox.books import Apply, JournalLine, Line
from pipelines.sandbox.calendar import Agenda, add_months, business_day, moment
from pipelines.sandbox.model import Customer, Invoice
from pipelines.sandbox.office import Office

if TYPE_CHECKING:
    from pipelines.sandbox.payments import Payments

UNPAID = 0.07
PARTS = ((1, 0.942), (2, 0.055), (3, 0.003))
MONTHS = ((0, 7), (1, 45), (2, 27), (3, 8), (4, 3), (5, 3))  # months after the invoice's until it is cleared


class Trade:
    """The sales side of one office."""

    def __init__(self, office: Office, payments: Payments, agenda: Agenda, rng: Random) -> None:
        self.office, self.payments, self.agenda, self.rng = office, payments, agenda, rng

    def begin(self, customer: Customer, since: datetime) -> None:
        """A customer starts to buy, within its first interval."""
        first = since + timedelta(days=self.rng.random() * customer.every)
        self.agenda.at(self._office_hours(first.date()), lambda at: self._next(customer, at))

    def invoice(
        self,
        customer: Customer,
        at: datetime,
        *,
        currency: str | None = None,
        amount: Decimal | None = None,
        number: str | None = None,
        dated: date | None = None,
    ) -> Invoice:
        """Send an invoice; without an amount it is what this customer usually buys."""
        office, rng = self.office, self.rng
        code = currency or customer.currencies[0]
        total = amount if amount is not None else money.drawn(rng, customer.typical, 0.7, code)
        day = dated or office.day(at)
        due = day + timedelta(days=customer.terms)
        shown = number or office.invoice_number()
        lines = self._lines(total, code)
        invoice_id = office.books.post_invoice(
            office.head(at, code, customer.id, customer.subsidiary, day),
            lines,
            due=due,
            number=shown,
            memo=None if rng.random() < 0.7 else f"Order {shown[-5:]}",
            other_ref=f"PO-{rng.randrange(10**6):06}" if rng.random() < 0.4 else None,
            terms=customer.terms,
            contact=customer.contact_email if rng.random() < 0.1 else None,
        )
        invoice = Invoice(invoice_id, shown, customer, code, total, total, at, due, len(lines))
        customer.open.append(invoice)
        return invoice

    def credit(self, invoice: Invoice, at: datetime) -> None:
        """A credit memo: applied whole, applied in part, or left on account; one on account may be refunded by bank later."""
        rng, office, customer = self.rng, self.office, invoice.customer
        total = money.rounded(invoice.amount * Decimal(rng.randrange(5, 50)) / 100, invoice.currency)
        room = min(invoice.open, office.unpaid(invoice.id))
        mode = rng.choice(["whole", "whole", "part", "none"])
        applied = {"whole": total, "part": money.rounded(total * Decimal("0.6"), invoice.currency), "none": money.ZERO}[
            mode
        ]
        applied = min(applied, room)
        if total <= 0:
            return
        apply = [(invoice.id, applied)] if applied > 0 else []
        memo_id = self.grant(customer, invoice.currency, total, at, apply=apply, memo=f"Credit for {invoice.number}")
        if applied > 0:
            invoice.settle(applied)
        elif rng.random() < 0.3:
            later = self._office_hours(business_day(office.day(at), rng.randrange(5, 25)))
            self.agenda.at(
                later, lambda when: self.payments.refund_credit(customer, invoice.currency, memo_id, total, when)
            )

    def grant(
        self, customer: Customer, currency: str, amount: Decimal, at: datetime, *, apply: Apply = (), memo: str
    ) -> str:
        """Enter a credit memo."""
        head = self.office.head(at, currency, customer.id, customer.subsidiary)
        return self.office.books.post_credit_memo(head, self._lines(amount, currency), apply=apply, memo=memo)

    def journal(self, customer: Customer, currency: str, amount: Decimal, at: datetime, *, debit: bool) -> str:
        """A correction by journal on receivables: a small charge (debit) or write-off (credit), with the customer on its line. Returns
        the open item that it makes."""
        office, zero = self.office, money.ZERO
        here = JournalLine(
            office.chart.receivable, amount if debit else zero, zero if debit else amount, customer.id, "Correction"
        )
        there = JournalLine(office.chart.write_offs, here.credit, here.debit, None, "Correction")
        lines = [here, there] if self.rng.random() < 0.5 else [there, here]
        head = office.head(at, currency, subsidiary=customer.subsidiary)
        return office.books.post_journal(head, lines, memo="Small balance")[0]

    def _next(self, customer: Customer, at: datetime) -> None:
        rng = self.rng
        code = customer.currencies[0] if rng.random() < 0.6 else rng.choice(customer.currencies)
        ahead = rng.randrange(3, 15) if rng.random() < 0.003 else 0  # a few are post-dated
        invoice = self.invoice(
            customer, at, currency=code, dated=self.office.day(at) + timedelta(days=ahead) if ahead else None
        )
        self._plan(invoice)
        if rng.random() < 0.03:
            day = business_day(self.office.day(at), rng.randrange(2, 15))
            self.agenda.at(self._office_hours(day), lambda when: self.credit(invoice, when))
        if rng.random() < 0.006:
            small = money.drawn(rng, 12.0, 0.5, code)
            self.journal(customer, code, small, at, debit=rng.random() < 0.5)
        following = self.office.day(at) + timedelta(days=max(1, round(rng.expovariate(1 / customer.every))))
        self.agenda.at(self._office_hours(business_day(following)), lambda when: self._next(customer, when))

    def _plan(self, invoice: Invoice) -> None:
        """Decide when, and in how many parts, the invoice will be paid."""
        rng = self.rng
        if rng.random() < UNPAID:
            return
        months = rng.choices([count for count, _ in MONTHS], [weight for _, weight in MONTHS])[0]
        issued = self.office.day(invoice.issued)
        month = add_months(issued, months)
        last = (add_months(month, 1) - timedelta(days=1)).day
        first = min(issued.day + 1, last) if months == 0 else 1
        day = business_day(month.replace(day=rng.randrange(first, last + 1)))
        parts = rng.choices([count for count, _ in PARTS], [weight for _, weight in PARTS])[0]
        for amount in money.split(rng, invoice.amount, parts, invoice.currency):
            self._promise(invoice, amount, day)
            day = business_day(day + timedelta(days=rng.randrange(4, 25)))

    def _promise(self, invoice: Invoice, amount: Decimal, day: date) -> None:
        self.agenda.at(self._office_hours(day), lambda at: self.payments.pay(invoice, amount, at))

    def _lines(self, total: Decimal, currency: str) -> list[Line]:
        rng, items = self.rng, self.office.chart.items
        count = rng.choices([1, 2, 3, 4, 5], [45, 25, 15, 10, 5])[0]
        lines = []
        for amount in money.split(rng, total, count, currency):
            item, name, account = items[rng.randrange(len(items))]
            lines.append(Line(account, amount, name, item, Decimal(rng.choice([1, 1, 1, 2, 5]))))
        return lines

    def _office_hours(self, day: date) -> datetime:
        day = business_day(day)
        return moment(day, 8 + self.rng.randrange(9), self.rng.randrange(60), self.office.zone)
