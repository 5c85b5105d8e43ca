"""The company's side of an SFTP drop: leaves reports there with its own key, as a careful sender does (upload, then rename)."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko

from pipelines.connections import Connection


class Sender:
    """One SFTP session of a drop's owner."""

    def __init__(self, session: paramiko.SFTPClient, folder: str) -> None:
        self._session, self._folder = session, folder
        self._sent = 0

    def put(self, name: str, content: bytes) -> None:
        """Upload under another name and rename; each file is a second younger than the one before."""
        self._sent += 1
        part, target = f"{self._folder}/{name}.part", f"{self._folder}/{name}"
        with self._session.open(part, "wb") as file:
            file.write(content)
        at = int(self._session.stat(part).st_mtime or 0) + self._sent
        self._session.utime(part, (at, at))
        self._session.posix_rename(part, target)

    def get(self, name: str) -> bytes:
        with self._session.open(f"{self._folder}/{name}", "rb") as file:
            return file.read()

    def names(self) -> list[str]:
        return sorted(self._session.listdir(self._folder))


@contextmanager
def sending(connection: Connection) -> Iterator[Sender]:
    """A session with the connection's own key, on the server that it pins."""
    settings = connection.settings
    kind, blob = settings.host_key.split()
    entry = paramiko.hostkeys.HostKeyEntry.from_line(f"[{settings.host}]:{settings.port} {kind} {blob}")
    assert entry
    assert entry.key
    with paramiko.SSHClient() as client:
        client.get_host_keys().add(f"[{settings.host}]:{settings.port}", kind, entry.key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        key = paramiko.Ed25519Key.from_private_key(io.StringIO(_private_key(settings)))
        client.connect(
            settings.host,
            settings.port,
            settings.username,
            pkey=key,
            look_for_keys=False,
            allow_agent=False,
            timeout=10,
        )
        with client.open_sftp() as session:
            yield Sender(session, settings.folder)


def _private_key(settings: Any) -> str:
    if settings.private_key is None:
        return Path(settings.private_key_file).read_text("utf-8")
    text: str = settings.private_key.get_secret_value()
    return text.replace("\\n", "\n")
