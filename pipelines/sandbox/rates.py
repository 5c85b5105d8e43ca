"""Exchange rates: a seeded random walk, one rate per currency and month, the same however far ahead it is asked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

START = {
    "USD": {"EUR": 1.09, "GBP": 1.27, "CAD": 0.735, "JPY": 0.00672},
    "EUR": {"GBP": 1.17, "CHF": 1.045, "USD": 0.918},
    "GBP": {"EUR": 0.855},
}


class Rates:
    """What one unit of a currency is worth in `base`."""

    def __init__(self, base: str, since: date, seed: int) -> None:
        self.base = base
        self._since = since.year * 12 + since.month
        self._walks = {code: (value, Random(f"{seed}:{base}:{code}")) for code, value in START[base].items()}
        self._known: dict[str, list[Decimal]] = {code: [] for code in self._walks}

    @property
    def currencies(self) -> list[str]:
        """The foreign currencies, in a fixed order."""
        return list(self._walks)

    def on(self, currency: str, day: date) -> Decimal:
        """The month's rate; 1 for the base itself. Months before the first one have the first one's."""
        if currency == self.base:
            return Decimal(1)
        months = max(0, day.year * 12 + day.month - self._since)
        known = self._known[currency]
        while len(known) <= months:
            value, rng = self._walks[currency]
            known.append(Decimal(f"{value:.8f}"))
            self._walks[currency] = (value * (1 + rng.gauss(0, 0.012)), rng)
        return known[months]
