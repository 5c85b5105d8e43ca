"""Shapes of what is charged: payment methods, mandates, and how a charge describes the method it used (version 2026-10-28.endive)."""

from __future__ import annotations

from pipelines.stripe.twin.store import Obj

DEBITS = {"bacs_debit": "gbp", "sepa_debit": "eur", "us_bank_account": "usd"}
ADDRESS: Obj = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
_CHECKS: Obj = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}


def billing(name: str | None, email: str | None) -> Obj:
    """`billing_details` with only what is known."""
    return {"address": ADDRESS, "email": email, "name": name, "phone": None, "tax_id": None}


def payment_method(
    object_id: str, kind: str, token: str, *, created: int, customer: str | None, details: Obj, last4: str
) -> Obj:
    """A payment method of `kind`; `token` makes its fingerprint, `details` are billing details."""
    fingerprint, part = token[:16], {}
    if kind == "card":
        part = {
            "brand": "visa",
            "checks": _CHECKS,
            "country": "US",
            "display_brand": "visa",
            "exp_month": 8,
            "exp_year": 2030,
            "fingerprint": fingerprint,
            "funding": "credit",
            "generated_from": None,
            "last4": last4,
            "networks": {"available": ["visa"], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        }
    elif kind == "bacs_debit":
        part = {"fingerprint": fingerprint, "last4": last4, "sort_code": "108800"}
    elif kind == "sepa_debit":
        part = {
            "bank_code": "37040044",
            "branch_code": "",
            "country": "DE",
            "fingerprint": fingerprint,
            "generated_from": {"charge": None, "setup_attempt": None},
            "last4": last4,
        }
    else:
        part = {
            "account_holder_type": "company",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "financial_connections_account": None,
            "fingerprint": fingerprint,
            "last4": last4,
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "routing_number": "110000000",
            "status_details": {},
        }
    return {
        "id": object_id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": details,
        "created": created,
        "customer": customer,
        "customer_account": None,
        kind: part,
        "livemode": False,
        "metadata": {},
        "type": kind,
    }


def mandate(object_id: str, method: Obj, *, accepted: int) -> Obj:
    """The standing permission that a bank debit rests on."""
    kind, reference = method["type"], object_id[-8:].upper()
    details: dict[str, Obj] = {
        "bacs_debit": {
            "display_name": None,
            "network_status": "accepted",
            "reference": reference,
            "revocation_reason": None,
            "service_user_number": "424242",
            "url": f"https://payments.stripe.com/bacs_debit/mandates/{reference}",
        },
        "sepa_debit": {"reference": reference, "url": f"https://hooks.stripe.com/adapter/sepa_debit/file/{reference}"},
        "us_bank_account": {},
    }
    online = {"ip_address": "127.0.0.1", "user_agent": "device"}
    return {
        "id": object_id,
        "object": "mandate",
        "customer_acceptance": {"accepted_at": accepted, "online": online, "type": "online"},
        "livemode": False,
        "multi_use": {},
        "payment_method": method["id"],
        "payment_method_details": {kind: details[kind], "type": kind},
        "status": "active",
        "type": "multi_use",
    }


def charge_details(method: Obj, mandate_id: str | None, expected_debit: str | None, amount: int) -> Obj:
    """`payment_method_details` of a charge made with `method`."""
    kind = method["type"]
    if kind != "card":
        part = {name: value for name, value in method[kind].items() if name in _DEBIT_DETAILS}
        more = {"mandate": mandate_id, "expected_debit_date": expected_debit}
        return {kind: part | more | ({"payment_reference": None} if kind == "us_bank_account" else {}), "type": kind}
    card, off = method["card"], {"status": "unavailable"}
    return {
        "card": {
            "amount_authorized": amount,
            "authorization_code": None,
            "brand": card["brand"],
            "checks": card["checks"],
            "country": card["country"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "extended_authorization": {"status": "disabled"},
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "incremental_authorization": off,
            "installments": None,
            "last4": card["last4"],
            "mandate": None,
            "multicapture": off,
            "network": "visa",
            "network_token": {"used": False},
            "network_transaction_id": None,
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": None,
            "transaction_link_id": None,
            "wallet": None,
        },
        "type": "card",
    }


_DEBIT_DETAILS = frozenset(
    [
        "account_holder_type",
        "account_type",
        "bank_code",
        "bank_name",
        "branch_code",
        "country",
        "fingerprint",
        "last4",
        "routing_number",
        "sort_code",
    ]
)
