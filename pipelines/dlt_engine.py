"""dlt as Tieout runs it: its settings, and the warehouse as its destination, without what it would do again and again.

dlt looks up thousands of settings in a sync, asks its destination what it can do dozens of times, and reads state and schema back from it.
Nearly none of that ever changes, and each would cost a sync of a few rows as much as the rows do.
"""

import os
from pathlib import Path
from typing import Any, ClassVar

import dlt
import duckdb
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import EnvironProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from pipelines.connections import Connection
from pipelines.home import Home

# Read by dlt when it is first used. No telemetry (a network that drops packets would hold the process); lineage on the Arrow path.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")
os.environ.setdefault("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID", "true")
# A package is normalized and loaded when it is there: dlt would sleep a tenth of a second before it looks whether more has come.
os.environ.setdefault("NORMALIZE__RUN_SLEEP", "0")
os.environ.setdefault("LOAD__RUN_SLEEP", "0")
os.environ.setdefault("LOAD__DELETE_COMPLETED_JOBS", "true")

_KEPT_PACKAGES = 20  # dlt leaves a copy of the schema for each load
_LAST_STATE = (
    "select version_hash from {}._dlt_pipeline_state where pipeline_name = ?"
    " and _dlt_load_id in (select load_id from {}._dlt_loads where status = 0) order by _dlt_load_id desc limit 1"
)
_LAST_SCHEMA = "select version_hash from {}._dlt_version where schema_name = ? order by inserted_at desc limit 1"


class _Environment(EnvironProvider):
    """The environment alone: dlt would also look for a file of each secret's name, and work out which settings are secrets."""

    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any | None, str]:
        name = self.get_key_name(key, *filter(None, (pipeline_name, *sections)))
        return os.environ.get(name), name


class _Warehouse(dlt.destinations.duckdb):
    """dlt's DuckDB, which remembers what it can do: dlt asks it dozens of times in a sync, and each time reads all settings anew."""

    destination_type = "dlt.destinations.duckdb"
    _known: ClassVar[dict[type, Any]] = {}  # by the class of the naming convention; whichever file it is

    def capabilities(self, config: Any = None, naming: Any = None) -> Any:
        if config is not None:
            return super().capabilities(config, naming)
        if type(naming) not in self._known:
            self._known[type(naming)] = super().capabilities(None, naming)
        return self._known[type(naming)].copy()


def name_of(connection: Connection) -> str:
    """The name of the connection's pipeline."""
    return f"{connection.system}_{connection.name}"


def pipeline(connection: Connection, home: Home, warehouse: duckdb.DuckDBPyConnection | None = None) -> Any:
    """The connection's pipeline, over an open warehouse or (while nobody may open it) only its name."""
    providers = Container()[PluggableRunContext].providers
    if not isinstance(providers["Environment Variables"], _Environment):
        providers["Environment Variables"] = _Environment()
    return dlt.pipeline(
        pipeline_name=name_of(connection),
        pipelines_dir=str(home.dlt),
        destination=_Warehouse(str(home.warehouse) if warehouse is None else warehouse),
        dataset_name=f"raw_{connection.system}",
    )


def has_state(connection: Connection, warehouse: duckdb.DuckDBPyConnection) -> bool:
    """Whether the warehouse knows a load of the connection, complete or not."""
    state = "select version_hash from {}._dlt_pipeline_state where pipeline_name = ? limit 1"
    return _hash(connection, warehouse, state, name_of(connection)) is not None


def is_current(pipeline: Any, connection: Connection, warehouse: duckdb.DuckDBPyConnection) -> bool:
    """Whether the local folder is exactly what the warehouse says of the connection's last complete load: then nothing is to be restored."""
    folder, names = Path(pipeline.working_dir), pipeline.schema_names
    if pipeline.list_extracted_load_packages() or pipeline.list_normalized_load_packages() or len(names) != 1:
        return False
    if len(list((folder / "load" / "loaded").glob("*"))) > _KEPT_PACKAGES:
        return False
    local = pipeline.state["_version_hash"], pipeline.schemas[names[0]].stored_version_hash
    state = _hash(connection, warehouse, _LAST_STATE, name_of(connection))
    return local == (state, _hash(connection, warehouse, _LAST_SCHEMA, names[0]))


def _hash(connection: Connection, warehouse: duckdb.DuckDBPyConnection, query: str, name: str) -> Any:
    """What one of dlt's own tables says; None if it says nothing, or is not there because nothing was ever loaded."""
    dataset = f"raw_{connection.system}"
    there = "select count(*) from duckdb_tables() where schema_name = ? and table_name = '_dlt_pipeline_state'"
    if warehouse.execute(there, [dataset]).fetchall() == [(0,)]:
        return None
    rows = warehouse.execute(query.format(dataset, dataset), [name]).fetchall()
    return rows[0][0] if rows else None
