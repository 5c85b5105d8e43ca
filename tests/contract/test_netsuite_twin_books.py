"""The books behind the NetSuite twin: double entry, balances, what touches what; and the public client `netsuite` against them."""

from __future__ import annotations

import asyncio
import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from netsuite import Config, NetSuiteRestApi, TokenAuth
from netsuite.exceptions import NetsuiteAPIRequestError

from pipelines.netsuite.twin import Books, JournalLine, Line, OtherLine, Refused

from .netsuite_twin_kit import (
    BANK,
    BANK_EUR,
    FEES,
    RECEIVABLE,
    SALES,
    START,
    Twin,
    books,
    invoice,
    made_account,
    payment,
    serve,
)

EURO: dict[str, Any] = {"currency": "2", "subsidiary": "2", "customer": "203"}


def _one(made: Books, sql: str) -> dict[str, Any]:
    (row,) = made.rows(sql)
    return row


def test_every_transaction_balances_in_both_currencies() -> None:
    made = books()
    lines = [Line(SALES, Decimal("0.33"), None, None, None)] * 3
    owed = invoice(made, lines=lines, exchange_rate=Decimal("1.12345678"), **EURO)
    common = {**EURO, "exchange_rate": Decimal("1.2"), "date": date(2026, 10, 9), "at": START}
    paid = made.post_payment(**common, amount=Decimal("0.99"), apply=[(owed, Decimal("0.99"))])
    credit = made.post_credit_memo(**common, lines=lines)
    made.post_refund(**common, amount=Decimal("0.50"), account=BANK_EUR, apply=[(credit, Decimal("0.50"))])
    del common["customer"]
    made.post_deposit(
        **{**common, "exchange_rate": Decimal("1.3")},
        account=BANK_EUR,
        payments=[paid],
        other=[OtherLine(FEES, Decimal("-0.07"))],
    )
    made.post_journal(
        **common,
        lines=[
            JournalLine(FEES, debit=Decimal("0.01")),
            JournalLine(SALES, debit=Decimal("0.01")),
            JournalLine(RECEIVABLE, credit=Decimal("0.02"), entity="203"),
        ],
    )
    sums = made.rows(
        "select l.transaction, sum(l.foreignamount) f, sum(a.amount) b, sum(coalesce(a.debit, 0)) d, sum(coalesce(a.credit, 0)) c from transactionline l join transactionaccountingline a on a.transaction = l.transaction and a.transactionline = l.id group by all"
    )
    assert len(sums) == 6
    assert all(row["f"] == 0 and row["b"] == 0 and row["d"] == row["c"] != 0 for row in sums)
    assert made.rows("select distinct subsidiary from transactionline") == [{"subsidiary": 2}]


def test_applying_and_unapplying() -> None:
    made = books()
    first, second = invoice(made, "100"), invoice(made, "50")
    later = START + timedelta(hours=1)
    paid = payment(made, "120", ((first, Decimal(100)),), at=START)
    assert _one(made, f"select status, foreignamountunpaid u, closedate, lastmodifieddate m from transaction where id = {first}") == {
        "status": "B", "u": 0, "closedate": date(2026, 10, 20), "m": START,
    }  # fmt: skip
    made.set_applications(paid, [(first, Decimal(70)), (second, Decimal(50))], at=later)
    assert made.doc(second).state() == "B"
    assert _one(
        made, f"select foreignpaymentamountunused u from transactionline where transaction = {paid} and id = 0"
    ) == {"u": 0}
    made.set_applications(paid, [], at=later + timedelta(hours=1))
    rows = made.rows(
        f"select id, status, foreignamountunpaid u, lastmodifieddate m from transaction where id in ({first}, {second}) order by id"
    )
    assert [(row["status"], row["u"]) for row in rows] == [("A", 100), ("A", 50)]
    # The payment is touched; only one of the two invoices is: a reader may not count on it.
    assert [row["m"] == later + timedelta(hours=1) for row in rows] == [False, True]
    assert made.rows("select foreignamount a from nexttransactionlinelink") == [{"a": 0}]
    with pytest.raises(Refused):
        made.set_applications(paid, [(first, Decimal(121))], at=later)


def test_journals_refunds_deletions_and_voids() -> None:
    made = books()
    owed = invoice(made, "100")
    lines = [JournalLine(FEES, debit=Decimal(5)), JournalLine(RECEIVABLE, credit=Decimal(5), entity="201")]
    journal = made.post_journal(
        subsidiary="1", currency="1", exchange_rate=Decimal(1), date=date(2026, 10, 6), lines=lines, at=START
    )
    made.set_applications(f"{journal}.1", [(owed, Decimal(5))], at=START)
    link = _one(
        made,
        f"select nextdoc, nextline, previousdoc, foreignamount from nexttransactionlinelink where nextdoc = {journal}",
    )
    assert link == {"nextdoc": int(journal), "nextline": 1, "previousdoc": int(owed), "foreignamount": 5}
    paid = payment(made, "95", ((owed, Decimal(95)),))
    made.delete(paid, at=START)
    assert (made.doc(owed).state(), made.doc(owed).items[0].open) == ("A", 95)
    made.edit(owed, voided=True, at=START)
    assert _one(
        made, f"select status, voided, foreigntotal t, foreignamountunpaid u from transaction where id = {owed}"
    ) == {"status": "V", "voided": "T", "t": 0, "u": 0}
    assert made.rows(f"select 1 from nexttransactionlinelink where previousdoc = {owed} and foreignamount > 0") == []
    assert _one(made, "select recordid, scriptid from deletedrecord") == {
        "recordid": int(paid),
        "scriptid": "customerpayment",
    }
    over = payment(made, "10")
    refund = made.post_refund(
        customer="201",
        subsidiary="1",
        currency="1",
        exchange_rate=Decimal(1),
        date=date(2026, 10, 21),
        amount=Decimal(10),
        account=BANK,
        at=START,
        apply=[(over, Decimal(10))],
    )
    assert _one(
        made, f"select previousdoc p, previoustype t from nexttransactionlinelink where nextdoc = {refund}"
    ) == {"p": int(over), "t": "CustPymt"}
    assert made.doc(over).items[0].open == 0


def test_bad_rows_name_table_and_column() -> None:
    made = books()
    with pytest.raises(ValueError, match="no table 'custom'"):
        made.add("custom", id="1")
    with pytest.raises(ValueError, match="customer has no column nmae"):
        made.add("customer", id="1", nmae="x")
    with pytest.raises(ValueError, match="float"):
        made.add("currency", id="9", exchangerate=1.5)
    with pytest.raises(ValueError, match="customer 999 does not exist"):
        invoice(made, customer="999")
    with pytest.raises(ValueError, match="two decimals"):
        invoice(made, "1.001")


def test_bulk_posting_is_cheap() -> None:
    made = books()
    lines = [Line(SALES, Decimal(1), "a", "501", Decimal(1))] * 3
    began = time.perf_counter()
    for number in range(10_000):
        invoice(made, lines=lines, at=START + timedelta(seconds=number))
    made.flush()
    assert time.perf_counter() - began < 6  # a hundred thousand in a minute
    assert _one(made, "select count(*) n from transactionaccountingline") == {"n": 40_000}


class PublicClient(NetSuiteRestApi):  # type: ignore[misc]
    """The public client, sent to the twin instead of its derived host."""

    base = ""

    def _make_url(self, subpath: str) -> str:
        return f"{self.base}/services/rest{subpath}"


def test_the_public_client() -> None:
    account = made_account(books())
    owed = invoice(account.books, "100")
    held = account.credentials.tokens[0]
    auth = TokenAuth(
        consumer_key=held.consumer_key,
        consumer_secret=held.consumer_secret,
        token_id=held.token_id,
        token_secret=held.token_secret,
    )
    with serve(account) as root:
        client = PublicClient(Config(account=account.books.account_id, auth=auth))
        client.base = Twin(root, account).base

        async def talk() -> None:
            found = await client.suiteql(
                "SELECT id, foreignamountunpaid AS u FROM transaction WHERE type = 'CustInvc'", limit=10
            )
            assert [(row["id"], row["u"]) for row in found["items"]] == [(owed, "100")]
            record = await client.get(f"/record/v1/invoice/{owed}", params={"expandSubResources": "true"})
            assert (record["total"], record["item"]["count"]) == (100.0, 1)
            body = {
                "externalId": "pub_1",
                "customer": {"id": "201"},
                "payment": 40.0,
                "apply": {"items": [{"doc": {"id": owed}, "amount": 40.0}]},
            }
            assert await client.post("/record/v1/customerPayment", json=body) is None
            with pytest.raises(NetsuiteAPIRequestError, match="already exists"):
                await client.post("/record/v1/customerPayment", json=body)
            await client.patch("/record/v1/customerPayment/eid:pub_1", json={"memo": "from the public client"})
            assert (await client.get("/record/v1/customerPayment/eid:pub_1"))["memo"] == "from the public client"
            await client.delete("/record/v1/customerPayment/eid:pub_1")
            assert (await client.suiteql("SELECT recordid FROM deletedrecord"))["totalResults"] == 1
            assert "/invoice" in (await client.openapi(["invoice"]))["paths"]

        asyncio.run(talk())
