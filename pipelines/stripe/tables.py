"""The raw tables of Stripe, and how an object becomes a row. Only the columns named here are kept: no card or bank detail is."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.tables import Table, columns

Object = Mapping[str, Any]

_MONEY = "Amounts are integers in the currency's minor unit."
ACCOUNT = Table(
    "stripe",
    "account",
    ("id",),
    columns("id country default_currency time_zone business_name"),
    "The account the key belongs to.",
)
CUSTOMER = Table(
    "stripe", "customer", ("id",),
    columns("id name email description currency created:timestamp metadata:json"),
    "Customers; a deleted one gets a version with is_deleted.",
)  # fmt: skip
PAYMENT_INTENT = Table(
    "stripe", "payment_intent", ("id",),
    columns(
        "id amount:integer amount_received:integer currency status customer latest_charge description created:timestamp metadata:json"
    ),
    f"What a customer means to pay. {_MONEY}",
)  # fmt: skip
CHARGE = Table(
    "stripe", "charge", ("id",),
    columns(
        "id amount:integer amount_refunded:integer currency status paid:bool captured:bool disputed:bool refunded:bool customer"
        " payment_intent balance_transaction failure_balance_transaction failure_code failure_message payment_method_type description"
        " statement_descriptor created:timestamp metadata:json"
    ),
    "Attempts to pay: ch_ by card, py_ by any other method. `statement_descriptor` is the calculated one where none was set."
    f" {_MONEY}",
)  # fmt: skip
REFUND = Table(
    "stripe", "refund", ("id",),
    columns(
        "id charge payment_intent amount:integer currency status reason balance_transaction failure_balance_transaction"
        " created:timestamp metadata:json"
    ),
    f"Refunds; a failed one returns the money by its failure_balance_transaction. {_MONEY}",
)  # fmt: skip
DISPUTE = Table(
    "stripe", "dispute", ("id",),
    columns(
        "id charge payment_intent amount:integer currency status reason is_charge_refundable:bool balance_transactions:json"
        " created:timestamp metadata:json"
    ),
    f"Disputes, and late failures of bank debits. {_MONEY}",
)  # fmt: skip
PAYOUT = Table(
    "stripe", "payout", ("id",),
    columns(
        "id amount:integer currency status automatic:bool arrival_date:date reconciliation_status description statement_descriptor"
        " balance_transaction failure_balance_transaction failure_code created:timestamp metadata:json"
    ),
    f"Payouts to the bank; negative when Stripe debits us. {_MONEY}",
)  # fmt: skip
BALANCE_TRANSACTION = Table(
    "stripe", "balance_transaction", ("id",),
    columns(
        "id amount:integer fee:integer net:integer currency type reporting_category status source description exchange_rate:rate"
        " available_on:timestamp created:timestamp fee_details:json"
    ),
    f"Every movement of the balance, append-only; net = amount - fee. {_MONEY}",
)  # fmt: skip
PAYOUT_ITEM = Table(
    "stripe", "payout_item", ("payout", "balance_transaction"), columns("payout balance_transaction"),
    "Which movements an automatic payout paid out, the payout's own among them.",
)  # fmt: skip
EVENT = Table(
    "stripe", "event", ("id",), columns("id type api_version object_id object_type created:timestamp"),
    "What Stripe told of changes, for 30 days back at first; payloads are not kept.",
)  # fmt: skip
CONTROL_TOTAL = Table(
    "stripe", "control_total", ("table_name", "measure"),
    columns("table_name measure window_start:timestamp window_end:timestamp row_count:integer total:money"),
    "Asked of Stripe apart from the lists: `net:<currency>` is the balance (available + pending, minor units) at window_end, which the"
    " net of all balance transactions created up to then must equal.",
)  # fmt: skip
TABLES = (
    ACCOUNT, CUSTOMER, PAYMENT_INTENT, CHARGE, REFUND, DISPUTE, PAYOUT, BALANCE_TRANSACTION, PAYOUT_ITEM, EVENT, CONTROL_TOTAL,
)  # fmt: skip

# The kinds that change after they are made, and where they are listed.
MUTABLE: dict[str, tuple[Table, str]] = {
    "customer": (CUSTOMER, "/v1/customers"),
    "payment_intent": (PAYMENT_INTENT, "/v1/payment_intents"),
    "charge": (CHARGE, "/v1/charges"),
    "refund": (REFUND, "/v1/refunds"),
    "dispute": (DISPUTE, "/v1/disputes"),
    "payout": (PAYOUT, "/v1/payouts"),
}


def account_row(item: Object) -> dict[str, Any]:
    dashboard = (item.get("settings") or {}).get("dashboard") or {}
    name = dashboard.get("display_name") or (item.get("business_profile") or {}).get("name")
    return {**item, "time_zone": dashboard.get("timezone"), "business_name": name}


def charge_row(item: Object) -> dict[str, Any]:
    return {
        **item,
        "payment_method_type": (item.get("payment_method_details") or {}).get("type"),
        "statement_descriptor": item.get("statement_descriptor") or item.get("calculated_statement_descriptor"),
    }


def payout_row(item: Object) -> dict[str, Any]:
    """`arrival_date` is a day, given as midnight UTC."""
    arrival = item.get("arrival_date")
    day = datetime.fromtimestamp(arrival, UTC).date().isoformat() if isinstance(arrival, int) else None
    return {**item, "arrival_date": day}


def event_row(item: Object) -> dict[str, Any]:
    subject = (item.get("data") or {}).get("object") or {}
    return {**item, "object_id": subject.get("id"), "object_type": subject.get("object")}


_ROWS: dict[str, Callable[[Object], dict[str, Any]]] = {
    "account": account_row,
    "charge": charge_row,
    "payout": payout_row,
    "event": event_row,
}


def row(table: Table, item: Object) -> dict[str, Any]:
    """An object as the table's columns; references that came expanded are their ids again."""
    values = _ROWS.get(table.name, dict)(item)
    kinds = {column.name: column.type for column in table.columns}
    return {name: _id(values.get(name)) if kind == "text" else values.get(name) for name, kind in kinds.items()}


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value
