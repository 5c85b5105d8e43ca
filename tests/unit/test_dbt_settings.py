"""What the models and the sandbox's truth hold in common with the settings."""

from collections import defaultdict
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.sandbox.truth_breaks import Breaks

KEYS: dict[str, Any] = {"account_id": "1", "client_id": "${A}", "certificate_id": "${B}", "private_key": "${C}"}


def test_a_reference_field_that_is_not_read_is_refused() -> None:
    with pytest.raises(ValidationError, match="transaction_fields"):
        NetSuiteSettings(**KEYS, charge_reference_field="custbody_ref")
    assert NetSuiteSettings(**KEYS, charge_reference_field="custbody_ref", transaction_fields=("custbody_ref",))


@pytest.mark.parametrize(
    ("owed", "amount", "reason"),
    [
        ((10, 20, 30), 60, "single_candidate"),
        ((10, 20, 30, 40), 100, "no_evidence"),
        ((10, 20, 30, 40), 60, "ambiguous_match"),
        ((*range(1000, 1038), 1, 2), 3, "single_candidate"),
        ((*range(1000, 1039), 1, 2), 3, "no_evidence"),
    ],
)
def test_the_truth_seeks_sets_as_large_as_the_ledger_does(owed: tuple[int, ...], amount: int, reason: str) -> None:
    breaks: Any = Breaks.__new__(Breaks)
    breaks.psp = SimpleNamespace(mapped={"cus": "12"})
    breaks.open = defaultdict(list, {("12", "USD"): [Decimal(value) for value in owed]})
    assert breaks._candidates({"customer": "cus"}, Decimal(amount), "USD") == reason
