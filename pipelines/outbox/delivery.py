"""One delivery run: take the lock, hold what the brakes hold, send the rest.

One intent at a time per connection, connections side by side.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select

from pipelines.outbox.brakes import Brakes, Held, admit, totals
from pipelines.outbox.lock import deliverer
from pipelines.outbox.model import IntentRow, State, intent
from pipelines.outbox.send import Pace, Result, Sending, Sent
from pipelines.outbox.store import Store
from pipelines.system import Writer


@dataclass(frozen=True)
class Stopped:
    """A connection whose delivery ended early; the others went on. `left` intents of it still wait."""

    connection: str
    reason: str
    left: int

    def __str__(self) -> str:
        return f"{self.connection}: stopped with {self.left} still waiting: {self.reason}"


@dataclass(frozen=True)
class DeliveryReport:
    """What one run did.

    `waiting` got no answer and stay `sending`; `blocked` were not tried; `found` of `posted` were there
    already.
    """

    posted: tuple[Sent, ...] = ()
    rejected: tuple[Sent, ...] = ()
    unknown: tuple[Sent, ...] = ()
    waiting: tuple[Sent, ...] = ()
    blocked: tuple[Held, ...] = ()
    stopped: tuple[Stopped, ...] = ()

    @property
    def red(self) -> bool:
        """A write did not happen that should have: refused, unknown, unanswered, not tried, or over a cap."""
        failed = self.rejected or self.unknown or self.waiting or self.stopped
        return bool(failed or any(held.cap for held in self.blocked))

    @property
    def found(self) -> int:
        return sum(sent.found for sent in self.posted)

    def __str__(self) -> str:
        kinds = Counter((sent.connection, sent.kind) for sent in self.posted)
        lines = [f"{connection} {kind}: {count} posted" for (connection, kind), count in sorted(kinds.items())]
        for name in ("rejected", "unknown", "waiting"):
            lines += [f"{sent.connection} {sent.key}: {name}: {sent.error}" for sent in getattr(self, name)]
        return "\n".join([*lines, *map(str, self.blocked), *map(str, self.stopped)]) or "nothing to send"


@dataclass
class _Run:
    """What the threads of one run share."""

    store: Store
    pace: Pace
    run_id: str
    halt: threading.Event
    sleep: Callable[[float], None]
    holds_lock: Callable[[], bool]


def deliver(
    store: Store,
    writers: Mapping[str, Writer],
    *,
    brakes: Mapping[str, Brakes],
    pace: Pace,
    run_id: str,
    halt: threading.Event,
    sleep: Callable[[float], None] | None,
    unable: Mapping[str, str],
) -> DeliveryReport:
    """Send all that waits and may be sent. Raises DeliveryBusy while another process delivers."""
    with deliverer(store, pace.wait_for_lock) as holds_lock:
        run = _Run(store, pace, run_id, halt, sleep or (lambda seconds: _wait(halt, seconds)), holds_lock)
        admitted: dict[str, list[IntentRow]] = {}
        blocked: list[Held] = []
        for name, group in groupby(_waiting(store), key=lambda row: row.connection):
            rows = list(group)
            if name in writers or name in unable:
                admitted[name], held = admit(rows, brakes.get(name, Brakes()))
            else:
                held = _without_writer(rows)
            blocked += held
        for held_back in blocked:
            store.note(list(held_back.keys), blocked=held_back.reason)
        stopped = [_unable(store, name, unable[name], admitted.pop(name)) for name in [*admitted] if name in unable]
        done = _side_by_side(run, writers, admitted)
        done += [([], one) for one in stopped if one is not None]
        return _report(done, blocked)


def _side_by_side(
    run: _Run, writers: Mapping[str, Writer], admitted: Mapping[str, list[IntentRow]]
) -> list[tuple[list[Sent], Stopped | None]]:
    with ThreadPoolExecutor(run.pace.connections_at_once, thread_name_prefix="deliver") as pool:
        try:
            futures = [
                pool.submit(_connection, run, name, writers[name], rows) for name, rows in admitted.items() if rows
            ]
            return [future.result() for future in futures]
        except BaseException:
            run.halt.set()  # an interrupt or a failing outbox: no thread begins another intent
            raise


def _connection(run: _Run, name: str, writer: Writer, rows: Sequence[IntentRow]) -> tuple[list[Sent], Stopped | None]:
    sent: list[Sent] = []
    failed = 0
    reason = None
    for position, row in enumerate(rows):
        if run.halt.is_set():
            reason = "the run was asked to stop"
        elif not run.holds_lock():
            reason = "the delivery lock was lost with its database session"
        elif failed >= run.pace.give_up_after:
            reason = f"{failed} in a row without an answer, the last: {sent[-1].error}"
        if reason is None:
            outcome = Sending(run.store, writer, row, run.pace, run.sleep, run.run_id).run()
            sent.append(outcome)
            failed = failed + 1 if outcome.result == Result.WAITING or outcome.fault else 0
            if outcome.result != Result.STOPPED:
                continue
            reason, position = str(outcome.error), position + 1
        left = [row.key for row in rows[position:]]
        run.store.note(left, blocked=reason)
        open_now = len(left) + sum(outcome.result in (Result.WAITING, Result.STOPPED) for outcome in sent)
        return sent, Stopped(name, reason, open_now)
    return sent, None


def _unable(store: Store, name: str, reason: str, rows: Sequence[IntentRow]) -> Stopped | None:
    """A connection that could not be begun; no news while nothing of it may be sent anyway."""
    store.note([row.key for row in rows], blocked=reason)
    return Stopped(name, reason, len(rows)) if rows else None


def _report(done: Sequence[tuple[list[Sent], Stopped | None]], blocked: Sequence[Held]) -> DeliveryReport:
    sent = [outcome for outcomes, _ in done for outcome in outcomes]
    by = {result: tuple(outcome for outcome in sent if outcome.result == result) for result in Result}
    return DeliveryReport(
        posted=by[Result.POSTED],
        rejected=by[Result.REJECTED],
        unknown=by[Result.UNKNOWN],
        waiting=by[Result.WAITING] + by[Result.STOPPED],
        blocked=tuple(blocked),
        stopped=tuple(stopped for _, stopped in done if stopped is not None),
    )


def _waiting(store: Store) -> list[IntentRow]:
    query = select(intent).where(intent.c.state.in_([State.PLANNED, State.SENDING])).order_by(intent.c.connection)
    with store.reading() as connection:
        return [IntentRow.of(row) for row in connection.execute(query).mappings()]


def _without_writer(rows: Sequence[IntentRow]) -> list[Held]:
    reason = "the connection has no writer. Remedy: `tieout check` says what it lacks."
    groups = {row.kind: [other for other in rows if other.kind == row.kind] for row in rows}
    return [
        Held(group[0].connection, kind, tuple(row.key for row in group), totals(group), reason)
        for kind, group in groups.items()
    ]


def _wait(halt: threading.Event, seconds: float) -> None:
    halt.wait(seconds)
