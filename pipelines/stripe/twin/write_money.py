"""Write endpoints of charges, refunds, disputes and payouts."""

from __future__ import annotations

from datetime import timedelta

from pipelines.stripe.twin import disputes, money_objects, payouts, refunds
from pipelines.stripe.twin.calls import Call
from pipelines.stripe.twin.errors import bad_request, missing, refused
from pipelines.stripe.twin.params import Params
from pipelines.stripe.twin.reads import Handler
from pipelines.stripe.twin.write_customers import shipping
from pipelines.stripe.twin.write_intents import currency


def _update_charge(call: Call) -> bytes:
    params = call.params("customer", "description", "metadata", "receipt_email", "shipping", "transfer_group")
    call.check_expand("charge")
    charge, account = call.account.get("charge", call.object_id, param="charge"), call.account
    given = {name: params.text(name, clear=True) for name in ("description", "receipt_email") if name in params}
    more = {"metadata": params.metadata(charge["metadata"])} if "metadata" in params else {}
    sent = {"shipping": shipping(params)} if "shipping" in params else {}
    if "customer" in params:
        given["customer"] = params.text("customer")
        if given["customer"] not in account.stores["customer"].objects:
            raise missing("customer", given["customer"] or "", "customer", status=400)
        if charge["customer"] not in (None, given["customer"]):
            raise refused("You cannot change the customer of a charge that already has one.", param="customer")
    if "transfer_group" in params:
        given["transfer_group"] = params.text("transfer_group")
    account.update("charge", charge, call.when, "charge.updated", **given, **more, **sent)
    return call.answer("charge", charge["id"])


def _create_refund(call: Call) -> bytes:
    params = call.params("amount", "charge", "metadata", "payment_intent", "reason")
    reason = params.choice("reason", ("duplicate", "fraudulent", "requested_by_customer"))
    amount, metadata, charge_id = params.integer("amount", low=1), params.metadata(), params.text("charge")
    call.check_expand("refund")
    if (charge_id is None) == ("payment_intent" not in params):
        raise bad_request("One of the following params should be provided for this request: payment_intent or charge.")
    if charge_id is None:
        intent = call.account.get(
            "payment_intent", params.text("payment_intent") or "", param="payment_intent", status=400
        )
        if intent["latest_charge"] is None:
            raise refused(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        charge_id = intent["latest_charge"]
    call.account.get("charge", charge_id, param="charge", status=400)
    refund = refunds.create(call.account, charge_id, call.at, amount=amount, reason=reason, metadata=metadata)
    return call.answer("refund", refund["id"])


def _update_refund(call: Call) -> bytes:
    params = call.params("metadata")
    call.check_expand("refund")
    refund = call.account.get("refund", call.object_id, param="refund")
    call.account.update("refund", refund, call.when, "refund.updated", metadata=params.metadata(refund["metadata"]))
    return call.answer("refund", refund["id"])


def _update_dispute(call: Call) -> bytes:
    params = call.params("evidence", "metadata", "submit")
    call.check_expand("dispute")
    account, submit = call.account, params.boolean("submit")
    dispute = account.get("dispute", call.object_id, param="dispute")
    evidence = params.child("evidence", money_objects.EVIDENCE_FIELDS)
    texts = (
        {name: evidence.text(name, clear=True) or "" for name in money_objects.EVIDENCE_FIELDS if name in evidence}
        if evidence
        else {}
    )
    metadata = params.metadata(dispute["metadata"])
    if texts or submit:
        disputes.submit(account, dispute, texts, call.when, now=bool(submit))
    account.update("dispute", dispute, call.when, "charge.dispute.updated", metadata=metadata)
    return call.answer("dispute", dispute["id"])


def _close_dispute(call: Call) -> bytes:
    call.params()
    call.check_expand("dispute")
    dispute = call.account.get("dispute", call.object_id, param="dispute")
    if dispute["status"] not in disputes.OPEN:
        raise refused("This dispute is already closed.", param="dispute")
    disputes.close(call.account, dispute["id"], call.at, won=False)
    return call.answer("dispute", dispute["id"])


def _create_payout(call: Call) -> bytes:
    params = call.params(
        "amount", "currency", "description", "destination", "metadata", "method", "source_type", "statement_descriptor"
    )
    params.require("amount", "currency")
    amount, money = params.integer("amount", low=1) or 0, currency(params)
    given = {name: params.text(name) for name in ("description", "statement_descriptor") if name in params}
    method = params.choice("method", ("standard", "instant")) or "standard"
    source = params.choice("source_type", ("card", "bank_account", "fpx")) or "card"
    metadata, account = params.metadata(), call.account
    call.check_expand("payout")
    if "destination" in params and params.text("destination") != account.bank(money):
        raise missing("external account", params.text("destination") or "", "destination", status=400)
    arrival = (call.at + timedelta(days=0 if method == "instant" else 2)).date()
    payout = payouts.manual(
        account, amount, money, call.at, arrival=arrival, method=method, source_type=source, metadata=metadata, **given
    )
    return call.answer("payout", payout["id"])


def _update_payout(call: Call) -> bytes:
    params: Params = call.params("metadata")
    call.check_expand("payout")
    payout = call.account.get("payout", call.object_id, param="payout")
    call.account.update("payout", payout, call.when, "payout.updated", metadata=params.metadata(payout["metadata"]))
    return call.answer("payout", payout["id"])


def _cancel_payout(call: Call) -> bytes:
    call.params()
    call.check_expand("payout")
    call.account.get("payout", call.object_id, param="payout")
    return call.answer("payout", payouts.cancel(call.account, call.object_id, call.at)["id"])


WRITES: dict[tuple[str, str], Handler] = {
    ("POST", "charges/{}"): _update_charge,
    ("POST", "refunds"): _create_refund,
    ("POST", "refunds/{}"): _update_refund,
    ("POST", "disputes/{}"): _update_dispute,
    ("POST", "disputes/{}/close"): _close_dispute,
    ("POST", "payouts"): _create_payout,
    ("POST", "payouts/{}"): _update_payout,
    ("POST", "payouts/{}/cancel"): _cancel_payout,
}
