"""The twin on HTTP: a Starlette app that serves several companies, `/v3/company/{realm}/...`, and Intuit's OAuth beside them.

Mounted at `/quickbooks` by the sandbox. Work on the books runs in threads; this file only routes, counts and answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from . import aging, batch, cdc, entry, pdf, query, singles, xml
from .credentials import ACCOUNTING
from .errors import ApiError, forbidden, invalid, not_found, refusal, unauthorised, unsupported, wrong_realm
from .model import Refused, Txn
from .oauth import AUTHORIZE, DISCOVERY, JWKS, REVOKE, TOKEN, USER_INFO, OAuth
from .properties import literal
from .realm import Realm
from .rows import Company
from .wire import dumps, envelope_time

Log = Callable[[dict[str, Any]], None]
Gate = Callable[[ASGIApp], ASGIApp]


@dataclass(frozen=True)
class Call:
    """One request, as the handlers see it: `path` is what follows the company."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> bool:
        return "application/json" in self.headers.get("accept", "")


def app(companies: Mapping[str, Realm], gate: Gate | None = None, *, log: Log | None = None) -> Starlette:
    """The twin of QuickBooks Online for these companies (by realm id). `gate` is ASGI middleware around everything, such as one that
    plants faults; `log` is told of every request of a company, as `Realm.log` is."""
    oauth = OAuth(companies.values())

    async def company(request: Request) -> Response:
        call = Call(
            request.method,
            tuple(request.path_params["path"].split("/")),
            request.query_params,
            request.headers,
            await request.body(),
        )
        realm = companies.get(request.path_params["realm"])
        at = realm.time() if realm else 0.0
        response = await run_in_threadpool(_serve, companies, realm, call)
        response.headers["intuit_tid"] = f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
        if realm is not None:
            line = {
                "realm": realm.company.realm_id,
                "at": at,
                "method": call.method,
                "path": "/".join(call.path),
                "query": dict(call.query),
                "status": response.status_code,
            }
            realm.log.append(line)
            if log is not None:
                log({"system": "quickbooks", **line})
        return response

    routes = [
        Route(DISCOVERY, oauth.discovery),
        Route(JWKS, oauth.jwks),
        Route(AUTHORIZE, oauth.authorize),
        Route(TOKEN, oauth.token, methods=["POST"]),
        Route(REVOKE, oauth.revoke, methods=["POST"]),
        Route(USER_INFO, oauth.user_info),
        Route("/v3/company/{realm}/{path:path}", company, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_Gated, gate)] if gate else [])


class _Gated:
    """Starlette's way to have a middleware that is already a function of the app."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.inner = gate(app)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.inner(scope, receive, send)


def _serve(companies: Mapping[str, Realm], realm: Realm | None, call: Call) -> Response:
    now = next((one.company.clock.now() for one in ([realm] if realm else companies.values())), None)
    try:
        try:
            found = _authorised(companies, realm, call)
            found.admit(batch=call.path == ("batch",))
            return _respond(call, _answer(found, call))
        except Refused as refused:
            raise refusal(refused) from refused
    except ApiError as error:
        return (error if call.json or error.style != "Fault" else replace(error, style="xml")).response(now)


def _authorised(companies: Mapping[str, Realm], realm: Realm | None, call: Call) -> Realm:
    """The company of the path, for a token that is good for it."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise unauthorised("AuthenticationFailed: no token")
    if realm is None or not realm.credentials.accepts(token):
        if any(other.credentials.accepts(token) for other in companies.values()):
            raise wrong_realm()
        raise unauthorised()
    if ACCOUNTING not in realm.credentials.scopes:
        raise forbidden()
    return realm


def _respond(call: Call, answer: bytes | Response) -> Response:
    if isinstance(answer, Response):
        return answer
    if call.json:
        return Response(answer, media_type="application/json")
    return Response(xml.of(answer), media_type="application/xml")


def _answer(realm: Realm, call: Call) -> bytes | Response:
    company, what = realm.company, call.path[0].lower()
    if call.method == "GET":
        return _read(company, call, what)
    if call.method != "POST" or len(call.path) > 1:
        raise unsupported(call.method.title())
    kind = call.headers.get("content-type", "").partition(";")[0].strip()
    if what == "query":
        if kind not in ("application/text", "text/plain"):
            return Response(status_code=415)
        return _enveloped(company, b'"QueryResponse":' + query.answer(company, call.body.decode("utf-8", "replace")))
    if kind != "application/json":
        return Response(status_code=415)
    return _write(realm, call, what)


def _write(realm: Realm, call: Call, what: str) -> bytes:
    """A write; the same `requestid` again is answered with the first answer, and nothing else happens."""
    company, request_id = realm.company, call.query.get("requestid")
    if request_id is not None and not 0 < len(request_id) <= 50:
        raise invalid(
            "2050",
            f"String length specified does not match the supported length. Min:1 Max:50 supported. Supplied length:{len(request_id)}",
            "requestid",
        )
    with company.lock:
        if request_id is not None and request_id in realm.answers:
            return realm.answers[request_id]
        body = entry.body_of(call.body)
        if what == "batch":  # remembered item by item: what failed may be tried again
            return _enveloped(company, dumps(batch.answer(realm, body, request_id))[1:-1])
        kind = "ExchangeRate" if what == "exchangerate" else entry.ENTITIES.get(what)
        if kind is None:
            raise unsupported("Create" if "Id" not in body else "Update")
        done = entry.write(company, kind, _operation(call, body), body)
        answer = _enveloped(company, dumps(done)[1:-1])
        if request_id is not None:
            realm.remember(request_id, answer)
        return answer


def _operation(call: Call, body: Mapping[str, Any]) -> str:
    operation = call.query.get("operation", "").lower()
    if call.query.get("include", "").lower() == "void" and operation in ("", "update"):
        return "void"
    if operation in ("delete", "void"):
        return operation
    if operation not in ("", "create", "update"):
        raise unsupported(operation.title())
    return "update" if body.get("Id") not in (None, "") else "create"


def _read(company: Company, call: Call, what: str) -> bytes | Response:
    if what == "query":
        if "query" not in call.query:
            raise invalid("2020", "Required parameter query is missing in the request", "query")
        return _enveloped(company, b'"QueryResponse":' + query.answer(company, call.query["query"]))
    if what == "cdc":
        return _enveloped(
            company, dumps(cdc.changes(company, call.query.get("entities"), call.query.get("changedSince")))[1:-1]
        )
    if what == "reports":
        if call.path[1:] != ("AgedReceivables",):
            raise unsupported("Report")
        return dumps(aging.report(company, call.query))
    if what in ("companyinfo", "preferences", "exchangerate"):
        return _enveloped(company, dumps(_single(company, call, what))[1:-1])
    kind = entry.ENTITIES.get(what)
    if kind is None or len(call.path) not in (2, 3) or (len(call.path) == 3 and call.path[2] != "pdf"):
        raise unsupported("Read")
    if len(call.path) == 3:
        with company.lock:
            found = entry.found(company, kind, call.path[1])
            if not isinstance(found, Txn) or kind not in pdf.PRINTABLE:
                raise not_found()
            return Response(pdf.page(company, found), media_type="application/pdf")
    return _enveloped(company, b'"%s":%s' % (kind.encode(), entry.read(company, kind, call.path[1])))


def _single(company: Company, call: Call, what: str) -> dict[str, Any]:
    if what == "companyinfo":
        if call.path[1:] not in ((company.realm_id,), ("1",)):
            raise not_found()
        return {"CompanyInfo": singles.company_info(company)}
    if what == "preferences":
        return {"Preferences": singles.preferences(company)}
    code = call.query.get("sourcecurrencycode")
    if not code:
        raise invalid("2020", "Required parameter sourcecurrencycode is missing in the request", "sourcecurrencycode")
    day = literal("day", call.query["asofdate"], "asofdate") if call.query.get("asofdate") else company.today()
    return {"ExchangeRate": singles.exchange_rate(company, code, day, company.rate(code, day)[1])}


def _enveloped(company: Company, inner: bytes) -> bytes:
    """`{<inner>,"time":...}`."""
    return b'{%s,"time":"%s"}' % (inner, envelope_time(company.clock.now()).encode())
