"""Sublists in URLs: `.../customerPayment/905/apply`, `.../apply/doc=104,line=0`."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from . import change, values
from .account import Account, Call
from .answers import COLLECTION, SINGULAR, done, json, not_allowed
from .errors import missing_record
from .fields import DOCUMENTS
from .model import Doc
from .read import Reader
from .references import key_of

_ELEMENT = re.compile(r"^(?:doc=(?P<doc>[^,]+),line=(?P<line>\d+)|(?P<key>[^=,/]+))$")


def sublist(account: Account, call: Call, record: str, key: int, rest: list[str]) -> Response:
    """GET of a sublist or one of its elements; PATCH of an application."""
    doc = account.books.store.docs.get(key) if record in DOCUMENTS else None
    reader = Reader(account, call)
    sublists = reader.sublists(doc) if doc is not None else {}
    if rest[0] not in sublists or len(rest) > 2:
        raise missing_record()
    path = f"{record}/{key}/{rest[0]}"
    if len(rest) == 1 and call.method == "GET":
        return json(reader.expanded(path, sublists[rest[0]]()), COLLECTION)
    match = _ELEMENT.match(rest[1]) if len(rest) == 2 else None
    if match is None:
        raise missing_record()
    if call.method == "PATCH" and rest[0] == "apply" and match["doc"]:
        target = values.locate(account, "transaction", match["doc"])
        element = {**values.parse(call.body), "doc": {"id": str(target)}, "line": int(match["line"])}
        change.change(account, record, key, {"apply": {"items": [element]}}, frozenset())
        return done(call, record, key, [], location=False)
    if call.method != "GET":
        raise not_allowed()
    return _element(account, reader, doc, path, rest, sublists[rest[0]]())


def _element(
    account: Account, reader: Reader, doc: Doc | None, path: str, rest: list[str], items: list[dict[str, Any]]
) -> Response:
    wanted = rest[1]
    if wanted.startswith("doc=eid:"):
        eid, _, line = wanted[4:].partition(",")
        wanted = f"doc={values.locate(account, 'transaction', eid)},{line}"
    for item in items:
        if key_of(item) == wanted:
            return json(
                {
                    "links": reader.link(f"{path}/{wanted}"),
                    **{name: held for name, held in item.items() if held is not None},
                },
                SINGULAR,
            )
    raise missing_record()
