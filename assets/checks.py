"""great-expectations at the two doors: what comes in raw, and what is about to be written. Row checks inside are dbt's.

Each check asks the warehouse for a small aggregate frame (one row per connection) and holds expectations against it.
"""

import os
from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets import keys
from assets.writeback import PLANS
from pipelines import systems
from pipelines.home import Home, warehouse_lock
from pipelines.load import connect
from pipelines.tables import Table
from resources.warehouse import HomeResource

Expectation = tuple[str, dict[str, Any]]


def validate(home: Home, sql: str, expectations: Sequence[Expectation]) -> tuple[bool, dict[str, str]]:
    """Hold expectations (name, arguments) against the answer to `sql`. Returns (passed, what failed by expectation).

    An expectation that raised inside is a failure that says so: a broken check must not look like a passed one.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # before the import: nothing leaves this machine
    import great_expectations as gx  # 3 s and 300 MB: only where a check runs
    from great_expectations.data_context.types.base import ProgressBarsConfig

    with warehouse_lock(home), connect(home) as warehouse:
        frame = warehouse.sql(sql).to_arrow_table().to_pandas()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("warehouse")
        .add_dataframe_asset("answer")
        .add_batch_definition_whole_dataframe("all")
    )
    failed: dict[str, str] = {}
    for name, arguments in expectations:
        outcome = batch.get_batch({"dataframe": frame}).validate(getattr(gx.expectations, name)(**arguments))
        if not outcome.success:
            raised = [item["exception_message"] for item in _exceptions(outcome.exception_info)]
            label = f"{name} {arguments.get('column', '')}".strip()
            failed[label] = f"the check itself broke: {raised[0]}" if raised else str(outcome.result)
    return not failed, failed


def _exceptions(info: dict[str, Any]) -> list[dict[str, Any]]:
    entries = [info] if "raised_exception" in info else list(info.values())
    return [entry for entry in entries if entry.get("raised_exception")]


def _check(
    key: dg.AssetKey, name: str, description: str, sql: str, expectations: Sequence[Expectation]
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=key, name=name, description=description, blocking=True)
    def check(home: HomeResource) -> dg.AssetCheckResult:
        passed, failed = validate(home.get(), sql, expectations)
        return dg.AssetCheckResult(passed=passed, metadata=failed)

    return check


def raw_door(table: Table) -> dg.AssetChecksDefinition:
    """Every version has its ids and a connection that is configured or was; nothing is dated after it was read."""
    ids = " or ".join(f'"{part}" is null' for part in table.key)
    sql = f"""
        select count(*) as versions,
            count(*) filter (where {ids}) as without_id,
            count(*) filter (where connection is null or connection = '') as without_connection,
            count(*) filter (where _extracted_at > now() + interval 1 day) as from_the_future
        from {table.dataset}."{table.name}"
    """
    zero = {"min_value": 0, "max_value": 0}
    return _check(
        keys.raw(table),
        "raw_door",
        "great-expectations: every version is identified, and was read in the past",
        sql,
        [
            ("ExpectColumnValuesToBeBetween", {"column": name, **zero})
            for name in ("without_id", "without_connection", "from_the_future")
        ],
    )


def plan_door(key: dg.AssetKey) -> dg.AssetChecksDefinition:
    """Planned writes are named once, positive, in a currency, for a connection we know. Blocking: nothing is written otherwise."""
    relation = ".".join(key.path)
    sql = f"""
        select count(*) - count(distinct intent_key) as named_twice,
            count(*) filter (where not regexp_full_match(intent_key, '[A-Za-z0-9_-]{{1,200}}')) as unsafe_keys,
            count(*) filter (where amount is null or amount <= 0) as not_positive,
            count(*) filter (where not regexp_full_match(currency, '[A-Z]{{3}}')) as without_currency,
            count(*) filter (where connection not in (select connection from ledger.ar_connections)) as unknown_connection
        from {relation}
    """
    names = ("named_twice", "unsafe_keys", "not_positive", "without_currency", "unknown_connection")
    return _check(
        key,
        "plan_door",
        "great-expectations: planned writes are named once, positive and addressed",
        sql,
        [("ExpectColumnValuesToBeBetween", {"column": name, "min_value": 0, "max_value": 0}) for name in names],
    )


# The tables that carry money, where a wrong version would move a balance.
DOORS = {"transaction", "customer", "charge", "balance_transaction", "payout", "report_line"}

CHECKS = [
    *(raw_door(table) for system in systems().values() for table in system.tables if table.name in DOORS),
    *(plan_door(key) for key in PLANS),
]
