"""List endpoints: newest first, cursors by id, the filters of each endpoint and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from pipelines.stripe.twin import expand
from pipelines.stripe.twin.core import Core
from pipelines.stripe.twin.errors import bad_request, missing
from pipelines.stripe.twin.params import Params, Span
from pipelines.stripe.twin.store import Key, Window, page

_PAGING = ("limit", "starting_after", "ending_before")
_NAMED = {"customer": "customer", "charge": "charge", "payment_intent": "payment_intent", "payout": "payout"}


@dataclass(frozen=True)
class Listing:
    """One list endpoint: the kind it lists, filters by equality, filters by time."""

    kind: str
    equal: tuple[str, ...] = ()
    spans: tuple[str, ...] = ("created",)
    special: tuple[str, ...] = ()


LISTS = {
    "customers": Listing("customer", ("email", "test_clock")),
    "payment_methods": Listing("payment_method", ("allow_redisplay", "customer", "customer_account", "type"), ()),
    "payment_intents": Listing("payment_intent", ("customer", "customer_account")),
    "charges": Listing("charge", ("customer", "payment_intent", "transfer_group")),
    "refunds": Listing("refund", ("charge", "payment_intent")),
    "disputes": Listing("dispute", ("charge", "payment_intent")),
    "payouts": Listing("payout", ("destination", "status"), ("created", "arrival_date")),
    "balance_transactions": Listing("balance_transaction", ("currency", "source", "type"), special=("payout",)),
    "events": Listing("event", (), special=("type", "types", "delivery_success")),
}


def listing(
    core: Core, name: str, raw: dict[str, Any], *, fixed: dict[str, str] | None = None, url: str | None = None
) -> bytes:
    """Answer `GET /v1/{name}`; `fixed` filters come from the path."""
    spec = LISTS[name]
    params = Params(raw, (*_PAGING, *spec.equal, *spec.spans, *spec.special) if fixed is None else _PAGING)
    expanded = expand.tree(params.array("expand"), spec.kind, listed=True)
    limit = params.integer("limit", low=1, high=100) or 10
    after, before = (_cursor(core, spec.kind, params, side) for side in ("starting_after", "ending_before"))
    if after is not None and before is not None:
        raise bad_request("You can only specify one of these parameters: ending_before, starting_after.")
    spans = {span: params.span(span) for span in spec.spans}
    created = spans.pop("created", (None, None))
    equal = fixed or {field: value for field in spec.equal if (value := params.text(field)) is not None}
    keys, accept = _select(core, spec, params, equal, spans)
    ids, more = page(keys, Window(limit, created[0], created[1], after, before), accept)
    return expand.envelope(url or f"/v1/{name}", [expand.render(core, spec.kind, item, expanded) for item in ids], more)


def _cursor(core: Core, kind: str, params: Params, side: str) -> Key | None:
    object_id = params.text(side)
    if object_id is None:
        return None
    obj = core.stores[kind].objects.get(object_id) or core.tombstones.get(object_id)
    if obj is None:
        raise missing(kind.replace("_", ""), object_id, side, status=400)
    return obj["created"], object_id


def _select(
    core: Core, spec: Listing, params: Params, equal: dict[str, str], spans: dict[str, Span]
) -> tuple[list[Key], Callable[[str], bool] | None]:
    """The shortest index that covers the filters, and a test for the filters it does not cover."""
    store = core.stores[spec.kind]
    for field, value in equal.items():
        if field in _NAMED and value not in core.stores[_NAMED[field]].objects and value not in core.deleted:
            raise missing(_NAMED[field].replace("_", ""), value, field, status=400)
    bases = [store.under(field, value) for field, value in equal.items() if field in store.indexed]
    rest = {field: value for field, value in equal.items() if field not in store.indexed or len(bases) > 1}
    for name in spec.special:
        keys = _special(core, spec.kind, name, params)
        if keys is not None:
            bases.append(keys)
            rest = dict(equal)
    tests = {field: span for field, span in spans.items() if span != (None, None)}
    keys = min(bases, key=len) if bases else store.keys.ordered()
    if not rest and not tests:
        return keys, None

    def accept(object_id: str) -> bool:
        obj = store.objects[object_id]
        return all(obj[field] == value for field, value in rest.items()) and all(
            (low is None or obj[field] >= low) and (high is None or obj[field] < high)
            for field, (low, high) in tests.items()
        )

    return keys, accept


def _special(core: Core, kind: str, name: str, params: Params) -> list[Key] | None:
    store = core.stores[kind]
    if name == "payout":
        value = params.text("payout")
        return None if value is None else _in_payout(core, value)
    if name == "types":
        types = params.array("types", most=20)
        if types and "type" in params:
            raise bad_request("You may only specify one of these parameters: type, types.", param="types")
        return sorted(key for name in set(types) for key in store.under("type", name)) if types else None
    if name == "delivery_success":  # there are no endpoints, so nothing ever failed to be delivered
        return [] if params.boolean(name) is False else None
    pattern = params.text("type")
    if pattern is None:
        return None
    if "*" not in pattern:
        return store.under("type", pattern)
    return sorted(
        key for name in store.values("type") if fnmatchcase(name, pattern) for key in store.under("type", name)
    )


def _in_payout(core: Core, payout_id: str) -> list[Key]:
    payout = core.get("payout", payout_id, param="payout", status=400)
    if not payout["automatic"]:
        raise bad_request(
            "Balance transaction history can only be filtered on automatic transfers, not manual.", param="payout"
        )
    if payout["reconciliation_status"] != "completed":
        message = f"The balance transactions of payout {payout_id} are not known yet; wait until its reconciliation_status is completed."
        raise bad_request(message, code="payout_reconciliation_not_ready", param="payout")
    return core.stores["balance_transaction"].under("payout", payout_id)
