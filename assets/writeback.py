"""Write back: planned rows become intents behind the blocking checks; intents are delivered, and the books are read again."""

import dagster as dg

from assets import keys
from assets.models import PROJECT
from assets.raw import sync_all
from pipelines import writeback
from resources.outbox import OutboxResource
from resources.systems import ConnectionsResource
from resources.transform import plan_models
from resources.warehouse import HomeResource

PLANS = [dg.AssetKey(["writeback", name]) for name in plan_models(PROJECT)]


@dg.asset(
    key=keys.INTENTS,
    deps=PLANS,
    group_name="outbox",
    owners=keys.OWNERS,
    kinds={"sqlite"},
    description="Planned writes, each named before it is tried. Made only behind the blocking checks of the plan, in the same run.",
    check_specs=[
        dg.AssetCheckSpec("taken", asset=keys.INTENTS, description="Every planned write could become an intent")
    ],
)
def intents(
    context: dg.AssetExecutionContext, home: HomeResource, connections: ConnectionsResource, outbox: OutboxResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster knows the bare class only, beside a check
    result = writeback.plan(
        home.get(), outbox.get(), connections.load(), run_id=context.run_id, without=unread(context)
    )
    names = ("new", "returned", "superseded", "unchanged", "voided", "off", "noted", "conflicts", "invalid")
    counts = {name: len(getattr(result, name)) for name in names}
    for note in result.noted:
        context.log.warning(str(note))
    problems = {problem.key: problem.reason for problem in (*result.conflicts, *result.invalid)}
    return dg.MaterializeResult(
        metadata={**counts, "waiting": len(result.waiting)},
        check_results=[dg.AssetCheckResult(check_name="taken", passed=not result.red, metadata=problems)],
    )


def unread(context: dg.AssetExecutionContext) -> set[str]:
    """The connections whose sync failed in this run: nothing is planned or sent on what may be stale."""
    records = context.instance.get_records_for_run(
        context.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ).records
    found = [record.event_log_entry.asset_check_evaluation for record in records]
    failed = [item for item in found if item and item.check_name == "synced" and not item.passed]
    return {name for item in failed for name in item.metadata} - {"connections"}


@dg.asset(
    key=keys.DELIVERIES,
    deps=[keys.INTENTS],
    group_name="outbox",
    owners=keys.OWNERS,
    kinds={"sqlite"},
    description="What was written to the ERPs, exactly once: sending, find, create, posted. A rejected or unknown intent turns the run red.",
)
def deliveries(
    context: dg.AssetExecutionContext, home: HomeResource, connections: ConnectionsResource, outbox: OutboxResource
) -> dg.MaterializeResult[None]:
    configured = connections.load()
    report = writeback.deliver(
        outbox.get(), configured, run_id=context.run_id, without=unread(context), home=home.get()
    )
    context.log.info(str(report))
    posted_to = sorted({sent.connection for sent in report.posted})
    _, failures = sync_all([configured.get(name) for name in posted_to], home.get(), False, outbox.get(), context)
    counts = {
        name: len(getattr(report, name)) for name in ("posted", "rejected", "unknown", "waiting", "blocked", "stopped")
    }
    if report.red or failures:
        not_again = [f"{name} could not be read again: {error}" for name, error in failures.items()]
        raise dg.Failure(
            "\n".join([*([str(report)] if report.red else []), *not_again]), metadata=counts, allow_retries=False
        )
    return dg.MaterializeResult(metadata={**counts, "found": report.found})
