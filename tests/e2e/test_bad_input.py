"""What goes wrong at a customer's: each gets a clear error or a row set aside, the others go on, and after mending nothing is missing.

One company for all; the tests mend what they broke, and the last one asks whether the ledger still ties out.
"""

import itertools
import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from pipelines.stripe.client import StripeReader
from pipelines.sync import SyncReport, sync
from tests.e2e.mishaps import access, attempt, changed, checked, circle, environment, mended, read_something, trouble
from tests.e2e.sender import sending
from tests.e2e.tie_out import differences
from tests.e2e.world import World, world
from tests.models import upto

DAYS = itertools.count()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A small company, read once."""
    with world(tmp_path_factory.mktemp("bad_input"), seed=5, customers=100, months=6) as made:
        os.environ["TIEOUT_DATA"] = str(
            made.home.root
        )  # where a check and a writer keep what they know; `world` puts it back
        made.ingest()
        yield made


# Who we are


@pytest.mark.parametrize(
    ("name", "field", "beside"),
    [
        ("books_us", "token_secret", "cards_us"),
        ("qbo_us", "refresh_token", "cards_us"),
        ("cards_emea", "api_key", "cards_us"),
    ],
)
def test_a_missing_secret_names_its_variable(company: World, name: str, field: str, beside: str) -> None:
    connection = company.connections.get(name)
    variable = getattr(connection.settings, field).variable
    with environment(variable):
        trouble(company, connection, variable, "Remedy", beside=beside)
        assert checked(connection).state == "not_configured"
    mended(company, name)


def test_a_wrong_account_id_is_named_with_what_it_was_tried_as(company: World) -> None:
    right = company.connections.get("books_us")
    base = right.settings.base_url.replace("7311001", "7311002")
    wrong = changed(right, account_id="7311002", base_url=base)
    trouble(company, wrong, "7311002", beside="cards_us")
    (problem,) = checked(wrong).problems
    assert problem.code == "wrong_account"
    assert "account_id" in problem.remedy
    mended(company, "books_us")


def test_a_wrong_company_is_named_with_what_to_check(company: World) -> None:
    wrong = changed(company.connections.get("qbo_us"), realm_id="9130350120017399")
    trouble(company, wrong, "Remedy", "realm_id", "another company", beside="cards_qbo_us")
    (problem,) = checked(wrong).problems
    assert problem.code == "wrong_realm"
    mended(company, "qbo_us")


@pytest.mark.parametrize(
    ("wish", "code", "words"),
    [
        ({"revoked": True}, "expired_link", ("invalid_grant", "connect the company again", "refresh token")),
        ({"without": ["com.intuit.quickbooks.accounting"]}, "missing_scope", ("3100", "consent again", "scope")),
    ],
)
def test_a_link_that_expired_or_lacks_its_scope_asks_for_consent(
    company: World, wish: dict[str, Any], code: str, words: tuple[str, ...]
) -> None:
    connection = company.connections.get("qbo_us")
    with access(company, "qbo_us", **wish):
        trouble(company, connection, *words, "Remedy", beside="cards_qbo_us")
        assert checked(connection).problems[0].code == code
    mended(company, "qbo_us")


@pytest.mark.parametrize(("name", "beside"), [("books_us", "cards_us"), ("books_emea", "cards_emea")])
def test_a_revoked_token_says_where_to_look(company: World, name: str, beside: str) -> None:
    connection = company.connections.get(name)
    with access(company, name, revoked=True):
        trouble(company, connection, "refused the login", "Remedy", "Login Audit Trail", beside=beside)
        assert checked(connection).problems[0].code == "invalid_login"
    mended(company, name)


def test_an_expired_key_of_stripe_says_what_to_replace(company: World) -> None:
    connection = company.connections.get("cards_us")
    with access(company, "cards_us", expired=True):
        trouble(company, connection, "refused the key", "Remedy", "api_key", beside="books_us")
        checked(connection)
    mended(company, "cards_us")


def test_a_revoked_consent_says_to_connect_again(company: World) -> None:
    connection = company.connections.get("cards_qbo_uk")
    with access(company, "cards_qbo_uk", revoked=True):
        trouble(company, connection, "invalid_grant", "Remedy", "tieout connect cards_qbo_uk", beside="books_us")
        assert checked(connection).problems[0].code == "expired_link"
    mended(company, "cards_qbo_uk")


@pytest.mark.parametrize(
    "permission",
    [
        "Find Transaction",
        "Customers",
        "SuiteAnalytics Workbook",
    ],
)
def test_a_role_without_a_permission_says_which(company: World, permission: str) -> None:
    connection = company.connections.get("books_us")
    with access(company, "books_us", without=[permission]):
        assert any(permission in problem.remedy for problem in checked(connection).problems)
        trouble(company, connection, "Remedy", "permission", beside="cards_us")
    mended(company, "books_us")


def test_a_role_that_silently_sees_no_invoices_deletes_none(company: World) -> None:
    """NetSuite leaves the rows of a transaction type out without a word: a check says so, and what is not seen is not gone."""
    connection = company.connections.get("books_us")
    with access(company, "books_us", without=["Invoice"]):
        assert any("Invoice" in problem.remedy for problem in checked(connection).problems)
        company.advance(1)
        attempt(company, connection)
        assert_has_every_invoice(company, since_then=False)


def test_what_came_while_invoices_were_hidden_is_read_by_the_next_sync(company: World) -> None:
    connection = company.connections.get("books_us")
    try:
        with access(company, "books_us", without=["Invoice"]):
            company.advance(3)
            attempt(company, connection)
        attempt(company, connection)
        assert_has_every_invoice(company)
    finally:
        sync(connection, company.home, full=True)


def assert_has_every_invoice(company: World, *, since_then: bool = True) -> None:
    """Every live invoice is there and live; with `since_then`, also what it has now."""
    told = {
        row["id"]: Decimal(row["open_amount"])
        for row in company.truth()["documents"]
        if row["connection"] == "books_us" and row["type"] == "invoice" and not row["is_deleted"]
    }
    found = company.rows(
        """
        select id, arg_max(is_deleted, (_dlt_load_id, _seq)) as gone, arg_max(foreignamountunpaid, (_dlt_load_id, _seq)) as unpaid
        from raw_netsuite."transaction" where connection = 'books_us' and type = 'CustInvc' group by id
        """
    )
    live = {row["id"]: row["unpaid"] or Decimal(0) for row in found if not row["gone"]}
    if since_then:
        assert told == {key: live.get(key) for key in told}  # beside them, what the ledger leaves out (intercompany)
    else:
        assert {row["id"] for row in found if row["gone"]} & told.keys() == set()


# What waits to be written meanwhile


def standing(company: World, name: str) -> dict[str, Any]:
    """How far a connection was read: its cursors, and through when its data is whole."""
    (known,) = company.rows(f"select complete_through from raw_tieout.connection where connection = '{name}'")
    cursors = company.rows(
        f"select * from raw_netsuite._dlt_pipeline_state where pipeline_name = 'netsuite_{name}' order by version"
    )
    return {**known, "cursors": cursors}


def written(company: World, account: str, since: int) -> list[str]:
    """What the twin of an account carried out: a record's key, or its path where it was there before."""
    found = company.control("GET", f"log?since={since}&limit=20000")["writes"]
    ours = [entry for entry in found if entry["path"].startswith(f"/netsuite/{account}/")]
    return [
        str(json.loads(entry["body"]).get("externalId") or entry["path"].rpartition("/record/v1/")[2]) for entry in ours
    ]


class Queue:
    """What waits to be written to books of NetSuite, and how far these were read, at one moment."""

    def __init__(self, company: World, name: str, account: str) -> None:
        self.company, self.name, self.account = company, name, account
        self.keys = {intent.key for intent in company.outbox.list(connection=name, state="planned")}
        self.read = standing(company, name)
        self.begun = company.control("GET", "log?limit=0")["total"]

    def written(self) -> list[str]:
        return written(self.company, self.account, self.begun)

    def assert_untouched(self) -> None:
        """Every intent still planned, nothing written over there, no cursor moved, and the connection says that it is disconnected."""
        assert {self.company.outbox.show(key).intent.state for key in self.keys} == {"planned"}
        assert self.written() == []
        assert standing(self.company, self.name) == self.read
        (row,) = self.company.rows(f"select * from raw_tieout.connection where connection = '{self.name}'")
        assert row["state"] == "disconnected"
        assert self.name in row["last_error"]


def test_while_disconnected_nothing_moves_and_new_credentials_resume_and_drain(company: World) -> None:
    name, provider = "books_us", "cards_us"
    connection = company.connections.get(name)
    company.ingest()
    company.transform()
    assert not company.plan().red
    queue = Queue(company, name, "7311001")
    assert {company.outbox.show(key).intent.kind for key in queue.keys} == {"payment", "reversal"}
    assert queue.read["cursors"]

    company.advance(1)
    with access(company, name, revoked=True):
        unread, report = circle(company, name, provider)
        assert unread == {name}
        assert name in {one.connection for one in report.stopped}
        assert {sent.connection for sent in report.posted} > {"qbo_us", "books_emea"}, "the others' writes went on"
        queue.assert_untouched()
    with environment(connection.settings.token_secret.variable, "mistyped"):
        attempt(company, connection)
        assert [one.connection for one in company.deliver().stopped] == [name]
        queue.assert_untouched()
    # The credentials are good again, and nobody has read yet what was booked over there meanwhile.
    (stopped,) = company.deliver().stopped
    assert (stopped.connection, stopped.left) == (name, len(queue.keys))
    queue.assert_untouched()

    unread, report = circle(company, name, provider)
    assert unread == set()
    assert standing(company, name)["complete_through"] > queue.read["complete_through"]
    assert_exactly_once(company, queue.keys, queue.written())
    _unread, again = circle(company, name, provider)
    assert {sent.key for sent in again.posted} & queue.keys == set()


def assert_exactly_once(company: World, keys: set[str], done: list[str]) -> None:
    for intent in (company.outbox.show(key).intent for key in keys):
        assert intent.state == "posted"
        if intent.kind == "payment":
            assert done.count(intent.key) == 1
        else:
            assert done.count(f"customerPayment/{intent.body['payment_id']}") == 1


# What they answer


@pytest.mark.parametrize("name", ["books_us", "qbo_us", "cards_us"])
def test_a_malformed_page_is_asked_for_again_and_never_half_read(
    company: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicker = {**StripeReader.__init__.__kwdefaults__, "max_wait": 0.1}  # as many tries
    monkeypatch.setattr(StripeReader.__init__, "__kwdefaults__", quicker)
    connection = company.connections.get(name)
    rule = {
        "system": connection.system,
        "kind": "malformed",
        "route": {"netsuite": "*suiteql*", "quickbooks": "*/company/*"}.get(connection.system, "*"),
    }
    company.advance(1)
    try:
        company.faults({**rule, "times": 2})
        once = attempt(company, connection)
        assert isinstance(once, SyncReport), str(once)
        assert once.counts["retries"] > 0
        assert read_something(company, once)
        company.faults(rule)
        trouble(company, connection, "/v1/" if connection.system == "stripe" else "JSON", beside="drop_dach")
    finally:
        company.faults()
    mended(company, name)


# What they send

Change = Callable[[bytes], bytes]


def last_good(company: World, name: str) -> bytes:
    """The content of the newest applied report."""
    attempt(company, company.connections.get(name))
    (row,) = company.rows(
        f"select file_name from raw_sftp.report where connection = '{name}' and status = 'applied' order by sequence desc limit 1"
    )
    with sending(company.connections.get(name)) as sender:
        return sender.get(row["file_name"])


def send(company: World, name: str, content: bytes) -> tuple[str, SyncReport]:
    """A report dated after all others; returns its file name and what the sync said."""
    day = date(2027, 1, 1) + timedelta(days=next(DAYS))
    file = f"open_ar_{day:%Y-%m-%d}.csv" if name == "drop_dach" else f"kundreskontra_{day:%Y%m%d}.csv"
    with sending(company.connections.get(name)) as sender:
        sender.put(file, content)
    done = attempt(company, company.connections.get(name))
    assert isinstance(done, SyncReport), str(done)
    return file, done


def report_row(company: World, name: str, file: str) -> dict[str, Any]:
    (found,) = company.rows(
        f"select * from raw_sftp.report where connection = '{name}' and file_name = '{file}' order by _dlt_load_id desc limit 1"
    )
    return found


def test_an_unknown_column_is_kept_and_a_missing_one_rejects_the_report(company: World) -> None:
    name, good = "drop_dach", last_good(company, "drop_dach")
    lines = good.decode().splitlines()
    wider = "\r\n".join([lines[0] + ",Region", *(line + ",North" for line in lines[1:]), ""]).encode()
    file, _ = send(company, name, wider)
    assert report_row(company, name, file)["status"] == "applied"
    extra = company.rows(
        "select extra from raw_sftp.report_line where connection = 'drop_dach' order by _dlt_load_id desc limit 1"
    )
    assert '"Region":"North"' in extra[0]["extra"]

    file, _ = send(company, name, good.replace(b"Open Amount", b"Outstanding"))
    row = report_row(company, name, file)
    assert row["status"] == "rejected"
    assert all(
        word in row["reason"] for word in (name, file, "Open Amount", "Outstanding", "Remedy", "profile.columns")
    )
    file, _ = send(company, name, good)
    assert report_row(company, name, file)["status"] == "applied"


def utf8(content: bytes) -> bytes:
    return content.decode("iso-8859-1").encode("utf-8")


def latin1(content: bytes) -> bytes:
    return content.replace(b"Electronic", "Elektronisch für".encode("iso-8859-1"), 1)


@pytest.mark.parametrize(
    ("name", "change", "likely"), [("drop_nordics", utf8, "utf-8"), ("drop_dach", latin1, "iso-8859-1")]
)
def test_another_encoding_rejects_the_report(company: World, name: str, change: Change, likely: str) -> None:
    good = last_good(company, name)
    file, done = send(company, name, change(good))
    row = report_row(company, name, file)
    assert (row["status"], done.versions["report_line"]) == ("rejected", 0)
    assert all(word in row["reason"] for word in (name, file, "encoding", "Remedy", "profile.encoding", likely))
    file, _ = send(company, name, good)
    assert report_row(company, name, file)["status"] == "applied"


def dots(content: bytes) -> bytes:
    """1.234,50 -> 1,234.50, from the second row on."""
    head, first, *rows = content.splitlines(keepends=True)
    swap = {b",": b".", b".": b","}
    cents = re.compile(rb"[\d.]+,\d\d")
    return b"".join(
        [
            head,
            first,
            *(cents.sub(lambda amount: re.sub(rb"[.,]", lambda sign: swap[sign[0]], amount[0]), row) for row in rows),
        ]
    )


def three_decimals(content: bytes) -> bytes:
    """The third column from the right of the last row gets a tenth of a cent."""
    *rows, last = content.splitlines(keepends=True)
    cells = last.split(b",")
    cells[-3] = b"50.391"
    return b"".join([*rows, b",".join(cells)])


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [("drop_nordics", dots, "bad_amount"), ("drop_dach", three_decimals, "too_many_decimals")],
)
def test_an_amount_that_does_not_read_is_set_aside_and_closes_nothing(
    company: World, name: str, change: Change, code: str
) -> None:
    good = last_good(company, name)
    file, done = send(company, name, change(good))
    row = report_row(company, name, file)
    assert row["status"] == "held_bad_rows"
    assert all(word in row["reason"] for word in (name, file, "nothing is closed", "Remedy"))
    aside = company.rows(f"select * from raw_tieout.quarantine where connection = '{name}' and reason like '%{file}%'")
    assert len(aside) == done.quarantined > 0
    for one in aside:
        assert one["table_name"] == "report_line"
        assert one["record_key"]
        assert all(word in one["reason"] for word in (name, file, code))
        assert "send the report again" in one["remedy"]
        assert '"invoice_ref"' in one["payload"]
    file, _ = send(company, name, good)
    assert report_row(company, name, file)["status"] == "applied"


def quickbooks(company: World, name: str, entity: str, **body: Any) -> dict[str, Any]:
    """Somebody enters or changes a record over there, not through our client; returns it."""
    connection = company.connections.get(name)
    grant = json.loads((company.home.root / "tokens" / f"quickbooks_{connection.settings.realm_id}.json").read_bytes())
    done = requests.post(
        f"{connection.settings.company_url}/{entity.lower()}?minorversion=75",
        json=body,
        headers={"Authorization": f"Bearer {grant['access_token']}", "Accept": "application/json"},
        timeout=20,
    )
    assert done.status_code == 200, done.text
    found: dict[str, Any] = done.json()[entity]
    return found


def invoice_line(amount: str) -> dict[str, Any]:
    return {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}


def test_an_amount_that_its_currency_cannot_have_is_set_aside_until_it_is_corrected(company: World) -> None:
    """QuickBooks keeps cents of every currency, of yen too."""
    name = "qbo_us"
    yen = {"CurrencyRef": {"value": "JPY"}}
    quickbooks(company, name, "CompanyCurrency", Code="JPY")
    customer = quickbooks(company, name, "Customer", DisplayName="Half a Yen KK", **yen)
    head = {"CustomerRef": {"value": customer["Id"]}, "ExchangeRate": "0.0065", **yen}
    wrong, right = (
        quickbooks(company, name, "Invoice", Line=[invoice_line(amount)], **head) for amount in ("1000.50", "2000")
    )
    done, other = attempt(company, company.connections.get(name)), attempt(company, company.connections.get("qbo_uk"))
    assert isinstance(done, SyncReport), str(done)
    assert isinstance(other, SyncReport), str(other)
    assert done.quarantined == 1
    (aside,) = company.rows(f"select * from raw_tieout.quarantine where connection = '{name}'")
    assert (aside["table_name"], aside["record_key"]) == ("invoice", wrong["Id"])
    assert all(word in aside["reason"] for word in (name, "invoice", wrong["Id"], "1000.5", "0 decimals of JPY"))
    assert "Correct the amount in QuickBooks and sync again" in aside["remedy"]
    assert json.loads(aside["payload"])["Id"] == wrong["Id"]
    assert read_amounts(company, name, customer["Id"]) == {right["Id"]: Decimal(2000)}

    quickbooks(
        company, name, "Invoice", Id=wrong["Id"], SyncToken=wrong["SyncToken"], Line=[invoice_line("1000")], **head
    )
    mended(company, name)
    assert read_amounts(company, name, customer["Id"]) == {right["Id"]: Decimal(2000), wrong["Id"]: Decimal(1000)}


def read_amounts(company: World, name: str, customer: str) -> dict[str, Decimal]:
    """The newest version of each invoice of a customer."""
    found = company.rows(
        f"""select id, arg_max(total_amt, (_dlt_load_id, _seq)) as total from raw_quickbooks.invoice
        where connection = '{name}' and customer = '{customer}' group by id"""
    )
    return {row["id"]: row["total"] for row in found}


# What is left of it in the books


def test_a_currency_without_a_rate_is_a_break_until_it_has_one(company: World, tmp_path: Path) -> None:
    """Books that take the reference rates, before those were read: no base amount is guessed."""
    young = company.beside(tmp_path / "young")
    bases = {"books_emea": "EUR", "qbo_uk": "GBP"}
    young.ingest(*bases)
    models = upto("missing_rates", "rec_documents")
    young.fill(only=models)
    documents = young.rows("select * from ledger.ar_documents")
    foreign = [row for row in documents if row["currency"] != bases[row["connection"]]]
    assert {row["connection"] for row in foreign} == set(bases)
    assert {(row["base_amount"], row["base_rate"]) for row in foreign} == {(None, None)}
    told = young.rows("select * from ops.missing_rates")
    assert {(row["connection"], row["currency"]) for row in told} == {
        (row["connection"], row["currency"]) for row in foreign
    }
    assert {(row["connection"], row["base_currency"]) for row in told} == set(bases.items())
    assert all("enter a rate" in row["remedy"] for row in told)
    breaks = young.rows("select * from reconciliation.rec_documents where reason = 'missing_rate'")
    assert {row["left_key"] for row in breaks} == {row["document_key"] for row in foreign if not row["is_deleted"]}
    assert all("Remedy" in row["detail"] for row in breaks)

    young.ingest(*(item.name for item in young.connections.of("ecb")))
    young.fill(only=models, changed="raw_ecb")
    assert young.rows("select * from ops.missing_rates") == []
    assert young.rows("select * from ledger.ar_documents where base_amount is null") == []


def test_an_invoice_listed_or_numbered_twice_is_a_break_and_after_all_that_the_ledger_ties_out(company: World) -> None:
    name, good = "drop_dach", last_good(company, "drop_dach")
    rows = good.splitlines(keepends=True)
    file, _ = send(company, name, b"".join([*rows, rows[1]]))
    company.ingest()
    company.transform()

    same = company.rows(
        "select * from reconciliation.rec_documents where reason = 'duplicate_document_number' and connection = 'qbo_us'"
    )
    (ours,) = [row for row in same if "QS99999" in row["detail"]]
    assert ours["left_key"] != ours["right_key"]
    assert all(key.startswith("quickbooks:qbo_us:") for key in (ours["left_key"], ours["right_key"]))
    assert "Remedy: renumber one" in ours["detail"]

    twice = company.rows("select * from reconciliation.rec_reports where reason = 'duplicate_in_report'")
    number = rows[1].split(b",")[2].decode()
    (ours,) = [row for row in twice if row["right_key"] == f"sftp:{name}:{file}" and row["left_key"].endswith(number)]
    assert ours["drift_amount"] > 0
    found = differences(company, company.truth())
    # The reports that this test made are not the sandbox's; what they list is.
    assert [line for line in found if not (line.startswith("break") and "sftp:" in line)] == []
