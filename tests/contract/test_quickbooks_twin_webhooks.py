"""Webhooks as a subscriber gets them, on a real socket: signed, in both bodies, tried again; and batches whose items are done once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

from pipelines.quickbooks.twin.webhooks import sign
from tests.contract.quickbooks_twin_kit import START, invoice, running


@contextmanager
def subscriber(*answers: int) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server that answers with the given statuses and then 200; yields its URL and what it got (signature, body)."""
    got: list[tuple[str, bytes]] = []
    waiting = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers["intuit-signature"], body))
            self.send_response(waiting.pop(0) if waiting else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", got
    finally:
        server.shutdown()
        server.server_close()


def until(got: list[tuple[str, bytes]], count: int) -> None:
    deadline = time.monotonic() + 10
    while len(got) < count:
        assert time.monotonic() < deadline, got
        time.sleep(0.01)


def test_changes_are_sent_signed_in_both_bodies() -> None:
    with running() as twin, subscriber() as (url, got):
        debt = invoice(twin.realm.company)
        twin.realm.subscribe(url, "token", ["cloudevents", "legacy"])
        line = {"Amount": 40, "LinkedTxn": [{"TxnId": debt, "TxnType": "Invoice"}]}
        paid = twin.made("payment", {"CustomerRef": {"value": "201"}, "TotalAmt": 40, "Line": [line]})["Id"]
        until(got, 2)
        assert [signature for signature, _ in got] == [sign(body, "token") for _, body in got]
        events, legacy = (orjson.loads(body) for _, body in got)
        assert {(event["type"], event["intuitentityid"]) for event in events} == {
            ("qbo.payment.created.v1", paid), ("qbo.invoice.updated.v1", debt),
        }  # fmt: skip
        ((note,)) = legacy["eventNotifications"]
        assert note["realmId"] == twin.realm.company.realm_id
        told = {(item["name"], item["operation"], item["id"]) for item in note["dataChangeEvent"]["entities"]}
        assert told == {("Payment", "Create", paid), ("Invoice", "Update", debt)}
        twin.realm.company.delete(paid, at=START)
        until(got, 4)
        assert "qbo.payment.deleted.v1" in {event["type"] for event in orjson.loads(got[2][1])}
        twin.realm.subscribe(None)
        twin.realm.company.void(debt, at=START)
        time.sleep(0.2)
        assert len(got) == 4


def test_a_call_that_fails_is_made_again() -> None:
    with running() as twin, subscriber(500) as (url, got):
        told = twin.realm.subscribe(url, "token")
        assert told is not None
        twin.realm.company.add_customer(name="New", at=START)
        until(got, 2)
        assert got[0] == got[1]
        time.sleep(0.1)
        assert (told.sent, told.failed) == (1, 0)


def test_an_item_of_a_batch_is_done_once_under_its_request_id() -> None:
    with running() as twin:
        good = {"bId": "1", "operation": "create", "Payment": {"CustomerRef": {"value": "201"}, "TotalAmt": 5}}
        bad = {"bId": "2", "operation": "create", "Payment": {"CustomerRef": {"value": "999"}, "TotalAmt": 5}}
        first = twin.post("batch", {"BatchItemRequest": [good, bad]}, requestid="r1").json()["BatchItemResponse"]
        assert "Fault" in first[1]
        mended = {**bad, "Payment": good["Payment"]}
        again = twin.post("batch", {"BatchItemRequest": [good, mended]}, requestid="r1").json()["BatchItemResponse"]
        assert again[0] == first[0]
        assert again[1]["Payment"]["Id"] != first[0]["Payment"]["Id"]
        own = {**good, "requestid": "mine"}
        one, two = (twin.post("batch", {"BatchItemRequest": [own]}).json()["BatchItemResponse"][0] for _ in range(2))
        assert one == two
        assert len(twin.realm.company.payments()) == 3
