"""A real SFTP server on loopback: several accounts, each with its own key and its own root, and nothing else.

Login is by public key only. An account sees its own folder as `/`; a shell, a command, forwarding, links and any path that leads out of
the folder are refused. The host key is made at each start, so a client that pins it notices another server.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import asyncssh

HOST = "127.0.0.1"


@dataclass(frozen=True)
class User:
    """One account: the folder it sees, and the OpenSSH line of the public key it logs in with."""

    root: Path
    public_key: str


@dataclass(frozen=True)
class KeyPair:
    """An Ed25519 key: the private half as OpenSSH PEM text, the public half as a line (`ssh-ed25519 AAAA...`)."""

    private: str
    public: str


def key_pair(comment: str = "") -> KeyPair:
    """A new key."""
    key = asyncssh.generate_private_key("ssh-ed25519", comment=comment)
    public = " ".join(key.export_public_key().decode().split()[:2])
    return KeyPair(key.export_private_key().decode(), public)


class _Login(asyncssh.SSHServer):
    """Who may come in: a known account with its own key."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._keys = {name: asyncssh.import_public_key(user.public_key) for name, user in users.items()}

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return False

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        known = self._keys.get(username)
        return known is not None and known.public_data == key.public_data


class _Folder(asyncssh.SFTPServer):
    """One connection's view of its account's folder."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], users: Mapping[str, User]) -> None:
        name = channel.get_connection().get_extra_info("username")
        self._real = os.path.realpath(users[name].root)
        super().__init__(channel, chroot=os.fsencode(self._real))

    def map_path(self, path: bytes) -> bytes:
        """A path of the client's as one of ours. Raises SFTPPermissionDenied when a link would lead out of the folder."""
        mapped = super().map_path(path)
        real = os.path.realpath(os.fsdecode(mapped))
        if real != self._real and not real.startswith(self._real + os.sep):
            raise asyncssh.SFTPPermissionDenied("The path leads out of the account's folder")
        return mapped

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("Links are not allowed")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("Links are not allowed")


async def listen(users: Mapping[str, User], host_key: KeyPair, listener: socket.socket) -> asyncssh.SSHAcceptor:
    """Serve `users` on a bound socket, in the running loop. The mapping may not change while it serves."""
    return await asyncssh.listen(
        sock=listener,
        server_factory=lambda: _Login(users),
        server_host_keys=[asyncssh.import_private_key(host_key.private)],
        sftp_factory=lambda channel: _Folder(channel, users),
        allow_scp=False,
        gss_host=None,
    )


def bind(port: int = 0) -> socket.socket:
    """A socket on loopback; port 0 takes a free one. Raises OSError when the port is taken."""
    # Named as TCP: asyncio turns Nagle's algorithm off only where the socket says so, and each answer would wait 40 ms.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    return made


class SftpTwin:
    """The server in a thread of its own, for tests: `with SftpTwin({"drop": folder}) as twin` and `twin.port`, `twin.keys["drop"]`."""

    def __init__(self, roots: Mapping[str, Path], port: int = 0) -> None:
        self.keys = {name: key_pair(name) for name in roots}
        self.host_key = key_pair("host")
        self._users = {name: User(root, self.keys[name].public) for name, root in roots.items()}
        self._socket = bind(port)
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sftp-twin", daemon=True)

    def __enter__(self) -> SftpTwin:
        self._thread.start()
        serving = asyncio.run_coroutine_threadsafe(listen(self._users, self.host_key, self._socket), self._loop)
        self._acceptor = serving.result(timeout=10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async def close() -> None:
            self._acceptor.close()
            await self._acceptor.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
