"""The jobs: what can be run by hand, by the clock or by a sensor."""

from typing import Any

import dagster as dg

from assets import keys
from assets.models import models
from assets.raw import RAW, raw_tieout
from pipelines import systems

RAW_SELECTION = dg.AssetSelection.assets(*RAW)
CORE_SELECTION = dg.AssetSelection.assets(raw_tieout)
MODEL_SELECTION = dg.AssetSelection.assets(models)
OUTCOME = dg.AssetSelection.assets(keys.OUTCOME)
DELIVER = dg.AssetSelection.assets(keys.DELIVERIES)

ingest = dg.define_asset_job(
    "ingest",
    selection=RAW_SELECTION | OUTCOME,
    description="Read every connection (or those configured) into the raw tables.",
)
transform = dg.define_asset_job(
    "transform",
    selection=CORE_SELECTION | MODEL_SELECTION | dg.AssetSelection.assets(keys.PUBLISHED, keys.INTENTS, keys.OUTCOME),
    description="Build ledger, aging, reconciliation and planned writes; publish; turn the plan into intents. Sends nothing.",
)
writeback = dg.define_asset_job(
    "writeback",
    selection=DELIVER,
    description="Deliver the intents that wait, then read the affected connections again.",
)
everything = dg.define_asset_job(
    "everything",
    selection=dg.AssetSelection.all(),
    description="Ingest, transform, publish, plan, write back: the whole circle.",
)
refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - DELIVER,
    description="The circle without writing: what the schedules run. The outbox sensor starts the writeback.",
)
JOBS = [ingest, transform, writeback, everything, refresh]


def sync_config(*, cadence: str = "", full: bool = False, connections: list[str] | None = None) -> dict[str, Any]:
    """Run configuration for the raw assets of every system."""
    config = {"cadence": cadence, "full": full, "connections": connections or []}
    return {"ops": {f"raw_{name}": {"config": config} for name in systems()}}
