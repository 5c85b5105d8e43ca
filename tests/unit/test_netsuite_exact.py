"""Amounts that do not fit are found in a page's texts, and nothing else is."""

import time

import orjson
import pytest

from pipelines.netsuite.exact import faults


def page(lines: list[dict[str, object]], **header: str) -> list[dict[str, str]]:
    fine = {
        "id": "1",
        "currency": "1",
        "foreigntotal": "10.00",
        "lines": '[{"debit":"10","memo":"x"}]',
        "applications": "[]",
    }
    return [fine, {**fine, "id": "2", "lines": orjson.dumps(lines).decode(), **header}]


@pytest.mark.parametrize("amount", ["0", "-1.5", "1.50000", "1.2345", "99999999999999.9999", "-0.0001", "1.00000000"])
def test_what_fits_passes(amount: str) -> None:
    assert faults(page([{"netamount": amount}], foreigntotal="-12.10"), {"1": 2}) == {}


@pytest.mark.parametrize(
    "amount", ["1.00005", "-0.123456", ".00001", "1e-7", "1,5", "", "abc", "1.2.3", "1-", "100000000000000", "NaN", None, 1.5e-7]
)  # fmt: skip
@pytest.mark.parametrize("name", ["foreignamount", "foreignpaymentamountunused", "netamount", "debit", "credit"])
def test_what_does_not_fit_is_named(name: str, amount: object) -> None:
    found = faults(page([{"memo": "fine"}, {name: amount}]), {"1": 2})
    assert list(found) == [1]
    assert found[1].startswith(f"lines[1].{name}: {amount!r} ")


def test_links_and_headers_are_looked_at_too() -> None:
    found = faults(page([], applications='[{"foreignamount":"0.00001"}]'), {})
    assert found == {1: "applications[0].foreignamount: '0.00001' has more than 4 decimals"}
    yen = faults(page([], currency="3", foreigntotal="12.5"), {"1": 2, "3": 0})
    assert yen == {1: "foreigntotal: '12.5' has more than the 0 decimals of its currency"}
    assert faults(page([], currency="9", foreigntotal="12.5"), {"1": 2}) == {}


def test_other_fields_and_memos_that_quote_one_pass() -> None:
    memo = 'said "debit":"1.234567" to me'
    assert faults(page([{"quantity": "0.3333333", "memo": memo, "debit": "1"}]), {"1": 2}) == {}


def test_a_page_of_a_thousand_costs_milliseconds() -> None:
    line = {
        "id": "1",
        "mainline": "F",
        "account": "14",
        "memo": "Support " * 5,
        "foreignamount": "-50.25",
        "netamount": "-50.25",
        "credit": "50.25",
    }
    rows = page([line] * 3)[1:] * 1000
    began = time.perf_counter()
    assert faults(rows, {"1": 2}) == {}
    assert time.perf_counter() - began < 0.1
