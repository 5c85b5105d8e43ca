"""Write endpoints of customers."""

from __future__ import annotations

from typing import Any

import orjson

from pipelines.stripe.twin import methods, objects
from pipelines.stripe.twin.calls import Call
from pipelines.stripe.twin.confirming import chosen_method
from pipelines.stripe.twin.errors import bad_request, missing
from pipelines.stripe.twin.params import Params
from pipelines.stripe.twin.reads import Handler
from pipelines.stripe.twin.store import Obj

_TEXTS = ("name", "email", "description", "phone", "business_name", "individual_name")
_FIELDS = (*_TEXTS, "address", "balance", "metadata", "preferred_locales", "shipping", "tax_exempt")


def _create(call: Call) -> bytes:
    params = call.params(*_FIELDS, "payment_method")
    given = _given(params, {})
    token = params.text("payment_method")
    call.check_expand("customer")
    account = call.account
    customer = objects.customer(account.ids.next("cus"), call.when, **given)
    account.add("customer", customer, "customer.created")
    if token is not None:
        chosen_method(call, token, customer["id"])
    return call.answer("customer", customer["id"])


def _update(call: Call) -> bytes:
    params = call.params(*_FIELDS)
    call.check_expand("customer")
    customer = _live(call)
    call.account.update("customer", customer, call.when, "customer.updated", **_given(params, customer["metadata"]))
    return call.answer("customer", customer["id"])


def _delete(call: Call) -> bytes:
    call.params()
    customer, account = _live(call), call.account
    gone: Obj = {"id": customer["id"], "object": "customer", "deleted": True}
    account.emit("customer.deleted", "customer", customer, call.when)
    account.tombstones[customer["id"]] = account.stores["customer"].remove(customer["id"])
    account.deleted[customer["id"]] = gone
    return orjson.dumps(gone)


def _live(call: Call) -> Obj:
    if call.object_id in call.account.deleted:
        raise missing("customer", call.object_id, "id")
    return call.account.get("customer", call.object_id)


def _given(params: Params, metadata: dict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {name: params.text(name, clear=True) for name in _TEXTS if name in params}
    if given.get("email") and "@" not in given["email"]:
        raise bad_request(f"Invalid email address: {given['email']}", code="email_invalid", param="email")
    if "metadata" in params:
        given["metadata"] = params.metadata(metadata)
    if "balance" in params:
        given["balance"] = params.integer("balance")
    if "tax_exempt" in params:
        given["tax_exempt"] = params.choice("tax_exempt", ("exempt", "none", "reverse"))
    if "preferred_locales" in params:
        given["preferred_locales"] = params.array("preferred_locales")
    if "address" in params:
        given["address"] = address(params)
    if "shipping" in params:
        given["shipping"] = shipping(params)
    return given


def address(params: Params) -> Obj | None:
    """An address parameter as the object's `address`."""
    child = params.child("address", methods.ADDRESS)
    return None if child is None else {name: child.text(name, clear=True) for name in methods.ADDRESS}


def shipping(params: Params) -> Obj | None:
    """A `shipping` parameter: name and address are required."""
    child = params.child("shipping", ("address", "name", "phone", "carrier", "tracking_number"))
    if child is None:
        return None
    child.require("address", "name")
    return {"address": address(child)} | {
        name: child.text(name) for name in ("carrier", "name", "phone", "tracking_number")
    }


WRITES: dict[tuple[str, str], Handler] = {
    ("POST", "customers"): _create,
    ("POST", "customers/{}"): _update,
    ("DELETE", "customers/{}"): _delete,
}
