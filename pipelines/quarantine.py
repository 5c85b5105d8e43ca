"""Rows that did not fit: staged in a file beside the package they came with, stored when it is loaded. So a crash between loses none.

The first line of the file lists the package's load ids; each further line is one row.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.tables import Quarantined


def _file(home: Home, connection: Connection) -> Path:
    return home.dlt / f"{connection.system}_{connection.name}.quarantine.jsonl"


def stage(home: Home, connection: Connection, rows: Sequence[Quarantined], load_ids: Sequence[str]) -> None:
    """Write down what an extraction quarantined, also when it is nothing: the file says that the packages are whole."""
    file = _file(home, connection)
    written = file.with_suffix(".tmp")
    lines: list[Any] = [list(load_ids), *map(asdict, rows)]
    written.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    written.replace(file)


def is_staged(home: Home, connection: Connection) -> bool:
    return _file(home, connection).exists()


def unstage(home: Home, connection: Connection) -> None:
    _file(home, connection).unlink(missing_ok=True)


def staged(home: Home, connection: Connection) -> tuple[list[str], list[Quarantined]]:
    """The load ids of the packages that wait to be loaded, or to be settled, and the rows that did not fit into them."""
    if not is_staged(home, connection):
        return [], []
    load_ids, *lines = map(json.loads, _file(home, connection).read_text("utf-8").splitlines())
    return load_ids, [Quarantined(**line) for line in lines]


def store(
    warehouse: duckdb.DuckDBPyConnection, connection: Connection, rows: Sequence[Quarantined], load_ids: Sequence[str]
) -> None:
    """Replace what is known of these rows, and forget those whose record has landed since. Done twice, it changes nothing more."""
    known = warehouse.execute(
        "select distinct table_name from raw_tieout.quarantine where connection = ?", [connection.name]
    ).fetchall()
    warehouse.execute("begin")
    for table in connection.declared.tables:
        if not load_ids or (table.name,) not in known:
            continue
        key = " || '|' || ".join(f'cast("{part}" as varchar)' for part in table.key)
        warehouse.execute(
            f"""delete from raw_tieout.quarantine where connection = ? and table_name = ? and record_key in
            (select {key} from {table.dataset}."{table.name}" where connection = ? and _dlt_load_id in ({", ".join("?" for _ in load_ids)}))""",
            [connection.name, table.name, connection.name, *load_ids],
        )
    for row in rows:
        warehouse.execute(
            "delete from raw_tieout.quarantine where connection = ? and table_name = ? and record_key = ?",
            [row.connection, row.table, row.record_key],
        )
        warehouse.execute(
            """insert into raw_tieout.quarantine
            (connection, table_name, record_key, reason, remedy, payload, quarantined_at, is_deleted, _seq, _extracted_at, _dlt_load_id)
            values (?, ?, ?, ?, ?, ?, now(), false, 0, now(), ?)""",
            [row.connection, row.table, row.record_key, row.reason, row.remedy, row.payload, load_ids[0] if load_ids else "0"],
        )  # fmt: skip
    warehouse.execute("commit")
