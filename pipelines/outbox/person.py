"""What a person may do: retry, void, confirm. Every step is legal by the state machine or refused."""

from sqlalchemy import insert, select, update

from pipelines.outbox.model import (
    PLAN,
    Confirmation,
    IllegalTransition,
    IntentRow,
    State,
    confirmation,
    intent,
)
from pipelines.outbox.store import Store
from pipelines.system import TieoutError

DELETES = "deletes:"  # subjects whose yes covers what the next sync finds, not what a later one does


def retry(store: Store, key: str) -> IntentRow:
    """rejected | unknown -> planned; attempts and the last error stay to be seen."""
    with store.writing() as connection:
        row = store.get(connection, key)
        if row.state not in (State.REJECTED, State.UNKNOWN):
            raise IllegalTransition(key, row.state, State.PLANNED)
        vouched = row.state == State.UNKNOWN
        store.move(connection, key, row.state, State.PLANNED, vouched=vouched, wanted=True, blocked=None, due_at=None)
        return store.get(connection, key)


def void(store: Store, key: str, reason: str, by: str, again: bool) -> IntentRow:
    """To void, by a person: no plan brings it back.

    `again` also renames it `<key>~<n>`, so that its key is free.
    """
    if by == PLAN or not reason.strip():
        raise TieoutError(f"Voiding {key} needs a person and a reason. Remedy: tieout outbox void {key} --reason '...'")
    with store.writing() as connection:
        row = store.get(connection, key)
        told = {"void_reason": reason, "voided_by": by, "vouched": False, "conflict": None, "blocked": None}
        if row.state != State.VOID:
            store.move(connection, key, row.state, State.VOID, **told)
        elif again or row.voided_by == PLAN:
            connection.execute(update(intent).where(intent.c.key == key).values(**told))
        else:
            raise IllegalTransition(key, State.VOID, State.VOID)
        return store.get(connection, store.archive(connection, key) if again else key)


def confirm(store: Store, connection: str, subject: str, by: str) -> Confirmation:
    """The first yes stands: who said it, and when, does not change.

    Except to deletions: that yes is good for one sync, so a new one counts anew.
    """
    with store.writing(alone=True) as db:
        where = (confirmation.c.connection == connection) & (confirmation.c.subject == subject)
        said = {"confirmed_at": store.now(), "confirmed_by": by}
        if db.execute(select(confirmation).where(where)).first() is None:
            db.execute(insert(confirmation).values(connection=connection, subject=subject, **said))
        elif subject.startswith(DELETES):
            db.execute(update(confirmation).where(where).values(**said))
        return Confirmation(**db.execute(select(confirmation).where(where)).mappings().one())
