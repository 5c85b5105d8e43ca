"""One company as the API serves it: its books, who may use it, how often, and what has been answered."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .credentials import Credentials
from .errors import too_many
from .rows import Company
from .webhooks import Event, Subscription

_REMEMBERED = 50_000  # answers kept for a repeated requestid
_LOGGED = 100_000


@dataclass(frozen=True)
class Limits:
    """How many requests a company takes: in any second, in any minute, and how many of a minute's may be batches. None is no limit."""

    per_second: int | None = 10
    per_minute: int | None = 500
    batches_per_minute: int | None = 40


@dataclass
class Realm:
    """State of one company's API. `log` has every request with the real time (seconds since the epoch) it came in; `time` is that clock."""

    company: Company
    credentials: Credentials = field(default_factory=Credentials)
    limits: Limits = field(default_factory=Limits)
    time: Callable[[], float] = field(default=time.time, repr=False)

    def __post_init__(self) -> None:
        self.log: deque[dict[str, Any]] = deque(maxlen=_LOGGED)
        self.answers: OrderedDict[str, bytes] = OrderedDict()
        self.throttled = 0
        self._lock = threading.Lock()
        self._seen: deque[float] = deque()
        self._batches: deque[float] = deque()

    def admit(self, *, batch: bool) -> None:
        """Count a request in. Raises ApiError 429, in XML and JSON by turns, for one too many."""
        with self._lock:
            now = self.time()
            for window in (self._seen, self._batches):
                while window and window[0] <= now - 60:
                    window.popleft()
            second = sum(1 for at in reversed(self._seen) if at > now - 1) if self.limits.per_second else 0
            full = self.limits.per_second is not None and second >= self.limits.per_second
            full = full or (self.limits.per_minute is not None and len(self._seen) >= self.limits.per_minute)
            full = full or (
                batch
                and self.limits.batches_per_minute is not None
                and len(self._batches) >= self.limits.batches_per_minute
            )
            if full:
                self.throttled += 1
                raise too_many(xml=self.throttled % 2 == 1)
            self._seen.append(now)
            if batch:
                self._batches.append(now)

    def subscribe(
        self, url: str | None, verifier: str = "", forms: Sequence[str] = ("cloudevents",)
    ) -> Subscription | None:
        """Tell `url` of every change from now on, signed with the verifier token; None ends it. Raises ValueError for a form that is none."""
        if url is None:
            self.company.store.listener = None
            return None
        told = Subscription(self.company.realm_id, url, verifier, tuple(forms))
        self.company.store.listener = lambda kind, key, operation, at: told.tell(Event(kind, str(key), operation, at))
        return told

    def remember(self, request_id: str, answer: bytes) -> None:
        """Keep what a request id was answered, for its repetition."""
        self.answers[request_id] = answer
        if len(self.answers) > _REMEMBERED:
            self.answers.popitem(last=False)
