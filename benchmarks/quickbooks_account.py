"""A QuickBooks company of any size, served by the twin in a process of its own: `python -m benchmarks.quickbooks_account CUSTOMERS INVOICES`.

Prints one line of JSON when it answers: the connection's settings, the environment that its credentials are read from, and `control`: POST
`<control>/hour` lets an hour's work happen, GET `<control>/seen` says what has been asked since the last time. Ends when its standard
input closes.
"""

import asyncio
import gc
import json
import random
import socket
import sys
from bisect import bisect_left
from datetime import timedelta
from decimal import Decimal
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from pipelines.quickbooks.twin import Company, Line, Realm, app
from pipelines.quickbooks.twin.chart import SALES
from pipelines.sandbox.clock import Clock

REALM, ZONE = "9130000000007311", "America/Los_Angeles"
DAYS, UNPAID = 540, 20  # one invoice in so many is open
HOUR = {"customers": 2, "invoices": 40, "payments": 30, "edits": 10}  # records that an hour changes


def company(customers: int, invoices: int) -> Company:
    """A company with so many customers and invoices, and a payment for nearly each of these, the last of them a day old."""
    made, chance = Company(REALM, Clock(), time_zone=ZONE), random.Random(7)
    began = made.clock.now() - timedelta(days=DAYS + 30)
    known = [made.add_customer(name=f"Customer {number:05}", at=began) for number in range(customers)]
    for number in range(invoices):
        back = timedelta(days=1 + DAYS - DAYS * number // invoices)
        amount = Decimal(chance.randrange(100, 1_000_000)).scaleb(-2)
        invoice = _invoice(made, known[chance.randrange(customers)], amount, back, f"B{number:07}")
        if number % UNPAID:
            _payment(made, invoice, amount, max(back - timedelta(days=30), timedelta(days=1)))
    return made


def an_hour(made: Company) -> None:
    """What happens in an hour of such a company's day."""
    chance, known = random.Random(made.clock.now().isoformat()), [row.id for row in made.customers()]
    known += [
        made.add_customer(name=f"New {made.clock.tick():%H%M%S} {n}", at=made.clock.tick())
        for n in range(HOUR["customers"])
    ]
    sent = []
    for number in range(HOUR["invoices"]):
        amount = Decimal(chance.randrange(100, 100_000)).scaleb(-2)
        sent.append(
            (_invoice(made, chance.choice(known), amount, timedelta(0), f"H{made.clock.now():%H%M%S}{number}"), amount)
        )
    for invoice, amount in sent[: HOUR["payments"]]:
        _payment(made, invoice, amount, timedelta(0))
    for invoice, _amount in sent[-HOUR["edits"] :]:
        made.edit(invoice, at=made.clock.tick(), memo="corrected")


def seen(realm: Realm) -> dict[str, int]:
    """What a company's log shows: requests, and the most of them in any second and in any minute. Refused ones count."""
    times = [line["at"] for line in realm.log]
    most = {
        span: max((bisect_left(times, at + span) - place for place, at in enumerate(times)), default=0)
        for span in (1, 60)
    }
    refused = sum(line["status"] != 200 for line in realm.log)
    return {"requests": len(times), "second": most[1], "minute": most[60], "refused": refused}


def _invoice(made: Company, customer: str, amount: Decimal, back: timedelta, number: str) -> str:
    at = made.clock.now() - back
    return made.post_invoice(
        customer=customer, date=at.date(), due_date=at.date() + timedelta(days=30), lines=[Line(SALES, amount, "Work")], at=at, number=number
    )  # fmt: skip


def _payment(made: Company, invoice: str, amount: Decimal, back: timedelta) -> str:
    at = made.clock.now() - back
    customer = str(made.txn(invoice).customer)
    return made.post_payment(customer=customer, date=at.date(), amount=amount, at=at, apply=[(invoice, amount)])


def connection_of(url: str, realm: Realm) -> dict[str, Any]:
    """What a client needs: settings as `connections.toml` has them, and the environment."""
    given = realm.credentials
    secrets = {"client_id": given.client_id, "client_secret": given.client_secret, "refresh_token": given.refresh_token}
    settings = {
        "realm_id": REALM, "base_url": f"{url}/quickbooks", "time_zone": ZONE, **{name: f"${{BENCH_{name.upper()}}}" for name in secrets},
    }  # fmt: skip
    return {
        "system": "quickbooks",
        "settings": settings,
        "environment": {f"BENCH_{name.upper()}": value for name, value in secrets.items()},
        "control": f"{url}/control",
    }


def served(realm: Realm) -> Starlette:
    """The twin, and beside it what a bench asks of it."""

    async def hour(_request: Request) -> JSONResponse:
        await run_in_threadpool(an_hour, realm.company)
        return JSONResponse(HOUR)

    async def told(_request: Request) -> JSONResponse:
        found = seen(realm)
        realm.log.clear()
        return JSONResponse(found)

    control = [Route("/control/hour", hour, methods=["POST"]), Route("/control/seen", told)]
    return Starlette(routes=[*control, Mount("/quickbooks", app({REALM: realm}))])


async def serve(made: Company) -> None:
    realm = Realm(made)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(served(realm), lifespan="off", log_level="warning", access_log=False, date_header=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    print(json.dumps(connection_of(f"http://127.0.0.1:{listening.getsockname()[1]}", realm)), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


def main() -> None:
    gc.disable()  # hundreds of thousands of documents that stay: collecting would walk them all, again and again
    made = company(int(sys.argv[1]), int(sys.argv[2]))
    gc.freeze()
    gc.enable()
    asyncio.run(serve(made))


if __name__ == "__main__":
    main()
