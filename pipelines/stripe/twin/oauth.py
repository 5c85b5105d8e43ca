"""connect.stripe.com: `/oauth/authorize`, `/oauth/token`, `/oauth/deauthorize`, for one platform.

Its refusals have a format of their own; a key that is none is refused as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pipelines.stripe.twin.errors import ApiError
from pipelines.stripe.twin.keys import bearer, masked
from pipelines.stripe.twin.platform import SCOPES, OAuthError, Platform


def routes(platform: Platform) -> list[Route]:
    """The three endpoints."""
    desk = _Desk(platform)
    return [
        Route("/oauth/authorize", desk.authorize, methods=["GET"]),
        Route("/oauth/token", desk.token, methods=["POST"]),
        Route("/oauth/deauthorize", desk.deauthorize, methods=["POST"]),
    ]


class _Desk:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def authorize(self, request: Request) -> Response:
        """What the browser gets: a redirect with a code, or with the owner's no; or what is wrong with the link, without a redirect."""
        given, platform = request.query_params, self._platform
        state = {"state": given["state"]} if "state" in given else {}
        try:
            back, scope = self._wish(given)
        except OAuthError as error:
            return _json(error.body | state, error.status)
        account = platform.signed_in
        if account is None:
            answer = {"error": "access_denied", "error_description": "The user denied your request"}
        else:
            answer = {"scope": scope, "code": platform.code(account, scope)}
        return RedirectResponse(f"{back}?{urlencode(answer | state)}", 302)

    def _wish(self, given: Mapping[str, str]) -> tuple[str, str]:
        if given.get("client_id") != self._platform.client_id:
            raise OAuthError(400, "invalid_request", "No application matches the supplied client identifier")
        if "response_type" not in given:
            raise OAuthError(400, "invalid_request", "No response type specified")
        if given["response_type"] != "code":
            wrong = f"Only 'code' response_type is supported, but you provided '{given['response_type']}'"
            raise OAuthError(400, "unsupported_response_type", wrong)
        scope = given.get("scope", SCOPES[0])
        if scope not in SCOPES:
            raise OAuthError(400, "invalid_scope", f"Invalid scope provided: {scope}.")
        back = given.get("redirect_uri", self._platform.redirect_uris[0])
        if back not in self._platform.redirect_uris:
            raise OAuthError(400, "invalid_redirect_uri", f"Invalid redirect URI '{back}'.")
        return back, scope

    async def token(self, request: Request) -> Response:
        """Tokens for a code or a refresh token."""
        return await self._answered(request, self._token)

    async def deauthorize(self, request: Request) -> Response:
        """The platform gives up an account."""
        return await self._answered(request, self._deauthorize)

    async def _answered(self, request: Request, answer: Any) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            key = bearer(request.headers.get("authorization", "")) or form.get("client_secret", "")
            if key not in (self._platform.secret_key, self._platform.live_key) or not key:
                raise ApiError(401, "invalid_request_error", f"Invalid API Key provided: {masked(key)}")
            return _json(answer(form, live=key == self._platform.live_key))
        except OAuthError as error:
            return _json(error.body, error.status)
        except ApiError as error:
            return _json(error.body("req_00000000oauth"), error.status)

    def _token(self, form: Mapping[str, str], *, live: bool) -> dict[str, Any]:
        kind = form.get("grant_type")
        if not kind:
            raise OAuthError(400, "invalid_request", "No grant type specified")
        name = {"authorization_code": "code", "refresh_token": "refresh_token"}.get(kind)
        if name is None:
            raise OAuthError(400, "unsupported_grant_type", f"Unsupported grant type: {kind}")
        if not form.get(name):
            raise OAuthError(400, "invalid_request", f"No {name.replace('_', ' ')} provided")
        if live:
            words = f"This {name.replace('_', ' ')} was issued in test mode and cannot be used with a live mode key"
            raise OAuthError(400, "invalid_grant", words)
        if name == "code":
            return self._platform.exchange(form["code"])
        return self._platform.refresh(form["refresh_token"], form.get("scope"))

    def _deauthorize(self, form: Mapping[str, str], *, live: bool) -> dict[str, Any]:
        for name in ("client_id", "stripe_user_id"):
            if not form.get(name):
                raise OAuthError(400, "invalid_request", f"No {name} provided")
        account = form["stripe_user_id"]
        if live or form["client_id"] != self._platform.client_id:
            raise OAuthError(401, "invalid_client", f"No such application: '{form['client_id']}'")
        if account not in self._platform.links:
            words = f"This application is not connected to stripe account {account}, or that account does not exist."
            raise OAuthError(401, "invalid_client", words)
        self._platform.revoke(account)
        return {"stripe_user_id": account}


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
