"""What will happen, in order of time: the agenda that drives the company's history and, by the same rules, its future."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Happening = Callable[[datetime], object]


class Agenda:
    """A queue of happenings by time; equal times keep the order in which they were entered."""

    def __init__(self) -> None:
        self._queue: list[tuple[datetime, int, Happening]] = []
        self._entered = 0
        self.now = datetime.min.replace(tzinfo=UTC)

    def at(self, when: datetime, happening: Happening) -> None:
        """Enter a happening; one that would lie in the past happens next."""
        self._entered += 1
        heapq.heappush(self._queue, (max(when, self.now), self._entered, happening))

    def run(self, until: datetime, moved: Callable[[datetime], None] | None = None) -> None:
        """Let everything happen up to and including `until`; what happens may enter more. `moved` is told each time before."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, happening = heapq.heappop(self._queue)
            if moved is not None:
                moved(self.now)
            happening(self.now)
        self.now = max(self.now, until)


def moment(day: date, hour: int, minute: int = 0, zone: ZoneInfo | None = None) -> datetime:
    """A wall-clock time in a zone (UTC by default) as an instant."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone or UTC).astimezone(UTC)


def business_day(day: date, ahead: int = 0) -> date:
    """`ahead` working days after `day`, itself moved on to Monday if it is a weekend."""
    while day.weekday() > 4:
        day += timedelta(days=1)
    for _ in range(ahead):
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    return day


def add_months(day: date, months: int) -> date:
    """The first of the month that lies `months` after `day`'s."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
