"""How NetSuite accepts an intent: found by our key, else created; the unapplying of a payment is found as already done.

The key is the external id, which NetSuite keeps unique. What is found is compared with what we meant: another amount, currency or
customer under our key is an error, never an update.
"""

from decimal import Decimal
from typing import Any

from pipelines.connections import Connection
from pipelines.http import Counter
from pipelines.netsuite import bodies, periods, updates
from pipelines.netsuite.client import Client, Row
from pipelines.netsuite.errors import Denied, NotFound
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.system import Intent, Refused, Rejected, Transient

_RECORDS = {"payment": ("customerPayment", "CustPymt"), "deposit": ("deposit", "Deposit")}
_FOUND = "SELECT id, type, entity, currency, foreigntotal, memo FROM transaction WHERE externalid = ? ORDER BY id"
_BOOKED = (
    "SELECT id, type, foreigntotal FROM transaction WHERE type IN ('CustPymt', 'CustRfnd') AND id IN ({}) ORDER BY id"
)
_IN_LIST = 500
_APPLIED = "SELECT COUNT(*) AS amount FROM nexttransactionlinelink WHERE nextdoc = ? AND linktype = 'Payment' AND foreignamount <> 0"


class NetSuiteWriter:
    """Writes of one connection. Raises Rejected (NetSuite's words), Transient (may have happened: find first), Refused."""

    def __init__(self, connection: Connection, client: Client | None = None) -> None:
        self._client = client or Client(connection)
        self._settings: NetSuiteSettings = connection.settings
        self._currencies: dict[str, str] = {}

    @property
    def counter(self) -> Counter:
        return self._client.http.counter

    def close(self) -> None:
        self._client.close()

    def find(self, intent: Intent) -> str | None:
        """The NetSuite id of what already carries the intent's key; of the payment that is already unapplied, or the record already updated."""
        if intent.kind == "record_update":
            return updates.find(self._client, intent)
        if intent.kind == "reversal":
            payment = str(intent.payload["payment_id"])
            return payment if self._is_unapplied(intent, payment) else None
        record, kind = _record(intent)
        found = self._by_key(intent.key, record)
        if found is None:
            return None
        self._compare(intent, found, kind)
        return str(found["id"])

    def create(self, intent: Intent) -> str:
        """Make the record and return its NetSuite id; what exists already under our key and is equal counts as made."""
        if intent.kind == "reversal":
            return self._unapply(intent)
        if intent.kind == "record_update":
            return updates.create(self._client, intent)
        record, _kind = _record(intent)
        body = self._body(intent)
        try:
            made = self._client.create(record, body)
        except Denied as error:
            if not error.error.is_duplicate:
                raise
            found = self.find(intent)
            if found is None:
                raise
            return found
        return made or self._look_again(intent)

    def _look_again(self, intent: Intent) -> str:
        found = self.find(intent)
        if found is None:
            raise Transient(
                f"{intent.connection}: NetSuite took {intent.key} but names no record, and none carries that key yet."
            )
        return found

    def _body(self, intent: Intent) -> dict[str, Any]:
        currency = self._currency(intent)
        wanted_day = str(intent.payload["date"])
        day = periods.posting_day(self._client, wanted_day, self._settings.closed_period)
        if intent.kind == "payment":
            return bodies.payment(intent, currency, day, self._settings.holding_account)
        bodies.check_deposit(intent)
        self._check_payments(intent)
        return bodies.deposit(intent, currency, day)

    def _currency(self, intent: Intent) -> str:
        """The id of an ISO code (or of itself, if it is an id already)."""
        code = str(intent.payload["currency"])
        if code.isdigit():
            return code
        if not self._currencies:
            rows = self._client.query("SELECT y.id, y.symbol FROM currency y ORDER BY y.id")
            self._currencies = {str(row["symbol"]): str(row["id"]) for row in rows if row.get("symbol")}
        if code not in self._currencies:
            raise Rejected(
                f"{intent.connection}: NetSuite has no currency {code} that this role can see; nothing was written."
            )
        return self._currencies[code]

    def _by_key(self, key: str, record: str) -> Row | None:
        try:
            rows = self._client.query(_FOUND, [key])
        except (Refused, Transient):
            return self._by_record(key, record)  # by-id reads work without the SuiteAnalytics Workbook permission
        return rows[0] if rows else None

    def _by_record(self, key: str, record: str) -> Row | None:
        try:
            body = self._client.get(record, f"eid:{key}")
        except NotFound:
            return None
        return {
            "id": body["id"],
            "type": _RECORDS_BY_NAME[record],
            "entity": _id(body.get("customer")),
            "currency": _id(body.get("currency")),
            "foreigntotal": str(body.get("payment", body.get("total", ""))),
        }

    def _compare(self, intent: Intent, found: Row, kind: str) -> None:
        """Raise Rejected if the record under our key is not what we meant."""
        payload = intent.payload
        wanted = {
            "type": kind,
            "currency": self._currency(intent),
            "amount": Decimal(str(payload["amount" if intent.kind == "payment" else "total"])),
        }
        actual = {
            "type": found.get("type"),
            "currency": found.get("currency", wanted["currency"]),
            "amount": abs(Decimal(str(found.get("foreigntotal") or 0))),
        }
        if intent.kind == "payment":
            wanted["customer"], actual["customer"] = str(payload["customer_id"]), found.get("entity")
        differing = [
            f"{name} {actual[name]} instead of {wanted[name]}" for name in wanted if actual[name] != wanted[name]
        ]
        if differing:
            raise Rejected(
                f"{intent.connection}: transaction {found['id']} already carries the key {intent.key}, with {', '.join(differing)}."
                " It is left as it is: void this intent, or correct the transaction in NetSuite."
            )

    def _check_payments(self, intent: Intent) -> None:
        """A deposit is of payments that exist, wait in Undeposited Funds, and have exactly the amounts we sum (N49)."""
        planned = {str(item["payment_id"]): Decimal(str(item["amount"])) for item in intent.payload.get("payments", ())}
        booked = {}
        for chunk in batches(sorted(planned), _IN_LIST):
            rows = self._client.query(_BOOKED.format(", ".join("?" for _ in chunk)), chunk)
            for row in rows:
                amount = abs(Decimal(str(row.get("foreigntotal") or 0)))
                booked[str(row["id"])] = amount if row["type"] == "CustPymt" else -amount
        wrong = [
            f"payment {item}: {booked.get(item, 'absent')} in NetSuite, {amount} planned"
            for item, amount in planned.items()
            if booked.get(item) != amount
        ]
        if wrong:
            raise Rejected(
                f"{intent.connection}: the deposit {intent.key} does not tie: {'; '.join(wrong[:5])}. Nothing was written."
            )

    # Reversals

    def _is_unapplied(self, intent: Intent, payment: str) -> bool:
        bodies.check_reversal(intent)
        rows = self._client.query(
            "SELECT id FROM transaction WHERE id = ? AND type = 'CustPymt' ORDER BY id", [payment]
        )
        return bool(rows) and int(self._client.scalar(_APPLIED, [payment]).get("amount") or 0) == 0

    def _unapply(self, intent: Intent) -> str:
        """Switch off every line of the payment's apply sublist. The payment, its amount and its memo stay."""
        bodies.check_reversal(intent)
        payment = str(intent.payload["payment_id"])
        record = self._client.get("customerPayment", payment, {"expandSubResources": "true"})
        items = (record.get("apply") or {}).get("items") or []
        lines = [
            {"doc": {"id": _id(item.get("doc"))}, "line": int(item.get("line") or 0), "apply": False}
            for item in items
            if item.get("apply")
        ]
        if lines:
            self._client.patch("customerPayment", payment, {"apply": {"items": lines}})
        return payment


_RECORDS_BY_NAME = dict(_RECORDS.values())


def batches(items: list[str], size: int) -> list[list[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _record(intent: Intent) -> tuple[str, str]:
    if intent.kind not in _RECORDS:
        raise Rejected(
            f"{intent.connection}: NetSuite connections write payment, deposit, reversal and record_update, not {intent.kind}."
        )
    return _RECORDS[intent.kind]


def _id(reference: Any) -> str | None:
    """The id in a reference object, or the reference itself where it is a plain id."""
    found = reference.get("id") if isinstance(reference, dict) else reference
    return None if found is None else str(found)
