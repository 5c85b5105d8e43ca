"""A small company in the QuickBooks twin, on a real socket, with a switch for each thing that can go wrong on the way."""

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

from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.outbox import Confirmation
from pipelines.quickbooks import pace
from pipelines.quickbooks.client import Client
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.twin.app import app
from pipelines.quickbooks.twin.chart import BANK, DISPUTES, FEE_VENDOR, FEES, SALES
from pipelines.quickbooks.twin.credentials import Credentials
from pipelines.quickbooks.twin.model import JournalLine, Line
from pipelines.quickbooks.twin.realm import Limits, Realm
from pipelines.quickbooks.twin.rows import Company
from pipelines.quickbooks.writer import QuickBooksWriter
from pipelines.sandbox.clock import Clock
from pipelines.sync import SyncReport, sync

Asgi = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
Strikes = Callable[[str, str], bool]
REALM = "9130357000000001"
UNLIMITED = Limits(None, None, None)
BUSY = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="2026-01-20T02:11:12.345-08:00"'
    b' xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded;'
    b" errorCode=003001; statusCode=429</Message><Detail>The request limit was reached.  Try again later</Detail></Error></Fault>"
    b"</IntuitResponse>"
)


def start() -> datetime:
    return datetime(2026, 11, 2, 18, tzinfo=UTC)


def never(_method: str, _path: str) -> bool:
    return False


def nth(*numbers: int, path: str = "") -> Strikes:
    """Strikes the given requests, counted from 1 among those whose path holds `path`."""
    seen = 0

    def strikes(_method: str, asked: str) -> bool:
        nonlocal seen
        if path not in asked:
            return False
        seen += 1
        return seen in numbers

    return strikes


@dataclass
class Way:
    """What stands between client and twin. Each fault says of (method, path) whether it strikes this request."""

    inner: Asgi
    busy: Strikes = never
    error: Strikes = never
    malformed: Strikes = never
    cut: Strikes = never
    drop_after: Strikes = never
    instead: Callable[[str, str], bytes | None] = lambda _method, _path: None  # answered with 200
    before: Callable[[str, str], None] = lambda _method, _path: None
    seen: list[tuple[str, str]] = field(default_factory=list)

    def calm(self) -> None:
        self.busy = self.error = self.malformed = self.cut = self.drop_after = never

    def asked(self, path: str) -> int:
        return sum(path in one for _method, one in self.seen)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        self.seen.append((method, path))
        self.before(method, path)
        if self.busy(method, path):
            await _answer(send, 429, BUSY, b"application/xml")
        elif self.error(method, path):
            await _answer(send, 503, b"<html>try later</html>", b"text/html")
        elif (body := self.instead(method, path)) is not None:
            await _answer(send, 200, body, b"application/json")
        elif self.malformed(method, path):
            await _answer(send, 200, b'{"QueryResponse":{"Invoice":[{"Id":"1"', b"application/json")
        elif self.cut(method, path):
            await _hang_up(send)
        elif self.drop_after(method, path):
            await self.inner(scope, receive, _nowhere)  # the work is done; the answer never arrives
            await _hang_up(send)
        else:
            await self.inner(scope, receive, send)


async def _nowhere(_message: Any) -> None:
    return None


async def _hang_up(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    raise ConnectionResetError("dropped on purpose")  # the server closes the socket


async def _answer(send: Any, status: int, body: bytes, kind: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})


@dataclass
class World:
    """A twin that is being served, and a home that reads it."""

    company: Company
    realm: Realm
    way: Way
    url: str
    home: Home
    clock: Clock

    def connection(self, name: str = "books_uk", **values: Any) -> Connection:
        known = {
            "realm_id": REALM, "base_url": f"{self.url}", "time_zone": self.company.time_zone, "client_id": "${QB_ID}",
            "client_secret": "${QB_SECRET}", "refresh_token": "${QB_TOKEN}", "max_wait_seconds": 0.05, "throttle_wait_seconds": 0.05,
            **values,
        }  # fmt: skip
        return Connection(name, "quickbooks", QuickBooksSettings(**known))

    def client(self, **values: Any) -> Client:
        return Client(self.connection(**values), self.home)

    def writer(self, **values: Any) -> QuickBooksWriter:
        known = {
            "dispute_account": DISPUTES,
            "fee_account": FEES,
            "fee_vendor": FEE_VENDOR,
            "bank_accounts": {"USD": BANK},
        }
        connection = self.connection(**{**known, **values})
        return QuickBooksWriter(connection, Client(connection, self.home))

    def sync(self, connection: Connection | None = None, **options: Any) -> SyncReport:
        return sync(connection or self.connection(), self.home, **options)

    def confirmed(self, name: str = "books_uk") -> list[Confirmation]:
        """A person's yes to the deletions of a connection, given now."""
        return [Confirmation(name, f"deletes:{name}", datetime.now(UTC), "ann")]

    def raw(self, sql: str) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.home.warehouse), read_only=True) as warehouse:
            found = warehouse.execute(sql)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def latest(self, table: str, key: str = "id") -> dict[str, dict[str, Any]]:
        """The last version of each record, as staging sees it."""
        rows = self.raw(
            f'select * from raw_quickbooks."{table}" qualify row_number() over'
            f" (partition by connection, {key} order by _dlt_load_id desc, _seq desc) = 1"
        )
        return {str(row[key]): row for row in rows}

    def living(self, table: str) -> set[str]:
        return {key for key, row in self.latest(table).items() if not row["is_deleted"]}

    # What the company does

    def customer(self, name: str, **columns: Any) -> str:
        return self.company.add_customer(name=name, at=self.clock.now() - timedelta(days=60), **columns)

    def invoice(self, customer: str, amount: str = "100.00", *, at: datetime | None = None, **more: Any) -> str:
        half = (Decimal(amount) / 2).quantize(Decimal("0.01"))
        lines = [Line(SALES, half, "Licence"), Line(SALES, Decimal(amount) - half, "Support", None, Decimal(2))]
        day = more.pop("date", date(2026, 10, 1))
        return self.company.post_invoice(
            customer=customer, date=day, due_date=day + timedelta(days=30), lines=lines,
            at=at or self.clock.now() - timedelta(days=20), **more,
        )  # fmt: skip

    def payment(self, customer: str, amount: str, apply: Any = (), *, at: datetime | None = None, **more: Any) -> str:
        return self.company.post_payment(
            customer=customer, date=date(2026, 10, 20), amount=Decimal(amount), at=at or self.clock.now() - timedelta(days=10),
            apply=[(key, Decimal(part)) for key, part in apply], **more,
        )  # fmt: skip

    def journal(self, customer: str, amount: str) -> str:
        lines = [JournalLine("84", debit=Decimal(amount), entity=customer), JournalLine(SALES, credit=Decimal(amount))]
        return self.company.post_journal(date=date(2026, 10, 5), lines=lines, at=self.clock.now() - timedelta(days=20))


@contextmanager
def world(tmp_path: Path, *, limits: Limits = UNLIMITED, paced: bool = False) -> Iterator[World]:
    """`paced`: calls really wait for their turn; else only pauses do, so that a test takes no time."""
    clock = Clock(start())
    realm = Realm(Company(REALM, clock), Credentials(), limits)
    way = Way(app({REALM: realm}))
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
            patch.setenv("QB_ID", realm.credentials.client_id)
            patch.setenv("QB_SECRET", realm.credentials.client_secret)
            patch.setenv("QB_TOKEN", realm.credentials.refresh_token)
            if not paced:
                patch.setattr(pace, "next_moment", lambda now, _known, _per_second, _per_minute: now)
            yield World(realm.company, realm, way, f"http://127.0.0.1:{port}", home, clock)
    finally:
        server.should_exit = True
        thread.join(10)
