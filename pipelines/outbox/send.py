"""One intent to its ERP, exactly once: commit `sending`, find our key, create if absent, commit the answer.

The order is the whole trick. Before a `create` leaves, the outbox already says that it may have; whoever
comes next, in this process or another, asks the ERP first. After an unanswered create it asks twice, a settle
wait apart, because the ERP may still be at work on it.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pipelines.outbox.model import IntentRow, State
from pipelines.outbox.store import Store
from pipelines.system import CannotFind, NotConfigured, Refused, Rejected, Transient, Writer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How patient a delivery is. Times in seconds."""

    tries: int = 5  # per intent and run
    backoff: float = 1.0  # before the second try; doubles, with jitter
    backoff_most: float = 30.0
    settle: float = 3.0  # after an unanswered create, between the two finds that must both say "absent"
    give_up_after: int = 3  # intents in a row without an answer or with a fault: the rest waits
    wait_for_lock: float = 0.0
    connections_at_once: int = 8

    def wait(self, failures: int, chance: random.Random) -> float:
        longest = min(self.backoff * 2.0 ** (failures - 1), self.backoff_most)
        return longest * (0.5 + chance.random() / 2)


class Result(StrEnum):
    """How sending one intent ended, in this run."""

    POSTED = "posted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    WAITING = "waiting"  # no answer: stays `sending`, the next run begins with find
    SKIPPED = "skipped"  # taken back by a person or a plan before it was begun
    STOPPED = "stopped"  # the connection cannot go on


@dataclass(frozen=True)
class Sent:
    """The outcome for one intent: its ERP id, or the ERP's words.

    `found`: it was there already, nothing was created. `fault`: our writer broke, rather than the ERP saying anything.
    """

    key: str
    connection: str
    kind: str
    result: Result
    erp_id: str | None = None
    error: str | None = None
    found: bool = False
    fault: bool = False


class Unfindable(Exception):
    """Inside this module: the ERP cannot be asked, or nobody wants the write any more. Becomes `unknown`."""


@dataclass
class Sending:
    """One intent on its way.

    `lost`: a create was made, in this run or by a process that died, and nothing was heard of it.
    """

    store: Store
    writer: Writer
    row: IntentRow
    pace: Pace
    sleep: Callable[[float], None]
    run_id: str = ""
    lost: bool = False
    found: bool = False
    chance: random.Random = field(default_factory=random.Random)

    def run(self) -> Sent:
        self.lost = self.row.state == State.SENDING
        words = ""
        for failures in range(1, self.pace.tries + 1):
            attempt_id = self.store.begin(self.row, self.run_id)
            if attempt_id is None:
                return self._sent(Result.SKIPPED)
            try:
                erp_id = self._find_or_create()
            except Transient as error:
                words = str(error)
                self.store.finish(self.row.key, attempt_id, "transient", error=words)
                if failures < self.pace.tries:
                    self.sleep(self.pace.wait(failures, self.chance))
                continue
            except Rejected as error:
                return self._settled(attempt_id, Result.REJECTED, State.REJECTED, error)
            except Unfindable as error:
                return self._settled(attempt_id, Result.UNKNOWN, State.UNKNOWN, error)
            except (Refused, NotConfigured) as error:
                return self._stopped(attempt_id, str(error))
            except Exception as error:
                # A fault of ours, at an unknown point. Tried again it would break again, ahead of all that waits
                # behind it: a person looks.
                log.exception("Writing %s to %s failed", self.row.key, self.row.connection)
                words = f"{type(error).__name__}: {error}"
                self.store.finish(self.row.key, attempt_id, "error", State.UNKNOWN, error=words)
                return self._sent(Result.UNKNOWN, error=words, fault=True)
            outcome = "found" if self.found else "posted"
            self.store.finish(
                self.row.key, attempt_id, outcome, State.POSTED, erp_id=erp_id, vouched=False, conflict=None
            )
            return self._sent(Result.POSTED, erp_id=erp_id, found=self.found)
        self.store.note([self.row.key], due_at=self._due())
        return self._sent(Result.WAITING, error=words)

    def _find_or_create(self) -> str:
        erp_id = self._find()
        if erp_id is None and self.lost:
            self.sleep(self.pace.settle)
            erp_id = self._find()
        if erp_id is not None:
            self.found = True
            return erp_id
        if self.row.state == State.SENDING:
            self._still_wanted()
        return self._create()

    def _find(self) -> str | None:
        try:
            return self.writer.find(self.row.intent)
        except CannotFind as error:
            if self.row.vouched and not self.lost:
                return None  # a person looked: it is not there. Good for one create, as that sets `lost`
            raise Unfindable(str(error)) from error
        except Rejected as error:  # the question was refused, not the write: we know nothing
            raise Unfindable(str(error)) from error

    def _create(self) -> str:
        self.lost = True
        try:
            erp_id = self.writer.create(self.row.intent)
        except Rejected:
            # "Already exists" is success, in whatever words it comes: ask before believing a no.
            try:
                there = self.writer.find(self.row.intent)
            except (CannotFind, Rejected):
                there = None
            if there is None:
                raise
            self.found, erp_id = True, there
        except (Refused, NotConfigured):
            self.lost = False
            raise
        if not erp_id:
            raise Transient(f"{self.row.connection} answered the create of {self.row.key} without an id.")
        return str(erp_id)

    def _still_wanted(self) -> None:
        """An earlier run began this; before creating it now, see that the plan still says so."""
        with self.store.reading() as connection:
            now = self.store.get(connection, self.row.key)
        if now.conflict:
            raise Unfindable(f"Begun by an earlier run, not in the ERP, and since then {now.conflict}")
        if not now.wanted:
            raise Unfindable(
                "Begun by an earlier run, not in the ERP, and no longer in the plan: somebody may have "
                f"booked it by hand. Remedy: `tieout outbox void {now.key}`, or to send it anyway "
                f"`tieout outbox retry {now.key}`."
            )

    def _settled(self, attempt_id: int, result: Result, target: State, error: Exception) -> Sent:
        self.store.finish(self.row.key, attempt_id, result.value, target, error=str(error))
        return self._sent(result, error=str(error))

    def _stopped(self, attempt_id: int, words: str) -> Sent:
        self.store.finish(self.row.key, attempt_id, "refused", error=words, due_at=self._due())
        return self._sent(Result.STOPPED, error=words)

    def _due(self) -> datetime:
        """When a sensor should try again: a minute after the first silent run, doubling to an hour."""
        runs = max(1, (self.row.attempts + self.pace.tries) // self.pace.tries)
        return self.store.now() + timedelta(seconds=min(60.0 * 2.0 ** min(runs - 1, 10), 3600.0))

    def _sent(self, result: Result, **more: Any) -> Sent:
        return Sent(self.row.key, self.row.connection, self.row.kind, result, **more)
