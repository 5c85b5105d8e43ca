"""Raw assets: one multi-asset per system; a run syncs the connections it was asked for, side by side.

A connection that fails does not stop the others: its failure is a failed check here, and turns the run red at its end.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import dagster as dg
from pydantic import Field

from assets import keys
from assets.counts import row_counts
from pipelines import load, systems
from pipelines.connections import Connection
from pipelines.home import Home, warehouse_lock
from pipelines.outbox import Outbox
from pipelines.sync import SyncReport, forget_removed, sync
from pipelines.system import System, TieoutError
from pipelines.tables import LINEAGE, SQL_TYPES, Table
from resources.outbox import OutboxResource
from resources.systems import ConnectionsResource
from resources.warehouse import HomeResource

PARALLEL_CONNECTIONS = 4


class SyncConfig(dg.Config):
    """Which connections of the system to sync: `connections` by name (all if empty), `cadence` one of 15m, 30m, 60m, daily, manual
    (any if empty); `full` reads everything again."""

    connections: list[str] = Field(default_factory=list)
    cadence: str = ""
    full: bool = False


def spec(table: Table, kinds: set[str], deps: list[dg.AssetKey] | None = None) -> dg.AssetSpec:
    """What the UI shows of a raw table: place, owner, kinds, description and column schema."""
    columns = [
        dg.TableColumn(column.name, SQL_TYPES[column.type], column.description or None)
        for column in (*table.columns, *LINEAGE)
    ]
    return dg.AssetSpec(
        keys.raw(table),
        description=f"{table.description}. A log of versions, keyed by connection and {', '.join(table.key)}.",
        group_name=table.dataset,
        owners=keys.OWNERS,
        kinds=kinds,
        deps=deps or [],
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns)},
    )


def raw_assets(system: System) -> dg.AssetsDefinition:
    """The raw tables of one system as one multi-asset named `raw_<system>`."""
    specs = [spec(table, {"dlt", "duckdb", system.name}) for table in system.tables]
    synced = dg.AssetCheckSpec(
        "synced", asset=specs[0].key, description="Every connection that was asked for has been read"
    )

    @dg.multi_asset(name=f"raw_{system.name}", specs=specs, check_specs=[synced], retry_policy=None)
    def extract_and_load(
        context: dg.AssetExecutionContext,
        config: SyncConfig,
        home: HomeResource,
        connections: ConnectionsResource,
        outbox: OutboxResource,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        chosen = connections.chosen(system.name, config.connections, config.cadence)
        reports, failures = sync_all(chosen, home.get(), config.full, outbox.get(), context)
        with warehouse_lock(home.get()), load.connect(home.get()) as warehouse:
            load.ensure_tables(warehouse)
            rows = row_counts(warehouse, raw=True)
        for table in system.tables:
            metadata = {"dagster/row_count": rows[keys.raw(table)], **_metadata(table, reports)}
            yield dg.MaterializeResult(asset_key=keys.raw(table), metadata=metadata)
        yield dg.AssetCheckResult(
            check_name="synced",
            asset_key=specs[0].key,
            passed=not failures,
            metadata={name: str(error) for name, error in failures.items()}
            | {"connections": ", ".join(c.name for c in chosen) or "none"},
        )

    return extract_and_load


def sync_all(
    chosen: list[Connection], home: Home, full: bool, outbox: Outbox, context: dg.AssetExecutionContext
) -> tuple[list[SyncReport], dict[str, Exception]]:
    """Sync connections side by side. Returns the reports, and the errors by connection."""
    reports: list[SyncReport] = []
    failures: dict[str, Exception] = {}

    def one(connection: Connection) -> SyncReport:
        return sync(connection, home, full=full, confirmations=outbox.confirmations())

    with ThreadPoolExecutor(PARALLEL_CONNECTIONS) as pool:
        for connection, future in [(item, pool.submit(one, item)) for item in chosen]:
            try:
                report = future.result()
            except Exception as error:
                failures[connection.name] = error
                context.log.error(f"{connection.name}: {error}", exc_info=not isinstance(error, TieoutError))
                continue
            reports.append(report)
            context.log.info(
                f"{report.connection}: {report.rows} new versions, {report.quarantined} quarantined, {report.counts}, "
                f"read in {report.extract_seconds:.1f} s, loaded in {report.load_seconds:.1f} s"
            )
            for note in report.notes:
                context.log.info(f"{report.connection}: {note}")
    return reports, failures


def _metadata(table: Table, reports: list[SyncReport]) -> dict[str, int | float]:
    """What this run added: new versions, in all and by connection, and the seconds it took."""
    rows = {f"new_versions/{report.connection}": report.versions.get(table.name, 0) for report in reports}
    return {
        "new_versions": sum(rows.values()),
        "seconds/extract": round(max((report.extract_seconds for report in reports), default=0.0), 3),
        "seconds/load": round(sum(report.load_seconds for report in reports), 3),
        **rows,
    }


@dg.multi_asset(
    name="raw_tieout",
    specs=[
        spec(table, {"duckdb"}, deps=[keys.raw(item) for system in systems().values() for item in system.tables])
        for table in load.CORE_TABLES
    ],
)
def raw_tieout(
    home: HomeResource, connections: ConnectionsResource, outbox: OutboxResource
) -> Iterator[dg.MaterializeResult[None]]:
    """What Tieout itself knows: connections, quarantined rows, the outbox, confirmations."""
    forget_removed(connections.load(), home.get())
    rows = outbox.get().rows()
    load.store_outbox(home.get(), rows)
    with warehouse_lock(home.get()), load.connect(home.get()) as warehouse:
        counts = row_counts(warehouse, raw=True)
    for table in load.CORE_TABLES:
        yield dg.MaterializeResult(asset_key=keys.raw(table), metadata={"dagster/row_count": counts[keys.raw(table)]})


RAW = [*(raw_assets(system) for system in systems().values()), raw_tieout]
