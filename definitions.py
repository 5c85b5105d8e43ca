"""Assembles everything Dagster sees. No logic: assets, checks, jobs, schedules and sensors come from their folders."""

import dagster as dg

from assets.checks import CHECKS
from assets.models import PROJECT, models
from assets.publish import published, run_outcome
from assets.raw import RAW
from assets.writeback import deliveries, intents
from resources.outbox import OutboxResource
from resources.systems import ConnectionsResource
from resources.transform import cli
from resources.warehouse import HomeResource
from schedules.clock import SCHEDULES
from schedules.jobs import JOBS
from schedules.sensors import SENSORS

defs = dg.Definitions(
    assets=[*RAW, models, published, intents, deliveries, run_outcome],
    asset_checks=CHECKS,
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=SENSORS,
    resources={
        "home": HomeResource(),
        "connections": ConnectionsResource(),
        "outbox": OutboxResource(),
        "dbt": cli(PROJECT),
    },
    executor=dg.in_process_executor,
)
