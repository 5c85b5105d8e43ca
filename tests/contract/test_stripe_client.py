"""The Stripe reader and source against the twin, over real sockets: complete, incremental, exact, and twice is once."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from pipelines import journal, load
from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.sandbox.clock import Clock
from pipelines.stripe import SYSTEM
from pipelines.stripe.client import StripeReader
from pipelines.stripe.settings import StripeSettings
from pipelines.stripe.twin import StripeAccount, app
from pipelines.stripe.watch import arrivals
from pipelines.sync import SyncReport, sync
from pipelines.system import NotConfigured, Refused, Rejected, Transient

START = datetime(2026, 6, 1, 9, tzinfo=UTC)
KEY = "sk_test_contract0000000000000001"
RESTRICTED = "rk_test_contract0000000000000002"
READS = (
    "rak_accounts_kyc_basic",
    "rak_balance",
    "rak_charge",
    "rak_customer",
    "rak_dispute",
    "rak_event",
    "rak_payment_intent",
    "rak_payout",
)


@dataclass
class Server:
    """The twin behind a socket, with company time as its Date, a log of paths, and faults to be had."""

    account: StripeAccount
    clock: Clock
    port: int = 0
    paths: list[str] = field(default_factory=list)
    faults: list[tuple[int, bytes]] = field(default_factory=list)  # answers given instead of the next ones
    worst_second: int = 0
    before: Callable[[str], None] = lambda _path: None  # what happens in the account just before a request arrives
    _times: list[float] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self._times.append(time.monotonic())
        self.worst_second = max(self.worst_second, sum(at > self._times[-1] - 1 for at in self._times))
        self.paths.append(scope["path"] + ("?" + scope["query_string"].decode() if scope["query_string"] else ""))
        self.before(scope["path"])
        dated = [(b"date", self.clock.http_date().encode())]

        async def dating(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *dated]}
            await send(message)

        if self.faults:
            status, body = self.faults.pop(0)
            await dating(
                {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
            )
            await send({"type": "http.response.body", "body": body})
            return
        await self._app(scope, receive, dating)

    def __post_init__(self) -> None:
        self._app = app({KEY: self.account})

    def settings(self, **changes: Any) -> StripeSettings:
        base = {
            "api_key": "${STRIPE_TEST_KEY}",
            "base_url": f"http://127.0.0.1:{self.port}",
            "requests_per_second": 24.9,
        }
        return StripeSettings(**{**base, **changes})

    def connection(self, **changes: Any) -> Connection:
        return Connection("cards_test", "stripe", self.settings(**changes))


def charge(
    account: StripeAccount, customer: str, amount: int, at: datetime, method: Any = "card", currency: str = "usd"
) -> str:
    metadata = {"created_by": "tieout", "invoices_refs": "INV1"}
    return account.charge(
        customer=customer, amount=amount, currency=currency, method=method, description="INV1", metadata=metadata, at=at
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    clock = Clock(START)
    account = StripeAccount("acct_1Contract", clock, country="US", default_currency="usd", secret_key=KEY, seed=3)
    served = Server(account, clock)
    config = uvicorn.Config(served, host="127.0.0.1", port=0, log_level="error", date_header=False, lifespan="off")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    served.port = running.servers[0].sockets[0].getsockname()[1]
    monkeypatch.setenv("STRIPE_TEST_KEY", KEY)
    yield served
    running.should_exit = True
    thread.join(5)


@pytest.fixture
def history(server: Server) -> dict[str, str]:
    """Two months: cards, a bank debit under way, a refund, a dispute, payouts automatic and manual."""
    account, at = server.account, START - timedelta(days=60)
    made = {"customer": account.create_customer(name="Acme", email="ap@acme.example", metadata={"erp": "7"}, at=at)}
    made["gone"] = account.create_customer(name="Gone", email=None, metadata={}, at=at)
    for day in range(6):
        made[f"charge_{day}"] = charge(account, made["customer"], 10_000 + day, at + timedelta(days=day, hours=1))
    made["of_gone"] = charge(account, made["gone"], 700, at + timedelta(days=1, hours=2))
    made["payout"] = str(account.pay_out("usd", at=at + timedelta(days=20), arrival_date=date(2026, 4, 24)))
    account.settle_payout(made["payout"], at=at + timedelta(days=22))
    account.refund(made["charge_0"], amount=400, at=at + timedelta(days=25))
    account.dispute(made["charge_1"], at=at + timedelta(days=30), reason="fraudulent", fee=1_500)
    made["debit"] = charge(account, made["customer"], 5_000, START - timedelta(days=3), "us_bank_account")
    made["manual"] = str(
        account.pay_out("usd", at=START - timedelta(days=8), arrival_date=date(2026, 5, 26), automatic=False)
    )
    return made


NEWEST_TOTAL = "where measure = 'net:usd' order by _dlt_load_id desc limit 1"


def rows(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with load.connect(home) as warehouse:
        found: list[tuple[Any, ...]] = warehouse.execute(sql).fetchall()
    return found


def latest(home: Home, table: str, columns: str = "id") -> list[tuple[Any, ...]]:
    newest = "qualify row_number() over (partition by connection, id order by _dlt_load_id desc, _seq desc) = 1"
    return rows(home, f"select {columns}, is_deleted from raw_stripe.{table} {newest} order by 1")


def agrees(home: Home, account: StripeAccount) -> None:
    """Every object that Stripe has is the latest version in the warehouse, with its amount and state."""
    for kind in ("charge", "refund", "dispute", "payout", "payment_intent", "balance_transaction"):
        found = {row[0]: row[1:3] for row in latest(home, kind, "id, amount, status")}
        assert found == {item["id"]: (item["amount"], item["status"]) for item in account.objects(kind)}, kind


def test_a_first_sync_reads_everything_and_a_second_adds_nothing(
    server: Server, history: dict[str, str], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    first = sync(server.connection(), home)
    agrees(home, server.account)
    assert first.quarantined == 0
    members = {
        row[0]
        for row in rows(
            home, f"select balance_transaction from raw_stripe.payout_item where payout = '{history['payout']}'"
        )
    }
    assert members >= {item["id"] for item in server.account.payout_members(history["payout"])}
    assert not rows(home, f"select 1 from raw_stripe.payout_item where payout = '{history['manual']}'")
    ((net,),) = rows(home, "select sum(net) from raw_stripe.balance_transaction")
    totals = rows(home, "select total from raw_stripe.control_total where measure = 'net:usd'")
    assert totals == [(net,)]
    assert rows(home, "select id, default_currency from raw_stripe.account") == [("acct_1Contract", "usd")]
    ((complete, base),) = rows(home, "select complete_through, base_currency from raw_tieout.connection")
    assert (complete, base) == (START, "USD")
    assert first.counts["calls"] == len(server.paths)
    assert first.counts["rows_read"] >= first.rows
    second = sync(server.connection(), home)
    assert sum(second.versions.values()) == 0
    (last, before) = journal.newest(home, "cards_test")
    assert (before["full"], last["full"]) == (True, False), "a first sync reads everything"
    assert last["counts"]["calls"] == len(server.paths) - first.counts["calls"]


def test_the_next_sync_reads_only_what_changed_however_old_it_is(
    server: Server, history: dict[str, str], tmp_path: Path
) -> None:
    home, account = Home(tmp_path), server.account
    sync(server.connection(), home)
    server.clock.set(START + timedelta(hours=6))
    at = server.clock.now()
    account.refund(history["charge_3"], at=at)
    account.refund(history["charge_4"], amount=1, at=at)
    account.fail_payout(history["payout"], code="account_closed", at=at)
    account.fail(history["debit"], code="insufficient_funds", at=at)
    new = charge(account, history["customer"], 123, at)
    server.paths.clear()
    report = sync(server.connection(), home)
    agrees(home, account)
    assert report.versions["charge"] == 4  # three changed, one new
    assert (new,) in [(row[0],) for row in latest(home, "charge")]
    asked = [path for path in server.paths if path.startswith("/v1/charges")]
    assert asked
    assert all("created" in path or "/ch_" in path or "/py_" in path for path in asked)  # never the whole list
    assert sum(sync(server.connection(), home).versions.values()) == 0


def test_what_was_pending_becomes_available_without_an_event(
    server: Server, history: dict[str, str], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    sync(server.connection(), home)
    for day in (4, 8, 12):
        server.clock.set(START + timedelta(days=day))
        server.account.settle(history["debit"], at=server.clock.now()) if day == 4 else None
        sync(server.connection(), home)
    agrees(home, server.account)


def test_a_deleted_customer_is_a_version_on_positive_evidence(
    server: Server, history: dict[str, str], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    sync(server.connection(), home)
    server.clock.set(START + timedelta(hours=1))
    with StripeApi(server) as api:
        api.delete(history["gone"])
    sync(server.connection(), home)
    states = {row[0]: row[1:] for row in latest(home, "customer", "id, name")}
    assert states[history["gone"]] == ("Gone", True)
    assert states[history["customer"]] == ("Acme", False)
    fresh = Home(tmp_path / "rebuilt")
    fresh.root.mkdir()
    sync(server.connection(), fresh)
    assert {row[0]: row[1:] for row in latest(fresh, "customer", "id, name")} == states


def test_a_customer_deleted_before_the_events_begin_is_known_from_what_it_paid(
    server: Server, history: dict[str, str], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    with StripeApi(server) as api:
        api.delete(history["gone"])
    server.clock.set(START + timedelta(days=40))
    sync(server.connection(), home)
    assert (history["gone"], None, True) in latest(home, "customer", "id, name")


class StripeApi:
    """The official library as any other program would use it."""

    def __init__(self, server: Server) -> None:
        import stripe

        self._client = stripe.StripeClient(KEY, base_addresses={"api": f"http://127.0.0.1:{server.port}"})

    def __enter__(self) -> "StripeApi":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def delete(self, customer: str) -> None:
        self._client.v1.customers.delete(customer)


def test_after_29_days_everything_is_listed_again(server: Server, history: dict[str, str], tmp_path: Path) -> None:
    home = Home(tmp_path)
    sync(server.connection(), home)
    server.clock.set(START + timedelta(days=2))
    server.account.refund(history["charge_5"], at=server.clock.now())  # its event will be gone
    server.clock.set(START + timedelta(days=35))
    server.paths.clear()
    report = sync(server.connection(), home)
    assert any("29 days" in note for note in report.notes)
    assert any(path.startswith("/v1/charges") and "created" not in path for path in server.paths)
    agrees(home, server.account)


def test_an_incremental_warehouse_equals_one_rebuilt_from_nothing(
    server: Server, history: dict[str, str], tmp_path: Path
) -> None:
    home, account = Home(tmp_path / "a"), server.account
    home.root.mkdir()
    sync(server.connection(), home)
    for step in range(1, 5):
        server.clock.set(START + timedelta(days=5 * step))
        at = server.clock.now()
        charge(account, history["customer"], 1_000 * step, at - timedelta(hours=2))
        account.refund(history["charge_2"], amount=step, at=at - timedelta(hours=1))
        account.pay_out("usd", at=at, arrival_date=at.date())
        sync(server.connection(), home)
    rebuilt = Home(tmp_path / "b")
    rebuilt.root.mkdir()
    sync(server.connection(), rebuilt)
    agrees(home, account)
    for table in ("charge", "refund", "dispute", "payout", "payment_intent", "balance_transaction", "customer"):
        assert latest(home, table, "id, _row_hash") == latest(rebuilt, table, "id, _row_hash"), table
    items = "select payout, balance_transaction from raw_stripe.payout_item order by all"
    assert rows(home, items) == rows(rebuilt, items)


def test_the_reader_waits_out_429_5xx_and_half_pages_within_its_budget(server: Server, history: dict[str, str]) -> None:
    limited = b'{"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "slow down"}}'
    server.faults += [
        (429, limited),
        (429, limited),
        (500, b"{}"),
        (200, b'{"object": "list", "data": [{"id'),
        (200, b"[]"),
    ]
    reader = StripeReader(server.connection(), max_wait=0.2)
    found = [item["id"] for page in reader.pages("/v1/charges") for item in page]
    assert len(found) == len(server.account.objects("charge"))
    assert reader.counter.retries >= 4


def test_requests_stay_below_the_accounts_rate(server: Server) -> None:
    server.account.requests_per_second = 25
    reader = StripeReader(server.connection(requests_per_second=20))
    threads = [threading.Thread(target=lambda: [reader.get("/v1/balance") for _ in range(12)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reader.counter.retries == 0
    assert server.worst_second <= 22


def test_every_page_keeps_its_filters_and_pages_do_not_overlap(server: Server) -> None:
    customer = server.account.create_customer(name="Many", email=None, metadata={}, at=START)
    for number in range(241):
        charge(server.account, customer, 100 + number, START - timedelta(minutes=number))
    reader = StripeReader(server.connection())
    since = int((START - timedelta(minutes=219)).timestamp())
    pages = list(reader.pages("/v1/charges", created={"gte": since}))
    assert [len(page) for page in pages] == [100, 100, 20]
    assert len({item["id"] for page in pages for item in page}) == 220
    assert sum("/v1/charges" in path for path in server.paths) == 3


def test_no_answer_raises_transient_and_unknown_objects_are_none(server: Server) -> None:
    reader = StripeReader(server.connection())
    assert reader.retrieve("/v1/charges/ch_none") is None
    with pytest.raises(Rejected):
        reader.get("/v1/charges", limit=500)
    with pytest.raises(Transient, match="cards_test"):
        StripeReader(server.connection(base_url="http://127.0.0.1:9"), attempts=1).get("/v1/balance")


def test_another_account_or_key_never_mixes_into_a_connection(
    server: Server, history: dict[str, str], tmp_path: Path, monkeypatch: Any
) -> None:
    home = Home(tmp_path)
    with pytest.raises(NotConfigured, match="acct_1Contract"):
        sync(server.connection(account_id="acct_1Other"), home)
    monkeypatch.setenv("STRIPE_TEST_KEY", "sk_test_wrong")
    with pytest.raises(Refused, match="cards_test: Stripe refused the key"):
        sync(server.connection(), home)
    assert not rows(home, "select 1 from raw_stripe.charge")


def test_check_says_active_or_exactly_what_is_wrong(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    active = SYSTEM.check(server.connection(account_id="acct_1Contract"))
    assert (active.state, active.problems, active.facts["account"]) == ("active", (), "acct_1Contract")
    (other,) = SYSTEM.check(server.connection(account_id="acct_1Other")).problems
    assert (other.code, "acct_1Contract" in other.message) == ("wrong_account", True)

    monkeypatch.setenv("STRIPE_TEST_KEY", RESTRICTED)
    server.account.restrict(RESTRICTED, {f"{name}_read" for name in READS} - {"rak_dispute_read", "rak_payout_read"})
    missing = SYSTEM.check(server.connection())
    assert missing.state == "refused"
    assert sorted(problem.remedy.split(" (")[0] for problem in missing.problems) == [
        "give the restricted key Read on Disputes",
        "give the restricted key Read on Payouts",
    ]
    assert all(problem.code == "missing_permission" for problem in missing.problems)
    server.account.restrict(RESTRICTED, {f"{name}_read" for name in READS})
    assert SYSTEM.check(server.connection()).active

    monkeypatch.setenv("STRIPE_TEST_KEY", "sk_test_wrong")
    assert SYSTEM.check(server.connection()).problems[0].code == "wrong_key"
    monkeypatch.setenv("STRIPE_TEST_KEY", "sk_live_wrong")
    assert SYSTEM.check(server.connection()).problems[0].code == "wrong_mode"
    monkeypatch.delenv("STRIPE_TEST_KEY")
    assert "STRIPE_TEST_KEY" in SYSTEM.check(server.connection()).problems[0].message


def test_the_key_is_in_no_log_error_or_table(
    server: Server, history: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    home = Home(tmp_path)
    report: SyncReport = sync(server.connection(), home)
    assert KEY not in caplog.text
    assert KEY not in str(report)
    assert KEY not in str(rows(home, "select * from raw_tieout.connection"))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar in a JSON value with the name it stands under."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, path)
    else:
        yield path, value


HOW_PAID = {
    "account_number", "bank_code", "bank_name", "branch_code", "brand", "checks", "cvc_check", "exp_month", "exp_year", "fingerprint",
    "funding", "iban", "last4", "network", "number", "routing_number", "sort_code", "client_secret", "receipt_url",
}  # fmt: skip


def test_no_card_number_or_bank_detail_lands(server: Server, history: dict[str, str], tmp_path: Path) -> None:
    """Stripe's objects carry them; neither a column, nor a key or value inside a JSON column does."""
    home, account, at = Home(tmp_path), server.account, START - timedelta(days=4)
    for currency, method in (("eur", "sepa_debit"), ("gbp", "bacs_debit")):
        charge(account, history["customer"], 9_000, at, method, currency)
    kinds = ("charge", "payment_method", "payment_intent", "refund", "dispute", "payout", "bank_account", "event")
    given = [leaf for kind in kinds for item in account.objects(kind) for leaf in leaves(item)]
    assert {"card", "sepa_debit", "bacs_debit", "us_bank_account"} <= {
        item["payment_method_details"]["type"] for item in account.objects("charge")
    }
    assert {"last4", "fingerprint", "exp_year", "bank_code", "sort_code", "routing_number"} <= {
        name for name, _ in given
    }
    telling = {"fingerprint", "sort_code", "bank_code", "routing_number", "bank_name", "client_secret"}
    secret = {str(value) for name, value in given if name in telling and value}
    assert len(secret) > 10
    for _ in range(2):
        sync(server.connection(), home)
    tables = [name for (name,) in rows(home, "select table_name from duckdb_tables() where schema_name = 'raw_stripe'")]
    assert {"charge", "dispute", "payout", "account", "event"} <= set(tables)
    for table in tables:
        columns = rows(home, f"select column_name from duckdb_columns() where table_name = '{table}'")
        assert not {name for (name,) in columns} & HOW_PAID, table
        for row in rows(home, f'select * from raw_stripe."{table}"'):
            parsed = [json.loads(text) for text in row if isinstance(text, str) and text[:1] in ("{", "[")]
            found = [("", text) for text in row if isinstance(text, str)] + list(leaves(parsed))
            assert not {name for name, _ in found} & HOW_PAID, table
            assert not {str(value) for _, value in found} & secret, table


def test_one_question_tells_whether_something_happened(server: Server, history: dict[str, str]) -> None:
    """What a sensor asks every half minute."""
    told = arrivals(server.connection())
    server.clock.set(START + timedelta(hours=6))
    assert arrivals(server.connection()) == told
    server.account.refund(history["charge_3"], at=server.clock.now())
    server.paths.clear()
    assert arrivals(server.connection()) != told
    assert server.paths == ["/v1/events?limit=1"]


def test_events_that_come_twice_late_or_out_of_order_leave_the_newest_state_once(
    server: Server, history: dict[str, str], tmp_path: Path
) -> None:
    """An event is a snapshot of its moment. Each is told again after all the others, the oldest last."""
    home, account = Home(tmp_path), server.account
    sync(server.connection(), home)
    server.clock.set(START + timedelta(hours=6))
    for part in (400, 300, 200):
        account.refund(history["charge_3"], amount=part, at=server.clock.tick())
    sync(server.connection(), home)
    newest = latest(home, "charge", "id, amount_refunded")
    store, told = account.stores["event"], arrivals(server.connection())
    for event in sorted(store.objects.values(), key=lambda item: item["created"], reverse=True):
        at = int(server.clock.tick().timestamp())
        store.add({**event, "id": f"{event['id']}again", "created": at})
    assert arrivals(server.connection()) != told
    again = sync(server.connection(), home)
    assert {name for name, count in again.versions.items() if count} == {"event"}
    assert latest(home, "charge", "id, amount_refunded") == newest
    assert (history["charge_3"], 900, False) in newest
    agrees(home, account)


def test_a_charge_during_a_sync_is_no_difference(server: Server, history: dict[str, str], tmp_path: Path) -> None:
    """The balance is as of its own answer: what came just before is in it and in the list, what came after in neither."""
    home = Home(tmp_path)

    def sell(path: str) -> None:
        if path in ("/v1/balance", "/v1/balance_transactions", "/v1/charges"):
            charge(server.account, history["customer"], 4_200, server.clock.tick())
            server.clock.tick()

    server.before = sell
    for _ in range(2):
        sync(server.connection(), home)
        ((end, total),) = rows(home, f"select window_end, total from raw_stripe.control_total {NEWEST_TOTAL}")
        landed = rows(home, f"select sum(net) from raw_stripe.balance_transaction where created <= '{end.isoformat()}'")
        assert landed == [(total,)]
        assert rows(home, f"select 1 from raw_stripe.balance_transaction where created > '{end.isoformat()}'")
