"""The sandbox as one process on loopback: the company, its HTTP twins on one port, its SFTP server on another."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import asyncssh
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from pipelines.ecb.twin import app as ecb_app
from pipelines.netsuite.twin.account import Account
from pipelines.netsuite.twin.app import app as netsuite_app
from pipelines.quickbooks.twin import Realm
from pipelines.quickbooks.twin import app as quickbooks_app
from pipelines.sandbox import credentials as keys
from pipelines.sandbox.company import Company, check_size
from pipelines.sandbox.connections_file import Files, refuse_others
from pipelines.sandbox.control import Control
from pipelines.sandbox.faults import Faults
from pipelines.sandbox.front import Front, Turnstile
from pipelines.sandbox.log import Log, Recorder
from pipelines.sandbox.netsuite_books import NetSuiteBooks
from pipelines.sandbox.quickbooks_books import QuickBooksBooks
from pipelines.sandbox.truth import Truth
from pipelines.sftp import twin as sftp
from pipelines.stripe.twin.app import app as stripe_app
from pipelines.system import NotConfigured


def run(
    *,
    seed: int,
    customers: int,
    months: int,
    port: int = 0,
    sftp_port: int = 0,
    connections_out: Path,
    announce: Callable[[str], None] | None = None,
    until_stdin_closes: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT. Ports of 0 take free ones; when everything is ready, one line of JSON is announced
    (`port`, `sftp_port`, `connections`, `pid`).

    Raises NotConfigured for a company too small, a port that is taken, or files in the way that are not the sandbox's.
    """
    try:
        check_size(customers, months)
        refuse_others(connections_out)
        web, drop = sftp.bind(port), sftp.bind(sftp_port)
    except (ValueError, OSError) as error:
        raise NotConfigured(f"The sandbox cannot start: {error}") from error
    secrets = keys.make()
    with _kept_from_collection():
        company = Company(seed, customers, months, secrets.stripe)
    base_url = f"http://127.0.0.1:{web.getsockname()[1]}"
    with tempfile.TemporaryDirectory(prefix="tieout-sandbox-") as folder:
        company.write_drops(Path(folder))
        Files(company, secrets, base_url, drop.getsockname()[1]).write(connections_out)
        ready = {
            "port": web.getsockname()[1],
            "sftp_port": drop.getsockname()[1],
            "connections": str(connections_out),
            "pid": os.getpid(),
        }
        service = _Service(company, secrets, Path(folder))
        with asyncio.Runner() as runner, company, contextlib.ExitStack() as at_end:
            at_end.callback(gc.unfreeze)  # at exit DuckDB complains of connections that were never collected
            runner.run(
                service.serve(
                    web, drop, lambda: (announce or _say)(json.dumps(ready)), until_stdin_closes=until_stdin_closes
                )
            )


def _say(line: str) -> None:
    print(line, flush=True)


class _Service:
    """One running sandbox."""

    def __init__(self, company: Company, secrets: keys.Credentials, folder: Path) -> None:
        self.company, self.secrets, self.folder = company, secrets, folder

    def app(self) -> Front:
        """Everything behind one port."""
        accounts: dict[str, Account] = {}
        realms: dict[str, Realm] = {}
        for office in (branch.office for branch in self.company.branches):
            number, books = office.profile.account_id, office.books
            if isinstance(books, NetSuiteBooks):
                accounts[number] = Account(books.twin, self.secrets.netsuite(office.connection))
            elif isinstance(books, QuickBooksBooks):
                realms[number] = Realm(books.twin, self.secrets.quickbooks[office.connection])
        stripes = {branch.till.account.secret_key: branch.till.account for branch in self.company.branches}
        reference = ecb_app(
            self.company.reference_rates,
            self.company.since.date() - timedelta(days=45),
            lambda: self.company.clock.now().date(),
        )
        routes = [
            Mount("/netsuite", netsuite_app(accounts)),
            Mount("/quickbooks", quickbooks_app(realms)),
            Mount("/stripe", stripe_app(stripes, self.secrets.platform)),
            Mount("/ecb", reference),
        ]
        faults = Faults(Recorder(Starlette(routes=routes)))
        log, turnstile = Log(), Turnstile()
        truth = Truth(self.company)
        platform = self.secrets.platform
        control = Control(self.company, truth, accounts, realms, platform, faults, log, turnstile, self.folder)
        return Front(control.app(), faults, self.company.clock, log, turnstile)

    async def serve(
        self, web: socket.socket, drop: socket.socket, ready: Callable[[], None], *, until_stdin_closes: bool
    ) -> None:
        """Both servers until told to stop."""
        users = {name: sftp.User(self.folder / name, pair.public) for name, pair in self.secrets.sftp.items()}
        config = uvicorn.Config(
            self.app(),
            http=_Protocol,
            lifespan="off",
            access_log=False,
            log_level="warning",
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=2,
        )
        server = _Server(config)
        server.stop_on_signals()
        if until_stdin_closes:
            server.stop_with_stdin()
        acceptor: asyncssh.SSHAcceptor = await sftp.listen(users, self.secrets.host_key, drop)
        serving = asyncio.create_task(server.serve(sockets=[web]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if server.started:
            ready()
        await serving
        acceptor.close()


class _Server(uvicorn.Server):
    """uvicorn, but a signal ends it quietly instead of being raised again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop_on_signals(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self._stop)

    def stop_with_stdin(self) -> None:
        """Whoever started us holds our standard input open; when they are gone, so are we."""
        held = sys.stdin.fileno()
        asyncio.get_running_loop().add_reader(held, lambda: None if os.read(held, 4096) else self._stop())

    def _stop(self) -> None:
        self.should_exit = True


class _Protocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """HTTP with the connection's transport in `scope["state"]`, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.app_state: dict[str, object] = {**self.app_state, "transport": transport}


@contextlib.contextmanager
def _kept_from_collection() -> Iterator[None]:
    """A company is millions of objects that all stay: looking for garbage among them would be most of the work."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
