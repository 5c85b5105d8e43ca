"""Where the current tokens of a company lie: one private file in the home, written whole or not at all.

It is worth as much as the consent itself. Whoever reads or replaces it holds the company's lock.
"""

import hashlib
import os
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from pipelines.home import Home, file_lock


@dataclass(frozen=True)
class Grant:
    """What the token endpoint gave last. `seed` says which configured refresh token it descends from; `good_until`
    (epoch seconds) is a little before the access token ends."""

    refresh_token: str
    access_token: str
    good_until: float
    seed: str
    verified: bool  # the e-mail address of who consented was seen to be verified, or the consent has no say in it

    def __repr__(self) -> str:
        return f"Grant(good_until={self.good_until:.0f}, verified={self.verified})"


def fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Vault:
    """The tokens of one company, for every thread and process of a home."""

    def __init__(self, home: Home, realm: str) -> None:
        self._folder: Path = home.root / "tokens"
        self._file = self._folder / f"quickbooks_{realm}.json"
        self._lock = home.locks / f"quickbooks_{realm}.token.lock"
        self._what = f"The token lock of QuickBooks company {realm}"

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else refreshes meanwhile. Longer than a refresh with all its retries may take."""
        return file_lock(self._lock, 600, self._what)

    def load(self, seed: str) -> Grant | None:
        """What was stored last, if it descends from this configured token: a new consent begins anew."""
        try:
            found = Grant(**orjson.loads(self._file.read_bytes()))
        except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
            return None
        return found if found.seed == seed else None

    def store(self, grant: Grant) -> None:
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
