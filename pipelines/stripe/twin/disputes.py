"""Money taken back by the customer's bank: the disputed sum and a fee leave at once, and return only when the dispute is won."""

from __future__ import annotations

from datetime import datetime

from pipelines.stripe.twin import money_objects
from pipelines.stripe.twin.core import Core
from pipelines.stripe.twin.errors import refused
from pipelines.stripe.twin.state import seconds
from pipelines.stripe.twin.store import Obj

OPEN = ("needs_response", "under_review")
_FINAL = ("bacs_debit", "sepa_debit")  # their schemes know no appeal


def create(core: Core, charge_id: str, at: datetime, *, reason: str, fee: int, amount: int | None = None) -> Obj:
    """Open a dispute over a succeeded charge. Bacs and SEPA disputes are lost as they arrive."""
    charge, when = core.get("charge", charge_id), seconds(at)
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise refused(
            f"{charge_id} is {charge['status']}{' and already disputed' if charge['disputed'] else ''}: it cannot be disputed"
        )
    # a bank may take back what was refunded before: both then cost the merchant
    left = charge["amount_captured"] - charge["amount_refunded"] or charge["amount_captured"]
    disputed = left if amount is None else amount
    if not 0 < disputed <= charge["amount_captured"]:
        raise refused(f"{charge_id}: cannot dispute {disputed} of {charge['amount_captured']}")
    final = charge["payment_method_details"]["type"] in _FINAL
    dispute = money_objects.dispute(
        core.ids.next("du"), when, charge=charge, amount=disputed, reason=reason, final=final
    )
    core.add("dispute", dispute)
    _line(core, dispute, when, category="dispute", amount=-disputed, fee=fee, text="Chargeback withdrawal")
    core.emit("charge.dispute.created", "dispute", dispute, when)
    core.emit("charge.dispute.funds_withdrawn", "dispute", dispute, when)
    core.update("charge", charge, when, "charge.updated", disputed=True)
    if final:
        core.emit("charge.dispute.closed", "dispute", dispute, when)
    return dispute


def close(core: Core, dispute_id: str, at: datetime, *, won: bool) -> None:
    """The bank has decided. Closing a dispute that was lost on arrival as lost changes nothing."""
    dispute, when = core.get("dispute", dispute_id, param="dispute"), seconds(at)
    if dispute["status"] == "lost" and not won and dispute["evidence_details"]["due_by"] is None:
        return
    if dispute["status"] not in OPEN:
        raise refused(f"This dispute is already closed ({dispute['status']}).", param="dispute")
    if won:
        _line(
            core,
            dispute,
            when,
            category="dispute_reversal",
            amount=dispute["amount"],
            fee=0,
            text="Chargeback reversal",
        )
    core.change("dispute", dispute, status="won" if won else "lost")
    core.emit("charge.dispute.closed", "dispute", dispute, when)
    if won:
        core.emit("charge.dispute.funds_reinstated", "dispute", dispute, when)


def submit(core: Core, dispute: Obj, evidence: dict[str, str], at: int, *, now: bool) -> None:
    """Store evidence and, if `now`, send it to the bank."""
    details = dispute["evidence_details"]
    if dispute["status"] not in OPEN:
        raise refused("This dispute is already closed.", param="dispute")
    if now:
        details = details | {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
    held = dispute["evidence"] | {name: value or None for name, value in evidence.items()}
    core.update(
        "dispute",
        dispute,
        at,
        "charge.dispute.updated",
        evidence=held,
        status="under_review" if now else dispute["status"],
        evidence_details=details | {"has_evidence": any(held[name] for name in money_objects.EVIDENCE_FIELDS)},
    )


def _line(core: Core, dispute: Obj, at: int, *, category: str, amount: int, fee: int, text: str) -> None:
    txn = core.line(
        "adjustment",
        category,
        amount=amount,
        fee=fee,
        currency=dispute["currency"],
        at=at,
        source=dispute["id"],
        description=f"{text} for {dispute['charge']}",
        fee_description="Dispute fee",
    )
    core.change("dispute", dispute, balance_transactions=[*dispute["balance_transactions"], txn])
