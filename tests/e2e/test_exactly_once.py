"""Exactly once, on a real socket: lost answers, busy servers, errors, and a deliverer killed three times.

The ERP below never merges two creates of one key: a second create is a second record, and the test counts
records. Half of what it drops it commits late: only when the client has asked "is it there?" and heard no.

Run as a program, this file is the delivering process: with the ERP's URL, the outbox and a run id.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from pipelines.outbox import Brakes, Outbox, Pace
from pipelines.system import Intent, Rejected, Transient

WRITES = 500
CONNECTIONS = ("books_us", "books_emea")
TOKEN = "Bearer not-a-secret"
BRAKES = {name: Brakes({"payment": "apply"}, max_writes=WRITES) for name in CONNECTIONS}
PACE = Pace(tries=5, backoff=0.01, backoff_most=0.05, settle=0.01, give_up_after=20)
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Erp:
    """What the ERP holds, what it saw, and how it misbehaves.

    Rates are per request, from one seeded sequence.
    """

    chance: random.Random
    drop: float = 0.20
    busy: float = 0.10
    broken: float = 0.05
    records: list[dict[str, Any]] = field(default_factory=list)
    late: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, method: str) -> str | None:
        with self.lock:
            self.seen[method] += 1
            roll = self.chance.random()
            faults = {"drop": self.drop if method == "POST" else 0.0, "429": self.busy, "503": self.broken}
            for name, rate in faults.items():
                if roll < rate:
                    self.seen[name] += 1
                    return name
                roll -= rate
            return None

    def commit(self, record: dict[str, Any]) -> str:
        with self.lock:
            self.records.append(record)
            return f"{record['connection']}-{len(self.records)}"

    def ids(self, key: str) -> list[str]:
        with self.lock:
            there = [f"{one['connection']}-{place}" for place, one in enumerate(self.records, 1) if one["key"] == key]
            if key in self.late:
                self.records.append(self.late.pop(key))
            return there


class Handler(BaseHTTPRequestHandler):
    """GET /records?key=K -> {"ids": []}; POST /records -> {"id": ...}.

    Strict: token, content type, the payload's shape.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, or every answer waits 40 ms for the client's acknowledgement
    erp: Erp

    def do_GET(self) -> None:
        if self._refused("GET"):
            return
        key = parse_qs(urlsplit(self.path).query)["key"][0]
        self._answer(200, {"ids": self.erp.ids(key)})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.erp.fault("POST")
        if fault in ("429", "503"):
            return self._answer(int(fault), {"error": fault})
        if self.headers["Authorization"] != TOKEN or self.headers["Content-Type"] != "application/json":
            return self._answer(401, {"error": "unauthorised"})
        record = json.loads(body)
        if set(record) != {"key", "connection", "payload"} or set(record["payload"]) != {
            "customer_id",
            "amount",
            "date",
        }:
            return self._answer(400, {"error": "INVALID_FIELDS: " + ",".join(sorted(record))})
        if fault == "drop":
            if self.erp.chance.random() < 0.5:
                self.erp.late[record["key"]] = record
            else:
                self.erp.commit(record)
            self.close_connection = True
            self.connection.close()
            return None
        return self._answer(201, {"id": self.erp.commit(record)})

    def _refused(self, method: str) -> bool:
        fault = self.erp.fault(method)
        if fault is not None:
            self._answer(int(fault), {"error": fault})
        elif self.headers["Authorization"] != TOKEN:
            self._answer(401, {"error": "unauthorised"})
        else:
            return False
        return True

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True  # we cut this connection ourselves, or the client was killed

    def log_message(self, format: str, *args: Any) -> None:
        return None


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed while we answered is what this test is about, not worth a traceback."""
        if not isinstance(sys.exc_info()[1], OSError | ValueError):
            super().handle_error(request, client_address)


@contextmanager
def serving(erp: Erp) -> Iterator[str]:
    server = Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"erp": erp}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class HttpWriter:
    """A writer for the ERP above, with requests on a real socket and no retries of its own."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/records"
        self.session = requests.Session()
        self.session.headers["Authorization"] = TOKEN

    def find(self, intent: Intent) -> str | None:
        ids = self._call("GET", params={"key": intent.key})["ids"]
        return ids[0] if ids else None

    def create(self, intent: Intent) -> str:
        body = {"key": intent.key, "connection": intent.connection, "payload": dict(intent.payload)}
        return str(self._call("POST", json=body)["id"])

    def _call(self, method: str, **what: Any) -> Any:
        try:
            answer = self.session.request(method, self.url, timeout=5, **what)
        except requests.RequestException as error:
            raise Transient(str(error)) from error
        if answer.status_code in (429, 503):
            raise Transient(f"{answer.status_code} {answer.text}")
        if answer.status_code >= 400:
            raise Rejected(answer.text)
        return answer.json()


def row(number: int) -> dict[str, Any]:
    amount = f"{number + 1}.{number % 100:02d}"
    return {
        "intent_key": f"tieout_payment_ch_{number:04d}_77",
        "connection": CONNECTIONS[number % len(CONNECTIONS)],
        "kind": "payment",
        "subject_key": f"stripe:cards_us:ch_{number:04d}",
        "amount": amount,
        "currency": "USD",
        "payload": json.dumps({"customer_id": "77", "amount": amount, "date": "2026-11-02"}),
    }


def start(url: str, path: Path, run: int) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, url, str(path), f"run-{run}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_until(true: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.002)


@pytest.mark.parametrize("seed", [7])
def test_500_writes_under_faults_and_three_kills_are_made_exactly_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    outbox = Outbox(tmp_path / "outbox.sqlite")
    assert len(outbox.plan([row(number) for number in range(WRITES)], run_id="plan").new) == WRITES
    erp = Erp(random.Random(seed + 1))
    interrupted = 0
    with serving(erp) as url:
        for kill in range(3):
            before = erp.seen["POST"]
            process = start(url, tmp_path / "outbox.sqlite", kill)
            moment = before + chance.randint(30, 130)
            wait_until(lambda moment=moment, process=process: erp.seen["POST"] >= moment or process.poll() is not None)
            time.sleep(chance.random() * 0.02)
            assert process.poll() is None, process.communicate()
            process.send_signal(signal.SIGKILL)
            process.communicate()
            interrupted += len(outbox.list(state="sending"))
        assert interrupted, "every kill came between two intents, which proves nothing: choose other moments"
        for run in range(3, 8):
            finished = start(url, tmp_path / "outbox.sqlite", run)
            told, errors = finished.communicate(timeout=60)
            assert not errors, errors
            if len(outbox.list(state="posted")) == WRITES:
                break
        assert outbox.plan([row(number) for number in range(WRITES)]).unchanged == tuple(
            row(n)["intent_key"] for n in range(WRITES)
        )
        writes = erp.seen["POST"]
        assert str(outbox.deliver({name: HttpWriter(url) for name in CONNECTIONS}, brakes=BRAKES)) == "nothing to send"

    assert erp.seen["POST"] == writes, "a second run writes nothing"
    assert len(erp.records) == WRITES, len(erp.records)
    assert not erp.late
    assert set(Counter(record["key"] for record in erp.records).values()) == {1}
    posted = outbox.list(state="posted")
    assert len(posted) == WRITES, told
    assert {one.key: [one.erp_id] for one in posted} == {one.key: erp.ids(one.key) for one in posted}
    assert all(
        record["payload"]["amount"] == str(outbox.show(record["key"]).intent.value) for record in erp.records[:20]
    )
    assert min(erp.seen["drop"], erp.seen["429"], erp.seen["503"]) > 10, erp.seen


def main() -> None:
    url, path, run_id = sys.argv[1:]
    report = Outbox(path).deliver(
        {name: HttpWriter(url) for name in CONNECTIONS}, brakes=BRAKES, pace=PACE, run_id=run_id
    )
    print(report)


if __name__ == "__main__":
    main()
