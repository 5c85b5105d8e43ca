"""The NetSuite writer's rules without sockets: bodies, refusals before sending, periods, and what counts as ours."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from pipelines.connections import Connection
from pipelines.netsuite import bodies, periods
from pipelines.netsuite.errors import ApiError, Denied
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.netsuite.writer import NetSuiteWriter
from pipelines.system import Intent, Rejected, Transient

SETTINGS = NetSuiteSettings(
    account_id="7311001",
    auth="oauth1",
    consumer_key="${A}",
    consumer_secret="${A}",
    token_id="${A}",
    token_secret="${A}",
)  # type: ignore[arg-type]
OPEN = {
    "periodname": "Nov 2026",
    "startdate": "2026-11-01",
    "enddate": "2026-11-30",
    "closed": "F",
    "arlocked": "F",
    "alllocked": "F",
}
CLOSED = {**OPEN, "periodname": "Oct 2026", "startdate": "2026-10-01", "enddate": "2026-10-31", "arlocked": "T"}
PAYMENT = {
    "customer_id": "12", "currency": "EUR", "amount": "250.10", "date": "2026-11-02", "memo": "ch_1", "method": "5", "account": None,
    "subsidiary_id": "2", "applications": [
        {"document_id": "104", "line": None, "document_type": "invoice", "amount": "270.10"},
        {"document_id": "77.3", "line": None, "document_type": "journal", "amount": "5.00"},
        {"document_id": "105", "line": 0, "document_type": "credit_note", "amount": "25.00"},
    ],
}  # fmt: skip
DEPOSIT = {
    "account": "217", "currency": "EUR", "date": "2026-11-02", "memo": "po_1", "total": "97.30", "subsidiary_id": "2",
    "payments": [{"payment_id": "905", "amount": "100.00"}],
    "other": [{"account": "58", "amount": "-2.70", "memo": "fee", "entity": "3"}],
}  # fmt: skip


def intent(kind: str, payload: dict[str, Any], **changes: Any) -> Intent:
    return Intent(f"tieout_{kind}_1", "books_emea", kind, {**payload, **changes})


class Answers:
    """A client that answers from a list of (start of query, rows) and keeps what was written."""

    connection = "books_emea"

    def __init__(self, *rows: tuple[str, list[dict[str, Any]]]) -> None:
        self.rows = dict(rows)
        self.written: list[Any] = []
        self.fail: Exception | None = None

    def query(self, query: str, params: Any = ()) -> list[dict[str, Any]]:
        return next((rows for start, rows in self.rows.items() if start in query), [])

    def scalar(self, query: str, params: Any = ()) -> dict[str, Any]:
        return (self.query(query, params) or [{}])[0]

    def create(self, record: str, body: Any) -> str:
        self.written.append((record, orjson.loads(orjson.dumps(body))))
        if self.fail:
            raise self.fail
        return "906"


CURRENCIES = ("currency y", [{"id": "4", "symbol": "EUR"}])


def writer(*rows: tuple[str, list[dict[str, Any]]]) -> tuple[NetSuiteWriter, Answers]:
    answers = Answers(CURRENCIES, ("accountingperiod", [OPEN]), *rows)
    return NetSuiteWriter(Connection("books_emea", "netsuite", SETTINGS), answers), answers  # type: ignore[arg-type]


def test_a_payment_is_sent_with_exact_amounts_and_its_own_sublists() -> None:
    body = bodies.payment(intent("payment", PAYMENT), "4", "2026-11-02")
    text = orjson.dumps(body).decode()
    assert '"payment":250.10' in text
    sent = orjson.loads(text)
    assert sent["apply"]["items"] == [
        {"doc": {"id": "104"}, "line": 0, "apply": True, "amount": 270.10},
        {"doc": {"id": "77"}, "line": 3, "apply": True, "amount": 5.0},
    ]
    assert sent["credit"]["items"][0]["doc"] == {"id": "105"}
    assert "account" not in sent  # Undeposited Funds
    assert sent["externalId"] == "tieout_payment_1"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "1.00"}, "applies"),
        ({"amount": "0"}, "positive"),
        ({"amount": "x"}, "not an amount"),
        ({"amount": "NaN"}, "not an amount"),
    ],
)
def test_a_payment_that_cannot_be_right_is_never_sent(changes: dict[str, str], words: str) -> None:
    with pytest.raises(Rejected, match=words):
        bodies.payment(intent("payment", PAYMENT, **changes), "4", "2026-11-02")


def test_a_deposit_that_does_not_tie_to_the_cent_is_never_sent() -> None:
    made, client = writer()
    with pytest.raises(Rejected, match=r"sum to 97\.30, not to its total of 97\.31"):
        made.create(intent("deposit", DEPOSIT, total="97.31"))
    with pytest.raises(Rejected, match="negative"):
        made.create(intent("deposit", DEPOSIT, total="-2.70", payments=[]))
    assert client.written == []


def test_a_deposit_of_a_payment_with_another_amount_in_netsuite_is_never_sent() -> None:
    made, client = writer(("'CustRfnd'", [{"id": "905", "type": "CustPymt", "foreigntotal": "99.99"}]))
    with pytest.raises(Rejected, match=r"payment 905: 99\.99 in NetSuite, 100\.00 planned"):
        made.create(intent("deposit", DEPOSIT))
    assert client.written == []


def test_a_deposits_fee_is_a_negative_line_on_the_fee_account() -> None:
    made, client = writer(("'CustRfnd'", [{"id": "905", "type": "CustPymt", "foreigntotal": "100"}]))
    assert made.create(intent("deposit", DEPOSIT)) == "906"
    record, body = client.written[0]
    assert record == "deposit"
    assert body["other"]["items"] == [{"account": {"id": "58"}, "amount": -2.70, "entity": {"id": "3"}, "memo": "fee"}]
    assert body["payment"]["items"] == [{"id": "905", "deposit": True}]


FOUND = {"id": "905", "type": "CustPymt", "entity": "12", "currency": "4", "foreigntotal": "250.1"}


def test_what_carries_our_key_and_is_equal_is_found() -> None:
    made, _client = writer(("externalid", [FOUND]))
    assert made.find(intent("payment", PAYMENT)) == "905"


@pytest.mark.parametrize(
    "change", [{"foreigntotal": "250.11"}, {"entity": "13"}, {"currency": "1"}, {"type": "CustRfnd"}]
)
def test_what_carries_our_key_and_differs_is_an_error_never_an_update(change: dict[str, str]) -> None:
    made, client = writer(("externalid", [{**FOUND, **change}]))
    with pytest.raises(Rejected, match="already carries the key"):
        made.find(intent("payment", PAYMENT))
    assert client.written == []


def test_already_exists_is_success_only_if_it_is_ours() -> None:
    words = "Error while accessing a resource. This entity already exists."
    made, client = writer(("externalid", [FOUND]))
    client.fail = Denied(ApiError(400, "USER_ERROR", words))
    assert made.create(intent("payment", PAYMENT)) == "905"
    made, client = writer()
    client.fail = Denied(ApiError(400, "USER_ERROR", words))
    with pytest.raises(Rejected) as caught:
        made.create(intent("payment", PAYMENT))
    assert str(caught.value) == words


def test_a_lost_answer_is_not_sent_again() -> None:
    made, client = writer()
    client.fail = Transient("no answer")
    with pytest.raises(Transient):
        made.create(intent("payment", PAYMENT))
    assert len(client.written) == 1


def test_unknown_currencies_and_kinds_are_refused_before_sending() -> None:
    made, client = writer()
    with pytest.raises(Rejected, match="no currency XXX"):
        made.create(intent("payment", PAYMENT, currency="XXX"))
    with pytest.raises(Rejected, match="not refund"):
        made.create(intent("refund", PAYMENT))
    with pytest.raises(Rejected, match="only a customer payment"):
        made.find(intent("reversal", {"payment_id": "905", "payment_type": "DepAppl"}))
    assert client.written == []


def test_a_reversal_of_an_unapplied_payment_is_found() -> None:
    exists = ("type = 'CustPymt'", [{"id": "905"}])
    payload = {"payment_id": "905", "payment_type": "CustPymt", "memo": None}
    assert writer(exists, ("COUNT", [{"amount": "0"}]))[0].find(intent("reversal", payload)) == "905"
    assert writer(exists, ("COUNT", [{"amount": "2"}]))[0].find(intent("reversal", payload)) is None
    assert (
        writer()[0].find(intent("reversal", payload)) is None
    )  # the payment is gone: create will say so in NetSuite's words


def test_a_closed_period_holds_or_moves_the_write() -> None:
    client: Any = Answers(("accountingperiod", [CLOSED, OPEN]))
    with pytest.raises(Rejected, match="Oct 2026, which is closed"):
        periods.posting_day(client, "2026-10-20", "hold")
    assert periods.posting_day(client, "2026-10-20", "next_open") == "2026-11-01"
    assert periods.posting_day(Answers(("accountingperiod", [OPEN])), "2026-11-20", "hold") == "2026-11-20"  # type: ignore[arg-type]
    assert periods.posting_day(Answers(), "2026-11-20", "hold") == "2026-11-20"  # type: ignore[arg-type]


def test_amounts_keep_their_digits() -> None:
    assert orjson.dumps({"a": bodies.exact(Decimal("1E+3"))}) == b'{"a":1000}'
    assert orjson.dumps({"a": bodies.exact(Decimal("12345678901234.10"))}) == b'{"a":12345678901234.10}'
