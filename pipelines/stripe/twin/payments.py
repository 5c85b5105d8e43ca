"""Taking money: payment methods, attempts, and the late outcome of bank debits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from pipelines.stripe.twin import methods, objects, refunds, wallet
from pipelines.stripe.twin.core import Core
from pipelines.stripe.twin.errors import refused
from pipelines.stripe.twin.state import DAY, midnight, seconds
from pipelines.stripe.twin.store import Obj

# Days until a payment's money is available (docs: cards 2; SEPA 5 business days; Bacs 4 to 7; ACH 4 business days).
AVAILABLE_DAYS = {"card": 2, "bacs_debit": 7, "sepa_debit": 7, "us_bank_account": 5}
_FAILURES = {
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
    "account_closed": "The customer's bank account has been closed.",
    "debit_not_authorized": "The customer has notified their bank that this payment was unauthorized.",
    "refer_to_customer": "The customer's bank asks to refer to the customer.",
}


def standard_fee(method: str, amount: int, currency: str, country: str) -> int:
    """Stripe's list price in minor units, half up: cards 2.9% + 30 (US) or 1.5% + 25/20 (Europe); debits a percentage with a cap."""
    if method == "card":
        points, fixed = (290, 30) if country == "US" else (150, 20 if currency == "gbp" else 25)
        return (amount * points + 5000) // 10000 + fixed
    points, least, most = {"bacs_debit": (100, 20, 200), "sepa_debit": (80, 35, 600), "us_bank_account": (80, 0, 500)}[
        method
    ]
    return min(max((amount * points + 5000) // 10000, least), most)


def attempt(core: Core, intent: Obj, method: Obj, at: int, *, fee: int | None, capture: bool = True) -> Obj:
    """Charge `intent` with `method`: a card succeeds at once (or waits for capture), a bank debit starts processing."""
    kind = method["type"]
    debit = kind != "card"
    if debit and intent["currency"] != methods.DEBITS[kind]:
        message = f"The currency provided ({intent['currency']}) is invalid for the payment method type {kind}."
        raise refused(message, code="payment_method_currency_mismatch", param="currency")
    day = (datetime.fromtimestamp(at, UTC) + timedelta(days=3)).date().isoformat() if debit else None
    object_id = core.ids.next("py" if debit else "ch")
    charge = objects.charge(
        object_id,
        at,
        intent=intent,
        method=method,
        token=core.ids.token(object_id, 24),
        details=methods.charge_details(
            method, wallet.mandate_of(core, method, at) if debit else None, day, intent["amount"]
        ),
        captured=capture,
        amount_captured=intent["amount"] if capture else 0,
        status="pending" if debit else "succeeded",
        paid=not debit,
    )
    core.add("charge", charge)
    if capture:
        book(core, charge, at, fee=fee)
    core.emit("charge.pending" if debit else "charge.succeeded", "charge", charge, at)
    _advance(core, intent, charge, at, "processing" if debit else "succeeded" if capture else "requires_capture")
    return charge


def book(core: Core, charge: Obj, at: int, *, fee: int | None) -> None:
    """Put a captured charge on the balance."""
    kind, amount, currency = charge["payment_method_details"]["type"], charge["amount_captured"], charge["currency"]
    cost = standard_fee(kind, amount, currency, core.country) if fee is None else fee
    txn = core.line(
        "charge" if kind == "card" else "payment",
        "charge",
        amount=amount,
        fee=cost,
        currency=currency,
        at=at,
        source=charge["id"],
        description=charge["description"],
        held=charge["status"] == "pending",
        available_on=midnight(datetime.fromtimestamp(at, UTC).date()) + AVAILABLE_DAYS[kind] * DAY,
    )
    core.change("charge", charge, balance_transaction=txn["id"])


def _advance(core: Core, intent: Obj, charge: Obj, at: int, status: str) -> None:
    received = charge["amount_captured"] if status == "succeeded" else 0
    core.change(
        "payment_intent",
        intent,
        status=status,
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        amount_received=received,
        amount_capturable=intent["amount"] if status == "requires_capture" else 0,
        last_payment_error=None,
    )
    event = "amount_capturable_updated" if status == "requires_capture" else status
    core.emit(f"payment_intent.{event}", "payment_intent", intent, at)


def decline(core: Core, intent: Obj, method: Obj, at: int, *, decline_code: str) -> Obj:
    """A card the bank refuses at once: a failed charge, and the intent waits for another method."""
    object_id, message = core.ids.next("ch"), "Your card was declined."
    charge = objects.charge(
        object_id,
        at,
        intent=intent,
        method=method,
        token=core.ids.token(object_id, 24),
        details=methods.charge_details(method, None, None, intent["amount"]),
        captured=False,
        paid=False,
        status="failed",
        failure_code="card_declined",
        failure_message=message,
        outcome=objects.DECLINED | {"reason": decline_code},
        receipt_url=None,
    )
    core.add("charge", charge, "charge.failed")
    _give_back(core, intent, charge, at, code="card_declined", message=message, decline_code=decline_code)
    return charge


def _give_back(
    core: Core, intent: Obj, charge: Obj, at: int, *, code: str, message: str, decline_code: str | None = None
) -> None:
    method = core.stores["payment_method"].objects[charge["payment_method"]]
    error = {
        "charge": charge["id"],
        "code": code,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": message,
        "payment_method": dict(method),
        "type": "card_error" if decline_code else "invalid_request_error",
    } | ({"decline_code": decline_code} if decline_code else {})
    core.change(
        "payment_intent",
        intent,
        status="requires_payment_method",
        last_payment_error=error,
        latest_charge=charge["id"],
        payment_method=None,
        amount_received=0,
    )
    core.emit("payment_intent.payment_failed", "payment_intent", intent, at)


def settle(core: Core, charge_id: str, at: datetime) -> None:
    """The bank has paid a debit."""
    charge, when = _waiting(core, charge_id), seconds(at)
    core.release(charge["balance_transaction"], when)
    core.change("charge", charge, status="succeeded", paid=True)
    core.emit("charge.succeeded", "charge", charge, when)
    _advance(core, core.get("payment_intent", charge["payment_intent"]), charge, when, "succeeded")
    refunds.charge_settled(core, charge, when)


def fail(core: Core, charge_id: str, code: str, at: datetime) -> None:
    """The bank has refused a debit: the gross is taken back by a `payment_failure_refund` line, and the first line stays."""
    charge, when = _waiting(core, charge_id), seconds(at)
    txn = core.release(charge["balance_transaction"], when)
    back = core.line(
        "payment_failure_refund",
        "charge_failure",
        amount=-charge["amount"],
        currency=charge["currency"],
        at=when,
        source=charge["id"],
        description="Payment failure refund",
        available_on=txn["available_on"],
    )
    message = _FAILURES.get(code, "The payment failed.")
    core.change(
        "charge",
        charge,
        status="failed",
        paid=False,
        failure_code=code,
        failure_message=message,
        failure_balance_transaction=back["id"],
        receipt_url=None,
    )
    core.emit("charge.failed", "charge", charge, when)
    _give_back(core, core.get("payment_intent", charge["payment_intent"]), charge, when, code=code, message=message)
    refunds.charge_failed(core, charge, when)


def _waiting(core: Core, charge_id: str) -> Obj:
    charge = core.get("charge", charge_id)
    if charge["status"] != "pending":
        raise refused(
            f"{charge_id} is {charge['status']}, not pending: only a bank debit that is still processing settles or fails; "
            "a bank's return after success arrives as a dispute"
        )
    return charge


def expected_outcome(kind: str, at: int) -> int:
    """When the bank's answer to a debit made through the API arrives (company time)."""
    return midnight(date.fromordinal(datetime.fromtimestamp(at, UTC).toordinal() + AVAILABLE_DAYS[kind] - 1))
