"""One set of books as the truth sees it, and its rows in the shape of the truth."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pipelines.sandbox.money import text
from pipelines.sandbox.office import Office
from pipelines.sandbox.survey import Document, Payment

Row = dict[str, Any]


class ErpView:
    """The books of one connection, without what is out of its scope."""

    def __init__(self, office: Office) -> None:
        survey = office.books.survey(office.intercompany)
        self.office, self.system, self.connection = office, office.profile.system, office.connection
        self.customers, self.documents, self.payments = survey.customers, survey.documents, survey.payments
        self.applications, self.deposits, self.refunds = survey.applications, survey.deposits, survey.refunds

    def key(self, native: str) -> str:
        return f"{self.system}:{self.connection}:{native}"

    def base(self, native: str) -> Row:
        """What every row begins with."""
        return {"system": self.system, "connection": self.connection, "id": native}

    def citing(self) -> dict[str, list[Payment]]:
        """Charge id -> the live payments that name it, oldest first."""
        found: dict[str, list[Payment]] = defaultdict(list)
        for payment in self.payments.values():
            for charge in payment.cites:
                found[charge].append(payment)
        return found


def document_row(view: ErpView, document: Document) -> Row:
    """A document in the shape of the truth."""
    return {
        **view.base(document.id),
        "type": document.type,
        "number": document.number,
        "customer_id": document.customer,
        "currency": document.currency,
        "amount": text(document.amount, document.currency),
        "open_amount": text(document.open, document.currency),
        "issued_date": document.issued.isoformat(),
        "due_date": document.due.isoformat() if document.due else None,
        "is_deleted": document.is_deleted,
    }


def payment_row(view: ErpView, payment: Payment, *, is_deleted: bool = False) -> Row:
    """A payment in the shape of the truth."""
    return {
        **view.base(payment.id),
        "customer_id": payment.customer,
        "currency": payment.currency,
        "amount": text(payment.amount, payment.currency),
        "unapplied_amount": text(payment.unapplied, payment.currency),
        "date": payment.date.isoformat(),
        "is_deleted": is_deleted,
    }
