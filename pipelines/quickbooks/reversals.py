"""What happens to a payment whose money the provider has taken back (Q19-Q21).

A payment that waits in the holding account is unapplied: a full update without lines. Its amount and note stay, and each invoice is as open
as it was before.

A payment that is in a deposit cannot be changed at all: QuickBooks refuses any update of it, sparse or full, with 6540, and the only way
round is to take it out of its deposit, which would no longer be what the bank received. So payment and deposit stay as they are, and a
journal entry reopens the receivable: debit receivables with the customer, credit `dispute_account`. The payout that claws the money back
has a negative line on that same account in its own deposit, so the account comes to zero, and what remains is what happened: the customer
owes it again, and the bank has paid it out. The invoice itself stays paid by the payment; what is open is the journal entry.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.quickbooks.client import Client
from pipelines.quickbooks.company import Company
from pipelines.quickbooks.errors import Deposited, Stale
from pipelines.quickbooks.keys import compare, note, only, ref, reference, request_id, value
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.transport import Row
from pipelines.system import Intent, Rejected

ENTITY = "JournalEntry"
_TRIES = 3
_READ_ONLY = ("MetaData", "UnappliedAmt", "LinkedTxn", "domain", "status", "sparse", "time")


def check_kind(intent: Intent) -> str:
    """The payment to reverse. Raises Rejected for anything else."""
    kind = str(intent.payload.get("payment_type") or "payment")
    if kind not in {"payment", "Payment"}:
        raise Rejected(
            f"{intent.connection}: {intent.key}: only a customer payment can be reversed, not a {kind}; nothing was written."
        )
    return str(intent.payload["payment_id"])


def find(client: Client, intent: Intent) -> str | None:
    """The id of the journal entry that reopened the receivable, or of the payment that is already unapplied."""
    payment_id = check_kind(intent)
    rows = client.query(f"SELECT * FROM JournalEntry WHERE DocNumber = '{reference(intent.key)}' MAXRESULTS 100")
    entry = only(intent, rows)
    if entry is not None:
        return str(entry["Id"])
    found = client.query(f"SELECT * FROM Payment WHERE Id = '{payment_id}'")
    return payment_id if found and not found[0].get("Line") else None


def unapply(client: Client, intent: Intent) -> Row | None:
    """Take every application out of the payment. None if it is in a deposit, and so stays as it is."""
    payment_id = check_kind(intent)
    for attempt in range(1, _TRIES + 1):
        payment = client.read("Payment", payment_id)
        if not payment.get("Line"):
            return payment
        if is_deposited(payment):
            return None
        wanted = {key: item for key, item in payment.items() if key not in _READ_ONLY}
        try:
            return client.update("Payment", {**wanted, "Line": []}, request_id(intent.key, f"{payment['SyncToken']}"))
        except Stale:
            if attempt == _TRIES:
                raise
        except Deposited:
            return None
    raise AssertionError("unreachable")


def is_deposited(payment: Row) -> bool:
    """Whether the payment says so itself; not every answer does, and then QuickBooks refuses the update."""
    return any(link.get("TxnType") == "Deposit" for link in payment.get("LinkedTxn") or [])


def body(client: Client, company: Company, settings: QuickBooksSettings, intent: Intent) -> dict[str, Any]:
    """The journal entry that reopens what a deposited payment has paid."""
    if not settings.dispute_account:
        raise Rejected(
            f"{intent.connection}: payment {intent.payload['payment_id']} is in a deposit, so it stays as it is, and there is no"
            " dispute_account to reopen the receivable against; nothing was written. Remedy: set dispute_account, then retry the intent."
        )
    payment = client.read("Payment", check_kind(intent))
    amount = applied(payment)
    currency = value(payment.get("CurrencyRef")) or str(company.preferences.get("home_currency"))
    receivable = value(payment.get("ARAccountRef")) or company.receivable(currency)
    day = _today(client, settings)
    entity = {"Type": "Customer", "EntityRef": ref(value(payment.get("CustomerRef")))}
    made: dict[str, Any] = {
        "DocNumber": reference(intent.key),
        "TxnDate": company.posting_day(day, settings.closed_period),
        "PrivateNote": note(intent),
        "CurrencyRef": ref(currency),
        "Line": [
            _line(intent, amount, "Debit", {"AccountRef": ref(receivable), "Entity": entity}),
            _line(intent, amount, "Credit", {"AccountRef": ref(settings.dispute_account)}),
        ],
    }
    if isinstance(payment.get("ExchangeRate"), Decimal | int):
        made["ExchangeRate"] = payment["ExchangeRate"]
    return made


def applied(payment: Row) -> Decimal:
    """How much of its own money a payment has applied: credit memos that it used as well are not its money."""
    return Decimal(str(payment.get("TotalAmt") or 0)) - Decimal(str(payment.get("UnappliedAmt") or 0))


def check(intent: Intent, wanted: Mapping[str, Any], found: Row) -> None:
    """Raise Rejected unless a journal entry is the one we mean: same amount on the same accounts."""
    compare(intent, "journal entry", found, {"lines": _sums(wanted)}, {"lines": _sums(found)})


def _sums(entry: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return sorted(
        (
            str(line["JournalEntryLineDetail"].get("PostingType")),
            str(value(line["JournalEntryLineDetail"].get("AccountRef"))),
            f"{Decimal(str(line['Amount'])).normalize():f}",
        )
        for line in entry.get("Line") or []
        if "JournalEntryLineDetail" in line
    )


def _line(intent: Intent, amount: Decimal, side: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Amount": amount,
        "Description": f"Payment {intent.payload['payment_id']} taken back: {intent.payload.get('memo') or intent.key}",
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": {"PostingType": side, **detail},
    }


def _today(client: Client, settings: QuickBooksSettings) -> str:
    """The company's day by QuickBooks' own clock, which has just told the time."""
    now = client.server_time or datetime.now(ZoneInfo("UTC"))
    return now.astimezone(ZoneInfo(settings.time_zone)).date().isoformat()
