"""The QuickBooks client and source against the strict twin, on real sockets: complete, once, and whatever happens on the way."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.load import store_outbox
from pipelines.outbox import Outbox
from pipelines.quickbooks import controls, paging
from pipelines.quickbooks.check import check
from pipelines.quickbooks.errors import LinkExpired
from pipelines.quickbooks.pace import Pace
from pipelines.quickbooks.reader import begin
from pipelines.quickbooks.twin.chart import BANK, FEES, SALES
from pipelines.quickbooks.twin.credentials import ACCOUNTING
from pipelines.quickbooks.twin.model import Line, OtherLine
from pipelines.quickbooks.twin.realm import Limits
from pipelines.quickbooks.watch import arrivals
from pipelines.sync import SyncContext
from pipelines.system import TieoutError, Transient
from tests.contract import quickbooks_kit as kit
from tests.contract.quickbooks_kit import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with kit.world(tmp_path) as found:
        yield found


@pytest.fixture
def busy_world(world: World) -> World:
    """One of each: documents, payments, a credit, a refund, a deposit, a journal, a sub-customer, a foreign customer."""
    acme = world.customer("Acme", given_name="Ann", family_name="Lee", email="ann@acme.example", phone="1", mobile="3")
    below = world.customer("Acme Branch", parent=acme)
    world.company.set_rate("EUR", date(2026, 10, 1), Decimal("1.1"))
    euro = world.customer("Börse", currency="EUR")
    first, _second = world.invoice(acme, "250.10"), world.invoice(below, "33.33")
    world.invoice(euro, "80.00")
    credit = world.company.post_credit_memo(
        customer=acme,
        date=date(2026, 10, 2),
        lines=[Line(SALES, Decimal("20.00"))],
        at=world.clock.now() - timedelta(days=12),
    )
    world.company.set_applications(credit, [(first, Decimal("20.00"))], at=world.clock.now() - timedelta(days=11))
    paid = world.payment(acme, "200.00", [(first, "150.10")], memo="ch_1")
    world.company.post_deposit(
        account=BANK, date=date(2026, 10, 22), payments=[paid], other=[OtherLine(FEES, Decimal("-3.50"), "fee")], memo="po_1",
        at=world.clock.now() - timedelta(days=9),
    )  # fmt: skip
    world.company.post_refund(
        customer=acme,
        date=date(2026, 10, 25),
        amount=Decimal("5.00"),
        account=SALES,
        at=world.clock.now() - timedelta(days=8),
        memo="re_1",
    )
    world.journal(acme, "15.00")
    return world


def rows(world: World) -> dict[str, int]:
    tables = ("customer", "invoice", "credit_memo", "journal_entry", "payment", "refund_receipt", "deposit")
    return {table: len(world.living(table)) for table in tables}


def test_a_first_sync_reads_everything_and_a_second_adds_nothing(busy_world: World) -> None:
    busy_world.sync()
    assert rows(busy_world) == {
        "customer": 3, "invoice": 3, "credit_memo": 1, "journal_entry": 1, "payment": 2, "refund_receipt": 1, "deposit": 1,
    }  # fmt: skip
    before = len(busy_world.way.seen)
    second = busy_world.sync()
    assert second.rows == 0
    assert second.quarantined == 0
    assert busy_world.way.asked("/cdc") == 1
    assert len(busy_world.way.seen) - before < 15


def test_what_lands_is_what_the_books_say(busy_world: World) -> None:
    busy_world.sync()
    owed = {row.id: row.balance for row in busy_world.company.customers()}
    balances = busy_world.latest("control_balance", "entity")
    assert {key: row["open_amount"] for key, row in balances.items()} == owed
    assert {row["currency"] for row in balances.values()} == {"USD", "EUR"}
    totals = {row["table_name"]: row["row_count"] for row in busy_world.latest("control_total", "table_name").values()}
    assert totals == rows(busy_world)
    (customer,) = (row for row in busy_world.latest("customer").values() if row["display_name"] == "Acme")
    assert (customer["given_name"], customer["email"], customer["mobile"]) == ("Ann", "ann@acme.example", "3")
    (state,) = busy_world.raw("select base_currency, complete_through from raw_tieout.connection")
    assert state["base_currency"] == "USD"
    assert state["complete_through"] == kit.start() - timedelta(minutes=5)


def test_the_aging_report_lands_by_customer_in_home_currency(busy_world: World) -> None:
    busy_world.sync()
    report = busy_world.latest("aged_receivables", "customer")
    expected = {
        row.id: (row.balance * (Decimal("1.1") if row.currency == "EUR" else 1)).quantize(Decimal("0.01"))
        for row in busy_world.company.customers()
        if row.balance
    }
    assert {key: row["total"] for key, row in report.items()} == expected
    assert {row["currency"] for row in report.values()} == {"USD"}


def test_rates_land_once_a_day(busy_world: World) -> None:
    busy_world.sync()
    assert [
        (row["source_currency"], row["rate"]) for row in busy_world.latest("exchange_rate", "as_of_date").values()
    ] == [("EUR", Decimal("1.1"))]


def test_changes_and_deletions_come_by_capture(busy_world: World) -> None:
    busy_world.sync()
    (acme,) = (row.id for row in busy_world.company.customers() if row.name == "Acme")
    new = busy_world.invoice(acme, "10.00", at=busy_world.clock.tick())
    gone = next(iter(busy_world.living("refund_receipt")))
    busy_world.company.delete(gone, at=busy_world.clock.tick())
    busy_world.company.edit_customer(acme, at=busy_world.clock.tick(), name="Acme & Sons")
    report = busy_world.sync()
    assert new in busy_world.living("invoice")
    assert busy_world.living("refund_receipt") == set()
    assert busy_world.latest("customer")[acme]["display_name"] == "Acme & Sons"
    assert report.counts["deleted"] == 1
    assert busy_world.sync().rows == 0


def test_an_invoice_that_a_payment_left_is_read_again(busy_world: World) -> None:
    busy_world.sync()
    (invoice,) = (row for row in busy_world.latest("invoice").values() if row["total_amt"] == Decimal("250.10"))
    (payment,) = (row for row in busy_world.latest("payment").values() if row["total_amt"] == Decimal("200.00"))
    busy_world.company.set_applications(payment["id"], [], at=busy_world.clock.tick())
    busy_world.sync()
    assert busy_world.latest("invoice")[invoice["id"]]["balance"] == Decimal("230.10")
    assert busy_world.latest("payment")[payment["id"]]["unapplied_amt"] == Decimal("200.00")


def test_a_voided_invoice_stays(world: World) -> None:
    invoice = world.invoice(world.customer("Acme"))
    world.sync()
    world.company.void(invoice, at=world.clock.tick())
    world.sync()
    row = world.latest("invoice")[invoice]
    assert (row["total_amt"], row["is_deleted"]) == (Decimal(0), False)
    assert "Voided" in row["private_note"]


def test_an_access_token_that_ends_half_way_is_replaced(busy_world: World) -> None:
    calls = 0

    def expire(_method: str, path: str) -> None:
        nonlocal calls
        if "/v3/" in path:
            calls += 1
            if calls % 3 == 0:
                busy_world.realm.credentials.expire_access()

    busy_world.way.before = expire
    busy_world.sync()
    assert rows(busy_world)["invoice"] == 3
    assert busy_world.realm.credentials.refreshes > 2
    assert busy_world.sync().rows == 0


def test_an_expired_link_is_told_and_mended_by_a_new_consent(
    busy_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy_world.sync()
    credentials = busy_world.realm.credentials
    credentials.unlink()
    with pytest.raises(LinkExpired, match="invalid_grant"):
        busy_world.sync()
    assert check(busy_world.connection()).problems[0].code == "expired_link"
    assert busy_world.raw("select state from raw_tieout.connection") == [{"state": "disconnected"}]
    grant = credentials.exchange(credentials.authorize("https://x"), "https://x")
    assert grant is not None
    monkeypatch.setenv("QB_TOKEN", grant.refresh_token)
    assert busy_world.sync().rows == 0


def test_storms_cuts_and_half_pages_leave_no_gap(busy_world: World) -> None:
    way = busy_world.way
    way.busy = kit.nth(1, 2, 5, 9)
    way.cut = kit.nth(3, 6, path="/v3/")
    way.error = kit.nth(4, path="/v3/")
    way.malformed = kit.nth(5, path="/v3/")
    report = busy_world.sync()
    assert report.counts["retries"] >= 5
    assert rows(busy_world)["payment"] == 2
    way.calm()
    assert busy_world.sync().rows == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/cdc",
            b'{"CDCResponse":[{"QueryResponse":[{"Fault":{"Error":[{"Message":"M","Detail":"D","code":"10000"}]}}]}]}',
        ),
        ("/batch", b'{"Fault":{"Error":[{"Message":"M","Detail":"D","code":"10000"}]}}'),
        (
            "/batch",
            b'{"BatchItemResponse":[{"bId":"0","Fault":{"Error":[{"Message":"M","Detail":"D","code":"10000"}]}}]}',
        ),
        ("/batch", b'{"BatchItemResponse":[]}'),
    ],
)
def test_a_fault_inside_an_answer_is_no_silence(busy_world: World, path: str, body: bytes) -> None:
    busy_world.sync()
    busy_world.way.instead = lambda _method, asked: body if asked.endswith(path) else None
    with pytest.raises(Transient):
        busy_world.sync()


def test_a_run_that_fails_loses_nothing(busy_world: World) -> None:
    busy_world.sync()
    (acme,) = (row.id for row in busy_world.company.customers() if row.name == "Acme")
    new = busy_world.invoice(acme, "10.00", at=busy_world.clock.tick())
    busy_world.way.error = lambda _method, path: "reports" in path
    with pytest.raises(Transient):
        busy_world.sync(busy_world.connection(max_attempts=2))
    busy_world.way.calm()
    assert busy_world.sync().versions["invoice"] == 1
    assert new in busy_world.living("invoice")


def many(world: World, count: int, **more: object) -> list[str]:
    customer = world.customer("Many")
    made = [world.invoice(customer, "1.00", number=f"M{number}", **more) for number in range(count)]  # type: ignore[arg-type]
    return made


def test_pages_of_a_first_sync_meet_every_invoice(world: World) -> None:
    made = many(world, 2500)
    world.sync()
    assert world.living("invoice") == set(made)


def test_rows_deleted_while_pages_are_read_hide_no_other(world: World) -> None:
    made = many(world, 2500)
    struck = kit.nth(2, path="/query")

    def strike(method: str, path: str) -> None:
        if struck(method, path):
            for gone in made[:30]:
                world.company.delete(gone, at=world.clock.tick())

    world.way.before = strike
    world.sync(world.connection(max_concurrency=1))
    assert world.living("invoice") >= set(made[30:])
    world.sync(confirmations=world.confirmed())
    assert world.living("invoice") == set(made[30:])


def test_a_full_capture_is_halved_and_deletions_in_its_earlier_part_are_seen(world: World) -> None:
    made = many(world, 40)
    world.sync()
    world.clock.set(kit.start() + timedelta(hours=2))
    world.company.delete(made[0], at=world.clock.tick())
    customer = world.customer("More")
    early = [world.invoice(customer, "1.00", number=f"A{n}", at=world.clock.now()) for n in range(1200)]
    world.clock.set(kit.start() + timedelta(hours=9))
    late = [world.invoice(customer, "1.00", number=f"B{n}", at=world.clock.now()) for n in range(50)]
    world.company.delete(made[1], at=world.clock.tick())
    report = world.sync()
    assert report.counts["windows_halved"] == 1
    assert world.living("invoice") == {*made[2:], *early, *late}
    assert report.counts["id_sweeps"] == 1
    assert world.sync().rows == 0


def test_many_changes_of_several_tables_need_no_halving(world: World) -> None:
    customer = world.customer("Acme")
    world.sync()
    invoices = [world.invoice(customer, "1.00", number=f"I{n}", at=world.clock.now()) for n in range(600)]
    payments = [world.payment(customer, "1.00", at=world.clock.now()) for n in range(600)]
    report = world.sync()
    assert "windows_halved" not in report.counts
    assert (world.living("invoice"), world.living("payment")) == (set(invoices), set(payments))


def test_after_more_than_thirty_days_deletions_are_found_by_id(busy_world: World) -> None:
    busy_world.sync()
    (acme,) = (row.id for row in busy_world.company.customers() if row.name == "Acme")
    gone = next(iter(busy_world.living("refund_receipt")))
    busy_world.company.delete(gone, at=busy_world.clock.tick())
    busy_world.clock.set(kit.start() + timedelta(days=45))
    new = busy_world.invoice(acme, "10.00", at=busy_world.clock.now() - timedelta(days=40))
    before = busy_world.way.asked("/cdc")
    busy_world.sync()
    assert busy_world.way.asked("/cdc") == before
    assert busy_world.living("refund_receipt") == set()
    assert new in busy_world.living("invoice")
    assert busy_world.sync().rows == 0


def test_mass_deletions_wait_for_a_person(world: World) -> None:
    made = many(world, 60)
    world.sync()
    for gone in made[:40]:
        world.company.delete(gone, at=world.clock.tick())
    held = world.sync()
    assert held.counts["deletes_held"] == 40
    assert world.living("invoice") == set(made)
    (state,) = world.raw("select complete_through from raw_tieout.connection")
    assert state["complete_through"] == kit.start() - timedelta(minutes=5)
    (told,) = world.raw("select remedy from raw_tieout.quarantine")
    assert "tieout confirm books_uk deletes:books_uk" in told["remedy"]
    world.clock.set(kit.start() + timedelta(days=40))  # capture has forgotten them by now
    assert world.sync(confirmations=world.confirmed()).counts["deleted"] == 40
    assert world.living("invoice") == set(made[40:])
    assert world.raw("select * from raw_tieout.quarantine") == []
    (state,) = world.raw("select complete_through from raw_tieout.connection")
    assert state["complete_through"] == kit.start() + timedelta(days=40) - timedelta(minutes=5)


def test_a_full_read_finds_what_capture_forgot(busy_world: World) -> None:
    busy_world.sync()
    gone = next(iter(busy_world.living("journal_entry")))
    busy_world.company.delete(gone, at=busy_world.clock.tick())
    busy_world.company.store.gone.clear()
    assert busy_world.sync().counts.get("deleted") is None
    busy_world.sync(full=True)
    assert busy_world.living("journal_entry") == set()


def test_switches_leave_tables_out(busy_world: World) -> None:
    connection = busy_world.connection(sync_payments=False)
    busy_world.sync(connection)
    assert rows(busy_world) == {
        "customer": 3, "invoice": 3, "credit_memo": 1, "journal_entry": 1, "payment": 0, "refund_receipt": 0, "deposit": 0,
    }  # fmt: skip
    busy_world.sync()
    assert rows(busy_world)["payment"] == 2


def test_contacts_follow_invoices_and_payments_where_customers_are_not_asked_for(busy_world: World) -> None:
    connection = busy_world.connection(sync_customers=False)
    busy_world.sync(connection)
    found = {row["display_name"]: row["id"] for row in busy_world.latest("customer").values()}
    assert len(found) == 3
    for name in ("Acme", "Börse"):
        busy_world.company.edit_customer(found[name], at=busy_world.clock.tick(), phone="999", mobile="777")
    busy_world.invoice(found["Acme"], "12.00", at=busy_world.clock.tick())
    busy_world.clock.set(busy_world.clock.now() + timedelta(minutes=10))
    report = busy_world.sync(connection)
    assert (report.versions["customer"], report.versions["invoice"]) == (1, 1)
    now = busy_world.latest("customer")
    assert (now[found["Acme"]]["primary_phone"], now[found["Acme"]]["mobile"]) == ("999", "777")
    assert busy_world.sync(busy_world.connection(sync_customers=False, sync_contacts=False)).versions["customer"] == 0


def test_what_was_added_by_hand_outlives_every_sync(busy_world: World) -> None:
    outbox = Outbox(busy_world.home.outbox_url)
    kept = outbox.add_contact("books_uk", "101", email="desk@acme.example", phone="5", phone_type="mobile")
    assert kept == outbox.add_contact("books_uk", "101", email="desk@acme.example", phone="5", phone_type="mobile")
    gone = outbox.add_contact("books_uk", "101", email="old@acme.example")
    outbox.remove_contact("books_uk", gone)
    for full in (False, True):
        busy_world.sync(full=full)
        store_outbox(busy_world.home, outbox.rows())
        (row,) = busy_world.raw(
            "select contact_id, customer_id, email, phone, phone_type from raw_tieout.manual_contact"
        )
        assert tuple(row.values()) == (kept, "101", "desk@acme.example", "5", "mobile")
    with pytest.raises(TieoutError, match="no contact"):
        outbox.remove_contact("books_uk", gone)
    with pytest.raises(TieoutError, match="e-mail address or a phone"):
        outbox.add_contact("books_uk", "101", name="Nobody")
    outbox.close()


def test_the_pace_is_kept_by_the_twins_own_log(tmp_path: Path) -> None:
    with kit.world(tmp_path, limits=Limits(), paced=True) as world:
        world.customer("Acme")
        client = world.client()
        for _ in range(25):
            client.query("SELECT * FROM Customer")
        client.close()
        times = [line["at"] for line in world.realm.log]
        assert all(sum(at <= other < at + 1 for other in times) <= 10 for at in times)
        assert {line["status"] for line in world.realm.log} == {200}


def test_every_try_of_a_batch_counts_against_the_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    monkeypatch.setattr(Pace, "take", lambda self: taken.append(self._file.stem))
    world.way.busy = kit.nth(1, 2, path="/batch")
    with world.client() as client:
        assert len(list(client.queries(["SELECT COUNT(*) FROM Customer"]))) == 1
        client.count("SELECT COUNT(*) FROM Customer")
    assert taken == ["books_uk.batch", "books_uk"] * 3 + ["books_uk"]


def test_a_customer_that_goes_while_balances_are_read_hides_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eleven customers in pages of three: after the first pages one of them goes."""
    for module in (controls, paging):
        monkeypatch.setattr(module, "STEP", 2)
    monkeypatch.setattr(paging, "PAGE_ROWS", 3)
    monkeypatch.setattr(controls, "_PAGES_AT_ONCE", 2)
    customers = [world.customer(f"Customer {number:02}") for number in range(11)]
    whole = {customer: Decimal(0) for customer in customers}
    batches = kit.nth(3, path="/batch")  # the first is the beginning, the second the first pages

    def leave(method: str, path: str) -> None:
        if batches(method, path):
            del world.company.store.kinds["Customer"][int(customers[0])]
            del world.company.store.kinds["Customer"][int(customers[1])]

    world.way.before = leave
    with world.client() as client:
        reader = begin(client, SyncContext(world.home))
        found = {row["entity"]: Decimal(row["open_amount"]) for page in controls.balances(reader) for row in page}
    assert found == whole


_PROCESS = """
import sys
from pipelines.connections import Connection
from pipelines.quickbooks.client import Client
from pipelines.quickbooks.settings import QuickBooksSettings
settings = QuickBooksSettings(
    realm_id=sys.argv[1], base_url=sys.argv[2], client_id="${QB_ID}", client_secret="${QB_SECRET}", refresh_token="${QB_TOKEN}"
)
with Client(Connection("books_uk", "quickbooks", settings)) as client:
    for _ in range(8):
        client.query("SELECT * FROM Customer")
"""


def test_processes_share_one_refresher_and_one_pace(tmp_path: Path) -> None:
    """Each refresh token is good once here: a second refresher would break the link."""
    with kit.world(tmp_path, limits=Limits(), paced=True) as world:
        world.realm.credentials.grace = 0
        command = [sys.executable, "-c", _PROCESS, kit.REALM, world.url]
        running = [subprocess.Popen(command) for _ in range(3)]
        assert [process.wait(120) for process in running] == [0, 0, 0]
        assert world.realm.credentials.refreshes == 1
        times = [line["at"] for line in world.realm.log]
        assert len(times) == 24
        assert all(sum(at <= other < at + 1 for other in times) <= 10 for at in times)


def test_a_lost_answer_to_a_refresh_is_asked_for_again(busy_world: World) -> None:
    busy_world.way.drop_after = kit.nth(1, path="/tokens/bearer")
    busy_world.sync()
    assert busy_world.realm.credentials.refreshes == 2
    stored = json.loads((busy_world.home.root / "tokens" / f"quickbooks_{kit.REALM}.json").read_text())
    assert stored["refresh_token"] == busy_world.realm.credentials.refresh_token


# The check


def problems(world: World, **values: object) -> list[str]:
    return [problem.code for problem in check(world.connection(**values)).problems]


def test_a_good_connection_is_active(world: World) -> None:
    found = check(world.connection(stripe=["cards_us"], bank_accounts={"USD": BANK}, fee_account=FEES, fee_vendor="1"))
    assert found.active, found.problems
    assert found.facts["base_currency"] == "USD"
    assert found.facts["company"] == "Tieout Demo Company"


def test_an_unverified_address_is_refused_and_leaves_no_token(world: World) -> None:
    world.realm.credentials.email_verified = False
    assert problems(world) == ["unverified_email"]
    assert list((world.home.root / "tokens").iterdir()) == []


def test_wrong_accounts_are_named(world: World) -> None:
    assert problems(world, holding_account="64") == ["wrong_holding_account"]
    assert problems(world, bank_accounts={"USD": "4"}) == ["wrong_bank_account"]
    for account in ("84", "99"):
        assert problems(world, dispute_account=account) == ["wrong_dispute_account"]
        assert problems(world, refund_account=account) == ["wrong_refund_account"]
    assert problems(world, fee_account=SALES, fee_vendor="99") == ["wrong_fee_account", "wrong_fee_vendor"]
    assert problems(world, payment_methods={"card": "99"}) == ["wrong_payment_method"]


def test_inactive_accounts_are_named(world: World) -> None:
    made = world.company
    kinds = {"Other Current Asset": "UndepositedFunds", "Bank": "Checking", "Expense": "BankCharges"}
    holding, bank, cost = (
        made.add_account(name=f"Old {kind}", account_type=kind, account_sub_type=sub) for kind, sub in kinds.items()
    )
    for account in (holding, bank, cost):
        made.change_name(made.account(account), {"Active": False}, world.clock.tick())
    assert problems(world, holding_account=holding) == ["wrong_holding_account"]
    assert problems(world, bank_accounts={"USD": bank}) == ["wrong_bank_account"]
    assert problems(world, dispute_account=cost, fee_account=cost) == ["wrong_fee_account", "wrong_dispute_account"]


def test_missing_scopes_are_named(world: World) -> None:
    world.realm.credentials.scopes = (ACCOUNTING,)
    assert problems(world) == ["missing_scope"]
    assert problems(world, scopes=[ACCOUNTING]) == []
    world.realm.credentials.scopes = ("openid", "email")
    assert problems(world) == ["missing_scope"]


def test_another_company_is_told(world: World) -> None:
    assert problems(world, realm_id="9999") == ["wrong_realm"]


def test_nobody_there_is_told(world: World) -> None:
    world.way.cut = lambda _method, path: "/v3/" in path
    assert problems(world, max_attempts=2) == ["unreachable"]


def test_one_question_tells_whether_something_changed(busy_world: World) -> None:
    """What a sensor asks every half minute: a change, a deletion, and nothing else; in one request."""
    world = busy_world
    (acme,) = (row.id for row in world.company.customers() if row.name == "Acme")
    told = [arrivals(world.connection())]
    for change in (
        lambda at: world.invoice(acme, "10.00", at=at),
        lambda at: world.company.edit_customer(acme, at=at, name="Acme & Sons"),
        lambda at: world.company.delete(world.company.refunds()[0].id, at=at),
    ):
        change(world.clock.tick())
        told.append(arrivals(world.connection()))
        world.clock.set(world.clock.now() + timedelta(hours=1))
        assert arrivals(world.connection()) == told[-1], "the time alone is no news"
    assert len(set(told)) == len(told)
    world.way.seen.clear()
    arrivals(world.connection())
    assert [path.rpartition("/")[2] for _, path in world.way.seen] == ["batch"]


def test_a_change_that_is_told_twice_is_read_once(busy_world: World) -> None:
    busy_world.sync()
    (acme,) = (row.id for row in busy_world.company.customers() if row.name == "Acme")
    for name in ("first", "second"):
        busy_world.company.edit_customer(acme, at=busy_world.clock.tick(), name=name)
    assert busy_world.sync().versions["customer"] == 1
    assert busy_world.latest("customer")[acme]["display_name"] == "second"
    assert busy_world.sync().rows == 0
