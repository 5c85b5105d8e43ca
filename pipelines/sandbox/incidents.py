"""What people do to books after the fact: deletions, corrections, new names."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from pipelines.sandbox import money
from pipelines.sandbox.calendar import Agenda, business_day, moment
from pipelines.sandbox.model import Customer, Invoice
from pipelines.sandbox.office import Office
from pipelines.sandbox.payments import Entry, Items, Payments

EVERY_DAYS = 4


class Incidents:
    """One office's stream of corrections. `customers` are those that trade ordinarily; nothing planted is ever touched."""

    def __init__(
        self, office: Office, payments: Payments, agenda: Agenda, rng: Random, customers: list[Customer]
    ) -> None:
        self.office, self.payments, self.agenda, self.rng, self.customers = office, payments, agenda, rng, customers
        self.kinds = (
            self.delete_invoice,
            self.edit_due_date,
            self.edit_amount,
            self.rename,
            self.edit_memo,
            self.delete_payment,
        )
        self._turn = 0

    def begin(self, since: datetime) -> None:
        """Start the stream."""
        self.agenda.at(since + timedelta(days=20), self._next)

    def all_kinds(self, at: datetime) -> None:
        """One of each."""
        for kind in self.kinds:
            kind(at)

    def delete_invoice(self, at: datetime) -> None:
        """An invoice that nobody has paid was a mistake."""
        invoice = self._untouched(at)
        if invoice is not None:
            invoice.forget()
            invoice.open = money.ZERO
            self.office.books.delete(invoice.id, at=at)

    def edit_due_date(self, at: datetime) -> None:
        """A customer gets more time."""
        invoice = self._untouched(at)
        if invoice is not None:
            invoice.due += timedelta(days=14)
            self.office.books.edit(invoice.id, at=at, due=invoice.due)

    def edit_memo(self, at: datetime) -> None:
        """A note is added."""
        invoice = self._untouched(at)
        if invoice is not None:
            self.office.books.edit(
                invoice.id, at=at, memo=f"Approved by {invoice.customer.email}; see order {invoice.number[-4:]}"
            )

    def edit_amount(self, at: datetime) -> None:
        """An invoice is corrected before anyone pays it."""
        invoice = self._untouched(at)
        if invoice is None:
            return
        amount = money.rounded(invoice.amount * Decimal("0.9"), invoice.currency)
        if amount <= 0:
            return
        self.office.books.replace_amount(invoice.id, amount, at=at)
        invoice.amount = invoice.open = amount
        invoice.lines = 1

    def rename(self, at: datetime) -> None:
        """A customer takes another name."""
        customer = self.rng.choice(self.customers)
        if customer.person:
            return
        suffix = self.rng.choice(["Holdings", "International", "Group"])
        customer.name = f"{customer.name.removesuffix(' (formerly)')} {suffix}"[:80].rstrip()
        self.office.books.rename_customer(customer.id, customer.name, at)

    def delete_payment(self, at: datetime) -> None:
        """A transfer was entered wrongly: it is deleted, and entered again the next day."""
        if not self.payments.recent:
            return
        entry = self.payments.recent.popleft()
        live = self._live(entry.items)
        if not self.office.exists(entry.payment_id) or any(invoice.id not in live for invoice, _ in entry.items):
            return
        self.office.books.delete(entry.payment_id, at=at)
        for invoice, amount in entry.items:
            invoice.reopen(amount)
        day = business_day(self.office.day(at) + timedelta(days=1))
        self.agenda.at(moment(day, 11, zone=self.office.zone), lambda when: self._again(entry, when))

    def _again(self, entry: Entry, at: datetime) -> None:
        payable = [
            (invoice, min(amount, invoice.open, self.office.unpaid(invoice.id))) for invoice, amount in entry.items
        ]
        payable = [(invoice, amount) for invoice, amount in payable if amount > 0]
        if payable:
            self.payments.transfer(entry.customer, payable, at, again=entry)

    def _live(self, items: Items) -> set[str]:
        return {invoice.id for invoice, _ in items if self.office.exists(invoice.id)}

    def _next(self, at: datetime) -> None:
        for _ in range(max(1, len(self.customers) // 1500)):
            self.kinds[self._turn % len(self.kinds)](at)
            self._turn += 1
        day = business_day(self.office.day(at) + timedelta(days=EVERY_DAYS))
        self.agenda.at(moment(day, 12, self.rng.randrange(60), self.office.zone), self._next)

    def _untouched(self, at: datetime) -> Invoice | None:
        """An open invoice more than a day old to which nothing was ever applied."""
        for _ in range(40):
            customer = self.rng.choice(self.customers)
            for invoice in customer.open:
                fresh = invoice.open == invoice.amount == self.office.unpaid(invoice.id)
                if fresh and not invoice.touched and invoice.issued < min(at - timedelta(days=1), self.office.seen):
                    return invoice
        return None
