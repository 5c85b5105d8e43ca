"""The twin on HTTP: a Starlette app that serves every account under `/{account in host form}`.

Mounted at `/netsuite` by the sandbox, so that `http://127.0.0.1:P/netsuite/7311001-sb1` stands for
`https://7311001-sb1.suitetalk.api.netsuite.com`. Work on the books runs in threads; this file only routes, counts and answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import paging, records
from .account import Account, Call
from .errors import ApiError, bad_content, bad_parameter, bad_query, forbidden, too_many
from .model import Refused
from .roles import REST, SEARCH, WORKBOOK

SINGULAR = "application/vnd.oracle.resource+json; type=singular"
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
QUERY = "/services/rest/query/v1/suiteql"
TOKEN = "/services/rest/auth/oauth2/v1/token"
Log = Callable[[dict[str, Any]], None]


def app(accounts: dict[str, Account], *, log: Log | None = None) -> Starlette:
    """The twin of NetSuite for these accounts (by account id). `log` is told of every request: account, method, path, status, and the id
    of the record that a write made or changed."""
    by_host = {account.host: account for account in accounts.values()}

    async def endpoint(request: Request) -> Response:
        account = by_host.get(request.path_params["account"])
        if account is None:
            return Response(status_code=404)
        call = await _call(request)
        response = await _serve(account, call)
        if log is not None:
            log(_entry(account, call, response))
        return response

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return Starlette(routes=[Route("/{account}/{path:path}", endpoint, methods=methods)])


async def _call(request: Request) -> Call:
    raw = request.scope["raw_path"].decode("ascii").partition("?")[0]
    query = request.scope["query_string"].decode("ascii")
    origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
    prefix = raw.split(f"/{request.path_params['account']}/", 1)[0] + f"/{request.path_params['account']}"
    return Call(
        request.method,
        origin + prefix,
        request.scope["path"].split(f"/{request.path_params['account']}", 1)[1],
        dict(parse_qsl(query, keep_blank_values=True)),
        request.headers,
        await request.body(),
        f"{origin}{raw}" + (f"?{query}" if query else ""),
    )


async def _serve(account: Account, call: Call) -> Response:
    if account.in_flight >= account.limits.concurrency:
        return too_many().response()
    account.in_flight += 1
    try:
        return await run_in_threadpool(_answer, account, call)
    except ApiError as error:
        return error.response()
    finally:
        account.in_flight -= 1


def _answer(account: Account, call: Call) -> Response:
    if call.path == TOKEN:
        status, body = account.gate.mint(call.url, dict(parse_qsl(call.body.decode(errors="replace"))))
        return _json(body, status, "application/json")
    account.gate.role = account.role
    account.gate.check(call.method, call.url, call.headers.get("authorization"))
    if call.path == "/rest/tokeninfo":
        return _json(_token_info(account), 200, "application/json")
    if not account.role.may(REST):
        raise forbidden()
    if call.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": "GET, POST, PUT, PATCH, DELETE, OPTIONS"})
    if call.path == QUERY:
        return _query(account, call)
    if call.path == "/services/rest/system/v1/governanceLimits":
        return _json(
            {
                "accountConcurrencyLimit": account.limits.concurrency,
                "accountUnallocatedConcurrencyLimit": account.limits.concurrency,
            }
        )
    try:
        return records.answer(account, call)
    except Refused as refusal:
        locator = {"o:errorPath": refusal.path} if refusal.path else None
        raise ApiError(400, refusal.code, f"Error while accessing a resource. {refusal.detail}", locator) from refusal


def _query(account: Account, call: Call) -> Response:
    if call.method != "POST":
        raise ApiError(405, "METHOD_NOT_ALLOWED", "Method Not Allowed. SuiteQL is asked with POST.")
    if "transient" not in [part.strip().lower() for part in call.headers.get("prefer", "").split(",")]:
        raise ApiError(
            400,
            "INVALID_HEADER",
            "Missing or invalid request header. Provide 'Prefer: transient'.",
            {"o:errorHeader": "Prefer"},
        )
    if not (account.role.may(WORKBOOK) and account.role.may(SEARCH)):
        raise forbidden()
    limit, offset = paging.window(call)
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        raise bad_content() from None
    if not isinstance(body, dict) or not isinstance(body.get("params", []), list):
        raise bad_content()
    if not isinstance(body.get("q"), str) or not body["q"].strip():
        raise bad_query("The query is missing.")
    params = tuple(body.get("params", []))
    if any(isinstance(value, (dict, list)) for value in params):
        raise bad_parameter("Invalid parameter: each must be a string or a number.", "params")
    page = account.suiteql.page(body["q"], params, account.role, limit, offset)
    envelope = orjson.dumps(
        {
            "links": paging.links(call, limit, offset, page.total),
            "count": page.count,
            "hasMore": offset + page.count < page.total,
            "offset": offset,
            "totalResults": page.total,
        }
    )
    return Response(envelope[:-1] + b',"items":[' + page.items + b"]}", media_type=COLLECTION)


def _token_info(account: Account) -> dict[str, Any]:
    role = account.role
    return {
        "companyName": account.company,
        "companyId": account.books.account_id,
        "roleName": "Administrator" if role.administrator else role.name,
        "roleId": "3" if role.administrator else role.id,
        "id": "12",
        "name": "Tieout Integration",
        "email": "integration@example.com",
        "language": {"name": "English (U.S.)", "locale": "en_US"},
    }


def _json(body: Any, status: int = 200, media: str = SINGULAR) -> Response:
    return Response(orjson.dumps(body), status, media_type=media)


def _entry(account: Account, call: Call, response: Response) -> dict[str, Any]:
    return {
        "system": "netsuite",
        "account": account.books.account_id,
        "method": call.method,
        "path": call.path,
        "query": dict(call.query),
        "status": response.status_code,
        "location": response.headers.get("location"),
    }
