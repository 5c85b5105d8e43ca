"""The sandbox over real sockets: its files, its controls, and the faults that it plays."""

import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dotenv
import pytest
import requests

from pipelines.connections import Connection
from pipelines.sandbox.running import Sandbox, start
from pipelines.sandbox.server import run
from pipelines.stripe.consent import connect
from pipelines.stripe.settings import StripeSettings
from pipelines.system import NotConfigured

CHARGES = "/stripe/v1/charges"
REALM = "/quickbooks/v3/company/9130350120017311"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start(tmp_path_factory.mktemp("sandbox"), seed=2, customers=100, months=6) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_faults(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.faults([])


def secrets(sandbox: Sandbox) -> dict[str, str]:
    return {name: value or "" for name, value in dotenv.dotenv_values(sandbox.connections.with_name(".env")).items()}


def stripe(sandbox: Sandbox, method: str = "GET", path: str = CHARGES, **options: Any) -> requests.Response:
    key = secrets(sandbox)["CARDS_US_API_KEY"]
    return requests.request(
        method, sandbox.base_url + path, headers={"Authorization": f"Bearer {key}"}, timeout=10, **options
    )


def granted(sandbox: Sandbox) -> requests.Response:
    """An access token of the first QuickBooks company, by the refresh token in the files."""
    known = secrets(sandbox)
    return requests.post(
        f"{sandbox.base_url}/quickbooks/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": known["QBO_US_REFRESH_TOKEN"]},
        auth=(known["QBO_US_CLIENT_ID"], known["QBO_US_CLIENT_SECRET"]),
        timeout=10,
    )


def quickbooks(
    sandbox: Sandbox, method: str = "GET", path: str = "", token: str | None = None, **options: Any
) -> requests.Response:
    bearer = token or granted(sandbox).json()["access_token"]
    headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
    return requests.request(method, sandbox.base_url + REALM + path, headers=headers, timeout=10, **options)


def test_the_files_lead_to_it_and_are_private(sandbox: Sandbox) -> None:
    folder = sandbox.connections.parent
    tables = tomllib.loads(sandbox.connections.read_text("utf-8"))
    assert {f"{system}.{name}" for system, held in tables.items() for name in held} == {
        "netsuite.books_us", "netsuite.books_emea", "stripe.cards_us", "stripe.cards_emea", "sftp.drop_dach", "sftp.drop_nordics", "sftp.bank_emea",
        "quickbooks.qbo_us", "quickbooks.qbo_uk", "stripe.cards_qbo_us", "stripe.cards_qbo_uk", "ecb.reference_rates",
    }  # fmt: skip
    known = secrets(sandbox)
    text = sandbox.connections.read_text("utf-8")
    assert known
    assert not [value for value in known.values() if value in text]
    for file in (sandbox.connections, folder / ".env", *(folder / "sandbox-keys").iterdir()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_it_refuses_to_overwrite_files_that_are_not_its_own(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MY_SECRET=1\n", "utf-8")
    with pytest.raises(NotConfigured, match="not written by the sandbox"):
        run(seed=1, customers=100, months=6, connections_out=tmp_path / "connections.toml")
    assert (tmp_path / ".env").read_text("utf-8") == "MY_SECRET=1\n"


def test_it_says_why_it_does_not_start(sandbox: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotConfigured, match="too small"):
        run(seed=1, customers=3, months=6, connections_out=tmp_path / "connections.toml")
    taken = int(sandbox.base_url.rpartition(":")[2])
    with pytest.raises(RuntimeError, match="did not start"):
        start(tmp_path, port=taken)
    assert "Address already in use" in capfd.readouterr().err


def test_answers_carry_company_time_once(sandbox: Sandbox) -> None:
    answer = stripe(sandbox)
    assert answer.status_code == 200
    assert answer.headers["date"].startswith("Mon, 02 Nov 2026") or "Nov 2026" in answer.headers["date"]
    assert len(answer.raw.headers.getlist("date")) == 1


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [("429", 429, "rate_limit"), ("5xx", 500, "api_error"), ("expired_token", 401, "api_key_expired")],
)
def test_refusals_are_in_stripes_own_format(sandbox: Sandbox, kind: str, status: int, word: str) -> None:
    sandbox.faults([{"system": "stripe", "route": f"*{CHARGES}", "kind": kind}])
    answer = stripe(sandbox)
    assert answer.status_code == status
    assert word in (answer.json()["error"].get("code", ""), answer.json()["error"]["type"])
    assert stripe(sandbox, path="/stripe/v1/payouts").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("429", 429, "CONCURRENCY_LIMIT_EXCEEDED"),
        ("5xx", 500, "UNEXPECTED_ERROR"),
        ("expired_token", 401, "INVALID_LOGIN"),
    ],
)
def test_refusals_are_in_netsuites_own_format(sandbox: Sandbox, kind: str, status: int, code: str) -> None:
    sandbox.faults([{"system": "netsuite", "kind": kind}])
    answer = requests.get(f"{sandbox.base_url}/netsuite/7311001/services/rest/record/v1/invoice", timeout=10)
    assert answer.status_code == status
    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == code


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [("429", 429, "ThrottleExceeded"), ("5xx", 500, "10000"), ("expired_token", 401, "AuthenticationFailed")],
)
def test_refusals_are_in_quickbooks_own_format(sandbox: Sandbox, kind: str, status: int, word: str) -> None:
    token = granted(sandbox).json()["access_token"]
    sandbox.faults([{"system": "quickbooks", "route": "*/v3/*", "kind": kind}])
    answers = [quickbooks(sandbox, path="/query?query=select * from Customer", token=token) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, status]
    assert all(word in answer.text for answer in answers)
    types = ["application/xml", "application/json"] if kind == "429" else ["application/json"] * 2
    assert [answer.headers["content-type"] for answer in answers] == types
    assert granted(sandbox).status_code == 200


def test_a_quickbooks_company_reads_writes_and_is_logged(sandbox: Sandbox) -> None:
    before = sandbox.log()["total"]
    query = quickbooks(sandbox, "POST", "/query", data="x").status_code  # a read, although it is a POST
    found = quickbooks(
        sandbox, path="/query?query=select * from Customer where Active in (true, false) maxresults 5"
    ).json()
    customer = found["QueryResponse"]["Customer"][0]["Id"]
    body = {"CustomerRef": {"value": customer}, "TotalAmt": 12.5, "PaymentRefNum": "by hand"}
    made = quickbooks(sandbox, "POST", "/payment?requestid=r1", json=body).json()["Payment"]
    log = sandbox.log(since=before)
    assert query == 415
    assert [(entry["system"], entry["path"], entry["served"]) for entry in log["writes"]] == [
        ("quickbooks", f"{REALM}/payment", 200)
    ]
    told = {row["id"]: row for row in sandbox.truth()["payments"] if row["connection"] == "qbo_us"}
    assert (told[made["Id"]]["amount"], told[made["Id"]]["unapplied_amount"]) == ("12.50", "12.50")


def test_access_to_a_quickbooks_company_can_be_taken_and_given_back(sandbox: Sandbox) -> None:
    token = granted(sandbox).json()["access_token"]
    information = f"{sandbox.base_url}/quickbooks/v1/openid_connect/userinfo"

    def verified() -> bool:
        headers = {"Authorization": f"Bearer {token}"}
        return bool(requests.get(information, headers=headers, timeout=10).json()["emailVerified"])

    path = "/companyinfo/9130350120017311"
    assert (quickbooks(sandbox, path=path, token=token).status_code, verified()) == (200, True)
    sandbox.access("qbo_us", unverified=True, without=["com.intuit.quickbooks.accounting"])
    assert (quickbooks(sandbox, path=path, token=token).status_code, verified()) == (403, False)
    sandbox.access("qbo_us", expired=True)
    assert quickbooks(sandbox, path=path, token=token).status_code == 401
    assert quickbooks(sandbox, path=path).status_code == 200
    sandbox.access("qbo_us", revoked=True)
    assert granted(sandbox).json()["error"] == "invalid_grant"
    sandbox.access("qbo_us")
    assert quickbooks(sandbox, path=path).status_code == 200


def test_a_quickbooks_company_tells_a_subscriber(sandbox: Sandbox) -> None:
    wish = {"connection": "qbo_us", "url": "http://127.0.0.1:9/hook", "verifier": "token", "formats": ["legacy"]}
    for given, status in (
        (wish, 200),
        ({**wish, "formats": ["none"]}, 400),
        ({**wish, "connection": "nobody"}, 400),
        ({**wish, "url": None}, 200),
    ):
        assert requests.post(f"{sandbox.base_url}/__sandbox__/webhooks", json=given, timeout=10).status_code == status


def test_a_cut_connection_does_nothing_and_a_dropped_one_has_done_it(sandbox: Sandbox) -> None:
    def customers() -> int:
        found = stripe(sandbox, path="/stripe/v1/customers?limit=100&email=fault@example.com").json()["data"]
        return len(found)

    for kind, made in (("cut", 0), ("commit_then_drop", 1)):
        sandbox.faults([{"system": "stripe", "kind": kind, "method": "POST"}])
        with pytest.raises(requests.ConnectionError):
            stripe(sandbox, "POST", "/stripe/v1/customers", data={"email": "fault@example.com"})
        sandbox.faults([])
        assert customers() == made, kind
    last = sandbox.log()["writes"][-1]
    assert (last["fault"], last["served"], last["status"], last["path"]) == (
        "commit_then_drop",
        200,
        None,
        "/stripe/v1/customers",
    )
    assert "fault%40example.com" in last["body"]


def test_a_malformed_page_is_half_a_page(sandbox: Sandbox) -> None:
    whole = stripe(sandbox).content
    sandbox.faults([{"kind": "malformed"}])
    answer = stripe(sandbox)
    assert answer.status_code == 200
    assert answer.content == whole[: len(whole) // 2]
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_slow_answer_comes(sandbox: Sandbox) -> None:
    sandbox.faults([{"kind": "slow", "seconds": 0.3}])
    answer = stripe(sandbox)
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.3


def test_faults_are_seeded_and_bounded(sandbox: Sandbox) -> None:
    rule = {"system": "stripe", "kind": "429", "rate": 0.4, "seed": 9}

    def outcomes() -> list[int]:
        sandbox.faults([rule])
        return [stripe(sandbox).status_code for _ in range(12)]

    first = outcomes()
    assert set(first) == {200, 429}
    assert outcomes() == first
    sandbox.faults([{"kind": "5xx", "times": 2}])
    assert [stripe(sandbox).status_code for _ in range(4)] == [500, 500, 200, 200]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "earthquake"}, "no kind of fault"),
        ({"kind": "cut", "rate": 2}, "between 0 and 1"),
        ({"kind": "cut", "rote": "*"}, "rote"),
    ],
)
def test_a_wrong_fault_is_refused_in_words(sandbox: Sandbox, rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sandbox.faults([rule])


def test_access_can_be_taken_and_given_back(sandbox: Sandbox) -> None:
    sandbox.access("cards_us", expired=True)
    assert stripe(sandbox).json()["error"]["code"] == "api_key_expired"
    sandbox.access("cards_us")
    assert stripe(sandbox).status_code == 200
    with pytest.raises(ValueError, match="nobody"):
        sandbox.access("nobody")


def test_a_stripe_account_is_connected_by_oauth(sandbox: Sandbox) -> None:
    """Its owner is signed in, and consents to whoever opens the link."""
    table = tomllib.loads(sandbox.connections.read_text())["stripe"]["cards_qbo_uk"]
    connected = Connection("cards_qbo_uk", "stripe", StripeSettings(**table))

    def refresh() -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": secrets(sandbox)["CARDS_QBO_UK_REFRESH_TOKEN"]}
        key = secrets(sandbox)["CARDS_QBO_UK_PLATFORM_KEY"]
        return requests.post(f"{connected.settings.connect_url}/oauth/token", data=form, auth=(key, ""), timeout=10)

    for _ in range(2):
        assert refresh().json()["stripe_user_id"] == connected.settings.account_id
    sandbox.access(connected.name, revoked=True)
    assert refresh().json()["error"] == "invalid_grant"
    sandbox.access(connected.name)
    assert refresh().json()["scope"] == "read_only"
    link = connect(connected, None)
    assert "code=ac_" in requests.get(link, allow_redirects=False, timeout=10).headers["location"]


def test_the_log_counts_and_keeps_no_secret(sandbox: Sandbox) -> None:
    before = sandbox.log()["total"]
    stripe(sandbox)
    log = sandbox.log(since=before)
    assert [(entry["path"], entry["status"]) for entry in log["requests"]] == [(CHARGES, 200)]
    told = str(sandbox.log(limit=100_000))
    assert not [value for value in secrets(sandbox).values() if value in told]


def test_time_passes_and_the_truth_with_it(sandbox: Sandbox) -> None:
    before = sandbox.truth()
    with pytest.raises(ValueError, match="1 or more"):
        sandbox.advance(0)
    moved = sandbox.advance(7)
    assert moved == sandbox.health()["now"] > "2026-11-09"
    after = sandbox.truth()
    assert len(after["documents"]) > len(before["documents"])
    assert "Nov 2026" in stripe(sandbox).headers["date"]


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    running = start(tmp_path, customers=100, months=6)
    try:
        assert running.process.stdin
        running.process.stdin.close()
        assert running.process.wait(timeout=10) == 0
    finally:
        running.stop()
    assert not os.path.exists(f"/proc/{running.process.pid}")
