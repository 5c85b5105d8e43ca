"""A company of some size through the twin at the pace that QuickBooks allows: what its log shows, and what an hour's changes cost."""

from pathlib import Path

import duckdb
import pytest
from starlette.applications import Starlette

from benchmarks import quickbooks_account as bench
from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.twin import Realm
from pipelines.sync import sync
from tests.contract.quickbooks_twin_kit import listening

CUSTOMERS, INVOICES = 1_200, 3_000


def test_a_first_sync_keeps_the_limits_and_an_hours_changes_cost_few_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    realm = Realm(bench.company(CUSTOMERS, INVOICES))
    served: Starlette = bench.served(realm)
    home = Home(tmp_path)
    with listening(served) as url:
        task = bench.connection_of(url, realm)
        for name, value in task["environment"].items():
            monkeypatch.setenv(name, value)
        connection = Connection("books", "quickbooks", QuickBooksSettings(**task["settings"]))
        first = sync(connection, home)
        found = bench.seen(realm)
        assert (first.versions["customer"], first.versions["invoice"]) == (CUSTOMERS, INVOICES)
        assert first.versions["payment"] == INVOICES - INVOICES // bench.UNPAID
        assert found["refused"] == 0
        assert 0 < found["second"] <= 10
        assert found["requests"] == found["minute"] < 25
        realm.log.clear()
        bench.an_hour(realm.company)
        hour = sync(connection, home)
        assert hour.versions["invoice"] == bench.HOUR["invoices"]
        assert hour.versions["payment"] == bench.HOUR["payments"]
        assert bench.seen(realm)["requests"] < 15
    with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
        landed = warehouse.execute("select count(distinct id) from raw_quickbooks.invoice").fetchone()
    assert landed == (INVOICES + bench.HOUR["invoices"],)
