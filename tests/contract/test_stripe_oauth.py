"""A Stripe connection by its owner's consent, against the twin: connected by a person, refreshed, revoked, of the wrong mode or account."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from pipelines.__main__ import main
from pipelines.connections import Connection
from pipelines.home import Home
from pipelines.stripe import SYSTEM
from pipelines.stripe.client import StripeReader
from pipelines.stripe.consent import Consent, connect
from pipelines.stripe.twin import Platform, StripeAccount, app
from pipelines.stripe.watch import arrivals
from pipelines.sync import sync
from pipelines.system import NotConfigured, Refused, Transient
from tests.contract.test_stripe_client import Server, history, latest, rows, server

__all__ = ["history", "server"]  # fixtures
PLATFORM, LIVE, CLIENT = "sk_test_platform0000000000000001", "sk_live_platform0000000000000001", "ca_1Contract"


class Consented:
    """The account's owner, a platform, and a connection that has no key."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server, self.home = server, Home(home)
        self.account: StripeAccount = server.account
        self.platform = Platform(CLIENT, PLATFORM, ("https://example.com/back",), self.account, live_key=LIVE)
        server._app = app({server.account.secret_key: server.account}, self.platform)

    def connection(self, **changes: Any) -> Connection:
        url = f"http://127.0.0.1:{self.server.port}"
        login = {"api_key": None, "platform_key": "${PLATFORM_KEY}", "client_id": CLIENT, "connect_url": url}
        return self.server.connection(**{**login, **changes})

    def seeded(self, **changes: Any) -> Connection:
        """With a refresh token in the environment, which is all that a consent given elsewhere leaves."""
        return self.connection(refresh_token="${REFRESH_TOKEN}", **changes)

    def code(self, **changes: Any) -> str:
        """The owner opens the address and says yes."""
        answer = requests.get(connect(self.connection(**changes), None), allow_redirects=False)
        return answer.headers["location"].partition("code=")[2].partition("&")[0]

    @property
    def stored(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home.root / "tokens" / "stripe_cards_test.json").read_text())
        return found

    def exchanges(self) -> int:
        return sum(path == "/oauth/token" for path in self.server.paths)


@pytest.fixture
def consented(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Consented:
    made = Consented(server, tmp_path)
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path))
    monkeypatch.setenv("PLATFORM_KEY", PLATFORM)
    monkeypatch.setenv("REFRESH_TOKEN", made.platform.grant(made.account).refresh_token)
    return made


def test_a_person_connects_an_account_and_a_second_sync_adds_nothing(
    consented: Consented, history: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "connections.toml"
    url = f"http://127.0.0.1:{consented.server.port}"
    file.write_text(
        f'[stripe.cards_test]\nplatform_key = "${{PLATFORM_KEY}}"\nclient_id = "{CLIENT}"\nbase_url = "{url}"\nconnect_url = "{url}"\n'
    )
    monkeypatch.setenv("TIEOUT_CONNECTIONS", str(file))
    link = CliRunner().invoke(main, ["connect", "cards_test"]).output.strip()
    assert "scope=read_only" in link
    assert "state=cards_test" in link
    back = requests.get(link, allow_redirects=False).headers["location"]
    code = back.partition("code=")[2].partition("&")[0]
    done = CliRunner().invoke(main, ["connect", "cards_test", "--code", code])
    assert done.output == "cards_test: connected to acct_1Contract (test).\n"
    again = CliRunner().invoke(main, ["connect", "cards_test", "--code", code])
    assert (again.exit_code, "sent already" in again.output) == (1, True)
    assert SYSTEM.check(consented.connection()).active, "the first tokens are still good"
    first, second = (sync(consented.connection(), consented.home) for _ in range(2))
    assert first.rows > 0
    assert sum(second.versions.values()) == 0
    assert consented.exchanges() == 1, "an access token does not end by itself"
    assert latest(consented.home, "charge")


def test_a_refresh_token_from_the_environment_is_enough(consented: Consented, history: dict[str, str]) -> None:
    for _ in range(2):
        report = sync(consented.seeded(), consented.home)
        assert report.counts["calls"] > 0
    assert consented.exchanges() == 1
    told = arrivals(consented.seeded())
    assert told == arrivals(consented.seeded()) != ""
    assert consented.exchanges() == 1, "all processes of a home share the token"
    assert (consented.home.root / "tokens" / "stripe_cards_test.json").stat().st_mode & 0o777 == 0o600


def test_another_refresh_token_in_the_environment_takes_over(
    consented: Consented, monkeypatch: pytest.MonkeyPatch
) -> None:
    StripeReader(consented.seeded()).get("/v1/balance")
    before = consented.stored["refresh_token"]
    consented.platform.revoke(consented.account.account_id)
    monkeypatch.setenv("REFRESH_TOKEN", consented.platform.grant(consented.account).refresh_token)
    StripeReader(consented.seeded()).get("/v1/balance")
    assert consented.stored["refresh_token"] != before
    monkeypatch.delenv("REFRESH_TOKEN")
    StripeReader(consented.seeded()).get("/v1/balance")  # what is stored is enough


def test_an_access_token_that_ended_is_renewed_once_by_however_many_want_it(consented: Consented) -> None:
    readers = [StripeReader(consented.seeded()) for _ in range(4)]
    for reader in readers:
        reader.get("/v1/balance")
    consented.platform.end_access(consented.account.account_id)
    threads = [threading.Thread(target=reader.get, args=("/v1/balance",)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert consented.exchanges() == 2
    assert all(reader.counter.retries <= 1 for reader in readers)
    assert {reader.get("/v1/balance").body["object"] for reader in readers} == {"balance"}


def test_a_revoked_consent_is_disconnected_and_a_new_one_mends_it(
    consented: Consented, history: dict[str, str]
) -> None:
    sync(consented.seeded(), consented.home)
    consented.platform.revoke(consented.account.account_id)
    for _ in range(2):
        with pytest.raises(Refused, match="invalid_grant") as caught:
            sync(consented.seeded(), consented.home)
        assert (caught.value.code, caught.value.state) == ("invalid_login", "disconnected")
        assert "`tieout connect cards_test`" in caught.value.remedy
        found = SYSTEM.check(consented.seeded())
        assert (found.state, [problem.code for problem in found.problems]) == ("disconnected", ["expired_link"])
    assert connect(consented.seeded(), consented.code()).startswith("cards_test: connected to acct_1Contract")
    assert SYSTEM.check(consented.seeded()).active
    assert sum(sync(consented.seeded(), consented.home).versions.values()) == 0


def test_a_lost_answer_to_a_code_is_not_asked_again(consented: Consented) -> None:
    """Stripe revokes the link when a code comes twice: so it is sent once, and a person begins anew."""
    code = consented.code()

    def taken(path: str) -> None:
        consented.platform.exchange(code)

    consented.server.before = taken
    consented.server.faults.append((500, b"{}"))
    with pytest.raises(Transient, match=r"not known.*tieout connect cards_test.*new code"):
        connect(consented.connection(), code)
    with pytest.raises(Refused, match="sent already"):
        connect(consented.connection(), code)
    consented.server.before = lambda path: None
    assert consented.exchanges() == 1
    assert consented.platform.links, "the link stands"
    assert SYSTEM.check(consented.connection()).problems[0].message.endswith("nobody has consented yet.")
    connect(consented.connection(), consented.code())
    assert SYSTEM.check(consented.connection()).active


def test_a_lost_answer_to_a_refresh_is_asked_again(consented: Consented) -> None:
    consented.server.faults += [(500, b"{}"), (200, b'{"access_token": "sk_te')]
    assert StripeReader(consented.seeded(), max_wait=0.1).get("/v1/balance").body["object"] == "balance"
    assert consented.exchanges() == 3


def test_a_consent_of_another_mode_or_account_is_refused_and_not_kept(
    consented: Consented, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = {"access_token": "sk_live_x", "refresh_token": "rt_x", "stripe_user_id": "acct_1Contract", "livemode": True}
    for _ in range(2):
        consented.server.faults.append((200, json.dumps(live).encode()))
        found = SYSTEM.check(consented.seeded())
        assert [problem.code for problem in found.problems] == ["wrong_mode"]
        other = SYSTEM.check(consented.seeded(account_id="acct_1Other"))
        assert (other.state, [problem.code for problem in other.problems]) == ("disconnected", ["wrong_account"])
        assert "acct_1Contract" in other.problems[0].message
        assert "acct_1Other" in other.problems[0].remedy
    with pytest.raises(Refused, match="acct_1Contract"):
        connect(consented.connection(account_id="acct_1Other"), consented.code())
    assert consented.stored["access_token"] == ""
    monkeypatch.setenv("PLATFORM_KEY", LIVE)
    assert SYSTEM.check(consented.seeded()).problems[0].code == "wrong_mode", "before anything is sent"
    live_key = SYSTEM.check(consented.seeded(mode="live")).problems[0]
    assert (live_key.code, "test mode" in live_key.message) == ("expired_link", True)


def test_a_stored_token_is_not_taken_along_to_another_mode_or_account(
    consented: Consented, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One account id is that of its test data and of its live data: only the token tells them apart."""
    StripeReader(consented.seeded()).get("/v1/balance")
    with pytest.raises(Refused, match="acct_1Other"):
        StripeReader(consented.seeded(account_id="acct_1Other")).get("/v1/balance")
    monkeypatch.setenv("PLATFORM_KEY", LIVE)
    for _ in range(2):
        with pytest.raises(Refused, match="invalid_grant"):
            StripeReader(consented.seeded(mode="live")).get("/v1/balance")


def test_wrong_platform_keys_scopes_and_settings_are_named(
    consented: Consented, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLATFORM_KEY", "sk_test_wrong")
    wrong = SYSTEM.check(consented.seeded())
    assert (wrong.state, wrong.problems[0].code) == ("refused", "wrong_key")
    assert "platform_key" in wrong.problems[0].remedy
    monkeypatch.delenv("PLATFORM_KEY")
    assert "PLATFORM_KEY" in SYSTEM.check(consented.seeded()).problems[0].message
    monkeypatch.setenv("PLATFORM_KEY", PLATFORM)
    monkeypatch.delenv("REFRESH_TOKEN")
    unset = SYSTEM.check(consented.seeded(client_id=None))
    assert (unset.state, "REFRESH_TOKEN" in unset.problems[0].message) == ("not_configured", True)
    consented.server.faults.append((404, b"<html>"))
    monkeypatch.setenv("REFRESH_TOKEN", "rt_any")
    with pytest.raises(Transient, match="/oauth/token \\(HTTP 404\\)"):
        StripeReader(consented.seeded(), attempts=1).get("/v1/balance")
    with pytest.raises(NotConfigured, match="client_id"):
        connect(consented.server.connection(), None)


def test_tokens_and_codes_are_in_no_log_error_or_table(
    consented: Consented, history: dict[str, str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    code = consented.code()
    connect(consented.seeded(), code)
    report = sync(consented.seeded(), consented.home)
    kept = consented.stored
    with pytest.raises(Refused) as unknown:
        Consent(consented.seeded()).exchange("ac_unknown")
    monkeypatch.setenv("REFRESH_TOKEN", "rt_unknown")
    with pytest.raises(Refused) as refused:
        StripeReader(consented.seeded()).get("/v1/balance")
    told = (
        f"{caplog.text} {report} {unknown.value} {refused.value} {rows(consented.home, 'from raw_tieout.connection')}"
    )
    for secret in (code, PLATFORM, kept["refresh_token"], kept["access_token"], "ac_unknown", "rt_unknown"):
        assert secret not in told
    assert set(kept) == {"refresh_token", "access_token", "seed", "code", "mode", "account"}, "the answer is not kept"
