"""Every object the twin makes has exactly the fields, types, nulls and values of the published contract."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_stripe_twin_world import history

CONTRACTS = (
    Path(os.environ.get("TIEOUT_CONTRACTS") or Path(__file__).resolve().parents[3] / "shared" / "contracts") / "stripe"
)
RESOURCES = CONTRACTS / "resources-2026-10-28.endive.json"
pytestmark = pytest.mark.skipif(
    not RESOURCES.exists(), reason=f"the published contract {RESOURCES} is not here (TIEOUT_CONTRACTS)"
)

KINDS = (
    "charge",
    "payment_intent",
    "refund",
    "dispute",
    "payout",
    "balance_transaction",
    "customer",
    "event",
    "payment_method",
    "mandate",
    "bank_account",
)
# In the fixtures, but only when asked for (expand), only for some, or from an older version.
NOT_ALWAYS = {"charge": {"refunds"}, "payment_intent": {"payment_details"}, "refund": {"description"}}
SCALARS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
    "id": str,
}


@cache
def contract() -> dict[str, Any]:
    return dict(json.loads(RESOURCES.read_text()))


@cache
def fixtures() -> dict[str, Any]:
    return dict(json.loads((CONTRACTS / "fixtures3.json").read_text())["resources"])


def problems(value: Any, spec: dict[str, Any], path: str) -> list[str]:
    """What is wrong with `value` as a `spec` of the contract; [] if nothing."""
    if value is None:
        return [] if spec.get("nullable") else [f"{path} is null"]
    if "anyOf" in spec and "type" not in spec:
        found = [problems(value, option, path) for option in spec["anyOf"]]
        return [] if any(not one for one in found) else [line for one in found for line in one]
    kind = spec["type"]
    if kind in SCALARS:
        return _scalar(value, spec, path)
    if kind == "object":
        return _object(value, spec.get("fields", {}), path)
    if kind == "map":
        inner = spec["values"]
        return (
            []
            if inner["type"] == "Any"
            else [line for name, one in value.items() for line in problems(one, inner, f"{path}.{name}")]
        )
    if kind == "array":
        return [line for number, one in enumerate(value) for line in problems(one, spec["items"], f"{path}[{number}]")]
    if kind == "list":
        if set(value) != {"object", "data", "has_more", "url"} or value["object"] != "list":
            return [f"{path} is no list"]
        return [
            line
            for number, one in enumerate(value["data"])
            for line in problems(one, spec["items"], f"{path}[{number}]")
        ]
    return _object(value, fields_of(kind), path)


def _scalar(value: Any, spec: dict[str, Any], path: str) -> list[str]:
    if not isinstance(value, SCALARS[spec["type"]]) or (isinstance(value, bool) and spec["type"] != "boolean"):
        return [f"{path} is {value!r}, not {spec['type']}"]
    if "enum" in spec and not spec.get("open_enum") and value not in spec["enum"]:
        return [f"{path} is {value!r}, not one of {spec['enum']}"]
    return []


def _object(value: Any, fields: dict[str, Any], path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} is {value!r}, not an object"]
    found = [f"{path}.{name} is unknown" for name in value if name not in fields]
    for name, spec in fields.items():
        if name in value:
            found += problems(value[name], spec, f"{path}.{name}")
        elif not spec.get("nullable"):
            found.append(f"{path}.{name} is missing")
    return found


def fields_of(name: str) -> dict[str, Any]:
    """The fields of a resource, by class (`BalanceTransaction`) or kind."""
    for kind, resource in contract()["resources"].items():
        if name in (kind, resource["class"]):
            return dict(resource["fields"])
    return {}  # e.g. Card, which the contract does not describe: nothing matches it


def check(kind: str, obj: dict[str, Any]) -> None:
    """Assert that `obj` is a `kind` of the contract."""
    assert _object(obj, fields_of(kind), kind) == []
    if kind == "event":
        assert obj["type"] in contract()["event_types"]
        check(obj["data"]["object"]["object"], obj["data"]["object"])
        assert set(obj["data"].get("previous_attributes", {})) <= set(obj["data"]["object"])
        return
    sample = set(fixtures()[kind]) if kind in fixtures() else set()
    assert (
        sample - set(obj) - NOT_ALWAYS.get(kind, set()) - {kind for kind in METHOD_KINDS if kind != obj.get("type")}
        == set()
    )


METHOD_KINDS = ("card", "bacs_debit", "sepa_debit", "us_bank_account")


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_of_a_random_history_is_in_the_contract(kind: str) -> None:
    world = history(11)
    made = world.objects(kind)
    assert made
    for obj in made:
        check(kind, obj)


def test_account_and_balance_are_in_the_contract() -> None:
    world = history(11, days=10)
    check("account", json.loads(json.dumps(world.account())))
    assert _object(world.balance(), fields_of("balance"), "balance") == []


def test_a_random_history_covers_the_states_that_matter() -> None:
    world = history(11)
    lines = {(line["type"], line["reporting_category"]) for line in world.objects("balance_transaction")}
    assert lines >= {
        ("charge", "charge"),
        ("payment", "charge"),
        ("payment_failure_refund", "charge_failure"),
        ("refund", "refund"),
        ("payment_refund", "refund"),
        ("refund_failure", "refund_failure"),
        ("adjustment", "dispute"),
        ("adjustment", "dispute_reversal"),
        ("stripe_fee", "fee"),
        ("payout", "payout"),
        ("payout_failure", "payout_reversal"),
    }
    assert {charge["status"] for charge in world.objects("charge")} == {"succeeded", "pending", "failed"}
    assert {payout["status"] for payout in world.objects("payout")} >= {"paid", "failed", "in_transit"}
    assert {payout["reconciliation_status"] for payout in world.objects("payout")} >= {"completed", "not_applicable"}


def test_the_checker_finds_what_is_wrong() -> None:
    good = history(11, days=5).objects("balance_transaction")[0]
    for bad in (
        good | {"amount": "1"},
        good | {"amount": None},
        good | {"colour": "red"},
        {k: v for k, v in good.items() if k != "net"},
    ):
        assert _object(bad, fields_of("balance_transaction"), "x")
