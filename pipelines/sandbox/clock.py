"""Company time: the one clock every twin and the fictional company share.

It stands still, so that the same seed gives the same bytes; a write through an API moves it one second, and `advance` moves it by days.
Signatures and tokens are not judged by it: those are checked against the real clock, as a client signs with its own.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

START = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)


class Clock:
    """A clock that moves only when told. Safe to use from several threads."""

    def __init__(self, start: datetime = START) -> None:
        self._lock = threading.Lock()
        self._now = _utc(start)

    def now(self) -> datetime:
        """Company time, aware, UTC."""
        with self._lock:
            return self._now

    def tick(self) -> datetime:
        """Move one second on and return the new time; every write through an API calls it, so that no two writes share an instant."""
        with self._lock:
            self._now += timedelta(seconds=1)
            return self._now

    def set(self, at: datetime) -> None:
        """Move to `at`. Raises ValueError if that is in the past: company time never runs backwards."""
        moment = _utc(at)
        with self._lock:
            if moment < self._now:
                raise ValueError(f"company time is {self._now.isoformat()}; it cannot go back to {moment.isoformat()}")
            self._now = moment

    def http_date(self) -> str:
        """Company time as an HTTP `Date` header."""
        return format_datetime(self.now(), usegmt=True)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; company time is aware")
    return at.astimezone(UTC).replace(microsecond=0)
