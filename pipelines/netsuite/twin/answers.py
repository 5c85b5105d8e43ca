"""Answers of the record API that records share: JSON, 204 with its headers, the metadata catalog."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from .account import Call
from .errors import ApiError
from .fields import DOCUMENTS, NAMES, ROWS, TABLE_OF

PREFIX = "/services/rest/record/v1/"
SINGULAR = "application/vnd.oracle.resource+json; type=singular"
COLLECTION = "application/vnd.oracle.resource+json; type=collection"


def catalog(call: Call, rest: list[str]) -> Response:
    """The names of the record types, or of one type's fields (JSON Schema), or the paths of an OpenAPI document."""
    known = [*DOCUMENTS, *TABLE_OF]
    if rest:
        if rest[0] not in known:
            raise ApiError(404, "NONEXISTENT_ID", f"Record type '{rest[0]}' does not exist.", {"o:errorUrl": call.path})
        names = sorted(NAMES.get(rest[0], ROWS.get(rest[0], {})))
        return json(
            {"type": "object", "properties": {name: {"title": name} for name in names}},
            "application/schema+json",
        )
    chosen = [name for name in call.query.get("select", "").split(",") if name] or known
    if "application/swagger+json" in call.headers.get("accept", ""):
        paths: dict[str, Any] = {f"/{name}": {"get": {}} for name in chosen}
        return json(
            {
                "openapi": "3.0.1",
                "info": {"title": "NetSuite REST Record API", "version": "v1"},
                "paths": paths,
            },
            "application/swagger+json",
        )
    root = f"{call.base}{PREFIX}metadata-catalog"
    items = [{"name": name, "links": [{"rel": "canonical", "href": f"{root}/{name}"}]} for name in chosen]
    return json({"links": [{"rel": "self", "href": root}], "items": items}, COLLECTION)


def not_allowed() -> ApiError:
    return ApiError(405, "METHOD_NOT_ALLOWED", "Method Not Allowed. This operation is not supported for the resource.")


def json(body: Any, media: str) -> Response:
    return Response(orjson.dumps(body), media_type=media)


def done(call: Call, record: str, key: int, warnings: list[str], *, location: bool) -> Response:
    headers = {"X-NetSuite-Warning": f"Unknown properties were ignored: {', '.join(warnings)}"} if warnings else {}
    if location:
        headers["Location"] = f"{call.base}{PREFIX}{record}/{key}"
    return Response(status_code=204, headers=headers)
