"""The dbt project in tests: by dbt itself, or by the very SQL that dbt compiled, which fills a warehouse in a tenth of the time.

The project is compiled once for all processes of a suite and kept in `dbt_project/target`, named by the content of what it was
compiled from. Every warehouse is called `tieout.duckdb`, as in a home, so that the SQL names the right database.
"""

import hashlib
import os
import pickle
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from pipelines.home import Home, file_lock
from pipelines.load import connect, ensure_tables

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
SOURCES = ("models", "macros", "seeds", "tests", "dbt_project.yml", "profiles.yml")
QUIET = ("--quiet", "--threads", "1", "--no-write-json")  # the other core has a test of its own
_PARSED: list[Any] = []


@dataclass(frozen=True)
class Node:
    """A seed, model or data test: `sql` selects its rows, those of a test are faults. `parents` are ids, a source's without its table."""

    id: str
    kind: str
    relation: str
    schema: str
    is_table: bool
    sql: str
    parents: frozenset[str]


def dbt(warehouse: Path, *arguments: str) -> Any:
    """dbt in this process on one warehouse; returns its nodes' results. The file is free again afterwards. Fails with what failed.

    The project is parsed once a process: what a test changes is only the file, which the profile reads anew at each call.
    """
    target = warehouse.parent / "target"
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]
    where += ["--log-path", str(target), *QUIET]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEOUT_WAREHOUSE", str(warehouse))
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        try:
            if not _PARSED:
                parsed = dbtRunner().invoke(["parse", *where])
                assert parsed.success, parsed.exception
                _PARSED.append(parsed.result)
            # A copy for every run, since a run writes what it compiled into the manifest.
            done = dbtRunner(manifest=_PARSED[0].deepcopy()).invoke([*arguments, *where])
        finally:
            DuckDBConnectionManager.close_all_connections()
    nodes: Any = done.result or ()
    problems = [f"{item.node.name}: {item.message}" for item in nodes if item.status in ("error", "fail")]
    assert done.success, done.exception or problems
    return nodes


@cache
def compiled(variables: str = "{}") -> tuple[Node, ...]:
    """Every node in the order in which dbt would run it, with the SQL it would run. `variables`: as dbt's `--vars`."""
    target = PROJECT / "target"
    target.mkdir(exist_ok=True)
    kept = target / f"compiled-{_content(variables)}.pickle"
    with file_lock(target / "compile.lock", 300, "The lock on compiling the dbt project"):
        if not kept.exists():
            nodes = _compile(variables)
            written = kept.with_suffix(f".{os.getpid()}")
            written.write_bytes(pickle.dumps(nodes))
            written.replace(kept)
        found: tuple[Node, ...] = pickle.loads(kept.read_bytes())
    return found


def _content(variables: str) -> str:
    digest = hashlib.sha256(variables.encode())
    files = [path for name in SOURCES for path in ((PROJECT / name), *(PROJECT / name).rglob("*"))]
    for path in sorted((*files, Path(__file__))):
        if path.is_file():
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()[:20]


def _compile(variables: str) -> tuple[Node, ...]:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        with connect(home) as warehouse:
            ensure_tables(warehouse)
        done = dbt(home.warehouse, "compile", "--vars", variables)
    nodes = [item.node for item in done]  # without tests that only warn
    return tuple(_node(node) for node in nodes if str(getattr(node.config, "severity", "error")).lower() == "error")


def _node(node: Any) -> Node:
    parents = frozenset(
        parent.rpartition(".")[0] if parent.startswith("source.") else parent for parent in node.depends_on_nodes
    )
    sql = getattr(node, "compiled_code", None) or ""
    if node.resource_type == "seed":
        sql = f"select * from read_csv('{PROJECT / node.original_file_path}', types = {node.config.column_types})"
    is_table = node.resource_type == "seed" or node.config.materialized == "table"
    return Node(node.unique_id, str(node.resource_type), node.relation_name or "", node.schema, is_table, sql, parents)


@cache
def upto(*names: str) -> frozenset[str]:
    """The ids of models and of all they are made from."""
    nodes = {node.id: node for node in compiled()}
    wanted = {key for key in nodes if key.rpartition(".")[2] in names}
    assert len(wanted) == len(names), f"no such model among {names}"
    waiting = list(wanted)
    while waiting:
        more = {parent for parent in nodes[waiting.pop()].parents if parent in nodes} - wanted
        wanted |= more
        waiting += more
    return frozenset(wanted)


def fill(
    warehouse: duckdb.DuckDBPyConnection, *, only: Iterable[str] = (), changed: str = "", variables: str = "{}"
) -> None:
    """Every model as dbt would make it: those of the ids `only`, or those that read the raw dataset `changed`, if either is given.

    Each in a transaction of its own, as with dbt: within one for all, DuckDB knows nothing of the tables just made, and plans badly.
    """
    chosen, moved = frozenset(only), {f"source.tieout.{changed}"}
    warehouse.execute("set threads = 1")  # small tables: sharing them out costs more than it saves
    existing = {
        f'"{database}"."{schema}"."{name}"'
        for database, schema, name in warehouse.execute(
            "select database_name, schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
    }
    for schema in sorted({node.schema for node in compiled(variables) if node.relation}):
        warehouse.execute(f'create schema if not exists "{schema}"')
    for node in compiled(variables):
        if node.kind == "test" or (chosen and node.id not in chosen) or (changed and not moved & node.parents):
            continue
        moved.add(node.id)
        if node.is_table:
            warehouse.execute(f"create or replace table {node.relation} as {node.sql}")
        elif node.relation not in existing or variables != "{}":
            warehouse.execute(f"create or replace view {node.relation} as {node.sql}")


def faults(warehouse: duckdb.DuckDBPyConnection, only: Iterable[str] = ()) -> dict[str, int]:
    """How many rows each data test of the project objects to; only those that do. `only`: the ids of what has been filled."""
    there = frozenset(only)
    counts = {
        node.id: warehouse.execute(f"select count(*) from ({node.sql})").fetchall()[0][0]
        for node in compiled()
        if node.kind == "test" and (not there or all(parent in there for parent in node.parents))
    }
    return {name: count for name, count in counts.items() if count}
