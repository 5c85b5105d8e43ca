"""OAuth 2.0 as Intuit does it: discovery, authorize, token, revoke, user info."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .credentials import OPENID, SCOPES, Credentials, Grant
from .realm import Realm

TOKEN, REVOKE, USER_INFO, AUTHORIZE = (
    "/oauth2/v1/tokens/bearer",
    "/v2/oauth2/tokens/revoke",
    "/v1/openid_connect/userinfo",
    "/connect/oauth2",
)
DISCOVERY, JWKS = "/.well-known/openid_configuration", "/op/v1/jwks"


class OAuth:
    """The endpoints, over the credentials of all companies."""

    def __init__(self, realms: Iterable[Realm]) -> None:
        self.realms = tuple(realms)

    async def discovery(self, request: Request) -> Response:
        base = f"{request.url.scheme}://{request.headers.get('host', '')}{request.scope.get('root_path', '')}"
        return _json({
            "issuer": f"{base}/op/v1", "authorization_endpoint": base + AUTHORIZE, "token_endpoint": base + TOKEN, "userinfo_endpoint": base + USER_INFO,
            "revocation_endpoint": base + REVOKE, "jwks_uri": base + JWKS, "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": list(SCOPES),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
        })  # fmt: skip

    async def jwks(self, _: Request) -> Response:
        return _json({"keys": []})

    async def authorize(self, request: Request) -> Response:
        """A person who always agrees. `realmId` picks the company (default: the first of this app)."""
        query = request.query_params
        wanted = query.get("realmId")
        realm = next(
            (
                one
                for one in self.realms
                if one.credentials.client_id == query.get("client_id") and wanted in (None, one.company.realm_id)
            ),
            None,
        )
        redirect = query.get("redirect_uri")
        if (
            realm is None
            or redirect is None
            or query.get("response_type") != "code"
            or not query.get("scope")
            or not query.get("state")
        ):
            return _error("invalid_request", "The request is missing a parameter or names an unknown app.")
        realm.credentials.scopes = tuple(query["scope"].split())
        answer = {
            "code": realm.credentials.authorize(redirect),
            "state": query["state"],
            "realmId": realm.company.realm_id,
        }
        return RedirectResponse(f"{redirect}?{urlencode(answer)}", 302)

    async def token(self, request: Request) -> Response:
        """Exchange a code or a refresh token. The client authenticates with Basic."""
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return _error("invalid_request", "The body must be application/x-www-form-urlencoded.")
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        mine = self._of(request)
        if not mine:
            return _error("invalid_client", "Unknown client or wrong secret", 401)
        kind, token = form.get("grant_type"), form.get("refresh_token") or form.get("code")
        if kind not in ("refresh_token", "authorization_code"):
            return _error("unsupported_grant_type", "The grant type is not supported.")
        if not token:
            return _error("invalid_request", "The token is missing.")
        for credentials in mine:
            grant = (
                credentials.refresh(token)
                if kind == "refresh_token"
                else credentials.exchange(token, form.get("redirect_uri", ""))
            )
            if grant is not None:
                return _json(_granted(grant))
        return _error(
            "invalid_grant",
            "Incorrect or invalid refresh token" if kind == "refresh_token" else "Invalid authorization code",
        )

    async def revoke(self, request: Request) -> Response:
        """End a connection by its refresh or access token."""
        mine = self._of(request)
        if not mine:
            return _error("invalid_client", "Unknown client or wrong secret", 401)
        try:
            token = orjson.loads(await request.body())["token"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _error("invalid_request", "The token is missing.")
        found = next((credentials for credentials in mine if credentials.knows(str(token))), None)
        if found is None:
            return _error("invalid_request", "The token is not known.")
        found.unlink()
        return Response(status_code=200)

    async def user_info(self, request: Request) -> Response:
        """Who connected the company, and whether Intuit has verified the e-mail address. Needs the scope openid."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        found = next((realm.credentials for realm in self.realms if realm.credentials.accepts(token)), None)
        if found is None:
            return _error("invalid_token", "The access token is invalid or has expired.", 401)
        if OPENID not in found.scopes:
            return _error("insufficient_scope", "The scope openid was not granted.", 403)
        return _json({"sub": "8b6f2c1e-0000-4000-8000-000000000001", "email": found.email, "emailVerified": found.email_verified,
                      "givenName": "Robin", "familyName": "Books"})  # fmt: skip

    def _of(self, request: Request) -> list[Credentials]:
        """The connections of the app that authenticates."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return []
        return [
            realm.credentials
            for realm in self.realms
            if scheme.lower() == "basic" and realm.credentials.is_client(client, secret)
        ]


def _granted(grant: Grant) -> dict[str, Any]:
    return {
        "token_type": "bearer", "access_token": grant.access_token, "expires_in": grant.expires_in, "refresh_token": grant.refresh_token,
        "x_refresh_token_expires_in": grant.x_refresh_token_expires_in,
    }  # fmt: skip


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json", headers={"Cache-Control": "no-store"})


def _error(code: str, description: str, status: int = 400) -> Response:
    return _json({"error": code, "error_description": description}, status)
