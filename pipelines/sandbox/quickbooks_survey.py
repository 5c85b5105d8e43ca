"""What the books of a QuickBooks company say, from its rows and added up by plain Python.

A payment of nothing only links a credit to what it settles: no money came, so it is no payment of ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from pipelines.quickbooks.twin import ApplicationRow, Company, DocumentRow
from pipelines.sandbox.money import ZERO
from pipelines.sandbox.survey import (
    CHARGE,
    DISPUTE,
    PAYOUT,
    REFUND,
    Application,
    Deposit,
    Document,
    Payment,
    Survey,
    cites,
)

_TYPES = {"Invoice": "invoice", "CreditMemo": "credit_note", "JournalEntry": "journal"}


def read(company: Company, excluded: str) -> Survey:
    """Everything of one company as its books have it now."""
    view = Survey()
    with company.lock:  # one state, although it is several questions
        view.customers = {row.id: row.name for row in company.customers() if row.id != excluded}
        documents, payments, links = company.documents(), company.payments(), company.applications()
        deposits, refunds = company.deposits(), company.refunds()
    view.applications = _applications(row for row in links if row.customer in view.customers)
    paid: dict[str, Decimal] = defaultdict(Decimal)
    used: dict[str, Decimal] = defaultdict(Decimal)
    for made in view.applications:
        paid[made.document] += made.amount
        used[made.payment] += made.amount
    for row in documents:
        if row.customer in view.customers:
            view.documents[row.id] = _document(row, paid[row.id], used[row.id])
    for paying in payments:
        left = paying.amount - used[paying.id] + paid[paying.id]
        if paying.customer in view.customers and not paying.voided and (paying.amount or left):
            named = cites(CHARGE, paying.memo, paying.reference)
            view.payments[paying.id] = Payment(
                paying.id, paying.customer, paying.currency, paying.amount, left, paying.date, named
            )
    view.deposits = [
        Deposit(row.id, row.currency, row.amount, row.date, "C", cites(PAYOUT, row.memo)) for row in deposits
    ]
    for refund in refunds:
        if refund.customer in view.customers:
            view.refunds |= cites(REFUND, refund.memo)
    return view


def _document(row: DocumentRow, paid: Decimal, used: Decimal) -> Document:
    still = ZERO if row.voided else row.amount - paid + used
    named = cites(CHARGE, row.memo) | cites(DISPUTE, row.memo)
    return Document(
        row.id, _TYPES[row.type], row.number, row.customer, row.currency, row.amount, still, row.date, row.due, row.voided, named
    )  # fmt: skip


def _applications(rows: Iterable[ApplicationRow]) -> list[Application]:
    """One per credit and document, also where two payments link the same two."""
    found: dict[tuple[str, str], Application] = {}
    for row in rows:
        made = Application(row.credit, row.document, row.currency, row.amount, row.date)
        before = found.get((row.credit, row.document))
        if before is not None:
            made = replace(made, amount=before.amount + made.amount, date=max(before.date, made.date))
        found[row.credit, row.document] = made
    return list(found.values())
