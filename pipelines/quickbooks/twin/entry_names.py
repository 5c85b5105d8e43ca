"""Customers, accounts and the other lists as a client writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import chart
from .heading import Data, business, missing, named
from .model import Name, Refused
from .rows import Company

_READ_ONLY = ("Id", "SyncToken", "MetaData", "domain", "status", "sparse", "Balance", "BalanceWithJobs", "FullyQualifiedName", "Level", "CurrentBalance",
              "CurrentBalanceWithSubAccounts", "AttachableRef")  # fmt: skip
_REQUIRED = {
    "Account": ("Name",), "Item": ("Name", "IncomeAccountRef"), "Term": ("Name",), "PaymentMethod": ("Name",), "CompanyCurrency": ("Code",),
}  # fmt: skip
_SUB_TYPES = {
    "Bank": "Checking", "Accounts Receivable": "AccountsReceivable", "Other Current Asset": "OtherCurrentAssets", "Income": "ServiceFeeIncome",
    "Expense": "OtherMiscellaneousServiceCost", "Accounts Payable": "AccountsPayable", "Equity": "OpeningBalanceEquity",
}  # fmt: skip


def write(company: Company, kind: str, data: Data, entry: Name | None) -> Name:
    """Create or change an entry of a list."""
    kept = {prop: _plain(value) for prop, value in data.items() if value is not None and prop not in _READ_ONLY}
    kept.setdefault("Active", True)
    if kind in ("Customer", "Vendor"):
        _person(company, kind, kept, entry)
    for prop in _REQUIRED.get(kind, ()):
        if prop not in kept:
            raise missing(prop)
    if kind == "Account":
        kept = _account(company, kept, entry)
    if kind == "Item":
        named(company, "Account", kept, "IncomeAccountRef")
        kept = {"FullyQualifiedName": kept["Name"], "Type": "Service", "UnitPrice": Decimal(0), **kept}
    at = company.clock.tick()
    if entry is None:
        if kind == "Customer":
            company.place(kept)
        found = company.store.name(kind, company.add_name(kind, kept, at=at))
        assert found is not None
        return found
    company.change_name(entry, {**dict.fromkeys(entry.data), **kept}, at)
    return entry


def _person(company: Company, kind: str, kept: Data, entry: Name | None) -> None:
    parts = [kept[prop] for prop in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix") if kept.get(prop)]
    kept.setdefault("DisplayName", " ".join(parts) or kept.get("CompanyName"))
    if not kept["DisplayName"]:
        raise missing("DisplayName")
    if ":" in kept["DisplayName"]:
        raise business("A name cannot contain a colon.", "DisplayName")
    code = kept.get("CurrencyRef", entry.data["CurrencyRef"] if entry else {"value": company.home_currency})["value"]
    known = {company.home_currency, *(name.data["Code"] for name in company.store.names("CompanyCurrency"))}
    if code not in known:
        raise Refused("2500", f"Invalid Reference Id : Currency element id {code} not found", "CurrencyRef")
    if entry is not None and code != entry.data["CurrencyRef"]["value"] and company.store.of_customer.get(entry.id):
        raise business("The currency of a customer with transactions cannot be changed.", "CurrencyRef")
    kept["CurrencyRef"] = chart.currency(code)
    if kind == "Vendor":
        kept.setdefault("Balance", Decimal(0))
        return
    for prop, default in (
        ("Taxable", False),
        ("Job", False),
        ("BillWithParent", False),
        ("PreferredDeliveryMethod", "None"),
        ("IsProject", False),
    ):
        kept.setdefault(prop, default)
    for prop, listed in (("SalesTermRef", "Term"), ("PaymentMethodRef", "PaymentMethod"), ("ParentRef", "Customer")):
        found = named(company, listed, kept, prop)
        if found is not None:
            kept[prop] = {"value": str(found.id)}
    above = kept.get("ParentRef", {}).get("value")
    while entry is not None and above is not None:
        if above == str(entry.id):
            raise business("A customer cannot be its own sub-customer.", "ParentRef")
        parent = company.store.name("Customer", above)
        above = parent.data.get("ParentRef", {}).get("value") if parent else None


def _account(company: Company, kept: Data, entry: Name | None) -> Data:
    kind = kept.get("AccountType") or (entry.data["AccountType"] if entry else None)
    if kind is None:
        raise missing("AccountType")
    code = kept.get("CurrencyRef", {}).get("value", company.home_currency)
    base = chart.account(
        kept["Name"],
        kind,
        kept.get("AccountSubType") or _SUB_TYPES.get(kind, "OtherCurrentAssets"),
        code,
        kept.get("AcctNum"),
    )
    return {**base, **{prop: value for prop, value in kept.items() if prop not in ("CurrencyRef", "Classification")}}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
