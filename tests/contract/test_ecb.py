"""Reference rates: the bank's format over a real socket, read whole once, then what is new."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pipelines.connections import Connection
from pipelines.ecb import SYSTEM
from pipelines.ecb.source import EcbSettings
from pipelines.ecb.twin import app
from pipelines.home import Home, warehouse_lock
from pipelines.load import connect
from pipelines.sync import sync
from pipelines.system import TieoutError, Transient


@dataclass
class Bank:
    """The twin on a socket; `broken` replaces its answers."""

    today: date = date(2026, 11, 2)
    broken: Response | None = None
    port: int = 0
    asked: list[str] = field(default_factory=list)

    def rates(self, day: date) -> dict[str, Decimal]:
        return {"USD": Decimal("1.0800") + Decimal(day.day) / 10000, "JPY": Decimal("163.25")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope["path"])
        twin = app(self.rates, date(2026, 1, 1), lambda: self.today)
        await (self.broken or twin)(scope, receive, send)

    @property
    def connection(self) -> Connection:
        return Connection("reference_rates", "ecb", EcbSettings(base_url=f"http://127.0.0.1:{self.port}"))


@pytest.fixture
def bank() -> Iterator[Bank]:
    bank = Bank()
    server = uvicorn.Server(uvicorn.Config(bank, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    bank.port = server.servers[0].sockets[0].getsockname()[1]
    yield bank
    server.should_exit = True
    thread.join(timeout=10)


def rates(home: Home) -> list[tuple[object, ...]]:
    with warehouse_lock(home), connect(home) as warehouse:
        return warehouse.execute("select rate_date, currency, exchange_rate from raw_ecb.rate order by all").fetchall()


def test_the_history_once_then_only_what_is_new(bank: Bank, tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = sync(bank.connection, home).rows
    assert rates(home)[-1] == (date(2026, 11, 2), "USD", Decimal("1.0802000000"))
    assert date(2026, 11, 1) not in {row[0] for row in rates(home)}  # a Sunday
    assert sync(bank.connection, home).rows == 0
    assert (
        bank.asked == ["/eurofxref-hist.xml", "/eurofxref-hist-90d.xml", "/eurofxref-hist-90d.xml"][: len(bank.asked)]
    )
    bank.today += timedelta(days=1)
    assert sync(bank.connection, home).rows == 2
    bank.today += timedelta(days=200)  # longer than the short file reaches back
    sync(bank.connection, home)
    days = {row[0] for row in rates(home)}
    assert all(
        date(2026, 11, 3) + timedelta(days=n) in days
        for n in range(200)
        if (date(2026, 11, 3) + timedelta(days=n)).weekday() < 5
    )
    assert sync(bank.connection, home, full=True).rows == 0
    assert len(rates(home)) > first


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(status_code=404), Transient),
        (Response("<html>", media_type="text/html"), TieoutError),
        (Response("<a/>", media_type="text/xml"), TieoutError),
    ],
)
def test_what_is_not_a_file_of_rates_loads_nothing_and_says_so(
    bank: Bank, tmp_path: Path, answer: Response, error: type
) -> None:
    bank.broken = answer
    with pytest.raises(error, match="reference_rates"):
        sync(bank.connection, Home(tmp_path))
    assert not SYSTEM.check(bank.connection).active
    bank.broken = None
    assert SYSTEM.check(bank.connection).active
    assert sync(bank.connection, Home(tmp_path)).rows > 0
