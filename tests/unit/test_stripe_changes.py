"""Events say what to read again; rows keep only what is declared; keys of the wrong mode are refused."""

import random
import threading
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.connections import Connection
from pipelines.stripe.changes import Changed, Changes, spans
from pipelines.stripe.client import StripeReader
from pipelines.stripe.prefetch import ahead
from pipelines.stripe.settings import StripeSettings
from pipelines.stripe.tables import BALANCE_TRANSACTION, CHARGE, EVENT, PAYOUT, TABLES, row
from pipelines.system import NotConfigured
from pipelines.tables import arrow_batch

DAY = 86_400


def event(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"evt_{kind}_{item['id']}", "object": "event", "type": kind, "data": {"object": item}}


EVENTS = [
    event("charge.updated", {"object": "charge", "id": "ch_1", "created": 10 * DAY + 5}),
    event("charge.refunded", {"object": "charge", "id": "ch_2", "created": 10 * DAY + 9}),
    event("charge.refunded", {"object": "charge", "id": "ch_3", "created": 30 * DAY}),
    event("customer.updated", {"object": "customer", "id": "cus_1", "created": 3 * DAY}),
    event("customer.deleted", {"object": "customer", "id": "cus_1", "created": 3 * DAY, "name": "Acme"}),
    event("balance.available", {"object": "balance"} | {"id": ""}),
]


def test_events_twice_and_in_any_order_say_the_same() -> None:
    expected = Changes.of(EVENTS)
    for seed in range(5):
        shuffled = [*EVENTS, *EVENTS]
        random.Random(seed).shuffle(shuffled)
        assert Changes.of(shuffled) == expected


def test_only_older_objects_are_read_again_and_deleted_customers_are_not() -> None:
    changes = Changes.of(EVENTS)
    assert [item.id for item in changes.of_kind("charge", before=20 * DAY)] == ["ch_1", "ch_2"]
    assert changes.of_kind("customer", before=20 * DAY) == []
    assert changes.deleted_customers["cus_1"]["name"] == "Acme"


def test_several_objects_of_a_day_are_one_list() -> None:
    changed = [Changed(DAY + 1, "a"), Changed(DAY + 2, "b"), Changed(5 * DAY, "c")]
    assert [[item.id for item in group] for group in spans(changed)] == [["a", "b"], ["c"]]


def test_a_charge_keeps_its_method_and_no_card() -> None:
    card = {"type": "card", "card": {"last4": "4242", "fingerprint": "AOB"}}
    values = row(
        CHARGE,
        {
            "id": "ch_1",
            "object": "charge",
            "payment_method_details": card,
            "customer": {"id": "cus_1"},
            "source": {"last4": "4242"},
        },
    )
    assert values["payment_method_type"] == "card"
    assert values["customer"] == "cus_1"
    assert "4242" not in str(values)


def test_no_table_has_a_column_for_card_or_bank_details() -> None:
    names = {f"{table.name}.{name}" for table in TABLES for name in table.names}
    secret = (
        "last4",
        "iban",
        "sort_code",
        "number",
        "fingerprint",
        "destination",
        "exp_month",
        "client_secret",
        "payment_method_details",
    )
    assert not {name for name in names if name.split(".")[1] in secret}


def test_an_exchange_rate_stays_exact_and_an_arrival_date_is_a_day() -> None:
    item = {
        "id": "txn_1",
        "object": "balance_transaction",
        "amount": -12,
        "exchange_rate": "1.1234567891",
        "created": 1_767_600_000,
    }
    batch, bad = arrow_batch(
        BALANCE_TRANSACTION, "cards", [row(BALANCE_TRANSACTION, item)], extracted_at=datetime.now(UTC)
    )
    assert not bad
    assert str(batch.column("exchange_rate")[0].as_py()) == "1.1234567891"
    assert batch.column("amount")[0].as_py() == -12
    assert row(PAYOUT, {"id": "po_1", "arrival_date": 1_767_571_200})["arrival_date"] == "2026-01-05"


def test_an_event_row_says_what_it_is_about() -> None:
    values = row(EVENT, EVENTS[0])
    assert (values["object_id"], values["object_type"]) == ("ch_1", "charge")


def test_pages_are_fetched_ahead_but_not_without_bound() -> None:
    fetched: list[int] = []

    def pages() -> Iterator[int]:
        for number in range(20):
            fetched.append(number)
            yield number

    items = ahead(pages(), depth=2)
    assert next(items) == 0
    time.sleep(0.05)
    assert len(fetched) <= 5
    assert list(items) == list(range(1, 20))


def test_what_a_page_raises_reaches_the_reader_and_the_thread_ends() -> None:
    def pages() -> Iterator[int]:
        yield 1
        raise NotConfigured("no key")

    items = ahead(pages())
    assert next(items) == 1
    with pytest.raises(NotConfigured, match="no key"):
        next(items)
    endless = ahead(iter(lambda: 0, 1), depth=1)
    next(endless)
    endless.close()
    time.sleep(0.3)
    assert not [thread for thread in threading.enumerate() if thread.name == "stripe-pages"]


@pytest.mark.parametrize(("key", "mode"), [("sk_live_x", "test"), ("rk_test_x", "live")])
def test_a_key_of_the_other_mode_is_refused_before_anything_is_sent(
    key: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", key)
    connection = Connection(
        "cards", "stripe", StripeSettings(api_key="${A_KEY}", mode=mode, base_url="http://127.0.0.1:9")
    )
    with pytest.raises(NotConfigured, match="cards: the key is a"):
        StripeReader(connection)


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": "sk_test_literal"},
        {"base_url": "http://example.com"},
        {"requests_per_second": 101},
        {"account_id": "7311001"},
        {"relist_days": {"fee": 1}},
        {"connect_url": "http://example.com"},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StripeSettings(**{"api_key": "${A_KEY}", **wrong})


OAUTH = {"platform_key": "${P_KEY}", "client_id": "ca_1"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"api_key": "${A_KEY}", **OAUTH}, "not both"),
        ({"api_key": "${A_KEY}", "refresh_token": "${R}"}, "not both"),
        ({}, "set api_key"),
        ({"platform_key": "${P_KEY}"}, "client_id or refresh_token"),
        ({"client_id": "ca_1", "refresh_token": "${R}"}, "platform_key"),
        ({**OAUTH, "client_id": "acct_1"}, "is a client id such as ca_"),
        ({**OAUTH, "refresh_token": "rt_literal"}, "never the secret itself"),
    ],
)
def test_a_connection_has_one_login(given: dict[str, str], words: str) -> None:
    for _ in range(2):
        with pytest.raises(ValidationError, match=words):
            StripeSettings(**given)
    assert StripeSettings(**OAUTH).api_key is None
    assert StripeSettings(platform_key="${P_KEY}", refresh_token="${R}").client_id is None


def test_the_connection_in_the_docs_is_valid() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "systems" / "stripe.md").read_text("utf-8")
    (block,) = text.split("```toml")[1:]
    assert StripeSettings(**tomllib.loads(block.split("```")[0])["stripe"]["cards_us"]).mode == "live"
