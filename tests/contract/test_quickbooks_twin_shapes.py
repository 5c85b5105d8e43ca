"""The twin's answers have the shapes of the contract, and its tables say nothing that the vendor's schema does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.quickbooks.twin import webhooks
from pipelines.quickbooks.twin.errors import ApiError, invalid, system_failure, too_many, unauthorised
from pipelines.quickbooks.twin.fields import ENUMS, TABLES
from pipelines.quickbooks.twin.model import MESSAGES
from tests.contract.quickbooks_twin_kit import START, Twin, contract, invoice, payment, running


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with running() as found:
        yield found


def shape(sample: Any, found: Any, path: str = "") -> list[str]:
    """What of a sample is missing or of another type in what was found."""
    if isinstance(sample, dict):
        if not isinstance(found, dict):
            return [f"{path}: {type(found).__name__} instead of an object"]
        return [
            wrong
            for name, value in sample.items()
            for wrong in (
                [f"{path}.{name} is missing"] if name not in found else shape(value, found[name], f"{path}.{name}")
            )
        ]
    if isinstance(sample, list):
        if not isinstance(found, list) or (sample and not found):
            return [f"{path}: no list"]
        return [wrong for value in sample[:1] for wrong in shape(value, found[0], f"{path}[0]")]
    numbers = (int, float)
    if isinstance(sample, bool) or sample is None or isinstance(sample, str):
        return [] if type(sample) is type(found) else [f"{path}: {found!r} instead of {sample!r}"]
    return [] if isinstance(found, numbers) and not isinstance(found, bool) else [f"{path}: {found!r} is no number"]


def test_a_created_payment_has_the_shape_of_the_sample(twin: Twin) -> None:
    samples = contract("qbo_samples.json")
    key = invoice(twin.realm.company, "200.00")
    body = samples["payment_create_request"]["body"]
    body["CustomerRef"]["value"], body["Line"][0]["LinkedTxn"][0]["TxnId"] = "201", key
    answer = twin.post("payment", body, requestid="8c1e7a")
    assert answer.status_code == 200, answer.text
    assert shape(samples["payment_create_response"], answer.json()) == []
    made = answer.json()["Payment"]
    assert (made["TotalAmt"], made["UnappliedAmt"], made["DepositToAccountRef"]) == (250.0, 50.0, {"value": "4"})
    shown = {entry["value"]["Name"]: entry["value"]["Value"] for entry in made["Line"][0]["LineEx"]["any"]}
    assert shown == {"txnId": key, "txnOpenBalance": "200.00", "txnReferenceNumber": "1001"}

    rows = twin.session.post(
        f"{twin.base}/query",
        data=samples["query_request"]["body"],
        headers=samples["query_request"]["headers"],
        timeout=20,
    )
    assert shape(samples["query_response"], rows.json()) == []


def test_counts_and_nothing(twin: Twin) -> None:
    samples = contract("qbo_samples.json")
    assert shape(samples["query_count_response"]["QueryResponse"], twin.query("select count(*) from Customer")) == []
    assert twin.query("select * from Invoice where Id = '99999'") == samples["query_empty_response"]["QueryResponse"]


def test_changes_batches_and_deletions(twin: Twin) -> None:
    samples = contract("qbo_samples.json")
    books = twin.realm.company
    paid, gone = invoice(books), invoice(books)
    held = payment(books, "250.00", ((paid, "100.00"),))
    books.delete(gone, at=books.clock.tick())
    since = (START.replace(day=1)).isoformat()
    found = twin.get("cdc", entities="Invoice,Payment,Deposit", changedSince=since)
    deleted = [
        row for row in found.json()["CDCResponse"][0]["QueryResponse"][0]["Invoice"] if row.get("status") == "Deleted"
    ]
    assert shape(samples["cdc_response"]["CDCResponse"][0]["QueryResponse"][0]["Invoice"], deleted) == []
    assert found.json()["CDCResponse"][0]["QueryResponse"][2] == {}

    samples["batch_request"]["BatchItemRequest"][0]["Payment"]["CustomerRef"]["value"] = "201"
    answer = twin.post("batch", samples["batch_request"])
    assert shape(samples["batch_response"], answer.json()) == []

    made = twin.get(f"payment/{held}").json()["Payment"]
    answer = twin.post("payment", {"Id": held, "SyncToken": made["SyncToken"]}, operation="delete")
    assert shape(samples["delete_response"], answer.json()) == []
    assert set(answer.json()["Payment"]) == {"domain", "status", "Id"}


def test_a_refresh_answers_as_the_sample(twin: Twin) -> None:
    credentials = twin.realm.credentials
    answer = twin.session.post(
        f"{twin.root}/quickbooks/oauth2/v1/tokens/bearer", data={"grant_type": "refresh_token", "refresh_token": credentials.refresh_token},
        auth=(credentials.client_id, credentials.client_secret), timeout=20,
    )  # fmt: skip
    sample = contract("qbo_samples.json")["oauth_refresh_response"]
    assert shape(sample, answer.json()) == []
    assert answer.json()["expires_in"] == sample["expires_in"]


def test_webhooks_are_signed_and_shaped() -> None:
    samples = contract("qbo_samples.json")
    event = webhooks.Event(
        "Payment", "163", "Update", START.replace(year=2026, month=1, day=20, hour=10, minute=11, second=12)
    )
    body = webhooks.legacy("9341", [event])
    assert body == (
        b'{"eventNotifications":[{"realmId":"9341","dataChangeEvent":{"entities":[{"id":"163","operation":"Update","name":"Payment",'
        b'"lastUpdated":"2026-01-20T10:11:12.000Z"}]}}]}'
    )
    assert webhooks.sign(body, "verifier-token-123") == "AUN/mGG+N1MADjehFTXGbjYKqJYVS60EbUO7ldJbfB8="
    import orjson

    assert shape(samples["webhook_legacy"]["body"], orjson.loads(body)) == []
    assert shape(samples["webhook_cloudevents"], orjson.loads(webhooks.cloud_events("9341", [event]))) == []


def test_faults_are_those_of_the_contract() -> None:
    bodies = {
        str(entry["body"]["Fault"]["Error"][0]["code"]): entry
        for entry in contract("qbo_fault_bodies.json")["faults"]
        if isinstance(entry["body"], dict) and "Fault" in entry["body"]
    }
    for code, message in MESSAGES.items():
        if code in bodies:
            assert message == bodies[code]["body"]["Fault"]["Error"][0]["Message"], code
            assert shape(bodies[code]["body"]["Fault"], invalid(code, "x").body()["Fault"]) == []
    found = system_failure()
    assert (found.status, found.message) == (500, bodies["10000"]["body"]["Fault"]["Error"][0]["Message"])


def test_the_gate_speaks_lower_case_and_xml() -> None:
    import json

    faults = contract("qbo_fault_bodies.json")["faults"]
    expired = next(entry["body"] for entry in faults if entry["httpStatus"] == 401)
    assert shape(expired, json.loads(unauthorised().response(START).body)) == []
    throttled = next(entry for entry in faults if entry["httpStatus"] == 429)
    answer = too_many().response(datetime_of(throttled["body"]))
    assert answer.media_type == throttled["contentType"]
    assert answer.body.decode() == throttled["body"]
    assert isinstance(too_many(xml=False), ApiError)


def datetime_of(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text.split('time="')[1].split('"')[0])


def test_no_property_that_the_schema_does_not_have() -> None:
    schema = contract("qbo_entities_from_xsd.json")
    kinds = {"ref": "ReferenceType", "money": "decimal", "day": "date", "flag": "boolean"}
    for name, table in TABLES.items():
        source = schema["entities"].get(name) or schema["complexTypes"][name]
        known = {field["name"]: field for field in source["fields"]}
        assert set(table) <= set(known), (name, set(table) - set(known))
        for prop, kind in table.items():
            assert kind not in kinds or known[prop]["type"] == kinds[kind], (name, prop, kind, known[prop]["type"])
            assert not kind.startswith("<") or known[prop]["type"] == kind[1:-1], (name, prop)
            assert kind.startswith("[") or kind in ("list", "any") or not known[prop].get("array"), (name, prop)
    for name, values in ENUMS.items():
        assert set(values) <= set(schema["enums"][name]), name


def test_answers_name_only_properties_of_the_schema(twin: Twin) -> None:
    schema = contract("qbo_entities_from_xsd.json")["entities"]
    books = twin.realm.company
    invoice(books, customer="202")
    for kind in (
        "Invoice",
        "Payment",
        "Customer",
        "Account",
        "Term",
        "PaymentMethod",
        "Item",
        "Vendor",
        "CompanyInfo",
        "Preferences",
        "ExchangeRate",
    ):
        known = {field["name"] for field in schema[kind]["fields"]}
        for row in twin.query(f"select * from {kind}")[kind]:
            assert set(row) <= known, (kind, set(row) - known)
