"""Being paid: a customer pays by bank transfer, which the bookkeepers enter, or through the payment provider's till."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from pipelines.sandbox import money
from pipelines.sandbox.bank import Bank
from pipelines.sandbox.calendar import Agenda, business_day, moment
from pipelines.sandbox.model import Customer, Invoice
from pipelines.sandbox.office import Office
from pipelines.sandbox.till import Till

Items = Sequence[tuple[Invoice, Decimal]]


@dataclass(frozen=True)
class Entry:
    """A transfer as the bookkeepers entered it."""

    payment_id: str
    customer: Customer
    items: Items
    amount: Decimal
    day: date
    memo: str


class Payments:
    """The receiving side of one office. Only an office whose bank sends statements knows its `bank`."""

    def __init__(self, office: Office, till: Till, agenda: Agenda, rng: Random, bank: Bank | None = None) -> None:
        self.office, self.till, self.agenda, self.rng, self.bank = office, till, agenda, rng, bank
        self._transfers = 0
        self._checks: dict[str, list[str]] = {}
        self.recent: deque[Entry] = deque(maxlen=50)  # transfers of late, oldest first

    def pay(self, invoice: Invoice, amount: Decimal, at: datetime) -> None:
        """A planned payment falls due; what has been credited, deleted or paid meanwhile is not paid again."""
        due = self._payable(invoice, amount)
        if due <= 0:
            return
        items = [(invoice, due)]
        if due == invoice.open and self.rng.random() < 0.15:
            items += self._others(invoice)
        customer = invoice.customer
        if customer.method != "bank" and self.till.takes(invoice.currency) and self.rng.random() < 0.88:
            self.till.collect(customer, items, at)
        else:
            self.transfer(customer, items, at)

    def transfer(self, customer: Customer, items: Items, at: datetime, again: Entry | None = None) -> str:
        """Enter a bank transfer (or, rarely, a check). A few are overpaid; a few wait on account before they are applied. `again`: the entry
        of the same money that somebody deleted."""
        rng = self.rng
        currency = items[0][0].currency
        total = sum((amount for _, amount in items), money.ZERO)
        on_account = rng.random() < 0.02
        extra = money.drawn(rng, 15.0, 0.6, currency) if rng.random() < 0.02 else money.ZERO
        apply = [(invoice.id, amount) for invoice, amount in items]
        ours = customer.subsidiary == self.office.profile.subsidiary and customer.id != self.office.intercompany
        check = rng.random() < 0.06 and ours
        if again is not None:
            extra = again.amount - total  # it is what it was, whatever is still open
        day, memo = (again.day, again.memo) if again else (self.office.day(at), self._memo(check))
        payment_id = self.book(
            customer, currency, total + extra, at, apply=() if on_account else apply, check=check, memo=memo, day=day
        )
        if check:
            self._checks.setdefault(currency, []).append(payment_id)
        elif not on_account:
            self.recent.append(Entry(payment_id, customer, items, total + extra, day, memo))
        if self.bank is not None and ours and not check and again is None:
            numbers = ", ".join(invoice.number for invoice, _ in items)
            self.bank.receive(
                day, currency, total + extra, reference=memo.removeprefix("Transfer "), details=f"Payment of {numbers}", counterparty=customer.name
            )  # fmt: skip
        for invoice, amount in items:
            invoice.settle(amount)
        if on_account and rng.random() < 0.7:
            later = self._later(at, rng.randrange(3, 20))
            self.agenda.at(later, lambda when: self._apply(payment_id, items, when))
        return payment_id

    def book(
        self,
        customer: Customer,
        currency: str,
        amount: Decimal,
        at: datetime,
        *,
        apply: Sequence[tuple[str, Decimal]] = (),
        memo: str | None = None,
        check: bool = False,
        day: date | None = None,
    ) -> str:
        """Enter a customer payment: to the bank, or (a check) to undeposited funds."""
        office = self.office
        return office.books.post_payment(
            office.head(at, currency, customer.id, customer.subsidiary, day),
            amount,
            account=None if check else office.bank(currency),
            apply=apply,
            memo=memo or self._memo(check),
            method=office.chart.methods["check" if check else "wire"],
        )

    def _memo(self, check: bool) -> str:
        self._transfers += 1
        return f"Check {self._transfers}" if check else f"Transfer {self.office.profile.country}{self._transfers:07}"

    def refund_credit(self, customer: Customer, currency: str, credit_id: str, amount: Decimal, at: datetime) -> None:
        """Pay an unused credit memo back from the bank."""
        office = self.office
        if office.unpaid(credit_id) < amount:
            return
        head = office.head(at, currency, customer.id, customer.subsidiary)
        office.books.refund_credit(head, credit_id, amount, account=office.bank(currency), memo="Refund of credit")

    def bank_checks(self, at: datetime) -> None:
        """Take the week's checks to the bank, one deposit per currency, and come again next week."""
        office = self.office
        for currency in sorted(self._checks):
            held = [payment_id for payment_id in self._checks.pop(currency) if office.exists(payment_id)]
            if held:
                head = office.head(at, currency)
                memo = f"Checks {head.date.isoformat()}"
                office.books.post_deposit(head, office.bank(currency), held, memo=memo)
        self.agenda.at(at + timedelta(days=7), self.bank_checks)

    def _apply(self, payment_id: str, items: Items, at: datetime) -> None:
        """Apply a payment that waited on account, unless something else settled its invoices in the meantime."""
        office = self.office
        total = sum((amount for _, amount in items), money.ZERO)
        if office.unpaid(payment_id) >= total and all(office.unpaid(invoice.id) >= amount for invoice, amount in items):
            office.books.set_applications(payment_id, [(invoice.id, amount) for invoice, amount in items], at=at)

    def _payable(self, invoice: Invoice, amount: Decimal) -> Decimal:
        room = min(amount, invoice.open)
        return min(room, self.office.unpaid(invoice.id)) if room > 0 else room

    def _others(self, invoice: Invoice) -> list[tuple[Invoice, Decimal]]:
        """Up to three further open invoices of the customer that one payment settles too."""
        others = [
            other
            for other in invoice.customer.open
            if other is not invoice
            and other.currency == invoice.currency
            and not other.touched
            and other.issued > invoice.issued
        ]
        return [(other, other.open) for other in others[:3] if self._payable(other, other.open) == other.open]

    def _later(self, at: datetime, days: int) -> datetime:
        return moment(
            business_day(self.office.day(at), days),
            10 + self.rng.randrange(6),
            self.rng.randrange(60),
            self.office.zone,
        )
