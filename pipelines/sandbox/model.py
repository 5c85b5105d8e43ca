"""The company's own memory of its customers and open invoices: what its people know when they decide what to do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass
class Customer:
    """One customer of one back office, and how it pays."""

    id: str
    name: str
    email: str
    currencies: tuple[str, ...]
    terms: int
    method: str  # "bank", "card" or "debit"
    typical: float  # median invoice, in units of a strong currency
    every: float  # mean days between invoices
    subsidiary: str
    stripe_id: str | None = None
    contact_email: str | None = None
    person: tuple[str, str] | None = None  # given and family name of one that is no company
    open: list[Invoice] = field(default_factory=list)


@dataclass
class Invoice:
    """An invoice as the bookkeepers remember it. `open` counts money on its way (a card charge not yet booked) as paid."""

    id: str
    number: str
    customer: Customer
    currency: str
    amount: Decimal
    open: Decimal
    issued: datetime
    due: date
    lines: int = 1
    touched: bool = False  # anything was applied to it, ever

    def settle(self, amount: Decimal) -> None:
        """Money came in for it."""
        self.touched = True
        self.open -= amount
        if self.open <= 0:
            self.forget()

    def reopen(self, amount: Decimal) -> None:
        """Money that had come in is gone again."""
        if self.open <= 0:
            self.customer.open.append(self)
        self.open += amount

    def forget(self) -> None:
        """No longer among the customer's open invoices."""
        if self in self.customer.open:
            self.customer.open.remove(self)
