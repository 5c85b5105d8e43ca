"""What every request passes on its way to a twin: the turnstile, the log, and the company's time in the `Date` header."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.sandbox.clock import Clock
from pipelines.sandbox.log import Log

CONTROL = "/__sandbox__/"


class Turnstile:
    """Requests pass together; whoever changes or surveys the whole company passes alone."""

    def __init__(self) -> None:
        self._alone = asyncio.Lock()
        self._open, self._empty = asyncio.Event(), asyncio.Event()
        self._open.set()
        self._empty.set()
        self._inside = 0

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        while not self._open.is_set():
            await self._open.wait()
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        async with self._alone:
            self._open.clear()
            try:
                await self._empty.wait()
                yield
            finally:
                self._open.set()


class Front:
    """ASGI middleware around everything. Control requests are neither logged nor held up."""

    def __init__(self, app: ASGIApp, twins: ASGIApp, clock: Clock, log: Log, turnstile: Turnstile) -> None:
        self.app, self.twins, self.clock, self.log, self.turnstile = app, twins, clock, log, turnstile

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith(CONTROL):
            await self.app(scope, receive, self._dated(send, None))
            return
        async with self.turnstile.together():
            entry = scope["tieout"] = self.log.begin(scope, self.clock.now())
            written = scope["tieout.written"] = {}
            try:
                await self.twins(scope, receive, self._dated(send, entry))
            finally:
                self.log.end(entry, written)

    def _dated(self, send: Send, entry: dict[str, object] | None) -> Send:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                if entry is not None:
                    entry["status"] = message["status"]
                headers = [*message.get("headers", ()), (b"date", self.clock.http_date().encode())]
                message = {**message, "headers": headers}
            await send(message)

        return dated
