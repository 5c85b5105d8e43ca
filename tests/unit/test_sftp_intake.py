"""Passes over a drop: what is decided stays decided, whatever is read again and whatever was tidied away."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import pytest

from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.sftp import intake
from pipelines.sftp.client import RemoteFile
from pipelines.sync import SyncContext
from tests.unit.test_sftp_reports import settings

HEADER = "i,c,o\n"


class Folder:
    """A drop without a server: contents by file name, each with its time."""

    def __init__(self, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
        self.home = Home(tmp_path)
        self.kept: dict[str, tuple[bytes, int]] = {}
        self.state: dict[str, Any] = {}
        patch.setattr(intake, "SftpClient", lambda connection: self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def files(self, folder: str) -> list[RemoteFile]:
        return [
            RemoteFile(f"in/{name}", name, len(content), time) for name, (content, time) in sorted(self.kept.items())
        ]

    def stable(self, folder: str, files: Iterable[RemoteFile]) -> list[RemoteFile]:
        return list(files)

    def download(self, file: RemoteFile, target: Path) -> str:
        target.write_bytes(self.kept[file.name][0])
        return hashlib.sha256(self.kept[file.name][0]).hexdigest()

    def drop(self, day: str, *refs: str, time: int = 0) -> None:
        lines = "".join(f"{ref},c,1.00\n" for ref in refs)
        self.kept[f"north_{day}.csv"] = ((HEADER + lines).encode(), time or int(day))

    def take(self, *, full: bool = False, confirmed: tuple[str, ...] = (), **changes: Any) -> dict[str, str]:
        """One pass; returns what it decided, by file name."""
        self.context = SyncContext(self.home, full=full, confirmed=frozenset(confirmed))
        made = intake.Intake(Connection("drop", "sftp", settings(**changes)), self.context)
        self.outcomes = list(made.outcomes(self.state))
        return {outcome.report.file_name[6:14]: outcome.report.status for outcome in self.outcomes}

    def gone(self) -> tuple[int, ...]:
        """The lines that the last pass no longer read as such."""
        return tuple(number for outcome in self.outcomes for number in outcome.gone)

    def order(self) -> list[str]:
        """The days of the applied reports, in the order in which they speak."""
        applied = [item for item in self.state["reports"].values() if item["status"] == "applied"]
        return [item["file_name"][6:14] for item in sorted(applied, key=lambda item: item["sequence"])]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder(tmp_path, monkeypatch)


def test_a_full_sync_decides_nothing_again(folder: Folder) -> None:
    folder.drop("20260112", "a", "b")
    assert folder.take() == {"20260112": "applied"}
    folder.drop("20260105", "a", "b", "c")
    assert folder.take() == {"20260105": "ignored_older"}
    shutil.rmtree(folder.home.landing / "sftp")
    assert folder.take(full=True) == {}
    assert folder.order() == ["20260112"]


def test_reprocessing_keeps_the_decision_and_the_place_of_a_report_whose_copy_is_gone(folder: Folder) -> None:
    for day in ("20260105", "20260112", "20260119"):
        folder.drop(day, "a", "b")
        folder.take()
    gone = hashlib.sha256(folder.kept["north_20260112.csv"][0]).hexdigest()
    folder.drop("20260126", "a", "b", "c")  # a content of its own
    folder.take()
    (folder.home.landing / "sftp" / "drop" / f"{gone}.csv").unlink()
    assert set(folder.take(reprocess_since="2026-01-01").values()) == {"applied"}
    assert folder.order() == ["20260105", "20260112", "20260119", "20260126"]
    assert any("north_20260112.csv is gone" in note and "Remedy" in note for note in folder.context.log.notes)
    assert folder.take(reprocess_since="2026-01-01") == {}


def test_a_held_report_whose_copy_is_gone_stays_held_until_it_is_sent_again(folder: Folder) -> None:
    folder.drop("20260105", "a", "b")
    folder.take()
    folder.drop("20260112")
    assert folder.take() == {"20260112": "held_empty"}
    shutil.rmtree(folder.home.landing / "sftp")
    confirmed = ("report:north_20260112.csv",)
    assert folder.take(confirmed=confirmed) == {"20260112": "held_empty"}
    folder.drop("20260112", time=20260113)  # the same content, sent again
    assert folder.take(confirmed=confirmed) == {"20260112": "applied"}


def test_a_file_beyond_max_file_bytes_is_a_rejected_report_until_it_is_read(folder: Folder) -> None:
    folder.drop("20260105", "a", "b")
    assert folder.take(max_file_bytes=10) == folder.take(max_file_bytes=10) == {"20260105": "rejected"}
    (row,) = folder.state["reports"].values()
    assert "max_file_bytes (10). Remedy: raise it" in row["reason"]
    assert folder.take() == {"20260105": "applied"}
    assert folder.take(reprocess_since="2026-01-01") == {"20260105": "applied"}
