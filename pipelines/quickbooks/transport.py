"""How a call reaches QuickBooks: at its pace, signed, tried again where that is safe, its answer decoded or its fault raised."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import requests

from pipelines.connections import Connection
from pipelines.home import Home, Slots
from pipelines.http import READ_TIMEOUT, Budget, Http
from pipelines.quickbooks import errors, exact
from pipelines.quickbooks.pace import Pace
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.tokens import Bearer, Tokens
from pipelines.system import Transient

log = logging.getLogger(__name__)
Row = dict[str, Any]
_MINOR_VERSION = "75"
_BATCHES_PER_MINUTE = 36  # QuickBooks takes 40
_AGAIN = 2  # further tries after an answer that is no JSON
_RENEWALS = (
    3  # of the access token in one call: another process's refresh may end ours; a link that is gone fails at the first
)


class Transport:
    """One connection's calls. Thread-safe. Nothing is sent before the first one; the home's other transports of the connection count
    towards its limits, also in other processes."""

    def __init__(self, connection: Connection, home: Home | None = None, *, patience: float = READ_TIMEOUT) -> None:
        settings: QuickBooksSettings = connection.settings
        place = home or Home.current()
        self.connection = connection.name
        self.settings = settings
        self._patience = patience
        self.server_time: datetime | None = None  # QuickBooks' own clock, as far as it has told it
        self.slots = Slots(place, f"{connection.name}.calls", settings.max_concurrency)
        self._pace = Pace(place, connection.name, settings.requests_per_second, settings.requests_per_minute)
        batches = Pace(place, f"{connection.name}.batch", settings.requests_per_second, _BATCHES_PER_MINUTE)
        # A refresh runs inside a call that holds a slot: it must not wait for another.
        self.tokens = Tokens(connection.name, settings, place, self._http(Budget(1), None))
        self.http = self._http(
            Budget(settings.max_concurrency, shared=self.slots), Bearer(self.tokens, self._pace, batches)
        )

    def _http(self, slots: Budget, auth: Bearer | None) -> Http:
        """Of the company with `auth`, else of Intuit's login, where a 429 is waited for like a failure."""
        return Http(
            self.connection,
            auth=auth,
            budget=slots,
            retryable=lambda answer: answer.status_code >= 500 or (auth is None and answer.status_code == 429),
            refused_unrun=lambda _response: False,
            attempts=self.settings.max_attempts,
            max_wait=self.settings.max_wait_seconds,
            read_timeout=self._patience,
        )

    def ask(
        self,
        method: str,
        path: str,
        what: str,
        params: Mapping[str, str] | None = None,
        *,
        safe: bool = True,
        **options: Any,
    ) -> Row:
        """The JSON answer to a call. Read again if it is cut off; a write is not, because it was carried out."""
        query = urlencode({**(params or {}), "minorversion": _MINOR_VERSION})
        url = f"{self.settings.company_url}/{path}?{query}"
        for attempt in range(_AGAIN + 1):
            response = self._send(method, url, what, safe=safe, **options)
            body = exact.decoded(response.content)
            if body is not None:
                self._told_time(body)
                if isinstance(fault := body.get("Fault") or body.get("fault"), dict):  # with a 200 all the same
                    raise errors.as_exception(errors.of_fault(fault), self.connection, what)
                return body
            self.http.counter.add(retries=safe and attempt < _AGAIN, errors=1)
            if not safe:
                break
        raise Transient(
            f"{self.connection}: {what}: QuickBooks' answer is not the JSON it promises ({response.content[:80]!r})."
            " Remedy: try again; if it stays, a proxy between here and QuickBooks rewrites answers."
        )

    def _send(self, method: str, url: str, what: str, *, safe: bool, **options: Any) -> requests.Response:
        renewed = throttled = 0
        while True:
            response = self.http.request(method, url, safe=safe, **options)
            if response.status_code < 400:
                return response
            error = errors.parse(response)
            log.debug("%s: %s: %s, intuit_tid %s", self.connection, what, error.words, error.tid)
            self.http.counter.add(errors=1)
            if error.is_throttled and throttled + 1 < self.settings.max_attempts:
                throttled += 1
                self._pace.pause(_wait(response, self.settings.throttle_wait_seconds))
            elif error.is_token and renewed < _RENEWALS:
                renewed += 1
                self.tokens.renew(str(response.request.headers.get("Authorization", "")).removeprefix("Bearer "))
            else:
                raise errors.as_exception(error, self.connection, what)
            self.http.counter.add(retries=1)

    def close(self) -> None:
        self.http.close()
        self.slots.close()

    def _told_time(self, body: Row) -> None:
        told = body.get("time")
        try:
            moment = datetime.fromisoformat(str(told))
        except ValueError:
            return
        if moment.tzinfo is not None:  # a repeated request id may repeat the time of its first answer
            self.server_time = max(self.server_time or moment, moment).astimezone(UTC)


def _wait(response: requests.Response, usual: float) -> float:
    told = response.headers.get("Retry-After", "")
    return max(usual, float(told)) if told.isdigit() else usual
