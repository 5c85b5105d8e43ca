"""Who calls: OAuth 1.0a token-based authentication and OAuth 2.0 client credentials with a certificate.

Every failure looks the same to the caller; the reason goes to the account's login audit trail, as in NetSuite. Signatures and tokens are
judged by the real clock, since a client signs with its own.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import deque
from typing import Any

import jwt

from .credentials import Certificate, Credentials, Token, public_key
from .errors import ApiError, login_failed
from .roles import OAUTH2_LOGIN, TOKEN_LOGIN, Role
from .signatures import parse_header, sign, signature_base

__all__ = ["Certificate", "Credentials", "Gate", "Token", "sign", "signature_base"]

WINDOW = 300
ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_LIMIT = "This user has exceeded the number of active access tokens for this role."
_REQUIRED = (
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
)


class Gate:
    """The login of one account: checks requests, mints access tokens, keeps the audit trail."""

    def __init__(self, account_id: str, credentials: Credentials, role: Role) -> None:
        self.account_id, self.credentials, self.role = account_id, credentials, role
        self.audit: deque[dict[str, Any]] = deque(maxlen=10_000)
        self._seen: dict[tuple[str, str], float] = {}
        self._bearer: dict[str, tuple[Certificate, float]] = {}
        self._lock = threading.Lock()

    def check(self, method: str, url: str, authorization: str | None) -> None:
        """Let a request pass or raise ApiError 401."""
        scheme, _, rest = (authorization or "").partition(" ")
        bearer = scheme.lower() == "bearer"
        if bearer:
            reason, who = self._check_bearer(rest.strip())
        elif scheme.lower() == "oauth":
            reason, who = self._check_oauth1(method, url, parse_header(rest))
        else:
            reason, who = "permission_denied", ""
        if reason is None and self.credentials.token_limit_exceeded:
            reason = "token_limit_exceeded"
        self._note(reason, who, "OAuth 2.0" if bearer else "TBA")
        if reason == "token_limit_exceeded":
            raise ApiError(401, "INVALID_LOGIN", TOKEN_LIMIT)
        if reason is not None:
            challenge = (
                f'Bearer realm="{self.account_id}", error="invalid_token", error_description="Invalid login attempt."'
            )
            raise login_failed({"WWW-Authenticate": challenge} if bearer else None)

    def expire(self) -> None:
        """Let every OAuth 2.0 access token expire now."""
        with self._lock:
            self._bearer.clear()

    def _check_oauth1(self, method: str, url: str, given: dict[str, str]) -> tuple[str | None, str]:
        who = given.get("oauth_token", "")
        missing = [name for name in _REQUIRED if not given.get(name)]
        if missing or given.get("realm") != self.account_id:
            return ("parameter_absent" if missing else "realm_rejected"), who
        if given.get("oauth_version", "1.0") != "1.0":
            return "VersionRejected", who
        if given["oauth_signature_method"] != "HMAC-SHA256":
            return "UnknownAlgorithm", who
        if not given["oauth_timestamp"].isdigit() or abs(int(given["oauth_timestamp"]) - time.time()) > WINDOW:
            return "InvalidTimestamp", who
        integration = [token for token in self.credentials.tokens if token.consumer_key == given["oauth_consumer_key"]]
        if not integration:
            return "consumer_key_unknown", who
        token = next((held for held in integration if held.token_id == who), None)
        if token is None or token.revoked:
            return "token_rejected", who
        if not token.enabled:
            return "consumer_key_refused", who
        expected = sign(signature_base(method, url, given), token.consumer_secret, token.token_secret)
        if not hmac.compare_digest(expected, given["oauth_signature"]):
            return "InvalidSignature", who
        if len(given["oauth_nonce"]) < 6 or not self._first_use(who, given["oauth_nonce"] + given["oauth_timestamp"]):
            return "NonceUsed", who
        return (None if self.role.may(TOKEN_LOGIN) else "permission_denied"), who

    def _first_use(self, token: str, nonce: str) -> bool:
        now = time.monotonic()
        with self._lock:
            if len(self._seen) > 50_000:
                self._seen = {key: at for key, at in self._seen.items() if now - at < 2 * WINDOW}
            return self._seen.setdefault((token, nonce), now) == now

    def _check_bearer(self, text: str) -> tuple[str | None, str]:
        with self._lock:
            certificate, until = self._bearer.get(text, (None, 0.0))
        if certificate is None or until < time.time():
            return "token_rejected", ""
        if certificate.revoked or not certificate.enabled:
            return "consumer_key_refused", certificate.client_id
        return (None if self.role.may(OAUTH2_LOGIN) else "permission_denied"), certificate.client_id

    def mint(self, url: str, form: dict[str, str]) -> tuple[int, dict[str, str]]:
        """The token endpoint: (status, body). `url` is the endpoint as the client addressed it; the assertion's `aud` must be it."""
        error, who = self._refuse_assertion(url, form)
        self._note(error, who, "OAuth 2.0")
        if error == "token_limit_exceeded":
            return 400, {"error": "invalid_request", "error_description": TOKEN_LIMIT}
        if error is not None:
            return 400, {"error": error}
        certificate = self._certificate(jwt.get_unverified_header(form["client_assertion"]).get("kid"))
        assert certificate is not None
        token = secrets.token_urlsafe(48)
        with self._lock:
            self._bearer[token] = (certificate, time.time() + self.credentials.token_lifetime)
        return 200, {
            "access_token": token,
            "expires_in": str(self.credentials.token_lifetime),
            "token_type": "bearer",
        }

    def _certificate(self, key: object) -> Certificate | None:
        return next((held for held in self.credentials.certificates if held.certificate_id == key), None)

    def _refuse_assertion(self, url: str, form: dict[str, str]) -> tuple[str | None, str]:
        if form.get("grant_type") != "client_credentials":
            return ("unsupported_grant_type" if form.get("grant_type") else "invalid_request"), ""
        if form.get("client_assertion_type") != ASSERTION or not form.get("client_assertion"):
            return "invalid_request", ""
        try:
            head = jwt.get_unverified_header(form["client_assertion"])
            certificate = self._certificate(head.get("kid"))
            if (
                certificate is None
                or certificate.revoked
                or not certificate.enabled
                or head.get("alg") not in ALGORITHMS
            ):
                return "invalid_client", ""
            claims = jwt.decode(
                form["client_assertion"],
                public_key(certificate.public_key),
                algorithms=list(ALGORITHMS),
                audience=url,
                issuer=certificate.client_id,
                leeway=60,
                options={"require": ["iss", "aud", "iat", "exp"]},
            )
        except (
            jwt.InvalidSignatureError,
            jwt.InvalidIssuerError,
            jwt.InvalidKeyError,
            jwt.InvalidAlgorithmError,
        ):
            return "invalid_client", ""
        except jwt.PyJWTError:
            return "invalid_grant", ""
        who = certificate.client_id
        scope = claims.get("scope", [])
        if claims["exp"] - claims["iat"] > 3600:
            return "invalid_grant", who
        if "rest_webservices" not in (scope.replace(",", " ").split() if isinstance(scope, str) else scope):
            return "invalid_request", who
        return ("token_limit_exceeded" if self.credentials.token_limit_exceeded else None), who

    def _note(self, reason: str | None, who: str, kind: str) -> None:
        self.audit.append(
            {
                "at": time.time(),
                "status": "Success" if reason is None else "Failure",
                "detail": reason or "",
                "who": who,
                "kind": kind,
            }
        )
