"""Payments and deposits as a client writes them: where QuickBooks is strictest."""

from __future__ import annotations

from decimal import Decimal

from .books import NOT_APPLICABLE, SELECT_BANK
from .corrections import deposited
from .heading import Data, business, header, missing, named
from .model import ZERO, Key, Name, OtherLine, Refused, Txn, instant
from .rows import Company

_LINKABLE = ("Invoice", "CreditMemo", "JournalEntry")
_INTO = ("Payment", "RefundReceipt")


def payment(company: Company, kind: str, data: Data, txn: Txn | None) -> Txn:
    """Create or change a payment. A deposited one is refused (6540)."""
    if txn is not None and txn.deposit is not None:
        raise deposited()
    head = header(company, kind, data, txn)
    assert head.customer is not None
    total = data.get("TotalAmt")
    if total is None:
        raise missing("TotalAmt")
    if total < 0:
        raise business("Transaction amount must be 0 or greater.", "TotalAmt")
    account = _holding(company, data, head.currency)
    receivable = named(company, "Account", data, "ARAccountRef")
    if receivable is not None and receivable.data["AccountType"] != "Accounts Receivable":
        raise business("The account must be of type Accounts Receivable.", "ARAccountRef")
    links = _links(company, data, head.customer)
    at = instant(company.clock.tick())
    made = txn or company.draft(kind, str(head.customer.id), None, head.rate, total, head.day, at)
    company.check_links(made, links, total)
    head.write(company, made)
    made.total, made.account, made.receivable = total, account, receivable.id if receivable else None
    if txn is None:
        company.enter_payment(made, links, at)
    else:
        company.relink(made, links, at)
        company.store.touch(made, at)
    return made


def _holding(company: Company, data: Data, currency: str) -> int:
    """The account that takes the money: Undeposited Funds by default, or a bank account."""
    account = named(company, "Account", data, "DepositToAccountRef")
    if account is None:
        return company.undeposited
    kind = account.data["AccountType"]
    if kind != "Bank" and account.data["AccountSubType"] != "UndepositedFunds":
        raise business(
            "Select a bank account or the Undeposited Funds account to deposit this payment to.", "DepositToAccountRef"
        )
    if kind == "Bank" and account.data["CurrencyRef"]["value"] not in (currency, company.home_currency):
        raise business("The currency of the account must be the currency of the transaction.", "DepositToAccountRef")
    return account.id


def _links(company: Company, data: Data, customer: Name) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = {}
    for entry in data.get("Line") or []:
        amount, links = entry.get("Amount"), entry.get("LinkedTxn")
        if amount is None:
            raise missing("Line.Amount")
        if not links:
            raise missing("Line.LinkedTxn")
        if len(links) != 1:
            raise business("A payment line links one transaction.", "Line.LinkedTxn")
        if amount:
            key = _linked(company, links[0], customer)
            if key in found:
                raise business("A transaction can be linked only once.", "Line.LinkedTxn")
            found[key] = amount
    return found


def _linked(company: Company, link: Data, customer: Name) -> Key:
    for prop in ("TxnId", "TxnType"):
        if link.get(prop) is None:
            raise missing(f"Line.LinkedTxn.{prop}")
    if link["TxnType"] not in _LINKABLE:
        raise business(f"A {link['TxnType']} cannot be linked to a payment.", "Line.LinkedTxn.TxnType")
    key = link["TxnId"]
    doc = company.store.txn(link["TxnType"], int(key)) if key.isascii() and key.isdigit() else None
    if doc is None:
        raise Refused("2500", f"Invalid Reference Id : {link['TxnType']} element id {key} not found", "TxnId")
    if doc.type != "JournalEntry":
        return doc.id, 0
    items = [item for item in doc.items if item.customer == customer.id]
    if link.get("TxnLineId") is not None:
        items = [item for item in items if str(item.line) == link["TxnLineId"]]
    if len(items) != 1:
        raise Refused("2500", f"Invalid Reference Id : JournalEntry element id {key} has no such line", "TxnLineId")
    return doc.id, items[0].line


def deposit(company: Company, kind: str, data: Data, txn: Txn | None) -> Txn:
    """Create or change a deposit."""
    account = named(company, "Account", data, "DepositToAccountRef", required=True)
    assert account is not None
    if account.data["AccountType"] != "Bank":
        raise Refused("6000", SELECT_BANK, "DepositToAccountRef")
    own = account.data["CurrencyRef"]["value"]
    if txn is None and data.get("CurrencyRef") is None:
        data = {**data, "CurrencyRef": {"value": own}}
    head = header(company, kind, data, txn)
    if own not in (head.currency, company.home_currency):
        raise business("The currency of the account must be the currency of the transaction.", "CurrencyRef")
    if not data.get("Line"):
        raise missing("Line")
    at = instant(company.clock.tick())
    made = txn or company.draft(kind, None, head.currency, head.rate, ZERO, head.day, at)
    payments, other = [], []
    for entry in data["Line"]:
        if entry.get("Amount") is None:
            raise missing("Line.Amount")
        if entry.get("LinkedTxn"):
            payments.append(_waiting(company, entry, made))
        else:
            other.append(_free(company, entry))
    company.fill_deposit(made, payments, other, _cash_back(company, data), at)
    head.write(company, made)
    made.account = account.id
    if txn is None:
        company.store.put(made)
    else:
        company.store.touch(made, at)
    return made


def _waiting(company: Company, entry: Data, made: Txn) -> int:
    """A line that takes a payment out of Undeposited Funds: nothing but amount and link."""
    if entry.get("DepositLineDetail") is not None:
        raise Refused("6000", SELECT_BANK, "DepositLineDetail")
    if entry.get("DetailType") is not None:
        raise missing("Line.DepositLineDetail.AccountRef")
    if len(entry["LinkedTxn"]) != 1:
        raise Refused("6000", NOT_APPLICABLE, "Line.LinkedTxn")
    link = entry["LinkedTxn"][0]
    for prop in ("TxnId", "TxnType", "TxnLineId"):
        if link.get(prop) is None:
            raise missing(f"LinkedTxn.{prop}")
    if link["TxnType"] not in _INTO or link["TxnLineId"] != "0":
        raise Refused("6000", NOT_APPLICABLE, "Line.LinkedTxn")
    key = link["TxnId"]
    held = company.store.txn(link["TxnType"], int(key)) if key.isascii() and key.isdigit() else None
    if held is None:
        raise Refused("2500", f"Invalid Reference Id : {link['TxnType']} element id {key} not found", "TxnId")
    company.depositable(held.id, made)
    if entry["Amount"] != (held.total if held.type == "Payment" else -held.total):
        raise business("The amount of a deposit line must be the amount of the transaction it links.", "Line.Amount")
    return held.id


def _free(company: Company, entry: Data) -> OtherLine:
    path, detail = "Line.DepositLineDetail.", entry.get("DepositLineDetail")
    if entry.get("DetailType") is None:
        raise missing("Line.DetailType")
    if entry["DetailType"] != "DepositLineDetail":
        raise Refused("2170", f"Invalid Enumeration : {entry['DetailType']}", "DetailType")
    account = named(company, "Account", detail or {}, "AccountRef", required=True, path=path)
    assert account is not None
    assert detail is not None
    if account.data["AccountType"] == "Accounts Receivable":
        raise business(
            "You must select a customer for each split line that uses an Accounts Receivable account.", "Entity"
        )
    entity, kind = detail.get("Entity"), "Vendor"
    if entity is not None:
        kind = {"CUSTOMER": "Customer", "VENDOR": "Vendor"}.get(str(entity.get("type") or "VENDOR").upper(), "Vendor")
        named(company, kind, detail, "Entity", path=path)
    method = named(company, "PaymentMethod", detail, "PaymentMethodRef", path=path)
    return OtherLine(
        str(account.id), entry["Amount"], entry.get("Description"), entity["value"] if entity else None, str(method.id) if method else None,
        kind.upper(), detail.get("CheckNum"),
    )  # fmt: skip


def _cash_back(company: Company, data: Data) -> OtherLine | None:
    back = data.get("CashBack")
    if back is None or not back.get("Amount"):
        return None
    account = named(company, "Account", back, "AccountRef", required=True, path="CashBack.")
    assert account is not None
    return OtherLine(str(account.id), back["Amount"], back.get("Memo"))
