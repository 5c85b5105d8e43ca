"""The published copy that analysts open, and the verdict on the whole run."""

import time

import dagster as dg

from assets import keys
from assets.models import models
from pipelines import publish as publishing
from pipelines.load import CORE_TABLES
from resources.warehouse import HomeResource


@dg.asset(
    key=keys.PUBLISHED,
    deps=list(models.keys),
    group_name="published",
    owners=keys.OWNERS,
    kinds={"duckdb"},
    description="A consistent read-only copy of the warehouse, swapped in atomically. Open this, never the warehouse itself.",
)
def published(home: HomeResource) -> dg.MaterializeResult[None]:
    started = time.monotonic()
    path = publishing.publish(home.get())
    through = publishing.query(
        home.get(), "select connection, complete_through from ledger.ar_connections order by connection"
    )
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(path)),
            "megabytes": round(path.stat().st_size / 2**20, 1),
            "seconds": round(time.monotonic() - started, 3),
            **{f"complete_through/{name}": str(instant) for name, instant in through.iter_rows()},
        }
    )


@dg.asset(
    key=keys.OUTCOME,
    deps=[*(keys.raw(table) for table in CORE_TABLES), keys.PUBLISHED, keys.INTENTS, keys.DELIVERIES],
    group_name="ops",
    owners=keys.OWNERS,
    kinds={"dagster"},
    description="The verdict on a run: it is red when any check in it failed, although everything that could go on went on.",
)
def run_outcome(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    records = context.instance.get_records_for_run(
        context.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ).records
    evaluations = [record.event_log_entry.asset_check_evaluation for record in records]
    failed = [item for item in evaluations if item and not item.passed and item.severity == dg.AssetCheckSeverity.ERROR]
    if failed:
        lines = "\n".join(
            f"- {item.asset_key.to_user_string()} {item.check_name}: "
            + "; ".join(f"{name}: {value.value}" for name, value in item.metadata.items())
            for item in failed
        )
        raise dg.Failure(f"{len(failed)} check(s) failed:\n{lines}", allow_retries=False)
    return dg.MaterializeResult(metadata={"checks": len(evaluations)})
