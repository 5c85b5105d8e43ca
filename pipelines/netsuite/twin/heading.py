"""What every transaction's body says: customer, subsidiary, currency, rate, date, account; and the periods that are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from . import chart, values
from .account import Account
from .errors import user_error
from .values import Body, invalid, missing, ref


@dataclass(frozen=True)
class Header:
    """What every transaction's body says, with NetSuite's defaults filled in."""

    customer: str | None
    subsidiary: str
    currency: str
    rate: Decimal
    date: date
    memo: str | None
    external_id: str | None

    def common(self) -> dict[str, Any]:
        return {
            "subsidiary": self.subsidiary, "currency": self.currency, "exchange_rate": self.rate, "date": self.date, "memo": self.memo,
            "external_id": self.external_id,
        }  # fmt: skip


def header(account: Account, body: Body, customer_field: str | None, label: str = "Customer") -> Header:
    """The common header. Raises ApiError for a missing customer, a subsidiary that is not the customer's, a closed period, no rate."""
    books, store = account.books, account.books.store
    customer = ref(account, body, customer_field, "customer") if customer_field else None
    if customer_field and customer is None:
        raise missing(label)
    held = store.reference["customer"].get(int(customer or 0), {})
    relations = [
        row
        for row in store.reference["customersubsidiaryrelationship"].values()
        if customer and row.get("entity") == int(customer)
    ]
    related = sorted(relations, key=lambda row: row.get("isprimarysub") != "T")
    subsidiary = ref(account, body, "subsidiary", "subsidiary") or (str(related[0]["subsidiary"]) if related else None)
    subsidiary = subsidiary or str(min(store.reference["subsidiary"], default=1))
    if related and int(subsidiary) not in {row["subsidiary"] for row in related}:
        raise invalid(subsidiary, "subsidiary", "subsidiary")
    base = store.reference["subsidiary"].get(int(subsidiary), {}).get("currency") or chart.currency_id(
        store, books.base_currency
    )
    currency = ref(account, body, "currency", "currency") or str(
        held.get("currency") or base or chart.currency_id(store, books.base_currency)
    )
    day = values.day(body, "tranDate") or books.clock.now().astimezone(books.zone).date()
    check_period(account, day)
    rate = values.number(body, "exchangeRate")
    if rate is not None and rate <= 0:
        raise invalid(rate, "exchangeRate", "exchangeRate")
    return Header(
        customer,
        subsidiary,
        currency,
        rate or _rate(account, int(currency), base, day),
        day,
        values.text(body, "memo"),
        values.text(body, "externalId"),
    )


def check_period(account: Account, day: date, *, posts: bool = True) -> None:
    """Refuse a day outside any open period; what does not post is refused only where the period allows no such change."""
    key = chart.period(account.books.store, day)
    held = account.books.store.reference["accountingperiod"].get(key or 0)
    if held is None:
        raise user_error(
            "The transaction date you specified is not within the date range of your accounting period.",
            "tranDate",
        )
    closed = "T" in (held.get("closed"), held.get("alllocked"), held.get("arlocked"))
    if closed and (posts or held.get("allownonglchanges") != "T"):
        raise user_error(
            f"You cannot post to the accounting period {held.get('periodname')}: it is closed or locked.",
            "tranDate",
        )


def _rate(account: Account, currency: int, base: int | None, day: date) -> Decimal:
    store = account.books.store
    if currency == base:
        return Decimal(1)
    rates = [
        row for row in store.reference["currencyrate"].values()
        if row.get("transactioncurrency") == currency and row.get("basecurrency") == base and row["effectivedate"] <= day
    ]  # fmt: skip
    if rates:
        return Decimal(max(rates, key=lambda row: row["effectivedate"])["exchangerate"])
    rate = store.reference["currency"].get(currency, {}).get("exchangerate")
    if rate is None:
        raise user_error("No exchange rate found for the currency and date of this transaction.", "exchangeRate")
    return Decimal(rate)


def bank(
    account: Account,
    body: Body,
    head: Header,
    *,
    mandatory: bool,
    kinds: tuple[str, ...] = ("Bank", "OthCurrAsset"),
) -> str | None:
    """The account that money goes to or comes from. Refused when it is of another kind, currency or subsidiary."""
    key = ref(account, body, "account", "account")
    if key is None:
        if mandatory:
            raise missing("Account")
        return None
    row = account.books.store.reference["account"][int(key)]
    if row.get("accttype") not in kinds or row.get("isinactive") == "T":
        raise invalid(key, "account", "account")
    if row.get("currency") not in (None, int(head.currency)) and row["currency"] != chart.currency_id(
        account.books.store, account.books.base_currency
    ):
        raise invalid(key, "account", "account")
    owners = str(row.get("subsidiary") or "")
    if owners and head.subsidiary not in [part.strip() for part in owners.split(",")]:
        name = row.get("accountsearchdisplayname")
        raise user_error(
            f"The subsidiary restrictions on this record are incompatible with those defined for account: {name}.",
            "account",
        )
    return key


def now(account: Account) -> datetime:
    return account.books.clock.tick()
