"""The record API: `/services/rest/record/v1/...`, from path to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from . import change, create, paging, search, values
from .account import Account, Call
from .answers import COLLECTION, PREFIX, SINGULAR, catalog, done, json, not_allowed
from .errors import ApiError, bad_parameter, forbidden, missing_record, user_error
from .fields import DOCUMENTS, NAMES, ROWS, TABLE_OF, WRITABLE
from .read import Reader
from .record_sublists import sublist
from .roles import RECORD_PERMISSION, SEARCH, WORKBOOK


def answer(account: Account, call: Call) -> Response:
    """Answer one request of the record API. Raises ApiError or Refused."""
    if not call.path.startswith(PREFIX):
        raise ApiError(404, "NONEXISTENT_ID", "The resource does not exist.", {"o:errorUrl": call.path})
    record, *rest = call.path[len(PREFIX) :].strip("/").split("/")
    if record == "metadata-catalog":
        return catalog(call, rest)
    if record not in DOCUMENTS and record not in TABLE_OF:
        raise ApiError(404, "NONEXISTENT_ID", f"Record type '{record}' does not exist.", {"o:errorUrl": call.path})
    if not account.role.may(RECORD_PERMISSION.get(record), write=call.method != "GET"):
        raise forbidden()
    with account.books.lock:
        if not rest:
            return _collection(account, call, record)
        if call.method == "PUT":
            return _upsert(account, call, record, rest)
        key = _key(account, record, rest[0])
        if len(rest) == 1:
            return _single(account, call, record, key)
        if rest[1] == "!transform" and call.method == "POST" and len(rest) == 3:
            target, body = create.transform(account, record, key, rest[2], values.parse(call.body))
            return _created(account, call, target, body)
        if call.method == "POST" and rest[1] in ("!attach", "!detach") and len(rest) == 4:
            return _attach(account, record, key, rest[2:], rest[1] == "!attach")
        return sublist(account, call, record, key, rest[1:])


def _key(account: Account, record: str, text: str) -> int:
    """The internal id of a path segment. A transaction of another type is not the same as none at all."""
    found = values.locate(account, record, text)
    if found is None or not _visible(account, record, found):
        if record in DOCUMENTS and text.isdigit() and int(text) in account.books.store.docs:
            raise user_error("Transaction type specified is incorrect.")
        raise missing_record()
    return found


def _visible(account: Account, record: str, key: int) -> bool:
    own = account.role.subsidiaries
    if own is None:
        return True
    if record in DOCUMENTS:
        return str(account.books.store.docs[key].subsidiary) in own
    relations = account.books.store.reference["customersubsidiaryrelationship"].values()
    if record == "customer":
        return any(row.get("entity") == key and str(row.get("subsidiary")) in own for row in relations)
    return record != "subsidiary" or str(key) in own


def _collection(account: Account, call: Call, record: str) -> Response:
    if call.method == "POST":
        if record not in WRITABLE:
            raise ApiError(405, "METHOD_NOT_ALLOWED", f"Records of type '{record}' cannot be created.")
        return _created(account, call, record, values.parse(call.body))
    if call.method != "GET":
        raise not_allowed()
    if not (account.role.may(WORKBOOK) and account.role.may(SEARCH)):
        raise forbidden()
    limit, offset = paging.window(call)
    table, condition = search.table(record)
    if call.query.get("q"):
        condition += f" and ({search.where(account, record, call.query['q'])})"
    found = [row["id"] for row in account.books.rows(f'select id from "{table}" where {condition} order by id')]
    ids = [key for key in found if isinstance(key, int) and _visible(account, record, key)]
    root = f"{call.base}{PREFIX}{record}"
    items = [
        {"links": [{"rel": "self", "href": f"{root}/{key}"}], "id": str(key)} for key in ids[offset : offset + limit]
    ]
    return json(
        {
            "links": paging.links(call, limit, offset, len(ids)), "count": len(items), "hasMore": offset + len(items) < len(ids),
            "items": items, "offset": offset, "totalResults": len(ids),
        },
        COLLECTION,
    )  # fmt: skip


def _single(account: Account, call: Call, record: str, key: int) -> Response:
    if call.method == "GET":
        body = _body(account, call, record, key)
        wanted = [name.strip() for name in call.query.get("fields", "").split(",") if name.strip()]
        unknown = [name for name in wanted if name not in body and name not in NAMES.get(record, ROWS.get(record, {}))]
        if unknown:
            raise bad_parameter(f"Invalid query parameter value for 'fields': '{unknown[0]}' does not exist.", "fields")
        if wanted:
            body = {name: value for name, value in body.items() if name in (*wanted, "links", "id")}
        return json(body, SINGULAR)
    if record not in WRITABLE or call.method not in ("PATCH", "DELETE"):
        raise not_allowed()
    if call.method == "DELETE":
        change.delete(account, record, key)
        return Response(status_code=204)
    body = values.parse(call.body)
    warnings = values.check_names(record, body, call.headers.get("x-netsuite-propertynamevalidation", "Warning"))
    replace = frozenset(name.strip() for name in call.query.get("replace", "").split(",") if name.strip())
    change.change(account, record, key, body, replace)
    return done(call, record, key, warnings, location=False)


def _body(account: Account, call: Call, record: str, key: int) -> dict[str, Any]:
    reader = Reader(account, call)
    return reader.doc(account.books.store.docs[key]) if record in DOCUMENTS else reader.row(record, key)


def _created(account: Account, call: Call, record: str, body: Mapping[str, Any]) -> Response:
    if not account.role.may(RECORD_PERMISSION.get(record), write=True):
        raise forbidden()
    warnings = values.check_names(record, body, call.headers.get("x-netsuite-propertynamevalidation", "Warning"))
    key = create.create(account, record, body)
    return done(call, record, int(key), warnings, location=True)


def _upsert(account: Account, call: Call, record: str, rest: list[str]) -> Response:
    if record not in WRITABLE or len(rest) != 1:
        raise not_allowed()
    body = values.parse(call.body)
    key = values.locate(account, record, rest[0])
    if key is None and not rest[0].startswith("eid:"):
        raise missing_record()
    if key is None:
        return _created(account, call, record, {**body, "externalId": rest[0][4:]})
    warnings = values.check_names(record, body, call.headers.get("x-netsuite-propertynamevalidation", "Warning"))
    replace = frozenset(name for name in call.query.get("replace", "").split(",") if name)
    change.change(account, record, key, body, replace)
    return done(call, record, key, warnings, location=False)


def _attach(account: Account, record: str, key: int, rest: list[str], attach: bool) -> Response:
    contact = values.locate(account, "contact", rest[1]) if rest[0] == "contact" and record == "customer" else None
    if contact is None:
        raise missing_record()
    account.books.edit_row("contact", str(contact), at=account.books.clock.tick(), company=key if attach else None)
    return Response(status_code=204)
