"""A small company in the NetSuite twin, on a real socket, with a switch for each thing that can go wrong on the way."""

import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.netsuite.twin.account import Account, Limits
from pipelines.netsuite.twin.app import app
from pipelines.netsuite.twin.auth import Certificate, Credentials, Token
from pipelines.netsuite.twin.books import Books, JournalLine, Line
from pipelines.outbox import Confirmation
from pipelines.sandbox.clock import Clock
from pipelines.sync import SyncReport, sync

Asgi = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
RECEIVABLE, UNDEPOSITED, BANK, SALES, FEES = "10", "11", "12", "13", "14"


def credentials(account: str) -> tuple[Credentials, dict[str, str]]:
    """What may log in to an account, and the environment that holds it."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    token = Token(f"ck{account}", "cs secret/+", f"ti{account}", "ts secret&=")
    env = {
        "NS_CK": token.consumer_key, "NS_CS": token.consumer_secret, "NS_TI": token.token_id, "NS_TS": token.token_secret,
        "NS_CLIENT": "client-1", "NS_CERT": "cert-1", "NS_KEY": private.replace("\n", "\\n"),
    }  # fmt: skip
    return Credentials([token], [Certificate("client-1", "cert-1", public)]), env


def oauth1() -> dict[str, Any]:
    return {
        "auth": "oauth1",
        "consumer_key": "${NS_CK}",
        "consumer_secret": "${NS_CS}",
        "token_id": "${NS_TI}",
        "token_secret": "${NS_TS}",
    }


def oauth2() -> dict[str, Any]:
    return {
        "auth": "oauth2", "client_id": "${NS_CLIENT}", "certificate_id": "${NS_CERT}", "private_key": "${NS_KEY}", "algorithm": "ES256",
    }  # fmt: skip


def books(clock: Clock, account: str = "7311001_SB1", zone: str = "America/Los_Angeles") -> Books:
    """Reference data, two subsidiaries, three customers; no transactions yet."""
    made = Books(account, clock, time_zone=zone, base_currency="1")
    for row, (symbol, base) in enumerate((("USD", "T"), ("EUR", "F"), ("JPY", "F")), 1):
        made.add(
            "currency",
            id=str(row),
            name=symbol,
            symbol=symbol,
            currencyprecision=0 if symbol == "JPY" else 2,
            isbasecurrency=base,
        )
    made.add(
        "subsidiary",
        id="1",
        name="Parent Inc",
        fullname="Parent Inc",
        currency="1",
        country="US",
        iselimination="F",
        isinactive="F",
    )
    made.add(
        "subsidiary", id="2", name="EMEA Ltd", fullname="Parent Inc : EMEA Ltd", currency="2", parent="1", country="GB"
    )
    for key, kind, special in (
        (RECEIVABLE, "AcctRec", None), (UNDEPOSITED, "OthCurrAsset", "UndepFunds"), (BANK, "Bank", None), (SALES, "Income", None),
        (FEES, "Expense", None),
    ):  # fmt: skip
        made.add(
            "account",
            id=key,
            acctnumber=f"1{key}",
            accountsearchdisplayname=kind,
            accttype=kind,
            sspecacct=special,
            isinactive="F",
        )
    for month in range(1, 13):
        first = date(2026, month, 1)
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        made.add(
            "accountingperiod", id=str(month), periodname=f"{first:%b %Y}", startdate=first, enddate=last, isposting="T", isquarter="F",
            isyear="F", closed="F", arlocked="F", alllocked="F",
        )  # fmt: skip
    made.add("paymentmethod", id="5", name="Card", isinactive="F")
    made.add("term", id="1", name="Net 30", daysuntilnetdue=30)
    made.add(
        "currencyrate",
        id="1",
        basecurrency="1",
        transactioncurrency="2",
        exchangerate=Decimal("1.10"),
        effectivedate=date(2026, 1, 1),
    )
    made.add("customercategory", id="4", name="Wholesale")
    for key, city in (("81", "Austin"), ("82", "Boston")):
        made.add(
            "entityaddress",
            nkey=key,
            recordowner="501",
            addressee="Ünïted",
            addr1="1 Road",
            city=city,
            state="TX",
            zip="78701",
            country="US",
        )
    at = clock.now() - timedelta(days=90)
    for key, subsidiary in (("501", "1"), ("502", "1"), ("503", "2")):
        made.add(
            "customer", id=key, entityid=f"C{key}", companyname=f"Ünïted {key} \"O'Hara\" GmbH", currency="1", isperson="F", isinactive="F",
            datecreated=at, lastmodifieddate=at, custentity_segment="Enterprise",
            **({"category": "4", "defaultbillingaddress": "81", "defaultshippingaddress": "82", "fax": "7", "url": "u.example"} if key == "501" else {}),
        )  # fmt: skip
        made.add("customersubsidiaryrelationship", id=f"9{key}", entity=key, subsidiary=subsidiary, isprimarysub="T")
    made.add(
        "contact", id="701", company="501", entityid="Ann", email="ann@example.com", lastmodifieddate=at, isinactive="F"
    )
    made.flush()
    return made


def invoice(
    made: Books,
    amount: str = "100.00",
    *,
    customer: str = "501",
    subsidiary: str = "1",
    at: datetime | None = None,
    **more: Any,
) -> str:
    day = more.pop("date", date(2026, 10, 1))
    half = (Decimal(amount) / 2).quantize(Decimal("0.01"))
    return made.post_invoice(
        customer=customer, subsidiary=subsidiary, currency="1", exchange_rate=Decimal(1), date=day, due_date=day + timedelta(days=30),
        lines=[Line(SALES, half, "Licence", None, Decimal(1)), Line(SALES, Decimal(amount) - half, "Support", None, Decimal(2))],
        at=at or made.clock.now() - timedelta(days=30), **more,
    )  # fmt: skip


def payment(
    made: Books, amount: str, apply: Any = (), *, customer: str = "501", at: datetime | None = None, **more: Any
) -> str:
    return made.post_payment(
        customer=customer, subsidiary="1", currency="1", exchange_rate=Decimal(1), date=date(2026, 10, 20), amount=Decimal(amount),
        at=at or made.clock.now() - timedelta(days=10), apply=[(key, Decimal(part)) for key, part in apply], **more,
    )  # fmt: skip


def journal(made: Books, amount: str, *, account: str = RECEIVABLE, entity: str | None = "501") -> str:
    lines = [JournalLine(account, debit=Decimal(amount), entity=entity), JournalLine(SALES, credit=Decimal(amount))]
    return made.post_journal(
        subsidiary="1",
        currency="1",
        exchange_rate=Decimal(1),
        date=date(2026, 10, 5),
        lines=lines,
        at=made.clock.now() - timedelta(days=20),
    )


@dataclass
class Way:
    """What stands between client and twin. Each fault takes (method, path) and says whether it strikes this request."""

    inner: Asgi
    busy: Callable[[str, str], bool] = lambda _method, _path: False
    error: Callable[[str, str], bool] = lambda _method, _path: False
    malformed: Callable[[str, str], bool] = lambda _method, _path: False
    drop_after: Callable[[str, str], bool] = lambda _method, _path: False
    seen: list[tuple[str, str]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        self.seen.append((method, path))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._pass(method, path, scope, receive, send)
        finally:
            self.at_once -= 1

    async def _pass(self, method: str, path: str, scope: Any, receive: Any, send: Any) -> None:
        if self.busy(method, path):
            await _answer(
                send,
                429,
                b'{"status":429,"o:errorDetails":[{"detail":"Concurrent request limit exceeded. Request blocked.",'
                b'"o:errorCode":"CONCURRENCY_LIMIT_EXCEEDED"}]}',
            )
        elif self.error(method, path):
            await _answer(send, 503, b"<html>try later</html>")
        elif self.malformed(method, path):
            await _answer(send, 200, b'{"items":[{"id":"1"')
        elif self.drop_after(method, path):
            await self.inner(scope, receive, _nowhere)  # the work is done; the answer never arrives
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            raise ConnectionResetError("dropped on purpose")  # the server closes the socket
        else:
            await self.inner(scope, receive, send)


async def _nowhere(_message: Any) -> None:
    return None


async def _answer(send: Any, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


@dataclass
class World:
    """A twin that is being served, and a home that reads it."""

    books: Books
    account: Account
    way: Way
    url: str
    home: Home
    clock: Clock

    def connection(self, name: str = "books_us", **values: Any) -> Connection:
        known = {
            "account_id": self.books.account_id, "base_url": f"{self.url}/{self.account.host}", "time_zone": self.books.time_zone,
            "max_wait_seconds": 0.05, **(oauth1() if "auth" not in values else {}), **values,
        }  # fmt: skip
        return Connection(name, "netsuite", NetSuiteSettings(**known))

    def sync(self, connection: Connection | None = None, **options: Any) -> SyncReport:
        return sync(connection or self.connection(), self.home, **options)

    def confirmed(self, name: str = "books_us") -> list[Confirmation]:
        """A person's yes to the deletions of a connection, given now."""
        return [Confirmation(name, f"deletes:{name}", datetime.now(UTC), "ann")]

    def raw(self, sql: str) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.home.warehouse), read_only=True) as warehouse:
            found = warehouse.execute(sql)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def latest(self, table: str = "transaction", key: str = "id") -> dict[str, dict[str, Any]]:
        """The last version of each record, as staging sees it."""
        rows = self.raw(
            f'select * from raw_netsuite."{table}" qualify row_number() over'
            f" (partition by connection, {key} order by _dlt_load_id desc, _seq desc) = 1"
        )
        return {str(row[key]): row for row in rows}


@contextmanager
def world(tmp_path: Path, made: Books, clock: Clock, known: Credentials, *, concurrency: int = 5) -> Iterator[World]:
    account = Account(made, known, limits=Limits(concurrency))
    way = Way(app({made.account_id: account}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(way, host="127.0.0.1", port=port, log_level="critical", lifespan="off", date_header=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    home = Home(tmp_path / "home")
    home.root.mkdir()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TIEOUT_DATA", str(home.root))
            yield World(made, account, way, f"http://127.0.0.1:{port}", home, clock)
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def office(tmp_path: Path) -> Iterator[World]:
    """The usual account on the usual day, with our secrets in the environment."""
    clock = Clock(start())
    made = books(clock)
    known, environment = credentials(made.account_id)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with world(tmp_path, made, clock, known) as found:
            yield found


def start() -> datetime:
    return datetime(2026, 11, 2, 9, tzinfo=UTC)
