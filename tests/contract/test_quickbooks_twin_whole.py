"""Whatever a client writes, the books stay whole: refused writes leave no trace, and every figure agrees with every other."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from pipelines.quickbooks.twin import Company, Refused, aging, entry
from pipelines.quickbooks.twin.errors import ApiError
from pipelines.quickbooks.twin.model import Txn, to_home
from tests.contract.quickbooks_twin_kit import BANK, FEES, RECEIVABLE, SALES, UNDEPOSITED, company, invoice, payment

KINDS = ("Invoice", "Payment", "Payment", "CreditMemo", "Deposit", "Deposit", "JournalEntry", "RefundReceipt")
OPERATIONS = ("create", "create", "create", "create", "update", "sparse", "delete", "void")


class Clerk:
    """Somebody who writes at random."""

    def __init__(self, made: Company, seed: int) -> None:
        self.made, self.rng = made, Random(seed)

    def pick(self, kind: str) -> Txn | None:
        held = [txn for txn in self.made.store.kinds[kind].values() if isinstance(txn, Txn)]
        return self.rng.choice(held) if held else None

    def amount(self) -> Decimal:
        return Decimal(self.rng.randint(0, 60))

    def link(self, *kinds: str) -> dict[str, Any]:
        kind = self.rng.choice(kinds)
        found = self.pick(kind)
        return {"TxnId": str(found.id) if found else "1", "TxnType": kind}

    def body(self, kind: str) -> dict[str, Any]:
        who = self.rng.choice(("201", "202", "203"))
        if kind == "Payment":
            links = [
                self.link("Invoice", "Invoice", "CreditMemo", "JournalEntry") for _ in range(self.rng.randint(0, 3))
            ]
            lines = [{"Amount": self.amount(), "LinkedTxn": [link]} for link in links]
            return {
                "CustomerRef": {"value": who},
                "TotalAmt": self.rng.choice((self.amount(), Decimal(0))),
                "Line": lines,
            }
        if kind == "Deposit":
            return self.deposit()
        if kind == "JournalEntry":
            amount = self.amount()
            return {
                "Line": [
                    posting("Debit", RECEIVABLE, amount, who),
                    posting("Credit", *self.rng.choice(((SALES, amount, None), (RECEIVABLE, amount, "201")))),
                ]
            }
        line = {
            "Amount": self.amount(),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
        }
        bank = (
            {"DepositToAccountRef": {"value": self.rng.choice((UNDEPOSITED, BANK))}} if kind == "RefundReceipt" else {}
        )
        return {"CustomerRef": {"value": who}, "Line": [line] * self.rng.randint(1, 2), **bank}

    def deposit(self) -> dict[str, Any]:
        lines: list[dict[str, Any]] = []
        for _ in range(self.rng.randint(0, 2)):
            link = self.link("Payment", "Payment", "RefundReceipt")
            held = self.made.store.txns.get(int(link["TxnId"]))
            amount = held.total if held else Decimal(1)
            lines.append(
                {
                    "Amount": amount if link["TxnType"] == "Payment" else -amount,
                    "LinkedTxn": [{**link, "TxnLineId": "0"}],
                }
            )
        if self.rng.random() < 0.6:
            lines.append(
                {
                    "Amount": -self.amount() / 10,
                    "DetailType": "DepositLineDetail",
                    "DepositLineDetail": {"AccountRef": {"value": FEES}},
                }
            )
        return {"DepositToAccountRef": {"value": self.rng.choice((BANK, "36"))}, "Line": lines}

    def write(self) -> str:
        """One write; says what became of it. Raises AssertionError when a refusal left a trace."""
        kind, operation = self.rng.choice(KINDS), self.rng.choice(OPERATIONS)
        body, target = self.body(kind), self.pick(kind)
        if operation != "create":
            if target is None:
                return "nothing"
            body = {**body, "Id": str(target.id), "SyncToken": str(target.sync), "sparse": operation == "sparse"}
        before = state(self.made)
        try:
            entry.write(self.made, kind, "update" if operation == "sparse" else operation, body)
        except (Refused, ApiError) as refused:
            operation = refused.code
        assert not operation.isdigit() or state(self.made) == before, (operation, kind, body)
        return operation


def posting(side: str, account: str, amount: Decimal, customer: str | None) -> dict[str, Any]:
    entity = {"Entity": {"Type": "Customer", "EntityRef": {"value": customer}}} if customer else {}
    return {
        "Amount": amount,
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account}, **entity},
    }


def state(made: Company) -> object:
    return made.documents(), made.payments(), made.deposits(), made.refunds()


def agree(made: Company) -> None:
    """Every figure against every other."""
    documents, payments = made.documents(), made.payments()
    settled: Counter[str] = Counter()
    for row in made.applications():
        settled[row.document] += row.amount  # type: ignore[assignment]
    for document in documents:
        assert 0 <= document.open * (1 if document.amount > 0 else -1) <= abs(document.amount), document
        assert document.amount <= 0 or document.amount - document.open == settled[document.id], document
    held = {key: deposit.id for deposit in made.deposits() for key in deposit.payments}
    for row in payments:
        assert row.unapplied >= 0, row
        assert row.deposit == held.get(row.id), row
    for customer in made.customers():
        owed = sum(row.open for row in documents if row.customer == customer.id)
        assert customer.balance == owed - sum(row.unapplied for row in payments if row.customer == customer.id)
    rows = aging.report(made, {})["Rows"]["Row"]
    total = sum(to_home(row.open, row.rate) for row in documents) - sum(
        to_home(row.unapplied, row.rate) for row in payments
    )
    assert Decimal(rows[-1]["Summary"]["ColData"][-1]["value"]) == total


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_writes_keep_the_books_whole(seed: int) -> None:
    made = company()
    payment(made, "80.00", ((invoice(made, "50.00"), "30.00"),))
    clerk = Clerk(made, seed)
    done = Counter(clerk.write() for _ in range(600))
    agree(made)
    assert {"create", "update", "sparse", "delete", "void", "6000"} <= set(done), done
