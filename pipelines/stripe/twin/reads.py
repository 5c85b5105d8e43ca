"""Read endpoints: retrieve and list."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from pipelines.stripe.twin.calls import Call
from pipelines.stripe.twin.errors import missing
from pipelines.stripe.twin.lists import LISTS, listing

Handler = Callable[[Call], bytes]
# The name of the id in the path, which Stripe puts into `param` of resource_missing.
_PATH_IDS = {
    "payment_intents": "intent",
    "payouts": "payout",
    "disputes": "dispute",
    "refunds": "refund",
    "payment_methods": "payment_method",
}


def _retrieve(resource: str, kind: str) -> Handler:
    def handler(call: Call) -> bytes:
        call.params()
        if kind != "customer" or call.object_id not in call.account.deleted:
            call.account.get(kind, call.object_id, param=_PATH_IDS.get(resource, "id"))
        return call.answer(kind, call.object_id)

    return handler


def _list(resource: str) -> Handler:
    return lambda call: listing(call.account, resource, call.raw)


def _account(call: Call) -> bytes:
    call.params()
    if call.object_id not in ("", call.account.account_id):
        raise missing("account", call.object_id, "account")
    return orjson.dumps(call.account.account())


def _balance(call: Call) -> bytes:
    call.params()
    return orjson.dumps(call.account.balance())


def _refunds_of_charge(call: Call) -> bytes:
    call.account.get("charge", call.object_id, param="charge")
    url = f"/v1/charges/{call.object_id}/refunds"
    return listing(call.account, "refunds", call.raw, fixed={"charge": call.object_id}, url=url)


READS: dict[tuple[str, str], Handler] = {
    ("GET", "account"): _account,
    ("GET", "accounts/{}"): _account,
    ("GET", "balance"): _balance,
    ("GET", "charges/{}/refunds"): _refunds_of_charge,
    ("GET", "mandates/{}"): _retrieve("mandates", "mandate"),
}
for _name, _spec in LISTS.items():
    READS[("GET", _name)] = _list(_name)
    READS[("GET", f"{_name}/{{}}")] = _retrieve(_name, _spec.kind)
