"""Paying the merchant: automatic payouts sweep what is available in one currency, manual ones take an amount nobody can itemise."""

from __future__ import annotations

import heapq
from datetime import date, datetime

from pipelines.stripe.twin import money_objects
from pipelines.stripe.twin.core import Core
from pipelines.stripe.twin.errors import refused
from pipelines.stripe.twin.state import midnight, seconds
from pipelines.stripe.twin.store import Obj

_FAILURES = {
    "account_closed": "The bank account has been closed.",
    "account_frozen": "The bank account has been frozen.",
    "could_not_process": "The bank could not process this payout.",
    "debit_not_authorized": "Debit transactions are not approved on your bank account.",
    "insufficient_funds": "Your bank account has insufficient funds to cover the debit.",
    "invalid_account_number": "The routing number seems correct, but the account number is invalid.",
    "no_account": "The bank account details on file are probably incorrect. No bank account could be located with those details.",
}


def sweep(core: Core, currency: str, at: datetime, *, arrival: date, automatic: bool) -> Obj | None:
    """Pay out all that is available at `at` and in no payout yet. None when there is nothing (or, manually, nothing to gain)."""
    core.mature()
    when, heap = seconds(at), core.unswept.setdefault(currency, [])
    txns = core.stores["balance_transaction"].objects
    ready: list[tuple[int, str]] = []
    while heap and heap[0][0] <= when:
        ready.append(heapq.heappop(heap))
    total = sum(txns[object_id]["net"] for _, object_id in ready)
    if not automatic:
        total += core.carry.get(currency, 0)
    if total == 0 or (total < 0 and not automatic):
        for item in ready:
            heapq.heappush(heap, item)
        return None
    if not automatic:
        core.carry.pop(currency, None)
    members = [object_id for _, object_id in ready] if automatic else None
    return _create(core, total, currency, when, midnight(arrival), members=members)


def manual(core: Core, amount: int, currency: str, at: datetime, *, arrival: date, **given: object) -> Obj:
    """A payout asked for through the API. What it leaves of the lines it draws on stays for other manual payouts."""
    when, heap = seconds(at), core.unswept.setdefault(currency, [])
    txns = core.stores["balance_transaction"].objects
    count = sum(ready <= when for ready, _ in heap)
    ready = heapq.nsmallest(count, heap)
    total = sum(txns[object_id]["net"] for _, object_id in ready) + core.carry.get(currency, 0)
    if amount > total:
        message = "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low."
        raise refused(message, code="balance_insufficient")
    for _ in range(count):
        heapq.heappop(heap)
    core.carry[currency] = total - amount
    payout = _create(core, amount, currency, when, midnight(arrival), members=None, **given)
    core.later(
        payout["arrival_date"], lambda due: settle(core, payout["id"], due) if payout["status"] == "pending" else None
    )
    return payout


def _create(
    core: Core, amount: int, currency: str, at: int, arrival: int, *, members: list[str] | None, **given: object
) -> Obj:
    payout = money_objects.payout(
        core.ids.next("po"),
        at,
        amount=amount,
        currency=currency,
        arrival=arrival,
        automatic=members is not None,
        bank=core.bank(currency),
        **given,
    )
    core.add("payout", payout)
    txn = core.line(
        "payout",
        "payout",
        amount=-amount,
        currency=currency,
        at=at,
        source=payout["id"],
        description=payout["description"],
    )
    core.change("payout", payout, balance_transaction=txn["id"])
    if members is not None:
        lines = core.stores["balance_transaction"]
        core.members[payout["id"]] = members
        for object_id in [*members, txn["id"]]:
            lines.tag("payout", payout["id"], (lines.objects[object_id]["created"], object_id))
    core.emit("payout.created", "payout", payout, at)
    return payout


def settle(core: Core, payout_id: str, at: datetime) -> None:
    """The money has arrived; Stripe can now say what was in an automatic payout."""
    payout, when = core.get("payout", payout_id), seconds(at)
    if payout["status"] not in ("pending", "in_transit"):
        raise refused(f"{payout_id} is {payout['status']}: it cannot become paid")
    core.change(
        "payout", payout, status="paid", trace_id={"status": "supported", "value": core.ids.token(payout_id, 15)}
    )
    core.emit("payout.paid", "payout", payout, when)
    _reconcile(core, payout, when)


def _reconcile(core: Core, payout: Obj, at: int) -> None:
    if payout["reconciliation_status"] == "in_progress":
        core.change("payout", payout, reconciliation_status="completed")
        core.emit("payout.reconciliation_completed", "payout", payout, at)


def fail(core: Core, payout_id: str, code: str, at: datetime) -> None:
    """The bank has sent the money back, even after it was paid: it returns by a `payout_failure` line that a later payout pays out."""
    payout, when = core.get("payout", payout_id), seconds(at)
    if payout["status"] not in ("pending", "in_transit", "paid"):
        raise refused(f"{payout_id} is {payout['status']}: it cannot fail")
    _back(core, payout, when, "payout_failure", "failed")
    message = _FAILURES.get(code, "The payout failed.")
    core.change(
        "payout", payout, failure_code=code, failure_message=message, trace_id={"status": "unsupported", "value": None}
    )
    core.emit("payout.failed", "payout", payout, when)
    _reconcile(core, payout, when)


def cancel(core: Core, payout_id: str, at: datetime) -> Obj:
    """Stop a payout that has not been sent."""
    payout, when = core.get("payout", payout_id, param="payout"), seconds(at)
    if payout["status"] != "pending":
        raise refused(
            f"Payouts can only be canceled while they are pending; {payout_id} is {payout['status']}.", param="payout"
        )
    _back(core, payout, when, "payout_cancel", "canceled")
    core.emit("payout.canceled", "payout", payout, when)
    return payout


def _back(core: Core, payout: Obj, at: int, kind: str, status: str) -> None:
    text = f"{payout['description'] or 'STRIPE PAYOUT'} {status}"
    txn = core.line(
        kind,
        "payout_reversal",
        amount=payout["amount"],
        currency=payout["currency"],
        at=at,
        source=payout["id"],
        description=text,
    )
    core.change("payout", payout, status=status, failure_balance_transaction=txn["id"])
