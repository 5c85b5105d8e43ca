"""The QuickBooks Online client: query, change data capture, batches of queries, reports, and writes by request id."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.http import READ_TIMEOUT, Counter
from pipelines.quickbooks import errors, exact
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.tokens import Tokens
from pipelines.quickbooks.transport import Row, Transport
from pipelines.system import Transient

PAGE_ROWS, CDC_OBJECTS = 1000, 1000
_BATCH_ITEMS = 30
_JSON_HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
_TEXT_HEADERS = {"Accept": "application/json", "Content-Type": "application/text"}


class Client:
    """One connection's client. Thread-safe. Nothing is sent before the first call; the home's other clients of the connection count
    towards its limits, also in other processes.

    Raises Refused (login, scope, company), Denied (QuickBooks' own words; NotFound, Stale, Deposited), Transient (no answer, or "later").
    """

    def __init__(self, connection: Connection, home: Home | None = None, *, patience: float = READ_TIMEOUT) -> None:
        self.connection = connection.name
        self.settings: QuickBooksSettings = connection.settings
        self.rows = 0
        self._transport = Transport(connection, home, patience=patience)
        self._ask = self._transport.ask

    @property
    def server_time(self) -> datetime | None:
        """QuickBooks' own clock at its last answer."""
        return self._transport.server_time

    @property
    def counter(self) -> Counter:
        return self._transport.http.counter

    @property
    def tokens(self) -> Tokens:
        return self._transport.tokens

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    # Reading

    def query(self, statement: str) -> list[Row]:
        """The rows of one query: at most 1,000, so say STARTPOSITION and MAXRESULTS."""
        body = self._ask("POST", "query", "the query", data=statement.encode(), headers=_TEXT_HEADERS)
        return self._rows(body.get("QueryResponse"))

    def count(self, statement: str) -> int:
        """The number that a `SELECT COUNT(*)` gives."""
        body = self._ask("POST", "query", "the count", data=statement.encode(), headers=_TEXT_HEADERS)
        return int(_object(body.get("QueryResponse")).get("totalCount", 0))

    def queries(self, statements: Sequence[str]) -> Iterator[Row]:
        """The `QueryResponse` of each of any number of queries, in order, thirty to a request. Raises Denied if one is refused."""
        for start in range(0, len(statements), _BATCH_ITEMS):
            yield from self._batch(statements[start : start + _BATCH_ITEMS])

    def _batch(self, statements: Sequence[str]) -> list[Row]:
        items = [{"bId": str(number), "Query": statement} for number, statement in enumerate(statements)]
        body = self._ask(
            "POST",
            "batch",
            "a batch of queries",
            data=exact.encoded({"BatchItemRequest": items}),
            headers=_JSON_HEADERS,
        )
        found: dict[str, Row] = {}
        for item in _objects(body.get("BatchItemResponse")):
            if "Fault" in item:
                raise errors.as_exception(
                    errors.of_fault(_object(item["Fault"])), self.connection, "a batch of queries"
                )
            found[str(item.get("bId"))] = _object(item.get("QueryResponse"))
        missing = [str(number) for number in range(len(statements)) if str(number) not in found]
        if missing:
            raise Transient(f"{self.connection}: a batch of {len(statements)} queries left {len(missing)} unanswered.")
        self.rows += sum(len(entity_rows(answer)) for answer in found.values())
        return [found[str(number)] for number in range(len(statements))]

    def changes(self, entities: Iterable[str], since: datetime) -> dict[str, list[Row]]:
        """What change data capture tells of each entity since an instant, deletions among it. 1,000 objects in all may be fewer than there are."""
        params = {"entities": ",".join(entities), "changedSince": since.astimezone(UTC).isoformat(timespec="seconds")}
        body = self._ask("GET", "cdc", "change data capture", params, headers=_JSON_HEADERS)
        found: dict[str, list[Row]] = {}
        for answer in _objects(body.get("CDCResponse")):
            for part in [answer, *_objects(answer.get("QueryResponse"))]:
                if "Fault" in part:
                    raise errors.as_exception(
                        errors.of_fault(_object(part["Fault"])), self.connection, "change data capture"
                    )
            for part in _objects(answer.get("QueryResponse")):
                for name, rows in part.items():
                    if isinstance(rows, list):
                        found.setdefault(name, []).extend(rows)
        self.rows += sum(map(len, found.values()))
        return found

    def read(self, entity: str, record_id: str) -> Row:
        """One object by id. Raises NotFound."""
        body = self._ask("GET", f"{entity.lower()}/{record_id}", f"reading {entity}", headers=_JSON_HEADERS)
        return _object(body.get(entity))

    def exchange_rate(self, code: str, day: str) -> Row:
        """The rate of a foreign currency that holds on a day (`YYYY-MM-DD`), in home currency per unit."""
        params = {"sourcecurrencycode": code, "asofdate": day}
        body = self._ask("GET", "exchangerate", "the exchange rate", params, headers=_JSON_HEADERS)
        return _object(body.get("ExchangeRate"))

    def report(self, name: str, params: Mapping[str, str]) -> Row:
        """A report as QuickBooks lays it out: Header, Columns, Rows."""
        return self._ask("GET", f"reports/{name}", f"the report {name}", params, headers=_JSON_HEADERS)

    # Writing

    def create(self, entity: str, body: Mapping[str, Any], request_id: str) -> Row:
        """The object QuickBooks made, or made before under this request id. Sent once: Transient means it may exist."""
        return self._write(entity, body, {"requestid": request_id}, f"creating {entity}")

    def update(self, entity: str, body: Mapping[str, Any], request_id: str) -> Row:
        """A full update, unless the body is `sparse`: what it leaves out is cleared. Raises Stale, Deposited. Sent once: Transient means it may have been done."""
        return self._write(entity, body, {"requestid": request_id}, f"changing {entity}")

    def delete(self, entity: str, record_id: str, sync_token: str, request_id: str) -> Row:
        """Delete a transaction. Sent once."""
        body = {"Id": record_id, "SyncToken": sync_token}
        return self._write(entity, body, {"operation": "delete", "requestid": request_id}, f"deleting {entity}")

    def _write(self, entity: str, body: Mapping[str, Any], params: Mapping[str, str], what: str) -> Row:
        data = exact.encoded(body)
        answer = self._ask("POST", entity.lower(), what, params, safe=False, data=data, headers=_JSON_HEADERS)
        found = _object(answer.get(entity))
        if not found.get("Id"):
            raise Transient(f"{self.connection}: {what}: QuickBooks' answer names no {entity}.")
        return found

    def _rows(self, answer: Any) -> list[Row]:
        rows = entity_rows(_object(answer))
        self.rows += len(rows)
        return rows


def entity_rows(answer: Row) -> list[Row]:
    """The objects in a `QueryResponse`; there is no key at all when there are none."""
    return next((_objects(rows) for rows in answer.values() if isinstance(rows, list)), [])


def total(answer: Row) -> int:
    return int(answer.get("totalCount", 0))


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Row]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
