"""What a payment has paid with its own money, document by document: what is owed again when that money is taken back.

Its lines link debts, and credits that it spent on them. Both are laid end to end in their order, credits first: where a debt is covered
by the payment's own money, that much of it is lost. What it has not applied is lost too, as money that the customer has no more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.quickbooks.client import Client
from pipelines.quickbooks.keys import value
from pipelines.quickbooks.transport import Row

ON_ACCOUNT = "account"
_CREDITS = ("CreditMemo", "Deposit")
_DOCUMENTS = ("Invoice", "JournalEntry", *_CREDITS)


@dataclass(frozen=True)
class Loss:
    """An amount that is owed again. `part` is the id of the document that it paid, or `account`; `words` say the same to a person."""

    part: str
    amount: Decimal
    words: str


def of(client: Client, payment: Row, ours: Collection[str]) -> list[Loss]:
    """The losses of a payment; none once nothing but our journals (their ids are `ours`) is left of what it pays."""
    debts, credit = [], Decimal(0)
    for line in payment.get("Line") or []:
        link = _link(line)
        if link.get("TxnType") not in _DOCUMENTS or str(link.get("TxnId")) in ours:
            continue
        if _is_credit(client, payment, link):
            credit += _amount(line)
        else:
            debts.append(line)
    found = []
    for line in debts:
        covered = min(credit, _amount(line))
        credit -= covered
        if _amount(line) > covered:
            found.append(Loss(_part(_link(line)), _amount(line) - covered, _words(line)))
    left = Decimal(str(payment.get("UnappliedAmt") or 0))
    return [*found, Loss(ON_ACCOUNT, left, "money on account")] if found and left else found


def kept(payment: Row) -> list[Row]:
    """The lines that a reversal leaves alone: what the payment was paid back by."""
    return [line for line in payment.get("Line") or [] if _link(line).get("TxnType") not in _DOCUMENTS]


def own_money(payment: Row) -> Decimal:
    """The payment's amount less what was paid back of it."""
    return Decimal(str(payment.get("TotalAmt") or 0)) - sum(map(_amount, kept(payment)), Decimal(0))


def linked(payment: Row) -> set[str]:
    """The ids of the journals that a payment's lines link."""
    links = map(_link, payment.get("Line") or [])
    return {str(link.get("TxnId")) for link in links if link.get("TxnType") == "JournalEntry"}


def _link(line: Any) -> dict[str, Any]:
    links = line.get("LinkedTxn") if isinstance(line, dict) else None
    return links[0] if links else {}


def _amount(line: Row) -> Decimal:
    return Decimal(str(line.get("Amount") or 0))


def _part(link: Row) -> str:
    """An invoice's id; of a journal with the line's, if the link names it."""
    line = link.get("TxnLineId") if link["TxnType"] == "JournalEntry" else None
    return f"{link['TxnId']}.{line}" if line is not None else str(link["TxnId"])


def _words(line: Row) -> str:
    """What was paid, with the number that the line shows beside its amount."""
    link, shown = _link(line), None
    for pair in (line.get("LineEx") or {}).get("any") or []:
        named = pair.get("value") or {}
        shown = named.get("Value") if named.get("Name") == "txnReferenceNumber" else shown
    name = "invoice" if link["TxnType"] == "Invoice" else "journal entry"
    return f"{name} {shown} (id {_part(link)})" if shown else f"{name} id {_part(link)}"


def _is_credit(client: Client, payment: Row, link: Row) -> bool:
    """A link to a journal does not say its side: that is the side of the payer's line on it."""
    if link["TxnType"] != "JournalEntry":
        return link["TxnType"] in _CREDITS
    payer, wanted = value(payment.get("CustomerRef")), link.get("TxnLineId")
    for line in client.read("JournalEntry", str(link["TxnId"])).get("Line") or []:
        detail = line.get("JournalEntryLineDetail") or {}
        if value((detail.get("Entity") or {}).get("EntityRef")) == payer and wanted in (None, line.get("Id")):
            return bool(detail.get("PostingType") == "Credit")
    return False
