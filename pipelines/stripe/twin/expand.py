"""`expand`: ids replaced by the objects they name, several levels deep; what is not expanded is the JSON rendered before."""

from __future__ import annotations

from typing import Any

import orjson

from pipelines.stripe.twin.core import Core
from pipelines.stripe.twin.errors import bad_request
from pipelines.stripe.twin.store import Obj

Tree = dict[str, Any]
_KINDS = {
    "cus": "customer",
    "pm": "payment_method",
    "mandate": "mandate",
    "pi": "payment_intent",
    "ch": "charge",
    "py": "charge",
    "re": "refund",
    "du": "dispute",
    "po": "payout",
    "txn": "balance_transaction",
    "ba": "bank_account",
}
# Fields that can be expanded, and into what; () is a field that is always null here.
_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "customer": {"default_source": (), "test_clock": ()},
    "payment_method": {"customer": ("customer",)},
    "mandate": {"payment_method": ("payment_method",)},
    "payment_intent": {
        "customer": ("customer",),
        "latest_charge": ("charge",),
        "payment_method": ("payment_method",),
        "application": (),
        "on_behalf_of": (),
        "review": (),
        "source": (),
    },
    "charge": {
        "balance_transaction": ("balance_transaction",),
        "customer": ("customer",),
        "payment_intent": ("payment_intent",),
        "failure_balance_transaction": ("balance_transaction",),
        "refunds": ("refund",),
        "application": (),
        "application_fee": (),
        "on_behalf_of": (),
        "review": (),
        "source_transfer": (),
        "transfer": (),
    },
    "refund": {
        "balance_transaction": ("balance_transaction",),
        "charge": ("charge",),
        "customer": ("customer",),
        "failure_balance_transaction": ("balance_transaction",),
        "payment_intent": ("payment_intent",),
        "payment_method": ("payment_method",),
        "source_transfer_reversal": (),
        "transfer_reversal": (),
    },
    "dispute": {"charge": ("charge",), "payment_intent": ("payment_intent",)},
    "payout": {
        "balance_transaction": ("balance_transaction",),
        "destination": ("bank_account",),
        "failure_balance_transaction": ("balance_transaction",),
        "application_fee": (),
        "original_payout": (),
        "reversed_by": (),
    },
    "balance_transaction": {"source": ("charge", "refund", "dispute", "payout")},
    "event": {},
    "bank_account": {"account": (), "customer": ()},
}


def tree(paths: list[str], kind: str, *, listed: bool) -> Tree:
    """`["data.source.customer"]` -> `{"source": {"customer": {}}}`. Raises ApiError (400) for what cannot be expanded."""
    root: Tree = {}
    for path in paths:
        parts = path.split(".")
        if listed:
            if parts[0] != "data" or len(parts) < 2:
                raise _refusal(path)
            parts = parts[1:]
        if len(parts) > 4:
            raise bad_request(f"You cannot expand more than 4 levels of a property (got {path}).", param="expand")
        kinds: tuple[str, ...] = (kind,)
        node = root
        for part in parts:
            fields = [_FIELDS[name][part] for name in kinds if part in _FIELDS[name]]
            if not fields:
                raise _refusal(path)
            kinds = tuple(target for targets in fields for target in targets)
            node = node.setdefault(part, {})
    return root


def _refusal(path: str) -> Exception:
    return bad_request(f"This property cannot be expanded ({path}).", param="expand")


def render(core: Core, kind: str, object_id: str, expanded: Tree) -> bytes:
    """One object as JSON with the fields of `expanded` replaced."""
    store = core.stores[kind]
    if object_id in core.deleted:
        return orjson.dumps(core.deleted[object_id])
    if not expanded:
        return store.json(object_id)
    obj: Obj = dict(store.objects[object_id])
    for field, below in expanded.items():
        if field not in _FIELDS[kind]:
            continue  # one of several kinds that `source` may be
        if (kind, field) == ("charge", "refunds"):
            obj[field] = orjson.Fragment(_refunds(core, object_id, below))
        elif isinstance(obj.get(field), str) and _FIELDS[kind][field]:
            target = obj[field]
            obj[field] = orjson.Fragment(render(core, _KINDS[target.partition("_")[0]], target, below))
    return orjson.dumps(obj)


def _refunds(core: Core, charge_id: str, below: Tree) -> bytes:
    ids = [object_id for _, object_id in reversed(core.stores["refund"].under("charge", charge_id))]
    return envelope(
        f"/v1/charges/{charge_id}/refunds", [render(core, "refund", item, below) for item in ids[:10]], len(ids) > 10
    )


def envelope(url: str, data: list[bytes], has_more: bool) -> bytes:
    """A list object around rendered objects."""
    more = b"true" if has_more else b"false"
    return b'{"object":"list","url":"' + url.encode() + b'","has_more":' + more + b',"data":[' + b",".join(data) + b"]}"
