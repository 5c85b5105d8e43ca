"""A small company in the QuickBooks twin, served on a real socket, for the contract tests."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from pipelines.quickbooks.twin import Company, Limits, Line, Realm, app

START = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
REALM, OTHER_REALM = "9341", "9342"
UNLIMITED = Limits(None, None, None)
SALES, FEES, UNDEPOSITED, BANK, RECEIVABLE, CLEARING, METHOD = "79", "60", "4", "35", "84", "64", "3"


class TestClock:
    """Company time for the tests: stands still, one second per write."""

    __test__ = False

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def tick(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def contract(name: str) -> Any:
    """A file of the QuickBooks contract; skips the test when the contracts are not there."""
    root = Path(os.environ.get("TIEOUT_CONTRACTS", Path(__file__).parents[2] / ".." / "shared" / "contracts"))
    path = root / "quickbooks" / name
    if not path.exists():
        pytest.skip(f"{path} is not there; set TIEOUT_CONTRACTS to the folder of the vendors' contracts")
    return json.loads(path.read_text())


def company(realm_id: str = REALM, **settings: Any) -> Company:
    """Three customers: 201 and 203 in home currency, 203 with a parent, 202 in euros."""
    made = Company(realm_id, TestClock(), **settings)
    made.add_customer(name="Acme Ltd", id="201", email="ap@acme.example", given_name="Ann", family_name="Price")
    made.set_rate("EUR", date(2026, 1, 1), Decimal("1.1"))
    made.add_customer(name="Beta GmbH", id="202", currency="EUR")
    made.add_customer(name="North", id="203", parent="201")
    made.add_account(name="Bank EUR", account_type="Bank", account_sub_type="Checking", currency="EUR", id="36")
    return made


def invoice(made: Company, amount: str = "100.00", customer: str = "201", **changes: Any) -> str:
    """One invoice of one line."""
    given: dict[str, Any] = {
        "customer": customer, "date": date(2026, 10, 5), "due_date": date(2026, 11, 4), "lines": [Line(SALES, Decimal(amount), "Work", None, Decimal(2))],
        "at": START - timedelta(days=5),
    }  # fmt: skip
    return made.post_invoice(**{**given, **changes})


def payment(made: Company, amount: str, apply: tuple[tuple[str, str], ...] = (), **changes: Any) -> str:
    given: dict[str, Any] = {
        "customer": "201", "date": date(2026, 10, 20), "amount": Decimal(amount), "at": START - timedelta(days=2),
        "apply": [(key, Decimal(used)) for key, used in apply],
    }  # fmt: skip
    return made.post_payment(**{**given, **changes})


@dataclass
class Twin:
    """The running twin: its root URL, and requests with a good token."""

    root: str
    realm: Realm

    def __post_init__(self) -> None:
        self.session = requests.Session()
        grant = self.realm.credentials.refresh(self.realm.credentials.refresh_token)
        assert grant is not None
        self.session.headers.update({"Authorization": f"Bearer {grant.access_token}", "Accept": "application/json"})

    @property
    def base(self) -> str:
        return f"{self.root}/quickbooks/v3/company/{self.realm.company.realm_id}"

    def get(self, path: str, **query: str) -> requests.Response:
        return self.session.get(f"{self.base}/{path}", params={"minorversion": "75", **query}, timeout=20)

    def post(self, path: str, body: Any, **query: str) -> requests.Response:
        return self.session.post(f"{self.base}/{path}", json=body, params={"minorversion": "75", **query}, timeout=20)

    def made(self, path: str, body: Any, **query: str) -> dict[str, Any]:
        """The record that a write answers."""
        answer = self.post(path, body, **query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = next(value for name, value in answer.json().items() if name != "time")
        return found

    def fault(self, path: str, body: Any, **query: str) -> tuple[str, str, str]:
        """The code, detail and element of a refused write."""
        return fault(self.post(path, body, **query))

    def query(self, text: str) -> dict[str, Any]:
        answer = self.session.post(
            f"{self.base}/query", data=text.encode(), headers={"Content-Type": "application/text"}, timeout=20
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["QueryResponse"]
        return found

    def refused(self, text: str) -> tuple[str, str, str]:
        return fault(self.get("query", query=text))


def fault(answer: requests.Response) -> tuple[str, str, str]:
    assert answer.status_code == 400, answer.text
    body = answer.json()
    (error,) = body["Fault"]["Error"]
    assert body["Fault"]["type"] == "ValidationFault"
    return error["code"], error["Detail"], error["element"]


def realm(made: Company | None = None, limits: Limits = UNLIMITED) -> Realm:
    return Realm(made or company(), limits=limits)


@contextmanager
def listening(served: Starlette) -> Iterator[str]:
    """Serve an app on a free port of the loopback; yields its root URL."""
    server = uvicorn.Server(
        uvicorn.Config(served, host="127.0.0.1", port=0, log_level="warning", date_header=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def serve(*realms: Realm, **more: Any) -> Iterator[str]:
    """Serve companies; yields the root URL."""
    mounted = Mount("/quickbooks", app({one.company.realm_id: one for one in realms}, **more))
    with listening(Starlette(routes=[mounted])) as root:
        yield root


@contextmanager
def running(made: Company | None = None, limits: Limits = UNLIMITED) -> Iterator[Twin]:
    """A twin of one company."""
    one = realm(made, limits)
    with serve(one) as root:
        yield Twin(root, one)
