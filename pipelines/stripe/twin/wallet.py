"""What customers pay with: payment methods, Stripe's test methods, and the mandates of bank debits."""

from __future__ import annotations

from pipelines.stripe.twin import methods
from pipelines.stripe.twin.core import Core
from pipelines.stripe.twin.store import Obj


def add_method(core: Core, kind: str, customer: str | None, at: int) -> Obj:
    """A new payment method, attached when there is a customer."""
    object_id = core.ids.next("pm")
    owner = core.stores["customer"].objects.get(customer or "", {})
    method = methods.payment_method(
        object_id,
        kind,
        core.ids.token(object_id, 16),
        created=at,
        customer=customer,
        details=methods.billing(owner.get("name"), owner.get("email")),
        last4="4242" if kind == "card" else "6789",
    )
    return core.add("payment_method", method, *(["payment_method.attached"] if customer else []))


def method_of(core: Core, customer: str, kind: str, at: int) -> Obj:
    """The customer's method of that kind, made on first use."""
    methods = core.stores["payment_method"]
    for _, object_id in methods.under("customer", customer):
        if methods.objects[object_id]["type"] == kind:
            return methods.objects[object_id]
    return add_method(core, kind, customer, at)


def mandate_of(core: Core, method: Obj, at: int) -> str:
    """The mandate a bank debit's method is charged under, made on first use."""
    object_id = f"mandate_1{core.ids.token('mandate:' + method['id'], 23)}"
    if object_id not in core.stores["mandate"].objects:
        core.add("mandate", methods.mandate(object_id, method, accepted=at))
    return object_id
