"""What the statements of a bank amount to: which credits the books have, and which they lack and why."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pipelines.sandbox.bank import CONNECTION, Bank, Transfer
from pipelines.sandbox.money import ZERO, major, text
from pipelines.sandbox.survey import Document, Payment
from pipelines.sandbox.truth_breaks import Breaks, break_row
from pipelines.sandbox.truth_erp import ErpView

Row = dict[str, Any]
_NUMBER = re.compile(r"[A-Z]{3}[0-9]+")
_NEAR, _DOUBTFUL = 7, 60  # days between a line and what may be its booking


def line_id(line: Transfer) -> str:
    """The identity of a line, as docs/systems/sftp.md defines it."""
    parts = (CONNECTION, line.account, line.id)
    return f"bl_{hashlib.sha256(chr(31).join(parts).encode()).hexdigest()[:24]}"


class BankView:
    """The statements so far, against the books that reconcile them."""

    def __init__(self, bank: Bank, erp: ErpView, breaks: Breaks) -> None:
        self.lines = {line_id(line): line for line in bank.lines()}
        self.erp, self.open = erp, breaks
        self.cited = erp.citing()

    def payments(self) -> Iterator[Row]:
        for name, line in self.lines.items():
            yield {
                "system": "sftp",
                "connection": CONNECTION,
                "id": name,
                "customer_id": None,
                "currency": line.currency,
                "amount": text(line.amount, line.currency),
                "unapplied_amount": text(ZERO, line.currency),
                "date": line.day.isoformat(),
                "is_deleted": False,
            }

    def breaks(self) -> Iterator[Row]:
        for name, line in self.lines.items():
            reason = None if name in self.cited or line.day < self.erp.office.activated_on else self._reason(line)
            if reason is not None:
                left = f"sftp:{CONNECTION}:{name}"
                yield break_row(self.erp.system, self.erp.connection, reason, left, None, line.currency, line.amount)

    def _reason(self, line: Transfer) -> str | None:
        """Why no payment in the books is this line's, or None if one is."""
        entries = [payment for payment in self.erp.payments.values() if self._names(payment, line)]
        if any(payment.amount == line.amount and _days(payment, line) <= _NEAR for payment in entries):
            return None
        named = self._named(line)
        if not named and not self._payer(line) and self._is_payout(line):
            return None
        numbers = [document.number for document in named]
        alone = len(numbers) == len(set(numbers))
        if named and alone and not entries and any(document.open > 0 for document in named):
            return "missing_in_erp"
        owed = [] if named else self.open.open.get((self._payer(line), line.currency), [])
        return self.open.reason(line.amount, owed, len(named) + len(entries))

    def _is_payout(self, line: Transfer) -> bool:
        """Whether it is money of the provider's, which is paid for by many."""
        return any(
            payout["status"] == "paid"
            and (payout["currency"].upper(), major(payout["amount"], line.currency)) == (line.currency, line.amount)
            and abs((datetime.fromtimestamp(payout["arrival_date"], UTC).date() - line.day).days) <= _NEAR
            for payout in self.open.psp.payouts
        )

    def _names(self, payment: Payment, line: Transfer) -> bool:
        return (
            line.reference in payment.transfers
            and payment.currency == line.currency
            and not payment.cites
            and _days(payment, line) <= _DOUBTFUL
        )

    def _named(self, line: Transfer) -> list[Document]:
        """Invoices whose numbers the line's words hold."""
        numbers = set(_NUMBER.findall(f"{line.reference} {line.details}"))
        return [
            document
            for document in self.erp.documents.values()
            if document.type == "invoice"
            and not document.is_deleted
            and document.number in numbers
            and document.currency == line.currency
        ]

    def _payer(self, line: Transfer) -> str:
        """The customer that bears the counterparty's name alone."""
        named = [key for key, name in self.erp.customers.items() if name.upper() == line.counterparty.upper()]
        return named[0] if len(named) == 1 else ""


def _days(payment: Payment, line: Transfer) -> int:
    return abs((payment.date - line.day).days)
