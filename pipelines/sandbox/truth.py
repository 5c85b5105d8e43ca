"""What a ledger of the company must say, computed from the state of the twins alone: no client, no warehouse, no shared arithmetic."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pipelines.sandbox import truth_breaks, truth_erp
from pipelines.sandbox.bank import BOOKS
from pipelines.sandbox.company import Company
from pipelines.sandbox.money import ZERO, major, text
from pipelines.sandbox.survey import Document, Payment
from pipelines.sandbox.truth_bank import BankView, line_id
from pipelines.sandbox.truth_breaks import PspView
from pipelines.sandbox.truth_drops import DropView
from pipelines.sandbox.truth_erp import ErpView

Row = dict[str, Any]
LISTS = ("customers", "documents", "payments", "applications", "payouts", "deposits", "breaks")


class Truth:
    """The truth, now. It remembers the documents and payments that it has seen, since one deleted later stays on as deleted."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self._documents: dict[str, dict[str, Document]] = defaultdict(dict)
        self._payments: dict[str, dict[str, Payment]] = defaultdict(dict)

    def remember(self) -> list[ErpView]:
        """Look at the books as they are; call it before time passes."""
        views = [ErpView(branch.office) for branch in self.company.branches]
        for view in views:
            for key, document in view.documents.items():
                if not document.is_deleted:
                    self._documents[view.connection][key] = document
                elif key in self._documents[view.connection]:
                    seen = self._documents[view.connection][key]
                    view.documents[key] = replace(seen, open=ZERO, is_deleted=True)
            self._payments[view.connection].update(view.payments)
        return views

    def state(self) -> dict[str, list[Row]]:
        """All lists, sorted by system, connection and id."""
        lists: dict[str, list[Row]] = {name: [] for name in LISTS}
        erps = self.remember()
        psps = [truth_breaks.read(branch.till) for branch in self.company.branches]
        known = {str(obj["id"]) for psp in psps for obj in (*psp.charges, *psp.payouts)}
        known |= {line_id(line) for line in self.company.bank.lines()}
        for erp, psp in zip(erps, psps, strict=True):
            breaks = truth_breaks.Breaks(erp, psp, known)
            lists["breaks"] += breaks.all()
            if erp.connection == BOOKS:
                bank = BankView(self.company.bank, erp, breaks)
                lists["payments"] += bank.payments()
                lists["breaks"] += bank.breaks()
            self._erp(erp, lists)
            _psp(psp, erp, lists)
        for drop in self.company.drops:
            view = DropView(drop)
            lists["customers"] += view.customers()
            lists["documents"] += view.documents()
            lists["breaks"] += view.breaks()
        for rows in lists.values():
            rows.sort(key=lambda row: (row["system"], row["connection"], row["id"]))
        return lists

    def _erp(self, view: ErpView, lists: dict[str, list[Row]]) -> None:
        balances: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for document in view.documents.values():
            balances[document.customer][document.currency] += document.open
        for payment in view.payments.values():
            balances[payment.customer][payment.currency] -= payment.unapplied
        for customer, name in view.customers.items():
            amounts = {currency: text(amount, currency) for currency, amount in sorted(balances[customer].items())}
            lists["customers"].append(view.base(customer) | {"name": name, "balances": amounts})
        gone = [
            replace(seen, open=ZERO, is_deleted=True)
            for key, seen in self._documents[view.connection].items()
            if key not in view.documents
        ]
        lists["documents"] += [truth_erp.document_row(view, document) for document in (*view.documents.values(), *gone)]
        lists["payments"] += [truth_erp.payment_row(view, payment) for payment in view.payments.values()]
        lists["payments"] += [
            truth_erp.payment_row(view, replace(seen, unapplied=ZERO), is_deleted=True)
            for key, seen in self._payments[view.connection].items()
            if key not in view.payments
        ]
        lists["applications"] += [
            view.base(f"{made.payment}:{made.document}")
            | {
                "payment_id": made.payment,
                "document_id": made.document,
                "currency": made.currency,
                "amount": text(made.amount, made.currency),
                "date": made.date.isoformat(),
            }
            for made in view.applications
        ]
        lists["deposits"] += [
            view.base(deposit.id)
            | {
                "currency": deposit.currency,
                "amount": text(deposit.amount, deposit.currency),
                "status": deposit.status,
                "date": deposit.date.isoformat(),
            }
            for deposit in view.deposits
        ]


def _psp(psp: PspView, erp: ErpView, lists: dict[str, list[Row]]) -> None:
    """Charges as payments, and payouts. A charge has an ERP customer only when our own metadata names one."""
    for charge in psp.charges:
        currency = charge["currency"].upper()
        customer = charge["metadata"].get("customer_source_id")
        lists["payments"].append({
            "system": "stripe",
            "connection": psp.till.connection,
            "id": charge["id"],
            "customer_id": customer if customer in erp.customers else None,
            "currency": currency,
            "amount": text(major(charge["amount"], currency), currency),
            "unapplied_amount": text(ZERO, currency),
            "date": psp.made_on(charge).isoformat(),
            "is_deleted": False,
        })  # fmt: skip
    for payout in psp.payouts:
        currency = payout["currency"].upper()
        lists["payouts"].append({
            "system": "stripe",
            "connection": psp.till.connection,
            "id": payout["id"],
            "currency": currency,
            "amount": text(major(payout["amount"], currency), currency),
            "status": payout["status"],
            "date": datetime.fromtimestamp(payout["arrival_date"], UTC).date().isoformat(),
        })  # fmt: skip
