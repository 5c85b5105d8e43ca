"""A random history of one Stripe account, and a server for it; the twin's other tests build on these.

Its own test: the same seed gives the same bytes.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from pipelines.sandbox.clock import Clock
from pipelines.stripe.twin import Platform, StripeAccount, app
from pipelines.stripe.twin.account import Method

KEY = "sk_test_tieout_0123456789abcdef"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
METHODS: dict[str, tuple[Method, ...]] = {
    "usd": ("card", "us_bank_account"),
    "eur": ("card", "sepa_debit"),
    "gbp": ("card", "bacs_debit"),
}
CODES = ("insufficient_funds", "account_closed", "refer_to_customer")


def account(account_id: str = "acct_1TieoutTest", key: str = KEY, seed: int = 7) -> StripeAccount:
    """An empty account."""
    return StripeAccount(account_id, Clock(NOW), country="US", default_currency="usd", secret_key=key, seed=seed)


class History:
    """Days of business in random order of events; everything the twin can do happens in sixty days or so."""

    def __init__(self, seed: int, target: StripeAccount) -> None:
        self.rng, self.account = random.Random(seed), target
        self.pending: list[str] = []
        self.good: list[str] = []
        self.open_disputes: list[str] = []
        self.in_transit: list[str] = []
        self.refunds: list[str] = []
        self.customers = [
            target.create_customer(
                name=f"Customer {number}",
                email=f"c{number}@example.com",
                metadata={"number": str(number)},
                at=NOW - timedelta(days=70),
            )
            for number in range(5)
        ]

    def run(self, days: int = 60, per_day: int = 4) -> StripeAccount:
        """Live `days` days up to now."""
        for number in range(days):
            start = NOW - timedelta(days=days - number)
            for step in range(per_day):
                self._something(start + timedelta(hours=1 + step, seconds=self.rng.randrange(3600)))
            self._bank(start + timedelta(hours=12))
        return self.account

    def _something(self, at: datetime) -> None:
        rng, twin = self.rng, self.account
        kind = rng.random()
        if kind < 0.6:
            currency = rng.choice(list(METHODS))
            charge = twin.charge(
                customer=rng.choice(self.customers),
                amount=rng.randrange(50, 500_000),
                currency=currency,
                method=rng.choice(METHODS[currency]),
                description=f"INV{rng.randrange(999)}",
                metadata={"created_by": "tieout"},
                at=at,
                fee=rng.choice([None, 0, 123]),
            )
            (self.good if charge.startswith("ch_") else self.pending).append(charge)
        elif kind < 0.75 and self.good + self.pending:
            charge = rng.choice(self.good + self.pending)
            gone = {refunded["charge"] for refunded in twin.objects("refund")}
            if charge not in gone:
                self.good = [other for other in self.good if other != charge]
                self.refunds.append(twin.refund(charge, amount=rng.choice([None, 50]), at=at))
        elif kind < 0.85 and self.good:
            charge = self.good.pop(rng.randrange(len(self.good)))
            dispute = twin.dispute(charge, at=at, reason="fraudulent", fee=1500)
            if charge.startswith("ch_"):
                self.open_disputes.append(dispute)
        elif kind < 0.9 and self.open_disputes:
            twin.close_dispute(self.open_disputes.pop(0), at=at, won=rng.random() < 0.5)
        else:
            twin.add_fee(
                amount=rng.randrange(1, 900),
                currency=rng.choice(list(METHODS)),
                description="Billing - Usage Fee",
                at=at,
            )

    def _bank(self, at: datetime) -> None:
        rng, twin = self.rng, self.account
        for charge in list(self.pending):
            if rng.random() < 0.3:
                self.pending.remove(charge)
                if rng.random() < 0.4:
                    twin.fail(charge, code=rng.choice(CODES), at=at)
                else:
                    twin.settle(charge, at=at)
                    self.good.append(charge)
        for refund in [name for name in self.refunds if rng.random() < 0.02]:
            self.refunds.remove(refund)
            if twin.stores["refund"].objects[refund]["status"] == "succeeded":
                twin.fail_refund(refund, at=at)
        for payout in list(self.in_transit):
            if rng.random() < 0.5:
                self.in_transit.remove(payout)
                if rng.random() < 0.7:
                    twin.settle_payout(payout, at=at)
                if rng.random() < 0.4:
                    twin.fail_payout(payout, code="account_closed", at=at)
        currency = rng.choice(list(METHODS))
        made = twin.pay_out(currency, at=at, arrival_date=at.date() + timedelta(days=2), automatic=rng.random() < 0.85)
        if made is not None:
            self.in_transit.append(made)


def history(seed: int, *, days: int = 60, per_day: int = 4) -> StripeAccount:
    """An account after a random history."""
    return History(seed, account(seed=seed)).run(days, per_day)


@contextmanager
def serving(*accounts: StripeAccount, platform: Platform | None = None) -> Iterator[str]:
    """The twin on a real socket under /stripe; yields its base URL and stops by itself."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    served = Starlette(routes=[Mount("/stripe", app({one.secret_key: one for one in accounts}, platform))])
    config = uvicorn.Config(served, log_level="error", date_header=False, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/stripe"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, two, other = history(3, days=20), history(3, days=20), history(4, days=20)
    for kind in one.stores:
        assert one.objects(kind) == two.objects(kind), kind
    assert one.objects("charge") != other.objects("charge")
