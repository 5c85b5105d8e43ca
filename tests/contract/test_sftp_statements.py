"""Bank statements on a real SFTP server: taken once, known again in overlapping files, bad lines set aside, twice is once."""

import os
from pathlib import Path

import pytest

from pipelines import load
from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.sftp import SYSTEM
from pipelines.sftp.settings import SftpSettings
from pipelines.sftp.twin import SftpTwin
from pipelines.sync import sync

HEADER = "Nr,Date,Amount,Currency,Reference,Account"
COLUMNS = {
    "transaction_id": "Nr",
    "booked_date": "Date",
    "amount": "Amount",
    "currency": "Currency",
    "reference": "Reference",
    "bank_account": "Account",
}


def test_statements_add_lines_once_and_close_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    folder = root / "csv_data_uploads"
    folder.mkdir(parents=True)
    (root / "statement.pdf").write_bytes(b"%PDF-")

    def put(day: str, *lines: str) -> None:
        path = folder / f"statement_{day}.csv"
        path.write_text("\n".join((HEADER, *lines, "")), "utf-8")
        os.utime(path, (1_767_600_000 + int(day), 1_767_600_000 + int(day)))

    with SftpTwin({"bank": root}) as twin:
        monkeypatch.setenv("BANK_TEST_KEY", twin.keys["bank"].private)
        settings = SftpSettings(
            host="127.0.0.1", port=twin.port, username="bank", host_key=twin.host_key.public, private_key="${BANK_TEST_KEY}", stable_seconds=0,
            file_pattern=r"statement_(?P<date>\d{8})\.csv", file_date_format="yyyymmdd",
            statement={"date_format": "yyyy-mm-dd", "columns": COLUMNS},
        )  # fmt: skip
        bank = Connection("bank_test", "sftp", settings)
        home = Home(tmp_path / "home")
        home.root.mkdir()
        assert SYSTEM.check(bank).active

        put("20260105", "1,2026-01-02,10.00,EUR,A,DE1", "2,2026-01-05,-3.00,EUR,fee,DE1", "3,2026-01-05,x,EUR,B,DE1")
        put("20260112", "1,2026-01-02,10.00,EUR,A,DE1", "4,2026-01-09,7.50,USD,C,DE2")
        first = sync(bank, home)
        assert first.versions == {"report": 2, "report_line": 0, "attachment": 0, "statement_line": 4}
        assert first.counts == {"reports_applied": 2, "statement_lines": 4, "statement_debits": 1}
        assert first.quarantined == 1
        again = sync(bank, home)
        assert (again.rows, again.quarantined) == (0, 0)

        put("20260105", "1,2026-01-02,10.00,EUR,A,DE1", "3,2026-01-05,5.00,EUR,B,DE1")  # sent again, mended
        (folder / "statement_20260119.csv").write_text(HEADER + "\n5,2026-01-16,9.00,EUR", "utf-8")  # cut
        assert sync(bank, home, full=True).counts["reports_held_truncated"] == 1

    with load.connect(home) as warehouse:
        lines = warehouse.execute(
            "select count(distinct line_id), count(distinct transaction_id) from raw_sftp.statement_line"
        ).fetchall()
        held = warehouse.execute("select record_key, reason, remedy from raw_tieout.quarantine").fetchall()
    assert lines == [(4, 4)]
    ((key, reason, remedy),) = held
    assert key.endswith("|4")
    assert reason.startswith("bank_test: statement_20260105.csv line 4, 3: Amount: 'x'")
    assert "statement.decimal" in remedy
