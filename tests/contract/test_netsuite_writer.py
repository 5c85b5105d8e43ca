"""The NetSuite writer and the connection check against the strict twin, on real sockets."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.netsuite.check import check
from pipelines.netsuite.client import Client
from pipelines.netsuite.writer import NetSuiteWriter
from pipelines.system import Check, Intent, Refused, Rejected, Transient
from tests.contract import netsuite_kit as kit
from tests.contract.netsuite_kit import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with kit.office(tmp_path) as found:
        yield found


def writer(world: World, **settings: Any) -> NetSuiteWriter:
    connection = world.connection(**settings)
    return NetSuiteWriter(connection, Client(connection, world.home))


def payment(invoice: str, amount: str = "60.10", **changes: Any) -> Intent:
    payload = {
        "customer_id": "501", "currency": "USD", "amount": amount, "date": "2026-11-02", "memo": "ch_1", "method": "5", "account": None,
        "subsidiary_id": "1",
        "applications": [{"document_id": invoice, "line": None, "document_type": "invoice", "amount": amount}],
    }  # fmt: skip
    return Intent("tieout_payment_ch_1_501", "books_us", "payment", {**payload, **changes})


def booked(world: World, kind: str = "CustPymt") -> list[dict[str, Any]]:
    return world.books.rows(f"select * from transaction where type = '{kind}' order by id")


def test_a_payment_is_created_applied_and_found(world: World) -> None:
    invoice = kit.invoice(world.books)
    made = writer(world)
    intent = payment(invoice)
    assert made.find(intent) is None
    number = made.create(intent)
    assert made.find(intent) == number
    (row,) = booked(world)
    assert (str(row["id"]), row["externalid"], row["memo"], row["paymentmethod"]) == (number, intent.key, "ch_1", 5)
    assert abs(row["foreigntotal"]) == Decimal("60.10")
    (paid,) = world.books.rows(f"select foreignamountunpaid from transaction where id = {invoice}")
    assert paid["foreignamountunpaid"] == Decimal("39.90")


def test_a_payment_applies_a_journal_line_and_a_credit(world: World) -> None:
    invoice, journal = kit.invoice(world.books), kit.journal(world.books, "15.00")
    credit = world.books.post_credit_memo(
        customer="501", subsidiary="1", currency="1", exchange_rate=Decimal(1), date=date(2026, 10, 2), at=world.clock.now(),
        lines=[kit.Line(kit.SALES, Decimal("20.00"))],
    )  # fmt: skip
    applications = [
        {"document_id": invoice, "line": None, "document_type": "invoice", "amount": "100.00"},
        {"document_id": f"{journal}.0", "line": None, "document_type": "journal", "amount": "15.00"},
        {"document_id": credit, "line": None, "document_type": "credit_note", "amount": "20.00"},
    ]
    writer(world).create(payment(invoice, "95.00", applications=applications))
    left = world.books.rows(
        "select sum(foreignamountunpaid) as open, sum(foreignpaymentamountunused) as unused from transactionline"
    )
    assert left == [{"open": Decimal(0), "unused": Decimal(0)}]


@pytest.mark.parametrize("account", [None, kit.BANK])  # a provider's money, and what a bank statement shows
def test_a_lost_answer_is_found_and_not_written_twice(world: World, account: str | None) -> None:
    invoice = kit.invoice(world.books)
    made, intent = writer(world), payment(invoice, account=account)
    world.way.drop_after = lambda method, path: method == "POST" and path.endswith("/customerPayment")
    with pytest.raises(Transient, match="no answer"):
        made.create(intent)
    assert len([1 for method, path in world.way.seen if method == "POST" and path.endswith("/customerPayment")]) == 1
    world.way.drop_after = lambda _method, _path: False
    found = made.find(intent)
    assert found == str(booked(world)[0]["id"])
    assert made.create(intent) == found  # "already exists" is success
    (row,) = booked(world)
    assert (str(row["account"]) == kit.BANK) is (account is not None)


def test_a_busy_refusal_is_retried_and_an_error_is_not(world: World) -> None:
    invoice = kit.invoice(world.books)
    strikes = iter([True, True])
    world.way.busy = lambda method, path: path.endswith("/customerPayment") and next(strikes, False)
    writer(world).create(payment(invoice))
    assert len(booked(world)) == 1
    world.way.error = lambda method, path: path.endswith("/customerPayment")
    before = len(world.way.seen)
    with pytest.raises(Transient, match="503"):
        writer(world).create(payment(invoice, "1.00", memo="other"))
    assert len([1 for method, path in world.way.seen[before:] if path.endswith("/customerPayment")]) == 1


def test_the_same_key_with_another_amount_is_an_error_never_an_update(world: World) -> None:
    invoice = kit.invoice(world.books)
    made = writer(world)
    made.create(payment(invoice))
    with pytest.raises(Rejected, match=r"amount 60\.1\S* instead of 61\.00"):
        made.find(payment(invoice, "61.00"))
    with pytest.raises(Rejected, match="customer 501 instead of 502"):
        made.create(payment(invoice, customer_id="502"))
    assert [abs(row["foreigntotal"]) for row in booked(world)] == [Decimal("60.10")]


def test_netsuites_refusal_is_kept_word_for_word(world: World) -> None:
    with pytest.raises(Rejected) as caught:
        writer(world).create(payment("99999"))
    assert str(caught.value).startswith("Error while accessing a resource.")
    assert booked(world) == []


def deposit(payments: list[tuple[str, str]], total: str, fee: str = "-2.70") -> Intent:
    payload = {
        "account": kit.BANK, "currency": "USD", "date": "2026-11-02", "memo": "po_1", "total": total, "subsidiary_id": "1",
        "payments": [{"payment_id": key, "amount": amount} for key, amount in payments],
        "other": [{"account": kit.FEES, "amount": fee, "memo": "Stripe fees", "entity": None}],
    }  # fmt: skip
    return Intent("tieout_deposit_po_1", "books_us", "deposit", payload)


def test_a_deposit_moves_payments_to_the_bank_less_the_fee(world: World) -> None:
    first, second = kit.payment(world.books, "60.00"), kit.payment(world.books, "40.00", customer="502")
    made, intent = writer(world), deposit([(first, "60.00"), (second, "40.00")], "97.30")
    number = made.create(intent)
    assert made.find(intent) == number
    (row,) = booked(world, "Deposit")
    assert (row["foreigntotal"], row["memo"], row["account"]) == (Decimal("97.30"), "po_1", int(kit.BANK))
    assert {item["status"] for item in booked(world)} == {"C"}
    fee = world.books.rows(
        f"select amount from transactionaccountingline where transaction = {number} and account = {kit.FEES}"
    )
    assert fee == [{"amount": Decimal("2.70")}]
    with pytest.raises(Rejected):  # the payments are in the bank already; and the key is taken by another total
        made.create(deposit([(first, "60.00")], "57.30"))
    assert len(booked(world, "Deposit")) == 1


def test_a_deposit_that_does_not_tie_is_not_sent(world: World) -> None:
    first = kit.payment(world.books, "60.00")
    for intent in (
        deposit([(first, "60.00")], "57.31"),
        deposit([(first, "60.01")], "57.31"),
        deposit([("77", "60.00")], "57.30"),
    ):
        with pytest.raises(Rejected, match=r"tie|sum"):
            writer(world).create(intent)
    assert booked(world, "Deposit") == []


def test_a_reversal_unapplies_every_part_once(world: World) -> None:
    one, two = kit.invoice(world.books), kit.invoice(world.books)
    paid = kit.payment(world.books, "150.00", [(one, "100.00"), (two, "40.00")], memo="ch_1")
    intent = Intent(
        f"tieout_reversal_{paid}_dp_1",
        "books_us",
        "reversal",
        {"payment_id": paid, "payment_type": "CustPymt", "memo": "x"},
    )
    made = writer(world)
    assert made.find(intent) is None
    assert made.create(intent) == paid
    assert made.find(intent) == paid
    before = len(world.way.seen)
    assert made.create(intent) == paid
    assert not [
        1 for method, _path in world.way.seen[before:] if method == "PATCH"
    ]  # a repeated event makes no further change
    (row,) = booked(world)
    assert row["memo"] == "ch_1"
    assert world.books.rows("select sum(foreignamountunpaid) as open from transaction") == [{"open": Decimal(200)}]


def test_a_reversal_of_a_deleted_payment_is_rejected_in_netsuites_words(world: World) -> None:
    intent = Intent(
        "tieout_reversal_77777_dp_1", "books_us", "reversal", {"payment_id": "77777", "payment_type": "CustPymt"}
    )
    assert writer(world).find(intent) is None
    with pytest.raises(Rejected, match="The record instance does not exist"):
        writer(world).create(intent)


def test_a_lost_answer_to_a_reversal_is_found_as_done(world: World) -> None:
    one = kit.invoice(world.books)
    paid = kit.payment(world.books, "100.00", [(one, "100.00")])
    intent = Intent(
        f"tieout_reversal_{paid}_dp_1", "books_us", "reversal", {"payment_id": paid, "payment_type": "CustPymt"}
    )
    world.way.drop_after = lambda method, _path: method == "PATCH"
    with pytest.raises(Transient):
        writer(world).create(intent)
    assert writer(world).find(intent) == paid


def test_a_closed_period_holds_the_write_or_moves_it(world: World) -> None:
    invoice = kit.invoice(world.books)
    world.books.edit_row("accountingperiod", "10", at=world.clock.now(), arlocked="T")
    world.books.flush()
    with pytest.raises(Rejected, match="Oct 2026, which is closed"):
        writer(world).create(payment(invoice, date="2026-10-31"))
    writer(world, closed_period="next_open").create(payment(invoice, date="2026-10-31"))
    assert [row["trandate"] for row in booked(world)] == [date(2026, 11, 1)]


def state(found: Check) -> tuple[str, list[str]]:
    return found.state, [problem.code for problem in found.problems]


@pytest.mark.parametrize("login", [kit.oauth1, kit.oauth2])
def test_a_good_connection_is_active_and_nothing_is_synced(world: World, login: Any) -> None:
    found = check(world.connection(**login(), stripe=("cards_us",), writeback={"payment": "apply", "deposit": "apply"}))
    assert state(found) == ("active", [])
    assert found.facts["base_currency"] == "USD"
    assert not world.home.warehouse.exists()
    assert booked(world) == []


@pytest.mark.parametrize(
    ("permission", "named"),
    [
        ("Credit Memo", "Transactions > Credit Memo"),
        ("Customer Payment", "Transactions > Customer Payment"),
        ("Deposit", "Transactions > Deposit"),
        ("Find Transaction", "Transactions > Find Transaction"),
        ("Invoice", "Transactions > Invoice"),
        ("Contacts", "Lists > Contacts"),
        ("Currency", "Lists > Currency"),
        ("Customers", "Lists > Customers"),
        ("Payment Methods", "Lists > Payment Methods"),
        ("Perform Search", "Lists > Perform Search"),
        ("Documents and Files", "Lists > Documents and Files"),
        ("SuiteAnalytics Workbook", "Reports > SuiteAnalytics Workbook"),
        ("Set Up Company", "Setup > Set Up Company"),
    ],
)
def test_each_missing_permission_is_named(world: World, permission: str, named: str) -> None:
    world.account.role = world.account.role.without(permission)
    found = check(world.connection())
    assert found.state == "refused"
    assert any(named in problem.message and named in problem.remedy for problem in found.problems)


def test_every_missing_permission_is_named_in_one_round_although_no_search_is_allowed(world: World) -> None:
    lists = ("Contacts", "Currency", "Customers", "Payment Methods", "Set Up Company")
    world.account.role = world.account.role.without("SuiteAnalytics Workbook", "Credit Memo", *lists)
    found = check(world.connection())
    told = " ".join(problem.message for problem in found.problems)
    assert all(name in told for name in ("SuiteAnalytics Workbook", "Transactions > Credit Memo", *lists))
    assert len(found.problems) == 2 + len(lists)
    assert {key for key, text in found.facts.items() if text.startswith("not tested")} == {
        "Transactions > Find Transaction",
        "Lists > Documents and Files",
    }


@pytest.mark.parametrize(
    ("kind", "view"), [("payment", "Customer Payment"), ("reversal", "Customer Payment"), ("deposit", "Deposit")]
)
def test_writing_needs_the_level_full(world: World, kind: str, view: str) -> None:
    world.account.role = world.account.role.viewing(view)
    assert check(world.connection()).active
    found = check(world.connection(writeback={kind: "plan"}))
    assert [problem.message.partition(". ")[0] for problem in found.problems] == [
        f"The role lacks Transactions > {view} (level Full)"
    ]
    record = {"Customer Payment": "customerPayment", "Deposit": "deposit"}[view]
    with Client(world.connection(), world.home) as client, pytest.raises(Refused, match="permission"):
        client.create(record, {})


def test_refunds_need_a_permission_only_where_a_provider_is_reconciled(world: World) -> None:
    world.account.role = world.account.role.without("Customer Refund")
    assert check(world.connection()).active
    assert "Customer Refund" in check(world.connection(stripe=("cards_us",))).problems[0].message


def test_a_role_that_does_not_see_every_subsidiary_fails(world: World) -> None:
    role = world.account.role
    world.account.role = type(role)(role.permissions, frozenset({"2"}))
    assert state(check(world.connection()))[1] == ["subsidiary_restriction"]
    world.account.role = role
    assert "subsidiaries 9" in check(world.connection(subsidiaries=("9",))).problems[0].message


def test_failed_logins_are_told_apart_as_far_as_netsuite_lets_us(world: World) -> None:
    connections = [world.connection(**kit.oauth1()), world.connection(**kit.oauth2())]
    world.account.credentials.token_limit_exceeded = True
    for connection in connections:
        found = check(connection)
        assert found.state == "token_limit"
        assert "exceeded the number of active access tokens for this role" in found.problems[0].message
    world.account.credentials.token_limit_exceeded = False
    world.account.credentials.tokens[0].revoked = world.account.credentials.certificates[0].revoked = True
    for connection in connections:
        assert state(check(connection)) == ("disconnected", ["invalid_login"])
    world.account.credentials.tokens[0].revoked = world.account.credentials.certificates[0].revoked = False
    assert all(check(connection).active for connection in connections)


def test_a_wrong_account_or_host_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = check(world.connection(account_id="999", base_url=f"{world.url}/999"))
    assert state(wrong) == ("disconnected", ["wrong_account"])
    nowhere = check(world.connection(base_url="http://127.0.0.1:9/x", max_attempts=2))
    assert state(nowhere) == ("disconnected", ["unreachable"])
    monkeypatch.delenv("NS_TS")
    missing = check(world.connection())
    assert missing.state == "not_configured"
    assert "NS_TS" in missing.problems[0].message


def test_an_administrator_needs_no_permission(world: World) -> None:
    role = world.account.role
    world.account.role = type(role)(frozenset(), None, True)
    assert check(world.connection()).active
