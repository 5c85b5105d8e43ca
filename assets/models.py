"""dbt models as assets, one step, under the warehouse lock."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

from assets import keys
from pipelines.home import warehouse_lock
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
    """`dbt build`: staging, ledger, aging, reconciliation, planned writes, and their tests."""
    os.environ["TIEOUT_WAREHOUSE"] = str(home.get().warehouse)  # what profiles.yml reads
    with warehouse_lock(home.get()):
        yield from dbt.cli(["build"], context=context).stream()
