"""Money: exact decimals and ISO 4217 exponents. The only rounding in Python happens here."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

# ISO 4217 currencies whose minor unit is not two decimals (source: ISO 4217 table A.1).
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
# Stripe counts these in two-decimal units although ISO says otherwise (docs.stripe.com/currencies), and MGA without decimals.
_STRIPE_EXPONENTS = {"ISK": 2, "UGX": 2, "MGA": 0}


_WHOLE_DIGITS = 14  # what decimal(18,4) holds


class NotMoney(ValueError):
    """A text that is not an exact amount in its currency."""


def exponent(currency: str) -> int:
    """Decimals of a currency's minor unit: JPY 0, EUR 2, KWD 3."""
    return _EXPONENTS.get(currency.upper(), 2)


def stripe_exponent(currency: str) -> int:
    """Decimals that Stripe's integer amounts stand for."""
    return _STRIPE_EXPONENTS.get(currency.upper(), exponent(currency))


def parse(text: str, currency: str) -> Decimal:
    """`"12.30"`, EUR -> Decimal. Raises NotMoney when the text is no number or has more decimals than the currency."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise NotMoney(f"{text!r} is not a number") from None
    if not amount.is_finite():
        raise NotMoney(f"{text!r} is not a finite number")
    if amount.adjusted() >= _WHOLE_DIGITS:
        raise NotMoney(f"{text!r} has more than {_WHOLE_DIGITS} digits before the decimal point")
    if amount != amount.quantize(Decimal(1).scaleb(-exponent(currency))):
        raise NotMoney(f"{text!r} has more decimals than {currency.upper()} allows ({exponent(currency)})")
    return amount


def round_to(amount: Decimal, currency: str) -> Decimal:
    """Half away from zero to the currency's minor unit, as dbt's engines round."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP)


def from_minor(units: int, currency: str) -> Decimal:
    """Stripe's integer amount in major units."""
    return Decimal(units).scaleb(-stripe_exponent(currency))


def text(amount: Decimal, currency: str) -> str:
    """The amount with exactly its currency's decimals: `12.30`, JPY `12`."""
    return f"{round_to(amount, currency):f}"
