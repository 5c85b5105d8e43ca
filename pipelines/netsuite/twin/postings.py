"""Double entry: the general-ledger lines of each kind of transaction. Debit positive; every list sums to zero in both currencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from .model import ZERO, Doc, JournalLine, Line, OtherLine, Posting, ident, optional, to_base, total_of


def sales(doc: Doc, receivable: int, lines: Sequence[Line], sign: int) -> list[Posting]:
    """An invoice (sign 1) debits receivables and credits each line's account; a credit memo (sign -1) the reverse."""
    rows = [
        Posting(
            line=number,
            account=ident(line.account, "account"),
            foreign=-sign * line.amount,
            base=to_base(-sign * line.amount, doc.rate),
            memo=line.memo,
            item=optional(line.item, "item"),
            quantity=None if line.quantity is None else -sign * line.quantity,
            entity=doc.customer,
        )
        for number, line in enumerate(lines, start=1)
    ]
    return [_balancing(doc, receivable, rows), *rows]


def money(doc: Doc, account: int, receivable: int, sign: int) -> list[Posting]:
    """A payment (sign 1) debits undeposited funds or a bank and credits receivables; a refund (sign -1) the reverse."""
    row = Posting(1, receivable, -sign * doc.total, to_base(-sign * doc.total, doc.rate), doc.memo, entity=doc.customer)
    return [_balancing(doc, account, [row]), row]


def deposit(
    doc: Doc,
    bank: int,
    undeposited: int,
    payments: Sequence[Doc],
    other: Sequence[OtherLine],
    cashback: Sequence[OtherLine],
    variance: int | None,
) -> list[Posting]:
    """A bank deposit: undeposited funds leave at the rate at which they came, the rest goes at the deposit's own rate; the exchange
    difference goes to the realised-gain account if the chart has one, else stays in the bank line."""
    rows: list[Posting] = []
    for payment in payments:
        amount = payment.total if payment.type == "CustPymt" else -payment.total
        rows.append(
            Posting(
                len(rows) + 1,
                undeposited,
                -amount,
                to_base(-amount, payment.rate),
                payment.memo,
                None,
                None,
                payment.customer,
                payment.method,
                payment.id,
            )
        )
    for sign, group in ((-1, other), (1, cashback)):
        for line in group:
            amount = sign * line.amount
            rows.append(
                Posting(
                    len(rows) + 1,
                    ident(line.account, "account"),
                    amount,
                    to_base(amount, doc.rate),
                    line.memo,
                    entity=optional(line.entity, "entity"),
                    method=optional(line.payment_method, "payment method"),
                )
            )
    at_rate = to_base(doc.total, doc.rate)
    difference = -total_of(row.base for row in rows) - at_rate
    if difference and variance is not None:
        rows.append(Posting(len(rows) + 1, variance, ZERO, difference, "Realized exchange gain or loss"))
    return [_balancing(doc, bank, rows), *rows]


def journal(doc: Doc, lines: Sequence[JournalLine]) -> list[Posting]:
    """A journal as given. Its first line carries the rounding of the conversion, so that base amounts balance too."""
    rows = [
        Posting(
            number,
            ident(line.account, "account"),
            line.debit - line.credit,
            to_base(line.debit - line.credit, doc.rate),
            line.memo,
            entity=optional(line.entity, "entity"),
            subsidiary=optional(line.subsidiary, "subsidiary"),
        )
        for number, line in enumerate(lines)
    ]
    residue: Decimal = total_of(row.base for row in rows)
    if residue and rows:
        first = rows[0]
        rows[0] = replace(first, base=first.base - residue)
    return rows


def _balancing(doc: Doc, account: int, rows: Sequence[Posting]) -> Posting:
    return Posting(
        0,
        account,
        -total_of(row.foreign for row in rows),
        -total_of(row.base for row in rows),
        doc.memo,
        entity=doc.customer,
        method=doc.method,
    )
