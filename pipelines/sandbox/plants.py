"""Planted differences: each reason for a break, a few times, on customers that have no other part in the company's life.

Times count back from the present. What happened before Tieout was switched on was booked by hand, with the mistakes people make.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from pipelines.sandbox import money
from pipelines.sandbox.bank import Bank
from pipelines.sandbox.books import OtherLine
from pipelines.sandbox.calendar import moment
from pipelines.sandbox.customers import Directory
from pipelines.sandbox.model import Customer, Invoice
from pipelines.sandbox.office import Office
from pipelines.sandbox.payments import Payments
from pipelines.sandbox.till import Charge, Till
from pipelines.sandbox.trade import Trade

CUSTOMERS = {"US": 15, "GB": 6}  # planted ones, by the country of the office


@dataclass
class Stage:
    """Where plants are set: one office with all that belongs to it, and the present."""

    office: Office
    directory: Directory
    trade: Trade
    payments: Payments
    till: Till
    present: datetime
    cast: dict[str, Customer] = field(default_factory=dict)  # who has a part already, by name

    def ago(self, days: float, hour: int = 10) -> datetime:
        """An hour in UTC, `days` before the present."""
        return moment((self.present - timedelta(days=days)).date(), hour)

    def at(self, when: datetime, happening: Callable[[datetime], object]) -> None:
        self.trade.agenda.at(when, happening)

    def customer(self, name: str, currency: str, method: str = "card") -> Customer:
        return self.cast.setdefault(name, self.directory.special(name, currency, method))

    def owing(self, customer: Customer, days: float, *amounts: str, number: str | None = None) -> list[Invoice]:
        """Invoices that the customer receives `days` before the present. The list fills when that time comes."""
        sent: list[Invoice] = []

        def send(at: datetime) -> None:
            sent.extend(self.trade.invoice(customer, at, amount=Decimal(amount), number=number) for amount in amounts)

        self.at(self.ago(days), send)
        return sent

    def paid(self, customer: Customer, invoices: list[Invoice], when: datetime) -> list[Charge]:
        """The customer pays all of them through the portal at `when`; nothing else is left to chance."""
        made: list[Charge] = []
        self.at(
            when,
            lambda at: made.append(self.till.collect(customer, [(i, i.open) for i in invoices], at, ordinary=False)),
        )
        return made

    def booked(self, name: str, currency: str, amount: str, days: float, method: str = "card") -> list[Charge]:
        """A new customer's invoice, charged `days` before the present and booked by hand the day after it succeeded."""
        customer = self.customer(name, currency, method)
        made = self.paid(customer, self.owing(customer, days + 20, amount), self.ago(days))
        known = days
        if method == "debit":
            known = days - 6
            self.at(self.ago(known), lambda at: self.till.settle(made[0], at))
        self.at(self.ago(known - 1), lambda at: self.till.bookkeeper.book(made[0], at))
        return made


def plant_us(stage: Stage) -> None:
    """The differences of an office in the United States."""
    _evidence(stage)
    _booked_wrongly(stage)
    _taken_back(stage)
    _deposits(stage)
    _numbers_and_journals(stage)


def _evidence(stage: Stage) -> None:
    """Charges that do not say (or say only in words) what they pay: all within one payout."""
    till = stage.till
    twins = stage.customer("Twin Peaks Supply LLC", "USD")
    alike = stage.owing(twins, 30, "480.00", "480.00", "130.00")
    stage.at(
        stage.ago(19, 11),
        lambda at: till.take(twins, [(alike[0], alike[0].open)], at, description="Online payment", metadata={}),
    )
    lone = stage.customer("Lone Pine Lighting LLC", "USD")
    single = stage.owing(lone, 31, "615.40", "210.00")
    stage.at(
        stage.ago(19, 12),
        lambda at: till.take(lone, [(single[0], single[0].open)], at, description="Online payment", metadata={}),
    )
    pair = stage.customer("Jigsaw Components LLC", "USD")
    parts = stage.owing(pair, 33, "100.10", "200.20", "350.00")
    stage.at(
        stage.ago(19, 13),
        lambda at: till.take(pair, [(i, i.open) for i in parts[:2]], at, description="Online payment", metadata={}),
    )
    stage.at(stage.ago(19, 14), lambda at: _stranger(till, at))
    worded = stage.customer("Plain Words Publishing Inc.", "USD")
    named = stage.owing(worded, 40, "2842.15")
    stage.at(
        stage.ago(24, 11), lambda at: till.take(worded, [(named[0], named[0].open)], at, description=f"Payment of {named[0].number}, thanks", metadata={})
    )  # fmt: skip


def _stranger(till: Till, at: datetime) -> None:
    """Somebody pays whom no customer record knows."""
    customer = till.account.create_customer(name="J. Doe", email="j.doe@stranger.example", metadata={}, at=at)
    till.account.charge(
        customer=customer, amount=7777, currency="usd", method="card", description="Payment", metadata={}, at=at
    )


def _booked_wrongly(stage: Stage) -> None:
    """Charges that somebody booked by hand although Tieout was on, and got wrong."""
    book = stage.till.bookkeeper.book
    typo = stage.customer("Transposed Digits Tools Inc.", "USD")
    slipped = stage.paid(typo, stage.owing(typo, 38, "1250.00"), stage.ago(18, 11))
    stage.at(stage.ago(17, 17), lambda at: book(slipped[0], at, amount=Decimal("1205.00")))
    twice = stage.customer("Double Entry Dairy LLC", "USD")
    doubled = stage.paid(twice, stage.owing(twice, 37, "330.00"), stage.ago(18, 12))
    stage.at(stage.ago(17, 18), lambda at: book(doubled[0], at))
    stage.at(stage.ago(16, 18), lambda at: book(doubled[0], at))
    other = stage.customer("Mistaken Identity Media Inc.", "USD")
    strayed = stage.paid(other, stage.owing(other, 36, "275.00"), stage.ago(18, 13))
    stage.at(stage.ago(17, 19), lambda at: book(strayed[0], at, customer=twice.id))


def _taken_back(stage: Stage) -> None:
    """Payments that looked final and were not."""
    till = stage.till
    since = (stage.present.date() - stage.office.activated_on).days
    eager = stage.customer("Premature Packaging LLC", "USD", "debit")
    hoped = stage.paid(eager, stage.owing(eager, since + 30, "960.00"), stage.ago(since + 9))
    stage.at(stage.ago(since + 8, 18), lambda at: till.bookkeeper.book(hoped[0], at))
    stage.at(stage.ago(since + 4, 16), lambda at: till.fail(hoped[0], at, "insufficient_funds"))
    won = stage.booked("Second Thoughts Systems Inc.", "USD", "540.00", 110)
    stage.at(stage.ago(95), lambda at: till.dispute(won[0], at, won=True))
    returned = stage.booked("Happy Returns Radio LLC", "USD", "260.00", 85)
    stage.at(stage.ago(70), lambda at: till.refund(returned[0], at, part=Decimal("0.5")))  # and booked, so no break
    lost = stage.booked("Chargeback Chemicals Corp.", "USD", "1430.00", 75)
    stage.at(stage.ago(25), lambda at: till.dispute(lost[0], at, won=False))


def _deposits(stage: Stage) -> None:
    """A payout that straddles the day Tieout was switched on, a deposit with a wrong fee, and one that cites an unknown payout."""
    office, till = stage.office, stage.till
    since = (stage.present.date() - office.activated_on).days
    stage.booked("Straddle Stores Inc.", "USD", "388.00", since + 1)
    stage.booked("Fat Finger Foods LLC", "USD", "725.00", 71)
    stage.at(stage.ago(71, 1), lambda at: till.bookkeeper.slip.update(USD=Decimal("10.00")))
    day = office.day(stage.ago(30))
    old = [OtherLine(office.chart.clearing, Decimal("250.00"), "Payout of the old account")]
    stage.at(
        stage.ago(30, 18),
        lambda at: office.books.post_deposit(
            office.head(at, "USD", day=day), office.bank("USD"), (), other=old, memo="po_1NAnclosed0account9payout"
        ),
    )


def _numbers_and_journals(stage: Stage) -> None:
    """An invoice number used twice, and journals that settle and are settled."""
    stage.owing(
        stage.customer("Echo Chamber Audio LLC", "USD", "bank"),
        50,
        "410.00",
        "410.00",
        number=f"{stage.office.profile.number_prefix}99999",
    )
    books, trade, payments = stage.office.books, stage.trade, stage.payments
    rounder = stage.directory.special("Round Numbers Rail Corp.", "USD")
    invoices = stage.owing(rounder, 90, "500.00")

    def settle(at: datetime) -> None:
        write_off = trade.journal(rounder, "USD", Decimal("12.00"), at, debit=False)
        books.set_applications(write_off, [(invoices[0].id, Decimal("12.00"))], at=at)
        charge = trade.journal(rounder, "USD", Decimal("25.00"), at, debit=True)
        payments.book(
            rounder,
            "USD",
            Decimal("513.00"),
            at,
            apply=[(invoices[0].id, Decimal("488.00")), (charge, Decimal("25.00"))],
        )

    stage.at(stage.ago(60, 17), settle)


def plant_emea(stage: Stage) -> None:
    """The differences of an office in Europe."""
    till = stage.till
    unknown = stage.customer("Former Provider Fabrics Ltd", "EUR", "bank")
    owed = stage.owing(unknown, 60, "700.00")
    stage.at(
        stage.ago(28, 11),
        lambda at: stage.payments.book(unknown, "EUR", Decimal("700.00"), at, apply=[(owed[0].id, Decimal("700.00"))], memo="ch_3NAnclosed0account9charge"),
    )  # fmt: skip
    stage.at(stage.ago(55, 11), lambda at: _paid_back(stage, unknown, at))
    whole = stage.booked("Change of Mind Marine Ltd", "EUR", "512.00", 70)
    stage.at(stage.ago(12), lambda at: till.refund(whole[0], at))
    half = stage.booked("Half Measures Hotels Ltd", "GBP", "300.00", 69)
    stage.at(stage.ago(11), lambda at: till.refund(half[0], at, part=Decimal("0.5")))
    by_hand = stage.customer("Payout by Hand PLC", "EUR")
    stage.paid(by_hand, stage.owing(by_hand, 40, "1900.00"), stage.ago(13, 11))
    stage.at(stage.ago(10, 11), lambda at: till.pay_out("EUR", at, automatic=False))
    stage.booked("Closed Account Ceramics Ltd", "EUR", "640.00", 86)
    stage.at(
        stage.ago(77, 11), lambda at: till.account.fail_payout(till.paid_out["EUR"][-1], code="account_closed", at=at)
    )
    large = stage.booked("Direct Debit Distribution PLC", "GBP", "48000.00", 100, "debit")
    stage.at(stage.ago(13, 7), lambda at: till.dispute(large[0], at))
    stage.at(stage.ago(13, 8), lambda at: till.pay_out("GBP", at, days=3))


def _paid_back(stage: Stage, customer: Customer, at: datetime) -> None:
    """A credit memo that the customer would rather have in money."""
    amount = Decimal("45.00")
    credit = stage.trade.grant(customer, "EUR", amount, at, memo="Goodwill")
    stage.payments.refund_credit(customer, "EUR", credit, amount, at)


def plant_bank(stage: Stage, bank: Bank) -> None:
    """Transfers of late that nobody has entered: two that name what they pay, and one without a word."""
    one, two = stage.cast["Former Provider Fabrics Ltd"], stage.cast["Half Measures Hotels Ltd"]
    named, both = stage.owing(one, 25, "840.00"), stage.owing(two, 24, "310.00", "95.50")

    def received(invoices: list[Invoice], at: datetime, reference: str, details: str) -> None:
        amount = sum((invoice.open for invoice in invoices), money.ZERO)
        customer, day = invoices[0].customer, stage.office.day(at)
        bank.receive(
            day, invoices[0].currency, amount, reference=reference, details=details, counterparty=customer.name
        )
        for invoice in invoices:
            invoice.settle(invoice.open)

    stage.at(stage.ago(6, 11), lambda at: received(named, at, named[0].number, "Invoice payment"))
    stage.at(
        stage.ago(5, 11), lambda at: received(both, at, "E2E 7731", f"Paying {both[0].number} and {both[1].number}")
    )
    stranger = {"reference": "NOTPROVIDED", "details": "Thank you", "counterparty": "J. Doe"}
    stage.at(
        stage.ago(6, 12),
        lambda at: bank.receive(stage.office.day(at), "EUR", Decimal("321.00"), **stranger),
    )


PLANTS = {"US": plant_us, "GB": plant_emea}
