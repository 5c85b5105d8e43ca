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
from pipelines.system import CannotFind, Intent, Rejected, Transient
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
    """The calls a writer makes. `records` by entity and id; `refusals` are raised by the next writes, in order; None lets one pass."""

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
        self.refusals: list[Exception | None] = []
        self.replayed: dict[str, Row] = {}

    def query(self, statement: str) -> list[Row]:
        words = statement.split()
        rows = list(self.records.get(words[3], {}).values())
        if "PaymentRefNum" in statement:
            rows = [row for row in rows if f"'{row.get('PaymentRefNum')}'" in statement]
        elif "DocNumber LIKE" in statement:
            begin = statement.split("'")[1].rstrip("%")
            rows = [row for row in rows if str(row.get("DocNumber")).startswith(begin)]
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
        self._refuse()
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
        self._refuse()
        self.records[entity][sent["Id"]] = {
            **self.records[entity][sent["Id"]],
            **sent,
            "UnappliedAmt": 0 if sent["Line"] else sent["TotalAmt"],
        }
        return sent

    def _refuse(self) -> None:
        refusal = self.refusals.pop(0) if self.refusals else None
        if refusal is not None:
            raise refusal

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


def reversal(**changes: Any) -> Intent:
    payload = {
        "payment_id": "163", "payment_type": "payment", "amount": "250.00", "currency": "USD", "memo": "dispute dp_1 took the money back",
    }  # fmt: skip
    return Intent("tieout_reversal_163_dp_1", "books", "reversal", {**payload, **changes})


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


def line(kind: str, document: str, amount: str, number: str | None = None) -> Row:
    shown = [{"value": {"Name": "txnReferenceNumber", "Value": number}}] if number else []
    return {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": document, "TxnType": kind}], "LineEx": {"any": shown}}


DEPOSITED: Row = {"LinkedTxn": [{"TxnId": "170", "TxnType": "Deposit"}]}


def test_without_a_dispute_account_a_payment_that_waits_is_unapplied_whole() -> None:
    fake = Fake()
    booked(fake)
    assert writer(fake).find(reversal()) is None
    assert writer(fake).create(reversal()) == "163"
    ((action, _, sent, _),) = fake.sent
    assert action == "update"
    assert sent["Line"] == []
    assert (sent["TotalAmt"], sent["SyncToken"], sent["PrivateNote"]) == (250.0, "1", "ch_1")
    assert not {"MetaData", "UnappliedAmt"} & set(sent)
    assert writer(fake).find(reversal()) == "163"


def test_a_payment_that_waits_points_at_a_journal_for_each_invoice_and_for_what_is_on_account() -> None:
    fake = Fake()
    lines = [
        line("Invoice", "145", "120.00", "10145"),
        line("Invoice", "146", "100.00"),
        line("CreditMemo", "151", "20.00"),
    ]
    booked(fake, Line=[*lines, line("Check", "152", "10.00")], UnappliedAmt=Decimal("40.00"))
    books = writer(fake, dispute_account="60")
    assert books.find(reversal()) is None
    assert books.create(reversal()) == "163"
    *made, last = fake.sent
    assert [(action, entity) for action, entity, *_ in fake.sent] == [("create", "JournalEntry")] * 3 + [
        ("update", "Payment")
    ]
    # The credit memo pays 20 of the first invoice; 10 have been paid back by a check, which stays.
    assert [[item["Amount"] for item in sent["Line"]] for _, _, sent, _ in made] == [
        [100.0] * 2,
        [100.0] * 2,
        [40.0] * 2,
    ]
    debit, credit = made[0][2]["Line"]
    assert debit["JournalEntryLineDetail"] == {
        "PostingType": "Debit", "AccountRef": {"value": "84"}, "Entity": {"Type": "Customer", "EntityRef": {"value": "58"}},
    }  # fmt: skip
    assert credit["JournalEntryLineDetail"] == {"PostingType": "Credit", "AccountRef": {"value": "60"}}
    assert debit["Description"] == "Invoice 10145 (id 145) of payment 163 taken back: dispute dp_1 took the money back"
    assert all("[tieout_reversal_163_dp_1]" in sent["PrivateNote"] for _, _, sent, _ in made)
    assert len({sent["DocNumber"] for _, _, sent, _ in made}) == len({request for *_, request in made}) == 3
    assert [(item["Amount"], item["LinkedTxn"][0]["TxnType"]) for item in last[2]["Line"]] == [
        (10.0, "Check"), (100.0, "JournalEntry"), (100.0, "JournalEntry"), (40.0, "JournalEntry"),
    ]  # fmt: skip
    assert books.find(reversal()) == "163"
    assert books.create(reversal()) == "163"
    assert len(fake.sent) == 4


@pytest.mark.parametrize("stop", [0, 1, 2])
def test_a_reversal_goes_on_where_it_stopped(stop: int) -> None:
    fake = Fake()
    booked(fake, Line=[line("Invoice", "145", "120.00"), line("Invoice", "146", "130.00")], UnappliedAmt=Decimal(0))
    books = writer(fake, dispute_account="60")
    fake.refusals = [*[None] * stop, Transient("no answer")]
    with pytest.raises(Transient):
        books.create(reversal())
    assert books.find(reversal()) is None
    assert books.create(reversal()) == books.find(reversal()) == "163"
    assert len(fake.records["JournalEntry"]) == 2


def test_a_stale_payment_is_read_again_three_times_at_most() -> None:
    fake = Fake()
    booked(fake)
    fake.refusals = [Stale(error("5010")), Stale(error("5010"))]
    assert writer(fake).create(reversal()) == "163"
    booked(fake)
    fake.refusals = [Stale(error("5010"))] * 3
    with pytest.raises(Stale):
        writer(fake).create(reversal())
    assert len(fake.sent) == 6


@pytest.mark.parametrize("told", [True, False])
def test_a_deposited_payment_stays_and_its_receivable_is_reopened(told: bool) -> None:
    fake = Fake()
    before = dict(
        booked(fake, Line=[line("Invoice", "145", "250.00")], UnappliedAmt=Decimal(0), **(DEPOSITED if told else {}))
    )
    if not told:
        fake.refusals = [None, Deposited(error("6540"))]
    assert writer(fake, dispute_account="60").create(reversal()) == "163"
    (journal,) = fake.records["JournalEntry"].values()
    assert [item["Amount"] for item in journal["Line"]] == [250.0, 250.0]
    assert fake.records["Payment"]["163"] == before
    fake.records["Payment"]["163"] |= DEPOSITED
    assert writer(fake, dispute_account="60").find(reversal()) == "163"


@pytest.mark.parametrize("told", [True, False])
def test_without_a_dispute_account_a_deposited_payment_is_for_a_person(told: bool) -> None:
    fake = Fake()
    booked(fake, **(DEPOSITED if told else {}))
    fake.refusals = [Deposited(error("6540"))]
    with pytest.raises(Rejected, match="dispute_account"):
        writer(fake).create(reversal())


@pytest.mark.parametrize("changes", [{"amount": "249.00"}, {"currency": "EUR"}])
def test_another_payment_than_was_planned_is_not_reversed(changes: dict[str, Any]) -> None:
    fake = Fake()
    booked(fake)
    for call in (writer(fake).find, writer(fake).create):
        with pytest.raises(Rejected, match="instead of"):
            call(reversal(**changes))
    assert fake.sent == []


def test_journals_that_do_not_sum_to_what_the_payment_lost_are_for_a_person() -> None:
    fake = Fake()
    booked(fake, Line=[line("Invoice", "145", "250.00")], UnappliedAmt=Decimal(0))
    fake.refusals = [None, Transient("no answer")]
    with pytest.raises(Transient):
        writer(fake, dispute_account="60").create(reversal())
    booked(
        fake, Line=[line("Invoice", "146", "250.00")], UnappliedAmt=Decimal(0)
    )  # somebody applies it to another invoice
    with pytest.raises(Rejected, match=r"would put back 500.*250"):
        writer(fake, dispute_account="60").create(reversal())
    next(iter(fake.records["JournalEntry"].values()))["Line"][0]["Amount"] = 9
    booked(fake, Line=[line("Invoice", "145", "250.00")], UnappliedAmt=Decimal(0))
    with pytest.raises(Rejected, match="amount 9 instead of 250"):
        writer(fake, dispute_account="60").find(reversal())


def test_other_kinds_are_refused() -> None:
    with pytest.raises(Rejected, match="not refund"):
        writer(Fake()).create(Intent("k", "books", "refund", {}))
