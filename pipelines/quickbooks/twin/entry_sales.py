"""Invoices, credit memos, refund receipts and journals as a client writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .heading import Data, business, header, missing, named
from .model import CENT, ZERO, Item, JournalLine, Line, Refused, Txn, instant, total_of
from .rows import Company
from .store import customers_of

_DETAILS = ("SalesItemLineDetail", "DiscountLineDetail", "DescriptionOnly", "SubTotalLineDetail")


def sale(company: Company, kind: str, data: Data, txn: Txn | None) -> Txn:
    """Create or change a sales form."""
    head = header(company, kind, data, txn)
    assert head.customer is not None
    if not data.get("Line"):
        raise missing("Line")
    lines = [line for entry in data["Line"] if (line := _line(company, entry)) is not None]
    tax = (data.get("TxnTaxDetail") or {}).get("TotalTax") or ZERO
    total = total_of(line.effect for line in lines) + tax
    if total < 0:
        raise business("Transaction amount must be 0 or greater.", "TotalAmt")
    term = named(company, "Term", data, "SalesTermRef")
    account = _paid_from(company, data, head.currency) if kind == "RefundReceipt" else None
    if txn is None:
        made = company.draft(kind, str(head.customer.id), None, head.rate, total, head.day, company.clock.tick())
        if kind != "RefundReceipt":
            made.receivable = company.receivable(head.currency)
            made.items = (Item(0, kind == "Invoice", total, head.customer.id),)
    else:
        made = txn
        company.replace_lines(made, lines, tax)
    head.write(company, made)
    made.lines, made.tax, made.account = tuple(lines), tax, account
    made.term = term.id if term else None
    if kind == "Invoice":
        made.due = data.get("DueDate") or head.day + timedelta(days=int(term.data.get("DueDays", 0)) if term else 0)
    _enter(company, made, txn)
    return made


def _enter(company: Company, made: Txn, before: Txn | None) -> None:
    if before is None:
        company.store.put(made)
    else:
        company.store.touch(made, instant(company.clock.tick()))


def _paid_from(company: Company, data: Data, currency: str) -> int:
    account = named(company, "Account", data, "DepositToAccountRef", required=True)
    assert account is not None
    if account.data["AccountType"] != "Bank" and account.id != company.undeposited:
        raise business("Select a bank account or Undeposited Funds to pay the refund from.", "DepositToAccountRef")
    if account.data["AccountType"] == "Bank" and account.data["CurrencyRef"]["value"] not in (
        currency,
        company.home_currency,
    ):
        raise business("The currency of the account must be the currency of the transaction.", "DepositToAccountRef")
    return account.id


def _line(company: Company, entry: Data) -> Line | None:
    kind = entry.get("DetailType")
    if kind is None:
        raise missing("Line.DetailType")
    if kind not in _DETAILS:
        raise Refused("2170", f"Invalid Enumeration : {kind}", "DetailType")
    if kind == "SubTotalLineDetail":
        return None
    if kind == "DescriptionOnly":
        return Line("", ZERO, entry.get("Description"), kind=kind)
    amount, detail = entry.get("Amount"), entry.get(kind)
    if amount is None:
        raise missing("Line.Amount")
    if detail is None:
        raise missing(f"Line.{kind}")
    if kind == "DiscountLineDetail":
        account = named(company, "Account", detail, "DiscountAccountRef", path="Line.DiscountLineDetail.")
        return Line(str(account.id) if account else "79", amount, entry.get("Description"), kind=kind)
    return _item_line(company, entry, detail, amount)


def _item_line(company: Company, entry: Data, detail: Data, amount: Decimal) -> Line:
    item = named(company, "Item", detail, "ItemRef")
    quantity, price = detail.get("Qty"), detail.get("UnitPrice")
    if quantity is not None and price is not None and (quantity * price).quantize(CENT, ROUND_HALF_UP) != amount:
        raise Refused(
            "6070",
            f"Amount calculation incorrect in the request. Amount is not equal to UnitPrice * Qty. Supplied value:{amount}",
            "Line.Amount",
        )
    key = str(item.id) if item else "1"
    found = company.store.name("Item", key)
    assert found is not None
    account = found.data["IncomeAccountRef"]["value"]
    more = {prop: detail[prop] for prop in ("ClassRef", "TaxCodeRef") if detail.get(prop)}
    if detail.get("ServiceDate"):
        more["ServiceDate"] = detail["ServiceDate"].isoformat()
    return Line(account, amount, entry.get("Description"), key, quantity, "SalesItemLineDetail", price, more or None)


def journal(company: Company, kind: str, data: Data, txn: Txn | None) -> Txn:
    """Create or change a journal entry. Lines that payments settle stay as they are."""
    head = header(company, kind, data, txn)
    if not data.get("Line"):
        raise missing("Line")
    lines = [_journal_line(company, entry) for entry in data["Line"] if entry.get("DetailType") != "DescriptionOnly"]
    if sum(company.account(line.account).data["AccountType"] == "Accounts Receivable" for line in lines) > 1:
        # Stricter than what is known: whether the product takes several is not documented, so nobody may rely on it.
        raise business("A journal entry can have one line on an Accounts Receivable account.", "Line")
    if txn is not None and tuple(lines) != txn.lines and any(item.users for item in txn.items):
        raise business("The lines of a journal entry that payments are linked to cannot be changed.", "Line")
    made = txn or company.draft(kind, None, head.currency, head.rate, ZERO, head.day, company.clock.tick())
    if txn is None or tuple(lines) != txn.lines:
        former = customers_of(made)
        company.fill_journal(made, lines)
        if txn is not None:
            company.store.place(made, former)
    head.write(company, made)
    _enter(company, made, txn)
    return made


def _journal_line(company: Company, entry: Data) -> JournalLine:
    detail: Mapping[str, Any] | None = entry.get("JournalEntryLineDetail")
    if entry.get("Amount") is None:
        raise missing("Line.Amount")
    if detail is None:
        raise missing("Line.JournalEntryLineDetail")
    if detail.get("PostingType") is None:
        raise missing("Line.JournalEntryLineDetail.PostingType")
    account = named(company, "Account", dict(detail), "AccountRef", required=True, path="Line.JournalEntryLineDetail.")
    assert account is not None
    entity, kind = detail.get("Entity") or {}, "Customer"
    if entity:
        kind = entity.get("Type") or "Customer"
        if kind not in ("Customer", "Vendor"):
            raise Refused("2170", f"Invalid Enumeration : {kind}", "Type")
        named(company, kind, entity, "EntityRef", required=True)
    if entry["Amount"] < 0:
        raise business("The amount of a journal line must be 0 or greater.", "Line.Amount")
    debit = entry["Amount"] if detail["PostingType"] == "Debit" else ZERO
    who = entity["EntityRef"]["value"] if entity else None
    return JournalLine(str(account.id), debit, ZERO if debit else entry["Amount"], who, entry.get("Description"), kind)
