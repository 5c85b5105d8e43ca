"""SuiteQL of the NetSuite twin: what it answers, in which form, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipelines.netsuite.twin.tables import TABLES

from .netsuite_twin_kit import START, Twin, books, contract, invoice, made_account, payment, seed_columns, serve


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    made = books()
    first = invoice(made, "100.00", at=datetime(2026, 7, 1, 5, 30, tzinfo=UTC))
    invoice(
        made,
        "200.50",
        memo='quote " \\ é',
        po_contact="po@x.example",
        at=datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
    )
    payment(made, "60.00", ((first, Decimal(60)),))
    made.delete(invoice(made, "5"), at=START - timedelta(days=1))
    made.add("contact", id="301", entityid="Ann", company="201", email="ann@x.example")
    account = made_account(made)
    with serve(account) as root:
        yield Twin(root, account)


def _error(answer: Any) -> tuple[int, str, str]:
    detail = answer.json()["o:errorDetails"][0]
    return answer.status_code, detail["o:errorCode"], detail["detail"]


def test_every_column_is_in_the_contract() -> None:
    known = contract("suiteql_tables.json")["tables"]
    for table, columns in TABLES.items():
        if table in (
            "file",
            "customercategory",
        ):  # NetSuite's records catalog has them; the contract, about receivables, has not
            continue
        if table == "entityaddress":
            assert set(columns) <= set(seed_columns("netsuite2_entity_address_data.csv"))
            continue
        assert {name for name in columns if not name.startswith("cust")} <= set(known[table]["columns"]), table


def test_the_envelope_is_the_sample_s(twin: Twin) -> None:
    answer = twin.query(
        "SELECT id, tranid, TO_CHAR(lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS lm FROM transaction ORDER BY id",
        limit=2,
    )
    sample = contract("netsuite_samples.json")["suiteql_response"]
    body = answer.json()
    assert set(body) == set(sample)
    assert (body["count"], body["hasMore"], body["offset"], body["totalResults"]) == (2, True, 0, 3)
    assert [link["rel"] for link in body["links"]] == [link["rel"] for link in sample["links"]]
    assert body["links"][0]["href"].endswith("/services/rest/query/v1/suiteql?limit=2&offset=2")
    assert set(body["items"][0]) == {"links", "id", "tranid", "lm"}
    last = twin.query("SELECT id FROM transaction ORDER BY id", limit=2, offset=2).json()
    assert (last["count"], last["hasMore"], [link["rel"] for link in last["links"]]) == (
        1,
        False,
        ["first", "prev", "self"],
    )


def test_values_are_strings_and_nulls_are_absent(twin: Twin) -> None:
    first, second = twin.rows(
        "SELECT id, memo, foreigntotal, posting, trandate, exchangerate X, createddate FROM transaction WHERE type = 'CustInvc' ORDER BY id"
    )
    assert first == {
        "id": "1001", "foreigntotal": "100", "posting": "T", "trandate": "10/5/2026", "x": "1", "createddate": "6/30/2026",
    }  # fmt: skip
    assert (second["memo"], second["foreigntotal"]) == ('quote " \\ é', "200.5")


def test_instants_are_in_the_account_s_zone(twin: Twin) -> None:
    shown = twin.rows(
        "SELECT TO_CHAR(createddate, 'YYYY-MM-DD HH24:MI:SS') c FROM transaction WHERE id IN (1001, 1002) ORDER BY id"
    )
    assert [row["c"] for row in shown] == ["2026-06-30 22:30:00", "2026-12-31 15:59:59"]  # summer and winter offsets
    since = "SELECT id FROM transaction WHERE createddate >= TO_DATE('2026-06-30 {}','YYYY-MM-DD HH24:MI:SS') AND type = 'CustInvc' ORDER BY id"
    assert [row["id"] for row in twin.rows(since.format("22:30:00"))] == ["1001", "1002"]
    assert [row["id"] for row in twin.rows(since.format("22:30:01"))] == ["1002"]
    now = twin.account.books.clock.now()
    (clock,) = twin.rows("SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') AS now FROM dual")
    assert clock["now"] == now.astimezone(twin.account.books.zone).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT COUNT(*) n, SUM(foreigntotal) s, type FROM Transaction GROUP BY type ORDER BY type", [{"n": "2", "s": "300.5", "type": "CustInvc"}, {"n": "1", "s": "60", "type": "CustPymt"}]),
        ("SELECT COUNT(*) FROM transaction WHERE type = 'CustCred'", [{"expr1": "0"}]),
        ("SELECT SUM(foreigntotal) s FROM transaction WHERE type = 'CustCred'", [{}]),
        ("SELECT NVL(memo, 'none') m, UPPER(type) || '-' || LOWER(status) u FROM transaction WHERE id = 1001", [{"m": "none", "u": "CUSTINVC-a"}]),
        ("SELECT BUILTIN.DF(entity) e, BUILTIN.DF(status) s, BUILTIN.CF(status) c, BUILTIN.DF(currency) y FROM transaction WHERE id = '1001'", [{"e": "Customer 201", "s": "Invoice : Open", "c": "CustInvc:A", "y": "US Dollar"}]),
        ("SELECT t.id, tl.subsidiary FROM transaction t JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T' WHERE t.id < 1002", [{"id": "1001", "subsidiary": "1"}]),
        ("SELECT id FROM transaction WHERE ROWNUM <= 1", [{"id": "1001"}]),
        ("SELECT id FROM transaction ORDER BY id DESC FETCH FIRST 1 ROWS ONLY", [{"id": "1003"}]),
        ("SELECT TOP 1 id FROM transaction ORDER BY id DESC", [{"id": "1003"}]),
        ("SELECT a.id FROM (SELECT id, lastmodifieddate lm FROM transaction) a WHERE a.lm > TO_DATE('2026-12-01','YYYY-MM-DD')", [{"id": "1002"}]),
        ("SELECT id FROM transaction WHERE EXISTS (SELECT 1 FROM nexttransactionlinelink l WHERE l.nextdoc = transaction.id AND l.foreignamount > 0)", [{"id": "1003"}]),
        ("SELECT email FROM contact WHERE company IN (SELECT id FROM customer WHERE entityid LIKE 'Customer 2%')", [{"email": "ann@x.example"}]),
        ("SELECT CASE WHEN foreignamountunpaid > 100 THEN 'big' ELSE 'small' END b FROM transaction WHERE type='CustInvc' ORDER BY id", [{"b": "small"}, {"b": "big"}]),
        ("SELECT custbody_po_contact_email p FROM transaction WHERE custbody_po_contact_email IS NOT NULL", [{"p": "po@x.example"}]),
        ("SELECT scriptid, recordtypeid, recordid, type FROM deletedrecord WHERE deleteddate >= TO_DATE('2026-01-01','YYYY-MM-DD')", [{"scriptid": "invoice", "recordtypeid": "-30", "recordid": "1004", "type": "Invoice"}]),
    ],
)  # fmt: skip
def test_the_dialect(twin: Twin, text: str, expected: list[dict[str, str]]) -> None:
    assert twin.rows(text) == expected


def test_params(twin: Twin) -> None:
    assert twin.rows("SELECT id FROM transaction WHERE type = ? AND id > ? ORDER BY id", "CustInvc", "1001") == [
        {"id": "1002"}
    ]
    assert twin.rows("SELECT id FROM transaction WHERE id = ? AND memo = ?", 1002, 'quote " \\ é') == [{"id": "1002"}]
    assert twin.rows("SELECT id FROM transaction WHERE memo = ?", "'; DROP TABLE x --") == []
    assert _error(twin.query("SELECT id FROM transaction WHERE id = ?"))[:2] == (400, "INVALID_PARAMETER")


def test_a_statement_asked_again_with_other_values_is_answered_as_if_it_were_the_first(twin: Twin) -> None:
    by_memo = "SELECT id FROM transaction WHERE memo = ? AND id > ? ORDER BY id"
    memo = 'quote " \\ é'
    assert [twin.query(by_memo, text, "0").json()["count"] for text in ("it's", memo, "' OR 1 = 1 --", memo)] == [
        0,
        1,
        0,
        1,
    ]
    assert twin.query(by_memo, memo, "x").status_code == 400
    assert twin.query(by_memo, memo, "0").json()["count"] == 1
    shown = "SELECT TO_CHAR(trandate, ?) AS day FROM transaction WHERE id > ? ORDER BY id"
    for pattern in ("YYYY", "MM"):
        fresh = f"SELECT TO_CHAR(trandate, '{pattern}') AS day FROM transaction WHERE id > '0' ORDER BY id"
        assert twin.query(shown, pattern, "0").json()["items"] == twin.query(fresh).json()["items"]
    bad = "SELECT id FROM transaction WHERE trandate > ? ORDER BY id"
    assert [twin.query(bad, text).status_code for text in ("2026-01-01", "1/1/2026")] == [400, 400]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM foo",
        "SELECT foo FROM transaction",
        "SELECT transaction.foo FROM transaction",
        "SELECT subsidiary FROM transaction",
        "WITH a AS (SELECT id FROM transaction) SELECT id FROM a",
        "SELECT id FROM transaction WHERE lastmodifieddate >= '2026-01-01'",
        "SELECT id FROM transaction WHERE trandate BETWEEN '1/1/2026' AND '2/1/2026'",
        "SELECT id FROM transaction WHERE trandate = DATE '2026-01-01'",
        f"SELECT id FROM transaction WHERE id IN ({','.join(map(str, range(1001)))})",
        "SELECT id FROM transaction LIMIT 5",
        "SELECT memo + 'x' FROM transaction",
        "SELECT id, id FROM transaction",
        "SELECT id FROM transaction t JOIN transactionline l ON l.transaction = t.id",
        "SELECT MD5(memo) FROM transaction",
        "SELECT READ_CSV('x') FROM dual",
        "SELECT * FROM information_schema.tables",
        "SELECT id FROM transaction; DELETE FROM transaction",
        "DELETE FROM transaction",
        "SELECT id FROM transaction WHERE id = 'abc'",
        "SELECT type, COUNT(*) FROM transaction",
        "not a query",
    ],
)  # fmt: skip
def test_what_suiteql_refuses(twin: Twin, text: str) -> None:
    status, code, detail = _error(twin.query(text))
    assert (status, code) == (400, "INVALID_PARAMETER")
    assert detail.startswith("Invalid search query. Detailed unprocessed description follows. ")


def test_request_strictness(twin: Twin) -> None:
    good = "SELECT id FROM transaction ORDER BY id"
    assert twin.query(good, headers={}).status_code == 400
    assert twin.query(good, limit=1001).status_code == 400
    assert twin.query(good, limit=0).status_code == 400
    assert twin.query(good, limit=2, offset=1).status_code == 400
    assert twin.query(good, limit=1000, offset=100_000).status_code == 400
    assert twin.call("GET", "/query/v1/suiteql", headers={"Prefer": "transient"}).status_code == 405
    assert twin.call("POST", "/query/v1/suiteql", {"q": ""}, headers={"Prefer": "transient"}).status_code == 400
    assert twin.call("POST", "/query/v1/suiteql", [1], headers={"Prefer": "transient"}).status_code == 400


def test_a_statement_without_order_is_unstable() -> None:
    made = books()
    for number in range(3000):
        invoice(made, "1.00", at=START + timedelta(seconds=number))
    account = made_account(made)

    def seen(text: str) -> int:
        pages = [account.suiteql.page(text, (), account.role, 1000, offset).items for offset in range(0, 3000, 1000)]
        rows = b",".join(pages).split(b",{")
        assert len(rows) == 3000
        return len({row.strip(b"{") for row in rows})

    assert seen("SELECT id FROM transaction ORDER BY id") == 3000
    assert seen("SELECT id FROM transaction") < 3000


def test_a_hundred_thousand_rows_are_the_end(twin: Twin) -> None:
    many = " UNION ALL ".join(
        ["SELECT a.id FROM transactionline a, transactionline b, transactionline c, transactionline d"] * 100
    )
    answer = twin.query(f"{many} ORDER BY id", limit=1000, offset=99_000).json()
    assert (answer["totalResults"], answer["count"], answer["hasMore"]) == (129_600, 1000, True)
    assert twin.query(f"{many} ORDER BY id", limit=1000, offset=100_000).status_code == 400
