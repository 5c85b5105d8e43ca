"""Customer payments: one per customer, applied, in the holding account until the provider's payout is deposited (Q3, Q4), or in the bank
where its statement shows them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines.quickbooks.client import Client
from pipelines.quickbooks.company import Company
from pipelines.quickbooks.keys import compare, note, number, only, ref, reference, value
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.transport import Row
from pipelines.system import Intent, Rejected

ENTITY = "Payment"
_CREDIT = "CreditMemo"
_TYPES = {"invoice": "Invoice", "credit_note": _CREDIT, "journal": "JournalEntry"}


def find(client: Client, company: Company, intent: Intent) -> Row | None:
    """The payment that carries the key. Raises Rejected if it is another one than we mean."""
    rows = client.query(f"SELECT * FROM Payment WHERE PaymentRefNum = '{reference(intent.key)}' MAXRESULTS 100")
    found = only(intent, rows)
    if found is not None:
        check(company, intent, found)
    return found


def check(company: Company, intent: Intent, found: Row) -> None:
    """Raise Rejected unless a payment is the one we mean."""
    payload = intent.payload
    wanted = {
        "amount": number(intent, payload["amount"], "the amount"),
        "customer": str(payload["customer_id"]),
        "currency": str(payload["currency"]),
    }
    actual = {
        "amount": Decimal(str(found.get("TotalAmt") or 0)),
        "customer": value(found.get("CustomerRef")),
        "currency": value(found.get("CurrencyRef")) or company.preferences.get("home_currency"),
    }
    compare(intent, "payment", found, wanted, actual)


def body(company: Company, settings: QuickBooksSettings, intent: Intent) -> dict[str, Any]:
    """The payment to create. Raises Rejected when it applies more than it pays, or the books or the holding account forbid it."""
    payload = intent.payload
    amount = number(intent, payload["amount"], "the amount")
    applied = [(item, number(intent, item["amount"], "an applied amount")) for item in payload.get("applications", ())]
    _check_amounts(intent, amount, applied)
    made: dict[str, Any] = {
        "CustomerRef": ref(payload["customer_id"]),
        "CurrencyRef": ref(payload["currency"]),
        "TotalAmt": amount,
        "TxnDate": company.posting_day(str(payload["date"]), settings.closed_period),
        "PaymentRefNum": reference(intent.key),
        "PrivateNote": note(intent),
        "DepositToAccountRef": ref(_into(company, settings, payload.get("account"))),
        "Line": [_line(intent, item, part) for item, part in applied],
    }
    if payload.get("method"):
        made["PaymentMethodRef"] = ref(payload["method"])
    return made


def _into(company: Company, settings: QuickBooksSettings, account: Any) -> str:
    """Where the money is: what a bank statement shows is in the bank, a provider's money waits for its payout."""
    if account in settings.bank_accounts.values() and account != settings.holding_account:
        return company.bank(account)
    return company.holding(account or settings.holding_account)


def _check_amounts(intent: Intent, amount: Decimal, applied: list[tuple[Mapping[str, Any], Decimal]]) -> None:
    credited = sum((part for item, part in applied if _type(intent, item) == _CREDIT), Decimal(0))
    invoiced = sum((part for item, part in applied if _type(intent, item) != _CREDIT), Decimal(0))
    if amount <= 0 or any(part <= 0 for _item, part in applied):
        raise Rejected(f"{intent.connection}: {intent.key}: amounts of a payment are positive; nothing was written.")
    if invoiced > amount + credited:
        raise Rejected(
            f"{intent.connection}: {intent.key} applies {invoiced} but pays {amount} and uses credits of {credited}; nothing was written."
        )


def _type(intent: Intent, item: Mapping[str, Any]) -> str:
    kind = str(item.get("document_type") or "invoice")
    if kind not in _TYPES:
        raise Rejected(
            f"{intent.connection}: {intent.key}: a payment cannot be applied to a {kind}; nothing was written."
        )
    return _TYPES[kind]


def _line(intent: Intent, item: Mapping[str, Any], amount: Decimal) -> dict[str, Any]:
    """One application. A journal line's document id is `<journal>.<line>`."""
    document, _, of_line = str(item["document_id"]).partition(".")
    link = {"TxnId": document, "TxnType": _type(intent, item)}
    if line := item.get("line") or of_line:
        link["TxnLineId"] = str(line)
    return {"Amount": amount, "LinkedTxn": [link]}
