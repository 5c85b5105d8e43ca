"""The till: one payment provider account, through which customers pay by card or bank debit, and which pays out once a week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from pipelines.sandbox import money
from pipelines.sandbox.bank import Bank
from pipelines.sandbox.bookkeeper import Bookkeeper
from pipelines.sandbox.calendar import Agenda, add_months, business_day, moment
from pipelines.sandbox.model import Customer, Invoice
from pipelines.sandbox.office import Office
from pipelines.stripe.twin.account import Method, StripeAccount

DEBITS: dict[str, Method] = {"USD": "us_bank_account", "EUR": "sepa_debit", "GBP": "bacs_debit"}
_DAYS = {"us_bank_account": 4, "sepa_debit": 6, "bacs_debit": 6}  # until the bank's answer to a debit
DISPUTE_FEES = {"card": 1500, "us_bank_account": 1500, "sepa_debit": 750, "bacs_debit": 0}
_REFUSALS = ("insufficient_funds", "account_closed", "debit_not_authorized")
PAYOUT_WEEKDAY = 1  # Tuesday


@dataclass
class Charge:
    """What the company remembers of a charge. `payment_id` is the ERP payment its own bookkeepers entered for it."""

    id: str
    customer: Customer
    items: Sequence[tuple[Invoice, Decimal]]
    amount: Decimal
    currency: str
    method: Method
    at: datetime
    state: Literal["pending", "succeeded", "failed"]
    payment_id: str | None = None
    struck: bool = False  # refunded or disputed


class Till:
    """One payment provider account, reconciled by one office."""

    def __init__(self, connection: str, account: StripeAccount, office: Office, agenda: Agenda, rng: Random) -> None:
        self.connection, self.account, self.office, self.agenda, self.rng = connection, account, office, agenda, rng
        self.currencies = office.profile.takes
        self.charges: dict[str, Charge] = {}
        self.bookkeeper = Bookkeeper(office, account, self.charges)
        self.bank: Bank | None = None  # where payouts arrive, if its statements are read
        self.paid_out: dict[str, list[str]] = {currency: [] for currency in self.currencies}

    def takes(self, currency: str) -> bool:
        return currency in self.currencies

    def open(self, since: date) -> None:
        """Begin the weekly payouts and the provider's monthly bill."""
        first = since + timedelta(days=(PAYOUT_WEEKDAY - since.weekday()) % 7)
        for currency in self.currencies:
            self.agenda.at(moment(first, 6), lambda at, currency=currency: self._week(currency, at))  # type: ignore[misc]
        self.agenda.at(moment(add_months(since, 1), 3), self._month)

    def stripe_customer(self, customer: Customer, at: datetime, *, mapped: bool = True) -> str:
        """The provider's customer, made on first use; a mapped one names the ERP customer in its metadata."""
        if customer.stripe_id is None:
            metadata = {"created_by": "tieout", "customer_source_id": customer.id} if mapped else {}
            customer.stripe_id = self.account.create_customer(
                name=customer.name, email=customer.email, metadata=metadata, at=at
            )
        return customer.stripe_id

    def collect(
        self, customer: Customer, items: Sequence[tuple[Invoice, Decimal]], at: datetime, *, ordinary: bool = True
    ) -> Charge:
        """A customer pays invoices of one currency through our own portal, which names them in the charge's metadata.

        What becomes of an ordinary charge is left to chance; of another, to the caller.
        """
        refs = [invoice.number for invoice, _ in items]
        metadata = {
            "created_by": "tieout",
            "payment_charge": f"{self.connection}-{len(self.charges) + 1:07}",
            "customer": customer.name,
            "customer_source_id": customer.id,
            "invoices_source_id": ",".join(invoice.id for invoice, _ in items),
            "invoices_refs": ",".join(refs),
        }
        charge = self.take(
            customer, items, at, description=f"Meridian Instruments {', '.join(refs)}", metadata=metadata
        )
        if ordinary:
            self._fate(charge)
        return charge

    def take(
        self, customer: Customer, items: Sequence[tuple[Invoice, Decimal]], at: datetime, *, description: str, metadata: dict[str, str],
        mapped: bool = True,
    ) -> Charge:  # fmt: skip
        """Charge a customer and remember it."""
        currency = items[0][0].currency
        total = sum((amount for _, amount in items), money.ZERO)
        method: Method = DEBITS[currency] if customer.method == "debit" else "card"
        charge_id = self.account.charge(
            customer=self.stripe_customer(customer, at, mapped=mapped),
            amount=money.minor(total, currency),
            currency=currency.lower(),
            method=method,
            description=description,
            metadata=metadata,
            at=at,
        )
        state: Literal["pending", "succeeded"] = "succeeded" if method == "card" else "pending"
        charge = self.charges[charge_id] = Charge(charge_id, customer, items, total, currency, method, at, state)
        for invoice, amount in items:
            invoice.settle(amount)
        return charge

    def settle(self, charge: Charge, at: datetime) -> None:
        """The bank has paid a debit."""
        self.account.settle(charge.id, at=at)
        charge.state = "succeeded"

    def fail(self, charge: Charge, at: datetime, code: str | None = None) -> None:
        """The bank has refused a debit."""
        self.account.fail(charge.id, code=code or self.rng.choice(_REFUSALS), at=at)
        charge.state = "failed"
        for invoice, amount in charge.items:
            invoice.reopen(amount)

    def booked(self, charge: Charge) -> str | None:
        """The ERP payment for a charge, whoever entered it."""
        if charge.payment_id is None:
            found = self.office.books.citing(charge.id)
            return found[0] if found else None
        return charge.payment_id if self.office.exists(charge.payment_id) else None

    def dispute(self, charge: Charge, at: datetime, *, won: bool | None = None) -> str | None:
        """The customer's bank takes a booked payment back; returns the dispute. Before Tieout, the bookkeepers unapply it."""
        if charge.struck or charge.state != "succeeded" or self.booked(charge) is None:
            return None
        charge.struck = True
        reason = "fraudulent" if charge.method == "card" else "debit_not_authorized"
        dispute_id = self.account.dispute(charge.id, at=at, reason=reason, fee=DISPUTE_FEES[charge.method])
        by_hand = self._by_hand(at)
        if by_hand:
            self.agenda.at(self._next_day(at), lambda when: self.bookkeeper.unapply(charge, when))
        if charge.method in ("card", "us_bank_account"):
            victory = self.rng.random() < 0.4 if won is None else won
            self.agenda.at(
                at + timedelta(days=30), lambda when: self.close(charge, dispute_id, when, won=victory, reapply=by_hand)
            )
        return dispute_id

    def close(self, charge: Charge, dispute_id: str, at: datetime, *, won: bool, reapply: bool) -> None:
        """The bank has decided; when it is won, the bookkeepers apply again what they had unapplied."""
        self.account.close_dispute(dispute_id, at=at, won=won)
        if won and reapply:
            self.agenda.at(self._next_day(at), lambda when: self.bookkeeper.reapply(charge, when))

    def refund(self, charge: Charge, at: datetime, *, part: Decimal | None = None) -> str | None:
        """Give a booked payment back, whole or in part; returns the refund. Before Tieout, the bookkeepers enter it."""
        if charge.struck or charge.state != "succeeded" or self.booked(charge) is None:
            return None
        charge.struck = True
        amount = money.rounded(charge.amount * part, charge.currency) if part else charge.amount
        if amount <= 0:
            return None
        refund_id = self.account.refund(
            charge.id, amount=money.minor(amount, charge.currency), at=at, reason="requested_by_customer"
        )
        if self._by_hand(at):
            self.agenda.at(self._next_day(at), lambda when: self.bookkeeper.refund(charge, refund_id, amount, when))
        return refund_id

    def pay_out(self, currency: str, at: datetime, *, days: int = 2, automatic: bool = True) -> str | None:
        """Pay out what is available; it arrives some working days later, and before Tieout a bookkeeper enters the deposit."""
        arrival = business_day(at.date(), days)
        payout_id = self.account.pay_out(currency.lower(), at=at, arrival_date=arrival, automatic=automatic)
        if payout_id is not None:
            self.agenda.at(moment(arrival, 12), lambda when: self._arrive(currency, payout_id, arrival, when))
        return payout_id

    def _arrive(self, currency: str, payout_id: str, arrival: date, at: datetime) -> None:
        self.account.settle_payout(payout_id, at=at)
        self.paid_out[currency].append(payout_id)
        if self.bank is not None:
            amount = money.major(self.account.stores["payout"].objects[payout_id]["amount"], currency)
            self.bank.receive(arrival, currency, amount, reference="STRIPE", details="Transfer", counterparty="Stripe")
        if arrival < self.office.activated_on:
            self.agenda.at(self._next_day(at), lambda when: self.bookkeeper.deposit(payout_id, currency, arrival, when))

    def _week(self, currency: str, at: datetime) -> None:
        if self._available(currency, at) > 0:  # a small deficit waits for the next week's takings
            self.pay_out(currency, at)
        self.agenda.at(at + timedelta(days=7), lambda when: self._week(currency, when))

    def _available(self, currency: str, at: datetime) -> int:
        """What a payout would pay, in minor units."""
        lines = self.account.stores["balance_transaction"].objects
        return sum(
            lines[line]["net"]
            for ready, line in self.account.unswept.get(currency.lower(), [])
            if ready <= at.timestamp()
        )

    def _month(self, at: datetime) -> None:
        day = at.date()
        text = f"Billing - Usage Fee ({(day - timedelta(days=1)).isoformat()})"
        self.account.add_fee(
            amount=self.rng.randrange(900, 4500), currency=self.currencies[0].lower(), description=text, at=at
        )
        self.agenda.at(moment(add_months(day, 1), 3), self._month)

    def _fate(self, charge: Charge) -> None:
        """What becomes of an ordinary charge: booked (before Tieout), refused late, and for a few a refund or dispute."""
        rng, at = self.rng, charge.at
        known = at
        if charge.method != "card":
            known = moment(
                at.astimezone(UTC).date() + timedelta(days=_DAYS[charge.method] + rng.choice([0, 0, 0, 2])),
                14,
                rng.randrange(60),
            )
            outcome = self.fail if rng.random() < 0.05 else self.settle
            self.agenda.at(known, lambda when: outcome(charge, when))
        if self._by_hand(at):
            self.agenda.at(self._next_day(known), lambda when: self.bookkeeper.book(charge, when))
        luck = rng.random()
        if luck < 0.01:
            self.agenda.at(at + timedelta(days=rng.randrange(15, 50)), lambda when: self.dispute(charge, when))
        elif luck < 0.022:
            part = rng.choice([None, None, Decimal("0.5")])
            self.agenda.at(
                known + timedelta(days=rng.randrange(5, 25)), lambda when: self.refund(charge, when, part=part)
            )

    def _by_hand(self, at: datetime) -> bool:
        """Whether the bookkeepers still enter what the provider does themselves."""
        return self.office.day(at) < self.office.activated_on

    def _next_day(self, at: datetime) -> datetime:
        day = business_day(self.office.day(at) + timedelta(days=1))
        return moment(day, 9 + self.rng.randrange(7), self.rng.randrange(60), self.office.zone)
