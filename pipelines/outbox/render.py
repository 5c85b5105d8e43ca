"""Text for people: what a plan would write and do to balances, the outbox as a list, one intent in full."""

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines import money
from pipelines.outbox.brakes import Brakes, Held, admit
from pipelines.outbox.model import IntentRow, State, iso
from pipelines.outbox.plan import PlanResult
from pipelines.outbox.reading import Detail

Effects = dict[tuple[str, str], tuple[Decimal, Decimal]]


def render_plan(
    result: PlanResult,
    brakes: Mapping[str, Brakes],
    *,
    names: Mapping[str, str] | None = None,
    balances: Mapping[tuple[str, str], Decimal] | None = None,
    width: int = 140,
) -> str:
    """What `apply` would write, what it would if only the settings let it, what is held and why, and the effect per customer and currency.

    `names`: customer_key -> name. `balances`: (customer_key, currency) -> balance today; without it only the
    change is shown.
    """
    sendable, held = _through_brakes(result.waiting, brakes)
    names, balances = names or {}, balances or {}
    by_policy = {key for one in held if one.policy for key in one.keys}
    parts: list[RenderableType] = [] if sendable else [Text("Nothing to write.")]
    for title, rows in (
        ("Would be written", sendable),
        (
            'Planned: would be written if writeback were "apply"',
            [row for row in result.waiting if row.key in by_policy],
        ),
        ('Off: would be written if writeback were "apply"', result.off),
    ):
        if rows:
            parts.append(_writes(title, rows, names))
            if any(row.value for row in rows):
                parts.append(_effect_table(effects(rows), names, balances))
    if held:
        parts.append(_lines("Held back", [str(one) for one in held]))
    problems = [str(one) for one in (*result.conflicts, *result.invalid)]
    if problems:
        parts.append(_lines("Not taken into the outbox", problems))
    if result.noted:
        parts.append(_lines("For a person to look at", [str(one) for one in result.noted]))
    names_of_counts = ("new", "returned", "superseded", "unchanged", "voided", "off", "noted", "conflicts", "invalid")
    counts = {name: len(getattr(result, name)) for name in names_of_counts}
    parts.append(
        Text(f"{len(sendable)} to write; " + ", ".join(f"{count} {name}" for name, count in counts.items() if count))
    )
    return _print(parts, width)


class Write(Protocol):
    """What an intent and a planned row have in common."""

    @property
    def key(self) -> str: ...
    @property
    def connection(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def customer_key(self) -> str | None: ...
    @property
    def value(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...
    @property
    def evidence(self) -> str | None: ...


def effects(rows: Iterable[Write]) -> Effects:
    """(customer, currency) -> change of open items, change of unapplied cash; the balance: their difference.

    A payment closes what it is applied to and leaves the rest unapplied; a reversal opens it again and the
    money stays unapplied; a deposit moves money between bank accounts and touches no customer; a record update moves none.
    """
    found: Effects = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for row in rows:
        customer = row.customer_key or str(row.body.get("customer_id", ""))
        opened, unapplied = (
            found[customer, row.currency] if row.kind in ("payment", "reversal") else (Decimal(0), Decimal(0))
        )
        if row.kind == "payment":
            applied = sum((Decimal(str(one["amount"])) for one in row.body.get("applications", ())), Decimal(0))
            found[customer, row.currency] = (opened - applied, unapplied + row.value - applied)
        elif row.kind == "reversal":
            found[customer, row.currency] = (opened + abs(row.value), unapplied + abs(row.value))
    return dict(found)


def render_intents(rows: Sequence[IntentRow], width: int = 140) -> str:
    """`tieout outbox list`."""
    table = _table("Key", "Connection", "Kind", "State", ">Amount", "", "ERP id", ">Tries", "Why")
    for row in rows:
        why = (
            row.conflict or row.void_reason
            if row.state == State.VOID
            else row.conflict or row.last_error or row.blocked
        )
        table.add_row(
            row.key,
            row.connection,
            row.kind,
            row.state.value,
            *_amount(row),
            row.erp_id or "",
            str(row.attempts),
            why or "",
        )
    return _print([table if rows else Text("The outbox is empty.")], width)


def render_show(detail: Detail, width: int = 140) -> str:
    """`tieout outbox show`: every column that says something, and every attempt with the ERP's words."""
    row = detail.intent
    facts = Table.grid(padding=(0, 2))
    for name, value in vars(row).items():
        if value not in (None, "", False) and name != "payload_hash":
            facts.add_row(name, Text(iso(value) if hasattr(value, "astimezone") else str(value)))
    tries = _table("Started", "Ended", "Outcome", "Run", "Error", title="Attempts")
    for one in detail.attempts:
        ended = "" if one.ended_at is None else iso(one.ended_at)
        tries.add_row(iso(one.started_at), ended, one.outcome or "open", one.run_id, one.error or "")
    return _print([facts, tries] if detail.attempts else [facts], width)


def _through_brakes(rows: Sequence[IntentRow], brakes: Mapping[str, Brakes]) -> tuple[list[IntentRow], list[Held]]:
    sendable: list[IntentRow] = []
    held: list[Held] = []
    for name in sorted({row.connection for row in rows}):
        admitted, blocked = admit([row for row in rows if row.connection == name], brakes.get(name, Brakes()))
        sendable += admitted
        held += blocked
    return sendable, held


def _writes(title: str, rows: Sequence[Write], names: Mapping[str, str]) -> Table:
    table = _table(
        "Connection",
        "Kind",
        "Date",
        "Customer",
        ">Amount",
        "",
        "Applied to",
        "Key",
        "Evidence",
        title=title,
    )
    for row in rows:
        body = row.body
        customer = names.get(row.customer_key or "", row.customer_key or "")
        amount, currency = _amount(row)
        table.add_row(
            row.connection,
            row.kind,
            str(body.get("date", "")),
            customer,
            amount,
            currency,
            _target(body),
            row.key,
            row.evidence or "",
        )
    return table


def _target(body: Mapping[str, Any]) -> str:
    """What a write is about: documents, payments, or the field of a record and its new value."""
    if "field" in body:
        return f"{body['record_type']} {body['record_id']}: {body['field']} = {body['value']!r}"
    applied = ", ".join(f"{one['document_id']}: {one['amount']}" for one in body.get("applications", ()))
    payments = ", ".join(str(one["payment_id"]) for one in body.get("payments", ()))
    return applied or payments or str(body.get("payment_id", ""))


def _amount(row: Write) -> tuple[str, str]:
    """Amount and currency, blank where no money moves."""
    return (money.text(row.value, row.currency), row.currency) if row.value else ("", "")


def _effect_table(found: Effects, names: Mapping[str, str], balances: Mapping[tuple[str, str], Decimal]) -> Table:
    table = _table(
        "Customer",
        "",
        ">Open items",
        ">Unapplied cash",
        ">Balance",
        ">Before",
        ">After",
        title="Effect on balances",
    )
    totals: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for (customer, currency), (opened, unapplied) in sorted(found.items()):
        before = balances.get((customer, currency))
        after = None if before is None else before + opened - unapplied
        known = ["" if amount is None else money.text(amount, currency) for amount in (before, after)]
        table.add_row(names.get(customer, customer), currency, *_changes(opened, unapplied, currency), *known)
        totals[currency][0] += opened
        totals[currency][1] += unapplied
    table.add_section()
    for currency, (opened, unapplied) in sorted(totals.items()):
        table.add_row("All", currency, *_changes(opened, unapplied, currency), "", "")
    return table


def _changes(opened: Decimal, unapplied: Decimal, currency: str) -> list[str]:
    return [money.text(amount, currency) for amount in (opened, unapplied, opened - unapplied)]


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        amount = column.startswith(">")
        table.add_column(column.lstrip(">"), justify="right" if amount else "left", no_wrap=amount, overflow="fold")
    return table


def _lines(title: str, lines: Sequence[str]) -> Text:
    return Text("\n  ".join([title, *lines]) + "\n")


def _print(parts: Sequence[RenderableType], width: int) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, no_color=True)
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
