"""Where the current tokens of a consent lie: one private file in the home, written whole or not at all.

It is worth as much as the consent itself. Whoever reads or replaces it holds its lock.
"""

import hashlib
import os
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, TypeVar

import orjson

from pipelines.home import Home, file_lock


@dataclass(frozen=True)
class Grant:
    """What the token endpoint gave last. `seed` says which configured refresh token it descends from. A system may keep more."""

    refresh_token: str
    access_token: str
    seed: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}(seed={self.seed[:8]})"


G = TypeVar("G", bound=Grant)


def fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Vault(Generic[G]):
    """The tokens of one consent, of type `kind`, for every thread and process of a home. `what` names them to a person."""

    def __init__(self, home: Home, name: str, what: str, kind: type[G]) -> None:
        self._folder: Path = home.root / "tokens"
        self._file = self._folder / f"{name}.json"
        self._lock = home.locks / f"{name}.token.lock"
        self._what = f"The token lock of {what}"
        self._kind = kind

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else refreshes meanwhile. Longer than a refresh with all its retries may take."""
        return file_lock(self._lock, 600, self._what)

    def load(self, seed: str | None) -> G | None:
        """What was stored last, if it descends from this configured token: a new consent begins anew. None where none is configured."""
        try:
            found = self._kind(**orjson.loads(self._file.read_bytes()))
        except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
            return None
        return found if seed in (None, found.seed) else None

    def store(self, grant: G) -> None:
        """On disk, readable by nobody else, before this returns."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        written = self._file.with_suffix(".tmp")
        written.unlink(missing_ok=True)
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(asdict(grant)))
            file.flush()
            os.fsync(file.fileno())
        written.replace(self._file)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name survives a power cut, too
        finally:
            os.close(folder)

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)
