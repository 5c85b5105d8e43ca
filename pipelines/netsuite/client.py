"""The NetSuite REST client: SuiteQL for reading, the record API for writing, with limits and retries."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import requests
from requests.auth import AuthBase

from pipelines.connections import Connection
from pipelines.home import Home, Slots
from pipelines.http import READ_TIMEOUT, Budget, Http
from pipelines.netsuite import errors, suiteql
from pipelines.netsuite.auth import Bearer, Login, Metered, Signature
from pipelines.netsuite.budget import DailyBudget
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.system import Transient

log = logging.getLogger(__name__)
Row = dict[str, Any]
PAGE_ROWS, QUERY_ROWS = 1000, 100_000
_AGAIN = 2  # further tries after UNEXPECTED_ERROR, and after a page that is no JSON
_SUITEQL_HEADERS = {"Prefer": "transient", "Content-Type": "application/json", "Accept": "application/json"}
_RECORD_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_STRICT = {"X-NetSuite-PropertyNameValidation": "Error"}  # else a field that NetSuite does not know is passed over


@dataclass(frozen=True)
class Page:
    """Up to 1,000 rows of a query, and how many the whole query has."""

    items: list[Row]
    total: int
    has_more: bool


class TooManyRows(ValueError):
    """A query has more rows than NetSuite gives of one: ask in parts."""


class Client:
    """One connection's client. Thread-safe. Nothing is sent before the first call. At most `max_concurrency` calls are in flight, those of
    the home's other clients of the same account counted, also in other processes: NetSuite limits an account, not a connection.

    Raises Refused (login, permission), Denied (NetSuite's own words; NotFound for 404), Transient (no answer, or "later" to the end).
    """

    def __init__(self, connection: Connection, home: Home | None = None, *, patience: float = READ_TIMEOUT) -> None:
        settings: NetSuiteSettings = connection.settings
        self.connection = connection.name
        self.settings = settings
        self.rows = 0
        self._patience = patience
        self.budget = DailyBudget(connection.name, settings.daily_requests, home)
        self.slots = Slots(home or Home.current(), f"netsuite_{settings.account_id}.calls", settings.max_concurrency)
        # The token request runs inside a call that holds a slot: it must not wait for another.
        self._tokens = self._http(Budget(1), Metered(self.budget))
        self._login: Login = (
            Signature(settings) if settings.auth == "oauth1" else Bearer(connection.name, settings, self._tokens)
        )
        self.http = self._http(Budget(settings.max_concurrency, shared=self.slots), Metered(self.budget, self._login))
        self._tokens.counter = self.http.counter

    def _http(self, slots: Budget, auth: AuthBase | None) -> Http:
        return Http(
            self.connection,
            auth=auth,
            budget=slots,
            retryable=_asks_for_later,
            refused_unrun=lambda response: errors.parse(response).is_busy,
            attempts=self.settings.max_attempts,
            max_wait=self.settings.max_wait_seconds,
            read_timeout=self._patience,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.budget.close()
        self.http.close()
        self._tokens.close()
        self.slots.close()

    # Reading

    def page(self, query: str, params: Sequence[str] = (), *, limit: int = PAGE_ROWS, offset: int = 0) -> Page:
        """One page of a SuiteQL query. Values are text; null columns are absent."""
        body: dict[str, Any] = {"q": query}
        if params:
            body["params"] = list(params)
        url = f"{self.settings.services}/query/v1/suiteql?limit={limit}&offset={offset}"
        for attempt in range(_AGAIN + 1):
            response = self._send("POST", url, "SuiteQL", safe=True, data=orjson.dumps(body), headers=_SUITEQL_HEADERS)
            page = _page(response)
            if page is not None:
                self.rows += len(page.items)
                return page
            self.http.counter.add(retries=attempt < _AGAIN, errors=1)
        raise Transient(
            f"{self.connection}: SuiteQL answered {_AGAIN + 1} times with a page that is not the JSON it promises"
            f" ({response.content[:80]!r}). Remedy: sync again; if it stays, a proxy between here and NetSuite rewrites answers."
        )

    def query(self, query: str, params: Sequence[str] = ()) -> list[Row]:
        """All rows of a query, which must have a total order. Read again if it changed between its pages.

        Raises TooManyRows beyond 100,000.
        """
        for _attempt in range(_AGAIN + 1):
            rows = self._all_pages(query, params)
            if rows is not None:
                return rows
            self.http.counter.add(retries=1)
        raise Transient(
            f"{self.connection}: the rows of a query changed while they were read, {_AGAIN + 1} times. Remedy: sync again."
        )

    def _all_pages(self, query: str, params: Sequence[str]) -> list[Row] | None:
        first = self.page(query, params)
        if first.total > QUERY_ROWS:
            raise TooManyRows(
                f"{self.connection}: a query of {first.total} rows, of which NetSuite gives {QUERY_ROWS}: {query[:200]}"
            )
        rows, page, offset = first.items, first, 0
        while page.has_more:
            offset += PAGE_ROWS
            page = self.page(query, params, offset=offset)
            if page.total != first.total or not page.items:
                return None
            rows += page.items
        return rows if len(rows) == first.total else None

    def by_id(self, query: str, params: Sequence[str], key: str, after: int = -1) -> Iterator[list[Row]]:
        """Pages of any number of rows, each asked from the last id on. `query` ends in a WHERE clause; `key` is its numeric id."""
        name = key.rpartition(".")[2]
        while True:
            page = self.page(f"{query} AND {key} > ? ORDER BY {key}", [*params, str(after)])
            if page.items:
                yield page.items
            if not page.has_more:
                return
            after = int(page.items[-1][name])

    def scalar(self, query: str, params: Sequence[str] = ()) -> Row:
        """The single row of a query."""
        items = self.page(query, params).items
        return items[0] if items else {}

    def server_time(self) -> datetime:
        """NetSuite's own clock, as an instant in UTC."""
        row = self.scalar("SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') AS moment FROM dual")
        return suiteql.instant(str(row["moment"]), self.settings.time_zone)

    # Records

    def get(self, record: str, record_id: str, params: Mapping[str, str] | None = None) -> Row:
        """One record by internal id, or by external id as `eid:<external id>`. Raises NotFound."""
        query = "".join(
            f"{'&' if number else '?'}{key}={text}" for number, (key, text) in enumerate((params or {}).items())
        )
        url = f"{self.settings.services}/record/v1/{record}{'/' if record_id else ''}{record_id}{query}"
        response = self._send("GET", url, f"reading {record}", headers=_RECORD_HEADERS)
        body: Row = json.loads(response.content, parse_float=Decimal)
        return body

    def create(self, record: str, body: Mapping[str, Any]) -> str:
        """POST a record; its internal id (empty if NetSuite does not say). Sent once: Transient means it may exist."""
        url = f"{self.settings.services}/record/v1/{record}"
        response = self._send(
            "POST", url, f"creating {record}", safe=False, data=orjson.dumps(body), headers=_RECORD_HEADERS
        )
        return response.headers.get("Location", "").rstrip("/").rpartition("/")[2]

    def patch(self, record: str, record_id: str, body: Mapping[str, Any]) -> None:
        """PATCH a record. Sent once: Transient means it may have been done."""
        url = f"{self.settings.services}/record/v1/{record}/{record_id}"
        headers = _RECORD_HEADERS | _STRICT
        self._send("PATCH", url, f"changing {record}", safe=False, data=orjson.dumps(body), headers=headers)

    def _send(self, method: str, url: str, what: str, *, safe: bool = True, **options: Any) -> requests.Response:
        renewed = unexpected = 0
        while True:
            response = self.http.request(method, url, safe=safe, **options)
            if response.status_code < 400:
                return response
            error = errors.parse(response)
            if error.status == 401 and not renewed and self._login.renew(_authorization(response)):
                renewed = 1
            elif error.is_unexpected and safe and unexpected < _AGAIN:
                unexpected += 1
            elif error.is_unexpected and not safe:
                raise Transient(f"{self.connection}: {what}: {error.status} {error.detail}")
            else:
                self.http.counter.add(errors=1)
                raise errors.as_exception(error, self.connection, what)
            self.http.counter.add(retries=1)


def _authorization(response: requests.Response) -> str:
    return str(response.request.headers.get("Authorization", ""))


def _asks_for_later(response: requests.Response) -> bool:
    if response.status_code < 400 or response.status_code in {401, 404}:
        return False
    error = errors.parse(response)
    return error.is_busy or (error.status >= 500 and not error.is_unexpected)


def _page(response: requests.Response) -> Page | None:
    """The page in a response, or None if it is not what SuiteQL promises."""
    try:
        body = orjson.loads(response.content)
        items, total = body["items"], int(body["totalResults"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    return Page(items, total, bool(body.get("hasMore"))) if isinstance(items, list) else None
