"""Planned rows in, intents out: insert or ignore by key. Nothing that was sent is ever updated."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select, update

from pipelines.outbox.brakes import Brakes
from pipelines.outbox.model import PLAN, IntentRow, State, intent
from pipelines.outbox.planned import BadRow, Conflict, Planned
from pipelines.outbox.store import Store


@dataclass(frozen=True)
class PlanResult:
    """What a plan did, or with `dry=True` would do: keys by outcome.

    `waiting` is all that then waits to be sent, of every connection.
    """

    new: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()  # void since its row had gone; the row is back
    voided: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()  # never sent, and the plan changed: the old one is void, kept as <key>~<n>
    off: tuple[Planned, ...] = ()  # writeback is off for its kind: no intent is made
    noted: tuple[Conflict, ...] = ()  # posted, and its row is back with another amount: for a person to look at
    conflicts: tuple[Conflict, ...] = ()
    invalid: tuple[Conflict, ...] = ()
    waiting: tuple[IntentRow, ...] = field(default=(), repr=False)

    @property
    def red(self) -> bool:
        return bool(self.conflicts or self.invalid)


@dataclass
class _Sorted:
    """The rows of one plan, by what is to happen to them."""

    wanted: dict[str, Planned] = field(default_factory=dict)
    off: list[Planned] = field(default_factory=list)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    invalid: dict[str, Conflict] = field(default_factory=dict)
    noted: list[Conflict] = field(default_factory=list)


def merge(
    store: Store,
    rows: Iterable[Mapping[str, Any]],
    *,
    run_id: str,
    brakes: Mapping[str, Brakes],
    connections: Collection[str] | None,
    dry: bool,
) -> PlanResult:
    """`rows` is the whole plan of `connections` (None: of all).

    A planned intent without a row is no longer needed and becomes void.
    """
    found = _sort(rows, brakes)
    with store.writing(alone=True) as connection:
        result = _merge(store, connection, found, run_id, connections)
        waiting = select(intent).where(intent.c.state.in_([State.PLANNED, State.SENDING]))
        result["waiting"] = tuple(IntentRow.of(row) for row in connection.execute(waiting).mappings())
        if dry:
            connection.rollback()
    return PlanResult(
        off=tuple(found.off),
        noted=tuple(found.noted),
        conflicts=tuple(found.conflicts.values()),
        invalid=tuple(found.invalid.values()),
        **result,
    )


def _sort(rows: Iterable[Mapping[str, Any]], brakes: Mapping[str, Brakes]) -> _Sorted:
    found = _Sorted()
    for row in rows:
        key, connection = str(row.get("intent_key") or "(no key)"), str(row.get("connection") or "")
        try:
            planned = Planned.of(row)
        except BadRow as error:
            found.invalid[key] = Conflict(key, connection, f"not an intent: {error}")
            continue
        if brakes.get(connection, Brakes()).mode(planned.intent.kind) == "off":
            found.off.append(planned)
            continue
        twin = found.wanted.setdefault(key, planned)
        if twin.values() | {"evidence": None} != planned.values() | {"evidence": None}:
            found.conflicts[key] = Conflict(
                key, connection, "planned twice in this plan, with different payloads. Remedy: one row a key."
            )
    return found


def _merge(
    store: Store, connection: Connection, found: _Sorted, run_id: str, connections: Collection[str] | None
) -> dict[str, Any]:
    new, unchanged, returned, superseded = [], [], [], []
    existing = {row.key: row for row in _existing(connection, [*found.wanted, *found.invalid])}
    fresh = {"state": State.PLANNED, "created_at": store.now(), "planned_by": run_id, "attempts": 0}
    for key, planned in found.wanted.items():
        row = existing.get(key)
        if key in found.conflicts:
            continue
        if row is None:
            connection.execute(intent.insert().values(**planned.values(), **fresh))
            new.append(key)
        elif row.state == State.VOID and row.voided_by != PLAN:
            unchanged.append(key)  # a person said no; that stands, whatever the plan says since
        elif row.state == State.POSTED and planned.same_write(row):
            unchanged.append(key)
            if not planned.same_as(row):
                found.noted.append(Conflict(key, row.connection, _wanted_again(planned, row)))
        elif not planned.same_as(row) and row.never_sent and (connections is None or row.connection in connections):
            _retire(store, connection, row, f"the plan changed ({_changed(planned, row)}) before it was sent", run_id)
            store.archive(connection, key)
            connection.execute(intent.insert().values(**planned.values(), **fresh))
            superseded.append(key)
        elif not planned.same_as(row):
            found.conflicts[key] = Conflict(key, row.connection, _differs(planned, row))
        elif row.state == State.VOID and row.voided_by == PLAN:
            again = {
                "planned_by": run_id,
                "wanted": True,
                "void_reason": None,
                "voided_by": None,
                "conflict": None,
            }
            store.move(connection, key, State.VOID, State.PLANNED, **again)
            returned.append(key)
        else:
            unchanged.append(key)
    problems = {**found.conflicts, **found.invalid}
    _note(connection, existing, problems, unchanged)
    kept = {*found.wanted, *found.invalid}
    voided = _void_the_rest(store, connection, kept, run_id, connections)
    return {
        "new": tuple(new),
        "unchanged": tuple(unchanged),
        "returned": tuple(returned),
        "superseded": tuple(superseded),
        "voided": tuple(voided),
    }


def _retire(store: Store, connection: Connection, row: IntentRow, reason: str, run_id: str) -> None:
    """planned -> void, by the plan (or void already, and now for this reason)."""
    values = {
        "void_reason": f"{reason} (run {run_id})" if run_id else reason,
        "voided_by": PLAN,
        "wanted": False,
        "vouched": False,
        "conflict": None,
        "blocked": None,
    }
    if row.state == State.VOID:
        connection.execute(update(intent).where(intent.c.key == row.key).values(**values))
    else:
        store.move(connection, row.key, State.PLANNED, State.VOID, **values)


def _changed(planned: Planned, row: IntentRow) -> str:
    before, after = row.body, planned.intent.payload
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    columns = ("connection", "kind", "amount", "currency")
    return ", ".join(changed or [name for name in columns if str(planned.values()[name]) != str(getattr(row, name))])


def _wanted_again(planned: Planned, row: IntentRow) -> str:
    return (
        f"posted as {row.erp_id} with amount {row.amount}, and planned again with {planned.values()['amount']}: somebody "
        "undid it in the ERP, or the ERP was not read since. It is not sent twice. Remedy: do it in the ERP by hand."
    )


def _differs(planned: Planned, row: IntentRow) -> str:
    what = (
        f"the plan now has another payload under this key ({_changed(planned, row)} changed); "
        f"the intent is {row.state} and stays as it was"
    )
    if row.state in (State.SENDING, State.POSTED):
        return f"{what}. Remedy: correct the record in the ERP, or plan the correction under a new key."
    return f"{what}. Remedy: `tieout outbox void --again {row.key}` gives the key back to the next plan."


def _note(
    connection: Connection,
    existing: Mapping[str, IntentRow],
    problems: Mapping[str, Conflict],
    unchanged: Sequence[str],
) -> None:
    open_states = intent.c.state.in_([State.PLANNED, State.SENDING, State.REJECTED, State.UNKNOWN])
    for key, problem in problems.items():
        if key in existing:
            connection.execute(
                update(intent).where(intent.c.key == key, open_states).values(conflict=problem.reason, wanted=True)
            )
    for key in unchanged:
        if existing[key].conflict or not existing[key].wanted:
            connection.execute(update(intent).where(intent.c.key == key).values(conflict=None, wanted=True))


def _void_the_rest(
    store: Store,
    connection: Connection,
    kept: Collection[str],
    run_id: str,
    connections: Collection[str] | None,
) -> list[str]:
    waiting = select(intent).where(intent.c.state.in_([State.PLANNED, State.SENDING]))
    if connections is not None:
        waiting = waiting.where(intent.c.connection.in_(list(connections)))
    voided = []
    for row in map(IntentRow.of, connection.execute(waiting).mappings().all()):
        if row.key in kept:
            continue
        if row.state == State.PLANNED:
            _retire(store, connection, row, "no longer in the plan", run_id)
            voided.append(row.key)
        else:  # a call may have been made: delivery finds out, and creates nothing that nobody wants any more
            connection.execute(update(intent).where(intent.c.key == row.key).values(wanted=False))
    return voided


def _existing(connection: Connection, keys: Sequence[str]) -> Iterator[IntentRow]:
    for start in range(0, len(keys), 500):
        chunk = select(intent).where(intent.c.key.in_(keys[start : start + 500]))
        yield from (IntentRow.of(row) for row in connection.execute(chunk).mappings())
