"""What the models and the sandbox's truth hold in common with the settings."""

import re
from collections import defaultdict
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines import templates
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.sandbox.truth_breaks import Breaks
from tests.models import PROJECT

KEYS: dict[str, Any] = {"account_id": "1", "client_id": "${A}", "certificate_id": "${B}", "private_key": "${C}"}


def test_a_reference_field_that_is_not_read_is_refused() -> None:
    with pytest.raises(ValidationError, match="transaction_fields"):
        NetSuiteSettings(**KEYS, charge_reference_field="custbody_ref")
    assert NetSuiteSettings(**KEYS, charge_reference_field="custbody_ref", transaction_fields=("custbody_ref",))


QB: dict[str, Any] = {
    "realm_id": "1",
    "client_id": "${A}",
    "client_secret": "${B}",
    "refresh_token": "${C}",
}


@pytest.mark.parametrize("settings", [partial(NetSuiteSettings, **KEYS), partial(QuickBooksSettings, **QB)])
def test_a_template_names_only_what_can_be_filled_in(settings: Any) -> None:
    with pytest.raises(ValidationError, match=r"\{payout_id\} is nothing .* \{charge_id\}"):
        settings(memo_template="Stripe {charge_id} in {payout_id}")
    with pytest.raises(ValidationError, match=r"\{charge_id\} is nothing .* \{payout_id\}"):
        settings(deposit_memo_template="{charge_id}")
    assert settings(memo_template="Stripe {payment_id}: {invoices}", deposit_memo_template="{payout_id} {date}")


@pytest.mark.parametrize(
    ("model", "templates_of"),
    [("wb_payments", (templates.BANK_PAYMENT, templates.PAYMENT)), ("wb_deposits", (templates.DEPOSIT,))],
)
def test_every_name_of_a_template_is_filled_in_by_its_model(
    model: str, templates_of: tuple[tuple[str, ...], ...]
) -> None:
    sql = (PROJECT / "models" / "marts" / "writeback" / f"{model}.sql").read_text("utf-8")
    filled = re.findall(r"_template', \{(.*?)\}\)", sql, re.DOTALL)
    assert [sorted(re.findall(r"'(\w+)':", values)) for values in filled] == [sorted(names) for names in templates_of]


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
