"""The outbox's database: opening it, transactions, and the state machine's steps as compare-and-set updates.

SQLite in WAL mode lets several processes read while one writes; a commit reaches the disk before it returns,
because `sending` must outlive a power cut. PostgreSQL by URL needs its driver (`psycopg`) installed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select, text, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from pipelines.home import file_lock
from pipelines.outbox.model import (
    SCHEMA_VERSION,
    TRANSITIONS,
    IllegalTransition,
    IntentRow,
    State,
    UnknownIntent,
    attempt,
    intent,
    manual_contact,
    metadata,
    outbox_version,
)
from pipelines.system import NotConfigured


def utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """One outbox database. Cheap to open; safe to share between threads."""

    def __init__(self, url: str | Path, now: Callable[[], datetime] = utc_now) -> None:
        self.url = _database(url)
        self.now = now
        self.engine = _engine(self.url)
        self._writer = self.engine.execution_options(tieout_write=True)
        self._create()

    @property
    def file(self) -> Path | None:
        """SQLite's file; None for a server."""
        return Path(str(self.url.database)) if self.url.get_backend_name() == "sqlite" else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, alone: bool = False) -> Iterator[Connection]:
        """One transaction, on disk when it returns. `alone`: no other writer meanwhile (SQLite always is)."""
        with self._writer.begin() as connection:
            if alone and self.file is None:
                connection.execute(text("lock table intent in share row exclusive mode"))
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    def _create(self) -> None:
        try:
            with self._creating():
                version = self._version()
        except SQLAlchemyError as error:
            shown = self.url.render_as_string(hide_password=True)
            raise NotConfigured(
                f"The outbox {shown} cannot be opened: {error}. "
                "Remedy: check TIEOUT_OUTBOX, or TIEOUT_DATA and its permissions."
            ) from error
        if version != SCHEMA_VERSION:
            raise NotConfigured(
                f"The outbox is of version {version}, this Tieout reads version {SCHEMA_VERSION}. "
                "Remedy: install the Tieout that wrote it. Never delete an outbox: it knows what was sent."
            )

    @contextmanager
    def _creating(self) -> Iterator[None]:
        # Two processes may open a new outbox at the same instant; SQLite's busy wait does not cover the
        # switch to WAL.
        if self.file is None:
            yield
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(self.file.with_name(self.file.name + ".create.lock"), 60, "The outbox's creation lock"):
            yield

    def _version(self) -> int:
        with self.reading() as connection:
            # The tables of the first version, and those that came later.
            if all(inspect(connection).has_table(table.name) for table in (outbox_version, manual_contact)):
                return int(connection.execute(select(outbox_version.c.version)).scalar_one())
        with self._writer.begin() as connection:
            if self.file is None:
                connection.execute(text("select pg_advisory_xact_lock(hashtext('tieout.outbox.create'))"))
            metadata.create_all(connection)
            if connection.execute(select(outbox_version.c.version)).scalar() is None:
                connection.execute(outbox_version.insert().values(version=SCHEMA_VERSION))
            return int(connection.execute(select(outbox_version.c.version)).scalar_one())

    def get(self, connection: Connection, key: str) -> IntentRow:
        row = connection.execute(select(intent).where(intent.c.key == key)).mappings().one_or_none()
        if row is None:
            raise UnknownIntent(key)
        return IntentRow.of(row)

    def move(self, connection: Connection, key: str, source: State, target: State, **values: Any) -> None:
        """source -> target if that is legal and nobody was faster; else IllegalTransition."""
        if target not in TRANSITIONS[source]:
            raise IllegalTransition(key, source, target)
        where = (intent.c.key == key) & (intent.c.state == source)
        if connection.execute(update(intent).where(where).values(state=target, **values)).rowcount != 1:
            raise IllegalTransition(key, self.get(connection, key).state, target)

    def archive(self, connection: Connection, key: str) -> str:
        """Free the key: what it named stays on record as `<key>~<n>`, and its attempts follow it."""
        named = select(func.count()).where(intent.c.key.startswith(f"{key}~", autoescape=True))
        name = f"{key}~{connection.execute(named).scalar_one() + 1}"
        connection.execute(update(intent).where(intent.c.key == key).values(key=name))
        return name

    def begin(self, seen: IntentRow, run_id: str) -> int | None:
        """Commit `sending` and open an attempt, before any call.

        None: a person or a plan took the intent back meanwhile, or gave its key to another write.
        """
        key = seen.key
        with self.writing(alone=True) as connection:
            row = self.get(connection, key)
            if row.content != seen.content:
                return None
            if row.state == State.PLANNED and row.conflict is None:
                self.move(connection, key, State.PLANNED, State.SENDING)
            elif row.state != State.SENDING:
                return None
            now = self.now()
            still_open = (attempt.c.intent_key == key) & attempt.c.ended_at.is_(None)
            connection.execute(
                update(attempt)
                .where(still_open)
                .values(ended_at=now, outcome="lost", error="The process ended before an answer came.")
            )
            values = {"attempts": row.attempts + 1, "last_attempt_at": now, "blocked": None, "due_at": None}
            connection.execute(update(intent).where(intent.c.key == key).values(**values))
            opening = attempt.insert().values(intent_key=key, run_id=run_id, started_at=now)
            return int(connection.execute(opening.returning(attempt.c.id)).scalar_one())

    def finish(
        self,
        key: str,
        attempt_id: int,
        outcome: str,
        target: State | None = None,
        error: str | None = None,
        **values: Any,
    ) -> None:
        """Close an attempt; with `target`, leave `sending` for it. `error` is kept word for word."""
        with self.writing() as connection:
            closing = {"ended_at": self.now(), "outcome": outcome, "error": error}
            connection.execute(update(attempt).where(attempt.c.id == attempt_id).values(**closing))
            values["last_error"] = error
            if target is None:
                connection.execute(update(intent).where(intent.c.key == key).values(**values))
            else:
                self.move(connection, key, State.SENDING, target, **values)

    def note(self, keys: list[str], **values: Any) -> None:
        """Notes on intents that change no state (`blocked`, `vouched`)."""
        with self.writing() as connection:
            for start in range(0, len(keys), 500):
                connection.execute(update(intent).where(intent.c.key.in_(keys[start : start + 500])).values(**values))


def _database(url: str | Path) -> URL:
    given = str(url)
    try:
        parsed = make_url(given if "://" in given else f"sqlite:///{given}")
    except ArgumentError as error:
        raise NotConfigured("TIEOUT_OUTBOX is no SQLAlchemy URL. Remedy: see docs/writeback.md.") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite" and not parsed.database:
        raise NotConfigured(
            "An outbox in memory would forget what it sent. Remedy: give TIEOUT_OUTBOX a file, sqlite:////path/outbox.sqlite."
        )
    if backend not in ("sqlite", "postgresql"):
        raise NotConfigured(
            f"TIEOUT_OUTBOX names {backend}; a crash-safe delivery lock exists for sqlite and postgresql. "
            "Remedy: use one of them."
        )
    return parsed


def _engine(url: URL) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite")
    except ArgumentError as error:
        raise NotConfigured(f"TIEOUT_OUTBOX names no known driver: {error}. Remedy: see docs/writeback.md.") from error
    except ModuleNotFoundError as error:
        raise NotConfigured(
            f"TIEOUT_OUTBOX needs the database driver {error.name}. Remedy: pip install '{error.name}'"
        ) from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # Tieout says BEGIN itself; the driver would begin only at the first change
    for pragma in ("busy_timeout = 30000", "journal_mode = wal", "synchronous = full", "foreign_keys = on"):
        connection.execute(f"pragma {pragma}")


def _on_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot be upgraded once another wrote: say so from the
    # start.
    writes = connection.get_execution_options().get("tieout_write")
    connection.exec_driver_sql("begin immediate" if writes else "begin")
