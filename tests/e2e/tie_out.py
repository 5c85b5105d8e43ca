"""The ledger against the sandbox's truth, to the cent and row by row. Returns differences as readable lines; none means it ties out."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from tests.e2e.world import World

Row = dict[str, Any]


def key(row: Row, name: str = "id") -> str:
    return f"{row['system']}:{row['connection']}:{row[name]}"


def differences(world: World, truth: dict[str, Any]) -> list[str]:
    """Every place where the warehouse and the truth disagree."""
    return [
        *customers(world, truth),
        *documents(world, truth),
        *payments(world, truth),
        *applications(world, truth),
        *payouts(world, truth),
        *deposits(world, truth),
        *aging(world, truth),
        *entries(world, truth),
        *breaks(world, truth),
    ]


def compare(what: str, ours: dict[Any, Any], theirs: dict[Any, Any]) -> list[str]:
    lines = [f"{what} {name}: in truth only: {theirs[name]}" for name in theirs.keys() - ours.keys()]
    lines += [f"{what} {name}: in the ledger only: {ours[name]}" for name in ours.keys() - theirs.keys()]
    lines += [
        f"{what} {name}: ledger {ours[name]}, truth {theirs[name]}"
        for name in ours.keys() & theirs.keys()
        if ours[name] != theirs[name]
    ]
    return sorted(lines)


def customers(world: World, truth: dict[str, Any]) -> list[str]:
    names = {
        row["customer_key"]: row["customer_name"]
        for row in world.rows("select customer_key, customer_name from ledger.ar_customers where not is_deleted")
    }
    balances = {
        (row["customer_key"], row["currency"]): row["balance_amount"]
        for row in world.rows(
            "select customer_key, currency, balance_amount from ledger.ar_balances where balance_amount <> 0"
        )
    }
    expected = {
        (key(row), currency): Decimal(amount)
        for row in truth["customers"]
        for currency, amount in row["balances"].items()
        if Decimal(amount) != 0
    }
    return [
        *compare("customer", names, {key(row): row["name"] for row in truth["customers"]}),
        *compare("balance", balances, expected),
    ]


def documents(world: World, truth: dict[str, Any]) -> list[str]:
    found = world.rows(
        "select document_key, document_type, document_number, customer_key, currency, document_amount, open_amount, issued_date, due_date,"
        " is_deleted from ledger.ar_documents"
    )
    gone = {row["document_key"] for row in found if row["is_deleted"]}
    ours = {
        row["document_key"]: (
            row["document_type"], row["document_number"], row["customer_key"], row["currency"], row["document_amount"],
            row["open_amount"], row["issued_date"], row["due_date"],
        )
        for row in found
        if row["document_key"] not in gone
    }  # fmt: skip
    theirs = {
        key(row): (
            row["type"], row["number"], key(row, "customer_id"), row["currency"], Decimal(row["amount"]), Decimal(row["open_amount"]),
            _day(row["issued_date"]), _day(row["due_date"]),
        )
        for row in truth["documents"]
        if not row["is_deleted"]
    }  # fmt: skip
    deleted = {key(row) for row in truth["documents"] if row["is_deleted"]}
    lines = [f"document {name}: deleted in the ledger only" for name in gone - deleted]
    lines += [
        f"document {row['document_key']}: deleted, and still open with {row['open_amount']}"
        for row in found
        if row["is_deleted"] and row["open_amount"] != 0
    ]
    return [*compare("document", ours, theirs), *lines]


def payments(world: World, truth: dict[str, Any]) -> list[str]:
    found = world.rows(
        "select payment_key, currency, payment_amount, unapplied_amount, payment_date from ledger.ar_payments where not is_deleted"
    )
    ours = {
        row["payment_key"]: (row["currency"], row["payment_amount"], row["unapplied_amount"], row["payment_date"])
        for row in found
    }
    theirs = {
        key(row): (row["currency"], Decimal(row["amount"]), Decimal(row["unapplied_amount"]), _day(row["date"]))
        for row in truth["payments"]
        if not row.get("is_deleted")
    }
    return compare("payment", ours, theirs)


def applications(world: World, truth: dict[str, Any]) -> list[str]:
    ours = Counter(
        (row["payment_key"], row["document_key"], row["currency"], row["applied_amount"], row["applied_date"])
        for row in world.rows(
            "select payment_key, document_key, currency, applied_amount, applied_date from ledger.ar_applications"
        )
    )
    theirs = Counter(
        (key(row, "payment_id"), key(row, "document_id"), row["currency"], Decimal(row["amount"]), _day(row["date"]))
        for row in truth["applications"]
    )
    return compare("application", dict(ours), dict(theirs))


def payouts(world: World, truth: dict[str, Any]) -> list[str]:
    ours = {
        row["payout_key"]: (row["currency"], row["payout_amount"], row["status"], row["arrival_date"])
        for row in world.rows("select * from ledger.ar_payouts")
    }
    theirs = {
        key(row): (row["currency"], Decimal(row["amount"]), row["status"], _day(row["date"]))
        for row in truth["payouts"]
    }
    return compare("payout", ours, theirs)


def deposits(world: World, truth: dict[str, Any]) -> list[str]:
    ours = {
        row["deposit_key"]: (row["currency"], row["deposit_amount"], row["deposit_date"])
        for row in world.rows("select * from ledger.ar_deposits where not is_deleted")
    }
    theirs = {key(row): (row["currency"], Decimal(row["amount"]), _day(row["date"])) for row in truth["deposits"]}
    return compare("deposit", ours, theirs)


def aging(world: World, truth: dict[str, Any]) -> list[str]:
    """Open items by customer, currency and kind."""
    theirs: Counter[tuple[str, str, str]] = Counter()
    for row in _live(truth["documents"]):
        theirs[key(row, "customer_id"), row["currency"], "document"] += Decimal(row["open_amount"])
    for row in _live(truth["payments"]):
        theirs[key(row, "customer_id"), row["currency"], "unapplied_payment"] -= Decimal(row["unapplied_amount"])
    found = world.rows(
        "select customer_key, currency, item_type, sum(open_amount) as amount from aging.ar_aging group by all having amount <> 0"
    )
    ours = {(row["customer_key"], row["currency"], row["item_type"]): row["amount"] for row in found}
    return compare("aging", ours, {name: amount for name, amount in theirs.items() if amount})


def entries(world: World, truth: dict[str, Any]) -> list[str]:
    """What the legs of each account sum to: receivables are the open items, money on account what is unapplied, payouts what was paid out."""
    theirs: Counter[tuple[str, str, str]] = Counter()
    for row in _live(truth["documents"]):
        theirs[row["connection"], "receivable", row["currency"]] += Decimal(row["open_amount"])
    for row in _live(truth["payments"]):
        theirs[row["connection"], "unapplied_cash", row["currency"]] -= Decimal(row["unapplied_amount"])
    for row in truth["payouts"]:
        if row["status"] not in ("failed", "canceled"):
            theirs[row["connection"], "payouts", row["currency"]] += Decimal(row["amount"])
    found = world.rows(
        "select connection, account, currency, sum(amount) as amount from ledger.ar_entries"
        " where account in ('receivable', 'unapplied_cash', 'payouts') group by all having amount <> 0"
    )
    ours = {(row["connection"], row["account"], row["currency"]): row["amount"] for row in found}
    return compare("entries", ours, {name: amount for name, amount in theirs.items() if amount})


def _live(rows: list[Row]) -> list[Row]:
    return [row for row in rows if not row.get("is_deleted")]


def breaks(world: World, truth: dict[str, Any]) -> list[str]:
    ours = Counter(_break(row) for row in world.rows("select * from reconciliation.rec_breaks"))
    theirs = Counter(_break({**row, "drift_amount": Decimal(row["drift_amount"])}) for row in truth["breaks"])
    return compare("break", dict(ours), dict(theirs))


def _break(row: Row) -> tuple[Any, ...]:
    return (row["reason"], row["left_key"], row["right_key"], row["currency"], row["drift_amount"])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def marts(world: World) -> Iterable[str]:
    """Every relation that an analyst relies on."""
    found = world.rows(
        """
        select table_schema || '.' || table_name as relation from information_schema.tables
        where table_schema in ('ledger', 'aging', 'reconciliation', 'writeback', 'collections') order by 1
        """
    )
    return [row["relation"] for row in found]
