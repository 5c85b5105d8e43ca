"""The small parts of a record's JSON: links, references, enums, sublists, instants."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .account import Account, Call
from .fields import TABLE_OF

Json = dict[str, Any]


class References:
    """Renders references of one account for one request."""

    def __init__(self, account: Account, call: Call) -> None:
        self.account, self.books = account, account.books
        self.root = f"{call.base}/services/rest/record/v1"
        self.expand = call.query.get("expandSubResources", "false").lower() == "true"
        self.simple = call.query.get("simpleEnumFormat", "false").lower() == "true"

    def link(self, path: str) -> list[Json]:
        return [{"rel": "self", "href": f"{self.root}/{path}"}]

    def ref(self, record: str, key: int | None, name: str | None = None) -> Json | None:
        if key is None:
            return None
        return without_null(
            {"links": self.link(f"{record}/{key}"), "id": str(key), "refName": name or self.name(record, key)}
        )

    def name(self, record: str, key: int) -> str | None:
        table = {"accountingPeriod": "accountingperiod", "item": "item", "customerCategory": "customercategory"}.get(
            record, TABLE_OF.get(record, record)
        )
        row = self.books.store.reference.get(table, {}).get(key, {})
        shown = (
            "altname",
            "companyname",
            "accountsearchdisplayname",
            "periodname",
            "name",
            "fullname",
            "entityid",
        )
        return next((str(row[column]) for column in shown if row.get(column)), None)

    def enum(self, key: str | None, name: str | None) -> Any:
        if key is None:
            return None
        return key if self.simple else without_null({"id": key, "refName": name})

    def sublist(self, path: str, items: list[Json]) -> Json:
        """A sublist: its link, and its elements when expanded."""
        if not self.expand:
            return {"links": self.link(path)}
        return self.expanded(path, items)

    def expanded(self, path: str, items: list[Json]) -> Json:
        keyed = [{"links": self.link(f"{path}/{key_of(item)}"), **without_null(item)} for item in items]
        return {
            "links": self.link(path),
            "count": len(items),
            "hasMore": False,
            "items": keyed,
            "offset": 0,
            "totalResults": len(items),
        }


def key_of(element: Json) -> str:
    """The key of a sublist element as it stands in its URL."""
    if "doc" in element:
        return f"doc={element['doc']['id']},line={element['line']}"
    return str(element["id"] if "id" in element else element["line"])


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def without_null(body: Json) -> Json:
    return {name: value for name, value in body.items() if value is not None}
