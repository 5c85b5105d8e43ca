"""The home folder as a Dagster resource: warehouse, outbox, published copy and their lock."""

import dagster as dg

from pipelines.home import Home


class HomeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The home named by `TIEOUT_DATA` at run time."""

    def get(self) -> Home:
        return Home.current()
