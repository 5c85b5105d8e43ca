"""dbt models as assets, one step, under the warehouse lock."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

from assets import keys
from assets.counts import row_counts
from pipelines.home import warehouse_lock
from pipelines.load import connect
from resources.transform import project
from resources.warehouse import HomeResource

PROJECT = project()


class Translator(DagsterDbtTranslator):
    """A model's key is its schema and name; its group is its schema."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return keys.model(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return keys.model(dbt_resource_props).path[0]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return keys.OWNERS


@dbt_assets(manifest=PROJECT.manifest_path, project=PROJECT, dagster_dbt_translator=Translator(), name="models")
def models(context: dg.AssetExecutionContext, dbt: DbtCliResource, home: HomeResource) -> Iterator[Any]:
    """`dbt build`: staging, ledger, aging, reconciliation, planned writes, and their data tests. Unit tests are for `make test`.

    dbt works in the home: two homes never share a target folder, and its partial parse is found again.
    """
    where = home.get()
    os.environ["TIEOUT_WAREHOUSE"] = str(where.warehouse)  # what profiles.yml reads
    command = ["build", "--exclude-resource-type", "unit_test"]
    with warehouse_lock(where):
        build = dbt.cli(command, context=context, target_path=where.root / "dbt", raise_on_error=False)
        events = list(build.stream())
        with connect(where) as warehouse:
            counts = row_counts(warehouse, raw=False)
    for event in events:
        if isinstance(event, dg.Output):
            rows = counts.get(context.asset_key_for_output(event.output_name))  # none of a view
            counted = {} if rows is None else {"dagster/row_count": rows}
            event = event.with_metadata({**event.metadata, **counted})
        yield event
    if error := build.get_error():
        raise error
