"""The query language, paging, CDC and the gate: tokens, companies, throttles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.quickbooks.twin import Limits, Realm
from pipelines.quickbooks.twin.errors import system_failure
from tests.contract.quickbooks_twin_kit import (
    OTHER_REALM,
    REALM,
    START,
    UNLIMITED,
    Twin,
    company,
    fault,
    invoice,
    payment,
    realm,
    running,
    serve,
)  # fmt: skip


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    made = company()
    for number in range(5):
        invoice(
            made,
            f"{number + 1}0.00",
            at=START - timedelta(days=number),
            date=date(2026, 10, 1 + number),
            memo=f"note {number}'s",
        )
    invoice(made, "7.00", customer="202")
    made.edit_customer("203", at=START, active=False)
    with running(made) as found:
        yield found


def ids(twin: Twin, text: str, kind: str = "Invoice") -> list[str]:
    return [row["Id"] for row in twin.query(text).get(kind, [])]


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("TotalAmt > '20'", 3), ("TotalAmt >= 20.00 AND TotalAmt < 50", 3), ("TxnDate <= '2026-10-02'", 2), ("TxnDate IN ('2026-10-01', '2026-10-03')", 2),
        ("PrivateNote LIKE 'NOTE%'", 5), (r"PrivateNote = 'note 1\'s'", 1), ("customerref = '202'", 1), ("CurrencyRef = 'EUR'", 1),
        ("Metadata.LastUpdatedTime > '2026-10-31T00:00:00-07:00'", 3), ("MetaData.LastUpdatedTime >= '2026-10-30T18:00:00Z'", 4), ("Balance = '0'", 0),
        ("DueDate > '2026-11-03'", 6), ("DocNumber IN ('1001','1002','9')", 2), ("PrivateNote LIKE '%3%'", 1), ("SyncToken = '0'", 6),
    ],
)  # fmt: skip
def test_where(twin: Twin, where: str, count: int) -> None:
    assert twin.query(f"SELECT COUNT(*) FROM Invoice WHERE {where}") == {"totalCount": count}
    assert len(ids(twin, f"select * from invoice where {where}")) == count


def test_order_and_pages(twin: Twin) -> None:
    every = ids(twin, "SELECT * FROM Invoice ORDERBY Id")
    assert every == sorted(every, key=int)
    assert ids(twin, "SELECT * FROM Invoice") == every[::-1]
    assert ids(twin, "SELECT * FROM Invoice ORDER BY TotalAmt DESC, Id ASC STARTPOSITION 2 MAXRESULTS 2") == [
        every[3],
        every[2],
    ]
    found = twin.query(
        "SELECT Id, TotalAmt, MetaData.LastUpdatedTime FROM Invoice ORDERBY Id STARTPOSITION 5 MAXRESULTS 1000"
    )
    assert (found["startPosition"], found["maxResults"]) == (5, 2)
    assert set(found["Invoice"][0]) == {"domain", "sparse", "Id", "TotalAmt", "MetaData"}
    assert twin.query("SELECT * FROM Invoice STARTPOSITION 7") == {}


def test_inactive_names_are_hidden(twin: Twin) -> None:
    assert ids(twin, "select * from Customer", "Customer") == ["201", "202"]
    assert len(ids(twin, "select * from Customer where Active IN (true, false)", "Customer")) == 3
    assert ids(twin, "select * from Customer where Active = false", "Customer") == ["203"]
    assert ids(twin, "select * from Account where AccountSubType = 'UndepositedFunds'", "Account") == ["4"]
    assert (
        twin.query("select * from ExchangeRate where sourcecurrencycode in ('EUR') and asofdate = '2026-01-01'")[
            "ExchangeRate"
        ][0]["Rate"]
        == 1.1
    )


@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ("SELECT * FROM Invoice WHERE Id = '1' OR Id = '2'", "4000", 'QueryParserError: Encountered " <IDENTIFIER> "OR "" at line 1, column 38.'),
        ("SELECT * FROM Invoice WHERE Id != '1'", "4000", "column 32"),
        ("SELECT * FROM Invoice GROUP BY Id", "4000", '"GROUP "'),
        ("SELECT * FROM Invoice WHERE DocNumber = 'o'neil'", "4000", "column 44"),
        ("SELECT * FROM Invoice WHERE Foo = '1'", "4001", "Property Foo not found for Entity Invoice"),
        ("SELECT Foo FROM Invoice", "4001", "Property Foo not found for Entity Invoice"),
        ("SELECT * FROM Foo", "4001", "Foo"),
        ("SELECT * FROM Invoice MAXRESULTS 1001", "4001", "1000"),
        ("SELECT * FROM Invoice STARTPOSITION 0", "4001", "STARTPOSITION"),
        ("SELECT * FROM Invoice MAXRESULTS 5 STARTPOSITION 1", "4000", "STARTPOSITION"),
        ("SELECT * FROM Invoice WHERE TxnDate > 'soon'", "4001", "soon"),
        ("", "4000", "<EOF>"),
        ("DELETE FROM Invoice", "4000", "DELETE"),
    ],
)  # fmt: skip
def test_what_is_no_query(twin: Twin, text: str, code: str, detail: str) -> None:
    found = twin.refused(text)
    assert found[0] == code
    assert detail in found[1]


def test_changes_are_capped_and_end_after_thirty_days() -> None:
    made = company()
    for _ in range(700):
        payment(made, "1.00", apply=((invoice(made, "1.00", at=START), "1.00"),), at=START)
    with running(made) as twin:
        since = (START - timedelta(days=1)).isoformat()
        found = twin.get("cdc", entities="Invoice,Payment,Customer", changedSince=since).json()["CDCResponse"][0][
            "QueryResponse"
        ]
        assert [part.get("maxResults") for part in found] == [700, 300, None]
        assert found[2] == {}
        code, detail, _ = fault(
            twin.get("cdc", entities="Invoice", changedSince=(START - timedelta(days=31)).isoformat())
        )
        assert code == "4001"
        assert "30 days" in detail
        assert fault(twin.get("cdc", entities="Foo", changedSince=since))[0] == "4001"
        assert fault(twin.get("cdc", entities="Invoice"))[2] == "changedSince"


def test_tokens_and_companies() -> None:
    one, two = realm(), Realm(company(OTHER_REALM), limits=UNLIMITED)
    with serve(one, two) as root:
        first, second = Twin(root, one), Twin(root, two)
        assert first.get("companyinfo/9341").json()["CompanyInfo"]["Id"] == "1"
        wrong = first.session.get(second.base + "/companyinfo/9342", timeout=20)
        assert (wrong.status_code, wrong.headers["content-type"]) == (401, "application/xml")
        assert 'code="100"' in wrong.text
        one.credentials.expire_access()
        expired = first.get("preferences")
        assert expired.status_code == 401
        assert expired.json()["fault"]["error"][0]["code"] == "3200"
        assert expired.headers["intuit_tid"].startswith("1-")
        two.credentials.scopes = ("openid",)
        assert second.get("preferences").status_code == 403
        assert (
            first.session.get(first.base + "/preferences", headers={"Authorization": ""}, timeout=20).status_code == 401
        )


def test_tokens_of_the_token_endpoint() -> None:
    with running() as twin:
        given, url = twin.realm.credentials, f"{twin.root}/quickbooks/oauth2/v1/tokens/bearer"
        user, mine = f"{twin.root}/quickbooks/v1/openid_connect/userinfo", (given.client_id, given.client_secret)

        def ask(token: str, kind: str = "refresh_token", auth: tuple[str, str] = mine) -> tuple[int, str]:
            answer = twin.session.post(url, data={"grant_type": kind, "refresh_token": token}, auth=auth, timeout=20)
            return answer.status_code, answer.json().get("error", "")

        old = given.refresh_token
        assert ask(old) == (200, "")
        assert ask("nonsense") == (400, "invalid_grant")
        assert ask(old, auth=(given.client_id, "wrong")) == (401, "invalid_client")
        assert ask(old, "password") == (400, "unsupported_grant_type")
        assert ask(old) == (200, "")
        given.time = lambda: datetime.now(UTC).timestamp() + given.grace + 1
        assert ask(old) == (400, "invalid_grant")
        given.email_verified = False
        assert twin.session.get(user, timeout=20).json()["emailVerified"] is False
        given.unlink()
        assert ask(given.refresh_token) == (400, "invalid_grant")


def test_throttles_and_the_log() -> None:
    with running(limits=Limits(per_second=3, per_minute=6, batches_per_minute=1)) as twin:
        now = 1000.0
        twin.realm.time = lambda: now
        answers = [twin.get("preferences") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert [answer.headers["content-type"] for answer in answers[3:]] == ["application/xml", "application/json"]
        assert 'code="3001"' in answers[3].text
        now = 1001.5
        assert twin.post("batch", {"BatchItemRequest": []}).status_code == 200
        assert twin.post("batch", {"BatchItemRequest": []}).status_code == 429
        assert [twin.get("preferences").status_code for _ in range(2)] == [200, 200]
        now = 1003.0
        assert twin.get("preferences").status_code == 429
        now = 1063.0
        assert twin.get("preferences").status_code == 200
        assert [entry["at"] for entry in twin.realm.log] == [1000.0] * 5 + [1001.5] * 4 + [1003.0, 1063.0]
        assert [entry["path"] for entry in twin.realm.log][5] == "batch"


def test_an_answer_is_xml_unless_json_is_asked_for(twin: Twin) -> None:
    answer = twin.session.get(f"{twin.base}/companyinfo/9341", headers={"Accept": "*/*"}, timeout=20)
    assert answer.headers["content-type"] == "application/xml"
    assert "<CompanyName>Tieout Demo Company</CompanyName>" in answer.text
    assert twin.session.post(f"{twin.base}/query", data="select * from Invoice", timeout=20).status_code == 415


def test_rates(twin: Twin) -> None:
    found = twin.get("exchangerate", sourcecurrencycode="EUR", asofdate="2026-05-05").json()["ExchangeRate"]
    assert (found["Rate"], found["AsOfDate"], found["TargetCurrencyCode"]) == (1.1, "2026-05-05", "USD")
    assert Decimal(str(found["Rate"])) == Decimal("1.1")


def test_a_gate_stands_in_front_and_the_log_is_told() -> None:
    told: list[dict[str, Any]] = []
    one = realm()

    def gate(inner: ASGIApp) -> ASGIApp:
        async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
            answer = system_failure().response() if scope["path"].endswith("/preferences") else inner
            await answer(scope, receive, send)

        return refuse

    with serve(one, gate=gate, log=told.append) as root:
        twin = Twin(root, one)
        assert twin.get("preferences").json()["Fault"]["Error"][0]["code"] == "10000"
        assert twin.get("companyinfo/1").status_code == 200
    assert [(entry["system"], entry["realm"], entry["path"], entry["status"]) for entry in told] == [
        ("quickbooks", REALM, "companyinfo/1", 200)
    ]
