"""A small company in the NetSuite twin, served on a real socket, for the contract tests."""

from __future__ import annotations

import json
import os
import secrets
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
from requests_oauthlib import OAuth1
from starlette.applications import Starlette
from starlette.routing import Mount

from pipelines.netsuite.twin import Account, Books, Certificate, Credentials, Line, Token, app

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
USD, EUR = "1", "2"
RECEIVABLE, UNDEPOSITED, BANK, SALES, FEES, BANK_EUR = "10", "11", "12", "13", "14", "15"


class TestClock:
    """Company time for the tests: stands still, one second per write."""

    __test__ = False

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        return self._now

    def tick(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


def contract(name: str) -> Any:
    """A file of the NetSuite contract; skips the test when the contracts are not there."""
    return json.loads(_contract(name).read_text())


def seed_columns(name: str) -> list[str]:
    """The columns of a table as an extract of a real account has them."""
    return _contract(f"seeds/{name}").read_text().splitlines()[0].split(",")


def _contract(name: str) -> Path:
    root = Path(os.environ.get("TIEOUT_CONTRACTS", Path(__file__).parents[2] / ".." / "shared" / "contracts"))
    path = root / "netsuite" / name
    if not path.exists():
        pytest.skip(f"{path} is not there; set TIEOUT_CONTRACTS to the folder of the vendors' contracts")
    return path


def books(account_id: str = "7311001_SB1", zone: str = "America/Los_Angeles") -> Books:
    """Reference data: two subsidiaries, two currencies, a chart, periods (January 2026 closed), three customers."""
    made = Books(account_id, TestClock(), time_zone=zone, base_currency="USD")
    made.add(
        "currency",
        id=USD,
        name="US Dollar",
        symbol="USD",
        currencyprecision=2,
        isbasecurrency=True,
        exchangerate=Decimal(1),
    )
    made.add(
        "currency",
        id=EUR,
        name="Euro",
        symbol="EUR",
        currencyprecision=2,
        isbasecurrency=False,
        exchangerate=Decimal("1.1"),
    )
    made.add(
        "subsidiary",
        id="1",
        name="US",
        fullname="US",
        currency=USD,
        country="US",
        iselimination=False,
        isinactive=False,
    )
    made.add(
        "subsidiary",
        id="2",
        name="EMEA",
        fullname="EMEA",
        currency=EUR,
        country="IE",
        iselimination=False,
        isinactive=False,
    )
    for key, name, kind, purpose in (
        (RECEIVABLE, "Accounts Receivable", "AcctRec", "AcctRec"),
        (UNDEPOSITED, "Undeposited Funds", "OthCurrAsset", "UndepFunds"),
        (BANK, "Bank USD", "Bank", None),
        (SALES, "Sales", "Income", None),
        (FEES, "Card fees", "Expense", None),
        (BANK_EUR, "Bank EUR", "Bank", None),
    ):
        currency = {BANK: USD, BANK_EUR: EUR}.get(key)
        made.add(
            "account",
            id=key,
            acctnumber=key,
            accountsearchdisplayname=name,
            accttype=kind,
            sspecacct=purpose,
            currency=currency,
        )
    for month in range(1, 13):
        first = date(2026, month, 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        name = first.strftime("%b %Y")
        made.add(
            "accountingperiod",
            id=str(100 + month),
            periodname=name,
            startdate=first,
            enddate=last,
            closed=month == 1,
            isposting=True,
        )
    made.add("paymentmethod", id="7", name="Visa", isinactive=False)
    made.add("item", id="501", fullname="Consulting", itemtype="Service", incomeaccount=SALES)
    for key, subsidiary in (("201", "1"), ("202", "1"), ("203", "2")):
        name = f"Customer {key}"
        made.add(
            "customer", id=key, entityid=name, companyname=name, altname=name, currency=USD if subsidiary == "1" else EUR, isperson=False,
            isinactive=False, email=f"ap@{key}.example", lastmodifieddate=START - timedelta(days=30),
        )  # fmt: skip
        made.add(
            "customersubsidiaryrelationship",
            id=str(int(key) + 100),
            entity=key,
            subsidiary=subsidiary,
            isprimarysub=True,
        )
    return made


def invoice(made: Books, amount: str = "100.00", customer: str = "201", **changes: Any) -> str:
    """One invoice of one line."""
    given: dict[str, Any] = {
        "customer": customer, "subsidiary": "1", "currency": USD, "exchange_rate": Decimal(1), "date": date(2026, 10, 5),
        "due_date": date(2026, 11, 4), "lines": [Line(SALES, Decimal(amount), "Work", "501", Decimal(2))], "at": START - timedelta(days=5),
    }  # fmt: skip
    return made.post_invoice(**{**given, **changes})


def payment(made: Books, amount: str, apply: tuple[tuple[str, Decimal], ...] = (), **changes: Any) -> str:
    given: dict[str, Any] = {
        "customer": "201", "subsidiary": "1", "currency": USD, "exchange_rate": Decimal(1), "date": date(2026, 10, 20),
        "amount": Decimal(amount), "at": START - timedelta(days=2),
    }  # fmt: skip
    return made.post_payment(**{**given, "apply": apply, **changes})


def token() -> Token:
    return Token(*(secrets.token_hex(32) for _ in range(4)))


@dataclass
class Twin:
    """The running twin: its root URL, and requests signed by a second OAuth 1.0a implementation (requests-oauthlib)."""

    root: str
    account: Account

    @property
    def base(self) -> str:
        return f"{self.root}/netsuite/{self.account.host}"

    def auth(self, **changes: Any) -> OAuth1:
        held = self.account.credentials.tokens[0]
        given: dict[str, Any] = {
            "client_key": held.consumer_key, "client_secret": held.consumer_secret, "resource_owner_key": held.token_id,
            "resource_owner_secret": held.token_secret, "realm": self.account.books.account_id, "signature_method": "HMAC-SHA256",
        }  # fmt: skip
        return OAuth1(**{**given, **changes})

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        data = body if isinstance(body, bytes | None) else json.dumps(body)
        headers = {"Content-Type": "application/json", **more.pop("headers", {})}
        more.setdefault("auth", self.auth())
        return requests.request(
            method, f"{self.base}/services/rest{path}", data=data, headers=headers, timeout=20, **more
        )

    def record(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.call(method, f"/record/v1/{path}", body, **more)

    def query(self, text: str, *params: Any, limit: int = 1000, offset: int = 0, **more: Any) -> requests.Response:
        headers = more.pop("headers", {"Prefer": "transient"})
        body = {"q": text, **({"params": list(params)} if params else {})}
        return self.call("POST", f"/query/v1/suiteql?limit={limit}&offset={offset}", body, headers=headers, **more)

    def rows(self, text: str, *params: Any) -> list[dict[str, Any]]:
        answer = self.query(text, *params)
        assert answer.status_code == 200, answer.text
        return [{name: value for name, value in item.items() if name != "links"} for item in answer.json()["items"]]

    def create(self, record: str, body: Any, **more: Any) -> str:
        answer = self.record("POST", record, body, **more)
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].rsplit("/", 1)[1]


def made_account(filled: Books | None = None, certificates: list[Certificate] | None = None) -> Account:
    return Account(filled or books(), Credentials([token()], certificates or []))


@contextmanager
def serve(*accounts: Account) -> Iterator[str]:
    """Serve accounts on a free port of the loopback; yields the root URL."""
    served = Starlette(routes=[Mount("/netsuite", app({account.books.account_id: account for account in accounts}))])
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
