"""One NetSuite account of the twin: its books, who may log in, what they may do, and how much at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .auth import Credentials, Gate
from .books import Books
from .roles import Role
from .suiteql import SuiteQL


@dataclass(frozen=True)
class Limits:
    """Governance: how many requests may be in flight in the account at once (5 in the Standard tier)."""

    concurrency: int = 5


@dataclass
class Account:
    """State of one account. Changing `role` or `credentials` takes effect at the next request."""

    books: Books
    credentials: Credentials
    role: Role = field(default_factory=Role)
    limits: Limits = field(default_factory=Limits)
    company: str = "Tieout Demo Company"

    def __post_init__(self) -> None:
        self.gate = Gate(self.books.account_id, self.credentials, self.role)
        self.suiteql = SuiteQL(self.books)
        self.in_flight = 0

    @property
    def host(self) -> str:
        """The account id as it stands in host names and in the twin's paths: `1234567_SB1` is `1234567-sb1`."""
        return self.books.account_id.lower().replace("_", "-")


@dataclass(frozen=True)
class Call:
    """One request, as the handlers see it. `base` is the account's root URL as the client addressed it, `path` what follows it."""

    method: str
    base: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    url: str

    def whole(self, name: str, default: int) -> int | None:
        """A query parameter as a whole number; None if it is something else."""
        text = self.query.get(name)
        if text is None:
            return default
        return int(text) if text.isdigit() else None
