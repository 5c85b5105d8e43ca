"""The configured connections as a Dagster resource, read when a run needs them: definitions load with nothing configured."""

import dagster as dg

from pipelines import connections
from pipelines.connections import Connection, Connections


class ConnectionsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The connections file named by `TIEOUT_CONNECTIONS` (default `connections.toml`)."""

    def load(self) -> Connections:
        return connections.load()

    def chosen(self, system: str, names: list[str], cadence: str) -> list[Connection]:
        """The connections of a system that a run asks for: those named (all if none), and those with the cadence (any if empty)."""
        every = self.load().of(system)
        return [
            item
            for item in every
            if (not names or item.name in names) and (not cadence or item.settings.sync_every == cadence)
        ]
