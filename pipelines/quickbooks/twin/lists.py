"""The lists of a company (customers, accounts, items, terms), its currencies and rates."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date as Day
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from . import chart
from .model import Name, Refused, ident, instant
from .store import NAMES, Store


class Clock(Protocol):
    """Company time."""

    def now(self) -> datetime: ...
    def tick(self) -> datetime: ...


class Lists:
    """Reference data of one company. Methods are safe to call from several threads."""

    def __init__(
        self, realm_id: str, clock: Clock, *, name: str = "Tieout Demo Company", country: str = "US", time_zone: str = "America/Los_Angeles",
        home_currency: str = "USD", seed: int = 0,
    ) -> None:  # fmt: skip
        self.realm_id, self.clock, self.name, self.country = realm_id, clock, name, country
        self.time_zone, self.home_currency, self.zone = time_zone, home_currency, ZoneInfo(time_zone)
        self.store = Store()
        self.lock = self.store.lock
        self.opened = clock.now() - timedelta(days=3650)
        self.book_close_date: Day | None = None
        self.email = "books@example.com"
        self._next = dict.fromkeys(NAMES, 100)
        self._next["Transaction"] = 1000 + seed % 97  # so that two companies do not share their ids
        self._rates: dict[str, list[tuple[Day, Decimal]]] = {}
        self._receivables: dict[str, int] = {home_currency: int(chart.RECEIVABLE)}
        self._items: dict[str, str] = {}
        self._names: dict[str, dict[str, tuple[str, int]]] = {}
        self._fill()

    def _fill(self) -> None:
        for key, name, kind, detail in chart.ACCOUNTS:
            self.add_account(name=name, account_type=kind, account_sub_type=detail, id=key)
        for key, name, days in chart.TERMS:
            self.add_term(name=name, due_days=days, id=key)
        for key, name, kind in chart.METHODS:
            self.add_name("PaymentMethod", {"Name": name, "Active": True, "Type": kind}, id=key)
        for key, name, account in chart.ITEMS:
            self.add_item(name=name, account=account, id=key)
        self.add_vendor(name="Card processor", id=chart.FEE_VENDOR)

    def add_name(self, kind: str, data: dict[str, Any], *, id: str | None = None, at: datetime | None = None) -> str:
        """Add an entry to a list, as the API's properties. Raises Refused (6240) for a name that is taken."""
        with self.lock:
            key = self._key(kind) if id is None else ident(id)
            self._next[kind] = max(self._next[kind], key)
            self.check_unique(kind, data, key)
            moment = instant(at or self.opened)
            self.store.put_name(Name(key, kind, moment, moment, data))
            if kind == "Item" and "IncomeAccountRef" in data:
                self._items.setdefault(data["IncomeAccountRef"]["value"], str(key))
            return str(key)

    def _key(self, kind: str) -> int:
        self._next[kind] += 1
        return self._next[kind]

    def check_unique(self, kind: str, data: dict[str, Any], key: int) -> None:
        """Names are unique: display names over customers and vendors, other names in their list."""
        wanted, taken = _label(kind, data), self._taken(kind)
        if taken.get(wanted, (kind, key)) != (kind, key):
            what = {"Customer": "customer", "Vendor": "vendor"}.get(taken[wanted][0], kind.lower())
            raise Refused(
                "6240",
                f"The name supplied already exists. : Another {what} is already using this name. Please use a different name.",
            )
        before = self.store.name(kind, key)
        if before is not None and taken.get(_label(kind, before.data)) == (kind, key):
            del taken[_label(kind, before.data)]
        if data.get("Active") is not False:
            taken[wanted] = (kind, key)

    def _taken(self, kind: str) -> dict[str, tuple[str, int]]:
        return self._names.setdefault("People" if kind in ("Customer", "Vendor") else kind, {})

    def add_account(self, *, name: str, account_type: str, account_sub_type: str, currency: str | None = None, number: str | None = None,
                    id: str | None = None, at: datetime | None = None) -> str:  # fmt: skip
        """Add an account of a type such as `Bank` and a sub-type such as `Checking`."""
        self.use_currency(currency or self.home_currency)
        return self.add_name(
            "Account",
            chart.account(name, account_type, account_sub_type, currency or self.home_currency, number),
            id=id,
            at=at,
        )

    def add_term(self, *, name: str, due_days: int, id: str | None = None, at: datetime | None = None) -> str:
        return self.add_name(
            "Term",
            {"Name": name, "Active": True, "Type": "STANDARD", "DiscountPercent": Decimal(0), "DueDays": due_days},
            id=id,
            at=at,
        )

    def add_payment_method(
        self, *, name: str, type: str = "NON_CREDIT_CARD", id: str | None = None, at: datetime | None = None
    ) -> str:
        return self.add_name("PaymentMethod", {"Name": name, "Active": True, "Type": type}, id=id, at=at)

    def add_item(self, *, name: str, account: str, id: str | None = None, at: datetime | None = None) -> str:
        """Add a service that sells to an income account."""
        data = {"Name": name, "Active": True, "FullyQualifiedName": name, "Taxable": False, "UnitPrice": Decimal(0), "Type": "Service",
                "IncomeAccountRef": {"value": account}, "PurchaseCost": Decimal(0), "TrackQtyOnHand": False}  # fmt: skip
        return self.add_name("Item", data, id=id, at=at)

    def add_vendor(self, *, name: str, id: str | None = None, at: datetime | None = None) -> str:
        data = {"DisplayName": name, "PrintOnCheckName": name, "Active": True, "Vendor1099": False, "Balance": Decimal(0),
                "CurrencyRef": chart.currency(self.home_currency)}  # fmt: skip
        return self.add_name("Vendor", data, id=id, at=at)

    def item_for(self, account: str) -> str:
        """An item that sells to an account; made when there is none. Raises ValueError for an account that is not there."""
        if account not in self._items:
            self.add_item(name=f"Sales to {self.account(account).label}", account=account)
        return self._items[account]

    def account(self, key: object) -> Name:
        """The account with this id. Raises ValueError if there is none."""
        found = self.store.name("Account", key)
        if found is None:
            raise ValueError(f"account {key} does not exist in {self.realm_id}")
        return found

    def use_currency(self, code: str) -> None:
        """Switch a currency on. Its receivables account follows when it is first needed."""
        if code != self.home_currency and code.casefold() not in self._taken("CompanyCurrency"):
            self.add_name("CompanyCurrency", {"Code": code, "Name": chart.CURRENCIES.get(code, code), "Active": True})

    def receivable(self, currency: str) -> int:
        """The receivables account of a currency; QuickBooks makes one per currency."""
        if currency not in self._receivables:
            made = self.add_account(
                name=f"Accounts Receivable (A/R) - {currency}",
                account_type="Accounts Receivable",
                account_sub_type="AccountsReceivable",
                currency=currency,
            )
            self._receivables[currency] = int(made)
        return self._receivables[currency]

    @property
    def undeposited(self) -> int:
        return int(chart.UNDEPOSITED)

    def set_rate(self, currency: str, day: Day, rate: Decimal) -> None:
        """The rate of a currency from a day on, in home currency per unit."""
        with self.lock:
            self.use_currency(currency)
            rates = self._rates.setdefault(currency, [])
            rates[:] = sorted([entry for entry in rates if entry[0] != day] + [(day, Decimal(rate))])

    def rate(self, currency: str, day: Day) -> tuple[Day, Decimal]:
        """The last rate on or before a day, and the day it is from; 1 where there is none."""
        rates = self._rates.get(currency, [])
        found = bisect_right(rates, (day, Decimal("Infinity")))
        return rates[found - 1] if found else (day, Decimal(1))

    def rates(self) -> list[tuple[str, Day, Decimal]]:
        """All rates: currency, day, rate."""
        return [(code, day, rate) for code, rates in sorted(self._rates.items()) for day, rate in rates]

    def today(self) -> Day:
        """The company's own day."""
        return self.clock.now().astimezone(self.zone).date()


def _label(kind: str, data: dict[str, Any]) -> str:
    props = ("DisplayName",) if kind in ("Customer", "Vendor") else ("Code", "FullyQualifiedName", "Name")
    return next((str(data[prop]).casefold() for prop in props if data.get(prop)), "")
