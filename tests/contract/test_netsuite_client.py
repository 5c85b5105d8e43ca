"""The NetSuite system against its strict twin, on real sockets: reading."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pipelines.netsuite.client import Client
from pipelines.netsuite.source import check_fields
from pipelines.netsuite.twin import roles
from pipelines.netsuite.watch import arrivals
from pipelines.system import NotConfigured, Refused, Transient
from tests.contract import netsuite_kit as kit
from tests.contract.netsuite_kit import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with kit.office(tmp_path) as found:
        yield found


def fill(world: World) -> dict[str, str]:
    """An invoice paid in part, one credited, a journal on receivables, one elsewhere."""
    made = world.books
    first, second = kit.invoice(made), kit.invoice(made, "80.10", customer="502")
    paid = kit.payment(made, "70.00", [(first, "60.00")])
    return {"first": first, "second": second, "paid": paid, "journal": kit.journal(made, "15.00"),
            "other": kit.journal(made, "9.00", account=kit.FEES, entity=None)}  # fmt: skip


def test_everything_arrives_once_and_exactly(world: World) -> None:
    ids = fill(world)
    report = world.sync()
    assert report.quarantined == 0
    assert report.counts["calls"] > 0
    latest = world.latest()
    assert set(latest) == {
        ids[name] for name in ("first", "second", "paid", "journal")
    }  # a journal without receivables is not ours
    invoice = latest[ids["first"]]
    assert invoice["foreigntotal"] == Decimal("100.0000")
    assert invoice["foreignamountunpaid"] == Decimal("40.0000")
    assert invoice["subsidiary"] == "1"
    assert invoice["createddate"] == world.clock.now() - timedelta(days=30)
    lines = json.loads(invoice["lines"])
    assert [(line["id"], line["mainline"], Decimal(line["foreignamount"])) for line in lines] == [
        ("0", "T", 100), ("1", "F", -50), ("2", "F", -50)
    ]  # fmt: skip
    assert lines[0]["account"] == kit.RECEIVABLE
    assert Decimal(lines[0]["debit"]) == 100
    applied = json.loads(latest[ids["paid"]]["applications"])
    assert [(link["previousdoc"], link["previoustype"], Decimal(link["foreignamount"])) for link in applied] == [
        (ids["first"], "CustInvc", 60)
    ]
    assert world.latest("customer")["501"]["companyname"] == 'Ünïted 501 "O\'Hara" GmbH'
    assert {row["name"] for row in world.raw("select name from raw_netsuite.subsidiary")} == {"Parent Inc", "EMEA Ltd"}
    assert world.raw("select base_currency from raw_tieout.connection") == [{"base_currency": "USD"}]


def test_a_customer_comes_with_its_addresses_and_the_name_of_its_category(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sync()
    customer = world.latest("customer")["501"]
    assert (customer["category"], customer["category_name"], customer["fax"], customer["url"]) == (
        "4",
        "Wholesale",
        "7",
        "u.example",
    )
    shared = {"addressee": "Ünïted", "addr1": "1 Road", "state": "TX", "zip": "78701", "country": "US"}
    assert json.loads(customer["addresses"]) == [
        {"type": "billing", "nkey": "81", "city": "Austin", **shared},
        {"type": "shipping", "nkey": "82", "city": "Boston", **shared},
    ]
    assert world.latest("customer")["502"]["addresses"] == "[]"
    world.books.edit_customer("501", at=world.clock.tick(), defaultbillingaddress="82")
    assert world.sync().versions["customer"] == 1
    assert json.loads(world.latest("customer")["501"]["addresses"])[0]["city"] == "Boston"
    monkeypatch.setitem(roles.TABLE_PERMISSION, "entityaddress", "Contacts")
    world.account.role = world.account.role.without("Contacts")
    report = world.sync(world.connection("blind", sync_contacts=False))
    assert report.counts["addresses_not_visible"] == 1
    rows = world.raw("select distinct addresses from raw_netsuite.customer where connection = 'blind'")
    assert rows == [{"addresses": None}]


def test_the_second_run_adds_nothing(world: World) -> None:
    fill(world)
    world.sync()
    assert world.sync().rows == 0
    assert world.sync(full=True).rows == 0


def test_netsuite_counts_and_sums_what_landed(world: World) -> None:
    fill(world)
    kit.invoice(world.books, "5.00", customer="502", status="E")  # rejected: it is there, and owed by nobody
    world.sync()
    totals = {
        (row["table_name"], row["measure"]): (row["row_count"], row["total"])
        for row in world.raw("from raw_netsuite.control_total")
    }
    assert totals["transaction", "CustInvc|1"] == (3, Decimal("185.1000"))
    assert totals["transaction", "Journal|1"][0] == 1
    assert totals["application", "Payment"] == (1, Decimal("60.0000"))
    assert totals["customer", "all"][0] == 3
    balances = world.latest("control_balance", "entity")
    assert (balances["501"]["open_amount"], balances["501"]["unapplied_amount"]) == (
        Decimal("55.0000"),
        Decimal("10.0000"),
    )
    assert balances["502"]["open_amount"] == Decimal("80.1000")


def test_a_figure_that_netsuite_no_longer_gives_is_withdrawn(world: World) -> None:
    ids = fill(world)
    world.sync()
    world.books.delete(ids["second"], at=world.clock.tick())
    world.sync()
    assert {key: row["is_deleted"] for key, row in world.latest("control_balance", "entity").items()} == {
        "501": False,
        "502": True,
    }
    assert world.sync().rows == 0


def test_balances_are_asked_again_of_whoever_something_changed_for(world: World) -> None:
    mine, other = (
        kit.invoice(world.books),
        kit.invoice(world.books, "30.00", customer="503", subsidiary="2"),
    )
    paid = kit.payment(world.books, "100.00", [(mine, "100.00")])
    world.sync()

    def told() -> dict[str, tuple[Any, ...]]:
        rows = world.latest("control_balance", "entity")
        return {
            key: (row["open_amount"], row["unapplied_amount"]) for key, row in rows.items() if not row["is_deleted"]
        }

    def asked() -> str:
        return " ".join(query for query in queries if "AS entity" in query)

    queries: list[str] = []
    page = Client.page
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Client,
            "page",
            lambda self, query, *more, **named: (queries.append(query), page(self, query, *more, **named))[1],
        )
        assert told() == {"501": (0, 0), "503": (30, 0)}
        world.clock.set(world.clock.now() + timedelta(days=1))
        world.sync()
        assert asked() == ""
        world.books.set_applications(paid, [], at=world.clock.tick())
        world.sync()
        assert "IN (501)" in asked()
        assert told() == {"501": (100, 100), "503": (30, 0)}
        world.clock.set(world.clock.now() + timedelta(days=1))
        queries.clear()
        world.books.delete(other, at=world.clock.tick())
        world.sync()
        assert "IN (501, 503)" in asked()  # what the overlap covers, and the deleted one's
        assert told() == {"501": (100, 100)}
        queries.clear()
        world.sync(full=True)
        assert ">= 501" in asked()
    assert world.sync(full=True).rows == 0


def test_changes_come_with_the_next_run_and_nothing_else_does(world: World) -> None:
    ids = fill(world)
    world.sync()
    world.clock.set(world.clock.now() + timedelta(days=1))
    world.books.edit(ids["second"], at=world.clock.now(), memo="changed")
    new = kit.invoice(world.books, "12.34", at=world.clock.now())
    report = world.sync()
    assert report.versions["transaction"] == 2
    assert world.latest()[ids["second"]]["memo"] == "changed"
    assert world.latest()[new]["foreigntotal"] == Decimal("12.3400")
    assert world.raw("select complete_through from raw_tieout.connection")[0][
        "complete_through"
    ] == world.clock.now() - timedelta(minutes=5)


def test_an_unapplied_payment_is_read_again_without_its_links(world: World) -> None:
    ids = fill(world)
    world.sync()
    world.books.set_applications(ids["paid"], [], at=world.clock.tick())
    world.sync()
    applied = json.loads(world.latest()[ids["paid"]]["applications"])
    assert sum(Decimal(link["foreignamount"]) for link in applied) == 0
    assert world.latest()[ids["first"]]["foreignamountunpaid"] == Decimal("100.0000")


def test_a_deletion_is_a_version_and_comes_once(world: World) -> None:
    ids = fill(world)
    world.sync()
    world.books.delete(ids["second"], at=world.clock.tick())
    assert world.sync().versions["transaction"] == 1
    assert world.latest()[ids["second"]]["is_deleted"]
    assert not world.latest()[ids["first"]]["is_deleted"]
    assert len(world.raw("from raw_netsuite.deletedrecord")) == 1
    assert world.sync().rows == 0


@pytest.mark.parametrize("full", [False, True])
def test_the_last_record_of_a_type_may_be_deleted(world: World, *, full: bool) -> None:
    ids = fill(world)
    world.sync()
    for name in ("journal", "other"):
        world.books.delete(ids[name], at=world.clock.tick())
    world.sync(full=full)
    assert world.latest()[ids["journal"]]["is_deleted"]
    only = kit.journal(world.books, "9.00", account=kit.FEES, entity=None)  # not ours, and the only one of its type
    world.clock.set(world.clock.now() + timedelta(days=1))
    world.sync()
    world.books.delete(only, at=world.clock.tick())
    world.sync(full=full)
    world.account.role = world.account.role.without("Customer Payment")
    with pytest.raises(Refused, match="CustPymt"):
        world.sync(full=full)


def test_too_many_deletions_are_held_until_confirmed(world: World) -> None:
    ids = [kit.invoice(world.books) for _ in range(20)]
    connection = world.connection(max_deletes=5, max_delete_share="0.1")
    world.sync(connection)
    for key in ids[:8]:
        world.books.delete(key, at=world.clock.tick())
    held = world.sync(connection)
    assert held.counts["deletes_held"] == 8
    assert held.quarantined == 1
    assert "tieout confirm books_us deletes:books_us" in " ".join(held.notes)
    assert not any(row["is_deleted"] for row in world.latest().values())
    world.sync(connection, confirmations=world.confirmed())
    assert sum(row["is_deleted"] for row in world.latest().values()) == 8
    assert world.raw("from raw_tieout.quarantine") == []


def test_what_is_out_of_sight_is_not_deleted(world: World) -> None:
    ids = fill(world)
    world.sync()
    role = world.account.role.without("Deleted Records")
    world.account.role = role
    assert "deletions cannot be seen" in " ".join(world.sync(full=True).notes)
    world.account.role = role.without("Invoice")
    for full in (False, True):
        with pytest.raises(Refused, match="CustInvc"):
            world.sync(full=full)
    world.account.role = role
    world.sync()
    assert not world.latest()[ids["first"]]["is_deleted"]


def test_missing_ids_are_deletions_only_where_the_settings_say_so(world: World) -> None:
    ids = fill(world)
    connection = world.connection(missing_means_deleted=True)
    world.account.role = world.account.role.without("Deleted Records")
    world.sync(connection)
    world.books.delete(ids["second"], at=world.clock.tick())
    world.sync(connection)
    assert [key for key, row in world.latest().items() if row["is_deleted"]] == [ids["second"]]
    assert world.sync(connection).rows == 0


def test_more_rows_than_a_page_arrive_whole(world: World) -> None:
    for number in range(2500):
        kit.invoice(world.books, f"{number + 1}.01")
    report = world.sync(world.connection(max_concurrency=3))
    assert report.versions["transaction"] == 2500
    assert world.raw(
        "select count(*) n, count(distinct id) d, sum(foreigntotal) s, sum(json_array_length(lines)) l from raw_netsuite.transaction"
    ) == [{"n": 2500, "d": 2500, "s": Decimal("3126275.0000"), "l": 7500}]
    through = world.raw("select complete_through from raw_tieout.connection")[0]["complete_through"]
    assert through == world.clock.now() - timedelta(minutes=5)
    assert world.way.most_at_once <= 3


def test_a_storm_of_refusals_and_errors_loses_nothing(world: World) -> None:
    fill(world)
    turn = count()
    world.way.busy = lambda _method, _path: next(turn) % 3 != 0
    world.way.error = lambda _method, _path: next(turn) % 5 == 0
    report = world.sync(world.connection(max_attempts=12))
    assert report.counts["retries"] > 10
    world.way.busy = world.way.error = lambda _method, _path: False
    assert world.sync().rows == 0


def test_refusals_without_end_stop_with_a_clear_error_and_nothing_half_done(world: World) -> None:
    fill(world)
    world.way.busy = lambda _method, _path: True
    with pytest.raises(Transient, match=r"books_us.*429"):
        world.sync(world.connection(max_attempts=3))
    world.way.busy = lambda _method, _path: False
    assert world.sync().versions["transaction"] == 4


def test_malformed_pages_are_asked_again_and_then_told(world: World) -> None:
    fill(world)
    strikes = iter([True, False, True, True, False])
    world.way.malformed = lambda _method, path: path.endswith("suiteql") and next(strikes, False)
    assert world.sync().versions["transaction"] == 4
    world.way.malformed = lambda _method, path: path.endswith("suiteql")
    with pytest.raises(Transient, match="books_us: SuiteQL answered 3 times with a page that is not the JSON"):
        world.sync()


def test_an_expired_token_is_minted_again_during_the_run(world: World) -> None:
    fill(world)
    connection = world.connection(**kit.oauth2())
    with Client(connection, world.home) as client:
        client.server_time()
        world.account.gate.expire()
        client.server_time()
        assert sum(path.endswith("/token") for _method, path in world.way.seen) == 2
    world.account.credentials.token_lifetime = 1  # minted anew for every call
    assert world.sync(connection).versions["transaction"] == 4


def test_a_revoked_token_stops_the_sync_and_new_credentials_resume_it(world: World) -> None:
    fill(world)
    world.sync()
    new = kit.invoice(world.books, "5.00", at=world.clock.tick())
    world.account.credentials.tokens[0].revoked = True
    with pytest.raises(Refused, match=r"Login Audit Trail.*User Access Tokens"):
        world.sync()
    world.account.credentials.tokens[0].revoked = False
    assert world.sync().versions["transaction"] == 1
    assert new in world.latest()


def test_a_missing_permission_is_told_with_netsuites_words(world: World) -> None:
    world.account.role = world.account.role.without("SuiteAnalytics Workbook")
    with pytest.raises(Refused, match="does not have permission"):
        world.sync()


def test_switches_and_subsidiaries_limit_what_is_read(world: World) -> None:
    ids = fill(world)
    foreign = kit.invoice(world.books, customer="503", subsidiary="2")
    world.sync(world.connection("books_us", subsidiaries=("1",), sync_payments=False, sync_contacts=False))
    assert set(world.latest()) == {ids["first"], ids["second"], ids["journal"]}
    assert set(world.latest("customer")) == {"501", "502"}
    assert world.raw("from raw_netsuite.contact") == []
    world.sync(world.connection("books_us", subsidiaries=("1", "2"), sync_payments=False))
    assert foreign in world.latest()  # a wider scope is read from the beginning


def relate(world: World, key: str, customer: str, subsidiary: str, *, primary: bool = False) -> None:
    world.books.add(
        "customersubsidiaryrelationship", id=key, entity=customer, subsidiary=subsidiary, isprimarysub=primary
    )


def test_a_customer_is_routed_by_its_primary_subsidiary_alone_where_that_is_set(world: World) -> None:
    relate(world, "9001", "501", "2")
    relate(world, "9002", "503", "1")
    both = world.connection(subsidiaries=("1",))
    mine, theirs = kit.invoice(world.books), kit.invoice(world.books, customer="503")
    world.sync(both)
    assert set(world.latest("customer")) == {"501", "502", "503"}
    primary = world.connection("primary", subsidiaries=("1",), primary_subsidiary_only=True)
    world.sync(primary)
    of_primary = [
        row["id"] for row in world.raw("select id from raw_netsuite.customer where connection = 'primary' order by id")
    ]
    assert of_primary == ["501", "502"]
    documents = world.raw("select id from raw_netsuite.transaction where connection = 'primary'")
    assert [row["id"] for row in documents] == [mine]
    assert theirs in world.latest()


def test_a_relationship_that_was_removed_is_gone_and_one_out_of_sight_is_not(world: World) -> None:
    relate(world, "9001", "501", "2")
    relate(world, "9002", "502", "2")
    world.sync()
    world.books.store.remove_row("customersubsidiaryrelationship", 9001)
    world.sync()
    assert not world.latest("customersubsidiaryrelationship")["9001"]["is_deleted"]  # nobody told that anything changed
    world.clock.set(world.clock.now() + timedelta(days=1))
    world.books.edit_customer("501", at=world.clock.tick())
    world.sync()
    gone = {key: row["is_deleted"] for key, row in world.latest("customersubsidiaryrelationship").items()}
    assert gone == {"9001": True, "9002": False, "9501": False, "9502": False, "9503": False}
    world.books.store.remove_row("customersubsidiaryrelationship", 9002)
    world.account.role = replace(world.account.role, subsidiaries=frozenset({"1"}))
    report = world.sync(full=True)
    assert "2 rows of customersubsidiaryrelationship can no longer be seen" in " ".join(report.notes)
    assert not world.latest("customersubsidiaryrelationship")["9002"]["is_deleted"]
    world.account.role = replace(world.account.role, subsidiaries=None)
    world.sync(full=True)
    rows = world.latest("customersubsidiaryrelationship")
    assert (rows["9002"]["is_deleted"], rows["9503"]["is_deleted"]) == (True, False)
    assert world.sync(full=True).rows == 0


def test_rates_come_by_their_change_and_one_that_was_deleted_goes(world: World) -> None:
    for number in range(2, 1203):
        world.books.add(
            "currencyrate", id=str(number), basecurrency="1", transactioncurrency="3", exchangerate=Decimal("0.0065"),
            effectivedate=date(2020, 1, 1) + timedelta(days=number), lastmodifieddate=world.clock.now() - timedelta(days=99),
        )  # fmt: skip
    world.sync()
    world.books.edit_row("currencyrate", "7", at=world.clock.tick(), exchangerate=Decimal("0.0070"))
    world.books.store.remove_row("currencyrate", 8)
    report = world.sync()
    assert report.versions["currencyrate"] == 1
    assert world.latest("currencyrate")["7"]["exchangerate"] == Decimal("0.0070")
    assert world.sync(full=True).versions["currencyrate"] == 1
    assert world.latest("currencyrate")["8"]["is_deleted"]


def test_an_intercompany_journal_counts_in_each_subsidiary_by_its_own_lines(world: World) -> None:
    line = kit.JournalLine
    made = world.books.post_journal(
        subsidiary="2", currency="1", exchange_rate=Decimal(1), date=date(2026, 10, 5), at=world.clock.now() - timedelta(days=20),
        lines=[
            line(kit.RECEIVABLE, debit=Decimal(30), entity="503"), line(kit.SALES, credit=Decimal(30)),
            line(kit.RECEIVABLE, debit=Decimal(7), entity="501", subsidiary="1"), line(kit.SALES, credit=Decimal(7), subsidiary="1"),
        ],
    )  # fmt: skip
    world.sync(world.connection(subsidiaries=("1",)))
    lines = json.loads(world.latest()[made]["lines"])
    assert (world.latest()[made]["subsidiary"], [row.get("subsidiary") for row in lines]) == (
        "2",
        [None, None, "1", "1"],
    )
    assert {key: row["open_amount"] for key, row in world.latest("control_balance", "entity").items()} == {"501": 7}


def test_filtered_statuses_are_counted_and_what_was_loaded_stays(world: World) -> None:
    kept, pending, other = kit.invoice(world.books), kit.invoice(world.books, status="D"), kit.invoice(world.books)
    connection = world.connection(invoice_statuses=("A",))
    world.sync(connection)
    assert set(world.latest()) == {kept, other}
    filtered = world.raw("from raw_netsuite.control_total where table_name = 'filtered'")
    assert [(row["measure"], row["row_count"]) for row in filtered] == [("D", 1)]
    world.books.edit(kept, at=world.clock.tick(), status="D")
    world.books.edit(pending, at=world.clock.tick(), memo="still")
    report = world.sync(connection)
    assert report.counts["transaction_filtered"] == 2
    assert set(world.latest()) == {kept, other}
    assert (world.latest()[kept]["status"], world.latest()[kept]["is_deleted"]) == ("D", False)
    world.books.edit(pending, at=world.clock.tick(), status="A")
    world.sync(connection)
    assert world.latest()[pending]["status"] == "A"
    assert world.sync(connection).rows == 0


def test_an_invoice_that_is_paid_leaves_the_status_filter_alive(world: World) -> None:
    by_change, by_link = kit.invoice(world.books), kit.invoice(world.books)
    connection = world.connection(invoice_statuses=("A",))
    world.sync(connection)
    world.clock.set(world.clock.now() + timedelta(days=1))
    paid = kit.payment(world.books, "200.00", [(by_change, "100.00"), (by_link, "100.00")], at=world.clock.now())
    world.books.edit(by_change, at=world.clock.tick(), memo="thanks")
    world.sync(connection)
    for key in (by_change, by_link):
        row = world.latest()[key]
        assert (row["status"], row["is_deleted"], row["foreignamountunpaid"]) == ("B", False, 0)
    world.books.set_applications(paid, [(by_change, Decimal(100))], at=world.clock.tick())
    world.sync(connection)
    assert world.latest()[by_link]["status"] == "A"
    balances = world.latest("control_balance", "entity")
    assert (balances["501"]["open_amount"], balances["501"]["unapplied_amount"]) == (100, 100)
    world.sync(world.connection(invoice_statuses=("B",)))
    assert all(row["is_deleted"] for row in world.latest("control_balance", "entity").values())


def test_a_journal_that_leaves_the_receivables_is_gone_only_if_it_was_here(world: World) -> None:
    mine, never = kit.journal(world.books, "15.00"), kit.journal(world.books, "9.00", account=kit.FEES, entity=None)
    world.sync()
    world.books.edit(never, at=world.clock.tick(), memo="still not")
    world.sync()
    assert set(world.latest()) == {mine}


def test_custom_fields_are_read_and_unknown_ones_named(world: World) -> None:
    kit.invoice(world.books, po_contact="po@example.com")
    connection = world.connection(
        customer_fields=("custentity_segment",), transaction_fields=("custbody_po_contact_email",)
    )
    world.sync(connection)
    assert json.loads(world.latest("customer")["501"]["custom_fields"]) == {"custentity_segment": "Enterprise"}
    assert json.loads(next(iter(world.latest().values()))["custom_fields"]) == {
        "custbody_po_contact_email": "po@example.com"
    }
    with (
        Client(world.connection(customer_fields=("custentity_nonsense",)), world.home) as client,
        pytest.raises(NotConfigured, match="customer_fields: custentity_nonsense"),
    ):
        check_fields(client)


def test_open_and_recent_loads_what_matters_and_nothing_older(world: World) -> None:
    open_one, closed = kit.invoice(world.books), kit.invoice(world.books)
    kit.payment(world.books, "100.00", [(closed, "100.00")], at=world.clock.now() - timedelta(days=10))
    part = kit.payment(world.books, "30.00", [(open_one, "30.00")])
    connection = world.connection(initial_load="open_and_recent", recent_payments_days=1)
    world.sync(connection)
    assert set(world.latest()) == {open_one, part}
    new = kit.payment(world.books, "1.00", at=world.clock.tick())
    world.sync(connection)
    assert set(world.latest()) == {open_one, part, new}


def test_the_days_requests_end_a_run_cleanly_and_the_next_day_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3000):
        kit.invoice(world.books)
    connection = world.connection(daily_requests=30, max_concurrency=1)
    runs = seen = 0
    while runs < 11:
        runs += 1
        report = world.sync(connection)
        assert len(world.way.seen) - seen <= 30
        seen = len(world.way.seen)
        if "stopped_by_budget" not in report.counts:
            break
        assert "daily budget of 30 requests is spent" in " ".join(report.notes)
        (world.home.root / "budget" / "books_us.json").unlink()  # the next day
    assert 2 <= runs < 11
    assert world.raw("select count(*) n, count(distinct id) d from raw_netsuite.transaction") == [
        {"n": 3000, "d": 3000}
    ]


def test_times_are_those_of_the_accounts_zone(world: World) -> None:
    with Client(world.connection(), world.home) as client:
        assert client.server_time() == world.clock.now()


def test_no_secret_is_logged(world: World, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    fill(world)
    world.sync(world.connection(**kit.oauth2()))
    world.sync()
    text = caplog.text + "".join(path.read_text() for path in world.home.logs.iterdir())
    for word in ("cs secret", "ts secret", "PRIVATE KEY", "Bearer ", "oauth_signature"):
        assert word not in text


def test_one_question_tells_whether_something_changed(world: World) -> None:
    """What a sensor asks every half minute: a change, a deletion, and nothing else; once, within the day's budget."""
    ids = fill(world)
    connection = world.connection(daily_requests=1000)
    told = [arrivals(connection)]
    for change in (
        lambda at: world.books.edit(ids["second"], at=at, memo="changed"),
        lambda at: kit.invoice(world.books, "12.34", at=at),
        lambda at: world.books.edit_customer("501", at=at, companyname="New name"),
        lambda at: world.books.delete(ids["second"], at=at),
    ):
        change(world.clock.tick())
        told.append(arrivals(connection))
        assert arrivals(connection) == told[-1]
    assert len(set(told)) == len(told)
    world.way.seen.clear()
    arrivals(connection)
    assert [path for _, path in world.way.seen if "suiteql" in path] == [path for _, path in world.way.seen]
    assert len(world.way.seen) == 1
    assert json.loads((world.home.root / "budget" / "books_us.json").read_text("utf-8"))["used"] == 10


def test_a_role_that_sees_no_deletions_is_told_of_changes(world: World) -> None:
    ids = fill(world)
    world.account.role = world.account.role.without("Deleted Records")
    before = arrivals(world.connection())
    world.books.edit(ids["second"], at=world.clock.tick(), memo="changed")
    assert arrivals(world.connection()) != before
