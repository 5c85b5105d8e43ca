"""Refresh tokens that rotate: stored before they are used, one refresher, and nothing kept of a consent that is refused."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from pipelines.home import Home
from pipelines.http import Counter
from pipelines.quickbooks.errors import LinkExpired
from pipelines.quickbooks.tokens import Tokens
from pipelines.system import Refused, Transient
from tests.unit.test_quickbooks_pure import answer, settings

DISCOVERY = {
    "token_endpoint": "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
    "userinfo_endpoint": "https://accounts.platform.intuit.com/v1/openid_connect/userinfo",
}


class Intuit:
    """Discovery, a token endpoint that replaces the refresh token each time, and user info."""

    def __init__(self, home: Path, first: str = "r0", **info: Any) -> None:
        self.home = home
        self.good = {first}
        self.info = {"email": "ann@example.com", "emailVerified": True, **info}
        self.counter = Counter()
        self.refreshes = 0
        self.malformed = 0
        self.discovery = DISCOVERY
        self.on_disk: list[str] = []  # the stored refresh token each time user info is asked
        self._lock = threading.Lock()

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        with self._lock:
            if "openid" in url and "userinfo" not in url:
                return answer(200, self.discovery)
            if url.endswith("userinfo"):
                stored = self.stored()
                self.on_disk.append(stored["refresh_token"] if stored else "")
                return answer(200, self.info)
            assert options["auth"] == ("app", "secret")
            return self._token(options["data"]["refresh_token"])

    def _token(self, given: str) -> requests.Response:
        if self.malformed:
            self.malformed -= 1
            return answer(200, b'{"access_token":"a')
        if given not in self.good:
            return answer(400, {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"})
        self.refreshes += 1
        self.good = {f"r{self.refreshes}"}
        body = {"access_token": f"a{self.refreshes}", "expires_in": 3600, "refresh_token": f"r{self.refreshes}"}
        return answer(200, {**body, "x_refresh_token_expires_in": 8726400, "token_type": "bearer"})

    def stored(self) -> dict[str, Any] | None:
        file = self.home / "tokens" / "quickbooks_9341.json"
        return json.loads(file.read_text()) if file.exists() else None


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"QB_ID": "app", "QB_SECRET": "secret\n", "QB_TOKEN": "r0"}.items():
        monkeypatch.setenv(name, value)


def tokens(intuit: Intuit, **changes: Any) -> Tokens:
    return Tokens("books", settings(**changes), Home(intuit.home), intuit)  # type: ignore[arg-type]


def test_the_newest_refresh_token_is_on_disk_before_its_access_token_is_used(tmp_path: Path) -> None:
    intuit = Intuit(tmp_path)
    assert tokens(intuit).access() == "a1"
    assert intuit.on_disk == ["r1"]
    assert intuit.refreshes == 1
    assert tokens(intuit).access() == "a1"  # another process finds it
    assert intuit.refreshes == 1


def test_a_refused_token_is_refreshed_once_by_however_many_want_it(tmp_path: Path) -> None:
    intuit = Intuit(tmp_path)
    clients = [tokens(intuit) for _ in range(4)]
    assert {client.access() for client in clients} == {"a1"}
    threads = [threading.Thread(target=client.renew, args=("a1",)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert intuit.refreshes == 2
    assert {client.access() for client in clients} == {"a2"}


def test_an_expiring_token_is_replaced_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    intuit = Intuit(tmp_path)
    client = tokens(intuit)
    client.access()
    later = time.time() + 3590
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.access() == "a2"


def test_an_expired_link_asks_for_consent_and_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intuit = Intuit(tmp_path, first="another")
    with pytest.raises(LinkExpired, match="Incorrect or invalid refresh token") as caught:
        tokens(intuit).access()
    assert "connect the company again" in caught.value.remedy
    assert intuit.stored() is None
    intuit.good = {"new"}
    monkeypatch.setenv("QB_TOKEN", "new")
    assert tokens(intuit).access() == "a1"


def test_a_new_consent_takes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    intuit = Intuit(tmp_path)
    tokens(intuit).access()
    intuit.good = {"fresh"}
    monkeypatch.setenv("QB_TOKEN", "fresh")
    assert tokens(intuit).access() == "a2"


@pytest.mark.parametrize("said", [False, "false"])
def test_an_unverified_address_is_refused_with_its_own_code_and_leaves_no_token(tmp_path: Path, said: Any) -> None:
    intuit = Intuit(tmp_path, emailVerified=said)
    with pytest.raises(Refused) as caught:
        tokens(intuit).access()
    assert caught.value.code == "unverified_email"
    assert intuit.stored() is None
    assert list((tmp_path / "tokens").iterdir()) == []


def test_a_crash_before_the_address_was_seen_leaves_nothing_usable(tmp_path: Path) -> None:
    intuit = Intuit(tmp_path, emailVerified=False)
    intuit.info = {"unreadable": True}
    client = tokens(intuit)
    client._verified = lambda grant: (_ for _ in ()).throw(Transient("cut"))  # type: ignore[method-assign,assignment]
    with pytest.raises(Transient):
        client.access()
    assert intuit.stored() is not None
    intuit.info = {"emailVerified": False}
    with pytest.raises(Refused):
        tokens(intuit).access()
    assert intuit.stored() is None


def test_a_consent_without_openid_is_taken_as_it_is(tmp_path: Path) -> None:
    intuit = Intuit(tmp_path, emailVerified=False)
    assert tokens(intuit, scopes=["com.intuit.quickbooks.accounting"]).access() == "a1"
    assert intuit.on_disk == []


def test_an_answer_that_is_cut_off_is_asked_for_again(tmp_path: Path) -> None:
    intuit = Intuit(tmp_path)
    intuit.malformed = 1
    assert tokens(intuit).access() == "a1"
    intuit.malformed = 9
    with pytest.raises(Transient, match="not the JSON"):
        tokens(intuit).renew("a1")


def test_secrets_go_to_intuit_only(tmp_path: Path) -> None:
    intuit = Intuit(tmp_path)
    intuit.discovery = {**DISCOVERY, "token_endpoint": "https://intuit.com.example.com/token"}
    with pytest.raises(Refused, match="names no token_endpoint of Intuit's"):
        tokens(intuit).access()
    assert intuit.refreshes == 0


def test_wrong_app_keys_are_told(tmp_path: Path) -> None:
    intuit = Intuit(tmp_path)
    intuit._token = lambda _given: answer(401, orjson.dumps({"error": "invalid_client"}))  # type: ignore[method-assign]
    with pytest.raises(Refused, match="invalid_client") as caught:
        tokens(intuit).access()
    assert "client_secret" in caught.value.remedy
    assert not isinstance(caught.value, LinkExpired)
