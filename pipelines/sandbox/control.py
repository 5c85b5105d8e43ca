"""The sandbox's own interface, `/__sandbox__/`, for people and tests: the truth, time, faults, access, the log."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipelines.netsuite.twin.account import Account
from pipelines.netsuite.twin.roles import Role
from pipelines.quickbooks.twin import SCOPES, Credentials, Realm
from pipelines.sandbox.company import Company
from pipelines.sandbox.faults import Faults, parse
from pipelines.sandbox.front import Turnstile
from pipelines.sandbox.log import Log
from pipelines.sandbox.truth import Truth
from pipelines.stripe.twin import Platform, StripeAccount


@dataclass
class Control:
    """Everything that may be asked of, or done to, a running sandbox."""

    company: Company
    truth: Truth
    accounts: dict[str, Account]  # NetSuite accounts by account id
    realms: dict[str, Realm]  # QuickBooks companies by realm id
    platform: Platform  # that Stripe accounts are connected to
    faults: Faults
    log: Log
    turnstile: Turnstile
    folder: Path  # of the drops

    def app(self) -> Starlette:
        """The routes."""
        return Starlette(
            routes=[
                Route("/__sandbox__/health", self.health),
                Route("/__sandbox__/truth", self.tell),
                Route("/__sandbox__/advance", self.advance, methods=["POST"]),
                Route("/__sandbox__/faults", self.set_faults, methods=["GET", "POST"]),
                Route("/__sandbox__/access", self.access, methods=["POST"]),
                Route("/__sandbox__/webhooks", self.webhooks, methods=["POST"]),
                Route("/__sandbox__/log", self.logged),
            ]
        )

    async def health(self, _: Request) -> Response:
        company = self.company
        return _json({"status": "ok", "pid": os.getpid(), "now": company.clock.now().isoformat(), "seed": company.seed})

    async def tell(self, _: Request) -> Response:
        """The truth now. API traffic waits until it is told."""
        async with self.turnstile.alone():
            return Response(
                await run_in_threadpool(lambda: orjson.dumps(self.truth.state())), media_type="application/json"
            )

    async def advance(self, request: Request) -> Response:
        """`{"days": n}`: let time pass. API traffic waits meanwhile."""
        try:
            body = orjson.loads(await request.body())
            days = body["days"]
            if not isinstance(days, int):
                raise TypeError
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _json({"error": 'give the number of days, such as {"days": 30}'}, 400)
        if days < 1:
            return _json({"error": f"cannot advance by {days} days; give 1 or more"}, 400)
        async with self.turnstile.alone():
            now = await run_in_threadpool(self._pass, days)
        return _json({"now": now})

    def _pass(self, days: int) -> str:
        self.truth.remember()
        now = self.company.advance(days)
        self.company.write_drops(self.folder)
        return now.isoformat()

    async def set_faults(self, request: Request) -> Response:
        """POST a list of rules, which replaces the last one; an empty list clears. GET shows them with their hits."""
        if request.method == "POST":
            try:
                self.faults.rules = parse(await request.body())
            except (ValueError, TypeError) as error:
                return _json({"error": str(error)}, 400)
        shown = ("kind", "system", "route", "method", "rate", "seed", "times", "seconds", "hits")
        return _json({"faults": [{name: getattr(rule, name) for name in shown} for rule in self.faults.rules]})

    async def access(self, request: Request) -> Response:
        """`{"connection": name, ...}`. NetSuite: `revoked`, `token_limit_exceeded` (bool), `without` (permissions), `administrator`,
        `restricted_to` (subsidiaries). QuickBooks: `revoked`, `unverified` (bool), `without` (scopes), and `expired` (bool), which ends
        the access tokens there are. Stripe: `expired` (bool), the same where the account is connected by OAuth, and there `revoked`. What is
        not given goes back to normal."""
        try:
            wish = orjson.loads(await request.body())
            name = wish["connection"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _json({"error": 'give {"connection": name, ...}'}, 400)
        for branch in self.company.branches:
            if name == branch.office.connection:
                number = branch.office.profile.account_id
                if number in self.realms:
                    _quickbooks(self.realms[number].credentials, wish)
                else:
                    _netsuite(self.accounts[number], wish)
                return _json({"connection": name})
            if name == branch.till.connection:
                _stripe(branch.till.account, self.platform, wish)
                return _json({"connection": name})
        return _json({"error": f"there is no API connection {name!r}"}, 404)

    async def webhooks(self, request: Request) -> Response:
        """`{"connection": name, "url": where, "verifier": token, "formats": ["cloudevents", "legacy"]}`: tell a URL of every change in a
        QuickBooks company; a url of null ends it."""
        try:
            wish = orjson.loads(await request.body())
            numbers = {branch.office.connection: branch.office.profile.account_id for branch in self.company.branches}
            realm = self.realms[numbers[wish["connection"]]]
            realm.subscribe(wish["url"], wish.get("verifier", ""), wish.get("formats", ["cloudevents"]))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            return _json(
                {"error": f'give {{"connection": a QuickBooks company, "url": ..., "verifier": ...}} ({error})'}, 400
            )
        return _json({"connection": wish["connection"], "url": wish["url"]})

    async def logged(self, request: Request) -> Response:
        """`?since=n&limit=n`."""
        try:
            since, limit = int(request.query_params.get("since", 0)), int(request.query_params.get("limit", 1_000))
        except ValueError:
            return _json({"error": "since and limit are whole numbers"}, 400)
        return _json(self.log.state(since, limit))


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _netsuite(account: Account, wish: dict[str, Any]) -> None:
    for token in account.credentials.tokens:
        token.revoked = bool(wish.get("revoked"))
    for certificate in account.credentials.certificates:
        certificate.revoked = bool(wish.get("revoked"))
    account.credentials.token_limit_exceeded = bool(wish.get("token_limit_exceeded"))
    full = Role()
    only = wish.get("restricted_to")
    account.role = Role(
        full.permissions - set(wish.get("without", ())),
        None if only is None else frozenset(only),
        bool(wish.get("administrator")),
        full.name,
        full.id,
    )


def _stripe(account: StripeAccount, platform: Platform, wish: dict[str, Any]) -> None:
    (account.expired_keys.add if wish.get("expired") else account.expired_keys.discard)(account.secret_key)
    (platform.revoke if wish.get("revoked") else platform.relink)(account.account_id)
    if wish.get("expired"):
        platform.end_access(account.account_id)


def _quickbooks(credentials: Credentials, wish: dict[str, Any]) -> None:
    (credentials.unlink if wish.get("revoked") else credentials.relink)()
    if wish.get("expired"):
        credentials.expire_access()
    credentials.email_verified = not wish.get("unverified")
    credentials.scopes = tuple(scope for scope in SCOPES if scope not in wish.get("without", ()))
