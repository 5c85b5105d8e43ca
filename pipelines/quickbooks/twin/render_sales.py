"""Invoices, credit memos, refund receipts and journals as the API shows them."""

from __future__ import annotations

from decimal import Decimal

from .model import ZERO, JournalLine, Line, Txn
from .render_parts import deposited, head, money, ref
from .rows import Company
from .wire import Body

_FINE = Decimal("0.0000001")


def _sale(company: Company, txn: Txn) -> Body:
    body = head(company, txn)
    lines = [_sales_line(company, index, line) for index, line in enumerate(txn.lines, 1)]
    total = sum((line.effect for line in txn.lines), ZERO)
    body["Line"] = [*lines, {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}]
    body["TxnTaxDetail"] = {"TotalTax": txn.tax}
    for prop, default in (
        ("ApplyTaxAfterDiscount", False),
        ("PrintStatus", "NeedToPrint"),
        ("EmailStatus", "NotSet"),
        ("CustomField", []),
    ):
        body.setdefault(prop, default)
    return body


def _sales_line(company: Company, number: int, line: Line) -> Body:
    body: Body = {"Id": str(number), "LineNum": number, **({"Description": line.memo} if line.memo else {})}
    if line.kind == "DescriptionOnly":
        return {**body, "DetailType": line.kind, "DescriptionLineDetail": {}}
    if line.kind == "DiscountLineDetail":
        return {
            **body,
            "Amount": line.amount,
            "DetailType": line.kind,
            line.kind: {**(line.extra or {}), "DiscountAccountRef": ref(company, "Account", line.account)},
        }
    detail = {"ItemRef": ref(company, "Item", line.item or company.item_for(line.account)), "ItemAccountRef": ref(company, "Account", line.account),
              "TaxCodeRef": {"value": "NON"}, **(line.extra or {})}  # fmt: skip
    if line.quantity is not None:
        detail["Qty"] = line.quantity
        if line.unit_price is not None or line.quantity:
            detail["UnitPrice"] = (
                line.unit_price if line.unit_price is not None else (line.amount / line.quantity).quantize(_FINE)
            )
    return {**body, "Amount": line.amount, "DetailType": line.kind, line.kind: detail}


def invoice(company: Company, txn: Txn) -> Body:
    """An invoice."""
    body, item = _sale(company, txn), txn.items[0]
    body["LinkedTxn"] = [{"TxnId": str(user), "TxnType": "Payment"} for user in sorted(item.users or ())]
    if txn.due:
        body["DueDate"] = txn.due.isoformat()
    if txn.term:
        body["SalesTermRef"] = ref(company, "Term", txn.term)
    flags = {
        "AllowIPNPayment": False,
        "AllowOnlinePayment": False,
        "AllowOnlineCreditCardPayment": False,
        "AllowOnlineACHPayment": False,
    }
    return money(company, txn, {**flags, **body}, TotalAmt=txn.total, Balance=item.open)


def credit_memo(company: Company, txn: Txn) -> Body:
    """A credit memo."""
    body, item = _sale(company, txn), txn.items[0]
    body["LinkedTxn"] = [{"TxnId": str(user), "TxnType": "Payment"} for user in sorted(item.users or ())]
    return money(company, txn, body, TotalAmt=txn.total, RemainingCredit=item.open, Balance=item.open)


def refund_receipt(company: Company, txn: Txn) -> Body:
    """A refund receipt."""
    body = _sale(company, txn)
    body["DepositToAccountRef"] = ref(company, "Account", txn.account)
    deposited(txn, body)
    return money(company, txn, body, TotalAmt=txn.total, Balance=ZERO)


def journal(company: Company, txn: Txn) -> Body:
    """A journal entry."""
    body = head(company, txn)
    body.setdefault("Adjustment", False)
    body["Line"] = [_journal_line(company, number, line) for number, line in enumerate(txn.lines)]
    body["TxnTaxDetail"] = {}
    return money(company, txn, body, TotalAmt=txn.total)


def _journal_line(company: Company, number: int, line: JournalLine) -> Body:
    detail: Body = {"PostingType": "Debit" if line.debit else "Credit"}
    if line.entity:
        detail["Entity"] = {"Type": line.entity_type, "EntityRef": ref(company, line.entity_type, line.entity)}
    detail["AccountRef"] = ref(company, "Account", line.account)
    memo = {"Description": line.memo} if line.memo else {}
    return {
        "Id": str(number),
        **memo,
        "Amount": line.debit or line.credit,
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": detail,
    }
