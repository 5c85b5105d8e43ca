"""Who we are to NetSuite: OAuth 1.0a signatures and OAuth 2.0 client-credential tokens, as `requests` authentication.

Signing happens when a request is sent, so every retry is signed anew (a repeated nonce is refused).
"""

import logging
import threading
import time
from pathlib import Path
from typing import Protocol

import jwt
import orjson
import requests
from requests.auth import AuthBase
from requests_oauthlib import OAuth1

from pipelines.connections import Secret
from pipelines.http import Http
from pipelines.netsuite import errors
from pipelines.netsuite.budget import DailyBudget
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.system import NotConfigured, Refused

for _chatty in ("oauthlib", "requests_oauthlib"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)  # at DEBUG they log keys, signatures and headers

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 1800  # NetSuite takes at most 3600
_RENEW_BEFORE_SECONDS = 120


def value(secret: Secret | None) -> str:
    """A secret's value without the line ends that copying leaves; the settings have made sure that it is set."""
    if secret is None:
        raise NotConfigured("A NetSuite credential is not set.")
    return secret.get_secret_value().strip()


class Signature(AuthBase):
    """OAuth 1.0a with HMAC-SHA256. The realm keeps the underscore of a sandbox's account id."""

    def __init__(self, settings: NetSuiteSettings) -> None:
        self._oauth = OAuth1(
            value(settings.consumer_key),
            client_secret=value(settings.consumer_secret),
            resource_owner_key=value(settings.token_id),
            resource_owner_secret=value(settings.token_secret),
            signature_method="HMAC-SHA256",
            realm=settings.account_id,
        )

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        signed: requests.PreparedRequest = self._oauth(request)
        return signed

    def renew(self, used: str) -> bool:
        """Tokens do not expire by themselves: a refused one stays refused."""
        return False


class Bearer(AuthBase):
    """An access token, minted when first needed, again before it expires, and once after a 401."""

    def __init__(self, connection: str, settings: NetSuiteSettings, http: Http) -> None:
        self._connection = connection
        self._settings = settings
        self._http = http
        self._url = f"{settings.services}/auth/oauth2/v1/token"
        self._token = ""
        self._good_until = 0.0
        self._lock = threading.Lock()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._mint()
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def renew(self, used: str) -> bool:
        """Mint again after a 401 that answered the header `used`, unless another thread has; True: try once more."""
        with self._lock:
            if used == f"Bearer {self._token}":
                self._mint()
        return True

    def _mint(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._assertion(),
        }
        response = self._http.request("POST", self._url, safe=True, data=form)
        if response.status_code != 200:
            error = errors.parse(response)
            if error.code == "invalid_request" and errors.TOKEN_LIMIT not in error.detail:
                raise Refused(
                    f"{self._connection}: NetSuite refused the token request: {error.detail}",
                    "check certificate_id, that the certificate has not ended, and this machine's clock.", "invalid_login",
                )  # fmt: skip
            raise errors.as_exception(error, self._connection, "the token request")
        body = orjson.loads(response.content)
        self._token = str(body["access_token"])
        self._good_until = time.monotonic() + max(0, int(body["expires_in"]) - _RENEW_BEFORE_SECONDS)

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "iss": value(self._settings.client_id),
            "scope": ["rest_webservices"],
            "aud": self._url,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        header = {"kid": value(self._settings.certificate_id)}
        try:
            return jwt.encode(claims, self._private_key(), algorithm=self._settings.algorithm, headers=header)
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise NotConfigured(
                f"{self._connection}: the private key cannot sign with {self._settings.algorithm} ({type(error).__name__})."
                " Remedy: give the PEM key that belongs to the certificate uploaded to NetSuite, and its algorithm."
            ) from None

    def _private_key(self) -> str:
        if self._settings.private_key is not None:
            return value(self._settings.private_key).replace("\\n", "\n")
        path = Path(str(self._settings.private_key_file))
        try:
            return path.read_text("utf-8")
        except OSError as error:
            raise NotConfigured(
                f"{self._connection}: private_key_file {path} cannot be read ({error.strerror})."
            ) from None


class Login(Protocol):
    """Signs a request; `renew` says whether a 401 to the header `used` is worth one more try."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest: ...
    def renew(self, used: str) -> bool: ...


class Metered(AuthBase):
    """Counts every attempt, retries and token requests among them, against the daily budget just before it is signed, if it is."""

    def __init__(self, budget: DailyBudget, login: Login | None = None) -> None:
        self._login = login
        self._budget = budget

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._budget.take()
        return self._login(request) if self._login else request
