"""The balance of an account: its lines, when they become available, what is in no payout yet.

It has no rules of its own; `payments`, `refunds`, `disputes` and `payouts` hold them.
"""

from __future__ import annotations

import heapq
from datetime import UTC, date, datetime

from pipelines.stripe.twin import account_objects, money_objects
from pipelines.stripe.twin.state import DAY, EVENT_DAYS, State, Ticking, midnight, seconds
from pipelines.stripe.twin.store import Obj


class Core(State):
    """State with a balance."""

    def __init__(
        self,
        account_id: str,
        clock: Ticking,
        *,
        country: str,
        default_currency: str,
        secret_key: str,
        seed: int,
        time_zone: str = "Etc/UTC",
        name: str = "Tieout Demo",
    ) -> None:
        super().__init__(
            account_id, clock, country=country, default_currency=default_currency, secret_key=secret_key, seed=seed
        )
        self.time_zone, self.name = time_zone, name
        # per currency a heap of (available_on, txn): what is in no payout yet
        self.unswept: dict[str, list[tuple[int, str]]] = {}
        self.held: set[str] = set()  # txns of bank debits whose outcome is not known
        self.carry: dict[str, int] = {}  # what a manual payout left of the lines it drew on
        self.members: dict[str, list[str]] = {}  # automatic payout -> the txns it pays out
        self.banks: dict[str, str] = {}
        self.doomed: dict[str, str] = {}  # test payment methods that fail -> why
        self._pending: list[tuple[int, str]] = []

    def mature(self) -> None:
        """Let company time do its work: what is due happens, pending lines become available, old events go."""
        now = seconds(self.clock.now())
        while self._due and self._due[0][0] <= now:
            due, _, action = heapq.heappop(self._due)
            action(datetime.fromtimestamp(due, UTC))
        while self._pending and self._pending[0][0] <= now:
            txn = self.stores["balance_transaction"].objects[heapq.heappop(self._pending)[1]]
            if txn["id"] not in self.held and txn["available_on"] <= now:
                self._status(txn, "available")
        self.stores["event"].expire(now - EVENT_DAYS * DAY)

    def line(
        self,
        kind: str,
        category: str,
        *,
        amount: int,
        currency: str,
        at: int,
        source: str | None,
        description: str | None,
        fee: int = 0,
        available_on: int | None = None,
        held: bool = False,
        fee_description: str = "Stripe processing fees",
    ) -> Obj:
        """Add a balance transaction. A `held` one waits for `release`; a payout's own line is never paid out."""
        ready = at if available_on is None else max(available_on, at)
        status = "available" if not held and ready <= seconds(self.clock.now()) else "pending"
        txn = money_objects.balance_transaction(
            self.ids.next("txn"),
            at,
            kind=kind,
            category=category,
            amount=amount,
            fee=fee,
            currency=currency,
            source=source,
            description=description,
            available_on=ready,
            status=status,
            fee_description=fee_description,
        )
        self.add("balance_transaction", txn)
        if held:
            self.held.add(txn["id"])
        elif kind != "payout":
            heapq.heappush(self.unswept.setdefault(currency, []), (ready, txn["id"]))
        if status == "pending" and not held:
            heapq.heappush(self._pending, (ready, txn["id"]))
        return txn

    def release(self, txn_id: str, at: int) -> Obj:
        """The outcome of a held line's bank debit is known: it may be paid out from its date on, not before `at`."""
        txn = self.stores["balance_transaction"].objects[txn_id]
        self.held.discard(txn_id)
        if at > txn["available_on"]:
            self.change("balance_transaction", txn, available_on=at)
        heapq.heappush(self.unswept.setdefault(txn["currency"], []), (txn["available_on"], txn_id))
        if txn["available_on"] <= seconds(self.clock.now()):
            self._status(txn, "available")
        else:
            heapq.heappush(self._pending, (txn["available_on"], txn_id))
        return txn

    def _status(self, txn: Obj, status: str) -> None:
        self.change("balance_transaction", txn, status=status)
        if txn["source"] in self.stores["dispute"].objects:  # a dispute carries its lines whole
            self.stores["dispute"].stale(txn["source"])

    def balance(self) -> Obj:
        """`GET /v1/balance`: what is in no payout yet, per currency."""
        txns = self.stores["balance_transaction"].objects
        available = {self.default_currency: 0} | dict(self.carry)
        pending = dict.fromkeys(available, 0)
        for object_id in [txn for heap in self.unswept.values() for _, txn in heap] + sorted(self.held):
            txn = txns[object_id]
            side, other = (available, pending) if txn["status"] == "available" else (pending, available)
            side[txn["currency"]] = side.get(txn["currency"], 0) + txn["net"]
            other.setdefault(txn["currency"], 0)
        return account_objects.balance(available, pending)

    def bank(self, currency: str) -> str:
        """The id of the bank account that payouts of `currency` go to."""
        if currency not in self.banks:
            object_id = self.banks[currency] = self.ids.next("ba")
            bank = account_objects.bank_account(
                object_id,
                account=self.account_id,
                country=self.country,
                currency=currency,
                fingerprint=self.ids.token(object_id, 16),
            )
            self.add("bank_account", bank)
        return self.banks[currency]

    def account(self) -> Obj:
        """`GET /v1/account`."""
        banks = [self.stores["bank_account"].objects[object_id] for object_id in self.banks.values()]
        return account_objects.account(
            self.account_id,
            created=midnight(date(2024, 1, 1)),
            country=self.country,
            currency=self.default_currency,
            zone=self.time_zone,
            name=self.name,
            banks=banks,
        )
