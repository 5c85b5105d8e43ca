"""Has something happened? The newest event, for a sensor that asks every half minute."""

from pipelines.connections import Connection
from pipelines.http import PATIENCE
from pipelines.stripe.client import StripeReader


def arrivals(connection: Connection) -> str:
    """The id of the account's newest event, empty before the first. An event that comes late or twice is no other newest one, and what
    it names is read as it is now, never as the event has it. Raises what StripeReader raises."""
    reader = StripeReader(connection, attempts=1, patience=PATIENCE)
    events = reader.get("/v1/events", limit=1).body.get("data") or []
    return str(events[0]["id"]) if events else ""
