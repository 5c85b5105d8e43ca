"""Reading from one Stripe account through the official library, within a rate budget, and without a float on the way.

The library does not retry 429 by itself, and parses numbers as floats; so the bodies are parsed here, and "later" is waited for here.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import stripe
import tenacity

from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.http import Budget, Counter
from pipelines.stripe.consent import Consent
from pipelines.stripe.keys import Access, AccountKey
from pipelines.stripe.settings import StripeSettings
from pipelines.system import Rejected, TieoutError, Transient

# Else the library writes an id below the home folder and sends platform data.
stripe.enable_telemetry = False
# Else it writes whole bodies into a debug log, with what customers pay by.
logging.getLogger("stripe").setLevel(logging.WARNING)

log = logging.getLogger(__name__)
_PAGE = 100
_ATTEMPTS = 8
_TIMEOUT = (10.0, 80.0)


@dataclass(frozen=True)
class Answer:
    """A parsed body (floats as text) and the server's time."""

    body: dict[str, Any]
    at: datetime


class NotFound(Rejected):
    """Stripe has no such object."""


class StripeReader:
    """GET requests of one connection. Raises Refused (key, permission), NotFound, Rejected (Stripe's words) and Transient.

    Nothing is sent before the first one; an access token that ended is renewed once for it, for all processes of the home.
    """

    def __init__(
        self,
        connection: Connection,
        home: Home | None = None,
        *,
        max_wait: float = 30.0,
        attempts: int = _ATTEMPTS,
        patience: float = _TIMEOUT[1],
    ) -> None:
        settings: StripeSettings = connection.settings
        self._name = connection.name
        self._max_wait, self._attempts = max_wait, attempts
        self._budget = Budget(settings.concurrent_requests, settings.requests_per_second)
        self.counter = Counter()
        self._access: Access = (
            AccountKey(connection)
            if settings.api_key is not None
            else Consent(connection, home, counter=self.counter, patience=patience)
        )
        self._client = stripe.StripeClient(
            "given with every request",
            base_addresses={"api": settings.base_url},
            max_network_retries=2 if attempts > 1 else 0,
            http_client=stripe.RequestsClient(timeout=(min(_TIMEOUT[0], patience), patience)),
        )

    def get(self, path: str, **params: Any) -> Answer:
        """One GET, repeated while Stripe says "later", answers half a page or does not answer."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Transient),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=self._max_wait),
            stop=tenacity.stop_after_attempt(self._attempts),
            before_sleep=lambda state: self.counter.add(retries=1),
            reraise=True,
        )
        return retrying(self._once, path, params)

    def _once(self, path: str, params: dict[str, Any], *, renewed: bool = False) -> Answer:
        key = self._access.key()
        self.counter.add(calls=1)
        try:
            with self._budget.slot():
                response = self._client.raw_request("get", path, api_key=key, **params)
            body = json.loads(response.body, parse_float=str)
        except (stripe.StripeError, ValueError) as error:
            if _is_refused(error) and not renewed and self._access.renew(key):
                self.counter.add(retries=1)
                return self._once(path, params, renewed=True)
            raise self._meaning(error, path) from None
        if not isinstance(body, dict) or "object" not in body:
            raise Transient(f"{self._name}: GET {path} answered with something that is no Stripe object")
        log.debug("%s GET %s -> %s", self._name, path, response.code)
        return Answer(body, _server_time(response.headers))

    def _meaning(self, error: Exception, path: str) -> TieoutError:
        if _is_refused(error):
            return self._access.refusal(_words(error))
        if isinstance(error, stripe.PermissionError):
            return self._access.forbidden(path, _permission(path), _words(error))
        if isinstance(error, stripe.InvalidRequestError):
            kind = NotFound if error.http_status == 404 or error.code == "resource_missing" else Rejected
            return kind(f"{self._name}: GET {path}: {_words(error)}")
        self.counter.add(errors=1)
        return Transient(f"{self._name}: GET {path}: {type(error).__name__}: {str(error)[:300]}")

    def pages(self, path: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
        """Every page of a list, newest first, all filters kept on each."""
        cursor: dict[str, Any] = {}
        while True:
            body = self.get(path, limit=_PAGE, **params, **cursor).body
            items = body.get("data")
            if not isinstance(items, list) or (body.get("has_more") and not items):
                raise Transient(f"{self._name}: GET {path} answered with half a list")
            if items:
                yield items
            if not body.get("has_more"):
                return
            if cursor.get("starting_after") == items[-1]["id"]:
                raise Transient(f"{self._name}: GET {path} repeats the page after {items[-1]['id']}")
            cursor = {"starting_after": items[-1]["id"]}

    def retrieve(self, path: str) -> dict[str, Any] | None:
        """One object, or None if Stripe has none by that id."""
        try:
            return self.get(path).body
        except NotFound:
            return None


def _server_time(headers: Any) -> datetime:
    """The server's clock; ours only if it sends none."""
    try:
        return parsedate_to_datetime(str(headers["date"])).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)


def _is_refused(error: Exception) -> bool:
    """Whether the key itself was not taken. A platform's may be told of as a missing permission."""
    if isinstance(error, stripe.PermissionError):
        return getattr(error.error, "code", None) == "platform_api_key_expired"
    return isinstance(error, stripe.AuthenticationError)


def _words(error: Exception) -> str:
    return str(getattr(error, "user_message", None) or error)


_PERMISSIONS = {
    "balance": "Read on Balance",
    "balance_transactions": "Read on Balance transactions",
    "payouts": "Read on Payouts",
    "charges": "Read on Charges and refunds",
    "refunds": "Read on Charges and refunds",
    "payment_intents": "Read on PaymentIntents",
    "customers": "Read on Customers",
    "disputes": "Read on Disputes",
    "events": "Read on Events",
    "account": "Read on Account",
}


def _permission(path: str) -> str:
    """The permission that a path needs, in the words of the Dashboard."""
    return _PERMISSIONS.get(path.removeprefix("/v1/").partition("/")[0], f"the permission to read {path}")
