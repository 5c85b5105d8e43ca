"""The outbox as a Dagster resource."""

import dagster as dg

from pipelines.home import Home
from pipelines.outbox import Outbox


class OutboxResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The outbox of the current home: SQLite there, or the database that `TIEOUT_OUTBOX` names."""

    def get(self) -> Outbox:
        return Outbox(Home.current().outbox_url)
