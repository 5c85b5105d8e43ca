"""One session for HTTP systems: timeouts, retry with jitter, a rate and concurrency budget, call counts; logs carry no secret."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import requests
import tenacity
from requests.adapters import HTTPAdapter

from pipelines.home import Slots
from pipelines.system import Transient

log = logging.getLogger(__name__)
CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 120.0
PATIENCE = 8.0  # seconds that a sensor waits for an answer


@dataclass
class Counter:
    """Calls, retries and errors of one run; safe to share between threads."""

    calls: int = 0
    retries: int = 0
    errors: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, calls: int = 0, retries: int = 0, errors: int = 0) -> None:
        with self._lock:
            self.calls += calls
            self.retries += retries
            self.errors += errors

    def counts(self) -> dict[str, int]:
        return {"calls": self.calls, "retries": self.retries, "errors": self.errors}


class Budget:
    """At most `concurrent` calls in flight and `per_second` started each second, however many threads ask.

    With `shared`, other processes count as well towards its number of calls in flight.
    """

    def __init__(self, concurrent: int, per_second: float | None = None, shared: Slots | None = None) -> None:
        self._shared = shared
        self._slots = threading.BoundedSemaphore(concurrent)
        self._interval = 1 / per_second if per_second else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def slot(self) -> Iterator[None]:
        with self._slots:
            if self._interval:
                with self._lock:
                    now = time.monotonic()
                    wait = max(0.0, self._next - now)
                    self._next = max(now, self._next) + self._interval
                time.sleep(wait)
            with self._shared.slot() if self._shared else nullcontext():
                yield


class Retryable(Transient):
    """A response that asks for another try."""


class Http:
    """`requests` with a budget and retries. `retryable(response)` says whether an answer means "later".

    A call that is not `safe` (a write) is sent once: after a lost answer nobody knows whether it happened, so it raises Transient
    and the caller looks before it tries again. An answer that says "later" (429) was not carried out, and is retried all the same.
    """

    def __init__(
        self,
        name: str,
        *,
        auth: Any = None,
        budget: Budget | None = None,
        retryable: Callable[[requests.Response], bool] = lambda response: (
            response.status_code == 429 or response.status_code >= 500
        ),
        refused_unrun: Callable[[requests.Response], bool] = lambda response: response.status_code == 429,
        attempts: int = 8,
        max_wait: float = 60.0,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self.name = name
        self.counter = Counter()
        self._budget = budget or Budget(4)
        self._retryable = retryable
        self._refused_unrun = refused_unrun
        self._attempts = attempts
        self._max_wait = max_wait
        self._timeout = (min(CONNECT_TIMEOUT, read_timeout), read_timeout)
        self._session = requests.Session()
        self._session.auth = auth
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=32)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def request(self, method: str, url: str, *, safe: bool | None = None, **options: Any) -> requests.Response:
        """Send, and send again while the answer says "later". Raises Transient when the stated number of tries is used up."""
        repeatable = method.upper() in {"GET", "HEAD", "OPTIONS"} if safe is None else safe
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Retryable),
            wait=tenacity.wait_random_exponential(multiplier=0.25, max=self._max_wait),
            stop=tenacity.stop_after_attempt(self._attempts),
            before_sleep=lambda state: self.counter.add(retries=1),
            reraise=True,
        )
        return retrying(self._once, method, url, repeatable, options)

    def _once(self, method: str, url: str, repeatable: bool, options: dict[str, Any]) -> requests.Response:
        path = url.partition("?")[0]
        self.counter.add(calls=1)
        try:
            with self._budget.slot():
                response = self._session.request(method, url, timeout=self._timeout, **options)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            self.counter.add(errors=1)
            message = f"{self.name}: no answer to {method} {path} ({type(error).__name__})."
            raise (Retryable if repeatable else Transient)(message) from error
        log.debug("%s %s %s -> %s", self.name, method, path, response.status_code)
        if self._retryable(response):
            self.counter.add(errors=1)
            message = f"{self.name}: {method} {path} answered {response.status_code}: {response.text[:300]}"
            raise (Retryable if repeatable or self._refused_unrun(response) else Transient)(message)
        return response

    def close(self) -> None:
        self._session.close()
