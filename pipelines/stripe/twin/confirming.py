"""Confirming a payment intent: which payment method, and what becomes of it."""

from __future__ import annotations

from functools import partial

import orjson

from pipelines.stripe.twin import payments, wallet
from pipelines.stripe.twin.calls import Call
from pipelines.stripe.twin.errors import declined, refused
from pipelines.stripe.twin.params import Params
from pipelines.stripe.twin.store import Obj

# Test payment methods: kind, and what becomes of a payment with it (None: it succeeds).
TEST_METHODS: dict[str, tuple[str, str | None]] = {
    "pm_card_visa": ("card", None),
    "pm_card_chargeDeclined": ("card", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card", "insufficient_funds"),
    "pm_bacsDebit_success": ("bacs_debit", None),
    "pm_bacsDebit_insufficientFunds": ("bacs_debit", "insufficient_funds"),
    "pm_sepaDebit_success": ("sepa_debit", None),
    "pm_sepaDebit_insufficientFunds": ("sepa_debit", "insufficient_funds"),
    "pm_usBankAccount_success": ("us_bank_account", None),
    "pm_usBankAccount_insufficientFunds": ("us_bank_account", "insufficient_funds"),
}


def chosen_method(call: Call, name: str, customer: str | None) -> Obj:
    """A stored payment method, or a new one made of a test method; attached to the customer if there is one."""
    account = call.account
    if name in TEST_METHODS:
        kind, outcome = TEST_METHODS[name]
        method = wallet.add_method(account, kind, customer, call.when)
        if outcome is not None:
            account.doomed[method["id"]] = outcome
        return method
    method = account.get("payment_method", name, param="payment_method", status=400)
    if method["customer"] not in (None, customer):
        raise refused(f"The payment method {name} belongs to another customer.", code="payment_method_unexpected_state")
    return method


def set_method(call: Call, intent: Obj, params: Params) -> None:
    name = params.text("payment_method")
    if name is None:
        return
    method = chosen_method(call, name, intent["customer"])
    types = intent["payment_method_types"]
    if intent["allowed_payment_method_types"] and method["type"] not in types:
        raise refused(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent.",
            param="payment_method",
        )
    call.account.change(
        "payment_intent",
        intent,
        payment_method=method["id"],
        status="requires_confirmation",
        payment_method_types=types if method["type"] in types else [*types, method["type"]],
    )


def confirm(call: Call, intent: Obj, params: Params) -> None:
    account = call.account
    method = account.stores["payment_method"].objects[intent["payment_method"]]
    kind, outcome = method["type"], account.doomed.get(method["id"])
    if kind != "card" and not any(name in params for name in ("mandate", "mandate_data", "off_session")):
        message = f"You must provide mandate_data or an existing mandate to confirm a PaymentIntent with {kind}."
        raise refused(message, code="parameter_missing", param="mandate_data")
    if kind == "card" and outcome is not None:
        charge = payments.decline(account, intent, method, call.when, decline_code=outcome)
        body = orjson.loads(account.stores["payment_intent"].json(intent["id"]))
        raise declined("Your card was declined.", decline_code=outcome, charge=charge["id"], payment_intent=body)
    capture = kind != "card" or intent["capture_method"] != "manual"
    charge = payments.attempt(account, intent, method, call.when, fee=None, capture=capture)
    if kind != "card":
        known = payments.expected_outcome(kind, call.when)
        end = (
            partial(payments.fail, account, charge["id"], outcome)
            if outcome
            else partial(payments.settle, account, charge["id"])
        )
        account.later(known, lambda due: end(due) if charge["status"] == "pending" else None)
