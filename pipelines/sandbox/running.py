"""Start the sandbox in a process of its own and talk to its controls: for tests, benchmarks and the demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

START_SECONDS = 300


@dataclass
class Sandbox:
    """A running sandbox. Use it as a context manager, or call `stop`."""

    base_url: str
    sftp_port: int
    connections: Path
    process: subprocess.Popen[str]

    @property
    def env(self) -> dict[str, str]:
        """What to add to the environment of whatever is to run against it."""
        return {"TIEOUT_CONNECTIONS": str(self.connections)}

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        """What the ledger must say now."""
        found: dict[str, list[dict[str, Any]]] = self._ask("truth")
        return found

    def advance(self, days: int) -> str:
        """Let days go by; returns the new company time."""
        return str(self._ask("advance", {"days": days})["now"])

    def faults(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Replace the faults; none clears them."""
        self._ask("faults", list(rules))

    def access(self, connection: str, **wish: Any) -> None:
        """Play with a connection's credentials or role; without a wish, back to normal."""
        self._ask("access", {"connection": connection, **wish})

    def log(self, since: int = 0, limit: int = 1_000) -> dict[str, Any]:
        """Requests seen and writes made."""
        found: dict[str, Any] = self._ask(f"log?since={since}&limit={limit}")
        return found

    def health(self) -> dict[str, Any]:
        """Company time and seed."""
        found: dict[str, Any] = self._ask("health")
        return found

    def stop(self) -> None:
        """End it and wait for the end."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ask(self, what: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}/__sandbox__/{what}", data=data)  # POST when there is a body
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from None


def start(
    folder: Path, *, seed: int = 7, customers: int = 200, months: int = 18, port: int = 0, sftp_port: int = 0
) -> Sandbox:
    """Start a sandbox whose connections file, `.env` and keys go to `folder`; it ends when we do. Raises RuntimeError with its words
    if it does not come up."""
    folder.mkdir(parents=True, exist_ok=True)
    connections = folder / "connections.toml"
    size = ("--seed", str(seed), "--customers", str(customers), "--months", str(months))
    ports = ("--port", str(port), "--sftp-port", str(sftp_port))
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pipelines.sandbox",
            *size,
            *ports,
            "--connections-out",
            str(connections),
            "--until-stdin-closes",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith("{"):
        process.kill()
        raise RuntimeError(
            f"the sandbox did not start (exit {process.wait()}); its last words are above: {line.strip()}"
        )
    ready = json.loads(line)
    return Sandbox(f"http://127.0.0.1:{ready['port']}", ready["sftp_port"], connections, process)
