"""A drop on a real SFTP server: what is taken, what is decided, what waits for a person, and twice is once."""

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pipelines import load
from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.outbox import Confirmation
from pipelines.sftp import SYSTEM
from pipelines.sftp.client import SftpClient
from pipelines.sftp.settings import SftpSettings
from pipelines.sftp.watch import arrivals
from pipelines.sync import SyncReport, sync
from pipelines.system import NotConfigured, Refused, Transient

SAMPLES = (
    Path(os.environ.get("TIEOUT_DATA_SAMPLES", Path(__file__).resolve().parents[3] / "shared" / "data")) / "open_ar"
)
COLUMNS = {
    "invoice_ref": "Invoice Number",
    "customer_ref": "Customer ID",
    "open_amount": "Open Amount",
    "invoice_date": "Invoice Date",
    "due_date": "Due Date",
    "is_disputed": "Disputed",
}
PROFILE: dict[str, Any] = {"date_format": "dd/mm/yyyy", "currency": "EUR", "columns": COLUMNS}
HEADER = "Customer ID,Country,Invoice Number,Invoice Date,Due Date,Open Amount,Disputed,Delivery"
KEY = asyncssh.generate_private_key("ssh-ed25519")
HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
ANOTHER = asyncssh.generate_private_key("ssh-ed25519")


class Loop:
    """An event loop in a thread, for the server."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)


@dataclass
class Drop:
    """The server's folder, and a connection to it."""

    root: Path
    port: int
    reads: list[str]

    def put(self, name: str, content: bytes, at: int = 1_767_600_000, folder: str = "csv_data_uploads") -> None:
        path = self.root / folder / name
        path.write_bytes(content)
        os.utime(path, (at, at))

    def connection(self, **changes: Any) -> Connection:
        base = {
            "host": "127.0.0.1", "port": self.port, "username": "drop", "host_key": HOST_KEY.export_public_key().decode(),
            "private_key": "${DROP_TEST_KEY}", "stable_seconds": 0, "timeout_seconds": 5, "profile": PROFILE,
            "file_pattern": r"open_ar_(?P<date>\d{4}-\d{2}-\d{2})\.csv",
        }  # fmt: skip
        return Connection("drop_test", "sftp", SftpSettings(**{**base, **changes}))


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drop]:
    root = tmp_path / "root"
    (root / "csv_data_uploads").mkdir(parents=True)
    allowed = tmp_path / "authorized_keys"
    allowed.write_bytes(KEY.export_public_key())
    reads: list[str] = []

    class Jail(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(root).encode())

        def open(self, path: bytes, *arguments: Any) -> Any:
            reads.append(Path(path.decode()).name)
            return super().open(path, *arguments)

    loop = Loop()

    async def listen() -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[HOST_KEY],
            authorized_client_keys=str(allowed),
            sftp_factory=Jail,
            password_auth=False,
        )

    server = loop.run(listen())
    monkeypatch.setenv("DROP_TEST_KEY", KEY.export_private_key().decode())
    yield Drop(root, server.get_port(), reads)
    loop.loop.call_soon_threadsafe(server.close)
    loop.stop()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.root.mkdir()
    return made


def report(*refs: str, amount: str = "10.5") -> bytes:
    rows = [f"C-{ref},770,{ref},03/01/2026,02/02/2026,{amount},No,Paper" for ref in refs]
    return ("\r\n".join([HEADER, *rows]) + "\r\n").encode()


def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with load.connect(home) as warehouse:
        found: list[tuple[Any, ...]] = warehouse.execute(sql).fetchall()
    return found


def statuses(home: Home) -> dict[str, str]:
    newest = "qualify row_number() over (partition by report_id order by _dlt_load_id desc, _seq desc) = 1"
    return dict(rows(home, f"select file_name, status from raw_sftp.report {newest}"))  # type: ignore[arg-type]


def added(outcome: SyncReport) -> int:
    return sum(outcome.versions.values())


def open_refs(home: Home) -> set[str]:
    """What the latest applied report lists: the open items."""
    sql = """
        with reports as (
            select * from raw_sftp.report qualify row_number() over (partition by report_id order by _dlt_load_id desc, _seq desc) = 1
        )
        select invoice_ref from raw_sftp.report_line
        where report_id = (select report_id from reports where status = 'applied' order by sequence desc limit 1)"""
    return {row[0] for row in rows(home, sql)}


def said_yes(subject: str) -> list[Confirmation]:
    return [Confirmation("drop_test", subject, datetime.now(UTC), "a person")]


def test_a_drop_read_twice_adds_nothing_the_second_time(drop: Drop, home: Home) -> None:
    drop.put("open_ar_2026-01-05.csv", report("a", "b", "c"))
    drop.put("a.pdf", b"%PDF-1.4 a", folder=".")
    first = sync(drop.connection(), home)
    assert first.versions == {"report": 1, "report_line": 3, "attachment": 1, "statement_line": 0}
    drop.reads.clear()
    assert added(sync(drop.connection(), home)) == 0
    assert drop.reads == []  # nothing was fetched again
    assert added(sync(drop.connection(), home, full=True)) == 0
    assert rows(home, "select file_name, invoice_ref, size from raw_sftp.attachment") == [("a.pdf", "a", 10)]


def test_attachments_are_kept_by_content_and_fetched_again_only_when_they_change(drop: Drop, home: Home) -> None:
    drop.put("a.pdf", b"%PDF one", folder=".")
    drop.put("notes.txt", b"not an invoice", folder=".")
    sync(drop.connection(), home)
    drop.put("a.pdf", b"%PDF two!", at=1_767_600_100, folder=".")
    assert sync(drop.connection(), home).versions["attachment"] == 1
    ((path,),) = rows(home, "select landing_path from raw_sftp.attachment order by _dlt_load_id desc limit 1")
    assert (home.landing / path).read_bytes() == b"%PDF two!"
    assert added(sync(drop.connection(attachments_folder=""), home)) == 0


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the sample reports are not at {SAMPLES}")
def test_the_52_real_reports_are_all_applied_without_a_row_set_aside(drop: Drop, home: Home) -> None:
    files = sorted(SAMPLES.glob("open_ar_*.csv"))
    for file in files:
        shutil.copy(file, drop.root / "csv_data_uploads")
    outcome = sync(drop.connection(), home)
    assert outcome.counts["reports_applied"] == 52
    assert outcome.quarantined == 0
    assert outcome.versions["report_line"] == sum(len(file.read_bytes().splitlines()) - 1 for file in files)
    assert rows(
        home, "select list(report_date order by sequence) = list_sort(list(report_date)) from raw_sftp.report"
    ) == [(True,)]
    assert added(sync(drop.connection(), home)) == 0


def test_unfinished_and_growing_files_are_left_alone(drop: Drop, home: Home) -> None:
    for name in ("open_ar_2026-01-05.csv.part", "x.tmp", ".hidden.csv"):
        drop.put(name, report("a"))
    drop.put("open_ar_2026-01-12.csv", report("a"))
    grown: list[float] = []

    def grow(seconds: float) -> None:
        grown.append(seconds)
        drop.put("open_ar_2026-01-12.csv", report("a", "b"), at=1_767_600_001)

    with SftpClient(drop.connection(stable_seconds=2), grow) as client:
        listed = client.files("csv_data_uploads")
        assert [file.name for file in listed] == ["open_ar_2026-01-12.csv"]
        assert client.stable("csv_data_uploads", listed) == []
        changing = client.files("csv_data_uploads")[0]
        drop.put("open_ar_2026-01-12.csv", report("a", "b", "c"), at=1_767_600_002)
        assert client.download(changing, home.landing / "x") is None
    assert grown == [2]
    sync(drop.connection(), home)
    assert open_refs(home) == {"a", "b", "c"}
    assert statuses(home) == {"open_ar_2026-01-12.csv": "applied"}


def test_empty_truncated_and_mass_closing_reports_close_nothing_and_a_confirmed_one_is_applied(
    drop: Drop, home: Home
) -> None:
    whole = report("a", "b", "c", "d")
    drop.put("open_ar_2026-01-05.csv", whole)
    drop.put("open_ar_2026-01-06.csv", b"")
    drop.put("open_ar_2026-01-07.csv", whole[:-40])
    drop.put("open_ar_2026-01-08.csv", report("a"))
    outcome = sync(drop.connection(), home)
    assert statuses(home) == {
        "open_ar_2026-01-05.csv": "applied",
        "open_ar_2026-01-06.csv": "held_empty",
        "open_ar_2026-01-07.csv": "held_truncated",
        "open_ar_2026-01-08.csv": "held_mass_close",
    }
    assert open_refs(home) == {"a", "b", "c", "d"}
    assert sum("Remedy" in note for note in outcome.notes) == 3
    yes = said_yes("report:open_ar_2026-01-08.csv")
    assert sync(drop.connection(), home, confirmations=yes).versions == {
        "report": 1,
        "report_line": 0,
        "attachment": 0,
        "statement_line": 0,
    }
    assert open_refs(home) == {"a"}
    assert added(sync(drop.connection(), home, confirmations=yes)) == 0
    # the same name with another content asks again, whatever was confirmed for it before
    drop.put("open_ar_2026-01-08.csv", report("z"), at=1_767_600_100)
    sync(drop.connection(), home, confirmations=yes)
    assert open_refs(home) == {"a"}


def test_equal_content_is_processed_once_unless_it_is_a_later_report(drop: Drop, home: Home) -> None:
    drop.put("open_ar_2026-01-05.csv", report("a", "b"))
    sync(drop.connection(), home)
    drop.put("open_ar_2026-01-05.csv", report("a", "b"), at=1_767_600_500)  # sent again
    drop.put("copy of it.csv", report("a", "b"))
    assert sync(drop.connection(), home).versions["report_line"] == 0
    assert statuses(home) == {"open_ar_2026-01-05.csv": "applied", "copy of it.csv": "duplicate"}
    drop.put("open_ar_2026-01-06.csv", report("a", "b", "c"))
    drop.put("open_ar_2026-01-07.csv", report("a", "b"))  # c was paid: the books are again as on the 5th
    sync(drop.connection(), home)
    assert open_refs(home) == {"a", "b"}
    assert statuses(home)["open_ar_2026-01-07.csv"] == "applied"
    assert added(sync(drop.connection(), home)) == 0


def test_one_name_overwritten_again_and_again(drop: Drop, home: Home) -> None:
    anything = {"file_pattern": r".+\.csv"}
    for at, refs in enumerate((("a", "b"), ("a", "b", "c"), ("a", "b"))):
        drop.put("open.csv", report(*refs), at=1_767_600_000 + 86_400 * at)
        outcome = sync(drop.connection(**anything), home)
    assert open_refs(home) == {"a", "b", "c"}  # an old content under a new time is not believed ...
    assert any("confirm" in note for note in outcome.notes)
    sync(drop.connection(**anything), home, confirmations=said_yes("report:open.csv"))
    assert open_refs(home) == {"a", "b"}  # ... until a person says so


def test_an_older_report_closes_nothing_and_the_last_of_a_day_wins(drop: Drop, home: Home) -> None:
    drop.put("open_ar_2026-01-05.csv", report("a", "b", "c"))
    sync(drop.connection(), home)
    drop.put("open_ar_2025-12-29.csv", report("a"), at=1_767_700_000)
    drop.put("open_ar_2026-01-05.csv", report("a", "b"), at=1_767_700_001)
    sync(drop.connection(), home)
    assert statuses(home)["open_ar_2025-12-29.csv"] == "ignored_older"
    assert open_refs(home) == {"a", "b"}


def test_scopes_close_only_their_own(drop: Drop, home: Home) -> None:
    scoped = drop.connection(file_pattern=r"(?P<scope>[a-z]+)_(?P<date>\d{4}-\d{2}-\d{2})\.csv")
    drop.put("north_2026-01-05.csv", report("a", "b"))
    drop.put("south_2026-01-06.csv", report("x"))
    sync(scoped, home)
    assert set(statuses(home).values()) == {"applied"}
    assert sorted(rows(home, "select scope, file_name from raw_sftp.report")) == [
        ("north", "north_2026-01-05.csv"),
        ("south", "south_2026-01-06.csv"),
    ]


def test_a_bad_row_is_quarantined_and_holds_its_report_until_the_profile_is_mended(drop: Drop, home: Home) -> None:
    drop.put("open_ar_2026-01-05.csv", report("a", "b"))
    drop.put(
        "open_ar_2026-01-06.csv",
        report("a", "b").replace(
            b"C-b,770,b,03/01/2026,02/02/2026,10.5,No", b"C-b,770,b,03/01/2026,02/02/2026,10.5,Nej"
        ),
    )
    assert sync(drop.connection(), home).quarantined == 1
    assert statuses(home)["open_ar_2026-01-06.csv"] == "held_bad_rows"
    ((reason, remedy, payload),) = rows(home, "select reason, remedy, payload from raw_tieout.quarantine")
    assert reason.startswith("drop_test: open_ar_2026-01-06.csv line 3, b: 'Nej'")
    assert "false_values" in remedy
    assert "Nej" in payload
    mended = drop.connection(profile={**PROFILE, "false_values": ["No", "Nej"]})
    sync(mended, home)  # no second upload
    assert statuses(home)["open_ar_2026-01-06.csv"] == "applied"
    assert rows(home, "select * from raw_tieout.quarantine") == []
    assert added(sync(mended, home)) == 0


def test_a_file_of_another_layout_is_rejected_whole_and_others_go_on(drop: Drop, home: Home) -> None:
    drop.put("open_ar_2026-01-05.csv", b"Customer ID;Invoice\r\n1;2\r\n")
    drop.put("open_ar_2026-01-06.csv", report("\u00e5").decode().encode("utf-16"))
    drop.put("open_ar_2026-01-07.csv", report("a"))
    sync(drop.connection(), home)
    assert statuses(home) == {
        "open_ar_2026-01-05.csv": "rejected",
        "open_ar_2026-01-06.csv": "rejected",
        "open_ar_2026-01-07.csv": "applied",
    }
    reasons = dict(rows(home, "select file_name, reason from raw_sftp.report where status = 'rejected'"))  # type: ignore[arg-type]
    assert all(title in reasons["open_ar_2026-01-05.csv"] for title in COLUMNS.values() if title != "Customer ID")
    assert "utf-16" in reasons["open_ar_2026-01-06.csv"]


def test_the_same_invoice_twice_in_a_report_keeps_both_lines(drop: Drop, home: Home) -> None:
    drop.put("open_ar_2026-01-05.csv", report("a", "a"))
    sync(drop.connection(), home)
    assert rows(home, "select line_number, invoice_ref from raw_sftp.report_line order by 1") == [(2, "a"), (3, "a")]


def test_a_range_is_processed_again_from_the_copies_kept(drop: Drop, home: Home) -> None:
    for day in (5, 6, 7):
        drop.put(f"open_ar_2026-01-0{day}.csv", report("a", "b"), at=1_767_600_000 + day)
    sync(drop.connection(), home)
    for path in (drop.root / "csv_data_uploads").iterdir():
        path.unlink()
    named = {**PROFILE, "columns": {**COLUMNS, "customer_name": "Country"}}
    again = drop.connection(profile=named, reprocess_since="2026-01-06")
    outcome = sync(again, home)
    assert (outcome.versions["report_line"], outcome.counts["reports_applied"]) == (4, 2)
    assert {row[0] for row in rows(home, "select sequence from raw_sftp.report")} == {1, 2, 3}
    assert added(sync(again, home)) == 0
    fewer = drop.connection(profile={**named, "skip_rows": 0, "decimal": ","}, reprocess_since="2026-01-07")
    sync(fewer, home)  # nothing reads any more: what was read before is not left standing as if it still did
    newest = "qualify row_number() over (partition by report_id, line_number order by _dlt_load_id desc, _seq desc) = 1"
    gone = rows(home, f"select report_id, is_deleted from raw_sftp.report_line {newest}")
    assert sum(is_deleted for _, is_deleted in gone) >= 2
    assert statuses(home)["open_ar_2026-01-07.csv"] == "held_bad_rows"


def test_a_sensor_sees_that_something_arrived_and_a_file_too_large_is_left_and_named(drop: Drop, home: Home) -> None:
    before = arrivals(drop.connection())
    assert arrivals(drop.connection()) == before
    drop.put("open_ar_2026-01-05.csv", report("a", "b"))
    assert arrivals(drop.connection()) != before
    (note,) = sync(drop.connection(max_file_bytes=10), home).notes
    assert "max_file_bytes" in note
    assert statuses(home) == {"open_ar_2026-01-05.csv": "rejected"}


def test_the_host_key_is_pinned(drop: Drop) -> None:
    wrong = drop.connection(host_key=ANOTHER.export_public_key().decode())
    with pytest.raises(Refused) as caught:
        SftpClient(wrong).__enter__()
    assert HOST_KEY.get_fingerprint() in str(caught.value)
    assert ANOTHER.get_fingerprint() in str(caught.value)
    of_another_kind = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    (problem,) = SYSTEM.check(drop.connection(host_key=of_another_kind)).problems
    assert (problem.code, HOST_KEY.get_fingerprint() in problem.message) == ("wrong_host_key", True)


def test_check_says_active_or_exactly_what_is_wrong(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    active = SYSTEM.check(drop.connection())
    assert (active.state, active.problems) == ("active", ())
    assert "password is never offered" in active.facts["login"]
    (folder,) = SYSTEM.check(drop.connection(folder="elsewhere")).problems
    assert (folder.code, "elsewhere" in folder.message) == ("folder_missing", True)
    (closed,) = SYSTEM.check(drop.connection(port=9)).problems
    assert closed.code == "unreachable"
    key_file = tmp_path / "key"
    key_file.write_bytes(KEY.export_private_key())
    assert SYSTEM.check(drop.connection(private_key=None, private_key_file=str(key_file))).active
    monkeypatch.setenv("DROP_TEST_KEY", ANOTHER.export_private_key().decode().replace("\n", "\\n"))
    refused = SYSTEM.check(drop.connection())
    assert (refused.state, refused.problems[0].code) == ("refused", "key_refused")
    monkeypatch.setenv("DROP_TEST_KEY", "no key at all")
    assert SYSTEM.check(drop.connection()).problems[0].code == "not_configured"
    monkeypatch.delenv("DROP_TEST_KEY")
    assert "DROP_TEST_KEY" in SYSTEM.check(drop.connection()).problems[0].message


def test_a_server_that_goes_away_loses_nothing(drop: Drop, home: Home) -> None:
    drop.put("open_ar_2026-01-05.csv", report("a"))
    with pytest.raises(Transient, match="drop_test"):
        sync(drop.connection(port=9), home)
    with pytest.raises(NotConfigured, match="elsewhere"):
        sync(drop.connection(folder="elsewhere"), home)
    sync(drop.connection(), home)
    assert open_refs(home) == {"a"}
