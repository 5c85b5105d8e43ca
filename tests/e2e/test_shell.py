"""A day at the command line: every command as a person types it, in processes of its own, on one small sandbox."""

import os
import subprocess
import sys
from collections.abc import Iterator

import dagster as dg
import duckdb
import pytest

from pipelines import connections, journal
from pipelines.publish import publish
from tests.e2e.world import World, world

pytestmark = pytest.mark.timeout(180)
KEPT = ("books_us", "cards_us", "drop_dach", "reference_rates")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One set of books, its provider, a drop and the rates. Payments are written, reversals only planned, the rest is off."""
    with world(tmp_path_factory.mktemp("shell"), customers=100, months=6) as sandbox:
        file = sandbox.connections.path
        tables = file.read_text("utf-8").split("\n[")
        kept = [table for table in tables[1:] if table.partition("]")[0].split(".")[1] in KEPT]
        text = "\n[".join([tables[0], *kept]).replace('deposit = "apply"', 'deposit = "off"')
        text = text.replace('record_update = "apply"', 'record_update = "off"')
        file.write_text(text.replace('reversal = "apply"', 'reversal = "plan"'), "utf-8")
        yield World(sandbox.base_url, connections.load(file), sandbox.home)


def tieout(place: World, *arguments: str, code: int = 0) -> str:
    """What a command prints, both streams."""
    environment = {**os.environ, "TIEOUT_DATA": str(place.home.root), "TIEOUT_CONNECTIONS": str(place.connections.path)}
    environment["COLUMNS"] = "220"
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def told_by_dbt(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is in the home's history with what dbt and we say of a model; and dbt worked in the home, where the next run finds its
    partial parse, which saves it five seconds."""
    monkeypatch.setenv("DAGSTER_HOME", str(place.home.dagster))
    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["ledger", "ar_documents"]))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert metadata["dagster/row_count"] > 0
    assert metadata["Execution Duration"] > 0
    assert (place.home.root / "dbt" / "partial_parse.msgpack").exists()


def test_a_day_at_the_command_line(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tieout(place, "check").count("Active") == len(KEPT)
    first = tieout(place, "run", "--rounds", "1")
    assert "Round 1: green, 0 written" not in first
    told_by_dbt(place, monkeypatch)
    written = place.control("GET", "log")["writes"]
    assert written
    assert {entry["path"].rpartition("/")[2] for entry in written} == {"customerPayment"}, (
        "nothing else is to be applied"
    )

    counted = tieout(place, "query", "select count(*) as n from ledger.ar_payments where is_deleted", "--format", "csv")
    assert counted.splitlines()[0] == "n"
    listed = tieout(place, "outbox", "list", "--kind", "payment")
    assert listed.count(" posted ") == len(written)
    shown = tieout(place, "plan")
    assert "Planned: would be written if" in shown
    waiting = place.outbox.list(state="planned")
    assert {row.kind for row in waiting} == {"reversal"}
    for row in waiting:
        assert row.key in shown, "each one, also what only a policy holds"
    assert f"{len(written)} posted" in tieout(place, "log", "books_us")

    assert "0 new" in tieout(place, "sync", "drop_dach")
    reads = {name: len(list(journal.newest(place.home, name))) for name in ("drop_dach", "cards_us")}
    assert reads == {"drop_dach": 2, "cards_us": 1}, "the second sync read one connection"

    with duckdb.connect(str(place.home.published), read_only=True) as reader:
        before, copy = reader.sql("select count(*) from ledger.ar_entries").fetchall(), place.home.published.stat()
        publish(place.home)
        assert reader.sql("select count(*) from ledger.ar_entries").fetchall() == before, "a reader is not disturbed"
    assert place.home.published.stat().st_ino != copy.st_ino, "and a new copy has taken the old one's place"


def test_a_refusal_is_one_message_and_no_trace(place: World) -> None:
    told = tieout(place, "run", "drop_nowhere", code=1)
    assert "has no connection 'drop_nowhere'; it has: " in told
    assert "Traceback" not in told
