"""Money: exact, with the currency's own decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import money


@pytest.mark.parametrize(
    ("currency", "decimals"), [("JPY", 0), ("EUR", 2), ("usd", 2), ("KWD", 3), ("CLF", 4), ("ISK", 0)]
)
def test_exponents_are_those_of_iso_4217(currency: str, decimals: int) -> None:
    assert money.exponent(currency) == decimals


@pytest.mark.parametrize(
    ("text", "currency"),
    [("12.345", "EUR"), ("1.5", "JPY"), ("abc", "EUR"), ("", "EUR"), ("NaN", "EUR"), ("1e999", "EUR")],
)
def test_what_is_not_an_amount_in_its_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(money.NotMoney):
        money.parse(text, currency)


def test_trailing_zeros_are_no_extra_decimals() -> None:
    assert money.parse("12.3000", "EUR") == Decimal("12.3")


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD", "ISK", "UGX"]))
def test_stripe_units_survive_the_way_there_and_back(units: int, currency: str) -> None:
    assert money.from_minor(units, currency).scaleb(money.stripe_exponent(currency)) == units


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [("0.005", "EUR", "0.01"), ("-0.005", "EUR", "-0.01"), ("12", "JPY", "12"), ("1.0005", "KWD", "1.001")],
)
def test_rounding_is_half_away_from_zero(amount: str, currency: str, shown: str) -> None:
    assert money.text(Decimal(amount), currency) == shown
