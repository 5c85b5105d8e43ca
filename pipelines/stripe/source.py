"""The dlt source of a Stripe account.

The ledger's spine is the balance transactions: append-only, read again a little behind the last sync and behind the oldest that is
still pending. Everything else may change later (`pipelines.stripe.window`). Requests run ahead of the consumer, in threads.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import dlt
import pyarrow as pa

from pipelines.connections import Connection
from pipelines.load import resource
from pipelines.stripe import tables as t
from pipelines.stripe.changes import DAY
from pipelines.stripe.client import Answer
from pipelines.stripe.prefetch import Shared, ahead
from pipelines.stripe.settings import StripeSettings
from pipelines.stripe.window import Window
from pipelines.sync import SyncContext
from pipelines.system import Rejected
from pipelines.tables import Table, arrow_batch

_LONGEST_PENDING = 60 * DAY  # a transaction pending for longer than this is not waited for


class Reading:
    """One sync of one account. Generators run in the consumer's thread, their requests ahead of it."""

    def __init__(self, connection: Connection, context: SyncContext) -> None:
        self._name = connection.name
        self._settings: StripeSettings = connection.settings
        self._context = context
        self._window = Window(connection, context)
        self._seq = 0
        self._payers: set[str] = set()
        self._charges = Shared(self.objects("charge"))

    def account(self) -> Iterator[pa.Table]:
        yield from self._batches(t.ACCOUNT, [self._window.account.body])

    def events(self) -> Iterator[pa.Table]:
        yield from self._batches(t.EVENT, self._window.events)

    @cached_property
    def _balance(self) -> Answer:
        """The balance as it was when Stripe gave it. Asked before the transactions are listed: all that are in it are in the list."""
        _ = self._window.begun
        return self._window.reader.get("/v1/balance")

    def balance_transactions(self) -> Iterator[pa.Table]:
        now, last = self._window.begun
        _ = self._balance
        window: dict[str, Any] = {}
        if last is not None:
            since = last - self._settings.overlap_days * DAY
            pending = max(self._window.state.get("pending_since") or since, now - _LONGEST_PENDING)
            window = {"created": {"gte": min(since, pending)}}
        pending_since: int | None = None
        for page in ahead(self._window.reader.pages("/v1/balance_transactions", **window)):
            waiting = [item["created"] for item in page if item.get("status") == "pending"]
            pending_since = min([*waiting, *([pending_since] if pending_since else [])], default=None)
            yield from self._batches(t.BALANCE_TRANSACTION, page)
        self._window.state["pending_since"] = pending_since

    def customers(self) -> Iterator[pa.Table]:
        listed: set[str] = set()
        for batch, ids in self._pages("customer"):
            listed |= ids
            yield batch
        gone = dict(self._window.changes.deleted_customers)
        if self._window.begun[1] is None:  # who was deleted before the events begin is known only from what they paid
            self._charges.drain()
            for missing in sorted(self._payers - listed - gone.keys()):
                found = self._window.reader.retrieve(f"/v1/customers/{missing}")
                if found is not None and found.get("deleted"):
                    gone[missing] = found
        yield from self._batches(t.CUSTOMER, list(gone.values()), deleted=True)

    def charges(self) -> Iterator[pa.Table]:
        yield from self._charges

    def payouts(self) -> Iterator[pa.Table]:
        for page in self._payouts:
            yield from self._batches(t.PAYOUT, page)

    @cached_property
    def _payouts(self) -> list[list[dict[str, Any]]]:
        return list(self._window.found("payout", t.MUTABLE["payout"][1]))

    def payout_items(self) -> Iterator[pa.Table]:
        """Members of each automatic payout, once it is reconciled: they do not change after that. Stripe lists no others."""
        now, last = self._window.begun
        known: dict[str, int] = {} if last is None else self._window.state.setdefault("itemised", {})
        wanted = {
            payout["id"]: payout["created"]
            for page in self._payouts
            for payout in page
            if payout.get("automatic")
            and payout.get("reconciliation_status") == "completed"
            and payout["id"] not in known
        }
        manual = {payout["id"] for page in self._payouts for payout in page if not payout.get("automatic")}
        if manual:
            self._context.log.count(manual_payouts=len(manual))
        for payout, members in self._members(wanted):
            known[payout] = wanted[payout]
            rows = [{"payout": payout, "balance_transaction": member} for member in members]
            yield from self._batches(t.PAYOUT_ITEM, rows)
        oldest = now - (self._settings.relist_days.payout + 30) * DAY
        self._window.state["itemised"] = {payout: created for payout, created in known.items() if created >= oldest}

    def _members(self, payouts: dict[str, int]) -> Iterator[tuple[str, list[str]]]:
        """One list a payout is the only way there is, so several are asked for at once."""
        pool = ThreadPoolExecutor(self._settings.concurrent_requests, "stripe-payouts")
        try:
            for payout, members in zip(payouts, pool.map(self._member_ids, payouts), strict=True):
                if members is not None:
                    yield payout, members
        finally:
            pool.shutdown(cancel_futures=True)

    def _member_ids(self, payout: str) -> list[str] | None:
        try:
            return [
                item["id"]
                for page in self._window.reader.pages("/v1/balance_transactions", payout=payout)
                for item in page
            ]
        except Rejected as error:  # Stripe cannot say what is in it, as of every manual payout
            self._context.log.note(str(error))
            return None

    def control_totals(self) -> Iterator[pa.Table]:
        """The balance by currency, as Stripe keeps it, where it is another than at the last sync; of a currency that Stripe no longer
        names, the last figure is withdrawn."""
        answer = self._balance
        end = int(answer.at.timestamp())
        totals: dict[str, int] = {}
        for part in ("available", "pending"):
            for entry in answer.body.get(part) or []:
                totals[entry["currency"]] = totals.get(entry["currency"], 0) + entry["amount"]
        known: dict[str, int] = self._window.state.get("balance", {})
        everything = self._window.begun[1] is None
        rows = [
            {"table_name": "balance_transaction", "measure": f"net:{currency}", "window_end": end, "total": str(total)}
            for currency, total in sorted(totals.items())
            if everything or known.get(currency) != total
        ]
        yield from self._batches(t.CONTROL_TOTAL, rows)
        gone = sorted(known.keys() - totals.keys())
        withdrawn = [{"table_name": "balance_transaction", "measure": f"net:{currency}"} for currency in gone]
        yield from self._batches(t.CONTROL_TOTAL, withdrawn, deleted=True)
        self._window.state["balance"] = totals

    def objects(self, kind: str) -> Iterator[pa.Table]:
        for batch, _ in self._pages(kind):
            yield batch

    def _pages(self, kind: str) -> Iterator[tuple[pa.Table, set[str]]]:
        table, path = t.MUTABLE[kind]
        for page in ahead(self._window.found(kind, path)):
            if kind == "charge":
                self._payers |= {str(item["customer"]) for item in page if item.get("customer")}
            for batch in self._batches(table, page):
                yield batch, {str(item["id"]) for item in page}

    def _batches(self, table: Table, items: list[dict[str, Any]], *, deleted: bool = False) -> Iterator[pa.Table]:
        if not items:
            return
        rows = [t.row(table, item) for item in items]
        at = datetime.now(UTC)
        batch, bad = arrow_batch(table, self._name, rows, extracted_at=at, seq=self._seq, deleted=deleted)
        self._seq += len(rows)
        self._context.quarantine += bad
        self._context.log.count(rows_read=len(rows), **{table.name: len(rows)})
        yield batch


def source(connection: Connection, context: SyncContext) -> Any:
    """The account's dlt source; its state remembers the last sync by Stripe's clock."""

    @dlt.source(name="stripe")
    def stripe_account() -> Any:
        reading = Reading(connection, context)
        return [  # dlt marks the functions it is given, which bound methods do not bear
            resource(t.ACCOUNT, lambda: reading.account()),
            resource(t.EVENT, lambda: reading.events()),
            resource(t.CONTROL_TOTAL, lambda: reading.control_totals()),
            resource(t.BALANCE_TRANSACTION, lambda: reading.balance_transactions()),
            resource(t.PAYMENT_INTENT, lambda: reading.objects("payment_intent")),
            resource(t.CHARGE, lambda: reading.charges()),
            resource(t.REFUND, lambda: reading.objects("refund")),
            resource(t.DISPUTE, lambda: reading.objects("dispute")),
            resource(t.PAYOUT, lambda: reading.payouts()),
            resource(t.PAYOUT_ITEM, lambda: reading.payout_items()),
            resource(t.CUSTOMER, lambda: reading.customers()),
        ]

    return stripe_account()
