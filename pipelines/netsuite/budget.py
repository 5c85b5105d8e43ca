"""How many requests a connection may send in one UTC day, counted over all runs and processes of a home."""

import json
import threading
from datetime import UTC, datetime

from pipelines.home import Home, file_lock
from pipelines.system import Transient

_BLOCK = 20  # requests taken from the day's account at once, so that not every call writes a file


class BudgetSpent(Transient):
    """The day's requests are used up. What waits is not lost: it goes on the next day."""


class DailyBudget:
    """Counts calls against `limit` per UTC day. A killed process may have counted up to 20 calls too many, never too few."""

    def __init__(self, connection: str, limit: int | None, home: Home | None) -> None:
        self._connection = connection
        self._limit = limit
        self._left = 0
        self._day = ""
        self._lock = threading.Lock()
        self._home = home if limit is None else home or Home.current()

    def take(self) -> None:
        """Count one call. Raises BudgetSpent when the day has none left."""
        if self._limit is None:
            return
        with self._lock:
            today = datetime.now(UTC).date().isoformat()
            if self._left == 0 or today != self._day:
                self._left, self._day = self._move(today, _BLOCK), today
            if self._left == 0:
                raise BudgetSpent(
                    f"{self._connection}: the daily budget of {self._limit} requests is spent; the rest follows on the next"
                    " UTC day. Remedy: raise daily_requests if NetSuite's governance leaves room."
                )
            self._left -= 1

    def close(self) -> None:
        """Give back what was taken and not used."""
        with self._lock:
            if self._left:
                self._move(self._day, -self._left)
                self._left = 0

    def _move(self, day: str, wanted: int) -> int:
        assert self._home is not None
        assert self._limit is not None
        file = self._home.root / "budget" / f"{self._connection}.json"
        file.parent.mkdir(exist_ok=True)
        with file_lock(
            self._home.locks / f"{self._connection}.budget.lock", 30, f"The request budget of {self._connection}"
        ):
            known = json.loads(file.read_text("utf-8")) if file.exists() else {}
            used = int(known.get("used", 0)) if known.get("day") == day else 0
            granted = max(min(wanted, self._limit - used), -used)
            written = file.with_suffix(".tmp")
            written.write_text(json.dumps({"day": day, "used": used + granted}), "utf-8")
            written.replace(file)
        return granted
