"""Connect OAuth on the twin, judged by the official `stripe` library, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import stripe
from stripe import oauth_error

from pipelines.stripe.twin import Platform
from tests.contract.test_stripe_twin_world import NOW, account, serving

stripe.enable_telemetry = False
PLATFORM, LIVE, CLIENT = "sk_test_platform_0123456789abcdef", "sk_live_platform_0123456789abcdef", "ca_TieoutTest"
BACK = "https://example.com/connected"


class World:
    """One account, one platform, both behind one address."""

    def __init__(self) -> None:
        self.url = ""
        self.account = account()
        self.hours = 0.0
        self.platform = Platform(
            CLIENT, PLATFORM, (BACK, f"{BACK}/too"), self.account, live_key=LIVE, now=lambda: 3_600 * self.hours
        )

    def consent(self, **params: str) -> dict[str, str]:
        """The owner follows the library's link; what the platform's own page is then given."""
        answer = self.follow(**params)
        assert answer.status_code == 302, answer.text
        url = urlsplit(answer.headers["location"])
        assert f"{url.scheme}://{url.netloc}{url.path}" == params.get("redirect_uri", BACK)
        return {name: one for name, (one,) in parse_qs(url.query).items()}

    def follow(self, **params: str) -> requests.Response:
        return requests.get(stripe.OAuth.authorize_url(**params), allow_redirects=False)  # type: ignore[arg-type]

    def code(self, scope: str = "read_only") -> str:
        return self.consent(scope=scope)["code"]

    def client(self, key: str) -> stripe.StripeClient:
        return stripe.StripeClient(key, base_addresses={"api": self.url})  # type: ignore[typeddict-item]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World()
    with serving(made.account, platform=made.platform) as url:
        made.url = url
        monkeypatch.setattr(stripe, "api_key", PLATFORM)
        monkeypatch.setattr(stripe, "client_id", CLIENT)
        monkeypatch.setattr(stripe, "max_network_retries", 0)
        monkeypatch.setattr(import_module("stripe._oauth"), "connect_api_base", url)  # links remember the first one
        monkeypatch.setattr(stripe, "connect_api_base", url)
        yield made


def test_a_consent_becomes_tokens_that_read_and_do_not_write(world: World) -> None:
    back = world.consent(scope="read_only", state="s1")
    assert (back["scope"], back["state"]) == ("read_only", "s1")
    token = stripe.OAuth.token(grant_type="authorization_code", code=back["code"])
    assert (token.scope, token.livemode, token.token_type) == ("read_only", False, "bearer")
    assert token.stripe_user_id == world.account.account_id
    assert token.stripe_publishable_key.startswith("pk_test_")
    client = world.client(token.access_token)
    assert client.v1.accounts.retrieve_current().id == world.account.account_id
    with pytest.raises(stripe.PermissionError, match="rak_customer_write"):
        client.v1.customers.create({"name": "x"})
    writing = stripe.OAuth.token(grant_type="authorization_code", code=world.code("read_write"))
    assert world.client(writing.access_token).v1.customers.create({"name": "x"}).name == "x"


def test_a_refresh_revokes_the_access_token_before_and_may_ask_for_less(world: World) -> None:
    first = stripe.OAuth.token(grant_type="authorization_code", code=world.code("read_write"))
    less = stripe.OAuth.token(grant_type="refresh_token", refresh_token=first.refresh_token, scope="read_only")
    assert (less.scope, less.refresh_token) == ("read_only", first.refresh_token)
    world.client(first.access_token).v1.balance.retrieve()  # of another scope: still good
    again = stripe.OAuth.token(grant_type="refresh_token", refresh_token=first.refresh_token, scope="read_only")
    with pytest.raises(stripe.AuthenticationError) as caught:
        world.client(less.access_token).v1.balance.retrieve()
    assert caught.value.json_body["error"]["code"] == "platform_api_key_expired"
    world.client(again.access_token).v1.balance.retrieve()


def test_a_code_is_good_once_for_five_minutes_and_its_second_use_revokes(world: World) -> None:
    code = world.code()
    token = stripe.OAuth.token(grant_type="authorization_code", code=code)
    with pytest.raises(oauth_error.InvalidGrantError, match="already been used"):
        stripe.OAuth.token(grant_type="authorization_code", code=code)
    with pytest.raises(stripe.AuthenticationError):
        world.client(token.access_token).v1.balance.retrieve()
    late = world.code()
    world.hours += 0.1
    with pytest.raises(oauth_error.InvalidGrantError, match="expired"):
        stripe.OAuth.token(grant_type="authorization_code", code=late)


def test_deauthorize_ends_every_token(world: World) -> None:
    token = stripe.OAuth.token(grant_type="authorization_code", code=world.code())
    gone = stripe.OAuth.deauthorize(stripe_user_id=world.account.account_id)
    assert gone.stripe_user_id == world.account.account_id
    with pytest.raises(stripe.AuthenticationError):
        world.client(token.access_token).v1.balance.retrieve()
    with pytest.raises(oauth_error.InvalidGrantError, match="does not exist"):
        stripe.OAuth.token(grant_type="refresh_token", refresh_token=token.refresh_token)
    with pytest.raises(oauth_error.InvalidClientError, match="not connected") as caught:
        stripe.OAuth.deauthorize(stripe_user_id=world.account.account_id)
    assert caught.value.http_status == 401


@pytest.mark.parametrize(
    ("params", "raised", "words"),
    [
        ({"grant_type": ""}, oauth_error.InvalidRequestError, "No grant type"),
        ({"grant_type": "password"}, oauth_error.UnsupportedGrantTypeError, "password"),
        ({"grant_type": "authorization_code"}, oauth_error.InvalidRequestError, "No code"),
        ({"grant_type": "refresh_token"}, oauth_error.InvalidRequestError, "No refresh token"),
        ({"grant_type": "authorization_code", "code": "ac_none"}, oauth_error.InvalidGrantError, "ac_none"),
        ({"grant_type": "refresh_token", "refresh_token": "rt_none"}, oauth_error.InvalidGrantError, "rt_none"),
    ],
)
def test_what_the_token_endpoint_refuses(
    world: World, params: dict[str, str], raised: type[Exception], words: str
) -> None:
    with pytest.raises(raised, match=words):
        stripe.OAuth.token(**params)  # type: ignore[arg-type]


def test_modes_scopes_and_keys_are_kept_apart(world: World) -> None:
    token = stripe.OAuth.token(grant_type="authorization_code", code=world.code())
    with pytest.raises(oauth_error.InvalidScopeError):
        stripe.OAuth.token(grant_type="refresh_token", refresh_token=token.refresh_token, scope="read_write")
    with pytest.raises(oauth_error.InvalidGrantError, match="test mode"):
        stripe.OAuth.token(LIVE, grant_type="refresh_token", refresh_token=token.refresh_token)
    with pytest.raises(oauth_error.InvalidClientError):
        stripe.OAuth.deauthorize(LIVE, stripe_user_id=world.account.account_id)
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        stripe.OAuth.token("sk_test_other_key", grant_type="refresh_token", refresh_token=token.refresh_token)
    assert stripe.OAuth.token(grant_type="refresh_token", refresh_token=token.refresh_token).access_token


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"client_id": "ca_other"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"redirect_uri": "https://example.org"}, "invalid_redirect_uri"),
    ],
)
def test_a_wrong_link_is_told_without_a_redirect(world: World, params: dict[str, str], error: str) -> None:
    answer = world.follow(state="s2", **params)
    assert (answer.status_code, answer.json()["error"], answer.json()["state"]) == (400, error, "s2")
    assert answer.json()["error_description"]


def test_who_says_no_comes_back_without_a_code(world: World) -> None:
    world.platform.signed_in = None
    back = world.consent(state="s3", redirect_uri=f"{BACK}/too")
    assert (back["error"], back["state"], "code" in back) == ("access_denied", "s3", False)


def test_a_platform_reads_nothing_of_an_account_that_did_not_consent(world: World) -> None:
    with pytest.raises(stripe.AuthenticationError):
        world.client(PLATFORM).v1.balance.retrieve()
    assert world.account.clock.now() == NOW
