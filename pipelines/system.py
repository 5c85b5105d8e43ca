"""The contract that every system fulfils: what a folder in `pipelines/` declares, and the errors it may raise.

A system is a kind of thing outside that we talk to. Its folder declares `SYSTEM`; everything else (the command line, the Dagster
assets, the outbox) works on `System` and knows no system by name.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pipelines.connections import Connection
    from pipelines.sync import SyncContext
    from pipelines.tables import Table


class TieoutError(Exception):
    """An error a person can act on: the message names the thing and the remedy."""


class NotConfigured(TieoutError):
    """A setting or secret is missing or wrong; nothing was sent."""


class Refused(TieoutError):
    """The system refused who we are or what our role may do (authentication, permission)."""

    def __init__(self, message: str, remedy: str = "", code: str = "refused") -> None:
        super().__init__(f"{message} Remedy: {remedy}" if remedy else message)
        self.remedy = remedy
        self.code = code

    @property
    def state(self) -> str:
        """What a connection is when it was refused so. A token limit and a lost connection are two different states."""
        return _STATES.get(self.code, "refused")


_STATES = {"token_limit": "token_limit", "invalid_login": "disconnected", "wrong_account": "disconnected"}


class Rejected(TieoutError):
    """The system understood a request and said no; `str(error)` holds its words, unchanged."""


class Transient(TieoutError):
    """No answer, or one that says "later". For a write: it may or may not have happened."""


class CannotFind(TieoutError):
    """A writer cannot search this system reliably, so whether the write happened stays unknown."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a connection, and what mends it."""

    code: str
    message: str
    remedy: str

    @classmethod
    def of(cls, code: str, error: Exception, remedy: str = "correct the setting") -> "Problem":
        """From an error that says its own remedy; else with this one."""
        message, _, own = str(error).partition(" Remedy: ")
        return cls(code, message, own.rstrip(".") or remedy)


@dataclass(frozen=True)
class Check:
    """The outcome of testing a connection. `state` is `active` when there are no problems; nothing is synced by a check."""

    connection: str
    state: str
    problems: tuple[Problem, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.state == "active"


@dataclass(frozen=True)
class Intent:
    """A write we mean to make, named before it is tried. Amounts in `payload` are strings, dates `YYYY-MM-DD`."""

    key: str
    connection: str
    kind: str
    payload: Mapping[str, Any]

    @property
    def payload_hash(self) -> str:
        """sha256 of the canonical payload: same key with another hash is a conflict, never an update."""
        text = json.dumps(self.payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


class Writer(Protocol):
    """How a system accepts an intent: `find`, then `create`."""

    def find(self, intent: Intent) -> str | None:
        """The ERP id of what already carries the intent's key, or None. Raises CannotFind, Transient, Refused."""
        ...

    def create(self, intent: Intent) -> str:
        """Make the record; returns its ERP id. Raises Rejected (the ERP's words), Transient (may have happened), Refused."""
        ...


@dataclass(frozen=True)
class System:
    """What a system's folder declares. `source` returns a dlt source; `writer` is None where we only read."""

    name: str
    kind: str  # "erp" | "psp" | "report" | "crm": which staging contract its facts enter
    settings: type[Any]
    tables: tuple["Table", ...]
    source: Callable[["Connection", "SyncContext"], Any]
    check: Callable[["Connection"], Check]
    writer: Callable[["Connection"], Writer] | None = None
    write_kinds: tuple[str, ...] = ()
    # A cheap text that changes when something new has arrived, asked every half minute and answered within seconds, at the first try or
    # not at all; None where only a sync can tell.
    arrivals: Callable[["Connection"], str] | None = None
    # How a person gets a connection its owner's consent: without a code the address to open, with the code that this ends with what is
    # connected now. None where there is nothing to consent to, or the consent is given elsewhere.
    connect: Callable[["Connection", str | None], str] | None = None
