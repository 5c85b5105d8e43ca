"""Write endpoints of payment intents: create, update, confirm, capture, cancel, with Stripe's test payment methods."""

from __future__ import annotations

from typing import Any

import orjson

from pipelines.stripe.twin import methods, objects, payments
from pipelines.stripe.twin.calls import Call
from pipelines.stripe.twin.confirming import confirm, set_method
from pipelines.stripe.twin.errors import bad_request, missing, refused
from pipelines.stripe.twin.params import Params
from pipelines.stripe.twin.reads import Handler
from pipelines.stripe.twin.store import Obj

_EDITABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_METHOD_TYPES = ("card", *methods.DEBITS)
_CONFIRM = ("payment_method", "mandate", "mandate_data", "off_session", "return_url")


def _create(call: Call) -> bytes:
    params = call.params(
        "amount",
        "currency",
        "customer",
        "description",
        "metadata",
        "confirm",
        "automatic_payment_methods",
        "capture_method",
        "allowed_payment_method_types",
        "receipt_email",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
        *_CONFIRM,
    )
    params.require("amount", "currency")
    given, at_once = _given(params, {}), params.boolean("confirm")
    capture, types = params.choice("capture_method", ("automatic", "automatic_async", "manual")), _types(params)
    automatic = params.child("automatic_payment_methods", ("enabled", "allow_redirects"))
    if automatic is not None:
        redirects = automatic.choice("allow_redirects", ("always", "never"))
        given["automatic_payment_methods"] = {
            "allow_redirects": redirects or "always",
            "enabled": automatic.boolean("enabled") or False,
        }
    if at_once and "payment_method" not in params:
        raise bad_request(
            "You cannot confirm this PaymentIntent because it's missing a payment method.", param="payment_method"
        )
    call.check_expand("payment_intent")
    account = call.account
    _check_customer(call, given.get("customer"))
    object_id = account.ids.next("pi")
    intent = objects.payment_intent(
        object_id,
        call.when,
        secret=account.ids.token(object_id, 25),
        capture_method=capture or "automatic_async",
        allowed_payment_method_types=types or None,
        payment_method_types=types or ["card"],
        **given,
    )
    account.add("payment_intent", intent, "payment_intent.created")
    set_method(call, intent, params)
    if at_once:
        confirm(call, intent, params)
    return call.answer("payment_intent", object_id)


def _given(params: Params, metadata: dict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name in (
        "customer",
        "description",
        "receipt_email",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    ):
        if name in params:
            given[name] = params.text(name, clear=name in ("description", "receipt_email"))
    if "metadata" in params:
        given["metadata"] = params.metadata(metadata)
    if "amount" in params:
        given["amount"] = amount(params)
    if "currency" in params:
        given["currency"] = currency(params)
    return given


def amount(params: Params) -> int:
    """The `amount` parameter: at least 0.50, at most eight digits."""
    value = params.integer("amount", low=1) or 0
    if value < 50:
        raise bad_request("Amount must be at least 50 cents", code="amount_too_small", param="amount")
    if value > 99_999_999:
        raise bad_request("Amount must be no more than 999,999.99", code="amount_too_large", param="amount")
    return value


def currency(params: Params) -> str:
    """The `currency` parameter, lower case."""
    value = (params.text("currency") or "").lower()
    if len(value) != 3 or not value.isalpha():
        raise bad_request(f"Invalid currency: {value}", param="currency")
    return value


def _types(params: Params) -> list[str]:
    types = params.array("allowed_payment_method_types")
    for item in types:
        if item not in _METHOD_TYPES:
            message = f"The payment method type provided: {item} is invalid."
            raise bad_request(message, code="payment_intent_invalid_parameter", param="allowed_payment_method_types")
    return types


def _check_customer(call: Call, customer: str | None) -> None:
    if customer is not None and customer not in call.account.stores["customer"].objects:
        raise missing("customer", customer, "customer", status=400)


def _intent(call: Call, params: Params, states: tuple[str, ...], verb: str) -> Obj:
    call.check_expand("payment_intent")
    intent = call.account.get("payment_intent", call.object_id, param="intent")
    if intent["status"] not in states:
        message = f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}."
        body = orjson.loads(call.account.stores["payment_intent"].json(intent["id"]))
        raise refused(message, code="payment_intent_unexpected_state", payment_intent=body)
    return intent


def _update(call: Call) -> bytes:
    params = call.params(
        "amount", "currency", "customer", "description", "metadata", "payment_method", "receipt_email", "transfer_group"
    )
    frozen = [name for name in ("amount", "currency", "customer", "payment_method") if name in params]
    states = _EDITABLE if frozen else (*_EDITABLE, "processing", "requires_capture", "canceled", "succeeded")
    intent = _intent(call, params, states, "updated")
    given = _given(params, intent["metadata"])
    _check_customer(call, given.get("customer"))
    _ = call.at
    call.account.change("payment_intent", intent, **given)  # Stripe has no event for a changed intent
    set_method(call, intent, params)
    return call.answer("payment_intent", intent["id"])


def _confirm_call(call: Call) -> bytes:
    params = call.params(*_CONFIRM, "receipt_email")
    intent = _intent(call, params, ("requires_payment_method", "requires_confirmation"), "confirmed")
    if "payment_method" not in params and intent["payment_method"] is None:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise refused(message, code="payment_intent_unexpected_state")
    set_method(call, intent, params)
    confirm(call, intent, params)
    return call.answer("payment_intent", intent["id"])


def _capture(call: Call) -> bytes:
    params = call.params("amount_to_capture", "metadata", "final_capture")
    part = params.integer("amount_to_capture", low=1)
    intent = _intent(call, params, ("requires_capture",), "captured")
    account, total = call.account, part or intent["amount"]
    if total > intent["amount_capturable"]:
        message = f"The requested capture amount ({total}) is greater than the amount that can be captured ({intent['amount_capturable']})"
        raise refused(message, param="amount_to_capture")
    charge = account.get("charge", intent["latest_charge"])
    account.change("charge", charge, captured=True, amount_captured=total)
    payments.book(account, charge, call.when, fee=None)
    account.emit("charge.captured", "charge", charge, call.when)
    account.change(
        "payment_intent",
        intent,
        status="succeeded",
        amount_received=total,
        amount_capturable=0,
        metadata=params.metadata(intent["metadata"]),
    )
    account.emit("payment_intent.succeeded", "payment_intent", intent, call.when)
    return call.answer("payment_intent", intent["id"])


def _cancel(call: Call) -> bytes:
    params = call.params("cancellation_reason")
    reason = params.choice("cancellation_reason", ("abandoned", "duplicate", "fraudulent", "requested_by_customer"))
    intent = _intent(call, params, (*_EDITABLE, "requires_capture"), "canceled")
    account = call.account
    if intent["status"] == "requires_capture":  # the authorisation is given up
        charge = account.get("charge", intent["latest_charge"])
        account.change("charge", charge, refunded=True, amount_refunded=charge["amount"])
        account.emit("charge.expired", "charge", charge, call.when)
    account.change(
        "payment_intent",
        intent,
        status="canceled",
        canceled_at=call.when,
        cancellation_reason=reason,
        amount_capturable=0,
    )
    account.emit("payment_intent.canceled", "payment_intent", intent, call.when)
    return call.answer("payment_intent", intent["id"])


WRITES: dict[tuple[str, str], Handler] = {
    ("POST", "payment_intents"): _create,
    ("POST", "payment_intents/{}"): _update,
    ("POST", "payment_intents/{}/confirm"): _confirm_call,
    ("POST", "payment_intents/{}/capture"): _capture,
    ("POST", "payment_intents/{}/cancel"): _cancel,
}
