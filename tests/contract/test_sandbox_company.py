"""The fictional company: the same seed is the same bytes, its truth is consistent with itself, every break is planted, and it lives on."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest

from pipelines.quickbooks.twin import RefundRow, entry
from pipelines.quickbooks.twin.store import NAMES, TXNS
from pipelines.sandbox.bank import STATEMENT
from pipelines.sandbox.books import Heading, Line
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.company import Branch, Company
from pipelines.sandbox.netsuite_books import NetSuiteBooks
from pipelines.sandbox.profile import PROFILES
from pipelines.sandbox.quickbooks_books import QuickBooksBooks
from pipelines.sandbox.truth import LISTS, Truth

ERPS = ("netsuite", "quickbooks")
PLANTED = {
    "missing_in_erp", "ambiguous_match", "no_evidence", "single_candidate", "amount_differs", "duplicate_in_erp", "customer_differs",
    "still_applied", "refund_missing_in_erp", "missing_in_psp", "manual_payout", "negative_payout", "before_activation", "item_unmatched",
    "missing_deposit", "deposit_amount_differs", "payout_failed", "missing_payout", "duplicate_document_number",
}  # fmt: skip
IN_REPORTS = {"reopened", "duplicate_in_report", "held_report"}
NEVER = {"waterfall_residual", "open_amount_differs", "aging_differs"}
ONCE = {
    "ambiguous_match", "no_evidence", "amount_differs", "duplicate_in_erp", "customer_differs", "missing_in_psp", "manual_payout",
    "negative_payout", "item_unmatched", "deposit_amount_differs", "payout_failed", "missing_payout", "duplicate_document_number",
}  # fmt: skip
State = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with Company(7, 100, 6) as made:
        yield made


@pytest.fixture(scope="module")
def truth(company: Company) -> State:
    return Truth(company).state()


def fingerprint(company: Company) -> str:
    """One hash over everything that a client could read."""
    seen = hashlib.sha256()
    for branch in company.branches:
        for text in contents(branch):
            seen.update(text)
        for kind in ("customer", "charge", "refund", "dispute", "payout", "balance_transaction", "event"):
            seen.update(orjson.dumps(branch.till.account.objects(kind)))
    for drop in company.drops:
        for report in drop.reports:
            seen.update(report.file_name.encode() + report.content)
        for name, content, at in drop.files:
            seen.update(name.encode() + content + str(at).encode())
    for statement in company.bank.statements:
        seen.update(statement.file_name.encode() + STATEMENT.render(statement.lines))
    return seen.hexdigest()


def contents(branch: Branch) -> Iterator[bytes]:
    """Everything in an office's books."""
    books = branch.office.books
    if isinstance(books, NetSuiteBooks):
        for table in ("customer", "contact", "transaction", "transactionline", "transactionaccountingline", "nexttransactionlinelink",
                      "currencyrate", "deletedrecord"):  # fmt: skip
            yield repr(books.twin.rows(f"select * from {table} order by all")).encode()
    elif isinstance(books, QuickBooksBooks):
        for kind in (*NAMES, *TXNS):
            yield from (entry.read(books.twin, kind, str(key)) for key in books.twin.store.kinds[kind])
        yield repr((books.twin.rates(), books.twin.store.gone)).encode()


def netsuite(company: Company) -> Iterator[tuple[Branch, NetSuiteBooks]]:
    for branch in company.branches:
        if isinstance(branch.office.books, NetSuiteBooks):
            yield branch, branch.office.books


def quickbooks(company: Company) -> Iterator[tuple[Branch, QuickBooksBooks]]:
    for branch in company.branches:
        if isinstance(branch.office.books, QuickBooksBooks):
            yield branch, branch.office.books


def test_the_same_seed_is_the_same_company_and_the_same_future(company: Company) -> None:
    with Company(11, 100, 6) as first, Company(11, 100, 6) as second:
        assert fingerprint(first) == fingerprint(second) != fingerprint(company)
        first.advance(9)
        second.advance(9)
        assert fingerprint(first) == fingerprint(second)


def test_too_small_a_company_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        Company(1, 10, 2)


def test_company_time_never_runs_backwards() -> None:
    clock = Clock()
    before = clock.now()
    assert (clock.tick() - before).total_seconds() == 1
    with pytest.raises(ValueError, match="cannot go back"):
        clock.set(before)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_every_reason_is_planted_and_none_that_must_not_be(seed: int) -> None:
    with Company(seed, 100, 6) as made:
        rows = Truth(made).state()["breaks"]
    banks = [row for row in rows if (row["left_key"] or "").startswith("sftp:bank_emea:")]
    assert sorted((row["reason"], row["currency"], row["drift_amount"]) for row in banks) == [
        ("missing_in_erp", "EUR", "840.00"), ("missing_in_erp", "GBP", "405.50"), ("no_evidence", "EUR", "321.00"),
    ]  # fmt: skip
    found = Counter((row["system"], row["reason"]) for row in rows if row not in banks)
    assert set(found) == {(erp, reason) for erp in ERPS for reason in PLANTED} | {("sftp", one) for one in IN_REPORTS}
    assert not NEVER & {reason for _, reason in found}
    once = {(erp, reason) for erp in ERPS for reason in ONCE}
    assert {key: found[key] for key in once} == dict.fromkeys(once, 1)


def test_the_truth_has_the_agreed_shape(truth: State) -> None:
    assert tuple(truth) == LISTS
    for name, rows in truth.items():
        ids = [(row["system"], row["connection"], row["id"]) for row in rows]
        assert len(ids) == len(set(ids)), name
        assert ids == sorted(ids), name
    assert {(row["system"], row["connection"]) for row in truth["customers"]} == {
        ("netsuite", "books_us"), ("netsuite", "books_emea"), ("quickbooks", "qbo_us"), ("quickbooks", "qbo_uk"), ("sftp", "drop_dach"),
        ("sftp", "drop_nordics"),
    }  # fmt: skip
    assert {row["connection"] for row in truth["payouts"]} == {"cards_us", "cards_emea", "cards_qbo_us", "cards_qbo_uk"}
    assert {row["type"] for row in truth["documents"]} == {"invoice", "credit_note", "journal"}
    yen = [row for row in truth["documents"] if row["currency"] == "JPY"]
    assert all("." not in row["amount"] for row in yen)


def test_open_amounts_follow_from_applications(truth: State) -> None:
    paid: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    used: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in truth["applications"]:
        assert Decimal(row["amount"]) > 0
        paid[(row["connection"], row["document_id"])] += Decimal(row["amount"])
        used[(row["connection"], row["payment_id"])] += Decimal(row["amount"])
    for row in truth["documents"]:
        if row["system"] in ERPS:
            key = (row["connection"], row["id"])
            expected = Decimal(0) if row["is_deleted"] else Decimal(row["amount"]) - paid[key] + used[key]
            assert Decimal(row["open_amount"]) == expected, row
            assert (Decimal(row["amount"]) > 0) == (Decimal(row["open_amount"]) >= 0) or Decimal(
                row["open_amount"]
            ) == 0, row
    for row in truth["payments"]:
        expected = (
            Decimal(0) if row["system"] not in ERPS else Decimal(row["amount"]) - used[(row["connection"], row["id"])]
        )
        assert Decimal(row["unapplied_amount"]) == expected >= 0, row


def test_balances_are_open_items_less_unapplied_cash(truth: State) -> None:
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in truth["documents"]:
        sums[(row["connection"], row["customer_id"], row["currency"])] += Decimal(row["open_amount"])
    for row in truth["payments"]:
        if row["system"] in ERPS:
            sums[(row["connection"], row["customer_id"], row["currency"])] -= Decimal(row["unapplied_amount"])
    told = {
        (row["connection"], row["id"], currency): Decimal(amount)
        for row in truth["customers"]
        for currency, amount in row["balances"].items()
    }
    assert {key: amount for key, amount in sums.items() if amount} == {
        key: amount for key, amount in told.items() if amount
    }


def test_the_books_own_balances_agree_with_the_truth(company: Company, truth: State) -> None:
    told = {
        (row["connection"], row["id"]): Decimal(row["open_amount"])
        for row in truth["documents"]
        if row["type"] == "invoice"
    }
    for branch, books in netsuite(company):
        for row in books.twin.rows("select id, foreignamountunpaid as unpaid from transaction where type = 'CustInvc'"):
            key = (branch.office.connection, str(row["id"]))
            assert told.get(key, row["unpaid"]) == row["unpaid"], key
    balances = {(row["connection"], row["id"]): row["balances"] for row in truth["customers"]}
    for branch, kept in quickbooks(company):
        for customer in kept.twin.customers():
            said = balances.get((branch.office.connection, customer.id))
            assert said is not None or customer.id == branch.office.intercompany
            assert said is None or {key: Decimal(value) for key, value in said.items()} in (
                {customer.currency: customer.balance},
                {},
            ), customer


def test_outsiders_are_absent(company: Company, truth: State) -> None:
    for branch, books in netsuite(company):
        rows = books.twin.rows("select id, companyname from customer")
        names = {str(row["companyname"]): str(row["id"]) for row in rows if row["companyname"]}
        present = {row["id"] for row in truth["customers"] if row["connection"] == branch.office.connection}
        assert names["Both Houses Builders"] in present
        for name, customer in names.items():
            if "(intercompany)" in name or name.startswith("Ventures Customer"):
                assert customer not in present
                assert books.twin.rows(f"select 1 from transaction where entity = {customer}")
                assert not [
                    row
                    for row in truth["documents"]
                    if (row["connection"], row["customer_id"]) == (branch.office.connection, customer)
                ]


def test_quickbooks_has_one_currency_a_customer_and_names_of_their_own(company: Company, truth: State) -> None:
    used: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in (*truth["documents"], *truth["payments"]):
        if row["system"] == "quickbooks":
            used[row["connection"], row["customer_id"]].add(row["currency"])
    assert max(map(len, used.values())) == 1
    for branch, books in quickbooks(company):
        rows = books.twin.customers()
        assert {row.currency for row in rows} == set(branch.office.profile.currencies)
        assert len({row.name for row in rows}) == len(rows)
        assert [row.name for row in rows if not row.active] == ["Gone Quiet Galleries"]
        sister = next(row for row in rows if "(intercompany)" in row.name)
        assert [row for row in books.twin.documents() if row.customer == sister.id]
        assert not [
            row
            for row in truth["documents"]
            if (row["connection"], row["customer_id"]) == (branch.office.connection, sister.id)
        ]


def test_quickbooks_books_are_sound(company: Company) -> None:
    refunds: list[RefundRow] = []
    for _, books in quickbooks(company):
        standing = books.twin.account_balances()
        owed: dict[str, Decimal] = defaultdict(Decimal)
        for row in books.twin.customers():
            owed[row.currency] += row.balance
        for currency, amount in owed.items():
            assert standing[books.twin.receivable(currency)] == amount
        refunds += books.twin.refunds()
        assert any(row.amount == 0 for row in books.twin.payments())  # what applies a credit memo
    assert refunds


def test_a_credit_whose_invoice_is_gone_is_money_on_account() -> None:
    clock = Clock()
    books = QuickBooksBooks(next(one for one in PROFILES if one.system == "quickbooks"), clock, 1)
    at, amount = clock.now(), Decimal("80.00")
    customer = books.twin.add_customer(name="Anna & Co", currency="USD")
    head = Heading(customer, "", "USD", Decimal(1), at.date(), at)
    lines = [Line(books.chart.sales, amount)]
    invoice = books.post_invoice(head, lines, due=at.date(), number="1", terms=30)
    credit = books.post_credit_memo(head, lines, apply=[(invoice, Decimal("50.00"))], memo="Credit")
    assert [(made.payment, made.document, made.amount) for made in books.survey("0").applications] == [
        (credit, invoice, Decimal("50.00"))
    ]
    assert books.survey("0").payments == {}
    books.delete(invoice, at=at)
    view = books.survey("0")
    (kept,) = view.payments.values()
    assert (kept.amount, kept.unapplied, view.documents[credit].open) == (
        Decimal(0),
        Decimal("50.00"),
        Decimal("-30.00"),
    )
    assert books.twin.balance(int(customer)) == Decimal("-80.00")


def test_payouts_pay_what_their_lines_net_and_booked_deposits_tie(company: Company, truth: State) -> None:
    wrong = {row["left_key"] for row in truth["breaks"] if row["reason"] == "deposit_amount_differs"}
    tied: Counter[str] = Counter()
    for branch in company.branches:
        account = branch.till.account
        survey = branch.office.books.survey(branch.office.intercompany)
        booked = {payout: deposit.amount for deposit in survey.deposits for payout in deposit.cites}
        for payout in account.objects("payout"):
            if payout["automatic"]:
                assert sum(line["net"] for line in account.payout_members(payout["id"])) == payout["amount"]
            if payout["id"] in booked and f"stripe:{branch.till.connection}:{payout['id']}" not in wrong:
                assert booked[payout["id"]] == Decimal(payout["amount"]) / 100
                tied[branch.office.connection] += 1
    assert min(tied[branch.office.connection] for branch in company.branches) > 3


def test_every_general_ledger_entry_balances(company: Company) -> None:
    for _, books in netsuite(company):
        query = "select transaction from transactionaccountingline group by 1 having sum(amount) <> 0"
        assert books.twin.rows(query) == []


def test_behaviour_is_calibrated() -> None:
    with Company(3, 220, 12) as made:
        rows = Truth(made).state()
    invoices = [row for row in rows["documents"] if row["type"] == "invoice" and row["system"] in ERPS]
    payments = {(row["connection"], row["id"]) for row in rows["payments"]}
    times = Counter(
        (row["connection"], row["document_id"])
        for row in rows["applications"]
        if (row["connection"], row["payment_id"]) in payments
    )
    old = [row for row in invoices if row["issued_date"] < "2026-05-01"]
    unpaid = sum(Decimal(row["open_amount"]) == Decimal(row["amount"]) for row in old) / len(old)
    once = sum(count == 1 for count in times.values()) / len(times)
    assert 0.04 < unpaid < 0.13
    assert 0.90 < once < 0.98
    currencies: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in (row for row in invoices if row["system"] == "netsuite"):
        currencies[(row["connection"], row["customer_id"])].add(row["currency"])
    several = sum(len(codes) > 1 for codes in currencies.values()) / len(currencies)
    assert 0.04 < several < 0.2


def test_time_changes_things_and_remembers_what_was_deleted() -> None:
    with Company(4, 100, 6) as made:
        truth = Truth(made)
        before = truth.state()
        made.advance(30)
        after = truth.state()
    old, new = ({(row["connection"], row["id"]): row for row in state["documents"]} for state in (before, after))
    assert len(new) > len(old)
    assert old.keys() <= new.keys()
    gone = [row for row in after["documents"] if row["is_deleted"]]
    assert {row["connection"] for row in gone} == {"books_us", "books_emea", "qbo_us", "qbo_uk"}
    assert all(Decimal(row["open_amount"]) == 0 for row in gone)
    assert any(row["is_deleted"] for row in after["payments"])
    assert any(old[key]["due_date"] != new[key]["due_date"] for key in old)
    assert any(old[key]["amount"] != new[key]["amount"] for key in old)
    names = {(row["connection"], row["id"]): row["name"] for row in after["customers"]}
    assert any(names[(row["connection"], row["id"])] != row["name"] for row in before["customers"])
    assert len(after["payouts"]) > len(before["payouts"])
    count = {
        reason: [sum(row["reason"] == reason for row in state["breaks"]) for state in (before, after)]
        for reason in ("missing_in_erp", "missing_deposit", "duplicate_in_report")
    }
    assert count["missing_in_erp"][1] > count["missing_in_erp"][0]
    assert count["missing_deposit"][1] > count["missing_deposit"][0]
    assert count["duplicate_in_report"] == [2, 0]  # the next report no longer lists the item twice


@pytest.mark.parametrize("place", [0, 2])
def test_a_break_closes_when_the_books_are_put_right(place: int) -> None:
    with Company(5, 100, 6) as made:
        truth = Truth(made)
        before = truth.state()["breaks"]
        branch = made.branches[place]
        office, till = branch.office, branch.till
        missing = next(
            row for row in before if row["reason"] == "missing_in_erp" and row["connection"] == office.connection
        )
        charge = till.charges[missing["left_key"].rpartition(":")[2]]
        till.bookkeeper.book(charge, made.clock.tick())
        taken = next(
            row for row in before if row["reason"] == "still_applied" and row["connection"] == office.connection
        )
        office.books.set_applications(taken["right_key"].rpartition(":")[2], [], at=made.clock.tick())
        left = {row["id"] for row in truth.state()["breaks"]}
        assert missing["id"] not in left
        assert taken["id"] not in left
        assert len(left) == len(before) - 2


def test_reports_are_dropped_once_and_dated(company: Company, tmp_path: Any) -> None:
    company.write_drops(tmp_path)
    dach = sorted((tmp_path / "drop_dach" / "csv_data_uploads").iterdir())
    assert dach[0].name.startswith("open_ar_2026-") or dach[0].name.startswith("open_ar_2025-")
    assert all(file.stat().st_mtime <= company.clock.now().timestamp() for file in dach)
    pdfs = list((tmp_path / "drop_dach").glob("*.pdf"))
    assert len(pdfs) > 1
    assert all(file.read_bytes().startswith(b"%PDF-") for file in pdfs)
    stamps = {file: file.stat().st_mtime_ns for file in dach}
    company.write_drops(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in dach} == stamps
    nordic = sorted((tmp_path / "drop_nordics" / "csv_data_uploads").iterdir())[-1].read_text("iso-8859-1")
    assert "Förfallodatum" in nordic.splitlines()[0]
