"""python-quickbooks and intuit-oauth, unchanged, against the twin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import quickbooks
from intuitlib import client as intuit
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import (
    CompanyInfo,
    CreditMemo,
    Customer,
    Deposit,
    Invoice,
    JournalEntry,
    Payment,
    Preferences,
    Ref,
)  # fmt: skip
from quickbooks.objects.base import LinkedTxn
from quickbooks.objects.deposit import DepositLine, DepositLineDetail
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.payment import PaymentLine

from tests.contract.quickbooks_twin_kit import BANK, FEES, START, Twin, invoice, payment, running


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with running() as found:
        yield found


def auth(twin: Twin, **more: Any) -> Any:
    given = twin.realm.credentials
    return intuit.AuthClient(
        given.client_id,
        given.client_secret,
        "http://127.0.0.1/callback",
        f"{twin.root}/quickbooks/.well-known/openid_configuration",
        **more,
    )


@pytest.fixture
def client(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(quickbooks.QuickBooks, "api_url_v3", f"{twin.root}/quickbooks/v3")
    held = auth(twin, refresh_token=twin.realm.credentials.refresh_token)
    return quickbooks.QuickBooks(
        auth_client=held,
        refresh_token=held.refresh_token,
        company_id=twin.realm.company.realm_id,
        minorversion=75,
        use_decimal=True,
    )


def ref(value: str) -> Any:
    found = Ref()
    found.value = value
    return found


def link(key: str, kind: str, line: str = "0") -> Any:
    found = LinkedTxn()
    found.TxnId, found.TxnType, found.TxnLineId = key, kind, line
    return found


def test_refresh_rotates_and_the_previous_token_lasts_a_little(twin: Twin) -> None:
    client = auth(twin, refresh_token=twin.realm.credentials.refresh_token)
    before = client.refresh_token
    client.refresh()
    assert client.refresh_token != before
    assert client.access_token
    assert client.expires_in == 3600
    client.refresh(refresh_token=before)
    assert client.refresh_token == twin.realm.credentials.refresh_token


def test_the_code_grant_user_info_and_revocation() -> None:
    with running() as twin:
        client = auth(twin)
        url = client.get_authorization_url([intuit_scope("ACCOUNTING"), intuit_scope("OPENID")], "state1")
        answer = twin.session.get(url, allow_redirects=False, timeout=20)
        asked = dict(part.split("=", 1) for part in answer.headers["location"].split("?", 1)[1].split("&"))
        assert (asked["state"], asked["realmId"]) == ("state1", twin.realm.company.realm_id)
        client.get_bearer_token(asked["code"], realm_id=asked["realmId"])
        assert client.get_user_info().json()["emailVerified"] is True
        assert client.revoke() is True
        with pytest.raises(Exception, match="invalid_grant"):
            client.refresh()


def intuit_scope(name: str) -> Any:
    from intuitlib.enums import Scopes

    return getattr(Scopes, name)


def test_queries(twin: Twin, client: Any) -> None:
    invoice(twin.realm.company, number="Q-1")
    assert Customer.filter(DisplayName="Acme Ltd", qb=client)[0].PrimaryEmailAddr.Address == "ap@acme.example"
    assert (
        Invoice.where("DocNumber = 'Q-1'", order_by="Id", start_position=1, max_results=10, qb=client)[0].TotalAmt
        == 100
    )
    assert Customer.count(qb=client) == 3
    assert Customer.choose(["201", "202"], field="Id", qb=client)
    assert len(Customer.all(order_by="DisplayName", max_results=2, qb=client)) == 2
    assert CompanyInfo.get(1, qb=client).Country == "US"
    assert Preferences.get(qb=client).CurrencyPrefs.MultiCurrencyEnabled is True
    with pytest.raises(ValidationException) as refused:
        Customer.where("DisplayName = 'a' OR DisplayName = 'b'", qb=client)
    assert refused.value.error_code == 4000
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(999999, qb=client)


def test_a_payment_from_invoice_to_bank(twin: Twin, client: Any) -> None:
    key = invoice(twin.realm.company, "80.00")
    made = Payment()
    made.CustomerRef, made.TotalAmt, made.PrivateNote = ref("201"), 80, "ch_1"
    line = PaymentLine()
    line.Amount, line.LinkedTxn = 80, [link(key, "Invoice")]
    made.Line = [line]
    saved = made.save(qb=client, request_id="pay-1")
    assert Invoice.get(key, qb=client).Balance == 0

    deposit = Deposit()
    deposit.DepositToAccountRef, deposit.TxnDate = ref(BANK), "2026-11-02"
    held, fee = DepositLine(), DepositLine()
    del held.DetailType  # a line that links a payment has none
    held.Amount, held.LinkedTxn = 80, [link(saved.Id, "Payment")]
    fee.Amount, fee.DepositLineDetail = -2.5, DepositLineDetail()
    fee.DepositLineDetail.AccountRef = ref(FEES)
    deposit.Line = [held, fee]
    banked = deposit.save(qb=client)
    assert str(banked.TotalAmt) == "77.5"

    deposited = Payment.get(saved.Id, qb=client)
    deposited.PrivateNote = "changed"
    with pytest.raises(QuickbooksException) as refused:
        deposited.save(qb=client)
    assert refused.value.error_code == 6540
    assert banked.delete(qb=client)["Deposit"]["status"] == "Deleted"
    assert Payment.get(saved.Id, qb=client).void(qb=client)["Payment"]["TotalAmt"] == 0
    assert Invoice.get(key, qb=client).Balance == 80


def test_the_librarys_own_deposit_line_is_refused(twin: Twin, client: Any) -> None:
    held = payment(twin.realm.company, "10.00")
    deposit = Deposit()
    deposit.DepositToAccountRef, deposit.TxnDate = ref(BANK), "2026-11-02"
    line = DepositLine()
    line.Amount, line.LinkedTxn = 10, [link(held, "Payment")]
    deposit.Line = [line]
    with pytest.raises(ValidationException) as refused:
        deposit.save(qb=client)
    assert refused.value.error_code == 2020
    line.DepositLineDetail = DepositLineDetail()
    line.DepositLineDetail.AccountRef = ref("4")
    with pytest.raises(QuickbooksException, match="Select a bank account"):
        deposit.save(qb=client)


def test_stale_and_duplicate(client: Any) -> None:
    customer = Customer()
    customer.DisplayName = "Gamma"
    saved = customer.save(qb=client)
    first, second = Customer.get(saved.Id, qb=client), Customer.get(saved.Id, qb=client)
    first.Notes = "one"
    assert first.save(qb=client).SyncToken == "1"
    second.Notes = "two"
    with pytest.raises(QuickbooksException) as stale:
        second.save(qb=client)
    assert stale.value.error_code == 5010
    with pytest.raises(QuickbooksException) as twice:
        customer.__class__.from_json({"DisplayName": "gamma"}).save(qb=client)
    assert twice.value.error_code == 6240


def test_an_invoice_of_the_library_and_its_pdf(client: Any) -> None:
    made = Invoice()
    made.CustomerRef, made.DocNumber, made.TxnDate, made.DueDate = ref("201"), "LIB-1", "2026-11-01", "2026-12-01"
    line = SalesItemLine()
    line.Amount, line.SalesItemLineDetail = 12.5, SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef, line.SalesItemLineDetail.Qty, line.SalesItemLineDetail.UnitPrice = (
        ref("1"),
        5,
        2.5,
    )
    made.Line = [line]
    saved = made.save(qb=client)
    assert saved.Balance == saved.TotalAmt
    assert saved.download_pdf(qb=client).startswith(b"%PDF-")
    duplicate = Invoice()
    duplicate.CustomerRef, duplicate.DocNumber, duplicate.Line = ref("201"), "LIB-1", [line]
    with pytest.raises(QuickbooksException) as refused:
        duplicate.save(qb=client)
    assert refused.value.error_code == 6140


def test_a_batch(client: Any) -> None:
    names = [Customer.from_json({"DisplayName": name}) for name in ("Batch 1", "Acme Ltd", "Batch 2")]
    done = batch_create(names, qb=client)
    assert [made.DisplayName for made in done.successes] == ["Batch 1", "Batch 2"]
    assert [fault.Error[0].code for fault in done.faults] == ["6240"]


def test_changes(twin: Twin, client: Any) -> None:
    since = twin.realm.company.clock.tick()
    key = invoice(twin.realm.company, at=since)
    gone = invoice(twin.realm.company, at=since)
    twin.realm.company.delete(gone, at=since)
    found = change_data_capture([Invoice, CreditMemo, JournalEntry], since.isoformat(), qb=client)
    assert {row.Id: getattr(row, "status", None) for row in found.Invoice} == {key: None, gone: "Deleted"}
    assert not hasattr(found, "CreditMemo")


def test_an_expired_token(twin: Twin, client: Any) -> None:
    twin.realm.credentials.expire_access()
    with pytest.raises(AuthorizationException, match="authentication failed"):
        Customer.count(qb=client)


def test_a_webhook(client: Any) -> None:
    from pipelines.quickbooks.twin import webhooks

    body = webhooks.cloud_events("9341", [webhooks.Event("Payment", "163", "Update", START + timedelta(days=1))])
    assert client.validate_webhook_signature(body.decode(), webhooks.sign(body, "token"), "token")
