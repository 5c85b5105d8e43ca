"""connections.toml -> validated, frozen settings.

One table per connection, `[<system>.<name>]`. Names are unique across systems. A secret is only ever a reference, `"${VARIABLE}"`: a
literal one is refused, and the variable is read when it is used, so that loading needs no secret. A `.env` beside the file is read.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import dotenv
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError, field_validator
from pydantic_core import core_schema

from pipelines import systems
from pipelines.system import NotConfigured, System

_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
Cadence = Literal["realtime", "15m", "30m", "60m", "daily", "manual"]


class Secret:
    """A reference to an environment variable. Its value appears in no log, error or repr. `needed_by`: the connection and its setting."""

    def __init__(self, variable: str) -> None:
        self.variable = variable
        self.needed_by = ""

    def get_secret_value(self) -> str:
        """The variable's value. Raises NotConfigured, naming it, when it is not set."""
        value = os.environ.get(self.variable, "")
        if not value:
            needed = f"{self.needed_by}: " if self.needed_by else ""
            raise NotConfigured(
                f"{needed}The environment variable {self.variable} is not set. Remedy: set it, or put it in .env."
            )
        return value

    def __repr__(self) -> str:
        return f"Secret(${{{self.variable}}})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.variable == self.variable

    def __hash__(self) -> int:
        return hash(self.variable)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def check(value: Any) -> "Secret":
            if isinstance(value, Secret):
                return value
            match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
            if match is None:
                raise ValueError('a secret must be a reference like "${VARIABLE}", never the secret itself')
            return cls(match[1])

        return core_schema.no_info_plain_validator_function(
            check, serialization=core_schema.plain_serializer_function_ser_schema(repr)
        )


class Settings(BaseModel):
    """What every connection may set. A system's own settings extend this."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    sync_every: Cadence = "60m"
    time_zone: str = "UTC"
    daily_at: int = Field(default=3, ge=0, le=23)  # hour in time_zone after which a daily sync is due
    redundancy_at: int = Field(default=2, ge=0, le=23)  # hour after which everything is read again, once a day

    def reconciles(self) -> tuple[str, ...]:
        """Names of the payment provider and bank connections whose money belongs in this connection's books."""
        return ()

    def tells_of_payments(self) -> bool:
        """Whether its money is for books to reconcile: a payment provider, a bank."""
        return False

    def tenant(self) -> str | None:
        """The account whose credentials these are, where another account of the system must not share them; None where it may."""
        return None

    def read_whole(self) -> str | None:
        """The account of which there can be one connection only, because it is read whole; None where others may read their parts."""
        return None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is no IANA time zone, such as Europe/London") from None
        return value


@dataclass(frozen=True)
class Connection:
    """One account in one system. `settings` is of the system's own settings model."""

    name: str
    system: str
    settings: Any

    def __post_init__(self) -> None:
        for key, value in vars(self.settings).items():
            if isinstance(value, Secret):
                value.needed_by = f"{self.name}: {key}"

    @property
    def declared(self) -> System:
        return systems()[self.system]

    def impatient(self) -> "Connection":
        """The connection for a question that is tried once: whoever asks will ask again."""
        return replace(self, settings=self.settings.model_copy(update={"max_attempts": 1}))

    def public_settings(self) -> dict[str, Any]:
        """The settings as JSON-able values, secrets left out: what the warehouse may know."""
        values: dict[str, Any] = self.settings.model_dump(mode="json")
        return {key: value for key, value in values.items() if not isinstance(getattr(self.settings, key), Secret)}


@dataclass(frozen=True)
class Connections:
    """All connections of one file, in its order."""

    path: Path
    items: tuple[Connection, ...]

    def __iter__(self) -> Iterator[Connection]:
        return iter(self.items)

    def get(self, name: str) -> Connection:
        """A connection by name (`books_us` or `netsuite.books_us`). Raises NotConfigured listing those there are."""
        short = name.rpartition(".")[2]
        for item in self.items:
            if item.name == short:
                return item
        known = ", ".join(item.name for item in self.items) or "none"
        raise NotConfigured(f"{self.path} has no connection {name!r}; it has: {known}.")

    def of(self, system: str) -> tuple[Connection, ...]:
        return tuple(item for item in self.items if item.system == system)


def default_path() -> Path:
    """The file named by `TIEOUT_CONNECTIONS`, or `connections.toml` in the working folder."""
    return Path(os.environ.get("TIEOUT_CONNECTIONS", "connections.toml")).expanduser()


def load(path: Path | None = None) -> Connections:
    """Read and validate every connection. Raises NotConfigured with every problem at once, each naming its table and key."""
    file = path or default_path()
    if not file.is_file():
        raise NotConfigured(
            f"There is no connections file {file}. Remedy: start the sandbox (`make demo`), or copy connections.example.toml and fill it in."
        )
    dotenv.load_dotenv(file.resolve().parent / ".env", override=False)
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotConfigured(f"{file} is not valid TOML: {error}") from None
    problems: list[str] = []
    items: list[Connection] = []
    for system_name, tables in document.items():
        system = systems().get(system_name)
        if system is None or not isinstance(tables, dict):
            problems.append(f"[{system_name}]: no such system; there are: {', '.join(systems())}")
            continue
        for name, values in tables.items():
            items += _connection(system, name, values, file.resolve().parent, problems)
    names = [item.name for item in items]
    problems += [
        f"the name {name!r} is used twice; names are unique across systems"
        for name in {n for n in names if names.count(n) > 1}
    ]
    problems += _reconciled(items)
    problems += _shared_secrets(items)
    problems += _read_twice(items)
    if problems:
        raise NotConfigured(
            f"{file} has {len(problems)} problem(s):\n" + "\n".join(f"  - {problem}" for problem in problems)
        )
    return Connections(file, tuple(items))


def _reconciled(items: list[Connection]) -> Iterator[str]:
    """A provider's or bank's money belongs in one set of books, and that of a connection there is."""
    names = {item.name: item for item in items}
    books: dict[str, str] = {}
    for item in items:
        for provider in item.settings.reconciles():
            if provider not in names:
                yield f"[{item.system}.{item.name}]: reconciles {provider!r}, and there is no such connection"
            elif not names[provider].settings.tells_of_payments():
                yield f"[{item.system}.{item.name}]: reconciles {provider!r}, which tells of no payments"
            elif books.setdefault(provider, item.name) != item.name:
                yield f"[{item.system}.{item.name}]: {provider!r} is already reconciled with {books[provider]!r}"


def _shared_secrets(items: list[Connection]) -> Iterator[str]:
    """Two accounts (a sandbox and production) have credentials of their own."""
    used: dict[tuple[str, str], Connection] = {}
    for item in items:
        tenant = item.settings.tenant()
        for key, secret in item.settings if tenant is not None else ():
            if isinstance(secret, Secret):
                first = used.setdefault((item.system, secret.variable), item)
                if first.settings.tenant() != tenant:
                    yield (
                        f"[{item.system}.{item.name}] {key}: ${{{secret.variable}}} is a credential of {first.name}, which is another account"
                        f" ({first.settings.tenant()}, not {tenant})"
                    )


def _read_twice(items: list[Connection]) -> Iterator[str]:
    """A section that was copied and still names the account of the first one: all would count twice, and a stored login be overwritten."""
    first: dict[tuple[str, str], str] = {}
    for item in items:
        account = item.settings.read_whole()
        if account is not None and first.setdefault((item.system, account), item.name) != item.name:
            yield f"[{item.system}.{item.name}]: {account} is read by {first[item.system, account]!r} already; name its own account"


def _connection(system: System, name: str, values: Any, folder: Path, problems: list[str]) -> list[Connection]:
    if not _NAME.fullmatch(name) or not isinstance(values, dict):
        problems.append(f"[{system.name}.{name}]: a connection is a table whose name has only a-z, 0-9 and _")
        return []
    anchored = {
        key: str(folder / value) if key.endswith("_file") and isinstance(value, str) else value
        for key, value in values.items()
    }
    try:
        found = Connection(name, system.name, system.settings(**anchored))
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False):  # inputs may be secrets
            key = ".".join(map(str, item["loc"])) or "(table)"
            problems.append(f"[{system.name}.{name}] {key}: {item['msg'].removeprefix('Value error, ')}")
        return []
    if found.settings.sync_every == "realtime" and system.arrivals is None:
        problems.append(f"[{system.name}.{name}] sync_every: {system.name} cannot be asked whether something is new")
    return [found]
