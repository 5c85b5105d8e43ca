"""Raw is a log: what a load keeps, and what survives a crash, a lost folder and a lost warehouse."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
import pytest

from pipelines import load as loading
from pipelines.connections import Connection, Settings
from pipelines.home import Home, warehouse_lock
from pipelines.sync import SyncContext, sync
from pipelines.system import Check, NotConfigured, Refused, System, Transient
from pipelines.tables import Table, arrow_batch, columns

INVOICE = Table("shop", "invoice", ("id",), columns("id total:money memo"), "Invoices of a shop")


class Shop:
    """A system that says what the test tells it to say."""

    def __init__(self) -> None:
        self.pages: list[list[dict[str, Any]]] = []
        self.fails: Exception | None = None
        self.cursors: list[int] = []

    def source(self, connection: Connection, ctx: SyncContext) -> Any:
        def batches() -> Iterator[Any]:
            state = dlt.current.resource_state()
            self.cursors.append(state.get("runs", 0))
            seq = 0
            for page in self.pages:
                table, bad = arrow_batch(INVOICE, connection.name, page, extracted_at=datetime.now(UTC), seq=seq)
                ctx.quarantine.extend(bad)
                seq += len(page)
                yield table
            if self.fails:
                raise self.fails
            state["runs"] = state.get("runs", 0) + 1

        return dlt.source(lambda: loading.resource(INVOICE, batches), name="shop")()


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop()
    declare(monkeypatch, shop)
    return shop


def declare(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    system = System("shop", "erp", Settings, (INVOICE,), shop.source, lambda c: Check(c.name, "active"))
    for target in ("pipelines.systems", "pipelines.load.systems", "pipelines.connections.systems"):
        monkeypatch.setattr(target, lambda: {"shop": system})


CONNECTION = Connection("corner", "shop", Settings())


def stored(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with warehouse_lock(home), loading.connect(home) as warehouse:
        return warehouse.execute(sql).fetchall()


def versions(home: Home) -> list[tuple[Any, ...]]:
    with warehouse_lock(home), loading.connect(home) as warehouse:
        return warehouse.execute(
            "select id, cast(total as varchar), memo from raw_shop.invoice order by _dlt_load_id, _seq"
        ).fetchall()


def test_a_repeated_version_adds_nothing_but_a_return_to_an_older_one_does(shop: Shop, tmp_path: Path) -> None:
    home = Home(tmp_path)
    for memo in ("a", "a", "b", "a"):
        shop.pages = [[{"id": "1", "total": "10.10", "memo": memo}], [{"id": "1", "total": "10.10", "memo": memo}]]
        sync(CONNECTION, home)
    assert versions(home) == [("1", "10.1000", "a"), ("1", "10.1000", "b"), ("1", "10.1000", "a")]
    assert shop.cursors == [0, 1, 2, 3]


def test_a_failed_extraction_keeps_the_cursor_and_loads_nothing(shop: Shop, tmp_path: Path) -> None:
    home = Home(tmp_path)
    shop.pages = [[{"id": "1", "total": "1"}]]
    shop.fails = Transient("shop: no answer")
    with pytest.raises(Transient, match="shop: no answer"):
        sync(CONNECTION, home)
    assert versions(home) == []
    shop.fails = None
    assert sync(CONNECTION, home).versions == {"invoice": 1}
    assert shop.cursors == [0, 0]


def test_a_package_left_by_a_crash_is_loaded_first(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    shop.pages = [[{"id": "1", "total": "1"}]]
    sync(CONNECTION, home)
    shop.pages = [[{"id": "2", "total": "2"}]]
    monkeypatch.setattr(loading, "load", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        sync(CONNECTION, home)
    monkeypatch.undo()
    declare(monkeypatch, shop)
    shop.pages = [[{"id": "3", "total": "3"}]]
    sync(CONNECTION, home)
    assert [row[0] for row in versions(home)] == ["1", "2", "3"]
    assert shop.cursors == [0, 1, 2]


def test_a_lost_warehouse_is_read_again_from_the_start(shop: Shop, tmp_path: Path) -> None:
    home = Home(tmp_path)
    shop.pages = [[{"id": "1", "total": "1"}]]
    sync(CONNECTION, home)
    home.warehouse.unlink()
    sync(CONNECTION, home)
    assert [row[0] for row in versions(home)] == ["1"]
    assert shop.cursors == [0, 0]


def test_a_warehouse_restored_from_a_backup_is_read_again_from_where_it_was(shop: Shop, tmp_path: Path) -> None:
    home = Home(tmp_path)
    shop.pages = [[{"id": "1", "total": "1"}]]
    sync(CONNECTION, home)
    backup = home.warehouse.read_bytes()
    shop.pages = [[{"id": "2", "total": "2"}]]
    sync(CONNECTION, home)
    home.warehouse.write_bytes(backup)
    sync(CONNECTION, home)
    assert [row[0] for row in versions(home)] == ["1", "2"]
    assert shop.cursors == [0, 1, 1]


def test_dlts_folder_stays_small_and_its_cursor_true(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    monkeypatch.setattr("pipelines.dlt_engine._KEPT_PACKAGES", 2)
    for number in range(6):
        shop.pages = [[{"id": str(number), "total": "1"}]]
        sync(CONNECTION, home)
        loaded = list((home.dlt / "shop_corner" / "load" / "loaded").iterdir())
        assert len(loaded) <= 3
        assert not [file for package in loaded for file in package.rglob("*.parquet")], "what was loaded is deleted"
    assert shop.cursors == [0, 1, 2, 3, 4, 5]


def test_a_row_that_does_not_fit_is_quarantined_until_it_is_mended(shop: Shop, tmp_path: Path) -> None:
    home = Home(tmp_path)
    shop.pages = [[{"id": "1", "total": "1.23456"}, {"id": "2", "total": "2"}]]
    report = sync(CONNECTION, home)
    assert (report.versions, report.quarantined) == ({"invoice": 1}, 1)
    with warehouse_lock(home), loading.connect(home) as warehouse:
        held = warehouse.execute(
            "select connection, table_name, record_key, reason, remedy from raw_tieout.quarantine"
        ).fetchall()
    assert held[0][:3] == ("corner", "invoice", "1")
    assert "1.23456" in held[0][3]
    assert held[0][4]
    shop.pages = [[{"id": "1", "total": "1.23"}]]
    sync(CONNECTION, home)
    with warehouse_lock(home), loading.connect(home) as warehouse:
        assert warehouse.execute("select count(*) from raw_tieout.quarantine").fetchall() == [(0,)]


def test_a_row_that_is_again_what_it_was_leaves_the_quarantine(shop: Shop, tmp_path: Path) -> None:
    home = Home(tmp_path)
    for total in ("1", "1.23456", "1"):
        shop.pages = [[{"id": "1", "total": total}]]
        sync(CONNECTION, home)
    assert stored(home, "select count(*) from raw_tieout.quarantine") == [(0,)]
    assert len(versions(home)) == 1


@pytest.mark.parametrize("crash", ["pipelines.load.load", "pipelines.load._settle", "pipelines.quarantine.store"])
def test_quarantined_rows_survive_a_crash_before_they_are_stored(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    home = Home(tmp_path)
    shop.pages = [[{"id": "1", "total": "1"}]]
    sync(CONNECTION, home)
    shop.pages = [[{"id": "1", "total": "1"}, {"id": "2", "total": "2"}, {"id": "3", "total": "3.00001"}]]
    monkeypatch.setattr(crash, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        sync(CONNECTION, home)
    monkeypatch.undo()
    declare(monkeypatch, shop)
    shop.pages = []  # what the crash left is all there is
    sync(CONNECTION, home)
    assert [row[0] for row in versions(home)] == ["1", "2"]
    assert stored(home, "select connection, table_name, record_key from raw_tieout.quarantine") == [
        ("corner", "invoice", "3")
    ]
    assert not list(home.dlt.glob("*.jsonl"))


def test_a_failed_sync_is_recorded_and_a_later_success_clears_it(shop: Shop, tmp_path: Path) -> None:
    home = Home(tmp_path)
    columns = "select state, last_error, failed_at is null, last_synced_at from raw_tieout.connection"
    shop.fails = NotConfigured("corner: the environment variable KEY is not set")
    with pytest.raises(NotConfigured):
        sync(CONNECTION, home)
    assert stored(home, columns) == [("not_configured", str(shop.fails), False, None)]
    shop.fails = None
    sync(CONNECTION, home)
    ((state, error, never, synced),) = stored(home, columns)
    assert (state, error, never) == ("active", None, True)
    limit = "This user has exceeded the number of active access tokens for this role"
    for failure, expected in (
        (Refused(limit, "revoke some", "token_limit"), "token_limit"),
        (Refused("corner: wrong token", "make a new one", "invalid_login"), "disconnected"),
        (Transient("corner: no answer"), "unreachable"),
        (ValueError("a bug"), "failed"),
    ):
        shop.fails = failure
        with pytest.raises(Exception, match=str(failure)[:20]):
            sync(CONNECTION, home)
        ((state, error, never, kept),) = stored(home, columns)
        assert (state, never, kept) == (expected, False, synced)
        assert str(failure) in error
    entries = [json.loads(line) for line in (home.logs / "corner.jsonl").read_text().splitlines()]
    assert [entry["state"] for entry in entries] == [
        "not_configured", "active", "token_limit", "disconnected", "unreachable", "failed",
    ]  # fmt: skip
    assert limit in entries[2]["error"]
    shop.fails = None
    sync(CONNECTION, home)
    assert stored(home, columns)[0][:3] == ("active", None, True)
