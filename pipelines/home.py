"""Where Tieout keeps its state: one folder, `TIEOUT_DATA` (default `data/`). Two homes never share anything.

Also the one lock around the warehouse: DuckDB lets a single process write, shuts every other process out meanwhile, and does not wait.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.system import TieoutError


class WarehouseBusy(TieoutError):
    """Another run held the warehouse lock for longer than the caller would wait."""


@dataclass(frozen=True)
class Home:
    """The folder that holds warehouse, outbox, published copy, landing files, dlt and Dagster state."""

    root: Path

    @classmethod
    def current(cls) -> "Home":
        """The home named by `TIEOUT_DATA`, made if it does not exist."""
        home = cls(Path(os.environ.get("TIEOUT_DATA", "data")).expanduser().resolve())
        home.root.mkdir(parents=True, exist_ok=True)
        return home

    @property
    def warehouse(self) -> Path:
        return self.root / "tieout.duckdb"

    @property
    def published(self) -> Path:
        return self.root / "published" / "tieout.duckdb"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox.sqlite"

    @property
    def outbox_url(self) -> str:
        """The outbox database: `TIEOUT_OUTBOX` (any SQLAlchemy URL) or SQLite in the home."""
        return os.environ.get("TIEOUT_OUTBOX") or f"sqlite:///{self.outbox}"

    @property
    def landing(self) -> Path:
        """Files received (reports, PDFs), kept as they came, by content."""
        return self._made("landing")

    @property
    def dlt(self) -> Path:
        return self._made("dlt")

    @property
    def dagster(self) -> Path:
        return self._made("dagster")

    @property
    def locks(self) -> Path:
        return self._made("locks")

    @property
    def logs(self) -> Path:
        return self._made("logs")

    def _made(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path


@contextlib.contextmanager
def file_lock(path: Path, timeout: float, what: str) -> Iterator[None]:
    """Hold an exclusive lock on `path`; the kernel drops it if the holder dies. Raises WarehouseBusy after `timeout` seconds."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o664)
    deadline = time.monotonic() + timeout
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise WarehouseBusy(
                        f"{what} ({path}) was held by another run for {timeout:.0f} s. Remedy: wait for that run, or stop it."
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def warehouse_lock(home: Home, timeout: float = 900) -> contextlib.AbstractContextManager[None]:
    """One writer at a time, around everything that opens the warehouse. Do network work before taking it."""
    return file_lock(home.locks / "warehouse.lock", timeout, "The warehouse lock")


def connection_lock(home: Home, connection: str, timeout: float = 900) -> contextlib.AbstractContextManager[None]:
    """One sync at a time per connection: two runs of one dlt pipeline would share its working folder."""
    return file_lock(home.locks / f"{connection}.lock", timeout, f"The sync lock of {connection}")


class Slots:
    """At most `count` holders at once of what `name` names, over all threads and processes of a home.

    A slot is a locked file; the kernel frees those of a process that dies. Who waits stands at a turnstile, itself a lock, so that a
    process with many threads does not keep another one out.
    """

    def __init__(self, home: Home, name: str, count: int) -> None:
        self._paths = [home.locks / f"{name}.slot{number}" for number in range(count)]
        self._free: list[int] = []
        self._turnstile = home.locks / f"{name}.turnstile"
        self._turn = -1
        self._entering = threading.Lock()
        self._changing = threading.Lock()

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a slot and hold it."""
        with self._entering:
            if self._turn < 0:
                self._free = [os.open(path, os.O_CREAT | os.O_RDWR, 0o664) for path in self._paths]
                self._turn = os.open(self._turnstile, os.O_CREAT | os.O_RDWR, 0o664)
            fcntl.flock(self._turn, fcntl.LOCK_EX)
            try:
                held = self._take()
                while held is None:
                    time.sleep(0.002)
                    held = self._take()
            finally:
                fcntl.flock(self._turn, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(held, fcntl.LOCK_UN)
            with self._changing:
                self._free.append(held)

    def _take(self) -> int | None:
        with self._changing:
            for place, descriptor in enumerate(self._free):
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return self._free.pop(place)
        return None

    def close(self) -> None:
        """Close the files that are not in use."""
        with self._entering, self._changing:
            for descriptor in (*self._free, *([self._turn] if self._turn >= 0 else [])):
                os.close(descriptor)
            self._free, self._turn = [], -1
