"""great-expectations at the two doors: what comes in raw, and what is about to be written. Row checks inside are dbt's.

The tables of a door are asked for small aggregates, one row each, in one query; one validation holds expectations against that frame, and
each table's check reads its own row. The import of great_expectations costs 3 s and each validation 0.1 s, so a door has one.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from assets import keys
from assets.writeback import PLANS
from pipelines import systems
from pipelines.home import Home, warehouse_lock
from pipelines.load import connect
from pipelines.tables import Table
from resources.warehouse import HomeResource

ROW = "relation"  # the column of a frame that names its rows
Failures = dict[str, dict[str, str]]  # what failed, by relation and expectation


def validate(home: Home, selects: Mapping[str, str], zeros: Sequence[str]) -> Failures:
    """Hold the aggregates that each relation's select gives (column `relation`, then `zeros`) against zero. Empty: all passed.

    An expectation that raised inside is a failure of every relation that says so: a broken check must not look like a passed one.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # before the import: nothing leaves this machine
    import great_expectations as gx  # 3 s and 300 MB: only where a check runs
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween

    with warehouse_lock(home), connect(home) as warehouse:
        frame = warehouse.sql(" union all ".join(selects.values())).to_arrow_table().to_pandas()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("warehouse")
        .add_dataframe_asset("answer")
        .add_batch_definition_whole_dataframe("all")
        .get_batch({"dataframe": frame})
    )
    expected = [ExpectColumnValuesToBeBetween(column=name, min_value=0, max_value=0) for name in zeros]
    outcome = batch.validate(
        gx.ExpectationSuite(name="door", expectations=expected),
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [ROW]},
    )
    failed: Failures = defaultdict(dict)
    for result in outcome.results:
        if result.success:
            continue
        assert result.expectation_config
        column = str(result.expectation_config.kwargs["column"])
        raised = [item["exception_message"] for item in _exceptions(result.exception_info)]
        for name in selects if raised else ():
            failed[name][column] = f"the check itself broke: {raised[0]}"
        for row in result.result.get("unexpected_index_list") or ():
            failed[str(row[ROW])][column] = f"{row[column]} rows"
    return dict(failed)


def _exceptions(info: dict[str, Any]) -> list[dict[str, Any]]:
    entries = [info] if "raised_exception" in info else list(info.values())
    return [entry for entry in entries if entry.get("raised_exception")]


def _door(
    op: str, check: str, description: str, selects: Mapping[dg.AssetKey, str], zeros: Sequence[str]
) -> dg.AssetChecksDefinition:
    """One step that checks several assets; `selects` names each asset's aggregates."""
    specs = [dg.AssetCheckSpec(check, asset=key, description=description, blocking=True) for key in selects]

    @dg.multi_asset_check(name=op, specs=specs)
    def door(home: HomeResource) -> Iterator[dg.AssetCheckResult]:
        failed = validate(home.get(), {_relation(key): sql for key, sql in selects.items()}, zeros)
        for key in selects:
            wrong = failed.get(_relation(key), {})
            yield dg.AssetCheckResult(check_name=check, asset_key=key, passed=not wrong, metadata=wrong)

    return door


def _relation(key: dg.AssetKey) -> str:
    return ".".join(key.path)


# The tables that carry money, where a wrong version would move a balance, and what a living version without its money is. The total of a
# journal, and the currency of a QuickBooks company that knows one only, are not always said.
_PROVIDER, _QUICKBOOKS = "amount is null or currency is null", "total_amt is null"
MONEY = {
    "raw_netsuite.customer": "false",
    "raw_netsuite.transaction": "currency is null or (foreigntotal is null and type <> 'Journal')",
    **{
        f"raw_quickbooks.{name}": _QUICKBOOKS
        for name in ("invoice", "credit_memo", "payment", "refund_receipt", "deposit")
    },
    "raw_quickbooks.customer": "false",
    "raw_quickbooks.journal_entry": "false",
    **{f"raw_stripe.{name}": _PROVIDER for name in ("payment_intent", "charge", "refund", "dispute", "payout")},
    "raw_stripe.balance_transaction": f"{_PROVIDER} or net is null",
    "raw_stripe.customer": "false",
    "raw_sftp.report": "false",
    "raw_sftp.report_line": "open_amount is null or currency is null",
    "raw_sftp.statement_line": "amount is null or currency is null",
}
_RAW_ZEROS = ("without_id", "without_connection", "from_the_future", "without_money")


def _raw_select(table: Table) -> str:
    ids = " or ".join(f'"{part}" is null' for part in table.key)
    relation = f"{table.dataset}.{table.name}"
    return f"""
        select '{relation}' as {ROW},
            count(*) filter (where {ids}) as without_id,
            count(*) filter (where connection is null or connection = '') as without_connection,
            count(*) filter (where _extracted_at > now() + interval 1 day) as from_the_future,
            count(*) filter (where not coalesce(is_deleted, false) and ({MONEY[relation]})) as without_money
        from {table.dataset}."{table.name}"
    """


def raw_doors(name: str, tables: Sequence[Table]) -> Iterator[dg.AssetChecksDefinition]:
    """Every version has its ids, its money and a connection; nothing is dated after it was read. One step a system, if it has money."""
    watched = {keys.raw(table): _raw_select(table) for table in tables if f"{table.dataset}.{table.name}" in MONEY}
    if watched:
        description = "great-expectations: every version is identified, has its money, and was read in the past"
        yield _door(f"raw_doors_{name}", "raw_door", description, watched, _RAW_ZEROS)


_PLAN_ZEROS = ("named_twice", "unsafe_keys", "not_positive", "without_currency", "unknown_connection")


def _plan_select(key: dg.AssetKey) -> str:
    relation = _relation(key)
    return f"""
        select '{relation}' as {ROW},
            count(*) - count(distinct intent_key) as named_twice,
            count(*) filter (where not coalesce(regexp_full_match(intent_key, '[A-Za-z0-9_-]{{1,200}}'), false)) as unsafe_keys,
            count(*) filter (where amount is null or amount < 0 or (amount = 0 and kind is distinct from 'record_update')) as not_positive,
            count(*) filter (where not coalesce(regexp_full_match(currency, '[A-Z]{{3}}'), false)) as without_currency,
            count(*) filter (
                where connection is null or connection not in (select connection from ledger.ar_connections)
            ) as unknown_connection
        from {relation}
    """


CHECKS = [
    *(check for system in systems().values() for check in raw_doors(system.name, system.tables)),
    # Planned writes are named once, positive (a record update: zero), in a currency, for a connection we know. Blocking: nothing is written otherwise.
    _door(
        "plan_doors",
        "plan_door",
        "great-expectations: planned writes are named once, positive and addressed",
        {key: _plan_select(key) for key in PLANS},
        _PLAN_ZEROS,
    ),
]
