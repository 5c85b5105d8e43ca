"""Which records disagree now: the payment provider against the books, payouts against deposits, and documents among themselves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations
from typing import Any

from pipelines.sandbox.money import ZERO, major, text
from pipelines.sandbox.survey import Payment
from pipelines.sandbox.till import Till
from pipelines.sandbox.truth_erp import ErpView

Row = dict[str, Any]
_TOKEN = re.compile(r"[A-Za-z0-9-]+")
_LARGEST_SET = 3  # invoices that one payment may be for, where it names none
_MOST_OPEN = 40  # open invoices among which sets are sought


@dataclass
class PspView:
    """One payment provider account as it is now."""

    till: Till
    charges: list[Row] = field(default_factory=list)
    payouts: list[Row] = field(default_factory=list)
    refunds: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    withdrawn: dict[str, str] = field(
        default_factory=dict
    )  # charge -> the dispute that took its money and has not given it back
    won: dict[str, set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )  # charge -> its disputes that gave the money back
    mapped: dict[str, str] = field(default_factory=dict)  # provider customer -> ERP customer

    def key(self, native: str) -> str:
        return f"stripe:{self.till.connection}:{native}"

    def made_on(self, charge: Row) -> date:
        """The day of a charge, in the zone of the books that reconcile it."""
        return self.till.office.day(datetime.fromtimestamp(charge["created"], UTC))


def read(till: Till) -> PspView:
    """Everything of one provider account."""
    account = till.account
    view = PspView(till, charges=account.objects("charge"), payouts=account.objects("payout"))
    for refund in account.objects("refund"):
        if refund["status"] == "succeeded":
            view.refunds[refund["charge"]].append(refund)
    for dispute in account.objects("dispute"):
        if (
            dispute["balance_transactions"]
            and dispute["status"] != "won"
            and not dispute["status"].startswith("warning")
        ):
            view.withdrawn[dispute["charge"]] = dispute["id"]
        elif dispute["status"] == "won":
            view.won[dispute["charge"]].add(dispute["id"])
    for customer in account.objects("customer"):
        if customer["metadata"].get("customer_source_id"):
            view.mapped[customer["id"]] = customer["metadata"]["customer_source_id"]
    return view


class Breaks:
    """The breaks between one set of books and the provider account it reconciles. `known` are all charges and payouts of all accounts."""

    def __init__(self, erp: ErpView, psp: PspView, known: set[str]) -> None:
        self.erp, self.psp, self.known = erp, psp, known
        self.cited = erp.citing()
        self.charges = {charge["id"]: charge for charge in psp.charges}
        self.open: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
        self.numbers: dict[str | None, int] = defaultdict(int)
        # What journals that name a cause put back on a customer: in all, and what of it is open. Used up by payment after payment.
        self.reopened: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self.still_open: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self.put_back: dict[str, Decimal] = defaultdict(Decimal)  # by cause, credits taken off
        for document in erp.documents.values():
            if document.type == "journal" and not document.is_deleted:
                for cause in document.cites:
                    self.put_back[cause] += document.amount
                    if document.amount > 0:
                        self.reopened[document.customer, cause] += document.amount
                        self.still_open[document.customer, cause] += document.open
            if document.type == "invoice" and not document.is_deleted:
                self.numbers[document.number] += 1
                if document.open > 0:
                    self.open[(document.customer, document.currency)].append(document.open)

    def all(self) -> Iterator[Row]:
        for charge in self.psp.charges:
            yield from self._charge(charge)
        yield from self._unknown_charges()
        for payout in self.psp.payouts:
            yield from self._payout(payout)
        yield from self._unknown_payouts()
        yield from self._duplicate_numbers()

    def _charge(self, charge: Row) -> Iterator[Row]:
        found = self.cited.get(charge["id"], [])
        currency, amount = charge["currency"].upper(), _amount(charge)
        left = self.psp.key(charge["id"])
        if not found:
            reason = self._unbooked(charge, amount, currency)
            if reason:
                yield self._row(reason, left, None, currency, amount)
            return
        first = found[0]
        right = self.erp.key(first.id)
        for further in found[1:]:
            yield self._row("duplicate_in_erp", left, self.erp.key(further.id), currency, -further.amount)
        if first.amount != amount:
            yield self._row("amount_differs", left, right, currency, amount - first.amount)
        if self._other_customer(charge, first):
            yield self._row("customer_differs", left, right, currency, ZERO)
        if charge["status"] == "failed" or charge["id"] in self.psp.withdrawn:
            for payment in found:
                yield from self._lost(charge, payment)
        elif first.amount and not charge["refunded"]:
            yield from self._good_again(charge, first)
        for refund in self.psp.refunds.get(charge["id"], []):
            if refund["id"] not in self.erp.refunds:
                yield self._row("refund_missing_in_erp", self.psp.key(refund["id"]), right, currency, -_amount(refund))

    def _lost(self, charge: Row, payment: Payment) -> Iterator[Row]:
        """A payment whose money is gone: what is applied beyond what journals that name the cause put back, and the invoices that it still
        pays where they do."""
        key = (payment.customer, self.psp.withdrawn.get(charge["id"], str(charge["id"])))
        left = self.psp.key(charge["id"])
        applied = payment.amount - payment.unapplied
        covered = min(applied, self.reopened[key])
        self.reopened[key] -= covered
        if applied > covered:
            yield self._row("still_applied", left, self.erp.key(payment.id), payment.currency, covered - applied)
        invoices = [
            made for made in self.erp.applications if made.payment == payment.id and self._is_invoice(made.document)
        ]
        for made in sorted(invoices, key=lambda made: (len(made.document), made.document)):
            again = min(made.amount, self.still_open[key])
            self.still_open[key] -= again
            if again:
                yield self._row("paid_by_lost_money", left, self.erp.key(made.document), payment.currency, -again)

    def _is_invoice(self, document: str) -> bool:
        return document in self.erp.documents and self.erp.documents[document].type == "invoice"

    def _good_again(self, charge: Row, payment: Payment) -> Iterator[Row]:
        """A payment whose dispute was won, while the journals about it, or its being unapplied, stand."""
        disputes = self.psp.won.get(charge["id"], set())
        standing = sum((self.put_back[dispute] for dispute in disputes), ZERO)
        if not standing and disputes and payment.unapplied == payment.amount and self._exact(charge):
            standing = payment.amount
        if standing > 0:
            left, right = self.psp.key(charge["id"]), self.erp.key(payment.id)
            yield self._row("reversed_without_cause", left, right, payment.currency, standing)

    def _unbooked(self, charge: Row, amount: Decimal, currency: str) -> str | None:
        """Why a charge has no payment in the books, or None if it needs none."""
        settled = charge["status"] == "succeeded" and not charge["refunded"] and charge["id"] not in self.psp.withdrawn
        if not settled or self.psp.made_on(charge) < self.erp.office.activated_on:
            return None
        return "missing_in_erp" if self._exact(charge) else self._candidates(charge, amount, currency)

    def _candidates(self, charge: Row, amount: Decimal, currency: str) -> str:
        return self.reason(amount, self.open.get((self.psp.mapped.get(charge["customer"] or "", ""), currency), []))

    @staticmethod
    def reason(amount: Decimal, owed: list[Decimal], others: int = 0) -> str:
        """How many answers there are: `others`, and of the payer's open invoices one alone, or else one set of several."""
        fitting = sum(open_amount == amount for open_amount in owed)
        if not fitting and len(owed) <= _MOST_OPEN:
            fitting = sum(
                sum(group) == amount for size in range(2, _LARGEST_SET + 1) for group in combinations(owed, size)
            )
        return {0: "no_evidence", 1: "single_candidate"}.get(fitting + others, "ambiguous_match")

    def _exact(self, charge: Row) -> bool:
        """Whether the charge names its customer and invoices: by our metadata, or by an invoice number in its words."""
        metadata = charge["metadata"]
        if metadata.get("customer_source_id") and metadata.get("invoices_source_id"):
            return True
        return any(self.numbers.get(token) == 1 for token in _TOKEN.findall(charge["description"] or ""))

    def _other_customer(self, charge: Row, payment: Payment) -> bool:
        named = charge["metadata"].get("customer_source_id")
        return named is not None and named != payment.customer

    def _unknown_charges(self) -> Iterator[Row]:
        for charge_id, payments in sorted(self.cited.items()):
            if charge_id not in self.known:
                for payment in payments:
                    yield self._row("missing_in_psp", None, self.erp.key(payment.id), payment.currency, -payment.amount)

    def _payout(self, payout: Row) -> Iterator[Row]:
        deposits = [deposit for deposit in self.erp.deposits if payout["id"] in deposit.cites]
        currency, amount, left = payout["currency"].upper(), _amount(payout), self.psp.key(payout["id"])
        if payout["status"] == "failed":
            for deposit in deposits:
                yield self._row("payout_failed", left, self.erp.key(deposit.id), currency, -deposit.amount)
        elif payout["status"] == "paid" and not deposits:
            yield self._row(self._undeposited(payout), left, None, currency, amount)
        elif payout["status"] == "paid" and deposits[0].amount != amount:
            yield self._row(
                "deposit_amount_differs", left, self.erp.key(deposits[0].id), currency, amount - deposits[0].amount
            )

    def _undeposited(self, payout: Row) -> str:
        """Why a payout has no deposit: the first reason that holds."""
        if payout["amount"] < 0:
            return "negative_payout"
        if not payout["automatic"]:
            return "manual_payout"
        lines = self.psp.till.account.payout_members(payout["id"])
        items = [self.charges[line["source"]] for line in lines if line["type"] in ("charge", "payment")]
        if any(self.psp.made_on(charge) < self.erp.office.activated_on for charge in items):
            return "before_activation"
        return "item_unmatched" if any(self._unmatched(charge) for charge in items) else "missing_deposit"

    def _unmatched(self, charge: Row) -> bool:
        found = self.cited.get(charge["id"], [])
        if not found:
            return not self._exact(charge)
        return len(found) > 1 or found[0].amount != _amount(charge) or self._other_customer(charge, found[0])

    def _unknown_payouts(self) -> Iterator[Row]:
        for deposit in self.erp.deposits:
            if deposit.cites and not deposit.cites & self.known:
                yield self._row("missing_payout", None, self.erp.key(deposit.id), deposit.currency, -deposit.amount)

    def _duplicate_numbers(self) -> Iterator[Row]:
        first: dict[str, str] = {}
        for document in sorted(
            self.erp.documents.values(), key=lambda document: [int(part) for part in document.id.split(".")]
        ):
            if document.type != "invoice" or document.is_deleted or document.number is None:
                continue
            earlier = first.setdefault(document.number, document.id)
            if earlier != document.id:
                left, right = self.erp.key(document.id), self.erp.key(earlier)
                yield self._row("duplicate_document_number", left, right, document.currency, document.amount)

    def _row(self, reason: str, left: str | None, right: str | None, currency: str, drift: Decimal) -> Row:
        return break_row(self.erp.system, self.erp.connection, reason, left, right, currency, drift)


def break_row(
    system: str, connection: str, reason: str, left: str | None, right: str | None, currency: str | None, drift: Decimal
) -> Row:
    """A break in the shape of the truth."""
    return {
        "system": system,
        "connection": connection,
        "id": f"{reason}|{left or ''}|{right or ''}",
        "reason": reason,
        "left_key": left,
        "right_key": right,
        "currency": currency,
        "drift_amount": text(drift, currency) if currency else "0",
    }


def _amount(obj: Row) -> Decimal:
    return major(obj["amount"], obj["currency"].upper())
