"""The HTTP face of any number of Stripe accounts: `/v1/...`, one Starlette application to mount anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipelines.stripe.twin import oauth, write_customers, write_intents, write_money
from pipelines.stripe.twin.account import StripeAccount
from pipelines.stripe.twin.calls import Call
from pipelines.stripe.twin.errors import ApiError, bad_request, unknown_route
from pipelines.stripe.twin.forms import parse
from pipelines.stripe.twin.idempotency import Memory
from pipelines.stripe.twin.ids import base62
from pipelines.stripe.twin.keys import Budget, Caller, identify
from pipelines.stripe.twin.objects import API_VERSION
from pipelines.stripe.twin.platform import Platform
from pipelines.stripe.twin.reads import READS, Handler
from pipelines.stripe.twin.state import seconds

_HANDLERS: dict[tuple[str, str], Handler] = READS | write_customers.WRITES | write_intents.WRITES | write_money.WRITES
_FORM = "application/x-www-form-urlencoded"


def app(accounts: Mapping[str, StripeAccount], platform: Platform | None = None) -> Starlette:
    """Serve `accounts` (secret key -> account). Accounts may be added to the mapping while it runs. With `platform`, what
    connect.stripe.com has for it, too."""
    service = _Service(accounts)
    methods = ["GET", "POST", "DELETE", "PUT", "PATCH"]
    connect = oauth.routes(platform) if platform is not None else []
    return Starlette(routes=[*connect, Route("/{path:path}", service.answer, methods=methods)])


class _Service:
    def __init__(self, accounts: Mapping[str, StripeAccount]) -> None:
        self._accounts = accounts
        self._memory = Memory()
        self._budget = Budget()
        self._requests = 0

    async def answer(self, request: Request) -> Response:
        """Any request: its answer or, in Stripe's format, why not."""
        self._requests += 1
        request_id = f"req_{base62(self._requests, 14)}"
        headers = {"request-id": request_id, "stripe-version": API_VERSION}
        try:
            caller = identify(self._accounts, request.headers)
            self._budget.spend(caller.account)
            handler, call = await self._route(request, caller, request_id)
            if request.method == "POST" and (key := request.headers.get("idempotency-key")):
                status, body, more = await self._once(request.url.path, key, handler, call)
                headers |= more
            else:
                status, body = 200, await self._run(handler, call, None)
        except ApiError as error:
            status, body = error.status, orjson.dumps(error.body(request_id))
            headers |= error.headers
        return Response(body, status, headers, "application/json")

    async def _route(self, request: Request, caller: Caller, request_id: str) -> tuple[Handler, Call]:
        path = str(request.path_params["path"])
        version, _, rest = path.partition("/")
        parts = rest.rstrip("/").split("/")
        pattern = "/".join([parts[0], "{}", *parts[2:]]) if len(parts) > 1 else parts[0]
        handler = _HANDLERS.get((request.method, pattern)) if version == "v1" else None
        if handler is None or (len(parts) > 1 and not parts[1]):
            raise unknown_route(request.method, f"/{path}")
        caller.need(parts[0], write=request.method != "GET")
        raw = await _parameters(request)
        return handler, Call(caller.account, parts[1] if len(parts) > 1 else "", raw, request_id)

    async def _run(self, handler: Handler, call: Call, key: str | None) -> bytes:
        account = call.account
        if account.write_seconds and key is not None:
            await asyncio.sleep(account.write_seconds)
        with account.lock:
            account.mature()
            account.request = {"id": call.request_id, "idempotency_key": key}
            try:
                return handler(call)
            finally:
                account.request = {"id": None, "idempotency_key": None}

    async def _once(self, path: str, key: str, handler: Handler, call: Call) -> tuple[int, bytes, dict[str, str]]:
        account, echo = call.account.account_id, {"idempotency-key": key}
        now = seconds(call.account.clock.now())
        stored = self._memory.begin(account, key, (path, call.raw), call.request_id, now)
        if stored is not None:
            return (
                stored.status,
                stored.body,
                echo | {"idempotent-replayed": "true", "original-request": stored.request_id},
            )
        status, body, keep = 500, b"", False
        try:
            status, body, keep = 200, await self._run(handler, call, key), True
        except ApiError as error:
            status, body, keep = error.status, orjson.dumps(error.body(call.request_id)), error.executed
        finally:
            self._memory.finish(account, key, status, body, keep=keep)
        return status, body, echo | {"original-request": call.request_id}


async def _parameters(request: Request) -> dict[str, Any]:
    """Query and form body together."""
    raw = parse(request.url.query)
    if request.method == "POST" and (body := await request.body()):
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise bad_request(f"Invalid request (check that your POST content type is {_FORM}).")
        try:
            raw |= parse(body.decode())
        except UnicodeDecodeError:
            raise bad_request("Invalid request: the body is not UTF-8.") from None
    return raw
