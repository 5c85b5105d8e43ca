"""QuickBooks without a connection: faults, paces, pages, packed ids, rows, the aging report, settings."""

import itertools
import threading
from bisect import bisect_left
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from pydantic import ValidationError

from pipelines.home import Home
from pipelines.quickbooks import aging, diagnosis, errors, exact, keys, shapes, tables
from pipelines.quickbooks.pace import Pace, next_moment
from pipelines.quickbooks.packing import packed, unpacked
from pipelines.quickbooks.paging import pages, statement
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.vault import Grant, of_company
from pipelines.system import Intent, Refused, Transient
from pipelines.vault import fingerprint

THROTTLED = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="2026-01-20T02:11:12.345-08:00"'
    b' xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded;'
    b" errorCode=003001; statusCode=429</Message><Detail>The request limit was reached.  Try again later</Detail></Error></Fault>"
    b"</IntuitResponse>"
)


def settings(**changes: Any) -> QuickBooksSettings:
    known = {
        "realm_id": "9341",
        "client_id": "${QB_ID}",
        "client_secret": "${QB_SECRET}",
        "refresh_token": "${QB_TOKEN}",
    }
    return QuickBooksSettings(**{**known, **changes})


def answer(status: int, body: Any) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else orjson.dumps(body)
    return response


def fault(code: str, detail: str = "Because", message: str = "No") -> dict[str, Any]:
    return {
        "Fault": {
            "Error": [{"Message": message, "Detail": detail, "code": code, "element": ""}],
            "type": "ValidationFault",
        }
    }


# Faults


def test_a_fault_is_read_in_both_spellings_and_as_xml() -> None:
    upper = errors.parse(answer(400, fault("5010", "Stale")))
    small = {"fault": {"error": [{"message": "m", "detail": "Token expired: AB0", "code": "3200", "element": None}]}}
    lower, xml = errors.parse(answer(401, small)), errors.parse(answer(429, THROTTLED))
    assert (upper.code, upper.words) == ("5010", "5010 No: Stale")
    assert (lower.code, lower.is_token) == ("3200", True)
    assert (xml.code, xml.is_throttled) == ("3001", True)
    assert "The request limit was reached.  Try again later" in xml.words


def test_xml_with_entities_is_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x><Error code="3001"><Detail>&a;</Detail></Error></x>'
    assert errors.parse(answer(500, bomb)).code == ""


def test_what_is_no_fault_at_all_keeps_its_text() -> None:
    assert "Bad Gateway" in errors.parse(answer(502, b"<html>Bad Gateway</html>")).words


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "610", errors.NotFound), (400, "5010", errors.Stale), (400, "6540", errors.Deposited), (400, "6000", errors.Denied),
        (500, "10000", Transient), (429, "3001", Transient), (401, "3200", errors.LinkExpired),
    ],
)  # fmt: skip
def test_each_code_is_the_error_a_caller_can_act_on(status: int, code: str, kind: type[Exception]) -> None:
    assert type(errors.as_exception(errors.parse(answer(status, fault(code))), "books", "it")) is kind


@pytest.mark.parametrize(
    ("status", "code", "named"),
    [(403, "3100", "missing_scope"), (401, "100", "wrong_realm"), (401, "120", "permission")],
)
def test_refusals_are_told_apart(status: int, code: str, named: str) -> None:
    refused = errors.as_exception(errors.parse(answer(status, fault(code))), "books", "it")
    assert isinstance(refused, Refused)
    assert refused.code == named


def test_the_words_of_every_error_of_a_fault_are_kept() -> None:
    body = {
        "Fault": {
            "Error": [
                {"Message": "A", "Detail": "one", "code": "6000"},
                {"Message": "B", "Detail": "two", "code": "6070"},
            ]
        }
    }
    assert errors.parse(answer(400, body)).words == "6000 A: one; 6070 B: two"


@pytest.mark.parametrize(
    ("detail", "found"),
    [
        ("Business Validation Error: Transaction cannot be applied to Deposit. Either Referenced Transaction's Account is incorrect or"
         " the Transaction has already been applied to another Deposit", diagnosis.HOLDING),
        ("Business Validation Error: Select a bank account for this deposit", diagnosis.BANK),
        ("Business Validation Error: You must select a customer for each split line", diagnosis.UNCLASSIFIED),
    ],
)  # fmt: skip
def test_each_6000_has_a_diagnosis_and_keeps_its_words(detail: str, found: str) -> None:
    told = diagnosis.explained(errors.Denied(errors.parse(answer(400, fault("6000", detail)))))
    assert detail in str(told)
    assert str(told).endswith(f"(diagnosis: {found})")


def test_other_codes_have_none() -> None:
    denied = errors.Denied(errors.parse(answer(400, fault("6210"))))
    assert diagnosis.explained(denied) is denied


# Pace


def test_calls_are_spread_and_no_minute_holds_too_many() -> None:
    known: list[float] = []
    for _ in range(30):
        known.append(next_moment(0.0, known, 8, 10))
    assert all(later - earlier >= 0.125 for earlier, later in itertools.pairwise(known))
    assert all(known[number + 10] - known[number] >= 60 for number in range(20))


def test_two_paces_of_one_home_share_what_is_granted(tmp_path: Path) -> None:
    waits: list[float] = []
    one, other = (Pace(Home(tmp_path), "books", 8, 450, lambda: 100.0, waits.append) for _ in range(2))
    for pace in (one, other, one):
        pace.take()
    assert waits == [0.125, 0.25]


def test_a_pause_holds_everybody_and_a_clock_that_was_set_back_does_not(tmp_path: Path) -> None:
    waits: list[float] = []
    Pace(Home(tmp_path), "books", 8, 450, lambda: 100.0, waits.append).pause(60)
    Pace(Home(tmp_path), "books", 8, 450, lambda: 110.0, waits.append).take()
    assert waits == [50.0]
    Pace(Home(tmp_path), "later", 8, 450, lambda: 90_000.0).take()
    Pace(Home(tmp_path), "later", 8, 450, lambda: 1.0, waits.append).take()  # the clock was set back
    Pace(Home(tmp_path), "long", 8, 450, lambda: 1.0).pause(90_000)
    Pace(Home(tmp_path), "long", 8, 450, lambda: 1.0, waits.append).take()
    assert waits == [50.0, 300.0]


def test_neither_a_second_nor_a_minute_has_more_calls_than_it_may(tmp_path: Path) -> None:
    now, begun = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        now[0] += seconds

    paces = [Pace(Home(tmp_path), "books", 8, 450, lambda: now[0], sleep) for _ in range(2)]
    for number in range(1500):
        paces[number % 2].take()
        begun.append(now[0])
        now[0] += 0.01 if number % 700 else 20.0  # a call takes its time, and now and then nobody asks
    most = {span: max(bisect_left(begun, at + span) - place for place, at in enumerate(begun)) for span in (1, 60)}
    assert most[1] <= 9  # 8 intervals have nine ends
    assert most[60] == 450
    assert begun[-1] < 1500 / 450 * 60 + 3 * 20


# Tokens on disk


def test_tokens_are_private_and_end_with_the_consent_they_come_from(tmp_path: Path) -> None:
    vault, seed = of_company(Home(tmp_path), "9341"), fingerprint("first")
    grant = Grant("refresh", "access", seed, 1.0, True)
    vault.store(grant)
    file = tmp_path / "tokens" / "quickbooks_9341.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o077 == 0
    assert vault.load(seed) == grant
    assert vault.load(fingerprint("another consent")) is None
    assert "refresh" not in repr(grant)
    vault.forget()
    assert vault.load(seed) is None


# Ids and pages


@pytest.mark.parametrize("ids", [set(), {"1"}, {"7", "3", "10000000000"}, {"5", "x-1", "007"}])
def test_ids_come_back_as_they_were(ids: set[str]) -> None:
    assert unpacked(packed(ids)) == ids


def test_a_hundred_thousand_ids_are_small() -> None:
    assert len(packed(str(number) for number in range(1, 200_001, 2))) < 2_000


class Listing:
    """Rows by position, some of which go while they are read."""

    def __init__(self, count: int, going: dict[int, int] | None = None) -> None:
        self.ids = list(range(1, count + 1))
        self.going = going or {}
        self.asked: list[int] = []
        self._lock = threading.Lock()

    def __call__(self, position: int) -> list[dict[str, str]]:
        with self._lock:
            self.asked.append(position)
            found = self.ids[position - 1 : position + 999]
            self.ids = self.ids[self.going.pop(len(self.asked), 0) :]
            return [{"Id": str(number)} for number in found]


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 1998, 1999, 2000, 4321])
def test_every_row_is_met(count: int) -> None:
    listing = Listing(count)
    assert {row["Id"] for page in pages(listing, count, 3) for row in page} == {str(n) for n in range(1, count + 1)}


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("gone", [1, 5, 1500])
def test_rows_that_go_hide_no_other(threads: int, gone: int) -> None:
    listing = Listing(5000, {1: gone, 3: gone})
    met = {row["Id"] for page in pages(listing, 5000, threads) for row in page}
    assert met >= {str(number) for number in listing.ids}


def test_a_count_that_is_too_small_ends_nothing() -> None:
    assert sum(1 for _ in pages(Listing(3500), 1, 1)) == 4


def test_statement() -> None:
    assert statement("Customer", "Active IN (true, false)", 1000) == (
        "SELECT * FROM Customer WHERE Active IN (true, false) ORDERBY Id STARTPOSITION 1000 MAXRESULTS 1000"
    )


# Rows


def invoice(text: str) -> dict[str, Any]:
    found = exact.decoded(text.encode())
    assert found is not None
    return found


def test_amounts_keep_their_digits() -> None:
    found = invoice(
        '{"Id":"7","TotalAmt":100.10,"Balance":0.30,"ExchangeRate":1.1234567,"CustomerRef":{"value":"58","name":"Acme"},'
        '"Line":[{"Id":"1","Amount":33.3330,"SalesItemLineDetail":{"UnitPrice":0.123456789},"LineEx":{"any":[1]}}],'
        '"MetaData":{"CreateTime":"2026-01-20T02:11:12-08:00"}}'
    )
    (row,) = shapes.rows(tables.INVOICE, [found])
    assert (row["total_amt"], row["balance"], row["exchange_rate"], row["customer"]) == (
        "100.10",
        "0.30",
        "1.1234567",
        "58",
    )
    assert row["lines"] == '[{"Amount":33.3330,"Id":"1","SalesItemLineDetail":{"UnitPrice":0.123456789}}]'
    assert row["linked_txn"] == "[]"
    assert row["create_time"] == "2026-01-20T02:11:12-08:00"
    assert set(row) == set(tables.INVOICE.names)


def test_every_declared_column_is_mapped() -> None:
    for table, fields in shapes.FIELDS.items():
        assert set(fields) == set(table.names), table.name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"TotalAmt":10.5,"CurrencyRef":{"value":"JPY"}}', "TotalAmt: 10.5 has more than the 0 decimals of JPY"),
        ('{"TotalAmt":10.505}', "TotalAmt: 10.505 has more than the 2 decimals of USD"),
        ('{"TotalAmt":10.50,"Line":[{"Amount":1.00001}]}', "Line[0].Amount: 1.00001 has more than 4 decimals"),
        ('{"TotalAmt":10.50,"Line":[{"Amount":"x"}]}', "Line[0].Amount: 'x' is not an amount"),
        ('{"TotalAmt":10.500,"Line":[{"Amount":1.00000},{"DetailType":"SubTotalLineDetail"}]}', None),
    ],
)
def test_an_amount_that_cannot_be_kept_is_told(text: str, said: str | None) -> None:
    assert shapes.fault(invoice(text), "USD") == said


# The aging report


def cells(customer: str | None, *amounts: str) -> dict[str, Any]:
    name = {"value": f"Customer {customer}"} if customer is None else {"value": f"Customer {customer}", "id": customer}
    return {"ColData": [name, *({"value": amount} for amount in amounts)]}


def test_the_report_is_read_with_its_sections() -> None:
    report = {
        "Header": {"Currency": "USD", "EndPeriod": "2026-11-02"},
        "Columns": {"Column": [{"ColTitle": title} for title in ("", "Current", "1 - 30", "Total")]},
        "Rows": {
            "Row": [
                cells("58", "100.00", "", "100.00"),
                {
                    "type": "Section",
                    "Header": cells("60", "5.00", "", "5.00"),
                    "Rows": {"Row": [cells("61", "", "7.25", "7.25")]},
                    "Summary": cells(None, "5.00", "7.25", "12.25"),
                },
                {"type": "Section", "group": "GrandTotal", "Summary": cells(None, "105.00", "7.25", "112.25")},
            ]
        },
    }
    found = {row["customer"]: row for row in aging.parsed(report, "2026-11-03", "EUR")}
    assert {key: row["total"] for key, row in found.items()} == {"58": "100.00", "60": "5.00", "61": "7.25"}
    assert found["61"]["amounts"] == '{"1 - 30":"7.25","Total":"7.25"}'
    assert {(row["as_of_date"], row["currency"]) for row in found.values()} == {("2026-11-02", "USD")}


# Settings


def test_hosts_follow_the_environment() -> None:
    assert settings().company_url == "https://quickbooks.api.intuit.com/v3/company/9341"
    assert settings(environment="sandbox").company_url == "https://sandbox-quickbooks.api.intuit.com/v3/company/9341"
    assert settings().discovery_url == "https://developer.api.intuit.com/.well-known/openid_configuration"
    assert "openid_sandbox_configuration" in settings(environment="sandbox").discovery_url
    twin = settings(base_url="http://127.0.0.1:9/quickbooks")
    assert twin.company_url == "http://127.0.0.1:9/quickbooks/v3/company/9341"
    assert twin.discovery_url == "http://127.0.0.1:9/quickbooks/.well-known/openid_configuration"


@pytest.mark.parametrize(
    "changes",
    [
        {"realm_id": "abc"}, {"base_url": "https://sandbox-quickbooks.api.intuit.com"}, {"requests_per_second": 11},
        {"requests_per_minute": 501}, {"refresh_token": "literal"}, {"scopes": ["openid"]}, {"overlap_minutes": 1},
    ],
)  # fmt: skip
def test_wrong_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


def test_a_realm_may_be_written_in_groups() -> None:
    assert settings(realm_id="9130 3571 2000").realm_id == "913035712000"


# Keys and links


def test_a_key_stands_in_a_reference_and_in_the_note() -> None:
    intent = Intent("tieout_payment_ch_1_58", "books", "payment", {"memo": "ch_1"})
    assert len(keys.reference(intent.key)) == 21
    assert keys.note(intent) == "ch_1 [tieout_payment_ch_1_58]"
    assert keys.carries({"PrivateNote": "x [tieout_payment_ch_1_58] y"}, intent.key)
    assert not keys.carries({"PrivateNote": "[tieout_payment_ch_1_581]"}, intent.key)
    long = Intent("k" * 200, "books", "payment", {"memo": "m" * 5000})
    assert len(keys.note(long)) <= 4000
    assert keys.carries({"PrivateNote": keys.note(long)}, long.key)
    assert keys.request_id("a") != keys.request_id("a", "1")
    assert len(keys.request_id("a")) <= 50


def test_amounts_are_sent_with_their_digits() -> None:
    assert exact.encoded({"Amount": Decimal("-3.50")}) == b'{"Amount":-3.50}'
