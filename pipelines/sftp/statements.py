"""Bookings of a bank statement -> rows of `statement_line`, each with the identity by which it is known however often it is sent.

A line is `bl_` and 24 hex digits of a hash: of connection, bank account and the bank's transaction id; where the bank gives none, of all
its fields and its running number among the equal lines of the file. So statements may overlap, and without transaction ids a statement
must hold whole days.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pipelines.sftp.reading import BadRow, Booking

_DIGITS = 24


def rows(connection: str, report_id: str, bookings: Iterable[Booking]) -> Iterator[dict[str, Any] | BadRow]:
    """The rows of one statement, in its order. One transaction id on two different bookings: the later ones are set aside."""
    equal: Counter[tuple[Any, ...]] = Counter()
    known: dict[tuple[str | None, str], tuple[Any, ...]] = {}
    for booking in bookings:
        facts = _facts(booking)
        equal[facts] += 1
        if booking.transaction_id:
            first = known.setdefault((booking.bank_account, booking.transaction_id), facts)
            if first != facts:
                yield _repeated(booking)
                continue
            identity: tuple[Any, ...] = (booking.bank_account or "", booking.transaction_id)
        else:
            identity = (*facts, equal[facts])
        yield {
            "report_id": report_id,
            "line_number": booking.number,
            "line_id": line_id(connection, *identity),
            "transaction_id": booking.transaction_id,
            "bank_account": booking.bank_account,
            "booked_date": booking.booked_date,
            "currency": booking.currency,
            "amount": booking.amount,
            "reference": booking.reference,
            "description": booking.description,
            "counterparty": booking.counterparty,
            "extra": dict(booking.extra),
        }


def line_id(*parts: Any) -> str:
    """`bl_...` from the parts that make a line what it is."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return f"bl_{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"


def _facts(booking: Booking) -> tuple[Any, ...]:
    return (
        booking.bank_account, booking.booked_date, f"{booking.amount.normalize():f}", booking.currency, booking.reference,
        booking.description, booking.counterparty,
    )  # fmt: skip


def _repeated(booking: Booking) -> BadRow:
    key = booking.transaction_id or ""
    return BadRow(
        booking.number,
        key,
        "repeated_transaction_id",
        f"transaction {key} stands on an earlier line with other values",
        "map statement.columns.transaction_id to a column that tells lines apart, or map none",
        {"transaction_id": key, "amount": str(booking.amount), "booked_date": booking.booked_date.isoformat()},
    )
