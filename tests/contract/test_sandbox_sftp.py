"""The SFTP twin against an independent client (paramiko): the right key only, each account in its own folder, nothing but files."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import paramiko
import pytest

from pipelines.sftp.twin import SftpTwin, key_pair


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("sftp")
    made = {name: base / name for name in ("north", "south")}
    for name, root in made.items():
        (root / "csv_data_uploads").mkdir(parents=True)
        (root / "csv_data_uploads" / "report.csv").write_text(name, "utf-8")
    (base / "secret.txt").write_text("outside", "utf-8")
    (made["north"] / "way_out").symlink_to(base)
    (made["north"] / "secret").symlink_to(base / "secret.txt")
    return made


@pytest.fixture(scope="module")
def twin(roots: dict[str, Path]) -> Iterator[SftpTwin]:
    with SftpTwin(roots) as running:
        yield running


@contextmanager
def client(
    twin: SftpTwin, user: str = "north", key: str | None = None, host_key: str | None = None, **options: object
) -> Iterator[paramiko.SSHClient]:
    """A client that pins the host key and offers one key, or what `options` say."""
    made = paramiko.SSHClient()
    made.set_missing_host_key_policy(paramiko.RejectPolicy())
    kind, blob = (host_key or twin.host_key.public).split()[:2]
    entry = paramiko.hostkeys.HostKeyEntry.from_line(f"[127.0.0.1]:{twin.port} {kind} {blob}")
    assert entry
    assert entry.key
    made.get_host_keys().add(f"[127.0.0.1]:{twin.port}", kind, entry.key)
    if "password" not in options:
        options["pkey"] = paramiko.Ed25519Key.from_private_key(StringIO(key or twin.keys[user].private))
    try:
        made.connect("127.0.0.1", twin.port, user, look_for_keys=False, allow_agent=False, timeout=5, **options)  # type: ignore[arg-type]
        yield made
    finally:
        made.close()


def test_the_right_key_reads_and_writes(twin: SftpTwin) -> None:
    with client(twin) as ssh, ssh.open_sftp() as sftp:
        assert sftp.listdir("/csv_data_uploads") == ["report.csv"]
        with sftp.open("/csv_data_uploads/new.csv.part", "w") as file:
            file.write("a,b\n")
        sftp.posix_rename("/csv_data_uploads/new.csv.part", "/csv_data_uploads/new.csv")
        assert sftp.stat("/csv_data_uploads/new.csv").st_size == 4
        sftp.remove("/csv_data_uploads/new.csv")


def test_a_password_a_wrong_key_anothers_key_and_an_unknown_user_are_refused(twin: SftpTwin) -> None:
    with pytest.raises(paramiko.AuthenticationException), client(twin, password="guess"):
        pass
    with pytest.raises(paramiko.AuthenticationException), client(twin, key=key_pair().private):
        pass
    with pytest.raises(paramiko.AuthenticationException), client(twin, key=twin.keys["south"].private):
        pass
    with pytest.raises(paramiko.AuthenticationException), client(twin, "nobody", key=twin.keys["north"].private):
        pass


def test_only_the_public_key_method_is_offered(twin: SftpTwin) -> None:
    with paramiko.Transport(("127.0.0.1", twin.port)) as transport:
        transport.connect()
        with pytest.raises(paramiko.BadAuthenticationType) as refusal:
            transport.auth_none("north")
    assert refusal.value.allowed_types == ["publickey"]


def test_a_client_that_pins_the_host_key_notices_another_server(twin: SftpTwin) -> None:
    with pytest.raises(paramiko.BadHostKeyException), client(twin, host_key=key_pair().public):
        pass


def test_each_account_sees_its_own_folder_only(twin: SftpTwin) -> None:
    for user in ("north", "south"):
        with client(twin, user) as ssh, ssh.open_sftp() as sftp, sftp.open("csv_data_uploads/report.csv") as file:
            assert file.read().decode() == user


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "/../secret.txt",
        "/csv_data_uploads/../../secret.txt",
        "/way_out/secret.txt",
        "/secret",
        "/etc/passwd",
    ],
)
def test_nothing_leads_out_of_the_folder(twin: SftpTwin, path: str) -> None:
    with client(twin) as ssh, ssh.open_sftp() as sftp, pytest.raises(OSError):
        sftp.open(path)


def test_there_are_no_links_and_no_commands(twin: SftpTwin) -> None:
    with client(twin) as ssh:
        with ssh.open_sftp() as sftp, pytest.raises(OSError):
            sftp.symlink("/etc", "/csv_data_uploads/etc")
        with pytest.raises(paramiko.SSHException):
            ssh.exec_command("id", timeout=5)
        transport = ssh.get_transport()
        assert transport
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", twin.port), ("127.0.0.1", 0), timeout=5)
