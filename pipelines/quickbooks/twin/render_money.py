"""Payments and deposits as the API shows them."""

from __future__ import annotations

from decimal import Decimal

from .model import OtherLine, Txn
from .render_parts import deposited, head, money, ref
from .rows import Company
from .wire import Body

_JAXB = "com.intuit.schema.finance.v3.NameValue"


def payment(company: Company, txn: Txn) -> Body:
    """A payment."""
    body = head(company, txn)
    body["DepositToAccountRef"] = {"value": str(txn.account)}
    if txn.receivable is not None:
        body["ARAccountRef"] = {"value": str(txn.receivable)}
    deposited(txn, body)
    body["ProcessPayment"] = False
    body["Line"] = [_payment_line(company, key, amount) for key, amount in (txn.links or {}).items()]
    return money(company, txn, body, TotalAmt=txn.total, UnappliedAmt=txn.unapplied)


def _payment_line(company: Company, key: tuple[int, int], amount: Decimal) -> Body:
    doc, item = company.find(key)
    link = {
        "TxnId": str(doc.id),
        "TxnType": doc.type,
        **({"TxnLineId": str(item.line)} if doc.type == "JournalEntry" else {}),
    }
    shown = {"txnId": str(doc.id), "txnOpenBalance": f"{item.open + amount:.2f}", "txnReferenceNumber": doc.number}
    any_type = [
        {"name": "{http://schema.intuit.com/finance/v3}NameValue", "declaredType": _JAXB, "scope": "javax.xml.bind.JAXBElement$GlobalScope",
         "value": {"Name": name, "Value": value}, "nil": False, "globalScope": True, "typeSubstituted": False}
        for name, value in shown.items() if value is not None
    ]  # fmt: skip
    return {"Amount": amount, "LinkedTxn": [link], "LineEx": {"any": any_type}}


def deposit(company: Company, txn: Txn) -> Body:
    """A deposit."""
    body = head(company, txn)
    body["DepositToAccountRef"] = ref(company, "Account", txn.account)
    lines: list[Body] = []
    for key in txn.payments:
        doc = company.store.txns[key]
        amount = doc.total if doc.type == "Payment" else -doc.total
        lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": str(key), "TxnType": doc.type, "TxnLineId": "0"}]})
    for number, line in enumerate(txn.lines, len(lines) + 1):
        lines.append({"Id": str(number), "LineNum": number, **_deposit_line(company, line)})
    body["Line"] = lines
    if txn.cash_back is not None:
        back = txn.cash_back
        memo = {"Memo": back.memo} if back.memo else {}
        body["CashBack"] = {"AccountRef": ref(company, "Account", back.account), "Amount": back.amount, **memo}
    return money(company, txn, body, TotalAmt=txn.total)


def _deposit_line(company: Company, line: OtherLine) -> Body:
    detail: Body = {"AccountRef": ref(company, "Account", line.account)}
    if line.entity:
        kind = line.entity_type.title()
        detail["Entity"] = {**ref(company, kind, line.entity), "type": line.entity_type.upper()}
    if line.payment_method:
        detail["PaymentMethodRef"] = ref(company, "PaymentMethod", line.payment_method)
    if line.check:
        detail["CheckNum"] = line.check
    memo = {"Description": line.memo} if line.memo else {}
    return {**memo, "Amount": line.amount, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}
