"""The books of an office that keeps them in QuickBooks Online.

A customer is kept in one currency and has a name of its own. A refund of a payment is a refund receipt, which leaves the payment as it is;
an unused credit memo is paid back by a journal that it then settles.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipelines.quickbooks import twin
from pipelines.quickbooks.twin import chart as standard
from pipelines.sandbox import quickbooks_survey
from pipelines.sandbox.books import Apply, Chart, Clock, Heading, JournalLine, Line, NewCustomer, OtherLine
from pipelines.sandbox.profile import Profile
from pipelines.sandbox.survey import Survey

_TERMS = {30: "3", 60: "4"}  # of every new company; the others are ours
_CLOSED_DAYS = 120


class QuickBooksBooks:
    """`Books` over the twin of a QuickBooks company."""

    system, one_currency = "quickbooks", True

    def __init__(self, profile: Profile, clock: Clock, seed: int) -> None:
        self.twin = twin.Company(
            profile.account_id, clock, name=profile.company, country=profile.country, time_zone=profile.zone, home_currency=profile.base,
            seed=seed,
        )  # fmt: skip
        self.terms = _TERMS | {days: self.twin.add_term(name=f"Net {days}", due_days=days) for days in (14, 45)}
        self.chart = self._chart(profile)
        self.twin.book_close_date = (clock.now() - timedelta(days=_CLOSED_DAYS)).date().replace(day=1) - timedelta(
            days=1
        )
        self._names: set[str] = set()

    def _chart(self, profile: Profile) -> Chart:
        """The accounts of a new company, and what ours adds: a bank account per currency, what waits for a payout, and card payments."""
        company = self.twin
        banks = {profile.base: standard.BANK}
        for code in profile.currencies[1:]:
            banks[code] = company.add_account(
                name=f"Bank {code}", account_type="Bank", account_sub_type="Checking", currency=code
            )
            company.receivable(code)
        refunds = company.add_account(
            name="Card refund clearing", account_type="Other Current Asset", account_sub_type="OtherCurrentAssets"
        )
        support = company.add_item(name="Support plan", account=standard.SERVICES)
        card = company.add_payment_method(name="Card (Stripe)", type="CREDIT_CARD")
        return Chart(
            receivable=standard.RECEIVABLE,
            sales=standard.SALES,
            fees=standard.FEES,
            disputes=standard.DISPUTES,
            refunds=refunds,
            clearing=standard.CLEARING,
            write_offs=standard.WRITE_OFFS,
            fee_vendor=standard.FEE_VENDOR,
            banks=banks,
            methods={"check": "2", "wire": "4", "card": card, "debit": "5"},
            items=(*((item, name, account) for item, name, account in standard.ITEMS), (support, "Support plan", standard.SERVICES)),
        )  # fmt: skip

    def add_customer(self, new: NewCustomer) -> str:
        first = new.contacts[0]
        given, family = new.person or (first.given, first.family)
        return self.twin.add_customer(
            name=self._free(new.name, new.currency),
            currency=new.currency,
            at=new.at,
            company_name=None if new.person else new.name,
            given_name=given,
            family_name=family,
            email=new.email,
            phone=new.phone,
            mobile=first.mobile,
            term=self.terms[new.terms],
            parent=new.parent,
            notes=new.comments,
            active=not new.inactive,
        )

    def _free(self, name: str, currency: str) -> str:
        """A name that nobody else has: the currency distinguishes the records of one customer, a number the others."""
        shown, number = name, 1
        while shown.casefold() in self._names:
            shown = f"{name} ({currency})" if number == 1 else f"{name} ({currency} {number})"
            number += 1
        self._names.add(shown.casefold())
        return shown

    def rename_customer(self, customer_id: str, name: str, at: datetime) -> None:
        own = self.twin.customer(customer_id).data["CurrencyRef"]["value"]
        self.twin.edit_customer(customer_id, at=at, name=self._free(name, own), company_name=name)

    def enter_rate(self, currency: str, day: date, rate: Decimal) -> None:
        self.twin.set_rate(currency, day, rate)

    def post_invoice(
        self, head: Heading, lines: Sequence[Line], *, due: date, number: str, terms: int, memo: str | None = None,
        other_ref: str | None = None, contact: str | None = None,
    ) -> str:  # fmt: skip
        return self.twin.post_invoice(
            **_head(head), due_date=due, lines=_lines(lines), number=number, memo=memo, other_ref=other_ref, terms=self.terms[terms]
        )  # fmt: skip

    def post_credit_memo(self, head: Heading, lines: Sequence[Line], *, apply: Apply = (), memo: str) -> str:
        return self.twin.post_credit_memo(**_head(head), lines=_lines(lines), apply=apply, memo=memo)

    def post_payment(
        self, head: Heading, amount: Decimal, *, account: str | None, method: str, apply: Apply = (), memo: str
    ) -> str:
        return self.twin.post_payment(
            **_head(head), amount=amount, account=account, apply=apply, memo=memo, method=method
        )

    def post_deposit(
        self, head: Heading, account: str, payments: Sequence[str], *, other: Sequence[OtherLine] = (), memo: str
    ) -> str:
        free = [twin.OtherLine(line.account, line.amount, line.memo, entity=line.vendor) for line in other]
        return self.twin.post_deposit(
            **_head(head, customer=False), account=account, payments=payments, other=free, memo=memo
        )

    def post_journal(self, head: Heading, lines: Sequence[JournalLine], *, memo: str) -> list[str]:
        rows = [
            twin.JournalLine(self._account(line.account, head), line.debit, line.credit, line.customer, line.memo)
            for line in lines
        ]
        made = self.twin.post_journal(**_head(head, customer=False), lines=rows, memo=memo)
        return [f"{made}.{item.line}" for item in self.twin.txn(made).items]

    def _account(self, account: str, head: Heading) -> str:
        """Receivables are kept by currency."""
        return str(self.twin.receivable(head.currency)) if account == self.chart.receivable else account

    def refund_payment(
        self, head: Heading, payment_id: str, amount: Decimal, *, kept: Apply, account: str, memo: str
    ) -> None:
        """A refund receipt: part of what was sold is given back. The payment, and what it settles, stays."""
        self.twin.post_refund(
            **_head(head), amount=amount, account=standard.REFUNDS, bank=account, apply=[(payment_id, amount)], memo=memo
        )  # fmt: skip

    def refund_credit(self, head: Heading, credit_id: str, amount: Decimal, *, account: str, memo: str) -> None:
        owed = JournalLine(self.chart.receivable, debit=amount, customer=head.customer, memo=memo)
        lines = [owed, JournalLine(account, credit=amount, memo=memo)]
        self.twin.set_applications(credit_id, [(self.post_journal(head, lines, memo=memo)[0], amount)], at=head.at)

    def set_applications(self, source_id: str, apply: Apply, *, at: datetime) -> None:
        self.twin.set_applications(source_id, apply, at=at)

    def edit(self, transaction_id: str, *, at: datetime, due: date | None = None, memo: str | None = None) -> None:
        changes: dict[str, Any] = {"duedate": due, "memo": memo}
        self.twin.edit(transaction_id, at=at, **{name: value for name, value in changes.items() if value is not None})

    def replace_amount(self, invoice_id: str, amount: Decimal, *, at: datetime) -> None:
        self.twin.replace_amount(invoice_id, amount, at=at)

    def delete(self, transaction_id: str, *, at: datetime) -> None:
        self.twin.delete(transaction_id, at=at)

    def exists(self, transaction_id: str) -> bool:
        return self.twin.exists(transaction_id)

    def unpaid(self, transaction_id: str) -> Decimal:
        return self.twin.unpaid(transaction_id)

    def citing(self, reference: str) -> list[str]:
        return self.twin.citing(reference)

    def survey(self, excluded: str) -> Survey:
        return quickbooks_survey.read(self.twin, excluded)

    def flush(self) -> None:
        self.twin.flush()

    def close(self) -> None:
        """Nothing is held open."""


def _head(head: Heading, *, customer: bool = True) -> dict[str, Any]:
    """A heading in the twin's words."""
    words: dict[str, Any] = {
        "currency": head.currency,
        "exchange_rate": head.exchange_rate,
        "date": head.date,
        "at": head.at,
    }
    return {"customer": head.customer, **words} if customer else words


def _lines(lines: Sequence[Line]) -> list[twin.Line]:
    return [twin.Line(line.account, line.amount, line.memo, line.item, line.quantity) for line in lines]
