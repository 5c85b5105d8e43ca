"""A NetSuite account of any size, served by the twin in a process of its own: `python -m benchmarks.account INVOICES`.

Prints one line of JSON when it answers: the connection's settings, and the environment that its credentials are read from. Ends when
its standard input closes.
"""

import asyncio
import gc
import json
import random
import secrets
import socket
import sys
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import uvicorn

from pipelines.netsuite.twin import Account, Books, Credentials, Line, Token, app
from pipelines.sandbox.clock import Clock

ACCOUNT, ZONE = "7311009", "America/Los_Angeles"
LINES = 3  # of each invoice; NetSuite's main line comes on top
CUSTOMERS, DAYS = 200, 540
RECEIVABLE, SALES = "10", "12"
_FLUSH = 20_000


def books(invoices: int) -> Books:
    """An account with so many open invoices of three lines, the last of them a day old."""
    clock = Clock()
    made = Books(ACCOUNT, clock, time_zone=ZONE, base_currency="1")
    made.add("currency", id="1", name="US Dollar", symbol="USD", currencyprecision=2, isbasecurrency="T")
    made.add("subsidiary", id="1", name="Parent Inc", fullname="Parent Inc", currency="1", country="US")
    for key, kind in ((RECEIVABLE, "AcctRec"), (SALES, "Income")):
        made.add("account", id=key, acctnumber=f"1{key}", accountsearchdisplayname=kind, accttype=kind)
    today = clock.now().date()
    for back in range(DAYS // 28 + 2):
        first = (today.replace(day=1) - timedelta(days=30 * back)).replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        made.add(
            "accountingperiod", id=str(back + 1), periodname=f"{first:%b %Y}", startdate=first, enddate=last,
            isposting="T", isquarter="F", isyear="F", closed="F", arlocked="F", alllocked="F",
        )  # fmt: skip
    long_ago = clock.now() - timedelta(days=DAYS + 30)
    for number in range(CUSTOMERS):
        key = str(1000 + number)
        made.add(
            "customer", id=key, entityid=f"C{key}", companyname=f"Customer {key} GmbH & Co. KG", currency="1", isperson="F",
            datecreated=long_ago, lastmodifieddate=long_ago,
        )  # fmt: skip
        made.add("customersubsidiaryrelationship", id=f"9{key}", entity=key, subsidiary="1", isprimarysub="T")
    _post(made, invoices, today)
    return made


def _post(made: Books, invoices: int, today: date) -> None:
    random_ = random.Random(7)
    newest = made.clock.now() - timedelta(days=1)
    for number in range(invoices):
        back = DAYS - DAYS * number // invoices
        day = today - timedelta(days=back)
        made.post_invoice(
            customer=str(1000 + random_.randrange(CUSTOMERS)), subsidiary="1", currency="1", exchange_rate=Decimal(1), date=day,
            due_date=day + timedelta(days=30), at=newest - timedelta(days=back), other_ref=f"PO-{number:07}",
            memo=f"Order {number}", lines=[
                Line(SALES, Decimal(random_.randrange(100, 1_000_000)).scaleb(-2), f"Service {part + 1} of order {number}", None, Decimal(1))
                for part in range(LINES)
            ],
        )  # fmt: skip
        if number % _FLUSH == _FLUSH - 1:
            made.flush()
    made.flush()


def connection_of(port: int, token: Token) -> dict[str, Any]:
    """What a client needs: settings as `connections.toml` has them, and the environment."""
    names = {
        "consumer_key": "BENCH_CK",
        "consumer_secret": "BENCH_CS",
        "token_id": "BENCH_TI",
        "token_secret": "BENCH_TS",
    }
    settings = {
        "account_id": ACCOUNT, "base_url": f"http://127.0.0.1:{port}/netsuite/{ACCOUNT}", "time_zone": ZONE, "auth": "oauth1",
        **{setting: "${" + variable + "}" for setting, variable in names.items()},
    }  # fmt: skip
    return {
        "settings": settings,
        "environment": {variable: getattr(token, setting) for setting, variable in names.items()},
    }


async def serve(made: Books) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    token = Token(secrets.token_hex(16), secrets.token_hex(16), secrets.token_hex(16), secrets.token_hex(16))
    twin = app({ACCOUNT: Account(made, Credentials([token], []))})
    listening = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # named, or every answer waits 40 ms
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=[Mount("/netsuite", twin)]),
        lifespan="off",
        log_level="warning",
        access_log=False,
        date_header=False,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    print(json.dumps(connection_of(listening.getsockname()[1], token)), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


def main() -> None:
    gc.disable()  # hundreds of thousands of documents that stay: collecting would walk them all, again and again
    made = books(int(sys.argv[1]))
    gc.freeze()
    gc.enable()
    asyncio.run(serve(made))


if __name__ == "__main__":
    main()
