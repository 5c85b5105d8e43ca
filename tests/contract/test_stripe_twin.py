"""The twin against the official `stripe` library, unchanged, on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import stripe

from pipelines.stripe.twin import StripeAccount
from pipelines.stripe.twin.webhooks import signature
from tests.contract.test_stripe_twin_shapes import KINDS, RESOURCES, check
from tests.contract.test_stripe_twin_world import KEY, NOW, account, history, serving

stripe.enable_telemetry = False


def client_of(url: str, key: str = KEY, **options: object) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": url}, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def old() -> Iterator[tuple[stripe.StripeClient, StripeAccount]]:
    """An account with a history, only read."""
    twin = history(21, days=80, per_day=8)
    with serving(twin) as url:
        yield client_of(url), twin


@pytest.fixture
def fresh() -> Iterator[tuple[stripe.StripeClient, StripeAccount, str]]:
    """An empty account."""
    twin = account()
    with serving(twin) as url:
        yield client_of(url), twin, url
    if RESOURCES.exists():  # whatever the test made is in the contract, too
        for kind in KINDS:
            for obj in twin.objects(kind):
                check(kind, obj)


LISTED = (
    "customers",
    "payment_methods",
    "payment_intents",
    "charges",
    "refunds",
    "disputes",
    "payouts",
    "balance_transactions",
    "events",
)


@pytest.mark.parametrize("name", LISTED)
def test_auto_paging_gives_every_object_once_newest_first(
    name: str, old: tuple[stripe.StripeClient, StripeAccount]
) -> None:
    client, twin = old
    expected = twin.objects(name[:-1])
    page = getattr(client.v1, name).list({"limit": 37 if len(expected) > 100 else 3})
    assert [item.to_dict() for item in page.auto_paging_iter()] == expected
    assert len({item["id"] for item in expected}) == len(expected)
    one = getattr(client.v1, name).retrieve(expected[-1]["id"])
    assert one.to_dict() == expected[-1]
    if RESOURCES.exists():
        check(name[:-1], one.to_dict())


def test_pages_keep_filters_and_expansions(old: tuple[stripe.StripeClient, StripeAccount]) -> None:
    client, twin = old
    low, high = int((NOW - timedelta(days=60)).timestamp()), int((NOW - timedelta(days=20)).timestamp())
    page = client.v1.balance_transactions.list(
        {"limit": 50, "created": {"gte": low, "lt": high}, "expand": ["data.source", "data.source.payment_intent"]}
    )
    found = [line.to_dict() for line in page.auto_paging_iter()]
    assert [line["id"] for line in found] == [
        line["id"] for line in twin.objects("balance_transaction") if low <= line["created"] < high
    ]
    assert len(found) > 100
    for line in found:
        assert (
            line["source"] is None
            if line["type"] == "stripe_fee"
            else line["source"]["id"][:2] in ("ch", "py", "re", "du", "po")
        )
        if line["type"] == "charge":
            assert line["source"]["payment_intent"]["object"] == "payment_intent"


def test_paging_backwards(old: tuple[stripe.StripeClient, StripeAccount]) -> None:
    client, twin = old
    ids = [charge["id"] for charge in twin.objects("charge")]
    page = client.v1.charges.list({"limit": 10, "ending_before": ids[30]})
    assert [charge.id for charge in page.data] == ids[20:30]
    assert page.has_more
    assert [charge.id for charge in page.auto_paging_iter()] == ids[29::-1]


def test_the_members_of_a_payout(old: tuple[stripe.StripeClient, StripeAccount]) -> None:
    client, _twin = old
    seen = 0
    for payout in client.v1.payouts.list({"limit": 100}).auto_paging_iter():
        params: dict[str, object] = {"payout": payout.id, "limit": 100}
        if payout.reconciliation_status != "completed":
            with pytest.raises(stripe.InvalidRequestError) as refused:
                client.v1.balance_transactions.list(params)  # type: ignore[arg-type]
            manual = "Balance transaction history can only be filtered on automatic transfers, not manual."
            assert refused.value.user_message == manual or refused.value.code == "payout_reconciliation_not_ready"
            continue
        lines = list(client.v1.balance_transactions.list(params).auto_paging_iter())  # type: ignore[arg-type]
        own = [line for line in lines if line.type == "payout"]
        assert [line.source for line in own] == [payout.id]
        assert sum(line.net for line in lines if line.type != "payout") == payout.amount == -own[0].net
        seen += 1
    assert seen > 10


def test_events_by_type(old: tuple[stripe.StripeClient, StripeAccount]) -> None:
    client, twin = old
    types = ["charge.succeeded", "payout.paid"]
    found = [event.id for event in client.v1.events.list({"types": types, "limit": 100}).auto_paging_iter()]
    assert found == [event["id"] for event in twin.objects("event") if event["type"] in types]
    disputes = client.v1.events.list({"type": "charge.dispute.*", "limit": 100})
    assert {event.type.rpartition(".")[0] for event in disputes.auto_paging_iter()} == {"charge.dispute"}
    assert client.v1.events.list({"delivery_success": False}).data == []
    assert "previous_attributes" in client.v1.events.list({"type": "charge.updated"}).data[0].data


def test_account_and_balance(old: tuple[stripe.StripeClient, StripeAccount]) -> None:
    client, twin = old
    assert client.v1.accounts.retrieve_current().id == twin.account_id
    assert client.v1.balance.retrieve().to_dict() == twin.balance()


def test_a_payment_from_customer_to_refund(fresh: tuple[stripe.StripeClient, StripeAccount, str]) -> None:
    client, twin, _ = fresh
    customer = client.v1.customers.create({"name": "Ada", "email": "ada@example.com", "metadata": {"erp": "42"}})
    intent = client.v1.payment_intents.create(
        {
            "amount": 1999,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": "pm_card_visa",
            "confirm": True,
            "metadata": {"invoices_refs": "INV1"},
            "expand": ["latest_charge.balance_transaction"],
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    assert (intent.status, intent.amount_received, charge.balance_transaction.fee) == ("succeeded", 1999, 88)
    refund = client.v1.refunds.create({"charge": charge.id, "amount": 500})
    assert (refund.status, client.v1.charges.retrieve(charge.id).amount_refunded) == ("succeeded", 500)
    expanded = client.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert expanded.refunds is not None
    assert [one.id for one in expanded.refunds.data] == [refund.id]
    updated = client.v1.charges.update(charge.id, {"metadata": {"invoices_refs": "", "k": "v"}})
    assert updated.metadata.to_dict() == {"k": "v"}
    event = client.v1.events.list({"type": "charge.updated"}).data[0]
    assert event.data.to_dict()["previous_attributes"] == {"metadata": {"invoices_refs": "INV1", "k": None}}
    assert event.request is not None
    assert event.request.idempotency_key is not None
    assert twin.clock.now() > NOW


def test_capture_and_cancel(fresh: tuple[stripe.StripeClient, StripeAccount, str]) -> None:
    client, _, _ = fresh
    held = {
        "amount": 5000,
        "currency": "eur",
        "payment_method": "pm_card_visa",
        "confirm": True,
        "capture_method": "manual",
    }
    intent = client.v1.payment_intents.create(held)  # type: ignore[arg-type]
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 5000)
    assert client.v1.balance_transactions.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 5001})
    assert client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 4000}).amount_received == 4000
    assert [line.amount for line in client.v1.balance_transactions.list().data] == [4000]
    other = client.v1.payment_intents.create(held)  # type: ignore[arg-type]
    assert client.v1.payment_intents.cancel(other.id, {"cancellation_reason": "duplicate"}).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as again:
        client.v1.payment_intents.confirm(other.id)
    assert again.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("method", "currency", "status"),
    [
        ("pm_bacsDebit_success", "gbp", "succeeded"),
        ("pm_sepaDebit_insufficientFunds", "eur", "failed"),
        ("pm_usBankAccount_success", "usd", "succeeded"),
    ],
)
def test_a_bank_debit_answers_days_later(
    fresh: tuple[stripe.StripeClient, StripeAccount, str], method: str, currency: str, status: str
) -> None:
    client, twin, _ = fresh
    customer = client.v1.customers.create({"name": "Ada"})
    intent = client.v1.payment_intents.create({"amount": 5000, "currency": currency, "customer": customer.id})
    with pytest.raises(stripe.InvalidRequestError) as no_mandate:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": method})
    assert no_mandate.value.param == "mandate_data"
    mandate = {"customer_acceptance": {"type": "offline"}}
    sent = client.v1.payment_intents.confirm(intent.id, {"payment_method": method, "mandate_data": mandate})  # type: ignore[arg-type]
    assert sent.status == "processing"
    charge = client.v1.charges.retrieve(str(sent.latest_charge), {"expand": ["balance_transaction"]})
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    assert (charge.id[:3], charge.status, charge.balance_transaction.status) == ("py_", "pending", "pending")
    twin.clock.set(NOW + timedelta(days=8))  # type: ignore[attr-defined]
    assert client.v1.charges.retrieve(charge.id).status == status
    types = [line.type for line in client.v1.balance_transactions.list().data]
    assert types == (["payment"] if status == "succeeded" else ["payment_failure_refund", "payment"])


def test_customers_change_and_go(fresh: tuple[stripe.StripeClient, StripeAccount, str]) -> None:
    client, _, _ = fresh
    customer = client.v1.customers.create({"name": "Ada", "metadata": {"a": "1", "b": "2"}})
    changed = client.v1.customers.update(customer.id, {"email": "a@example.com", "metadata": {"a": "", "c": "3"}})
    assert changed.metadata is not None
    assert (changed.email, changed.metadata.to_dict()) == ("a@example.com", {"b": "2", "c": "3"})
    assert client.v1.customers.delete(customer.id).deleted is True
    assert client.v1.customers.retrieve(customer.id).to_dict() == {
        "id": customer.id,
        "object": "customer",
        "deleted": True,
    }
    assert client.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as gone:
        client.v1.customers.update(customer.id, {"name": "Eve"})
    assert (gone.value.http_status, gone.value.code) == (404, "resource_missing")
    assert [event.type for event in client.v1.events.list().data] == [
        "customer.deleted",
        "customer.updated",
        "customer.created",
    ]


def test_manual_payouts(fresh: tuple[stripe.StripeClient, StripeAccount, str]) -> None:
    client, twin, _ = fresh
    customer = twin.create_customer(name="A", email=None, metadata={}, at=NOW - timedelta(days=9))
    twin.charge(
        customer=customer,
        amount=10_000,
        currency="usd",
        method="card",
        description=None,
        metadata={},
        at=NOW - timedelta(days=9),
        fee=0,
    )
    with pytest.raises(stripe.InvalidRequestError) as poor:
        client.v1.payouts.create({"amount": 10_001, "currency": "usd"})
    assert poor.value.code == "balance_insufficient"
    payout = client.v1.payouts.create({"amount": 6_000, "currency": "usd", "metadata": {"k": "v"}})
    assert (payout.status, payout.automatic, payout.reconciliation_status) == ("pending", False, "not_applicable")
    assert client.v1.balance.retrieve().available[0].amount == 4_000
    assert client.v1.payouts.cancel(payout.id).status == "canceled"
    assert client.v1.balance.retrieve().available[0].amount == 10_000
    second = client.v1.payouts.create({"amount": 1_000, "currency": "usd"})
    twin.clock.set(NOW + timedelta(days=4))  # type: ignore[attr-defined]
    assert client.v1.payouts.retrieve(second.id).status == "paid"
    assert [one.id for one in client.v1.payouts.list({"status": "paid"}).data] == [second.id]


def test_disputes_through_the_api(fresh: tuple[stripe.StripeClient, StripeAccount, str]) -> None:
    client, twin, _ = fresh
    customer = twin.create_customer(name="A", email=None, metadata={}, at=NOW - timedelta(days=9))
    at = NOW - timedelta(days=8)
    charge = twin.charge(
        customer=customer, amount=10_000, currency="usd", method="card", description=None, metadata={}, at=at
    )
    dispute = twin.dispute(charge, at=at, reason="fraudulent", fee=1500)
    sent = client.v1.disputes.update(dispute, {"evidence": {"customer_name": "Ada"}, "submit": True})
    assert (sent.status, sent.evidence.customer_name, sent.evidence_details.has_evidence) == (
        "under_review",
        "Ada",
        True,
    )
    assert client.v1.disputes.close(dispute).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.close(dispute)


def test_a_declined_card(fresh: tuple[stripe.StripeClient, StripeAccount, str]) -> None:
    client, _, _ = fresh
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.create(
            {"amount": 5000, "currency": "usd", "payment_method": "pm_card_chargeDeclined", "confirm": True}
        )
    error = refused.value
    assert (error.http_status, error.code, error.error.decline_code) == (402, "card_declined", "generic_decline")  # type: ignore[union-attr]
    charge = client.v1.charges.list().data[0]
    assert (charge.status, charge.failure_code, charge.paid) == ("failed", "card_declined", False)
    assert client.v1.payment_intents.list().data[0].status == "requires_payment_method"


def test_webhook_signatures_are_accepted_by_the_library() -> None:
    body = b'{"id": "evt_1", "object": "event"}'
    header = signature(body, ["whsec_old", "whsec_new"], at=2_000_000_000)
    assert stripe.WebhookSignature.verify_header(body.decode(), header, "whsec_new", None)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode(), header, "whsec_other", None)
