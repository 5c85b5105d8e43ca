"""What happens to a connection over there or here, how it must be told, and that nothing is missing after it is mended."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pipelines.connections import Connection
from pipelines.outbox import DeliveryReport
from pipelines.sync import SyncReport, sync
from pipelines.system import Check, TieoutError
from tests.e2e.world import World


def attempt(company: World, connection: Connection) -> SyncReport | TieoutError:
    try:
        return sync(connection, company.home, confirmations=company.outbox.confirmations())
    except TieoutError as error:
        return error


def trouble(company: World, broken: Connection, *words: str, beside: str) -> str:
    """A day passes; the broken connection says what is wrong, in these words and with its name; another one goes on."""
    company.advance(1)
    error, other = attempt(company, broken), attempt(company, company.connections.get(beside))
    assert isinstance(error, TieoutError), f"{broken.name} went on: {error}"
    assert isinstance(other, SyncReport), str(other)
    told = str(error)
    missing = [word for word in (broken.name, *words) if word.lower() not in told.lower()]
    assert not missing, f"{missing} not in: {told}"
    return told


def mended(company: World, name: str) -> None:
    """The next sync reads what came meanwhile, and the one after it nothing. A provider may have days without news: that it was listed."""
    first, second = (attempt(company, company.connections.get(name)) for _ in range(2))
    assert isinstance(first, SyncReport), str(first)
    assert read_something(company, first)
    assert isinstance(second, SyncReport), str(second)
    assert second.rows == 0, second.versions


def read_something(company: World, report: SyncReport) -> bool:
    """New versions; of a provider, which may have had no news that day, rows that were listed."""
    quiet = company.connections.get(report.connection).system == "stripe"
    return (report.counts["rows_read"] if quiet else report.rows) > 0


def checked(connection: Connection) -> Check:
    found: Check = connection.declared.check(connection)
    assert not found.active
    assert all(problem.message and problem.remedy for problem in found.problems)
    return found


def circle(company: World, *names: str) -> tuple[set[str], DeliveryReport]:
    """A whole run of these connections: who could not be read is left out of plan and delivery. Returns those, and what was delivered."""
    unread = {name for name in names if not isinstance(attempt(company, company.connections.get(name)), SyncReport)}
    company.transform()
    assert not company.plan(without=unread).red
    return unread, company.deliver(without=unread)


@contextmanager
def environment(variable: str, wrong: str | None = None) -> Iterator[None]:
    """A secret that is missing, or another one."""
    value = os.environ.pop(variable)
    if wrong is not None:
        os.environ[variable] = wrong
    try:
        yield
    finally:
        os.environ[variable] = value


@contextmanager
def access(company: World, name: str, **wish: Any) -> Iterator[None]:
    """What an administrator over there does to our login or role, and takes back."""
    company.control("POST", "access", json={"connection": name, **wish})
    try:
        yield
    finally:
        company.control("POST", "access", json={"connection": name})


def changed(connection: Connection, **settings: Any) -> Connection:
    """The connection as someone mistyped it."""
    return replace(connection, settings=connection.settings.model_copy(update=settings))
