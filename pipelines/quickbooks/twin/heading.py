"""What all transactions share when a client writes them: their header, the references in it, the closed books, the document number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Day
from decimal import Decimal
from typing import Any

from .errors import not_found
from .model import Name, Refused, Txn
from .rows import Company

Data = dict[str, Any]
_ELEMENTS = {
    "Customer": "Names",
    "Vendor": "Names",
    "Account": "Accounts",
    "Item": "Items",
    "Term": "Terms",
    "PaymentMethod": "PaymentMethods",
}
KEPT = (
    "CustomerMemo", "BillAddr", "ShipAddr", "ShipFromAddr", "ClassRef", "DepartmentRef", "BillEmail", "BillEmailCc", "BillEmailBcc", "EmailStatus",
    "PrintStatus", "CustomField", "ShipMethodRef", "ShipDate", "TrackingNum", "GlobalTaxCalculation", "ApplyTaxAfterDiscount", "DeliveryInfo",
    "FreeFormAddress", "AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment", "Adjustment", "PaymentType",
    "CheckPayment", "CreditCardPayment", "TransactionLocationType",
)  # fmt: skip


@dataclass(frozen=True)
class Header:
    """The header of a transaction, checked against the books."""

    customer: Name | None
    currency: str
    rate: Decimal
    day: Day
    number: str | None
    note: str | None
    method: int | None
    reference: str | None
    extra: dict[str, Any] | None

    def write(self, company: Company, txn: Txn) -> None:
        """Onto a transaction."""
        txn.currency, txn.rate, txn.date, txn.note = self.currency, self.rate, self.day, self.note
        txn.method, txn.reference, txn.extra = self.method, self.reference, self.extra
        if txn.id in company.store.txns:
            company.renumber(txn, self.number)
        else:
            txn.number = self.number


def header(company: Company, kind: str, data: Data, txn: Txn | None) -> Header:
    """The header of a body; `txn` is what it updates. Raises Refused."""
    customer = named(company, "Customer", data, "CustomerRef", required=True) if "CustomerRef" in _wants(kind) else None
    if txn is not None and customer is not None and customer.id != txn.customer:
        raise business("The customer of a transaction cannot be changed.", "CustomerRef")
    currency = _currency(company, data, customer, txn)
    day = data.get("TxnDate") or company.today()
    for closing in (day, txn.date if txn else day):
        if company.book_close_date is not None and closing <= company.book_close_date:
            raise Refused("6210", "The account period has closed and the account books cannot be updated through through the QBO Services API."
                                  " Please use the QBO website to make these changes. ")  # fmt: skip
    rate = data.get("ExchangeRate")
    if currency == company.home_currency:
        rate = Decimal(1)
    elif not rate:
        rate = company.rate(currency, day)[1]
    method = named(company, "PaymentMethod", data, "PaymentMethodRef")
    number = _number(company, kind, data.get("DocNumber"), txn)
    extra = {prop: _plain(data[prop]) for prop in KEPT if data.get(prop) is not None}
    return Header(
        customer,
        currency,
        rate,
        day,
        number,
        data.get("PrivateNote"),
        method.id if method else None,
        data.get("PaymentRefNum"),
        extra or None,
    )


def _wants(kind: str) -> tuple[str, ...]:
    return () if kind in ("Deposit", "JournalEntry") else ("CustomerRef",)


def _currency(company: Company, data: Data, customer: Name | None, txn: Txn | None) -> str:
    given = (data.get("CurrencyRef") or {}).get("value")
    own = customer.data["CurrencyRef"]["value"] if customer else txn.currency if txn else None
    if own is not None and given is not None and given != own:
        raise business(
            f"The currency of the transaction must be the currency of the customer ({own})."
            if customer
            else "The currency cannot be changed.",
            "CurrencyRef",
        )
    found = str(own or given or company.home_currency)
    known = {company.home_currency, *(name.data["Code"] for name in company.store.names("CompanyCurrency"))}
    if found not in known:
        raise Refused("2500", f"Invalid Reference Id : Currency element id {found} not found", "CurrencyRef")
    return found


def _number(company: Company, kind: str, wanted: str | None, txn: Txn | None) -> str | None:
    if wanted is None:
        return txn.number if txn is not None else company.next_number(kind)
    others = company.store.numbers.get((kind, wanted), set()) - ({txn.id} if txn else set())
    if others:
        raise Refused("6140", "Duplicate Document Number Error : You must specify a different number. This number has already been used."
                              f" DocNumber={wanted} is assigned to TxnType={kind} with TxnId={min(others)}")  # fmt: skip
    return wanted


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, Day) else value


def named(company: Company, kind: str, data: Data, prop: str, *, required: bool = False, path: str = "") -> Name | None:
    """The list entry that a reference names. Raises Refused 2020 (missing), 2500 (not there), 610 (inactive)."""
    ref = data.get(prop)
    if ref is None:
        if required:
            raise missing(f"{path}{prop}")
        return None
    found = company.store.name(kind, ref["value"])
    if found is None:
        raise Refused(
            "2500", f"Invalid Reference Id : {_ELEMENTS.get(kind, kind)} element id {ref['value']} not found", prop
        )
    if not found.active:
        raise not_found()
    return found


def missing(prop: str) -> Refused:
    return Refused("2020", f"Required parameter {prop} is missing in the request", prop.rsplit(".", 1)[-1])


def business(text: str, element: str = "") -> Refused:
    """A 6000 with a text."""
    return Refused("6000", f"Business Validation Error: {text}", element)
