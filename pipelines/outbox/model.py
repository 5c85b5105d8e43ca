"""The outbox's tables, states and values.

What may follow what is one table here, and nothing else changes a state.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Column, Dialect, ForeignKey, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

from pipelines.system import Intent, TieoutError

SCHEMA_VERSION = 1


class State(StrEnum):
    """Where an intent stands.

    `sending` means: a call may have been made, so the next step is always `find`.
    """

    PLANNED = "planned"
    SENDING = "sending"
    POSTED = "posted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    VOID = "void"


# Who may cause each step is in docs/writeback.md. `sending` leads back to `planned` nowhere: an unanswered
# call is never forgotten.
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.SENDING, State.VOID}),
    State.SENDING: frozenset({State.POSTED, State.REJECTED, State.UNKNOWN}),
    State.REJECTED: frozenset({State.PLANNED, State.VOID}),
    State.UNKNOWN: frozenset({State.PLANNED, State.VOID}),
    State.VOID: frozenset({State.PLANNED}),
    State.POSTED: frozenset(),
}


class IllegalTransition(TieoutError):
    """The intent is not in a state from which this step is allowed."""

    def __init__(self, key: str, current: str, target: str) -> None:
        super().__init__(f"Intent {key} is {current} and cannot become {target}. Remedy: tieout outbox show {key}")
        self.key, self.current, self.target = key, current, target


class UnknownIntent(TieoutError):
    """No intent of that key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"No intent {key} in this outbox. Remedy: tieout outbox list")


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime kept as sortable ISO text, so that every database orders and prints it alike."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else iso(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def iso(at: datetime) -> str:
    """`2026-11-02T09:00:00.000000Z`: fixed width, so text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


metadata = MetaData()

intent = Table(
    "intent",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("connection", String(255), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("subject_key", String(512), nullable=False),
    Column("customer_key", String(512)),
    Column("amount", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("payload", Text, nullable=False),
    Column("payload_hash", String(64), nullable=False),
    Column("evidence", Text),
    Column("state", String(16), nullable=False),
    Column("erp_id", String(255)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", Text),
    Column("last_attempt_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("planned_by", String(255), nullable=False, default=""),
    Column("wanted", Boolean, nullable=False, default=True),  # its plan row was there when last planned
    Column("vouched", Boolean, nullable=False, default=False),  # a person says that an unknown write did not happen
    Column("conflict", Text),  # another payload was planned under this key: held until that is settled
    Column("blocked", Text),  # why the last delivery did not send it
    Column("due_at", Instant),  # a sensor need not start a run for it before
    Column("void_reason", Text),
    Column("voided_by", String(255)),  # PLAN, or a person
    Index("intent_by_state", "state", "connection"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("intent_key", String(255), ForeignKey("intent.key", onupdate="CASCADE"), nullable=False, index=True),
    Column("run_id", String(255), nullable=False, default=""),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column(
        "outcome", String(16)
    ),  # posted | found | rejected | unknown | transient | refused | error | lost; null: still open
    Column("error", Text),
)

confirmation = Table(
    "confirmation",
    metadata,
    Column("connection", String(255), primary_key=True),
    Column("subject", String(512), primary_key=True),
    Column("confirmed_at", Instant, nullable=False),
    Column("confirmed_by", String(255), nullable=False),
)

manual_contact = Table(
    "manual_contact",
    metadata,
    Column("connection", String(255), primary_key=True),
    Column("contact_id", String(32), primary_key=True),
    Column("customer_id", String(255), nullable=False),
    Column("contact_name", String(255)),
    Column("email", String(255)),
    Column("phone", String(64)),
    Column("phone_type", String(16)),
    Column("added_at", Instant, nullable=False),
)

outbox_version = Table("outbox_version", metadata, Column("version", Integer, primary_key=True))

PLAN = "plan"


@dataclass(frozen=True)
class IntentRow:
    """One intent as the outbox holds it. `amount` is decimal text in `currency`; times are aware UTC."""

    key: str
    connection: str
    kind: str
    subject_key: str
    customer_key: str | None
    amount: str
    currency: str
    payload: str
    payload_hash: str
    evidence: str | None
    state: State
    erp_id: str | None
    attempts: int
    last_error: str | None
    last_attempt_at: datetime | None
    created_at: datetime
    planned_by: str
    wanted: bool
    vouched: bool
    conflict: str | None
    blocked: str | None
    due_at: datetime | None
    void_reason: str | None
    voided_by: str | None

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> "IntentRow":
        return cls(**{**row, "state": State(row["state"])})

    @property
    def value(self) -> Decimal:
        return Decimal(self.amount)

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.payload)
        return body

    @property
    def content(self) -> tuple[Any, ...]:
        """What the key stands for: two rows of one key with other contents are two different writes."""
        return (self.connection, self.kind, self.currency, self.payload_hash, self.value)

    @property
    def never_sent(self) -> bool:
        """No call was ever begun for it, so nothing outside knows it."""
        return self.attempts == 0 and self.state in (State.PLANNED, State.VOID)

    @property
    def intent(self) -> Intent:
        return Intent(key=self.key, connection=self.connection, kind=self.kind, payload=self.body)


@dataclass(frozen=True)
class Attempt:
    """One try: opened before the first call and closed after the last.

    `ended_at` None: under way, or the process died.
    """

    id: int
    intent_key: str
    run_id: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    error: str | None


@dataclass(frozen=True)
class Confirmation:
    """A person's yes to something that asked for one (a held report, a mass close)."""

    connection: str
    subject: str
    confirmed_at: datetime
    confirmed_by: str
