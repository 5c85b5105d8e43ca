"""Amounts as the sandbox makes them. Kept apart from the product's own money code, so that neither is the other's reference."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from random import Random

DECIMALS = {"JPY": 0}
ZERO = Decimal(0)


def decimals(currency: str) -> int:
    """Decimals of the currency's minor unit."""
    return DECIMALS.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's minor unit."""
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)), rounding=ROUND_HALF_EVEN)


def minor(amount: Decimal, currency: str) -> int:
    """In minor units, as Stripe counts."""
    return int(amount.scaleb(decimals(currency)))


def major(units: int, currency: str) -> Decimal:
    """Stripe's integer in major units."""
    return Decimal(units).scaleb(-decimals(currency))


def text(amount: Decimal, currency: str) -> str:
    """With exactly the currency's decimals; a negative zero loses its sign."""
    return f"{rounded(amount, currency) + 0:f}"


def drawn(rng: Random, median: float, spread: float, currency: str) -> Decimal:
    """A log-normal amount; yen amounts are about 150 times as many."""
    scale = 150.0 if currency == "JPY" else 1.0
    units = max(100, round(median * scale * rng.lognormvariate(0.0, spread) * 10 ** decimals(currency)))
    return Decimal(units).scaleb(-decimals(currency))


def split(rng: Random, total: Decimal, parts: int, currency: str) -> list[Decimal]:
    """`parts` positive amounts that add up to `total` exactly (fewer when it is too small)."""
    units = minor(total, currency)
    parts = min(parts, units)
    cuts = sorted(rng.sample(range(1, units), parts - 1)) if parts > 1 else []
    edges = [0, *cuts, units]
    return [Decimal(high - low).scaleb(-decimals(currency)) for low, high in pairwise(edges)]
