"""What can be asked of the outbox. Nothing here writes."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select

from pipelines.outbox import contacts
from pipelines.outbox.brakes import Brakes
from pipelines.outbox.model import Attempt, Confirmation, IntentRow, State, attempt, confirmation, intent, iso
from pipelines.outbox.store import Store


@dataclass(frozen=True)
class Detail:
    """An intent and its attempts, oldest first."""

    intent: IntentRow
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class Pending:
    """The waiting set: `fingerprint` changes whenever it does, when something in it was tried, and with the brakes.

    It also changes every hour: what else may keep an intent waiting (a secret, a permission) is not seen from here.
    `kinds`: (connection, kind) -> count.
    """

    count: int
    fingerprint: str
    kinds: Mapping[tuple[str, str], int]


def listed(store: Store, state: str | None, connection: str | None, kind: str | None) -> list[IntentRow]:
    query = select(intent).order_by(intent.c.created_at, intent.c.key)
    if state is not None:
        query = query.where(intent.c.state == State(state))
    if connection is not None:
        query = query.where(intent.c.connection == connection)
    if kind is not None:
        query = query.where(intent.c.kind == kind)
    with store.reading() as db:
        return [IntentRow.of(row) for row in db.execute(query).mappings()]


def shown(store: Store, key: str) -> Detail:
    tries = select(attempt).where(attempt.c.intent_key == key).order_by(attempt.c.id)
    with store.reading() as db:
        row = store.get(db, key)
        return Detail(row, tuple(Attempt(**one) for one in db.execute(tries).mappings()))


def pending(store: Store, brakes: Mapping[str, Brakes] | None) -> Pending:
    """What is planned and not in conflict, and what is `sending` and due.

    An ERP that is down is not asked at every tick.
    """
    columns = (
        intent.c.key,
        intent.c.connection,
        intent.c.kind,
        intent.c.state,
        intent.c.attempts,
        intent.c.payload_hash,
    )
    now = store.now()
    planned = (intent.c.state == State.PLANNED) & intent.c.conflict.is_(None)
    due = (intent.c.state == State.SENDING) & or_(intent.c.due_at.is_(None), intent.c.due_at <= now)
    query = select(*columns).where(planned | due).order_by(intent.c.key)
    with store.reading() as db:
        found = [tuple(map(str, row)) for row in db.execute(query)]
    if brakes is not None:
        found = [row for row in found if brakes.get(row[1], Brakes()).mode(row[2]) == "apply"]
    applied = {name: (brakes or {}).get(name) for name in sorted({row[1] for row in found})}
    told = repr((found, applied, iso(now)[:13]))  # to the hour
    digest = hashlib.sha256(told.encode()).hexdigest() if found else ""
    return Pending(len(found), digest, Counter((row[1], row[2]) for row in found))


def confirmations(store: Store, connection: str | None) -> list[Confirmation]:
    query = select(confirmation).order_by(
        confirmation.c.confirmed_at, confirmation.c.connection, confirmation.c.subject
    )
    if connection is not None:
        query = query.where(confirmation.c.connection == connection)
    with store.reading() as db:
        return [Confirmation(**row) for row in db.execute(query).mappings()]


def rows(store: Store) -> dict[str, list[dict[str, str | None]]]:
    """Texts only, as every raw table is loaded: times ISO 8601 UTC, numbers in digits."""
    intents = [
        {
            "intent_key": row.key,
            "connection": row.connection,
            "kind": row.kind,
            "state": row.state.value,
            "erp_id": row.erp_id,
            "attempts": str(row.attempts),
            "last_error": row.last_error,
            "last_attempt_at": None if row.last_attempt_at is None else iso(row.last_attempt_at),
            "created_at": iso(row.created_at),
            "payload": row.payload,
            "subject_key": row.subject_key,
        }
        for row in listed(store, None, None, None)
    ]
    yeses: list[dict[str, str | None]] = [
        {
            "connection": one.connection,
            "subject": one.subject,
            "confirmed_at": iso(one.confirmed_at),
            "confirmed_by": one.confirmed_by,
        }
        for one in confirmations(store, None)
    ]
    return {"intent": intents, "confirmation": yeses, "manual_contact": contacts.rows(store)}
