"""Exactly once, against NetSuite's twin on a real socket: lost answers, busy servers, errors, and a deliverer killed three times.

Run as a program, this file is the delivering process: with the connections file, the outbox and a run id.
"""

import random
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.connections import Connection
from pipelines.netsuite.client import Client
from pipelines.outbox import Outbox
from tests.e2e.kills import deliver, killed, row, start, update

PAYMENTS, OTHERS, UPDATES = (
    500,
    3,
    20,
)  # payments over both connections; at most so many deposits and reversals, and so many updates in each
FAULTS = (
    {"system": "netsuite", "route": "*/record/v1/*", "method": "POST", "kind": "commit_then_drop", "rate": 0.20},
    {"system": "netsuite", "route": "*/record/v1/*", "method": "PATCH", "kind": "commit_then_drop", "rate": 0.20},
    {"system": "netsuite", "route": "*", "kind": "429", "rate": 0.10},
    {"system": "netsuite", "route": "*", "kind": "5xx", "rate": 0.05},
)
INVOICES = """
    SELECT t.id, t.entity, y.symbol, t.foreignamountunpaid AS unpaid FROM transaction t
    JOIN currency y ON y.id = t.currency JOIN customersubsidiaryrelationship r ON r.entity = t.entity
    WHERE t.type = 'CustInvc' AND r.subsidiary = ? ORDER BY t.foreignamountunpaid DESC, t.id"""
RECEIVED = """
    SELECT t.id, t.status, y.symbol, t.foreigntotal FROM transaction t JOIN currency y ON y.id = t.currency
    WHERE t.type = 'CustPymt' AND t.foreigntotal > 0 ORDER BY t.id DESC"""
APPLIED = "SELECT COUNT(*) AS n FROM nexttransactionlinelink WHERE nextdoc = ? AND linktype = 'Payment' AND foreignamount <> 0"
OURS = """
    SELECT t.id, t.type, t.externalid, t.memo, t.entity, y.symbol, t.foreigntotal FROM transaction t
    JOIN currency y ON y.id = t.currency WHERE t.externalid LIKE 'tieout_%_once_%' OR t.memo LIKE 'once %' ORDER BY t.id"""


def payments(item: Connection, client: Client, count: int) -> list[dict[str, Any]]:
    """Planned payments: of every open invoice, and then on account of customers who have invoices."""
    name, subsidiary = item.name, item.settings.subsidiaries[0]
    invoices = client.query(INVOICES, [subsidiary])
    rows = []
    for number in range(count):
        invoice = invoices[number % len(invoices)]
        unpaid = Decimal(invoice.get("unpaid") or 0) if number < len(invoices) else Decimal(0)
        amount = f"{unpaid or number + 1:.2f}"
        applied = [{"document_id": invoice["id"], "line": 0, "document_type": "invoice", "amount": amount}]
        payload = {
            "customer_id": invoice["entity"], "currency": invoice["symbol"], "amount": amount, "date": "2026-11-02",
            "memo": f"once {name} {number}", "subsidiary_id": subsidiary, "applications": applied if unpaid else [],
        }  # fmt: skip
        rows.append(row(f"tieout_payment_once_{name}_{number}", name, "payment", amount, invoice["symbol"], payload))
    return rows


def others(connection: Connection, client: Client) -> list[dict[str, Any]]:
    """Planned deposits of payments that wait in Undeposited Funds already, and reversals of some that do not."""
    name, accounts = connection.name, connection.settings.bank_accounts
    received = client.query(RECEIVED)
    waiting = [item for item in received if item["status"] == "B" and item["symbol"] in accounts][:OTHERS]
    deposited = [item for item in received if item["status"] == "C"][:OTHERS]
    assert waiting
    assert deposited
    rows = []
    for number, item in enumerate(waiting):
        amount = f"{Decimal(item['foreigntotal']):.2f}"
        payload = {
            "account": accounts[item["symbol"]], "currency": item["symbol"], "date": "2026-11-02", "total": amount,
            "memo": f"once {name} deposit {number}", "subsidiary_id": connection.settings.subsidiaries[0],
            "payments": [{"payment_id": item["id"], "amount": amount}], "other": [],
        }  # fmt: skip
        rows.append(row(f"tieout_deposit_once_{item['id']}", name, "deposit", amount, item["symbol"], payload))
    for item in deposited:
        payload = {"payment_id": item["id"], "payment_type": "CustPymt", "memo": "reversed once"}
        amount = f"{Decimal(item['foreigntotal']):.2f}"
        rows.append(row(f"tieout_reversal_once_{item['id']}", name, "reversal", amount, item["symbol"], payload))
    invoices = client.query(INVOICES, connection.settings.subsidiaries[:1])
    return [*rows, *(update(name, invoice["id"], "memo") for invoice in invoices[:UPDATES])]


@pytest.mark.parametrize("seed", [7])
def test_writes_under_faults_and_three_kills_are_in_netsuite_exactly_once(tmp_path: Path, seed: int) -> None:
    from tests.e2e.world import world  # not at the top: the delivering process must start quickly

    chance = random.Random(seed)
    with world(tmp_path, seed=seed, customers=100, months=6) as company:
        file, path = tmp_path / "connections.toml", company.home.root / "outbox.sqlite"
        books = company.connections.of("netsuite")
        clients = {item.name: Client(item, company.home) for item in books}
        rows = [
            planned
            for item in books
            for planned in (
                *payments(item, clients[item.name], PAYMENTS // len(books)),
                *others(item, clients[item.name]),
            )
        ]
        outbox = Outbox(path)
        assert len(outbox.plan(rows).new) == len(rows) > PAYMENTS

        company.faults(*({**rule, "seed": seed + number} for number, rule in enumerate(FAULTS)))
        begun = 0
        for kill in range(3):
            posted = len(outbox.list(state="posted")) + chance.randint(20, 110)
            begun += killed(start(__file__, file, path, kill), outbox, posted, chance)
        assert begun, "every kill came between two intents, which proves nothing: choose other moments"
        for run in range(3, 8):
            told, errors = start(__file__, file, path, run).communicate(timeout=120)
            assert not errors, errors
            if len(outbox.list(state="posted")) == len(rows):
                break
        hits = Counter()
        for rule in company.control("GET", "faults")["faults"]:
            hits[rule["kind"]] += rule["hits"]
        company.faults()
        assert [(item.key, item.state, item.last_error) for item in outbox.list() if item.state != "posted"] == [], told
        assert min(hits["commit_then_drop"], hits["429"], hits["5xx"]) > 20, hits
        for name, client in clients.items():
            holds_exactly(outbox, name, client)
        hosts = {item.name: item.settings.host for item in books}
        noted = [
            f"/netsuite/{hosts[item.connection]}/services/rest/record/v1/invoice/{item.erp_id}"
            for item in outbox.list(kind="record_update")
        ]
        written = Counter(entry["path"] for entry in company.control("GET", "log")["writes"])
        assert {place: written[place] for place in noted} == dict.fromkeys(noted, 1)

        assert start(__file__, file, path, 9).communicate(timeout=60)[0].strip() == "nothing to send"


def holds_exactly(outbox: Outbox, name: str, client: Client) -> None:
    """The twin has every payment and deposit once, under the id that the outbox knows, as planned; reversed payments are unapplied."""
    made = client.query(OURS)
    intents = {item.key: item for item in outbox.list(connection=name)}
    wanted = {key: item.erp_id for key, item in intents.items() if item.kind in ("payment", "deposit")}
    assert Counter(item["type"] for item in made)["CustPymt"] == PAYMENTS // 2
    assert len(made) == len(wanted)
    assert {item["externalid"]: item["id"] for item in made} == wanted
    assert max(Counter(item["memo"] for item in made).values()) == 1
    for item in made:
        intent = intents[item["externalid"]]
        assert (abs(Decimal(item["foreigntotal"])), item["symbol"]) == (intent.value, intent.currency)
    for item in intents.values():
        if item.kind == "reversal":
            assert client.scalar(APPLIED, [item.body["payment_id"]])["n"] == "0"
        elif item.kind == "record_update":
            assert client.get("invoice", str(item.erp_id))["memo"] == "noted once"
        elif item.kind == "payment":
            assert client.scalar(APPLIED, [str(item.erp_id)])["n"] == str(len(item.body["applications"]))


if __name__ == "__main__":
    deliver("netsuite", max_wait_seconds=0.02)
