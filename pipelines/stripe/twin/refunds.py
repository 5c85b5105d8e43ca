"""Giving money back: refunds, which for a bank debit wait until the debit itself has an outcome."""

from __future__ import annotations

from datetime import datetime

from pipelines.stripe.twin import money_objects
from pipelines.stripe.twin.core import Core
from pipelines.stripe.twin.errors import refused
from pipelines.stripe.twin.state import seconds
from pipelines.stripe.twin.store import Obj


def create(
    core: Core,
    charge_id: str,
    at: datetime,
    *,
    amount: int | None = None,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Obj:
    """Refund a charge in part or (amount None) what is left of it."""
    charge, when = core.get("charge", charge_id, param="charge", status=400), seconds(at)
    left = charge["amount_captured"] - charge["amount_refunded"]
    _check(charge, left if amount is None else amount, left)
    waiting = charge["status"] == "pending"
    refund = money_objects.refund(
        core.ids.next("re"),
        when,
        charge=charge,
        amount=left if amount is None else amount,
        reason=reason,
        metadata=metadata or {},
        **({"status": "pending", "pending_reason": "charge_pending"} if waiting else {}),
    )
    core.add("refund", refund)
    if not waiting:
        _pay_back(core, refund, charge, when)
    refunded = charge["amount_refunded"] + refund["amount"]
    core.emit("refund.created", "refund", refund, when)
    core.change("charge", charge, amount_refunded=refunded, refunded=refunded == charge["amount_captured"])
    core.emit("charge.refunded", "charge", charge, when)
    return refund


def _check(charge: Obj, amount: int, left: int) -> None:
    name = charge["id"]
    if charge["status"] == "failed" or not charge["captured"]:
        raise refused(f"Charge {name} is not refundable.", code="charge_not_refundable", param="charge")
    if charge["refunded"] or left <= 0:
        raise refused(f"Charge {name} has already been refunded.", code="charge_already_refunded", param="charge")
    if charge["disputed"]:
        raise refused(
            f"Charge {name} has been charged back; cannot issue a refund.", code="charge_disputed", param="charge"
        )
    if amount > left:
        raise refused(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")


def _pay_back(core: Core, refund: Obj, charge: Obj, at: int) -> None:
    card = charge["payment_method_details"]["type"] == "card"
    txns = core.stores["balance_transaction"].objects
    txn = core.line(
        "refund" if card else "payment_refund",
        "refund",
        amount=-refund["amount"],
        currency=refund["currency"],
        at=at,
        source=refund["id"],
        description=f"REFUND FOR {'CHARGE' if card else 'PAYMENT'} ({charge['description'] or charge['id']})",
        available_on=txns[charge["balance_transaction"]]["available_on"],
    )
    core.change("refund", refund, balance_transaction=txn["id"])


def _waiting(core: Core, charge: Obj) -> list[Obj]:
    refunds = core.stores["refund"]
    found = [refunds.objects[object_id] for _, object_id in refunds.under("charge", charge["id"])]
    return [refund for refund in found if refund["status"] == "pending"]


def charge_settled(core: Core, charge: Obj, at: int) -> None:
    """Refunds asked for while the debit was processing go out now."""
    for refund in _waiting(core, charge):
        _pay_back(core, refund, charge, at)
        core.update("refund", refund, at, "refund.updated", status="succeeded", pending_reason=None)


def charge_failed(core: Core, charge: Obj, at: int) -> None:
    """Refunds asked for while the debit was processing have nothing to give back."""
    for refund in _waiting(core, charge):
        core.update("refund", refund, at, "refund.updated", status="canceled", pending_reason=None)
        core.change("charge", charge, amount_refunded=charge["amount_refunded"] - refund["amount"], refunded=False)


def fail(core: Core, refund_id: str, at: datetime, *, reason: str = "lost_or_stolen_card") -> None:
    """The bank could not take the refund: its money comes back as a `refund_failure` line."""
    refund, when = core.get("refund", refund_id), seconds(at)
    if refund["status"] != "succeeded":
        raise refused(f"{refund_id} is {refund['status']}: only a refund that went out can fail")
    txn = core.line(
        "refund_failure",
        "refund_failure",
        amount=refund["amount"],
        currency=refund["currency"],
        at=when,
        source=refund_id,
        description=f"REFUND FAILURE ({refund_id})",
    )
    core.change("refund", refund, status="failed", failure_reason=reason, failure_balance_transaction=txn["id"])
    core.emit("refund.failed", "refund", refund, when)
    charge = core.get("charge", refund["charge"])
    left = charge["amount_refunded"] - refund["amount"]
    core.update("charge", charge, when, "charge.updated", amount_refunded=left, refunded=False)
