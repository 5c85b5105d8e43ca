"""Bank deposits: one per payout, its payments linked, fees and money taken back as signed lines of their own (Q5-Q9, Q18, Q20)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines.quickbooks.client import PAGE_ROWS, Client
from pipelines.quickbooks.company import Company
from pipelines.quickbooks.keys import compare, note, number, only, ref, value
from pipelines.quickbooks.paging import pages, statement
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.transport import Row
from pipelines.system import Intent, Rejected

ENTITY = "Deposit"
_IN_LIST = 200


def find(client: Client, company: Company, intent: Intent) -> Row | None:
    """The deposit that carries the key. QuickBooks searches no note and no number of a deposit, so all from its day on are looked through:
    a closed period moves it to a later day, never to an earlier one."""
    where = f"TxnDate >= '{intent.payload['date']}'"
    read = pages(lambda position: client.query(statement(ENTITY, where, position)), PAGE_ROWS, 1)
    found = only(intent, list({str(row["Id"]): row for page in read for row in page}.values()))
    if found is not None:
        check(company, intent, found)
    return found


def check(company: Company, intent: Intent, found: Row) -> None:
    """Raise Rejected unless a deposit is the one we mean."""
    payload = intent.payload
    wanted = {
        "total": number(intent, payload["total"], "the total"),
        "account": str(payload["account"]),
        "currency": str(payload["currency"]),
    }
    actual = {
        "total": Decimal(str(found.get("TotalAmt") or 0)),
        "account": value(found.get("DepositToAccountRef")),
        "currency": value(found.get("CurrencyRef")) or company.preferences.get("home_currency"),
    }
    compare(intent, "deposit", found, wanted, actual)


def body(client: Client, company: Company, settings: QuickBooksSettings, intent: Intent) -> dict[str, Any]:
    """The deposit to create. Raises Rejected, and nothing is written, unless its lines and the payments in QuickBooks tie to its total."""
    payload = intent.payload
    _check_total(intent)
    _check_payments(client, intent)
    linked = [_linked(intent, item) for item in payload.get("payments", ())]
    return {
        "DepositToAccountRef": ref(company.bank(str(payload["account"]))),
        "CurrencyRef": ref(payload["currency"]),
        "TxnDate": company.posting_day(str(payload["date"]), settings.closed_period),
        "PrivateNote": note(intent),
        "Line": [*linked, *(_free(intent, item) for item in payload.get("other", ()))],
    }


def _linked(intent: Intent, item: Mapping[str, Any]) -> dict[str, Any]:
    """A payment taken out of the holding account. With a DetailType, or without its TxnLineId, QuickBooks refuses the line (Q18)."""
    link = {"TxnId": str(item["payment_id"]), "TxnType": "Payment", "TxnLineId": "0"}
    return {"Amount": number(intent, item["amount"], "a line's amount"), "LinkedTxn": [link]}


def _free(intent: Intent, item: Mapping[str, Any]) -> dict[str, Any]:
    """A fee, a refund or a clawback: a signed line on an account."""
    detail: dict[str, Any] = {"AccountRef": ref(item["account"])}
    if item.get("entity"):
        detail["Entity"] = {**ref(item["entity"]), "type": "VENDOR"}
    line: dict[str, Any] = {
        "Amount": number(intent, item["amount"], "a line's amount"),
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": detail,
    }
    if item.get("memo"):
        line["Description"] = str(item["memo"])
    return line


def _check_total(intent: Intent) -> None:
    """Q9: the payments and other lines sum to the total, to the cent; and QuickBooks takes no negative deposit."""
    payload = intent.payload
    total = number(intent, payload["total"], "the total")
    parts = [
        number(intent, item["amount"], "a line's amount")
        for item in (*payload.get("payments", ()), *payload.get("other", ()))
    ]
    if sum(parts, Decimal(0)) != total:
        raise Rejected(
            f"{intent.connection}: the lines of deposit {intent.key} sum to {sum(parts, Decimal(0))}, not to its total of {total};"
            " nothing was written."
        )
    if total < 0:
        raise Rejected(
            f"{intent.connection}: deposit {intent.key} is negative ({total}); QuickBooks takes none; nothing was written."
        )


def _check_payments(client: Client, intent: Intent) -> None:
    """The payments exist and have exactly the amounts that we sum."""
    planned = {
        str(item["payment_id"]): number(intent, item["amount"], "an amount")
        for item in intent.payload.get("payments", ())
    }
    booked: dict[str, Decimal] = {}
    ids = sorted(planned)
    for start in range(0, len(ids), _IN_LIST):
        among = ", ".join(f"'{item}'" for item in ids[start : start + _IN_LIST])
        for row in client.query(f"SELECT * FROM Payment WHERE Id IN ({among}) MAXRESULTS {_IN_LIST}"):
            booked[str(row["Id"])] = Decimal(str(row.get("TotalAmt") or 0))
    wrong = [
        f"payment {item}: {booked.get(item, 'absent')} in QuickBooks, {amount} planned"
        for item, amount in planned.items()
        if booked.get(item) != amount
    ]
    if wrong:
        raise Rejected(
            f"{intent.connection}: the deposit {intent.key} does not tie: {'; '.join(wrong[:5])}. Nothing was written."
        )
