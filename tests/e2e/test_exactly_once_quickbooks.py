"""Exactly once, against QuickBooks' twin on a real socket: lost answers, a busy server, tokens that end, and a deliverer killed three times.

Run as a program, this file is the delivering process: with the connections file, the outbox and a run id.
"""

import random
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.outbox import Outbox
from tests.e2e.kills import deliver, killed, row, start, update

PAYMENTS, DEPOSITS, REVERSALS, UPDATES = 170, 14, 16, 20  # of the reversed payments every other one is in a deposit
WRITES = PAYMENTS + DEPOSITS + REVERSALS + UPDATES
NAME, AMOUNT = "books", "40.00"
TOKEN_CALLS = 60  # so often the access token ends
SETTINGS = """
[quickbooks.books]
realm_id = "{realm}"
base_url = "{url}"
time_zone = "America/Los_Angeles"
client_id = "${{QB_ID}}"
client_secret = "${{QB_SECRET}}"
refresh_token = "${{QB_TOKEN}}"
dispute_account = "{disputes}"
writeback = {{ payment = "apply", deposit = "apply", reversal = "apply" }}
"""


class Books:
    """A company with what there is to write: open invoices, and payments that wait or are in a deposit."""

    def __init__(self, company: Any) -> None:
        self.company = company
        self.customers = [company.customer(f"Customer {number}") for number in range(20)]

    def rows(self) -> list[dict[str, Any]]:
        return [
            *(self._payment(number) for number in range(PAYMENTS)),
            *(self._deposit(number) for number in range(DEPOSITS)),
            *(self._reversal(number) for number in range(REVERSALS)),
            *(update(NAME, self.company.invoice(self.customers[0]), "PrivateNote") for _ in range(UPDATES)),
        ]

    def _payment(self, number: int) -> dict[str, Any]:
        customer = self.customers[number % len(self.customers)]
        invoice = self.company.invoice(customer, "100.00", number=f"P{number}")
        payload = {
            "customer_id": customer, "currency": "USD", "amount": AMOUNT, "date": "2026-11-02", "memo": f"once {number}", "method": "3",
            "applications": [{"document_id": invoice, "document_type": "invoice", "amount": AMOUNT}],
        }  # fmt: skip
        return row(f"tieout_payment_once_{number}", NAME, "payment", AMOUNT, "USD", payload)

    def _paid(self, number: int) -> str:
        customer = self.customers[number % len(self.customers)]
        return str(self.company.payment(customer, AMOUNT, [(self.company.invoice(customer), AMOUNT)]))

    def _deposit(self, number: int) -> dict[str, Any]:
        from pipelines.quickbooks.twin.chart import BANK

        payload = {
            "account": BANK, "currency": "USD", "date": "2026-11-02", "total": AMOUNT, "memo": f"once {number}",
            "payments": [{"payment_id": self._paid(number), "amount": AMOUNT}], "other": [],
        }  # fmt: skip
        return row(f"tieout_deposit_once_{number}", NAME, "deposit", AMOUNT, "USD", payload)

    def _reversal(self, number: int) -> dict[str, Any]:
        from pipelines.quickbooks.twin.chart import BANK

        paid, books = self._paid(number), self.company.company
        if number % 2:
            books.post_deposit(account=BANK, date=date(2026, 10, 25), payments=[paid], at=self.company.clock.tick())
        payload = {"payment_id": paid, "payment_type": "payment", "amount": AMOUNT, "currency": "USD", "memo": "once"}
        return row(f"tieout_reversal_once_{paid}", NAME, "reversal", AMOUNT, "USD", payload)


class Faults:
    """Which requests suffer: one seeded sequence. A lost answer is a write that was carried out."""

    def __init__(self, seed: int, expire: Any) -> None:
        self.chance, self.expire, self.hits = random.Random(seed), expire, Counter[str]()

    def drop(self, method: str, path: str) -> bool:
        writes = method == "POST" and path.rpartition("/")[2] in ("payment", "deposit", "journalentry", "invoice")
        return self._hit("drop", writes and self.chance.random() < 0.20)

    def busy(self, _method: str, path: str) -> bool:
        return self._hit("429", "/company/" in path and self.chance.random() < 0.05)

    def before(self, _method: str, path: str) -> None:
        self.hits["calls"] += "/company/" in path
        if "/company/" in path and self.hits["calls"] % TOKEN_CALLS == 0:
            self.hits["expired"] += 1
            self.expire()

    def _hit(self, name: str, strikes: bool) -> bool:
        self.hits[name] += strikes
        return strikes


@pytest.mark.parametrize("seed", [7])
def test_writes_under_faults_and_three_kills_are_in_quickbooks_exactly_once(tmp_path: Path, seed: int) -> None:
    from pipelines.quickbooks.twin.chart import DISPUTES
    from tests.contract import quickbooks_kit as kit  # not at the top: the delivering process must start quickly

    chance = random.Random(seed)
    with kit.world(tmp_path) as company:
        file, path = tmp_path / "connections.toml", company.home.root / "outbox.sqlite"
        file.write_text(SETTINGS.format(realm=kit.REALM, url=company.url, disputes=DISPUTES))
        before = {row.id for row in company.company.payments()}
        rows = Books(company).rows()
        paid = {row.id for row in company.company.payments()} - before
        given = {row.id for row in company.company.deposits()}
        outbox = Outbox(path)
        assert len(outbox.plan(rows).new) == len(rows) == WRITES

        faults = Faults(seed, company.realm.credentials.expire_access)
        company.way.drop_after, company.way.busy, company.way.before = faults.drop, faults.busy, faults.before
        begun = 0
        for kill in range(3):
            posted = len(outbox.list(state="posted")) + chance.randint(10, 45)
            begun += killed(start(__file__, file, path, kill), outbox, posted, chance)
        assert begun, "every kill came between two intents, which proves nothing: choose other moments"
        for run in range(3, 8):
            told, errors = start(__file__, file, path, run).communicate(timeout=60)
            assert not errors, errors
            if len(outbox.list(state="posted")) == WRITES:
                break
        company.way.calm()
        assert [(item.key, item.state, item.last_error) for item in outbox.list() if item.state != "posted"] == [], told
        assert faults.hits["drop"] > 20, faults.hits
        assert min(faults.hits["429"], faults.hits["expired"]) > 5, faults.hits
        holds_exactly(company.company, outbox, paid, given)
        assert start(__file__, file, path, 9).communicate(timeout=60)[0].strip() == "nothing to send"


def holds_exactly(books: Any, outbox: Outbox, paid: set[str], given: set[str]) -> None:
    """The twin has every payment, deposit and journal once, under the id that the outbox knows, and nothing else."""
    payments = {row.id: row for row in books.payments()}
    deposits = {row.id for row in books.deposits()} - given
    journals = [row for row in books.documents() if row.type == "JournalEntry"]
    assert (len(payments) - len(paid), len(deposits), len(journals)) == (PAYMENTS, DEPOSITS, REVERSALS)
    wanted = {kind: {item.erp_id for item in outbox.list(kind=kind)} for kind in ("payment", "deposit")}
    assert wanted == {"payment": set(payments) - paid, "deposit": deposits}
    assert {row.amount for row in (*payments.values(), *journals)} == {Decimal(AMOUNT)}
    assert {row.unapplied for row in payments.values()} == {Decimal(0)}
    noted = [books.store.txns[int(item.erp_id)] for item in outbox.list(kind="record_update") if item.erp_id]
    assert [(txn.note, txn.sync) for txn in noted] == [("noted once", 1)] * UPDATES
    # Of a payment that waited the journal is settled and the invoice open; of one in a deposit it is the other way round.
    assert Counter(row.open for row in journals) == {Decimal(0): REVERSALS // 2, Decimal(AMOUNT): REVERSALS // 2}


if __name__ == "__main__":
    from pipelines.quickbooks import pace

    pace.next_moment = lambda now, _known, _per_second, _per_minute: now
    deliver("quickbooks", max_wait_seconds=0.02, throttle_wait_seconds=0.02)
