"""One sync of one connection: extract without a lock, load under it, and write down what happened, also when it failed."""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb

from pipelines import journal, quarantine
from pipelines import load as loading
from pipelines.connections import Connection, Connections
from pipelines.home import Home, WarehouseBusy, connection_lock, warehouse_lock
from pipelines.http import Counter
from pipelines.outbox import Confirmation
from pipelines.system import NotConfigured, Refused, Transient
from pipelines.tables import Quarantined

log = logging.getLogger(__name__)


@dataclass
class RunLog:
    """The readable execution log of one sync: counts, and notes in order."""

    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    meters: list[Counter] = field(default_factory=list)

    def note(self, message: str) -> None:
        self.notes.append(message)
        log.info(message)

    def count(self, **more: int) -> None:
        for name, number in more.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def meter(self, counter: Counter) -> None:
        """Count the calls, retries and errors that `counter` sees up to the end of the sync."""
        self.meters.append(counter)

    def totals(self) -> dict[str, int]:
        """The counts, those of the meters among them."""
        found = dict(self.counts)
        for counter in self.meters:
            for name, number in counter.counts().items():
                found[name] = found.get(name, 0) + number
        return found


@dataclass
class SyncContext:
    """What a source is given beside its connection. `complete_through` is set by the source: everything up to then was read."""

    home: Home
    full: bool = False
    confirmed: frozenset[str] = frozenset()
    quarantine: list[Quarantined] = field(default_factory=list)
    log: RunLog = field(default_factory=RunLog)
    complete_through: datetime | None = None
    base_currency: str | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))  # from when on it reads


@dataclass(frozen=True)
class SyncReport:
    """New versions by raw table, quarantined rows, counts and notes, and seconds spent reading and loading."""

    connection: str
    versions: dict[str, int]
    quarantined: int
    counts: dict[str, int]
    notes: list[str]
    extract_seconds: float
    load_seconds: float

    @property
    def rows(self) -> int:
        return sum(self.versions.values())


def sync(
    connection: Connection, home: Home, *, full: bool = False, confirmations: Sequence[Confirmation] = ()
) -> SyncReport:
    """Read what is new (or, with `full`, everything) and load it. The second of two equal syncs adds nothing.

    Raises TieoutError subclasses naming the connection; nothing is lost: the next sync starts where the last complete one ended.
    A failure is written to the run log and to the connection's state in the warehouse.
    """
    context = SyncContext(home, full=full)
    try:
        report = _run(connection, context, confirmations)
    except BaseException as error:
        _record_failure(connection, context, error)
        raise
    journal.write(home, {**_facts(connection, context), **report.__dict__, "state": "active"})
    return report


def _facts(connection: Connection, context: SyncContext) -> dict[str, Any]:
    """What the execution log says of a sync, however it ended. A first one reads everything, asked for or not."""
    full = context.full or journal.last_sync(context.home, connection.name) is None
    return {"connection": connection.name, "kind": "sync", "started": context.started.isoformat(), "full": full}


def _run(connection: Connection, context: SyncContext, confirmations: Sequence[Confirmation]) -> SyncReport:
    # dlt asks whether a value is a frame of a pandas that another thread may be half through importing: import it whole first.
    import pandas  # noqa: F401

    home = context.home
    with connection_lock(home, connection.name):
        started, context.started = time.monotonic(), datetime.now(UTC)
        with warehouse_lock(home), loading.connect(home) as warehouse:
            loading.ensure_tables(warehouse)
            context.confirmed = _confirmed(connection, warehouse, confirmations)
            pipeline = loading.open_pipeline(connection, home, warehouse)
        load_ids = loading.extract(pipeline, connection.declared.source(connection, context), connection)
        quarantine.stage(home, connection, context.quarantine, load_ids)
        extracted = time.monotonic()
        with warehouse_lock(home), loading.connect(home) as warehouse:
            versions = loading.load(connection, home, warehouse)
            _store_connection(connection, context, warehouse)
        loaded = time.monotonic()
    return SyncReport(
        connection.name, versions, len(context.quarantine), context.log.totals(), list(context.log.notes),
        extracted - started, loaded - extracted,
    )  # fmt: skip


def state_of(error: BaseException) -> str:
    """The state a failed sync leaves its connection in. A token limit and a lost connection are two different ones."""
    match error:
        case Refused():
            return {"token_limit": "token_limit", "invalid_login": "disconnected"}.get(error.code, "refused")
        case NotConfigured():
            return "not_configured"
        case Transient():
            return "unreachable"
        case Exception():
            return "failed"
    return "interrupted"


def _record_failure(connection: Connection, context: SyncContext, error: BaseException) -> None:
    state, text = state_of(error), str(error) or type(error).__name__
    told = {"state": state, "error": text, "counts": context.log.totals(), "notes": context.log.notes}
    journal.write(context.home, {**_facts(connection, context), **told})
    if state == "interrupted" or isinstance(error, WarehouseBusy):  # no time to wait for the warehouse, or no use
        return
    try:
        with warehouse_lock(context.home), loading.connect(context.home) as warehouse:
            warehouse.execute(
                """insert into raw_tieout.connection
                (connection, system, time_zone, settings, is_deleted, _seq, _extracted_at, _dlt_load_id)
                select $1, $2, $3, $4, false, 0, $5, '0' where $1 not in (select connection from raw_tieout.connection)""",
                [
                    connection.name, connection.system, connection.settings.time_zone,
                    json.dumps(connection.public_settings(), sort_keys=True), datetime.now(UTC),
                ],
            )  # fmt: skip
            warehouse.execute(
                "update raw_tieout.connection set state = ?, last_error = ?, failed_at = ? where connection = ?",
                [state, text, datetime.now(UTC), connection.name],
            )
    except (WarehouseBusy, duckdb.Error) as busy:
        log.warning("%s: the failure is in the run log, but not in the warehouse: %s", connection.name, busy)


def _confirmed(
    connection: Connection, warehouse: duckdb.DuckDBPyConnection, confirmations: Sequence[Confirmation]
) -> frozenset[str]:
    """The subjects that a person's yes covers now. A report is confirmed for good; deletions once: by a yes since the last sync."""
    known = warehouse.execute(
        "select last_synced_at from raw_tieout.connection where connection = ?", [connection.name]
    ).fetchall()
    last = known[0][0] if known else None
    return frozenset(
        item.subject
        for item in confirmations
        if item.connection == connection.name
        and (not item.subject.startswith("deletes:") or last is None or item.confirmed_at > last)
    )


def _store_connection(connection: Connection, context: SyncContext, warehouse: duckdb.DuckDBPyConnection) -> None:
    known: list[Any] = warehouse.execute(
        "select base_currency, complete_through from raw_tieout.connection where connection = ?", [connection.name]
    ).fetchall()
    base, through = known[0] if known else (None, None)
    warehouse.execute("delete from raw_tieout.connection where connection = ?", [connection.name])
    warehouse.execute(
        """insert into raw_tieout.connection
        (connection, system, time_zone, base_currency, settings, complete_through, last_synced_at, state, is_deleted, _seq, _extracted_at, _dlt_load_id)
        values (?, ?, ?, ?, ?, ?, ?, 'active', false, 0, ?, '0')""",
        [
            connection.name, connection.system, connection.settings.time_zone, context.base_currency or base,
            json.dumps(connection.public_settings(), sort_keys=True), context.complete_through or through,
            datetime.now(UTC), datetime.now(UTC),
        ],
    )  # fmt: skip


def forget_removed(connections: Connections, home: Home) -> None:
    """Mark connections that are no longer configured, so that their data stays readable but is not synced. Takes the lock."""
    with warehouse_lock(home), loading.connect(home) as warehouse:
        names = [item.name for item in connections]
        warehouse.execute(
            f"update raw_tieout.connection set is_deleted = connection not in ({', '.join('?' for _ in names) or 'null'})",
            names,
        )
