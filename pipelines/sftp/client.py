"""One SFTP session: the server's key is pinned, login is by key only, and a file is taken only once it has stopped growing."""

import base64
import hashlib
import io
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import paramiko
import tenacity
from paramiko.ssh_exception import NoValidConnectionsError

from pipelines.connections import Connection
from pipelines.sftp.settings import SftpSettings
from pipelines.system import NotConfigured, Refused, Transient

_UNFINISHED = (".part", ".tmp", ".filepart", ".partial", ".crdownload", ".done", ".ok")
_KEY_TYPES: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_CHUNK = 1 << 15


@dataclass(frozen=True)
class RemoteFile:
    """A file on the server. Its identity there is (path, size, modified_at); its content's is known once it is fetched."""

    path: str
    name: str
    size: int
    modified_at: int  # epoch seconds, the server's clock


class _WrongKey(Exception):
    """The server showed another key than the pinned one."""

    def __init__(self, got: paramiko.PKey) -> None:
        super().__init__(fingerprint(got.asbytes()))


class _Pinned(paramiko.RejectPolicy):
    """Rejects as RejectPolicy does, and remembers which key the server showed."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> NoReturn:
        raise _WrongKey(key)


def fingerprint(key: bytes) -> str:
    """`SHA256:...`, as ssh-keygen -l prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


class SftpClient:
    """A context manager around one session. Raises Refused (key or host key), NotConfigured (settings), Transient (no answer)."""

    def __init__(
        self,
        connection: Connection,
        pause: Callable[[float], None] = time.sleep,
        *,
        attempts: int = 3,
        patience: float | None = None,
    ) -> None:
        self._name = connection.name
        self._settings: SftpSettings = connection.settings
        self._pause = pause
        self._attempts = attempts
        self._timeout = patience or self._settings.timeout_seconds
        self._ssh: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None

    def __enter__(self) -> "SftpClient":
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Transient),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=5),
            stop=tenacity.stop_after_attempt(self._attempts),
            reraise=True,
        )
        retrying(self._open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ssh is not None:
            self._ssh.close()
        self._ssh = self._sftp = None

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _open(self) -> None:
        settings = self._settings
        key = _private_key(self._name, settings)
        ssh = paramiko.SSHClient()
        ssh.set_missing_host_key_policy(_Pinned())
        kind, _, text = settings.host_key.partition(" ")
        try:
            pinned = paramiko.PKey.from_type_string(kind, base64.b64decode(text))
        except (paramiko.SSHException, ValueError) as error:
            raise NotConfigured(
                f"{self._name}: host_key is not a public key: {error}. Remedy: copy the line that ssh-keyscan prints."
            ) from None
        host = settings.host if settings.port == 22 else f"[{settings.host}]:{settings.port}"
        ssh.get_host_keys().add(host, kind, pinned)
        expected = fingerprint(pinned.asbytes())
        try:
            ssh.connect(
                settings.host, settings.port, settings.username, pkey=key, look_for_keys=False, allow_agent=False,
                timeout=self._timeout, banner_timeout=self._timeout, auth_timeout=self._timeout, channel_timeout=self._timeout,
            )  # fmt: skip
            self._ssh, self._sftp = ssh, ssh.open_sftp()
            if channel := self._sftp.get_channel():
                channel.settimeout(self._timeout)  # a server that falls silent is a TimeoutError, which is an OSError
        except _WrongKey as error:
            ssh.close()
            raise self._wrong_host_key(expected, str(error)) from None
        except paramiko.BadHostKeyException as error:
            ssh.close()
            raise self._wrong_host_key(expected, fingerprint(error.key.asbytes())) from None
        except paramiko.AuthenticationException:
            ssh.close()
            raise Refused(
                f"{self._name}: {self._where} refused the key {fingerprint(key.asbytes())} for user {settings.username}.",
                "have the server's owner add our public key to that user's authorized_keys, or correct username and private_key",
                "key_refused",
            ) from None
        except (NoValidConnectionsError, OSError, EOFError, paramiko.SSHException) as error:
            ssh.close()
            raise Transient(
                f"{self._name}: no SFTP answer from {self._where} ({type(error).__name__}: {error})."
                " Remedy: check host and port, and that the server's firewall lets us in."
            ) from None

    def _wrong_host_key(self, expected: str, got: str) -> Refused:
        return Refused(
            f"{self._name}: {self._where} showed another host key: expected {expected}, got {got}. Nothing was sent.",
            "ask the server's owner whether the key was changed on purpose; only then set host_key to the new one",
            "wrong_host_key",
        )

    @property
    def _session(self) -> paramiko.SFTPClient:
        if self._sftp is None:
            raise RuntimeError("SftpClient is used outside its `with` block")
        return self._sftp

    def files(self, folder: str) -> list[RemoteFile]:
        """The finished-looking files of a folder, by name. Raises NotConfigured if it does not exist, Refused if it is not ours to read."""
        try:
            entries = self._session.listdir_attr(folder)
        except FileNotFoundError:
            raise NotConfigured(
                f"{self._name}: {self._where} has no folder {folder!r}. Remedy: create it there, or correct folder / attachments_folder."
            ) from None
        except PermissionError:
            raise Refused(f"{self._name}: {self._where} does not let {self._settings.username} read {folder!r}.",
                          "have the server's owner allow it", "folder_refused") from None  # fmt: skip
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise Transient(f"{self._name}: {self._where} broke off while listing {folder!r} ({error}).") from error
        prefix = "" if folder == "." else folder.rstrip("/") + "/"
        files = [
            RemoteFile(prefix + entry.filename, entry.filename, entry.st_size or 0, int(entry.st_mtime or 0))
            for entry in entries
            if stat.S_ISREG(entry.st_mode or 0) and not _unfinished(entry.filename)
        ]
        return sorted(files, key=lambda file: file.name)

    def stable(self, folder: str, files: Iterable[RemoteFile]) -> list[RemoteFile]:
        """Those files whose size and time are the same `stable_seconds` later; the others are still being written."""
        waiting = set(files)
        if not waiting:
            return []
        self._pause(self._settings.stable_seconds)
        return [file for file in self.files(folder) if file in waiting]

    def download(self, file: RemoteFile, target: Path) -> str | None:
        """Fetch a file to `target`; returns the sha256 of its content, or None if it changed meanwhile (take it next time)."""
        digest = hashlib.sha256()
        try:
            with self._session.open(file.path, "rb") as remote, target.open("wb") as local:
                remote.prefetch(file.size)
                while chunk := remote.read(_CHUNK):
                    digest.update(chunk)
                    local.write(chunk)
            after = self._session.stat(file.path)
        except FileNotFoundError:
            return None  # taken away by its sender meanwhile
        except PermissionError:
            raise Refused(f"{self._name}: {self._where} does not let us read {file.path!r}.",
                          "have the sender make the file readable", "file_refused") from None  # fmt: skip
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise Transient(f"{self._name}: {self._where} broke off while sending {file.path!r} ({error}).") from error
        same = (after.st_size, int(after.st_mtime or 0)) == (file.size, file.modified_at)
        return digest.hexdigest() if same and target.stat().st_size == file.size else None


def _unfinished(name: str) -> bool:
    return name.startswith(".") or name.endswith("~") or name.lower().endswith(_UNFINISHED)


def _private_key(name: str, settings: SftpSettings) -> paramiko.PKey:
    passphrase = settings.passphrase.get_secret_value() if settings.passphrase else None
    if settings.private_key is not None:
        text = settings.private_key.get_secret_value().replace("\\n", "\n").strip() + "\n"
    else:
        try:
            text = Path(settings.private_key_file or "").expanduser().read_text("utf-8")
        except OSError as error:
            raise NotConfigured(f"{name}: private_key_file cannot be read: {error.strerror or error}.") from None
    for kind in _KEY_TYPES:
        try:
            return kind.from_private_key(io.StringIO(text), passphrase)
        except paramiko.PasswordRequiredException:
            raise NotConfigured(f"{name}: the private key has a passphrase. Remedy: set passphrase.") from None
        except (paramiko.SSHException, ValueError):
            continue
    raise NotConfigured(
        f"{name}: the private key is no Ed25519, ECDSA or RSA key in OpenSSH or PEM form, or its passphrase is wrong."
    )
