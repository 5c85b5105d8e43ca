"""Files as they came, by content: what a report said can be read again at any time, without asking the sender for it."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from pipelines.home import Home
from pipelines.sftp.client import RemoteFile, SftpClient


class Landing:
    """One connection's folder of received files, `landing/sftp/<connection>/<sha256>.<ending>`."""

    def __init__(self, home: Home, connection: str) -> None:
        self._root = home.landing
        self._folder = self._root / "sftp" / connection
        self._folder.mkdir(parents=True, exist_ok=True)
        self._manifest = self._folder / "attachments.json"

    def fetch(self, client: SftpClient, file: RemoteFile) -> str | None:
        """Download a file and keep it; returns its sha256, or None if it was not stable. A half download is never seen."""
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=".fetching-")
        os.close(descriptor)
        temporary = Path(name)
        try:
            sha256 = client.download(file, temporary)
            if sha256 is not None:
                temporary.replace(self._path(sha256, file.name))
            return sha256
        finally:
            temporary.unlink(missing_ok=True)

    def content(self, sha256: str, file_name: str) -> bytes | None:
        """The kept bytes of a report, or None if someone removed them."""
        try:
            return self._path(sha256, file_name).read_bytes()
        except FileNotFoundError:
            return None

    def relative(self, sha256: str, file_name: str) -> str:
        """Where the file lies, below the landing folder."""
        return self._path(sha256, file_name).relative_to(self._root).as_posix()

    def has(self, sha256: str, file_name: str) -> bool:
        return self._path(sha256, file_name).is_file()

    def _path(self, sha256: str, file_name: str) -> Path:
        return self._folder / f"{sha256}{Path(file_name).suffix.lower()}"

    def attachments(self) -> dict[str, Any]:
        """What was fetched of the PDFs, by name: size, modified_at, sha256. Empty when unknown: then they are fetched again."""
        try:
            known: dict[str, Any] = json.loads(self._manifest.read_text("utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return known

    def remember(self, attachments: dict[str, Any]) -> None:
        """Replace what `attachments` says, at once."""
        temporary = self._manifest.with_suffix(".new")
        temporary.write_text(json.dumps(attachments, sort_keys=True), "utf-8")
        temporary.replace(self._manifest)
