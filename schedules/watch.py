"""What the sensor `arrivals` knows of a connection: what it was told, since when, and whether a sync has taken it.

A notice is done with when a sync that began after it has succeeded, whoever started that sync; until then it is asked for again, after
twice as long each time. The newest notice stands for all before it.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pipelines.connections import Connection
from pipelines.system import TieoutError
from schedules.clock import backoff

log = logging.getLogger(__name__)
ANSWER_SECONDS = 20.0  # for all connections together; a tick of a sensor has 60
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Watched:
    """`seen`: the last answer, found at `since`. `tries`: syncs asked for since the last good one, the last at `asked_at`. Instants in
    ISO form, empty for never."""

    seen: str | None = None
    since: str = ""
    tries: int = 0
    asked_at: str = ""

    def told(self, answer: str, now: datetime, synced: datetime | None) -> "Watched":
        """After an answer. `synced`: when the last good sync began to read."""
        known = self if answer == self.seen else replace(self, seen=answer, since=now.isoformat())
        good = synced is not None and bool(known.asked_at) and synced >= datetime.fromisoformat(known.asked_at)
        return replace(known, tries=0, asked_at="") if good else known

    def is_due(self, now: datetime, synced: datetime | None) -> bool:
        """Whether to ask for a sync now."""
        if synced is not None and synced >= datetime.fromisoformat(self.since):
            return False
        waited = now - datetime.fromisoformat(self.asked_at) if self.asked_at else timedelta.max
        return waited >= backoff(self.tries, _FIRST, _LONGEST)

    def asked(self, now: datetime) -> "Watched":
        return replace(self, tries=self.tries + 1, asked_at=now.isoformat())


def ask(watched: Sequence[Connection], seconds: float = ANSWER_SECONDS) -> dict[str, str | Exception]:
    """What each connection answers, all asked at once. One that has not answered in time, or whose hook breaks, is its error alone."""
    answers: dict[str, str | Exception] = {}

    def one(item: Connection) -> None:
        assert item.declared.arrivals
        try:
            answers[item.name] = item.declared.arrivals(item)
        except TieoutError as error:
            answers[item.name] = error
        except Exception as error:
            log.exception("Asking %s whether something is new", item.name)
            answers[item.name] = error

    # Not a pool: whoever leaves a pool waits for its threads, and one may hang.
    threads = [threading.Thread(target=one, args=(item,), daemon=True, name=f"ask-{item.name}") for item in watched]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = TieoutError(f"no answer within {seconds:.0f} s.")
    found = dict(answers)
    return {item.name: found.get(item.name, late) for item in watched}


def now() -> datetime:
    return datetime.now(UTC)
