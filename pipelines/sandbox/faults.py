"""Faults on demand: what networks and vendors do to a client, seeded, by system, route and rate."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from random import Random
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.netsuite.twin import errors as netsuite
from pipelines.quickbooks.twin import errors as quickbooks
from pipelines.stripe.twin import errors as stripe

KINDS = ("429", "5xx", "slow", "cut", "commit_then_drop", "malformed", "expired_token")
_KEYS = {"system", "route", "kind", "rate", "seed", "times", "seconds", "method"}


@dataclass
class Rule:
    """One kind of fault: on requests to `system` (or `*`) whose path matches `route` (a glob), at `rate`, at most `times` times."""

    kind: str
    system: str = "*"
    route: str = "*"
    method: str = "*"
    rate: float = 1.0
    seed: int = 0
    times: int | None = None
    seconds: float = 1.0  # how long a slow answer takes
    hits: int = 0
    rng: Random = field(default_factory=Random, repr=False)

    def strikes(self, system: str, method: str, path: str) -> bool:
        """Whether this request is hit; draws only for requests that match, so that the same requests meet the same faults."""
        if self.times is not None and self.hits >= self.times:
            return False
        matches = self.system in ("*", system) and self.method in ("*", method) and fnmatchcase(path, self.route)
        if not matches or self.rng.random() >= self.rate:
            return False
        self.hits += 1
        return True


def parse(body: bytes) -> list[Rule]:
    """Rules from JSON: a list of objects, or `{"faults": [...]}`. Raises ValueError that names what is wrong."""
    try:
        given = json.loads(body or b"[]")
    except json.JSONDecodeError as error:
        raise ValueError(f"the faults are not JSON: {error}") from None
    given = given.get("faults") if isinstance(given, dict) else given
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise ValueError(
            'give a list of faults, such as [{"system": "netsuite", "route": "*", "kind": "429", "rate": 0.1}]'
        )
    return [_rule(item) for item in given]


def _rule(item: dict[str, Any]) -> Rule:
    if unknown := set(item) - _KEYS:
        raise ValueError(f"a fault has no key {', '.join(sorted(unknown))}; it has {', '.join(sorted(_KEYS))}")
    kind = str(item.get("kind"))
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of fault; there are {', '.join(KINDS)}")
    rate = float(item.get("rate", 1.0))
    if not 0 <= rate <= 1:
        raise ValueError(f"rate {rate} is not between 0 and 1")
    rule = Rule(**{**item, "kind": kind, "rate": rate})
    rule.rng = Random(f"{rule.seed}:{rule.system}:{rule.route}:{rule.kind}")
    return rule


class Faults:
    """ASGI middleware in front of the twins. `scope["tieout"]` is the request's log entry."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.rules: list[Rule] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry: dict[str, Any] = scope["tieout"]
        system, path = entry["system"], scope["path"]
        rule = next((rule for rule in self.rules if rule.strikes(system, scope["method"], path)), None)
        if rule is None:
            await self.app(scope, receive, send)
            return
        entry["fault"] = rule.kind
        if rule.kind == "slow":
            await asyncio.sleep(rule.seconds)
            await self.app(scope, receive, send)
        elif rule.kind == "cut":
            await _hang_up(scope, receive)
        elif rule.kind == "commit_then_drop":
            await self.app(scope, receive, _swallow)
            await _hang_up(scope, receive)
        elif rule.kind == "malformed":
            await self._truncate(scope, receive, send)
        else:
            await _refusal(system, rule, entry["at"])(scope, receive, send)

    async def _truncate(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer, but only the first half of its body."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, collect)
        start = messages[0]
        body = b"".join(message.get("body", b"") for message in messages[1:])
        body = body[: len(body) // 2]
        headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})


async def _swallow(_: Message) -> None:
    """Nobody hears the answer."""


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the socket without a word, and wait until the server has noticed."""
    scope["state"]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def _refusal(system: str, rule: Rule, at: str) -> Response:
    """A refusal in the system's own format, at a company time."""
    kind = rule.kind
    if system == "quickbooks":
        refused = {
            "429": quickbooks.too_many(xml=rule.hits % 2 == 1),  # in XML and JSON by turns
            "5xx": quickbooks.system_failure(),
            "expired_token": quickbooks.unauthorised(),
        }
        return refused[kind].response(datetime.fromisoformat(at))
    if system == "netsuite":
        known = {
            "429": netsuite.too_many(),
            "5xx": netsuite.ApiError(
                500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: m3k1sandbox0fault"
            ),
            "expired_token": netsuite.login_failed(
                {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="Invalid login attempt."'}
            ),
        }
        return known[kind].response()
    error = {
        "429": stripe.ApiError(
            429,
            "invalid_request_error",
            "Request rate limit exceeded.",
            code="rate_limit",
            headers={"Stripe-Rate-Limited-Reason": "global-rate"},
        ),
        "5xx": stripe.ApiError(500, "api_error", "An unknown error occurred"),
        "expired_token": stripe.ApiError(
            401, "invalid_request_error", "Expired API Key provided: sk_test_****", code="api_key_expired"
        ),
    }[kind]
    return Response(orjson.dumps(error.body("req_00000000fault")), error.status, error.headers, "application/json")
