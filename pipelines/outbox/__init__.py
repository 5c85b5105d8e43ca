"""The outbox: every write we mean to make, named and kept before it is tried. See docs/writeback.md.

outbox = Outbox(home.outbox_url)
outbox.plan(rows, run_id=run, brakes=brakes)         # rows of the wb_* models; insert or ignore by key
report = outbox.deliver(writers, brakes=brakes)      # find, create if absent, commit
report.red
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.outbox import contacts, person, plan, reading
from pipelines.outbox.brakes import KINDS, Brakes, Held, Mode
from pipelines.outbox.delivery import DeliveryReport, Stopped, deliver
from pipelines.outbox.lock import DeliveryBusy
from pipelines.outbox.model import Attempt, Confirmation, IllegalTransition, IntentRow, State, UnknownIntent
from pipelines.outbox.plan import PlanResult
from pipelines.outbox.planned import Conflict
from pipelines.outbox.reading import Detail, Pending
from pipelines.outbox.render import render_intents, render_plan, render_show
from pipelines.outbox.send import Pace, Result, Sent
from pipelines.outbox.store import Store, utc_now
from pipelines.system import Writer

__all__ = [
    "KINDS",
    "Attempt",
    "Brakes",
    "Confirmation",
    "Conflict",
    "DeliveryBusy",
    "DeliveryReport",
    "Detail",
    "Held",
    "IllegalTransition",
    "IntentRow",
    "Mode",
    "Outbox",
    "Pace",
    "Pending",
    "PlanResult",
    "Result",
    "Sent",
    "State",
    "Stopped",
    "UnknownIntent",
    "render_intents",
    "render_plan",
    "render_show",
]


class Outbox:
    """One outbox database. Open it where needed; any number of processes may read while one delivers."""

    def __init__(self, url: str | Path, *, now: Callable[[], datetime] = utc_now) -> None:
        """`url`: a SQLAlchemy URL (sqlite or postgresql), or a path for SQLite.

        Raises NotConfigured if it cannot be opened.
        """
        self.store = Store(url, now)

    def close(self) -> None:
        self.store.close()

    def plan(
        self,
        rows: Iterable[Mapping[str, Any]],
        *,
        run_id: str = "",
        brakes: Mapping[str, Brakes] | None = None,
        connections: Collection[str] | None = None,
        dry: bool = False,
    ) -> PlanResult:
        """Take the whole plan of `connections` (None: of all).

        `dry`: say what would happen, change nothing.
        """
        return plan.merge(self.store, rows, run_id=run_id, brakes=brakes or {}, connections=connections, dry=dry)

    def deliver(
        self,
        writers: Mapping[str, Writer],
        *,
        brakes: Mapping[str, Brakes] | None = None,
        pace: Pace | None = None,
        run_id: str = "",
        halt: threading.Event | None = None,
        sleep: Callable[[float], None] | None = None,
        unable: Mapping[str, str] | None = None,
    ) -> DeliveryReport:
        """Send what waits. No brakes, no writes; `halt` stops it before the next intent.

        `unable`: connections that cannot be sent to now, and why; what waits for them is reported as stopped.
        Raises DeliveryBusy while another process delivers from this outbox.
        """
        return deliver(
            self.store,
            writers,
            brakes=brakes or {},
            pace=pace or Pace(),
            run_id=run_id,
            halt=halt or threading.Event(),
            sleep=sleep,
            unable=unable or {},
        )

    def list(
        self, *, state: str | None = None, connection: str | None = None, kind: str | None = None
    ) -> Sequence[IntentRow]:
        """Intents, oldest first."""
        return reading.listed(self.store, state, connection, kind)

    def show(self, key: str) -> Detail:
        """One intent and every attempt at it. Raises UnknownIntent."""
        return reading.shown(self.store, key)

    def pending(self, brakes: Mapping[str, Brakes] | None = None) -> Pending:
        """What a delivery would find to do now; cheap, for a sensor.

        With `brakes`, only kinds whose writeback is `apply`. Its fingerprint is another one each hour.
        """
        return reading.pending(self.store, brakes)

    def rows(self) -> Mapping[str, Sequence[dict[str, str | None]]]:
        """`intent`, `confirmation` and `manual_contact` as the warehouse loads them into `raw_tieout`: every value a text."""
        return reading.rows(self.store)

    def retry(self, key: str) -> IntentRow:
        """rejected or unknown -> planned.

        From unknown it is a person's word that the ERP does not hold the record.
        """
        return person.retry(self.store, key)

    def void(self, key: str, reason: str, *, by: str = "person", again: bool = False) -> IntentRow:
        """planned, rejected or unknown -> void, for good.

        `again`: give the key back, so that the next plan may name it anew.
        """
        return person.void(self.store, key, reason, by, again)

    def confirm(self, connection: str, subject: str, by: str) -> Confirmation:
        """A person's yes; the first one stands, except to `deletes:` subjects, where each counts anew."""
        return person.confirm(self.store, connection, subject, by)

    def add_contact(
        self,
        connection: str,
        customer_id: str,
        *,
        name: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        phone_type: str = "primary",
    ) -> str:
        """A contact by hand; returns its id."""
        return contacts.add(self.store, connection, customer_id, name, email, phone, phone_type)

    def remove_contact(self, connection: str, contact_id: str) -> None:
        contacts.remove(self.store, connection, contact_id)

    def confirmations(self, connection: str | None = None) -> Sequence[Confirmation]:
        return reading.confirmations(self.store, connection)
