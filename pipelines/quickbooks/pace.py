"""How often a connection may call, counted over all threads and processes of a home.

Every call reserves its moment in a small file under a lock, and then waits for it: so calls are spread evenly, nobody holds the lock
while waiting, and two processes share what QuickBooks grants to one company. Moments are of the wall clock, which all processes and
boots read alike. It may be set back: whatever lies further in the future than anybody can honestly wait is dropped.
"""

import time
from array import array
from collections.abc import Callable
from pathlib import Path

from pipelines.home import Home, file_lock

_LONGEST = 300.0  # seconds; no queue and no pause is longer, so what lies further away is a clock that was set back


def next_moment(now: float, known: list[float], per_second: float, per_minute: int) -> float:
    """The first moment from `now` on at which one more call keeps both limits, given those reserved before (ascending)."""
    moment = now
    if known:
        moment = max(moment, known[-1] + 1 / per_second)
    if len(known) >= per_minute:
        moment = max(moment, known[-per_minute] + 60.0)
    return moment


class Pace:
    """At most `per_second` calls in any second and `per_minute` in any minute; none before the end of a pause."""

    def __init__(
        self,
        home: Home,
        name: str,
        per_second: float,
        per_minute: int,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        folder = home.root / "budget"
        folder.mkdir(exist_ok=True)
        self._file: Path = folder / f"{name}.pace"
        self._lock = home.locks / f"{name}.pace.lock"
        self._what = f"The pace of {name}"
        self._per_second, self._per_minute = per_second, per_minute
        self._clock, self._sleep = clock, sleep

    def take(self) -> None:
        """Wait for this call's turn."""
        with file_lock(self._lock, 60, self._what):
            pause, known = self._load()
            moment = next_moment(max(self._clock(), pause), known, self._per_second, self._per_minute)
            self._save(pause, [*known, moment][-self._per_minute :])
        wait = moment - self._clock()
        if wait > 0:
            self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """No call of any process starts before `seconds` have gone by; those already waiting for their turn still go."""
        with file_lock(self._lock, 60, self._what):
            until, known = self._load()
            self._save(max(until, self._clock() + min(seconds, _LONGEST)), known)

    def _load(self) -> tuple[float, list[float]]:
        numbers = array("d")
        if self._file.exists():
            content = self._file.read_bytes()
            numbers.frombytes(content[: len(content) // 8 * 8])
        if len(numbers) < 1 or any(number > self._clock() + _LONGEST for number in numbers):
            return 0.0, []
        return numbers[0], list(numbers[1:])

    def _save(self, pause: float, known: list[float]) -> None:
        self._file.write_bytes(array("d", [pause, *known]).tobytes())
