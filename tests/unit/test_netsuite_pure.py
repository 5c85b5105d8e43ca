"""NetSuite without sockets: signatures, ranges, time zones, error bodies, settings."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.netsuite import errors, suiteql
from pipelines.netsuite.auth import Signature
from pipelines.netsuite.deletions import table_of
from pipelines.netsuite.packing import packed, unpacked
from pipelines.netsuite.reads import embed
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.system import Refused, Rejected, Transient

CONTRACTS = (
    Path(os.environ.get("TIEOUT_CONTRACTS", Path(__file__).parents[2].parent / "shared" / "contracts")) / "netsuite"
)
needs_contracts = pytest.mark.skipif(
    not CONTRACTS.is_dir(), reason=f"no contracts at {CONTRACTS}; set TIEOUT_CONTRACTS"
)
FIRST, LAST = datetime(2024, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001 - naive on purpose
OAUTH1: dict[str, Any] = {
    "auth": "oauth1",
    "consumer_key": "${T_CK}",
    "consumer_secret": "${T_CS}",
    "token_id": "${T_TI}",
    "token_secret": "${T_TS}",
}


def settings(**values: Any) -> NetSuiteSettings:
    return NetSuiteSettings(**{"account_id": "7311001", **OAUTH1, **values})


def contract(name: str) -> Any:
    return json.loads((CONTRACTS / name).read_text("utf-8"))


@needs_contracts
def test_every_signature_vector_is_reproduced(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = contract("oauth1_test_vectors.json")["vectors"]
    assert len(vectors) >= 4
    for vector in vectors:
        for variable, key in (
            ("T_CK", "oauth_consumer_key"),
            ("T_CS", "consumer_secret"),
            ("T_TI", "oauth_token"),
            ("T_TS", "token_secret"),
        ):
            monkeypatch.setenv(variable, vector[key])
        monkeypatch.setattr("oauthlib.oauth1.rfc5849.generate_nonce", lambda v=vector: v["oauth_nonce"])
        monkeypatch.setattr("oauthlib.oauth1.rfc5849.generate_timestamp", lambda v=vector: v["oauth_timestamp"])
        body = None if vector["method"] == "GET" else b'{"q":"SELECT 1 FROM dual"}'
        headers = {"Content-Type": "application/json"} if body else {}
        request = requests.Request(vector["method"], vector["url"], data=body, headers=headers).prepare()
        signed = Signature(settings(account_id=vector["realm"]))(request)
        header = signed.headers["Authorization"]
        header = header.decode() if isinstance(header, bytes) else header
        given_values = dict(part.strip().split("=", 1) for part in header.removeprefix("OAuth ").split(","))
        assert unquote(given_values["oauth_signature"].strip('"')) == vector["signature_base64"]
        assert given_values["realm"] == f'"{vector["realm"]}"'
        assert given_values["oauth_signature_method"] == '"HMAC-SHA256"'
        assert signed.url == vector["url"]


@given(st.integers(0, 10**9), st.integers(0, 500_000), st.integers(1, 200_000), st.integers(1, 5000))
def test_slices_cover_every_id_once(low: int, width: int, count: int, target: int) -> None:
    parts = suiteql.slices(low, low + width, count, target)
    assert parts[0].low == low
    assert parts[-1].high == low + width + 1
    assert all(left.high == right.low and left.low < left.high for left, right in pairwise(parts))
    assert len(parts) <= -(-count // target)


def test_no_records_need_no_slices() -> None:
    assert suiteql.slices(0, 0, 0) == []


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        ("2026-01-15T12:00:00+00:00", "America/Los_Angeles", "2026-01-15 04:00:00"),
        ("2026-07-15T12:00:00+00:00", "America/Los_Angeles", "2026-07-15 05:00:00"),
        ("2026-11-01T08:30:00+00:00", "America/Los_Angeles", "2026-11-01 01:30:00"),  # first 01:30 of that night
        ("2026-11-01T09:30:00+00:00", "America/Los_Angeles", "2026-11-01 01:30:00"),  # second
        ("2026-03-29T00:30:00+00:00", "Europe/London", "2026-03-29 00:30:00"),
        ("2026-03-29T01:30:00+00:00", "Europe/London", "2026-03-29 02:30:00"),
    ],
)
def test_instants_are_rendered_in_the_accounts_zone(moment: str, zone: str, text: str) -> None:
    assert suiteql.render(datetime.fromisoformat(moment), zone) == text


@given(st.datetimes(FIRST, LAST), st.sampled_from(["America/Los_Angeles", "Europe/London", "Asia/Tokyo"]))
def test_a_cursor_read_from_the_account_is_never_late(moment: datetime, zone: str) -> None:
    """The text of an instant, read back, is that instant or (in a repeated hour) an hour earlier: an overlap of two covers it."""
    instant = moment.replace(microsecond=0, tzinfo=UTC)
    back = suiteql.instant(suiteql.render(instant, zone), zone)
    assert timedelta(0) <= instant - back <= timedelta(hours=1)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        suiteql.render(FIRST, "UTC")


def test_a_record_changed_in_either_repeated_hour_is_inside_the_overlap() -> None:
    zone = "America/Los_Angeles"
    for first in range(0, 120, 10):
        through = datetime(2026, 11, 1, 8, 0, tzinfo=UTC) + timedelta(minutes=first)
        changed = through + timedelta(minutes=1)
        bound = suiteql.render(through - timedelta(hours=2), zone)
        assert suiteql.render(changed, zone) >= bound


def respond(status: int, body: Any) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = json.dumps(body).encode() if not isinstance(body, bytes) else body
    return response


@needs_contracts
@pytest.mark.parametrize(
    ("fragment", "kind"),
    [
        ("Invalid login attempt", Refused),
        ("does not have permission", Refused),
        ("Concurrent request limit", Transient),
        ("already exists", Rejected),
        ("Please enter value(s)", Rejected),
        ("Record 'foo' was not found", Rejected),
        ("record instance does not exist", errors.NotFound),
    ],
)
def test_the_contracts_error_bodies_become_our_errors(fragment: str, kind: type[Exception]) -> None:
    bodies = [item for item in contract("netsuite_error_bodies.json")["errors"] if fragment in json.dumps(item["body"])]
    assert bodies
    for item in bodies:
        error = errors.parse(respond(item["httpStatus"], item["body"]))
        assert error.detail == item["body"]["o:errorDetails"][0]["detail"]
        raised = errors.as_exception(error, "books_us", "SuiteQL")
        assert isinstance(raised, kind)
        if isinstance(raised, Rejected):
            assert str(raised) == error.detail  # word for word


def test_concurrency_refusals_are_known_under_every_name_and_status() -> None:
    for code in ("CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "ExceededConcurrentRequestLimitFault"):
        assert errors.parse(respond(400, {"o:errorDetails": [{"detail": "x", "o:errorCode": code}]})).is_busy


def test_the_token_limit_is_a_state_of_its_own() -> None:
    text = "This user has exceeded the number of active access tokens for this role"
    error = errors.parse(
        respond(400, {"title": "Bad Request", "o:errorDetails": [{"detail": text, "o:errorCode": "USER_ERROR"}]})
    )
    raised = errors.as_exception(error, "books_us", "SuiteQL")
    assert isinstance(raised, Refused)
    assert raised.code == "token_limit"
    assert text in str(raised)


@pytest.mark.parametrize("body", [b"<html>gateway</html>", b"", b"[]", b'{"o:errorDetails":"x"}'])
def test_a_body_that_is_no_error_body_still_gives_an_error(body: bytes) -> None:
    assert errors.parse(respond(502, body)).status == 502
    assert isinstance(errors.as_exception(errors.parse(respond(502, body)), "books_us", "SuiteQL"), Transient)


@pytest.mark.parametrize(
    ("account", "realm", "host"),
    [("1234567", "1234567", "1234567"), ("1234567_SB1", "1234567_SB1", "1234567-sb1"), ("tstdrv123", "TSTDRV123", "tstdrv123"),
     ("1234567-sb2", "1234567_SB2", "1234567-sb2")],
)  # fmt: skip
def test_account_ids_have_two_forms(account: str, realm: str, host: str) -> None:
    known = settings(account_id=account)
    assert known.account_id == realm
    assert known.services == f"https://{host}.suitetalk.api.netsuite.com/services/rest"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"account_id": "https://x"}, "no NetSuite account id"),
        ({"token_secret": None}, "also needs token_secret"),
        ({"token_secret": "literal"}, "must be a reference"),
        ({"auth": "oauth2"}, "client_id, certificate_id"),
        ({"overlap_minutes": 60}, "greater than or equal to 120"),
        ({"customer_fields": ("id; DROP",)}, "no field id"),
        ({"subsidiaries": ("1) OR (1=1",)}, "no subsidiary internal id"),
        ({"base_url": "https://999.suitetalk.api.netsuite.com"}, "another account's"),
        ({"time_zone": "Pacific"}, "no IANA time zone"),
    ],
)
def test_wrong_settings_are_told_by_name(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**values)
    assert message in str(caught.value)


def test_scope_names_subsidiaries_statuses_and_switches() -> None:
    scope = suiteql.Scope(
        settings(subsidiaries=("1", "4"), primary_subsidiary_only=True, sync_payments=False, invoice_statuses=("A",))
    )
    assert scope.types == ("CustInvc", "CustCred", "Journal")
    assert "IN (1, 4)" in scope.customers()
    assert "isprimarysub = 'T'" in scope.customers()
    assert "t.status IN ('A')" in scope.kept()
    assert "t.status IN ('A')" not in scope.transactions()
    recent = suiteql.Scope(settings(initial_load="open_and_recent", recent_payments_days=30)).first_load(
        date(2026, 11, 2)
    )
    assert "TO_DATE('2026-10-03', 'YYYY-MM-DD')" in recent


def test_lines_and_links_are_embedded_whole() -> None:
    headers: list[dict[str, Any]] = [{"id": "1"}, {"id": "2"}]
    lines = [
        {"links": [], "transaction": "1", "id": "1", "subsidiary": "9", "mainline": "F"},
        {"links": [], "transaction": "1", "id": "0", "subsidiary": "3", "mainline": "T", "foreignamount": "10.00"},
        {"links": [], "transaction": "7", "id": "0"},
        {"links": [], "transaction": "2", "id": "0", "subsidiary": "3", "mainline": "F"},
        {"links": [], "transaction": "2", "id": "1", "subsidiary": "4", "mainline": "F"},
    ]
    embed(headers, lines, [{"links": [], "nextdoc": "2", "previousdoc": "1", "foreignamount": "4.5"}])
    assert headers[0]["subsidiary"] == "3"
    assert json.loads(headers[0]["lines"])[0] == {"id": "1", "mainline": "F", "subsidiary": "9"}
    assert json.loads(headers[0]["lines"])[1] == {"id": "0", "mainline": "T", "foreignamount": "10.00"}
    assert headers[0]["applications"] == "[]"
    assert json.loads(headers[1]["applications"]) == [{"previousdoc": "1", "foreignamount": "4.5"}]
    assert headers[1]["subsidiary"] == "3"
    assert json.loads(headers[1]["lines"]) == [
        {"id": "0", "mainline": "F"},
        {"id": "1", "mainline": "F", "subsidiary": "4"},
    ]


@pytest.mark.parametrize(
    ("row", "table"),
    [({"scriptid": "invoice"}, "transaction"), ({"type": "Customer Payment"}, "transaction"), ({"type": "Customer"}, "customer"),
     ({"scriptid": "customer_payment"}, "transaction"), ({"type": "Vendor Bill"}, None)],
)  # fmt: skip
def test_deleted_records_are_told_apart_by_type(row: dict[str, str], table: str | None) -> None:
    assert table_of(row) == table


@given(st.sets(st.integers(0, 10**9), max_size=200))
def test_known_ids_are_packed_without_loss(ids: set[int]) -> None:
    assert unpacked(packed(sorted(ids))) == sorted(ids)
