"""One Stripe account as the sandbox's company drives it. Every method is one thing that happens, at an instant, and leaves its events."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import orjson

from pipelines.stripe.twin import disputes, objects, payments, payouts, refunds, wallet
from pipelines.stripe.twin.core import Core
from pipelines.stripe.twin.state import seconds
from pipelines.stripe.twin.store import Obj

Method = Literal["card", "bacs_debit", "sepa_debit", "us_bank_account"]


class StripeAccount(Core):
    """An account's state. Amounts are integers in the currency's minor unit, instants aware UTC.

    What Stripe would refuse raises ApiError with Stripe's message. Keys other than the secret key are added with `restrict`.
    `requests_per_second` (None: no limit) and `write_seconds` (how long a write stays in flight) use real time.
    """

    requests_per_second: int | None = None
    write_seconds: float = 0.0

    def restrict(self, key: str, permissions: set[str]) -> None:
        """Let `key` (rk_...) do what `permissions` name: `rak_charge_read`, `rak_customer_write`, ..."""
        self.restricted_keys[key] = frozenset(permissions)

    def expire_key(self, key: str) -> None:
        """Make `key` answer 401 api_key_expired."""
        self.expired_keys.add(key)

    def create_customer(self, *, name: str | None, email: str | None, metadata: dict[str, str], at: datetime) -> str:
        """A customer; returns cus_..."""
        with self.lock:
            customer = objects.customer(
                self.ids.next("cus"), seconds(at), name=name, email=email, metadata=dict(metadata)
            )
            return str(self.add("customer", customer, "customer.created")["id"])

    def charge(
        self,
        *,
        customer: str,
        amount: int,
        currency: str,
        method: Method,
        description: str | None,
        metadata: dict[str, str],
        at: datetime,
        fee: int | None = None,
    ) -> str:
        """Charge a customer; returns ch_... (card: succeeded) or py_... (bank debit: pending until `settle` or `fail`).

        `fee` None takes the list price.
        """
        with self.lock:
            when, money = seconds(at), currency.lower()
            self.get("customer", customer)
            chosen = wallet.method_of(self, customer, method, when)
            object_id = self.ids.next("pi")
            intent = objects.payment_intent(
                object_id,
                when,
                amount=amount,
                currency=money,
                secret=self.ids.token(object_id, 25),
                customer=customer,
                description=description,
                metadata=dict(metadata),
                payment_method=chosen["id"],
                payment_method_types=[method],
                status="requires_confirmation",
            )
            self.add("payment_intent", intent, "payment_intent.created")
            return str(payments.attempt(self, intent, chosen, when, fee=fee)["id"])

    def settle(self, charge: str, *, at: datetime) -> None:
        """A bank debit has been paid."""
        with self.lock:
            payments.settle(self, charge, at)

    def fail(self, charge: str, *, code: str, at: datetime) -> None:
        """A bank debit that was processing has been refused, e.g. code `insufficient_funds`."""
        with self.lock:
            payments.fail(self, charge, code, at)

    def refund(self, charge: str, *, amount: int | None = None, at: datetime, reason: str | None = None) -> str:
        """Refund in part or in full; returns re_..."""
        with self.lock:
            return str(refunds.create(self, charge, at, amount=amount, reason=reason)["id"])

    def fail_refund(self, refund: str, *, at: datetime, reason: str = "lost_or_stolen_card") -> None:
        """A refund that went out comes back."""
        with self.lock:
            refunds.fail(self, refund, at, reason=reason)

    def dispute(self, charge: str, *, at: datetime, reason: str, fee: int, amount: int | None = None) -> str:
        """The customer's bank takes a payment back; returns du_... Bacs and SEPA disputes are lost as they arrive."""
        with self.lock:
            return str(disputes.create(self, charge, at, reason=reason, fee=fee, amount=amount)["id"])

    def close_dispute(self, dispute: str, *, at: datetime, won: bool) -> None:
        """The bank has decided."""
        with self.lock:
            disputes.close(self, dispute, at, won=won)

    def add_fee(self, *, amount: int, currency: str, description: str, at: datetime, payout: str | None = None) -> str:
        """A cost of the account itself (`amount` positive), or of a `payout` in an alternative currency; returns txn_... Either comes off
        the next payout, also where an earlier one caused it."""
        with self.lock:
            txn = self.line(
                "stripe_fx_fee" if payout else "stripe_fee",
                "fee",
                amount=-abs(amount),
                currency=currency.lower(),
                at=seconds(at),
                source=payout,
                description=description,
            )
            return str(txn["id"])

    def available(self, currency: str, *, at: datetime) -> int:
        """What an automatic payout at `at` would amount to."""
        with self.lock:
            lines, when = self.stores["balance_transaction"].objects, seconds(at)
            return sum(lines[line]["net"] for ready, line in self.unswept.get(currency.lower(), []) if ready <= when)

    def pay_out(self, currency: str, *, at: datetime, arrival_date: date, automatic: bool = True) -> str | None:
        """Sweep what is available at `at` and in no payout yet; returns po_... or None if that is nothing (or nets to nothing)."""
        with self.lock:
            payout = payouts.sweep(self, currency.lower(), at, arrival=arrival_date, automatic=automatic)
            return None if payout is None else str(payout["id"])

    def settle_payout(self, payout: str, *, at: datetime) -> None:
        """The payout has arrived."""
        with self.lock:
            payouts.settle(self, payout, at)

    def fail_payout(self, payout: str, *, code: str, at: datetime) -> None:
        """The payout has come back, possibly after it was paid."""
        with self.lock:
            payouts.fail(self, payout, code, at)

    def objects(self, kind: str) -> list[Obj]:
        """Every object of `kind` (`charge`, `payout`, `balance_transaction`, ...) as the API would send it, newest first; copies.

        Events go back 30 days, as they do in the API.
        """
        with self.lock:
            self.mature()
            store = self.stores[kind]
            return [orjson.loads(store.json(object_id)) for _, object_id in reversed(store.keys.ordered())]

    def payout_members(self, payout: str) -> list[Obj]:
        """The balance transactions an automatic payout pays out, without its own line; none for a manual one."""
        with self.lock:
            store = self.stores["balance_transaction"]
            return [orjson.loads(store.json(object_id)) for object_id in self.members.get(payout, [])]
