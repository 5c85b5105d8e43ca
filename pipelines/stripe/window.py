"""What one sync of an account knows: who answers, since when to read, what events name, and where each kind of object is found.

No list can be filtered by time of change. New objects are listed; old ones are read again because an event names them, and once a day the
lists go back further than the slowest late change. Events are kept by Stripe for 30 days, so after 29 without a sync everything is listed
again. The clock is always Stripe's own.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import Any

import dlt

from pipelines.connections import Connection
from pipelines.stripe.changes import DAY, Changed, Changes, spans
from pipelines.stripe.client import Answer, StripeReader
from pipelines.stripe.settings import StripeSettings
from pipelines.sync import SyncContext
from pipelines.system import NotConfigured

_EVENTS_KEPT = 29 * DAY  # Stripe keeps 30 days
_EVENT_OVERLAP = 3_600


class Window:
    """Since when to read, by kind. Everything that touches the state is called in the consumer's thread; the iterators need not be."""

    def __init__(self, connection: Connection, context: SyncContext) -> None:
        self._name = connection.name
        self._settings: StripeSettings = connection.settings
        self._context = context
        self._connection = connection

    @cached_property
    def reader(self) -> StripeReader:
        reader = StripeReader(self._connection, self._context.home)
        self._context.log.meter(reader.counter)
        return reader

    @cached_property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = dlt.current.source_state()
        return state

    @cached_property
    def account(self) -> Answer:
        """The account behind the key or consent. Raises NotConfigured if it is not the one this connection holds the data of."""
        answer = self.reader.get("/v1/account")
        found, expected = answer.body["id"], self._settings.account_id or self.state.get("account_id")
        if expected and found != expected:
            raise NotConfigured(
                f"{self._name}: the key or consent is of {found}, and this connection is {expected}."
                " Remedy: use one of that account, or give the other account a connection of its own."
            )
        return answer

    @cached_property
    def begun(self) -> tuple[int, int | None]:
        """(now, last sync or None to list everything), epoch seconds by Stripe's clock. Moves the state on: it is kept if all loads."""
        now = int(self.account.at.timestamp())
        last = None if self._context.full else self.state.get("last_sync")
        if last is not None and now - last > _EVENTS_KEPT:
            self._context.log.note(
                f"{self._name}: the last sync is more than 29 days ago, events have a gap: everything is listed again"
            )
            last = None
        self.state.update(account_id=self.account.body["id"], last_sync=now)
        self._context.complete_through = datetime.fromtimestamp(now, UTC)
        self._context.base_currency = str(self.account.body.get("default_currency") or "").upper() or None
        return now, last

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Events since the last sync, oldest first. Read before any object, so that an object is never older than its event."""
        _, last = self.begun
        window = {} if last is None else {"created": {"gte": last - _EVENT_OVERLAP}}
        events = [item for page in self.reader.pages("/v1/events", **window) for item in page]
        return sorted(events, key=lambda item: item["created"])

    @cached_property
    def changes(self) -> Changes:
        return Changes.of(self.events)

    def found(self, kind: str, path: str) -> Iterator[list[dict[str, Any]]]:
        """Pages of new objects, then of older ones that an event names. State is read here, at once; the pages may come in a thread."""
        since = self._since(kind)
        if since is None:
            return self.reader.pages(path)
        return chain(
            self.reader.pages(path, created={"gte": since}),
            self._changed(path, list(spans(self.changes.of_kind(kind, before=since)))),
        )

    def _changed(self, path: str, groups: list[list[Changed]]) -> Iterator[list[dict[str, Any]]]:
        for group in groups:
            if len(group) > 1:
                yield from self.reader.pages(path, created={"gte": group[0].created, "lte": group[-1].created})
                continue
            item = self.reader.retrieve(f"{path}/{group[0].id}")
            if item is not None and not item.get("deleted"):
                yield [item]

    def _since(self, kind: str) -> int | None:
        """List objects created from here on; None for all."""
        now, last = self.begun
        relisted: dict[str, int] = self.state.setdefault("relisted", {})
        if last is None:
            relisted[kind] = now
            return None
        since = last - self._settings.overlap_days * DAY
        days = getattr(self._settings.relist_days, kind)
        if days and now - relisted.get(kind, 0) >= self._settings.relist_every_hours * 3_600:
            relisted[kind] = now
            since = min(since, now - days * DAY)
        return since
