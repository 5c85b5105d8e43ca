"""The jobs, in process, on a small sandbox of their own: what stops or does not stop what. `tests/e2e/test_shell.py` runs them with dbt itself."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import assets.checks
from assets.models import PROJECT
from definitions import defs
from pipelines import systems
from pipelines.home import Home, warehouse_lock
from pipelines.load import connect
from pipelines.publish import query
from resources.transform import Dbt, cli
from schedules.jobs import sync_config
from tests.e2e.world import World, world
from tests.models import fill

NOTHING = sync_config(connections=["-"])
Metadata = dict[str, dict[str, Any]]


def run(job: str, config: dict[str, Any] | None = None, **resources: Any) -> dg.ExecuteInProcessResult:
    """Run a job in process. `resources` take the place of the real ones."""
    with_these = dg.Definitions(
        assets=defs.assets, asset_checks=defs.asset_checks, jobs=defs.jobs, executor=defs.executor,
        resources={**(defs.resources or {}), **resources},
    )  # fmt: skip
    found = (with_these if resources else defs).resolve_job_def(job)
    with dg.DagsterInstance.ephemeral() as instance:
        return found.execute_in_process(run_config=config, instance=instance, raise_on_error=False)


def made(result: dg.ExecuteInProcessResult) -> Metadata:
    """Metadata of what a run materialised, by schema/table."""
    found: Metadata = {}
    for event in result.get_asset_materialization_events():
        assert event.asset_key
        metadata = event.step_materialization_data.materialization.metadata
        found[event.asset_key.to_user_string()] = {name: value.value for name, value in metadata.items()}
    return found


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The words of each failed step."""
    return {
        str(event.step_key): event.step_failure_data.user_failure_data.description or ""
        for event in result.all_events
        if event.is_step_failure and event.step_failure_data.user_failure_data
    }


class Filling(Dbt):
    """dbt for a run that is about something else: the models are made by the SQL that dbt compiled, if they are to be made anew."""

    anew: bool

    def cli(self, args: Any, *, context: Any, **_options: Any) -> Any:
        self._context = context
        if self.anew:
            with connect(Home.current()) as warehouse:  # the step holds the lock
                fill(warehouse)
        return self

    def stream(self) -> Iterator[dg.Output[None] | dg.AssetCheckResult]:
        for key in defs.resolve_asset_graph().toposorted_asset_keys:
            if key not in self._context.selected_asset_keys:
                continue
            yield dg.Output(None, key.to_python_identifier())
        for check in self._context.selected_asset_check_keys:
            yield dg.AssetCheckResult(passed=True, asset_key=check.asset_key, check_name=check.name)

    def get_error(self) -> None:
        return None


def filling(*, anew: bool = False) -> Filling:
    real = cli(PROJECT)
    return Filling(
        project_dir=real.project_dir, profiles_dir=real.profiles_dir, dbt_executable=real.dbt_executable, anew=anew
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("jobs"), customers=100, months=6) as sandbox:
        os.environ["TIEOUT_DATA"] = str(sandbox.home.root)  # `world` puts the environment back
        os.environ["TIEOUT_CONNECTIONS"] = str(sandbox.connections.path)
        yield sandbox


@pytest.fixture(scope="module")
def first(place: World) -> dg.ExecuteInProcessResult:
    """The first run of all, while one connection's token is revoked."""
    place.control("POST", "access", json={"connection": "books_us", "revoked": True})
    result = run("refresh", sync_config(), dbt=filling(anew=True))
    place.control("POST", "access", json={"connection": "books_us"})
    return result


def test_one_refused_connection_stops_no_other(first: dg.ExecuteInProcessResult, place: World) -> None:
    raw = made(first)
    assert raw["raw_netsuite/transaction"]["new_versions/books_emea"] > 0
    assert "new_versions/books_us" not in raw["raw_netsuite/transaction"]
    assert raw["raw_stripe/charge"]["new_versions/cards_us"] > 0
    assert raw["raw_sftp/report"]["new_versions/drop_dach"] > 0
    through = dict(query(place.home, "select connection, complete_through from ledger.ar_connections").iter_rows())
    assert through["books_emea"] is not None
    assert through.get("books_us") is None


def test_and_turns_the_run_red_naming_it_and_the_remedy(first: dg.ExecuteInProcessResult) -> None:
    assert not first.success
    (words,) = failures(first).values()
    assert list(failures(first)) == ["ops__run_outcome"], "everything that could go on went on"
    assert "raw_netsuite" in words
    assert "books_us" in words
    assert "Remedy:" in words


def test_every_asset_tells_its_rows_and_its_time(first: dg.ExecuteInProcessResult, place: World) -> None:
    told = made(first)
    for system in systems().values():
        for table in system.tables:
            metadata = told[f"{table.dataset}/{table.name}"]
            assert {"new_versions", "seconds/extract", "seconds/load"} <= set(metadata)
    with warehouse_lock(place.home), connect(place.home) as warehouse:
        for name in (
            "raw_netsuite.transaction",
            "raw_quickbooks.invoice",
            "raw_stripe.charge",
            "raw_tieout.connection",
        ):
            ((held,),) = warehouse.execute(f"select count(*) from {name}").fetchall()
            assert told[name.replace(".", "/")]["dagster/row_count"] == held > 0
        views = warehouse.execute(
            "select schema_name || '/' || view_name from duckdb_views() where not internal"
        ).fetchall()
    assert views
    assert not [name for (name,) in views if "dagster/row_count" in told[name]], "a view is not counted"
    for key in ("ledger/ar_documents", "aging/ar_aging", "reconciliation/rec_breaks", "writeback/wb_payments"):
        ((rows,),) = query(place.home, f"select count(*) from {key.replace('/', '.')}").rows()
        assert told[key]["dagster/row_count"] == rows > 0
    assert told["published/tieout"]["megabytes"] > 0
    assert "complete_through/books_emea" in told["published/tieout"]


def test_a_run_of_one_connection_reads_it_alone_and_once(first: dg.ExecuteInProcessResult, place: World) -> None:
    job = sync_config(connections=["books_us"])
    again, twice = made(run("ingest", job)), made(run("ingest", job))
    rows = {name: again[name]["new_versions"] for name in ("raw_netsuite/transaction", "raw_stripe/charge")}
    assert rows["raw_netsuite/transaction"] == again["raw_netsuite/transaction"]["new_versions/books_us"] > 0
    assert rows["raw_stripe/charge"] == 0
    assert twice["raw_netsuite/transaction"]["new_versions"] == 0
    held = [told["raw_netsuite/transaction"]["dagster/row_count"] for told in (again, twice)]
    assert held[0] == held[1] > rows["raw_netsuite/transaction"], "what the table holds, of other connections too"


def test_a_raw_row_without_its_id_stops_everything_behind_it(first: dg.ExecuteInProcessResult, place: World) -> None:
    before = place.home.published.stat()
    with warehouse_lock(place.home), connect(place.home) as warehouse:
        columns = "connection, is_deleted, _seq, _extracted_at, _row_hash, _dlt_load_id"
        warehouse.execute(f"insert into raw_stripe.charge ({columns}) values ('cards_us', false, 0, now(), 'bad', '0')")
    try:
        result = run("refresh", NOTHING)
    finally:
        with warehouse_lock(place.home), connect(place.home) as warehouse:
            warehouse.execute("delete from raw_stripe.charge where _row_hash = 'bad'")
    assert not result.success
    failed = [item.asset_key.to_user_string() for item in result.get_asset_check_evaluations() if not item.passed]
    assert failed == ["raw_stripe/charge"]
    assert {key.partition("/")[0] for key in made(result)} <= {f"raw_{name}" for name in (*systems(), "tieout")}
    assert place.home.published.stat().st_mtime_ns == before.st_mtime_ns


def test_a_plan_that_fails_its_check_is_neither_published_nor_sent(
    first: dg.ExecuteInProcessResult, place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, planned = place.home.published.stat(), place.outbox.rows()
    real = assets.checks.validate

    def validate(home: Any, selects: Any, zeros: Any) -> assets.checks.Failures:
        name = "writeback.wb_payments"
        return {name: {"amount": "negative"}} if name in selects else real(home, selects, zeros)

    monkeypatch.setattr(assets.checks, "validate", validate)
    result = run("everything", NOTHING, dbt=filling())
    assert not result.success
    assert "writeback/wb_payments" in made(result)
    assert not {"published/tieout", "outbox/intents", "outbox/deliveries"} & set(made(result))
    assert place.home.published.stat().st_mtime_ns == before.st_mtime_ns
    assert place.outbox.rows() == planned


def test_a_history_of_ours_is_readable_by_dagsters_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event log that runs are kept in: the same files, whichever class opens them."""
    from dagster._core.storage.event_log import SqliteEventLogStorage

    from resources import history

    monkeypatch.setattr(history, "OPEN_FILES", 2)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text(
        "event_log_storage: {module: resources.history, class: RunHistory, config: {}}\ntelemetry: {enabled: false}\n"
    )

    @dg.op
    def step() -> None: ...

    @dg.job
    def job() -> None:
        step()

    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, history.RunHistory)
        runs = [job.execute_in_process(instance=instance).run_id for _ in range(4)]
        ours = {name: len(instance.all_logs(name)) for name in runs}
    theirs = SqliteEventLogStorage(str(tmp_path / "history" / "runs"))
    assert ours == {name: len(theirs.get_logs_for_run(name)) for name in runs}
    assert all(ours.values())
