"""How the company's bookkeepers entered the payment provider's money into the ERP, by hand, before Tieout was switched on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines.sandbox import money
from pipelines.sandbox.books import OtherLine
from pipelines.sandbox.office import Office
from pipelines.stripe.twin.account import StripeAccount

if TYPE_CHECKING:
    from pipelines.sandbox.till import Charge

_TAKEN = ("charge", "payment")


class Bookkeeper:
    """Enters charges as customer payments (memo = charge id) and payouts as deposits (memo = payout id)."""

    def __init__(self, office: Office, account: StripeAccount, charges: Mapping[str, Charge]) -> None:
        self.office, self.account, self.charges = office, account, charges
        self.slip: dict[str, Decimal] = {}  # currency -> error in the fee of the next deposit

    def book(
        self,
        charge: Charge,
        at: datetime,
        *,
        amount: Decimal | None = None,
        customer: str | None = None,
        apply: bool = True,
    ) -> str | None:
        """Enter a charge that succeeded; the keywords are the mistakes that people make."""
        if charge.state == "failed":
            return None
        office, payer = self.office, charge.customer
        payment_id = office.books.post_payment(
            office.head(at, charge.currency, customer or payer.id, payer.subsidiary, office.day(charge.at)),
            charge.amount if amount is None else amount,
            account=None,
            method=office.chart.methods["card" if charge.method == "card" else "debit"],
            apply=self._applications(charge, amount) if apply and customer is None else (),
            memo=charge.id,
        )
        charge.payment_id = charge.payment_id or payment_id
        return payment_id

    def unapply(self, charge: Charge, at: datetime) -> None:
        """A payment was taken back: its invoices are open again."""
        if charge.payment_id and self.office.exists(charge.payment_id):
            self.office.books.set_applications(charge.payment_id, [], at=at)

    def reapply(self, charge: Charge, at: datetime) -> None:
        """A dispute was won: the payment settles its invoices again."""
        if charge.payment_id and self.office.exists(charge.payment_id):
            self.office.books.set_applications(charge.payment_id, self._applications(charge, None), at=at)

    def refund(self, charge: Charge, refund_id: str, amount: Decimal, at: datetime) -> None:
        """Enter a refund; the rest of the payment still settles what it did, the first invoices first."""
        office, payment_id = self.office, charge.payment_id
        if payment_id is None or not office.exists(payment_id):
            return
        kept, left = [], charge.amount - amount
        for invoice, applied in charge.items:
            if min(applied, left) > 0:
                kept.append((invoice.id, min(applied, left)))
            left -= min(applied, left)
        head = office.head(at, charge.currency, charge.customer.id, charge.customer.subsidiary)
        office.books.refund_payment(head, payment_id, amount, kept=kept, account=office.chart.refunds, memo=refund_id)

    def deposit(self, payout_id: str, currency: str, arrival: date, at: datetime) -> str | None:
        """Enter a payout as a deposit that ties to the cent (unless the bookkeeper slips). A negative one cannot be entered."""
        office, accounts = self.office, self._accounts()
        payments, other, fees = [], [], money.ZERO
        net = money.ZERO
        for line in self.account.payout_members(payout_id):
            amount = money.major(line["amount"], currency)
            net += money.major(line["net"], currency)
            fees += money.major(line["fee"], currency)
            held = self.charges[line["source"]].payment_id if line["type"] in _TAKEN else None
            if held is not None:
                payments.append(held)
            else:
                other.append(OtherLine(accounts.get(line["type"], office.chart.clearing), amount, line["description"]))
        if net <= 0:
            return None
        fees += self.slip.pop(currency, money.ZERO)
        if fees:
            other.append(OtherLine(office.chart.fees, -fees, "Stripe fees", vendor=office.chart.fee_vendor))
        head = office.head(at, currency, day=arrival)
        return office.books.post_deposit(head, office.bank(currency), payments, other=other, memo=payout_id)

    def _accounts(self) -> dict[str, str]:
        """Where money that is no charge goes."""
        chart = self.office.chart
        refunds = dict.fromkeys(("refund", "payment_refund", "refund_failure"), chart.refunds)
        return {**refunds, "adjustment": chart.disputes, "stripe_fee": chart.fees}

    def _applications(self, charge: Charge, amount: Decimal | None) -> list[tuple[str, Decimal]]:
        """What the charge pays, as far as it is still open (and as far as `amount` goes)."""
        left = charge.amount if amount is None else amount
        found = []
        for invoice, applied in charge.items:
            use = min(applied, left, self.office.unpaid(invoice.id))
            if use > 0:
                found.append((invoice.id, use))
                left -= use
        return found
