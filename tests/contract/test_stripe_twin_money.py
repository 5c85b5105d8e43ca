"""The twin's money adds up: payouts, the balance, late failures, disputes, retention."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from pipelines.stripe.twin import StripeAccount
from pipelines.stripe.twin.errors import ApiError
from tests.contract.test_stripe_twin_world import NOW, account, history


def customer(twin: StripeAccount) -> str:
    return twin.create_customer(name="A", email=None, metadata={}, at=NOW - timedelta(days=40))


@pytest.mark.parametrize("seed", range(8))
def test_an_automatic_payout_is_the_sum_of_its_members(seed: int) -> None:
    twin = history(seed)
    counted: Counter[str] = Counter()
    for payout in twin.objects("payout"):
        members = twin.payout_members(payout["id"])
        if not payout["automatic"]:
            assert members == []
            continue
        counted.update(line["id"] for line in members)
        assert members
        assert sum(line["net"] for line in members) == payout["amount"]
        assert {line["currency"] for line in members} == {payout["currency"]}
        assert all(line["available_on"] <= payout["created"] and line["type"] != "payout" for line in members)
    assert set(counted.values()) == {1}  # nothing is paid out twice
    lines = twin.objects("balance_transaction")
    assert all(
        line["net"] == line["amount"] - line["fee"] == line["amount"] - sum(f["amount"] for f in line["fee_details"])
        for line in lines
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_balance_is_the_sum_of_all_lines(seed: int) -> None:
    twin = history(seed)
    balance, lines = twin.balance(), twin.objects("balance_transaction")
    for currency in ("usd", "eur", "gbp"):
        shown = sum(
            part["amount"]
            for side in ("available", "pending")
            for part in balance[side]
            if part["currency"] == currency
        )
        assert shown == sum(line["net"] for line in lines if line["currency"] == currency)


def test_negative_payouts_occur() -> None:
    twin = account()
    charge = twin.charge(
        customer=customer(twin),
        amount=10_000,
        currency="usd",
        method="card",
        description=None,
        metadata={},
        at=NOW - timedelta(days=20),
    )
    assert twin.pay_out("usd", at=NOW - timedelta(days=15), arrival_date=NOW.date())
    twin.dispute(charge, at=NOW - timedelta(days=10), reason="fraudulent", fee=1500)
    payout = twin.pay_out("usd", at=NOW - timedelta(days=9), arrival_date=NOW.date())
    assert payout is not None
    assert twin.get("payout", payout)["amount"] == -11_500
    assert twin.pay_out("usd", at=NOW - timedelta(days=8), arrival_date=NOW.date()) is None


def test_a_failed_payout_comes_back_in_a_later_one() -> None:
    twin = account()
    twin.charge(
        customer=customer(twin),
        amount=10_000,
        currency="usd",
        method="card",
        description=None,
        metadata={},
        at=NOW - timedelta(days=20),
        fee=300,
    )
    first = twin.pay_out("usd", at=NOW - timedelta(days=15), arrival_date=NOW.date())
    assert first is not None
    twin.settle_payout(first, at=NOW - timedelta(days=13))
    assert twin.get("payout", first)["status"] == "paid"
    twin.fail_payout(first, code="account_closed", at=NOW - timedelta(days=12))
    second = twin.pay_out("usd", at=NOW - timedelta(days=11), arrival_date=NOW.date())
    assert second is not None
    assert [(line["type"], line["net"], line["source"]) for line in twin.payout_members(second)] == [
        ("payout_failure", 9_700, first)
    ]
    assert twin.get("payout", first)["failure_balance_transaction"] == twin.payout_members(second)[0]["id"]
    events = [event["type"] for event in twin.objects("event") if event["data"]["object"]["id"] == first]
    assert events == ["payout.failed", "payout.reconciliation_completed", "payout.paid", "payout.created"]


def test_the_fee_of_an_alternative_currency_is_paid_by_a_later_payout() -> None:
    """Which payout caused it is its source; which payout it is among is another one."""
    twin = account()
    who, at = customer(twin), NOW - timedelta(days=30)
    first_day, later_day = at + timedelta(days=10), at + timedelta(days=20)
    for day in (at, first_day):
        twin.charge(customer=who, amount=10_000, currency="usd", method="card", description=None, metadata={}, at=day)
    caused = str(twin.pay_out("usd", at=first_day, arrival_date=first_day.date()))
    fee = twin.add_fee(amount=58, currency="usd", description="FX", at=first_day + timedelta(hours=1), payout=caused)
    paying = str(twin.pay_out("usd", at=later_day, arrival_date=later_day.date()))
    assert fee not in {line["id"] for line in twin.payout_members(caused)}
    (line,) = (line for line in twin.payout_members(paying) if line["id"] == fee)
    assert (line["type"], line["source"], line["net"]) == ("stripe_fx_fee", caused, -58)


def test_a_debit_that_fails_late_takes_its_gross_back() -> None:
    twin = account()
    charge = twin.charge(
        customer=customer(twin),
        amount=10_000,
        currency="gbp",
        method="bacs_debit",
        description="INV1",
        metadata={},
        at=NOW - timedelta(days=20),
        fee=100,
    )
    line = twin.objects("balance_transaction")[0]
    assert (charge[:3], line["status"], twin.get("charge", charge)["status"]) == ("py_", "pending", "pending")
    assert twin.pay_out("gbp", at=NOW - timedelta(days=5), arrival_date=NOW.date()) is None  # its outcome is not known
    refund = twin.refund(charge, at=NOW - timedelta(days=5))
    assert twin.get("refund", refund)["pending_reason"] == "charge_pending"
    twin.fail(charge, code="insufficient_funds", at=NOW - timedelta(days=4))
    failed, intent = twin.get("charge", charge), twin.objects("payment_intent")[0]
    assert (failed["status"], failed["failure_code"], failed["amount_refunded"]) == ("failed", "insufficient_funds", 0)
    assert (intent["status"], intent["last_payment_error"]["code"]) == ("requires_payment_method", "insufficient_funds")
    assert twin.get("refund", refund)["status"] == "canceled"
    back = twin.get("balance_transaction", failed["failure_balance_transaction"])
    assert (back["type"], back["reporting_category"], back["net"]) == (
        "payment_failure_refund",
        "charge_failure",
        -10_000,
    )
    assert twin.balance()["available"] == [
        {"amount": -100, "currency": "gbp", "source_types": {"card": -100}},
        {"amount": 0, "currency": "usd", "source_types": {"card": 0}},
    ]
    with pytest.raises(ApiError, match="not pending"):
        twin.settle(charge, at=NOW)


def test_a_won_dispute_returns_the_money_but_not_the_fee() -> None:
    twin = account()
    charge = twin.charge(
        customer=customer(twin),
        amount=10_000,
        currency="usd",
        method="card",
        description=None,
        metadata={},
        at=NOW - timedelta(days=20),
    )
    dispute = twin.dispute(charge, at=NOW - timedelta(days=10), reason="fraudulent", fee=1500)
    with pytest.raises(ApiError, match="charged back"):
        twin.refund(charge, at=NOW)
    twin.close_dispute(dispute, at=NOW - timedelta(days=5), won=True)
    made = twin.objects("dispute")[0]
    assert (made["status"], [line["net"] for line in made["balance_transactions"]]) == ("won", [-11_500, 10_000])
    types = [event["type"] for event in twin.objects("event") if event["type"].startswith("charge.dispute")]
    assert types == [
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.created",
    ]


def test_events_are_kept_for_thirty_days_of_company_time() -> None:
    twin = history(5, days=60)
    oldest = min(event["created"] for event in twin.objects("event"))
    assert oldest >= (NOW - timedelta(days=30)).timestamp()
    before = len(twin.objects("event"))
    twin.clock.set(NOW + timedelta(days=29))  # type: ignore[attr-defined]
    assert 0 < len(twin.objects("event")) < before
    twin.clock.set(NOW + timedelta(days=31))  # type: ignore[attr-defined]
    assert twin.objects("event") == []


def test_a_line_becomes_available_when_its_day_comes() -> None:
    twin = account()
    charge = twin.charge(
        customer=customer(twin), amount=10_000, currency="usd", method="card", description=None, metadata={}, at=NOW
    )
    assert twin.objects("balance_transaction")[0]["status"] == "pending"
    dispute = twin.dispute(charge, at=NOW + timedelta(days=1), reason="fraudulent", fee=0)  # in the future of the clock
    assert twin.objects("dispute")[0]["balance_transactions"][0]["status"] == "pending"
    twin.clock.set(NOW + timedelta(days=2))  # type: ignore[attr-defined]
    assert {line["status"] for line in twin.objects("balance_transaction")} == {"available"}
    assert [twin.objects("dispute")[0]["id"], twin.objects("dispute")[0]["balance_transactions"][0]["status"]] == [
        dispute,
        "available",
    ]
