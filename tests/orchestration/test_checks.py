"""great-expectations at the two doors: what they hold back, and that a broken check does not look like a passed one."""

from collections.abc import Iterator

import pytest

from assets.checks import CHECKS, MONEY, validate
from pipelines import systems
from pipelines.home import Home
from pipelines.load import connect, ensure_tables
from resources.warehouse import HomeResource

PLAN = "intent_key text, amount decimal(18, 4), currency text, connection text, kind text"
LINEAGE = "connection, _extracted_at, is_deleted, _seq, _dlt_load_id"
PLANS = ("wb_payments", "wb_deposits", "wb_record_updates", "wb_reversals")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose raw tables and whose plans are empty."""
    found = Home(tmp_path_factory.mktemp("doors"))
    with connect(found) as warehouse:
        ensure_tables(warehouse)
        warehouse.execute("create schema ledger; create schema writeback")
        warehouse.execute("create table ledger.ar_connections as select 'books_us' as connection")
        for name in PLANS:
            warehouse.execute(f"create table writeback.{name} ({PLAN})")
    return found


@pytest.fixture
def home(made: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("TIEOUT_DATA", str(made.root))
    yield made
    with connect(made) as warehouse:
        for relation in (*MONEY, *(f"writeback.{name}" for name in PLANS)):
            warehouse.execute(f"delete from {relation}")


def answers(*relations: str) -> dict[tuple[str, str], list[str]]:
    """What each check found wrong, by asset and check: of the doors that watch these relations, or of all."""
    found = {}
    for door in CHECKS:
        watched = {spec.asset_key.to_user_string().replace("/", ".") for spec in door.check_specs}
        if relations and not watched & {*relations}:
            continue
        for result in door(home=HomeResource()):
            assert result.passed == (not result.metadata)
            found[result.asset_key.to_user_string(), result.check_name] = sorted(result.metadata)
    return found


def test_both_doors_are_watched_and_block() -> None:
    specs = [spec for door in CHECKS for spec in door.check_specs]
    assert all(spec.blocking for spec in specs)
    watched = {spec.asset_key.to_user_string().replace("/", ".") for spec in specs if spec.name == "raw_door"}
    assert watched == set(MONEY), "and each is a table there is"
    plans = {spec.asset_key.to_user_string() for spec in specs if spec.name == "plan_door"}
    assert plans == {f"writeback/{name}" for name in PLANS}


def test_every_table_with_an_amount_is_watched() -> None:
    """But for figures that a system only tells of its own, and a general ledger's accounts."""
    money = {"amount", "total_amt", "foreigntotal", "open_amount", "net"}
    own = {"control_total", "control_balance", "aged_receivables", "account"}
    for system in systems().values():
        for table in system.tables:
            if money & set(table.names) and table.name not in own:
                assert f"{table.dataset}.{table.name}" in MONEY


def test_a_door_is_one_step_a_system() -> None:
    """Each step that checks costs an import, and each validation a tenth of a second."""
    assert sorted(door.op.name for door in CHECKS) == [
        "plan_doors", "raw_doors_netsuite", "raw_doors_quickbooks", "raw_doors_sftp", "raw_doors_stripe",
    ]  # fmt: skip


def test_empty_systems_and_plans_pass(home: Home) -> None:
    assert not any(answers().values())


BAD = {
    "'cards_us', now(), false, 0, '1', 'ch_1', 5, 'usd'": [],
    "'cards_us', now(), false, 0, '1', null, 5, 'usd'": ["without_id"],
    "'', now(), false, 0, '1', 'ch_1', 5, 'usd'": ["without_connection"],
    "'cards_us', now() + interval 3 day, false, 0, '1', 'ch_1', 5, 'usd'": ["from_the_future"],
    "'cards_us', now(), false, 0, '1', 'ch_1', null, 'usd'": ["without_money"],
    "'cards_us', now(), false, 0, '1', 'ch_1', 5, null": ["without_money"],
    "'cards_us', now(), true, 0, '1', 'ch_1', null, null": [],  # a deletion has its id alone
    "null, now(), false, 0, '1', 'ch_1', null, null": ["without_connection", "without_money"],
}


@pytest.mark.parametrize(("values", "failed"), BAD.items())
def test_the_raw_door_tells_what_is_wrong_and_where(values: str, failed: list[str], home: Home) -> None:
    with connect(home) as warehouse:
        warehouse.execute(f"insert into raw_stripe.refund ({LINEAGE}, id, amount, currency) values ({values})")
    found = answers("raw_stripe.refund")
    assert found.pop(("raw_stripe/refund", "raw_door")) == failed
    assert not any(found.values()), "the others of its system pass"


@pytest.mark.parametrize(
    ("relation", "columns", "values", "failed"),
    [
        ("raw_quickbooks.invoice", "id, currency", "'1', null", ["without_money"]),
        ("raw_quickbooks.payment", "id, total_amt", "'1', 5", []),  # of a company with one currency
        ("raw_quickbooks.journal_entry", "id", "'1'", []),
        ("raw_netsuite.transaction", "id, type, currency", "'1', 'Journal', '1'", []),
        ("raw_netsuite.transaction", "id, type, currency", "'1', 'CustInvc', '1'", ["without_money"]),
        ("raw_sftp.report_line", "report_id, line_number, open_amount", "'1', 2, 5", ["without_money"]),
    ],
)
def test_each_system_has_its_own_money(relation: str, columns: str, values: str, failed: list[str], home: Home) -> None:
    with connect(home) as warehouse:
        warehouse.execute(f"insert into {relation} ({LINEAGE}, {columns}) values ('a', now(), false, 0, '1', {values})")
    found = answers(relation)
    assert found.pop((relation.replace(".", "/"), "raw_door")) == failed
    assert not any(found.values())


@pytest.mark.parametrize(
    ("rows", "failed"),
    [
        ("('a', 1, 'USD', 'books_us'), ('b', 2, 'EUR', 'books_us')", []),
        ("('a', 1, 'USD', 'books_us'), ('a', 2, 'USD', 'books_us')", ["named_twice"]),
        ("('a b', 1, 'USD', 'books_us')", ["unsafe_keys"]),
        ("('a', 0, 'USD', 'books_us')", ["not_positive"]),
        ("('a', 1, 'usd', 'books_us')", ["without_currency"]),
        ("('a', 1, null, 'books_us')", ["without_currency"]),
        ("('a', 1, 'USD', 'books_xx')", ["unknown_connection"]),
        ("('a', 1, 'USD', null)", ["unknown_connection"]),
    ],
)
def test_the_plan_door_tells_what_is_wrong_and_where(rows: str, failed: list[str], home: Home) -> None:
    with connect(home) as warehouse:
        warehouse.execute(f"insert into writeback.wb_payments (intent_key, amount, currency, connection) values {rows}")
    found = answers("writeback.wb_payments")
    assert found.pop(("writeback/wb_payments", "plan_door")) == failed
    assert not any(found.values())


def test_a_check_that_breaks_has_not_passed(home: Home) -> None:
    failed = validate(home, {"a": "select 'a' as relation, 0 as there"}, ["there", "gone"])
    assert set(failed) == {"a"}
    assert set(failed["a"]) == {"gone"}
    assert "the check itself broke" in failed["a"]["gone"]


def test_a_record_update_moves_no_money_and_nothing_else_does_not(home: Home) -> None:
    with connect(home) as warehouse:
        rows = "('a', 0, 'XXX', 'books_us', 'record_update'), ('b', 0, 'XXX', 'books_us', 'payment')"
        warehouse.execute(f"insert into writeback.wb_record_updates values {rows}")
    assert answers("writeback.wb_record_updates")["writeback/wb_record_updates", "plan_door"] == ["not_positive"]
    with connect(home) as warehouse:
        warehouse.execute("delete from writeback.wb_record_updates where intent_key = 'b'")
    assert answers("writeback.wb_record_updates")["writeback/wb_record_updates", "plan_door"] == []
