"""dlt pipelines: extract anywhere at any time, load under the warehouse lock.

The warehouse is the only memory: dlt's local folder is scratch, and where it is not as of the last complete load, it is restored from the
warehouse before an extraction. So a lost folder, a restored backup or a rebuilt warehouse never leaves a gap.
"""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dlt
import duckdb
import pyarrow as pa
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines import dlt_engine, quarantine, systems
from pipelines.connections import Connection
from pipelines.home import Home, WarehouseBusy, warehouse_lock
from pipelines.system import TieoutError
from pipelines.tables import LINEAGE, SQL_TYPES, Column, Table, columns

_NEW_OBJECTS = 10_000

# What Tieout itself knows, in the same shape as any system's raw tables.
CORE_TABLES: tuple[Table, ...] = (
    Table("tieout", "connection", ("connection",), columns(
        "system time_zone base_currency settings:json complete_through:timestamp last_synced_at:timestamp"
        " state last_error failed_at:timestamp"
    ), "One row per connection, as of its last complete sync; `state`, `last_error` and `failed_at` as of the last one tried"),
    Table("tieout", "quarantine", ("connection", "table_name", "record_key"), columns(
        "table_name record_key reason remedy payload:json quarantined_at:timestamp"
    ), "Rows that did not fit their declared table, until the source mends them"),
    Table("tieout", "intent", ("intent_key",), columns(
        "intent_key kind state subject_key erp_id attempts:integer last_error last_attempt_at:timestamp created_at:timestamp payload:json"
    ), "The outbox as of the last sync: one row per intent"),
    Table("tieout", "confirmation", ("connection", "subject"), columns(
        "subject confirmed_at:timestamp confirmed_by"
    ), "What a person confirmed: held reports, held deletions"),
    Table("tieout", "manual_contact", ("connection", "contact_id"), columns(
        "contact_id customer_id contact_name email phone phone_type added_at:timestamp"
    ), "Contacts that people added by hand"),
)  # fmt: skip


class LoadFailed(TieoutError):
    """Extraction or load of one connection failed; what was extracted stays pending and is loaded first next time."""


def resource(table: Table, batches: Callable[[], Iterator[pa.Table]]) -> Any:
    """A dlt resource that appends a declared table's Arrow batches. Types are frozen: a changed type stops the load."""

    def read() -> Iterator[pa.Table]:  # dlt marks the function it is given, which a bound method does not allow
        yield from batches()

    return dlt.resource(
        read,
        name=table.name,
        write_disposition="append",
        schema_contract={"columns": "evolve", "data_type": "freeze"},
    )


def connect(home: Home, patience: float = 30) -> duckdb.DuckDBPyConnection:
    """Open the warehouse for writing, in the storage format that older DuckDB tools still read. Hold the warehouse lock.

    Raises WarehouseBusy when a program that knows nothing of the lock keeps the file open for longer than `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            warehouse = duckdb.connect(str(home.warehouse), config={"storage_compatibility_version": "v1.4.0"})
            break
        except duckdb.IOException as error:
            if "Conflicting lock" not in str(error):
                raise
            if time.monotonic() > deadline:
                raise WarehouseBusy(
                    f"Another program has {home.warehouse} open: {error}. Remedy: close it, and read {home.published} instead."
                ) from error
            time.sleep(0.2)
    warehouse.execute("set TimeZone = 'UTC'")
    return warehouse


def ensure_tables(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Create every declared raw table, and every column declared since: dbt reads an unconfigured system as an empty one."""
    declared = [*CORE_TABLES, *(table for system in systems().values() for table in system.tables)]
    found = warehouse.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where schema_name like 'raw\\_%' escape '\\'"
    ).fetchall()
    known = {(schema, table) for schema, table, _ in found}, {*found}
    statements = [statement for table in declared for statement in _missing(table, *known)]
    if statements:
        schemas = [f"create schema if not exists {name}" for name in sorted({table.dataset for table in declared})]
        for statement in ("begin", *schemas, *statements, "commit"):  # one commit: each costs a write to disk
            warehouse.execute(statement)


def _missing(table: Table, tables: set[tuple[str, str]], columns: set[tuple[str, str, str]]) -> Iterator[str]:
    if (table.dataset, table.name) not in tables:
        yield _ddl(table)
        return
    for column in table.columns:
        if (table.dataset, table.name, column.name) not in columns:
            yield f"alter table {_name(table)} add column {_column(column)}"


def _ddl(table: Table) -> str:
    names = {column.name for column in table.columns}
    lineage = [column for column in LINEAGE if column.name not in names]
    return f"create table {_name(table)} ({', '.join(map(_column, [*table.columns, *lineage]))}, _dlt_load_id varchar not null)"


def _name(table: Table) -> str:
    return f'{table.dataset}."{table.name}"'


def _column(column: Column) -> str:
    return f'"{column.name}" {SQL_TYPES[column.type]}'


def open_pipeline(connection: Connection, home: Home, warehouse: duckdb.DuckDBPyConnection) -> Any:
    """The connection's dlt pipeline with the state of its last complete load. Hold the warehouse lock.

    A package left by a crash is loaded first if all of it was written; else it is dropped, and what it held is read again.
    """
    if quarantine.is_staged(home, connection):
        if dlt_engine.has_state(connection, warehouse):
            load(connection, home, warehouse)
        quarantine.unstage(home, connection)
    found = dlt_engine.pipeline(connection, home)
    if dlt_engine.is_current(found, connection, warehouse):
        return found
    restored = dlt_engine.pipeline(connection, home, warehouse)
    restored.drop()
    restored.sync_destination()
    return dlt_engine.pipeline(connection, home)


def extract(pipeline: Any, source: Any, connection: Connection) -> list[str]:
    """Read the source into a package on disk. No lock is held: this is the slow part. Returns the packages' ids. Raises what the source
    raised."""
    _collect_less()
    try:
        pipeline.extract(source, loader_file_format="parquet")
        pipeline.normalize()
        return list(pipeline.list_normalized_load_packages())
    except PipelineStepFailed as failure:
        pipeline.abort_packages()
        cause: BaseException = failure
        while cause.__cause__ is not None and not isinstance(cause, TieoutError):
            cause = cause.__cause__
        if isinstance(cause, TieoutError):
            raise cause from failure
        raise LoadFailed(
            f"{connection.name}: {cause}. Nothing of this run was loaded; the next run starts where the last one ended."
        ) from failure


def _collect_less() -> None:
    """Let Python look for cyclic garbage once in 10,000 new objects instead of 700: a page is thousands of them, all of which die by
    themselves, and each look walks what dlt and pandas keep. It halves the time to parse a page."""
    youngest, middle, oldest = gc.get_threshold()
    if 0 < youngest < _NEW_OBJECTS:  # 0: somebody has switched it off
        gc.set_threshold(_NEW_OBJECTS, middle, oldest)


def load(connection: Connection, home: Home, warehouse: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Load what is pending, store what was quarantined meanwhile, and drop the versions that say nothing new. Hold the warehouse lock.

    Returns new versions by table.
    """
    try:
        dlt_engine.pipeline(connection, home, warehouse).load()
    except PipelineStepFailed as failure:
        raise LoadFailed(
            f"{connection.name}: the warehouse refused the load: {failure.__cause__ or failure}"
        ) from failure
    load_ids, held = quarantine.staged(home, connection)
    quarantine.store(warehouse, connection, held, load_ids)  # first: what is again as it was has landed, too
    landed = _landed(warehouse, connection.declared.tables, load_ids)
    versions = {
        table.name: _settle(warehouse, table, load_ids) if table.name in landed else 0
        for table in connection.declared.tables
    }
    quarantine.unstage(home, connection)
    return versions


def _landed(warehouse: duckdb.DuckDBPyConnection, tables: Sequence[Table], load_ids: list[str]) -> set[str]:
    """The tables that these loads brought rows of."""
    if not load_ids:
        return set()
    marks = ", ".join("?" for _ in load_ids)
    found = " union all ".join(
        f"select '{table.name}' where exists (select 1 from {_name(table)} where _dlt_load_id in ({marks}))"
        for table in tables
    )
    return {name for (name,) in warehouse.execute(found, [*load_ids] * len(tables)).fetchall()}


def _settle(warehouse: duckdb.DuckDBPyConnection, table: Table, load_ids: list[str]) -> int:
    """Delete a load's versions that equal the one before them (A, A -> A; but A, B, A stays). Returns how many remain."""
    key = ", ".join(f'"{part}"' for part in ("connection", *(part for part in table.key if part != "connection")))
    marks = ", ".join("?" for _ in load_ids)
    warehouse.execute(
        f"""
        delete from {_name(table)} where rowid in (
            select version_id from (
                select rowid as version_id, _dlt_load_id, _row_hash,
                    lag(_row_hash) over (partition by {key} order by _dlt_load_id, _seq) as previous_hash
                from {_name(table)}
                where ({key}) in (select ({key}) from {_name(table)} where _dlt_load_id in ({marks}))
            ) where _dlt_load_id in ({marks}) and _row_hash = previous_hash
        )""",
        [*load_ids, *load_ids],
    )
    kept = warehouse.execute(
        f"select count(*) from {_name(table)} where _dlt_load_id in ({marks})", load_ids
    ).fetchall()
    return int(kept[0][0])


def living(
    home: Home, table: Table, connection: str, wanted: str, where: str, values: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """Columns `wanted` of a connection's records whose last version is alive, of those that meet `where`. Takes the warehouse lock.

    `where` is of what never changes in a record: it is asked of every version.
    """
    key = ", ".join(f'"{part}"' for part in table.key)
    with warehouse_lock(home), connect(home) as warehouse:
        return warehouse.execute(
            f"""
            select {wanted} from (
                select *, row_number() over (partition by {key} order by _dlt_load_id desc, _seq desc) as place
                from {_name(table)} where connection = ? and {where}
            ) where place = 1 and not is_deleted order by all""",
            [connection, *values],
        ).fetchall()


def store_outbox(home: Home, outbox_rows: Mapping[str, Sequence[dict[str, str | None]]]) -> None:
    """Read the outbox into the warehouse like any other system: its state now, whole. Takes the warehouse lock."""
    with warehouse_lock(home), connect(home) as warehouse:
        ensure_tables(warehouse)
        for table in CORE_TABLES:
            rows = outbox_rows.get(table.name)
            if rows is None:
                continue
            warehouse.execute("begin")
            warehouse.execute(f"delete from {_name(table)}")
            if rows:
                batch = pa.Table.from_pylist(
                    [
                        {name: row.get(name) for name in ("connection", *table.names)}
                        | {"is_deleted": False, "_seq": number, "_dlt_load_id": "0"}
                        for number, row in enumerate(rows)
                    ]
                )
                warehouse.register("outbox_batch", batch)
                warehouse.execute(f"insert into {_name(table)} by name select * from outbox_batch")
                warehouse.unregister("outbox_batch")
            warehouse.execute("commit")
