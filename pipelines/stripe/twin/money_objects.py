"""Shapes of what moves and holds money: balance transaction, refund, dispute, payout (version 2026-10-28.endive)."""

from __future__ import annotations

from typing import Any

from pipelines.stripe.twin.store import Obj

_EVIDENCE: Obj = dict.fromkeys(
    [
        "access_activity_log",
        "billing_address",
        "cancellation_policy",
        "cancellation_policy_disclosure",
        "cancellation_rebuttal",
        "customer_communication",
        "customer_email_address",
        "customer_name",
        "customer_purchase_ip",
        "customer_signature",
        "duplicate_charge_documentation",
        "duplicate_charge_explanation",
        "duplicate_charge_id",
        "product_description",
        "receipt",
        "refund_policy",
        "refund_policy_disclosure",
        "refund_refusal_explanation",
        "service_date",
        "service_documentation",
        "shipping_address",
        "shipping_carrier",
        "shipping_date",
        "shipping_documentation",
        "shipping_tracking_number",
        "uncategorized_file",
        "uncategorized_text",
    ]
) | {"enhanced_evidence": {}}
EVIDENCE_FIELDS = frozenset(_EVIDENCE) - {"enhanced_evidence"}


def balance_transaction(
    object_id: str,
    created: int,
    *,
    kind: str,
    category: str,
    amount: int,
    fee: int,
    currency: str,
    source: str | None,
    description: str | None,
    available_on: int,
    status: str,
    fee_description: str,
) -> Obj:
    """One line of the balance: `net` = `amount` - `fee`."""
    fees = [
        {"amount": fee, "application": None, "currency": currency, "description": fee_description, "type": "stripe_fee"}
    ]
    return {
        "id": object_id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees if fee else [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": status,
        "type": kind,
    }


def refund(
    object_id: str,
    created: int,
    *,
    charge: Obj,
    amount: int,
    reason: str | None,
    metadata: dict[str, str],
    **given: Any,
) -> Obj:
    """Money on its way back to the customer."""
    card = charge["payment_method_details"]["type"] == "card"
    details = {
        "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
        "type": "card",
    }
    return {
        "id": object_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": details if card else None,
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    } | given


def dispute(object_id: str, created: int, *, charge: Obj, amount: int, reason: str, final: bool) -> Obj:
    """A payment the customer's bank has taken back. Bank debits cannot be contested: theirs are `final`."""
    card = charge["payment_method_details"]["type"] == "card"
    network = {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"}
    return {
        "id": object_id,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": _EVIDENCE,
        "evidence_details": {
            "due_by": None if final else created + 14 * 86400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": network, "type": "card"} if card else None,
        "reason": reason,
        "status": "lost" if final else "needs_response",
    }


def payout(
    object_id: str, created: int, *, amount: int, currency: str, arrival: int, automatic: bool, bank: str, **given: Any
) -> Obj:
    """Money on its way to (or, negative, from) the merchant's bank."""
    return {
        "id": object_id,
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrival,
        "automatic": automatic,
        "balance_transaction": None,
        "created": created,
        "currency": currency,
        "description": "STRIPE PAYOUT" if automatic else None,
        "destination": bank,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit" if automatic else "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    } | given
