"""52 weekly open-invoice reports of a real receivables data set, dropped one by one over SFTP, read by the profile of the docs."""

import csv
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines import connections
from pipelines.home import Home, warehouse_lock
from pipelines.load import connect
from pipelines.outbox import Outbox
from pipelines.sftp.twin import SftpTwin
from pipelines.sync import SyncReport, sync
from tests.e2e.sender import Sender, sending
from tests.e2e.world import World
from tests.models import faults, upto

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("TIEOUT_DATA_SAMPLES", ROOT.parent / "shared" / "data")) / "open_ar"
DOCS = ROOT / "docs" / "systems" / "sftp.md"
DROP = "drop_dach"
MODELS = ("ar_documents", "ar_payments", "rec_reports")
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the sample reports are not at {SAMPLES}")

Item = tuple[str, Decimal, date, date, bool]  # customer, open amount, invoice date, due date, disputed


def items(report: bytes) -> dict[str, Item]:
    """A report by invoice number, read without our code."""
    return {
        row["Invoice Number"]: (
            row["Customer ID"],
            Decimal(row["Open Amount"]),
            datetime.strptime(row["Invoice Date"], "%d/%m/%Y").date(),  # noqa: DTZ007
            datetime.strptime(row["Due Date"], "%d/%m/%Y").date(),  # noqa: DTZ007
            row["Disputed"] == "Yes",
        )
        for row in csv.DictReader(report.decode("utf-8").splitlines())
    }


@dataclass
class House:
    """One drop, one home, and what the books must say: what is open, and which report closed the rest."""

    world: World
    sender: Sender
    open: dict[str, Item] = field(default_factory=dict)
    closed_by: dict[str, str] = field(default_factory=dict)
    filled: bool = False

    def receive(self, name: str, content: bytes) -> SyncReport:
        self.sender.put(name, content)
        return self.sync()

    def sync(self) -> SyncReport:
        report = sync(
            self.world.connections.get(DROP), self.world.home, confirmations=self.world.outbox.confirmations()
        )
        self.world.fill(only=upto(*MODELS), changed="raw_sftp" if self.filled else "")
        self.filled = True
        return report

    def tested(self) -> None:
        """All models of this test made anew, and no data test of theirs objects."""
        self.world.fill(only=upto(*MODELS))
        with warehouse_lock(self.world.home), connect(self.world.home) as warehouse:
            assert faults(warehouse, upto(*MODELS)) == {}

    def applied(self, name: str, listed: dict[str, Item]) -> None:
        """A report speaks for the books: what it lists is open, what it stopped listing it has closed."""
        self.closed_by |= dict.fromkeys(self.open.keys() - listed.keys(), f"sftp:{DROP}:{name}")
        self.closed_by = {ref: by for ref, by in self.closed_by.items() if ref not in listed}
        self.open = listed

    def confirm(self, name: str) -> None:
        self.world.outbox.confirm(DROP, f"report:{name}", "a person")

    def check(self) -> None:
        """The ledger says exactly that, and no payment was invented."""
        rows = self.world.rows(
            "select document_number, customer_key, open_amount, issued_date, due_date, is_disputed, closed_by_report, system, currency,"
            " is_deleted, (select count(*) from ledger.ar_payments) as payments from ledger.ar_documents"
        )
        found = {
            row["document_number"]: (
                row["customer_key"].removeprefix(f"sftp:{DROP}:"), row["open_amount"],
                row["issued_date"], row["due_date"], row["is_disputed"],
            )
            for row in rows if row["open_amount"] != 0
        }  # fmt: skip
        assert found == self.open
        closed = {row["document_number"]: row["closed_by_report"] for row in rows if row["open_amount"] == 0}
        assert closed == self.closed_by
        assert {row["closed_by_report"] for row in rows if row["open_amount"] != 0} <= {None}
        facts = {(row["system"], row["currency"], row["is_deleted"], row["payments"]) for row in rows}
        assert facts == {("sftp", "EUR", False, 0)}

    def breaks(self, reason: str) -> dict[Any, Any]:
        """Left key -> the whole row, of the breaks with a reason."""
        rows = self.world.rows(f"select * from reconciliation.rec_reports where reason = '{reason}'")
        return {row["left_key"] or row["right_key"]: row for row in rows}

    def status(self, name: str) -> list[str]:
        rows = self.world.rows(f"select status from staging.stg_sftp__reports where file_name = '{name}'")
        return [row["status"] for row in rows]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """An SFTP server with one account, the docs' first connection to it, and a home of its own."""
    (tmp_path / "server" / "csv_data_uploads").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    with SftpTwin({"tieout": tmp_path / "server"}) as twin:
        documented = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.S)[0]
        here = documented.replace('"sftp.example.com"', f'"127.0.0.1"\nport = {twin.port}\nstable_seconds = 0')
        here = re.sub(r"^host_key = .*$", f'host_key = "{twin.host_key.public}"', here, flags=re.M)
        file = tmp_path / "connections.toml"
        file.write_text(here, "utf-8")
        monkeypatch.setenv("DROP_DACH_PRIVATE_KEY", twin.keys["tieout"].private)
        monkeypatch.setenv("TIEOUT_CONNECTIONS", str(file))
        monkeypatch.setenv("TIEOUT_DATA", str(tmp_path / "home"))
        home = Home.current()
        Outbox(home.outbox_url).close()
        found = connections.load()
        assert [item.name for item in found] == [DROP]
        with sending(found.get(DROP)) as sender:
            yield House(World("", found, home), sender)


def test_a_year_of_weekly_reports_and_what_a_doubtful_one_does(house: House) -> None:
    reports = sorted(SAMPLES.glob("open_ar_*.csv"))
    assert len(reports) == 52
    for report in reports:
        done = house.receive(report.name, report.read_bytes())
        assert (done.versions["report"], done.quarantined) == (1, 0)
        house.applied(report.name, items(report.read_bytes()))
        house.check()
    assert len(house.closed_by) > 1000
    last = reports[-1].read_bytes()

    the_same_file_again(house, reports[-1].name, last)
    an_older_report(house, "open_ar_2012-12-20.csv", reports[20].read_bytes())
    a_truncated_report(house, "open_ar_2013-01-04.csv", last[: len(last) // 2])
    a_report_cut_at_a_line_end(house, "open_ar_2013-01-11.csv", b"".join(last.splitlines(keepends=True)[:12]))
    an_empty_report(house, "open_ar_2013-01-18.csv", last.splitlines(keepends=True)[0])
    the_invoices_come_back(house, "open_ar_2013-01-25.csv", last)

    before = house.world.rows("select * from ledger.ar_documents order by all")
    house.tested()
    assert house.world.rows("select * from ledger.ar_documents order by all") == before
    assert house.sync().rows == 0, "the second of two equal syncs adds nothing"


def the_same_file_again(house: House, name: str, content: bytes) -> None:
    """With a later time, as a sender does who copies the folder once more."""
    assert house.receive(name, content).rows == 0
    assert house.status(name) == ["applied"]
    house.check()


def an_older_report(house: House, name: str, content: bytes) -> None:
    """It came late: newer ones have been applied."""
    house.receive(name, content)
    assert house.status(name) == ["ignored_older"]
    house.check()


def a_truncated_report(house: House, name: str, content: bytes) -> None:
    """Cut within a line: it closes nothing and asks, and a person's yes lets it through."""
    ask_then_confirm(house, name, content, "held_truncated", content[: content.rindex(b"\n") + 1])


def a_report_cut_at_a_line_end(house: House, name: str, content: bytes) -> None:
    """It looks whole; that it would close most of what was open gives it away."""
    ask_then_confirm(house, name, content, "held_mass_close", content)


def an_empty_report(house: House, name: str, content: bytes) -> None:
    """Only a header."""
    ask_then_confirm(house, name, content, "held_empty", content)
    assert house.open == {}


def ask_then_confirm(house: House, name: str, content: bytes, status: str, readable: bytes) -> None:
    house.receive(name, content)
    assert house.status(name) == [status]
    house.check()
    held = house.breaks("held_report")
    assert list(held) == [f"sftp:{DROP}:{name}"]
    told = held[f"sftp:{DROP}:{name}"]["detail"]
    assert all(words in told for words in (DROP, name, status, "nothing is closed", f"report:{name}"))
    assert house.sync().rows == 0, "it waits, and nothing moves meanwhile"
    house.confirm(name)
    house.sync()
    assert house.status(name) == ["applied"]
    assert house.breaks("held_report") == {}
    house.applied(name, items(readable))
    house.check()


def the_invoices_come_back(house: House, name: str, content: bytes) -> None:
    """What was closed and is listed again is open again, and a row says so."""
    gone = dict(house.closed_by)
    house.receive(name, content)
    house.applied(name, items(content))
    house.check()
    reopened = house.breaks("reopened")
    assert {key: (row["right_key"], row["drift_amount"], row["currency"]) for key, row in reopened.items()} == {
        f"sftp:{DROP}:{ref}": (f"sftp:{DROP}:{name}", item[1], "EUR") for ref, item in house.open.items() if ref in gone
    }
    assert len(reopened) == len(house.open) > 90
