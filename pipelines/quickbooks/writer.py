"""How QuickBooks accepts an intent: found by our key, else created under a request id made of it.

QuickBooks gives the first answer again when a request id comes again, also when somebody has deleted since what it made. So what a create
gives is what we meant, and is there: an answer about another record is an error, one about a deleted record is asked for under the next id.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pipelines.connections import Connection
from pipelines.http import Counter
from pipelines.quickbooks import deposits, payments, reversals, updates
from pipelines.quickbooks.client import Client
from pipelines.quickbooks.company import Company
from pipelines.quickbooks.diagnosis import explained
from pipelines.quickbooks.errors import Denied, NotFound
from pipelines.quickbooks.keys import request_id
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.transport import Row
from pipelines.system import Intent, Rejected

_FRESH = timedelta(minutes=1)  # a record older than this was made by an earlier request
_GENERATIONS = 5


class QuickBooksWriter:
    """Writes of one connection. Raises Rejected (QuickBooks' words, a 6000 with its diagnosis), Transient (may have happened: find first),
    Refused, CannotFind."""

    def __init__(self, connection: Connection, client: Client | None = None) -> None:
        self._client = client or Client(connection)
        self._settings: QuickBooksSettings = connection.settings
        self._company = Company(self._client)

    @property
    def counter(self) -> Counter:
        return self._client.counter

    def close(self) -> None:
        self._client.close()

    def find(self, intent: Intent) -> str | None:
        """The QuickBooks id of what already carries the intent's key; once a reversal or an update is complete, its record's."""
        match intent.kind:
            case "payment":
                found = payments.find(self._client, self._company, intent)
            case "deposit":
                found = deposits.find(self._client, self._company, intent)
            case "reversal":
                return self._reversal(intent).find()
            case "record_update":
                return updates.find(self._client, intent)
            case _:
                raise _unknown(intent)
        return None if found is None else str(found["Id"])

    def create(self, intent: Intent) -> str:
        """Make the record and return its QuickBooks id."""
        try:
            match intent.kind:
                case "payment":
                    body = payments.body(self._company, self._settings, intent)
                    check = partial(payments.check, self._company, intent)
                    return self._made(intent, payments.ENTITY, intent.key, body, check)
                case "deposit":
                    body = deposits.body(self._client, self._company, self._settings, intent)
                    check = partial(deposits.check, self._company, intent)
                    return self._made(intent, deposits.ENTITY, intent.key, body, check)
                case "reversal":
                    make = partial(self._made, intent, reversals.ENTITY)
                    return self._reversal(intent).create(make)
                case "record_update":
                    return updates.create(self._client, intent)
        except Denied as denied:
            raise explained(denied) from denied
        raise _unknown(intent)

    def _reversal(self, intent: Intent) -> reversals.Reversal:
        return reversals.Reversal(self._client, self._company, self._settings, intent)

    def _made(
        self, intent: Intent, entity: str, key: str, body: Mapping[str, Any], check: Callable[[Row], None]
    ) -> str:
        """The id of the record that the create under a key made, and that is there. A reversal makes several, each under a key of its own."""
        after = ""
        for _generation in range(_GENERATIONS):
            made = self._client.create(entity, body, request_id(key, after))
            if self._is_new(made) or self._is_there(entity, str(made["Id"])):
                check(made)
                return str(made["Id"])
            after = str(made["Id"])
        raise Rejected(
            f"{intent.connection}: {key} was created {_GENERATIONS} times and each time deleted in QuickBooks; nothing was written."
        )

    def _is_new(self, made: Row) -> bool:
        now = self._client.server_time
        try:
            born = datetime.fromisoformat(str((made.get("MetaData") or {}).get("CreateTime")))
        except ValueError:
            return False
        return now is not None and born.tzinfo is not None and now - born.astimezone(UTC) < _FRESH

    def _is_there(self, entity: str, record_id: str) -> bool:
        try:
            found = self._client.read(entity, record_id)
        except NotFound:
            return False
        return str(found.get("status", "")).lower() != "deleted"


def _unknown(intent: Intent) -> Rejected:
    return Rejected(
        f"{intent.connection}: QuickBooks connections write payment, deposit, reversal and record_update, not {intent.kind}."
    )
