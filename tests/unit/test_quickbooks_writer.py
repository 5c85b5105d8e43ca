"""What the QuickBooks writer sends and refuses, against a client that only notes it."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from pipelines.connections import Connection
from pipelines.quickbooks import exact, keys
from pipelines.quickbooks.errors import ApiError, Denied, Deposited, NotFound, Stale
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.transport import Row
from pipelines.quickbooks.writer import QuickBooksWriter
from pipelines.system import CannotFind, Intent, Rejected
from tests.unit.test_quickbooks_pure import settings


def error(code: str, detail: str = "No") -> ApiError:
    return ApiError(400, code, "Message", detail)


def account(record_id: str, kind: str, sub: str = "", currency: str = "USD") -> Row:
    return {
        "Id": record_id,
        "AccountType": kind,
        "AccountSubType": sub,
        "Active": True,
        "CurrencyRef": {"value": currency},
    }


class Fake:
    """The calls a writer makes. `records` by entity and id; `refusals` are raised by the next writes, in order."""

    connection = "books"
    server_time = None

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Row]] = {
            "Account": {
                row["Id"]: row
                for row in (
                    account("4", "Other Current Asset", "UndepositedFunds"), account("35", "Bank", "Checking"), account("60", "Expense"),
                    account("84", "Accounts Receivable", "AccountsReceivable"), account("70", "Other Current Asset", "Other"),
                )
            },
            "Preferences": {"1": {"Id": "1", "CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}, "AccountingInfoPrefs": {}}},
        }  # fmt: skip
        self.sent: list[tuple[str, str, Row, str]] = []
        self.refusals: list[Exception] = []
        self.replayed: dict[str, Row] = {}

    def query(self, statement: str) -> list[Row]:
        words = statement.split()
        rows = list(self.records.get(words[3], {}).values())
        if "PaymentRefNum" in statement or "DocNumber" in statement:
            field = "PaymentRefNum" if "PaymentRefNum" in statement else "DocNumber"
            rows = [row for row in rows if f"'{row.get(field)}'" in statement]
        elif "WHERE Id" in statement:
            rows = [row for row in rows if f"'{row['Id']}'" in statement]
        return rows

    def read(self, entity: str, record_id: str) -> Row:
        if record_id not in self.records.get(entity, {}):
            raise NotFound(error("610"))
        return self.records[entity][record_id]

    def create(self, entity: str, body: Any, request_id: str) -> Row:
        sent = orjson.loads(exact.encoded(body))
        self.sent.append(("create", entity, sent, request_id))
        if self.refusals:
            raise self.refusals.pop(0)
        if request_id in self.replayed:
            return self.replayed[request_id]
        record_id = str(900 + len(self.sent))
        lines = sum((Decimal(str(line["Amount"])) for line in sent["Line"]), Decimal(0))
        made = {**sent, "Id": record_id, "TotalAmt": Decimal(str(sent.get("TotalAmt", lines)))}
        self.records.setdefault(entity, {})[record_id] = made
        return made

    def update(self, entity: str, body: Any, request_id: str) -> Row:
        sent = orjson.loads(exact.encoded(body))
        self.sent.append(("update", entity, sent, request_id))
        if self.refusals:
            raise self.refusals.pop(0)
        return sent

    def close(self) -> None:
        return None


def writer(fake: Fake, **changes: Any) -> QuickBooksWriter:
    made: QuickBooksSettings = settings(**changes)
    return QuickBooksWriter(Connection("books", "quickbooks", made), fake)  # type: ignore[arg-type]


def payment(**changes: Any) -> Intent:
    payload = {
        "customer_id": "58", "currency": "USD", "amount": "250.00", "date": "2026-11-02", "memo": "ch_1", "method": "2", "account": None,
        "subsidiary_id": None, "applications": [{"document_id": "145", "line": None, "document_type": "invoice", "amount": "200.00"}],
    }  # fmt: skip
    return Intent("tieout_payment_ch_1_58", "books", "payment", {**payload, **changes})


def deposit(**changes: Any) -> Intent:
    payload = {
        "account": "35", "currency": "USD", "date": "2026-11-03", "memo": "po_1", "total": "246.50",
        "payments": [{"payment_id": "163", "amount": "250.00"}],
        "other": [{"account": "60", "amount": "-3.50", "memo": "Provider fees", "entity": "77"}],
    }  # fmt: skip
    return Intent("tieout_deposit_po_1", "books", "deposit", {**payload, **changes})


def booked(fake: Fake, **changes: Any) -> Row:
    row = {
        "Id": "163", "SyncToken": "1", "TotalAmt": Decimal("250.00"), "UnappliedAmt": Decimal("50.00"), "CustomerRef": {"value": "58"},
        "CurrencyRef": {"value": "USD"}, "MetaData": {"CreateTime": "x"}, "PrivateNote": "ch_1",
        "Line": [{"Amount": Decimal("200.00"), "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]}],
    }  # fmt: skip
    fake.records["Payment"] = {"163": {**row, **changes}}
    return fake.records["Payment"]["163"]


def reversal() -> Intent:
    payload = {"payment_id": "163", "payment_type": "payment", "memo": "dispute dp_1 took the money back"}
    return Intent("tieout_reversal_163_dp_1", "books", "reversal", payload)


def test_a_payment_goes_to_the_holding_account_and_is_applied() -> None:
    fake = Fake()
    record = writer(fake).create(payment())
    ((_, entity, sent, request),) = fake.sent
    assert entity == "Payment"
    assert request == keys.request_id("tieout_payment_ch_1_58")
    assert sent == {
        "CustomerRef": {"value": "58"}, "CurrencyRef": {"value": "USD"}, "TotalAmt": 250.0, "TxnDate": "2026-11-02",
        "PaymentRefNum": keys.reference("tieout_payment_ch_1_58"), "PrivateNote": "ch_1 [tieout_payment_ch_1_58]",
        "PaymentMethodRef": {"value": "2"}, "DepositToAccountRef": {"value": "4"},
        "Line": [{"Amount": 200.0, "LinkedTxn": [{"TxnId": "145", "TxnType": "Invoice"}]}],
    }  # fmt: skip
    assert writer(fake).find(payment()) == record


@pytest.mark.parametrize("holding", ["35", "70", "99"])
def test_only_undeposited_funds_holds_payments(holding: str) -> None:
    fake = Fake()
    with pytest.raises(Rejected, match="Undeposited Funds"):
        writer(fake, holding_account=holding).create(payment())
    assert fake.sent == []


def test_what_the_bank_statement_shows_goes_to_the_bank() -> None:
    fake = Fake()
    writer(fake, bank_accounts={"USD": "35"}).create(payment(account="35"))
    assert fake.sent[0][2]["DepositToAccountRef"] == {"value": "35"}
    for wrong, banks in (("60", {"USD": "60"}), ("36", {"USD": "35"})):
        with pytest.raises(Rejected):
            writer(fake, bank_accounts=banks).create(payment(account=wrong))
    assert len(fake.sent) == 1


def test_a_journal_line_and_a_credit_memo_are_linked() -> None:
    fake = Fake()
    applications = [
        {"document_id": "145", "document_type": "invoice", "amount": "200.00"},
        {"document_id": "150.1", "document_type": "journal", "amount": "60.00"},
        {"document_id": "151", "document_type": "credit_note", "amount": "10.00"},
    ]
    writer(fake).create(payment(applications=applications))
    links = [line["LinkedTxn"][0] for line in fake.sent[0][2]["Line"]]
    assert links[1:] == [
        {"TxnId": "150", "TxnType": "JournalEntry", "TxnLineId": "1"},
        {"TxnId": "151", "TxnType": "CreditMemo"},
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "100.00"}, {"amount": "x"}, {"amount": "-1"},
        {"applications": [{"document_id": "1", "document_type": "refund", "amount": "1"}]},
    ],
)  # fmt: skip
def test_a_payment_that_does_not_add_up_is_not_sent(changes: dict[str, Any]) -> None:
    fake = Fake()
    with pytest.raises(Rejected):
        writer(fake).create(payment(**changes))
    assert fake.sent == []


@pytest.mark.parametrize("changes", [{"amount": "251.00"}, {"customer_id": "59"}, {"currency": "EUR"}])
def test_the_same_key_with_another_payload_is_an_error(changes: dict[str, Any]) -> None:
    fake = Fake()
    writer(fake).create(payment())
    with pytest.raises(Rejected, match="already carries the key"):
        writer(fake).find(payment(**changes))


def test_two_records_under_one_key_are_for_a_person() -> None:
    fake = Fake()
    writer(fake).create(payment())
    fake.records["Payment"]["999"] = {**next(iter(fake.records["Payment"].values())), "Id": "999"}
    with pytest.raises(CannotFind, match="several"):
        writer(fake).find(payment())


def test_an_answer_about_a_deleted_record_is_asked_for_anew() -> None:
    fake = Fake()
    fake.replayed[keys.request_id(payment().key)] = {"Id": "500", "TotalAmt": Decimal("250.00")}
    made = writer(fake).create(payment())
    assert made in fake.records["Payment"]
    assert [request for *_, request in fake.sent] == [
        keys.request_id(payment().key),
        keys.request_id(payment().key, "500"),
    ]


def test_a_deposit_links_payments_without_detail_and_signs_its_other_lines() -> None:
    fake = Fake()
    booked(fake)
    record = writer(fake).create(deposit())
    sent = fake.sent[0][2]
    assert sent["DepositToAccountRef"] == {"value": "35"}
    assert sent["PrivateNote"] == "po_1 [tieout_deposit_po_1]"
    assert sent["Line"] == [
        {"Amount": 250.0, "LinkedTxn": [{"TxnId": "163", "TxnType": "Payment", "TxnLineId": "0"}]},
        {
            "Amount": -3.5, "DetailType": "DepositLineDetail", "Description": "Provider fees",
            "DepositLineDetail": {"AccountRef": {"value": "60"}, "Entity": {"value": "77", "type": "VENDOR"}},
        },
    ]  # fmt: skip
    assert writer(fake).find(deposit()) == record


@pytest.mark.parametrize(
    "changes",
    [
        {"total": "246.51"}, {"payments": [{"payment_id": "163", "amount": "250.00"}], "total": "-3.50"}, {"account": "60"},
        {"payments": [{"payment_id": "164", "amount": "250.00"}]},
        {"payments": [{"payment_id": "163", "amount": "249.00"}], "total": "245.50"},
        {"payments": [], "total": "-3.50"},
    ],
)  # fmt: skip
def test_a_deposit_that_does_not_tie_is_not_sent(changes: dict[str, Any]) -> None:
    fake = Fake()
    booked(fake)
    with pytest.raises(Rejected):
        writer(fake).create(deposit(**changes))
    assert fake.sent == []


def test_closed_books_hold_or_move_a_write() -> None:
    fake = Fake()
    fake.records["Preferences"]["1"]["AccountingInfoPrefs"] = {"BookCloseDate": "2026-11-30"}
    with pytest.raises(Rejected, match="closed up to 2026-11-30"):
        writer(fake).create(payment())
    writer(fake, closed_period="next_open").create(payment())
    assert fake.sent[0][2]["TxnDate"] == "2026-12-01"


def test_a_6000_is_told_with_its_diagnosis() -> None:
    fake = Fake()
    booked(fake)
    fake.refusals = [Denied(error("6000", "Select a bank account for this deposit"))]
    with pytest.raises(
        Rejected,
        match=r"Select a bank account for this deposit \(diagnosis: bank account setting or deposit line shape\)",
    ):
        writer(fake).create(deposit())


def test_an_undeposited_payment_is_unapplied_whole() -> None:
    fake = Fake()
    booked(fake)
    assert writer(fake).find(reversal()) is None
    assert writer(fake).create(reversal()) == "163"
    ((action, _, sent, _),) = fake.sent
    assert action == "update"
    assert sent["Line"] == []
    assert (sent["TotalAmt"], sent["SyncToken"], sent["PrivateNote"]) == (250.0, "1", "ch_1")
    assert not {"MetaData", "UnappliedAmt"} & set(sent)
    booked(fake, Line=[])
    assert writer(fake).find(reversal()) == "163"


def test_a_stale_payment_is_read_again_three_times_at_most() -> None:
    fake = Fake()
    booked(fake)
    fake.refusals = [Stale(error("5010")), Stale(error("5010"))]
    assert writer(fake).create(reversal()) == "163"
    fake.refusals = [Stale(error("5010"))] * 3
    with pytest.raises(Stale):
        writer(fake).create(reversal())
    assert len(fake.sent) == 6


@pytest.mark.parametrize("told", [True, False])
def test_a_deposited_payment_stays_and_its_receivable_is_reopened(told: bool) -> None:
    fake = Fake()
    booked(fake, **({"LinkedTxn": [{"TxnId": "170", "TxnType": "Deposit"}]} if told else {}))
    if not told:
        fake.refusals = [Deposited(error("6540"))]
    made = writer(fake, dispute_account="60").create(reversal())
    action, entity, sent, _ = fake.sent[-1]
    assert (action, entity, len(fake.sent)) == ("create", "JournalEntry", 1 if told else 2)
    debit, credit = (line["JournalEntryLineDetail"] for line in sent["Line"])
    assert {line["Amount"] for line in sent["Line"]} == {200.0}
    assert debit == {
        "PostingType": "Debit", "AccountRef": {"value": "84"}, "Entity": {"Type": "Customer", "EntityRef": {"value": "58"}},
    }  # fmt: skip
    assert credit == {"PostingType": "Credit", "AccountRef": {"value": "60"}}
    assert writer(fake).find(reversal()) == made


def test_without_a_dispute_account_a_deposited_payment_is_for_a_person() -> None:
    fake = Fake()
    booked(fake, LinkedTxn=[{"TxnId": "170", "TxnType": "Deposit"}])
    with pytest.raises(Rejected, match="dispute_account"):
        writer(fake).create(reversal())


def test_other_kinds_are_refused() -> None:
    with pytest.raises(Rejected, match="not refund"):
        writer(Fake()).create(Intent("k", "books", "refund", {}))
