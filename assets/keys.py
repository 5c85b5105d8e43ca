"""The key is the place: asset key = schema/table. Every key is made here."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pipelines.tables import Table

OWNERS = ["team:finance-data"]
PUBLISHED = dg.AssetKey(["published", "tieout"])
INTENTS = dg.AssetKey(["outbox", "intents"])
DELIVERIES = dg.AssetKey(["outbox", "deliveries"])
OUTCOME = dg.AssetKey(["ops", "run_outcome"])


def raw(table: Table) -> dg.AssetKey:
    return dg.AssetKey([table.dataset, table.name])


def model(properties: Mapping[str, Any]) -> dg.AssetKey:
    """The key of a dbt model, seed or source from its manifest entry."""
    if properties["resource_type"] == "source":
        return dg.AssetKey([properties["source_name"], properties["name"]])
    return dg.AssetKey([properties["config"].get("schema") or properties["schema"], properties["name"]])
