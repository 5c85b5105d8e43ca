"""What NetSuite, the settings and the warehouse limit: requests a day, rows a query, calls at once, decimals. No record is lost by it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.netsuite import client as clients
from pipelines.netsuite.budget import BudgetSpent
from pipelines.netsuite.check import check
from pipelines.netsuite.twin.books import Line
from pipelines.sync import state_of
from pipelines.system import Refused
from tests.contract import netsuite_kit as kit
from tests.contract.netsuite_kit import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with kit.office(tmp_path) as found:
        yield found


@pytest.mark.parametrize("requests", [15, 16, 17, 22])
def test_deletions_survive_days_whose_requests_ran_out(world: World, requests: int) -> None:
    ids = [kit.invoice(world.books) for _ in range(6)]
    world.sync()
    world.clock.set(world.clock.now() + timedelta(days=1))
    for key in ids[:3]:
        world.books.delete(key, at=world.clock.tick())
    for _day in range(2):
        stopped = world.sync(world.connection(daily_requests=requests, max_concurrency=1))
        assert "stopped_by_budget" in stopped.counts
        (world.home.root / "budget" / "books_us.json").unlink()  # the next day
        world.clock.set(world.clock.now() + timedelta(days=1))
    world.sync()
    assert {key for key, row in world.latest().items() if row["is_deleted"]} == set(ids[:3])
    assert world.sync().rows == 0


def test_confirmed_deletions_stay_confirmed_until_they_are_given(world: World) -> None:
    ids = [kit.invoice(world.books) for _ in range(6)]
    world.sync()
    world.clock.set(world.clock.now() + timedelta(days=1))
    for key in ids[:3]:
        world.books.delete(key, at=world.clock.tick())
    strict = {"max_deletes": 1, "max_delete_share": "0.1", "max_concurrency": 1}
    stopped = world.sync(world.connection(daily_requests=16, **strict), confirmations=world.confirmed())
    assert "stopped_by_budget" in stopped.counts
    world.clock.set(world.clock.now() + timedelta(days=1))
    assert "deletes_held" not in world.sync(world.connection(**strict)).counts
    assert {key for key, row in world.latest().items() if row["is_deleted"]} == set(ids[:3])


def test_a_sweep_of_several_days_rereads_what_its_first_days_touched(world: World) -> None:
    first = kit.invoice(world.books)
    paid = kit.payment(world.books, "60.00", [(first, "60.00")])
    for _ in range(2500):
        kit.invoice(world.books, customer="502")
    world.sync()
    world.clock.set(world.clock.now() + timedelta(days=1))
    world.books.set_applications(
        paid, [], at=world.clock.now()
    )  # among the first ids; the invoice itself is not touched
    for key in [str(int(paid) + number) for number in range(1, 2501)]:
        world.books.edit(key, at=world.clock.now(), memo="again")
    stopped = world.sync(world.connection(daily_requests=30, max_concurrency=1))
    assert 0 < stopped.versions["transaction"] < 2501
    world.clock.set(world.clock.now() + timedelta(days=1))
    world.sync()
    assert world.latest()[first]["foreignamountunpaid"] == Decimal("100.0000")


def test_a_page_with_more_lines_than_a_query_gives_is_read_in_parts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(100):
        kit.invoice(world.books)
    monkeypatch.setattr(clients, "QUERY_ROWS", 70)
    assert world.sync().versions["transaction"] == 100
    lines = world.raw("select count(*) n, sum(json_array_length(lines)) l from raw_netsuite.transaction")
    assert lines == [{"n": 100, "l": 300}]


@pytest.mark.parametrize("other", ["books_us", "books_emea"])
def test_two_clients_of_one_account_share_its_calls_in_flight(world: World, other: str) -> None:
    with (
        clients.Client(world.connection(max_concurrency=2), world.home) as refresh,
        clients.Client(world.connection(other, max_concurrency=2), world.home) as writeback,
        ThreadPoolExecutor(8) as pool,
    ):
        ask = "SELECT c.id FROM customer c WHERE c.id > {} ORDER BY c.id"
        work = [pool.submit((refresh, writeback)[number % 2].page, ask.format(number)) for number in range(60)]
        assert all(item.result().total >= 0 for item in work)
    assert world.way.most_at_once == 2


def test_token_requests_count_against_the_days_requests(world: World) -> None:
    world.account.credentials.token_lifetime = 1  # minted anew for every call
    connection = world.connection(daily_requests=12, max_concurrency=1, **kit.oauth2())
    with clients.Client(connection, world.home) as client:
        for _ in range(6):
            client.server_time()
        assert client.http.counter.calls == len(world.way.seen) == 12
        with pytest.raises(BudgetSpent):
            client.server_time()
    assert len(world.way.seen) == 12


def test_an_account_that_is_not_there_is_one_state_for_check_and_sync(world: World) -> None:
    connection = world.connection(base_url=f"{world.url}/nobody")
    with pytest.raises(Refused) as refused:
        world.sync(connection)
    assert (refused.value.code, state_of(refused.value)) == ("wrong_account", "disconnected")
    found = check(connection)
    assert ([problem.code for problem in found.problems], found.state) == (["wrong_account"], "disconnected")


def test_an_amount_with_too_many_decimals_is_quarantined_and_never_rounded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine, fine_lines = kit.invoice(world.books), kit.invoice(world.books)
    coarse = world.books.post_invoice(
        customer="501", subsidiary="1", currency="3", exchange_rate=Decimal("0.0065"), date=date(2026, 10, 1),
        due_date=date(2026, 10, 31), lines=[Line(kit.SALES, Decimal("100.50"), "Yen have no decimals", None, Decimal(1))],
        at=world.clock.now() - timedelta(days=30),
    )  # fmt: skip
    ask = clients.Client.query

    def finer(client: clients.Client, query: str, params: tuple[str, ...] = ()) -> list[clients.Row]:
        rows = ask(client, query, params)
        for row in rows if "FROM transactionline " in query else ():
            if row["transaction"] == fine_lines and row["id"] == "1":
                row["foreignamount"] = "-50.00001"
        return rows

    monkeypatch.setattr(clients.Client, "query", finer)
    assert world.sync().quarantined == 2
    assert set(world.latest()) == {fine}
    held = world.raw("select record_key, reason, remedy from raw_tieout.quarantine order by record_key")
    assert [(row["record_key"], row["reason"]) for row in held] == [
        (fine_lines, f"books_us: transaction {fine_lines}: lines[1].foreignamount: '-50.00001' has more than 4 decimals"),
        (coarse, f"books_us: transaction {coarse}: foreigntotal: '100.5' has more than the 0 decimals of its currency"),
    ]  # fmt: skip
    assert "Correct the amount in NetSuite" in held[0]["remedy"]
