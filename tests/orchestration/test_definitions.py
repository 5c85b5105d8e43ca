"""What Dagster sees: it loads with nothing set, and everything in the graph says what it is and where it comes from."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.raw import RAW
from definitions import defs
from pipelines import load, systems
from pipelines.tables import LINEAGE, SQL_TYPES
from schedules.jobs import JOBS

ROOT = Path(__file__).resolve().parents[2]
GRAPH = defs.resolve_asset_graph()
MODEL_SCHEMAS = {
    "staging",
    "intermediate",
    "ledger",
    "aging",
    "reconciliation",
    "writeback",
    "collections",
    "ops",
    "rules",
}
OUR_OWN = {
    dg.AssetKey(["outbox", "intents"]),
    dg.AssetKey(["outbox", "deliveries"]),
    dg.AssetKey(["published", "tieout"]),
    dg.AssetKey(["ops", "run_outcome"]),
}


def selected(job: str) -> set[dg.AssetKey]:
    return set(defs.resolve_job_def(job).asset_layer.executable_asset_keys)


def keys_of(*schemas: str) -> set[dg.AssetKey]:
    return {key for key in GRAPH.get_all_asset_keys() if key.path[0] in schemas} - OUR_OWN


RAW_KEYS = {key for key in GRAPH.get_all_asset_keys() if key.path[0].startswith("raw_")}


def test_definitions_load_with_an_empty_environment(tmp_path: Path) -> None:
    """Catches a network call, a secret or a connections file that an import needs; and an import that has become slow.

    Under 5 s on an idle machine; held against what its libraries alone take, so that a busy machine does not fail it. Every run and every
    code server pays for an import; great-expectations, which only a check needs, would double it.
    """
    libraries, _ = imported("dagster, dagster_dbt, dlt, pyarrow", tmp_path)
    seconds, modules = imported("definitions; assert definitions.defs.assets", tmp_path)
    assert seconds < 2 * libraries
    assert not {"great_expectations", "scipy", "altair"} & modules
    assert not list(tmp_path.iterdir()), "an import has written something"


def imported(what: str, folder: Path) -> tuple[float, set[str]]:
    """Seconds of the processor, and all modules, of an import in a process of its own with nothing in its environment."""
    code = f"import sys, time; began = time.process_time(); import {what}; print(time.process_time() - began, *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seconds, *modules = done.stdout.split()
    return float(seconds), set(modules)


def test_the_root_only_assembles() -> None:
    assert len((ROOT / "definitions.py").read_text("utf-8").splitlines()) < 40


@pytest.mark.parametrize("key", sorted(GRAPH.get_all_asset_keys()), ids=lambda key: key.to_user_string())
def test_every_asset_says_what_it_is(key: dg.AssetKey) -> None:
    node = GRAPH.get(key)
    assert node.group_name == key.path[0]
    assert node.owners == ["team:finance-data"]
    assert node.kinds
    assert node.description
    assert len(node.description) > 20
    assert len(key.path) == 2, "schema/table"


def test_every_raw_table_shows_its_columns() -> None:
    declared = [*load.CORE_TABLES, *(table for system in systems().values() for table in system.tables)]
    assert {(table.dataset, table.name) for table in declared} == {tuple(key.path) for key in RAW_KEYS}
    for table in declared:
        schema = GRAPH.get(dg.AssetKey([table.dataset, table.name])).metadata["dagster/column_schema"]
        expected = {column.name: SQL_TYPES[column.type] for column in (*table.columns, *LINEAGE)}
        assert {column.name: column.type for column in schema.columns} == expected


def test_every_source_of_a_model_is_an_asset() -> None:
    """A dbt source whose key is not a raw table's would be a graph in two halves: models would not wait for ingestion."""
    dangling = {
        f"{parent.to_user_string()} <- {key.to_user_string()}"
        for key in GRAPH.get_all_asset_keys()
        for parent in GRAPH.get(key).parent_keys
        if not GRAPH.has(parent) or not GRAPH.get(parent).is_materializable
    }
    assert dangling == set()
    assert all(GRAPH.get(key).child_keys for key in RAW_KEYS), "a raw table that nothing reads"


def test_each_job_selects_what_its_name_says() -> None:
    assert {job.name for job in JOBS} == {"ingest", "transform", "writeback", "refresh", "everything"}
    models = keys_of(*MODEL_SCHEMAS)
    core = keys_of("raw_tieout")
    assert selected("ingest") == RAW_KEYS | {dg.AssetKey(["ops", "run_outcome"])}
    assert selected("transform") == core | models | OUR_OWN - {dg.AssetKey(["outbox", "deliveries"])}
    assert selected("writeback") == {dg.AssetKey(["outbox", "deliveries"])}
    assert selected("everything") == set(GRAPH.get_all_asset_keys()) == RAW_KEYS | models | OUR_OWN
    assert selected("refresh") == selected("everything") - selected("writeback")


def test_nothing_that_writes_runs_before_its_plan_is_checked() -> None:
    """The only way from a planned write to an ERP leads through the intents, behind each plan's blocking check."""
    intents, deliveries = dg.AssetKey(["outbox", "intents"]), dg.AssetKey(["outbox", "deliveries"])
    assert GRAPH.get(deliveries).parent_keys == {intents}
    plans = GRAPH.get(intents).parent_keys
    assert {key.to_user_string() for key in plans} >= {
        "writeback/wb_payments",
        "writeback/wb_deposits",
        "writeback/wb_reversals",
        "writeback/wb_record_updates",
    }
    for key in plans:
        check = GRAPH.get(dg.AssetCheckKey(key, "plan_door"))
        assert check.blocking
    assert plans <= GRAPH.get(dg.AssetKey(["published", "tieout"])).parent_keys


def test_every_system_is_one_step() -> None:
    assert [asset.op.name for asset in RAW] == [*(f"raw_{name}" for name in systems()), "raw_tieout"]
