"""Who we are to QuickBooks: OAuth 2.0 refresh tokens that rotate, one refresher at a time.

Intuit replaces the refresh token about once a day, and the one before stays good for a short time only. So whatever a refresh gives is
on disk before its access token is used, and a company has one refresher among all processes: who comes second finds the first one's answer.
"""

import logging
import threading
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from requests.auth import AuthBase

from pipelines.connections import Secret
from pipelines.home import Home
from pipelines.http import Http
from pipelines.quickbooks import errors
from pipelines.quickbooks.pace import Pace
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.vault import Grant, of_company
from pipelines.system import Refused, Transient
from pipelines.vault import fingerprint

log = logging.getLogger(__name__)
_RENEW_BEFORE_SECONDS = 120
_AGAIN = 2  # further tries after an answer that is not the JSON it promises
UNVERIFIED = "unverified_email"


def value(secret: Secret) -> str:
    """A secret's value without the line ends that copying leaves."""
    return secret.get_secret_value().strip()


class Tokens:
    """Access tokens of one connection's company. Thread-safe. Raises LinkExpired, Refused (`unverified_email`, ...), Transient."""

    def __init__(self, connection: str, settings: QuickBooksSettings, home: Home, http: Http) -> None:
        self._connection = connection
        self._settings = settings
        self._http = http
        self._vault = of_company(home, settings.realm_id)
        self._grant: Grant | None = None
        self._endpoints: dict[str, str] = {}
        self._lock = threading.Lock()

    def access(self) -> str:
        """A token that is good for some minutes yet."""
        with self._lock:
            if self._grant is None or not _is_good(self._grant):
                with self._vault.alone():
                    known = self._vault.load(self._seed)
                    usable = known is not None and known.verified and _is_good(known)
                    self._grant = known if usable else self._refresh(known)
            assert self._grant is not None
            return self._grant.access_token

    def renew(self, used: str) -> None:
        """A refused access token, replaced: by what another thread or process got meanwhile, or by a refresh."""
        with self._lock, self._vault.alone():
            known = self._vault.load(self._seed)
            fresh = known is not None and known.verified and known.access_token != used and _is_good(known)
            self._grant = known if fresh else self._refresh(known)

    def user_info(self) -> dict[str, Any]:
        """What Intuit says of who consented. An access token that it does not take is refreshed once."""
        token = self.access()
        try:
            return self._user_info(token)
        except Refused:
            self.renew(token)
        return self._user_info(self.access())

    @property
    def _seed(self) -> str:
        return fingerprint(value(self._settings.refresh_token))

    def _refresh(self, known: Grant | None) -> Grant:
        """The next grant, stored before it is given. The first one of a consent is given only if its e-mail address is verified."""
        token = known.refresh_token if known is not None else value(self._settings.refresh_token)
        body = self._token(token)
        lifetime = float(body["expires_in"])
        grant = Grant(
            refresh_token=str(body.get("refresh_token") or token),
            access_token=str(body["access_token"]),
            good_until=time.time() + lifetime - min(_RENEW_BEFORE_SECONDS, lifetime / 2),
            seed=self._seed,
            verified=(known is not None and known.verified) or "openid" not in self._settings.scopes,
        )
        self._vault.store(grant)
        if not grant.verified:
            grant = self._verified(grant)
        return grant

    def _verified(self, grant: Grant) -> Grant:
        info = self._user_info(grant.access_token)
        if is_unverified(info):
            self._vault.forget()
            raise unverified(self._connection, info)
        checked = replace(grant, verified=True)
        self._vault.store(checked)
        return checked

    def _token(self, token: str) -> dict[str, Any]:
        """The token endpoint's answer. A refresh may be asked again: the token before stays good for a while."""
        login = (value(self._settings.client_id), value(self._settings.client_secret))
        form = {"grant_type": "refresh_token", "refresh_token": token}
        headers = {"Accept": "application/json"}
        url = self._endpoint("token_endpoint")
        for attempt in range(_AGAIN + 1):
            response = self._http.request("POST", url, safe=True, data=form, auth=login, headers=headers)
            if response.status_code != 200:
                raise self._refusal(response)
            body = _object(response)
            if body.get("access_token") and body.get("expires_in"):
                return body
            self._http.counter.add(retries=attempt < _AGAIN, errors=1)
        raise Transient(
            f"{self._connection}: the token endpoint's answer is not the JSON it promises. Remedy: sync again."
        )

    def _refusal(self, response: requests.Response) -> Exception:
        error = errors.parse(response)
        said = f"{self._connection}: Intuit refused the token request: {error.words}"
        if error.code == "invalid_grant":
            return errors.LinkExpired(said, errors.RECONSENT, "invalid_login")
        if error.code in {"invalid_client", "unauthorized_client"} or response.status_code in {401, 403}:
            return Refused(
                said, "check client_id, client_secret and environment: they are the app's keys.", "invalid_login"
            )
        return errors.as_exception(error, self._connection, "the token request")

    def _endpoint(self, name: str) -> str:
        if name not in self._endpoints:
            url = self._settings.discovery_url
            response = self._http.request("GET", url, headers={"Accept": "application/json"}, auth=_Nobody())
            if response.status_code != 200:
                raise errors.as_exception(errors.parse(response), self._connection, f"the discovery document {url}")
            document = _object(response)
            self._endpoints = {key: str(found) for key, found in document.items() if key.endswith("_endpoint")}
        found = self._endpoints.get(name, "")
        own = not (self._settings.base_url or self._settings.auth_url)
        if not found or (own and not (urlsplit(found).hostname or "").endswith(".intuit.com")):
            raise Refused(
                f"{self._connection}: {self._settings.discovery_url} names no {name} of Intuit's ({found or 'none'}).",
                "check auth_url and what stands between here and Intuit.", "wrong_endpoint",
            )  # fmt: skip
        return found

    def _user_info(self, access_token: str) -> dict[str, Any]:
        url = self._endpoint("userinfo_endpoint")
        headers = {"Accept": "application/json", "Authorization": f"Bearer {access_token}"}
        response = self._http.request("GET", url, headers=headers, auth=_Nobody())
        if response.status_code in {400, 401, 403}:
            raise Refused(
                f"{self._connection}: Intuit gives no user info: {errors.parse(response).words}",
                f"consent with the scopes {' '.join(self._settings.scopes)}, or take openid out of scopes.", "missing_scope",
            )  # fmt: skip
        if response.status_code != 200:
            raise errors.as_exception(errors.parse(response), self._connection, "user info")
        return _object(response)


class Bearer(AuthBase):
    """Signs a call at the moment it may start."""

    def __init__(self, tokens: Tokens, pace: Pace, batches: Pace) -> None:
        self._tokens, self._pace, self._batches = tokens, pace, batches

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        token = self._tokens.access()
        if urlsplit(str(request.url)).path.endswith("/batch"):  # every try counts, as QuickBooks counts
            self._batches.take()
        self._pace.take()
        request.headers["Authorization"] = f"Bearer {token}"
        return request


class _Nobody(AuthBase):
    """No credentials, and none of a .netrc either."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def is_unverified(info: dict[str, Any]) -> bool:
    """Whether user info says so. Where it says nothing, nothing is held against anyone."""
    said = info.get("emailVerified", info.get("email_verified"))
    return said is not None and str(said).lower() != "true"


def unverified(connection: str, info: dict[str, Any]) -> Refused:
    return Refused(
        f"{connection}: Intuit says that the e-mail address of who connected the company ({info.get('email', 'not told')}) is not verified;"
        " no token was kept.",
        "verify the address in the Intuit account (accounts.intuit.com), then connect the company again.", UNVERIFIED,
    )  # fmt: skip


def _is_good(grant: Grant) -> bool:
    return time.time() < grant.good_until


def _object(response: requests.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
