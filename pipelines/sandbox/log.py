"""What the twins were asked and what was written: a bounded log. It keeps no header, so no secret."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS, WRITES, BODY = 5_000, 20_000, 4_096
_QUIET = (
    "/query/v1/suiteql",
    "/oauth2/v1/token",
    "/query",
    "/oauth2/v1/tokens/bearer",
    "/oauth/token",
)  # POSTs that write nothing
Entry = dict[str, Any]


class Log:
    """The last requests, the last writes that a twin carried out, and counts of all."""

    def __init__(self) -> None:
        self.requests: deque[Entry] = deque(maxlen=REQUESTS)
        self.writes: deque[Entry] = deque(maxlen=WRITES)
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.total = 0

    def begin(self, scope: Scope, at: datetime) -> Entry:
        """A new entry. `status` is what the client got, `served` what the twin answered."""
        self.total += 1
        path = str(scope["path"])
        entry: Entry = {
            "n": self.total,
            "at": at.isoformat(),
            "system": path.split("/", 2)[1],
            "method": scope["method"],
            "path": path,
            "query": scope["query_string"].decode("latin-1"),
            "status": None,
            "served": None,
            "fault": None,
        }
        self.requests.append(entry)
        return entry

    def end(self, entry: Entry, written: Entry) -> None:
        """The request is over; a write that was carried out is noted with its body and where it is."""
        outcome = "cut" if entry["status"] is None else str(entry["status"])
        self.counts[(entry["system"], entry["method"], outcome)] += 1
        if written and entry["served"] is not None and entry["served"] < 300:
            self.writes.append({**entry, **written})

    def state(self, since: int = 0, limit: int = 1_000) -> dict[str, Any]:
        """The log as JSON: entries numbered above `since`, the last `limit` of each kind."""
        return {
            "total": self.total,
            "counts": [
                {"system": system, "method": method, "outcome": outcome, "count": count}
                for (system, method, outcome), count in sorted(self.counts.items())
            ],
            "requests": [entry for entry in self.requests if entry["n"] > since][-limit:],
            "writes": [entry for entry in self.writes if entry["n"] > since][-limit:],
        }


class Recorder:
    """ASGI middleware right in front of the twins: notes what they answer, whether or not the client ever hears it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry: Entry = scope["tieout"]
        written: Entry = scope["tieout.written"]
        if scope["method"] in ("GET", "HEAD", "OPTIONS") or entry["path"].endswith(_QUIET):
            await self.app(scope, receive, _noting(send, entry))
            return
        body = bytearray()
        written.update(location=None, body="", idempotency_key=_header(scope, b"idempotency-key"))

        async def listen() -> Message:
            message = await receive()
            body.extend(message.get("body", b"")[: BODY - len(body)])
            return message

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["served"] = message["status"]
                written["location"] = next(
                    (value.decode() for name, value in message["headers"] if name == b"location"), None
                )
            await send(message)

        await self.app(scope, listen, note)
        written["body"] = body.decode("utf-8", "replace")


def _noting(send: Send, entry: Entry) -> Send:
    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry["served"] = message["status"]
        await send(message)

    return note


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)
