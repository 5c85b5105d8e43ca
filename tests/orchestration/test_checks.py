"""great-expectations at the two doors: what they hold back, and that a broken check does not look like a passed one."""

from pathlib import Path

import dagster as dg
import pytest

from assets.checks import CHECKS, validate
from pipelines.home import Home
from pipelines.load import connect, ensure_tables
from resources.warehouse import HomeResource

ZERO = {"min_value": 0, "max_value": 0}
DOORS = {(check.check_key.asset_key.to_user_string(), check.check_key.name): check for check in CHECKS}
PLAN = "intent_key text, amount decimal(18, 4), currency text, connection text"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose raw tables and whose plan of payments are empty."""
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path))
    found = Home.current()
    with connect(found) as warehouse:
        ensure_tables(warehouse)
    with connect(found) as warehouse:
        warehouse.execute("create schema ledger; create schema writeback")
        warehouse.execute("create table ledger.ar_connections as select 'books_us' as connection")
        warehouse.execute(f"create table writeback.wb_payments ({PLAN})")
    return found


def answer(asset: str, name: str) -> dg.AssetCheckResult:
    result = DOORS[asset, name](home=HomeResource())
    assert isinstance(result, dg.AssetCheckResult)
    return result


def test_both_doors_are_watched_and_block() -> None:
    assert {asset.partition("/")[0] for asset, name in DOORS if name == "raw_door"} >= {
        "raw_netsuite",
        "raw_stripe",
        "raw_sftp",
    }
    assert {asset for asset, name in DOORS if name == "plan_door"} >= {"writeback/wb_payments", "writeback/wb_deposits"}
    assert all(spec.blocking for check in CHECKS for spec in check.check_specs)


@pytest.mark.parametrize("asset", sorted(asset for asset, name in DOORS if name == "raw_door"))
def test_an_empty_system_passes(asset: str, home: Home) -> None:
    assert answer(asset, "raw_door").passed


@pytest.mark.parametrize(
    ("values", "failed"),
    [
        ("'cards_us', 'ch_1', now()", []),
        ("'cards_us', null, now()", ["without_id"]),
        ("'', 'ch_1', now()", ["without_connection"]),
        ("'cards_us', 'ch_1', now() + interval 3 day", ["from_the_future"]),
    ],
)
def test_the_raw_door_tells_what_is_wrong(values: str, failed: list[str], home: Home) -> None:
    with connect(home) as warehouse:
        warehouse.execute(
            "insert into raw_stripe.charge (connection, id, _extracted_at, is_deleted, _seq, _dlt_load_id)"
            f" values ({values}, false, 0, '1')"
        )
    result = answer("raw_stripe/charge", "raw_door")
    assert result.passed == (not failed)
    assert [label.split()[-1] for label in result.metadata] == failed


@pytest.mark.parametrize(
    ("rows", "failed"),
    [
        ("('a', 1, 'USD', 'books_us'), ('b', 2, 'EUR', 'books_us')", []),
        ("('a', 1, 'USD', 'books_us'), ('a', 2, 'USD', 'books_us')", ["named_twice"]),
        ("('a b', 1, 'USD', 'books_us')", ["unsafe_keys"]),
        ("('a', 0, 'USD', 'books_us')", ["not_positive"]),
        ("('a', 1, 'usd', 'books_us')", ["without_currency"]),
        ("('a', 1, 'USD', 'books_xx')", ["unknown_connection"]),
    ],
)
def test_the_plan_door_tells_what_is_wrong(rows: str, failed: list[str], home: Home) -> None:
    with connect(home) as warehouse:
        warehouse.execute(f"insert into writeback.wb_payments values {rows}")
    result = answer("writeback/wb_payments", "plan_door")
    assert result.passed == (not failed)
    assert [label.split()[-1] for label in result.metadata] == failed


def test_a_check_that_breaks_has_not_passed(home: Home) -> None:
    passed, failed = validate(
        home, "select 1 as there", [("ExpectColumnValuesToBeBetween", {"column": "gone", **ZERO})]
    )
    assert not passed
    assert "the check itself broke" in failed["ExpectColumnValuesToBeBetween gone"]
