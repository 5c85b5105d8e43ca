"""Who we are to Stripe by consent: an access token that the account's owner granted to a platform (Connect OAuth).

An access token does not end by itself, but a refresh revokes the one before. So all processes of a home share it, and one of them
refreshes. Tokens are asked for without the library, which logs bodies; and Stripe's refusals quote what they refuse, so that is blanked.
"""

import threading
from dataclasses import dataclass, replace
from typing import Any, NoReturn
from urllib.parse import urlencode

import orjson
import requests

from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.http import READ_TIMEOUT, Budget, Counter, Http
from pipelines.stripe.keys import refuse_other_mode
from pipelines.stripe.settings import StripeSettings
from pipelines.system import NotConfigured, Refused, Transient
from pipelines.vault import Grant, Vault, fingerprint

_SCOPE = "read_only"


@dataclass(frozen=True, repr=False)
class AccountGrant(Grant):
    """`code` is the print of the last authorization code that was sent: a second use would revoke everything. Its tokens may be empty;
    the access token is of `mode` and `account`."""

    code: str = ""
    mode: str = ""
    account: str = ""


class Consent:
    """The tokens of one connection. Raises Refused (`invalid_login`, `wrong_mode`, `wrong_account`, `wrong_key`) and Transient."""

    def __init__(
        self,
        connection: Connection,
        home: Home | None = None,
        *,
        counter: Counter | None = None,
        patience: float = READ_TIMEOUT,
    ) -> None:
        settings: StripeSettings = connection.settings
        assert settings.platform_key is not None
        self._name, self._settings = connection.name, settings
        self._platform_key = settings.platform_key.get_secret_value().strip()
        refuse_other_mode(connection.name, self._platform_key, settings.mode)
        self._given = _given(settings)
        self._vault = Vault(home or Home.current(), f"stripe_{self._name}", f"Stripe {self._name}", AccountGrant)
        self._http = Http(self._name, budget=Budget(1), attempts=1, read_timeout=patience)  # who reads asks again
        self._http.counter = counter or self._http.counter
        self._grant: AccountGrant | None = None
        self._lock = threading.Lock()

    def key(self) -> str:
        with self._lock:
            if self._grant is None:
                with self._vault.alone():
                    known = self._known()
                    self._grant = known if known.access_token else self._refreshed(known)
            return self._grant.access_token

    def renew(self, refused: str) -> bool:
        """By what another thread or process got meanwhile, or by a refresh. Raises Refused when the consent is gone."""
        with self._lock, self._vault.alone():
            known = self._known()
            self._grant = known if known.access_token not in ("", refused) else self._refreshed(known)
        return True

    def exchange(self, code: str) -> str:
        """The account that a consent was given for, its tokens kept. A code is sent once: Stripe revokes the link at its second use."""
        used = fingerprint(code)
        with self._lock, self._vault.alone():
            known = self._known()
            if known.code == used:
                raise Refused(
                    f"{self._name}: this code was sent already, and Stripe revokes the link at its second use.",
                    f"`tieout check {self._name}`; if it is not Active, {self._again}",
                    "used_code",
                )
            self._vault.store(replace(known, code=used))
            try:
                body = self._ask({"grant_type": "authorization_code", "code": code}, safe=False)
            except Transient as error:
                raise Transient(
                    f"{error} Whether Stripe took the code is not known. Remedy: {self._again}, with a new code."
                ) from None
            self._grant = self._accepted(body, replace(known, code=used))
            self._vault.store(self._grant)
            return str(body["stripe_user_id"])

    def refusal(self, words: str) -> Refused:
        return Refused(f"{self._name}: Stripe refused the access token: {words}", self._again, "invalid_login")

    def forbidden(self, path: str, permission: str, words: str) -> Refused:
        said = f"{self._name}: the owner's consent does not let us read {path} ({permission}): {words}"
        return Refused(said, self._again, "missing_permission")

    @property
    def _again(self) -> str:
        if self._settings.client_id is None:
            return "consent again, and put the new refresh token into the variable that refresh_token names"
        return f"connect the account again: `tieout connect {self._name}`"

    def _known(self) -> AccountGrant:
        """What is stored, unless another refresh token was configured since; else what is configured."""
        seed, settings = fingerprint(self._given), self._settings
        known = self._vault.load(seed if self._given else None) or AccountGrant(self._given, "", seed)
        if known.mode != settings.mode or settings.account_id not in (
            None,
            known.account,
        ):  # as set when it was asked for
            return replace(known, access_token="")
        return known

    def _refreshed(self, known: AccountGrant) -> AccountGrant:
        """May be asked again after a lost answer: the refresh token stays good."""
        if not known.refresh_token and self._settings.refresh_token is not None:
            self._settings.refresh_token.get_secret_value()  # says which variable is not set
        if not known.refresh_token:
            raise Refused(f"{self._name}: nobody has consented yet.", f"`tieout connect {self._name}`", "invalid_login")
        form = {"grant_type": "refresh_token", "refresh_token": known.refresh_token, "scope": _SCOPE}
        grant = self._accepted(self._ask(form, safe=True), known)
        self._vault.store(grant)
        return grant

    def _accepted(self, body: dict[str, Any], known: AccountGrant) -> AccountGrant:
        """The answer's tokens, if they are of this connection's mode and account. Nothing of another's is kept."""
        settings = self._settings
        mode, account = "live" if body.get("livemode") else "test", body.get("stripe_user_id")
        if mode != settings.mode:
            remedy = f"use the platform's {settings.mode} key and client_id, or set mode = {mode!r}"
            raise Refused(
                f"{self._name}: the consent is of {mode} mode, and mode is {settings.mode!r}.", remedy, "wrong_mode"
            )
        if settings.account_id not in (None, account):
            raise Refused(
                f"{self._name}: the consent is for {account}, and account_id is {settings.account_id}.",
                f"consent as {settings.account_id} (`tieout connect {self._name}`), or set account_id to {account}",
                "wrong_account",
            )
        token = str(body.get("refresh_token") or known.refresh_token)
        return replace(
            known, refresh_token=token, access_token=str(body["access_token"]), mode=mode, account=str(account)
        )

    def _ask(self, form: dict[str, str], *, safe: bool) -> dict[str, Any]:
        """The token endpoint's answer."""
        url = f"{self._settings.connect_url}/oauth/token"
        response = self._http.request("POST", url, safe=safe, data=form, auth=(self._platform_key, ""))
        body = _object(response)
        if response.status_code == 200 and body.get("access_token") and body.get("stripe_user_id"):
            return body
        if response.status_code < 400 or not body:
            raise Transient(
                f"{self._name}: the answer of {url} (HTTP {response.status_code}) is not the JSON it promises."
            )
        self._refuse(body, list(form.values()))

    def _refuse(self, body: dict[str, Any], sent: list[str]) -> NoReturn:
        error = body.get("error")  # OAuth's form; the API's own where the key is no key at all
        code = str(error.get("type") if isinstance(error, dict) else error)
        words = str(error.get("message") if isinstance(error, dict) else body.get("error_description", ""))
        for secret in (*sent, self._platform_key):
            words = words.replace(secret, "***")
        said = f"{self._name}: Stripe gives no token: {code}: {words}"
        if code in ("invalid_grant", "invalid_request"):
            raise Refused(said, self._again, "invalid_login")
        if code == "invalid_scope":
            raise Refused(said, f"{self._again}, so that it may at least read", "missing_permission")
        remedy = (
            "put the platform's current secret key, of the connection's mode, into the variable that platform_key names"
        )
        raise Refused(said, remedy, "wrong_key")


def connect(connection: Connection, code: str | None) -> str:
    """The address where the account's owner consents; with the code that it ends with, what is connected now."""
    settings: StripeSettings = connection.settings
    if settings.client_id is None:
        raise NotConfigured(
            f"{connection.name}: a link to consent needs client_id and platform_key, instead of api_key. Remedy: docs/systems/stripe.md."
        )
    if code is not None:
        return f"{connection.name}: connected to {Consent(connection).exchange(code.strip())} ({settings.mode})."
    query = {"response_type": "code", "client_id": settings.client_id, "scope": _SCOPE, "state": connection.name}
    return f"{settings.connect_url}/oauth/authorize?{urlencode(query)}"


def _given(settings: StripeSettings) -> str:
    """The configured refresh token; empty where there is none (yet)."""
    try:
        return settings.refresh_token.get_secret_value().strip() if settings.refresh_token else ""
    except NotConfigured:
        return ""


def _object(response: requests.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
