"""The NetSuite twin's logins: OAuth 1.0a signatures as Oracle publishes them, OAuth 2.0 with a certificate, roles."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from requests_oauthlib import OAuth1

from pipelines.netsuite.twin import Certificate, Role
from pipelines.netsuite.twin.auth import ASSERTION, TOKEN_LIMIT, sign, signature_base
from pipelines.netsuite.twin.roles import FULL

from .netsuite_twin_kit import Twin, contract, invoice, made_account, serve

EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
CLIENT = "5d4e0e32" * 8


def _pem(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


@pytest.fixture(scope="module")
def served() -> Iterator[Twin]:
    certificates = [Certificate(CLIENT, "ec-cert", _pem(EC_KEY)), Certificate(CLIENT, "rsa-cert", _pem(RSA_KEY))]
    account = made_account(certificates=certificates)
    invoice(account.books)
    with serve(account) as root:
        yield Twin(root, account)


@pytest.fixture
def twin(served: Twin) -> Iterator[Twin]:
    """The shared twin, with role and credentials put back after the test."""
    yield served
    account = served.account
    account.role = Role()
    account.credentials.token_limit_exceeded, account.credentials.token_lifetime = False, 3600
    for held in (*account.credentials.tokens, *account.credentials.certificates):
        held.revoked, held.enabled = False, True


def _refused(twin: Twin, reason: str, **more: Any) -> None:
    """A 401 with NetSuite's one body, and the reason in the audit trail only."""
    answer = twin.record("GET", "invoice/1001", **more)
    expected = next(held for held in contract("netsuite_error_bodies.json")["errors"] if held["httpStatus"] == 401)
    assert answer.status_code == 401
    assert answer.json() == expected["body"]
    assert twin.account.gate.audit[-1]["detail"] == reason


def test_every_published_signature_verifies() -> None:
    for vector in contract("oauth1_test_vectors.json")["vectors"]:
        names = (
            "oauth_consumer_key",
            "oauth_token",
            "oauth_nonce",
            "oauth_timestamp",
            "oauth_signature_method",
            "oauth_version",
        )
        base = signature_base(vector["method"], vector["url"], {name: vector[name] for name in names})
        assert base == vector["base_string"]
        assert sign(base, vector["consumer_secret"], vector["token_secret"]) == vector["signature_base64"]


def test_a_signed_request_passes(twin: Twin) -> None:
    assert twin.record("GET", "invoice/1001").status_code == 200
    assert twin.record("GET", 'invoice?q=memo IS "a+b@x.com"&limit=100').status_code == 200
    assert twin.account.gate.audit[-1]["status"] == "Success"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signature_method": "HMAC-SHA1"}, "UnknownAlgorithm"),
        ({"signature_method": "PLAINTEXT"}, "UnknownAlgorithm"),
        ({"realm": "7311001-sb1"}, "realm_rejected"),
        ({"realm": None}, "realm_rejected"),
        ({"client_secret": "wrong"}, "InvalidSignature"),
        ({"client_key": "wrong"}, "consumer_key_unknown"),
        ({"resource_owner_key": "wrong"}, "token_rejected"),
        ({"timestamp": str(int(time.time()) - 3600)}, "InvalidTimestamp"),
        ({"timestamp": str(int(time.time()) + 3600)}, "InvalidTimestamp"),
        ({"nonce": "abc"}, "NonceUsed"),
    ],
)
def test_a_bad_signature_is_the_same_401(twin: Twin, changes: dict[str, Any], reason: str) -> None:
    _refused(twin, reason, auth=twin.auth(**changes))


def test_no_or_broken_authorization_is_401(twin: Twin) -> None:
    _refused(twin, "permission_denied", auth=lambda request: request)
    _refused(
        twin, "parameter_absent", auth=lambda request: request, headers={"Authorization": 'OAuth realm="7311001_SB1"'}
    )


def test_a_replay_is_refused(twin: Twin) -> None:
    signer: OAuth1 = twin.auth()
    prepared = requests.Request("GET", f"{twin.base}/services/rest/record/v1/invoice/1001", auth=signer).prepare()
    with requests.Session() as session:
        assert session.send(prepared).status_code == 200
        assert session.send(prepared).status_code == 401
    assert twin.account.gate.audit[-1]["detail"] == "NonceUsed"


def test_a_revoked_token_and_a_disabled_integration(twin: Twin) -> None:
    held = twin.account.credentials.tokens[0]
    held.revoked = True
    _refused(twin, "token_rejected")
    held.revoked, held.enabled = False, False
    _refused(twin, "consumer_key_refused")


def test_the_token_limit_has_its_own_text(twin: Twin) -> None:
    twin.account.credentials.token_limit_exceeded = True
    answer = twin.record("GET", "invoice/1001")
    assert (answer.status_code, answer.json()["o:errorDetails"][0]["detail"]) == (401, TOKEN_LIMIT)


def _token_url(twin: Twin) -> str:
    return f"{twin.base}/services/rest/auth/oauth2/v1/token"


def _mint(
    twin: Twin, key: Any = EC_KEY, alg: str = "ES256", kid: str = "ec-cert", form: Any = None, **claims: Any
) -> requests.Response:
    now = int(time.time())
    payload = {
        "iss": CLIENT,
        "scope": ["rest_webservices"],
        "aud": _token_url(twin),
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    assertion = jwt.encode(payload, key, algorithm=alg, headers={"kid": kid})
    given = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion,
        **(form or {}),
    }
    return requests.post(_token_url(twin), data=given, timeout=10)


def _bearer(token: str) -> Any:
    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorize


def test_oauth2_with_a_certificate(twin: Twin) -> None:
    for key, alg, kid in ((EC_KEY, "ES256", "ec-cert"), (RSA_KEY, "PS256", "rsa-cert")):
        minted = _mint(twin, key, alg, kid)
        assert minted.status_code == 200
        assert {name: minted.json()[name] for name in ("expires_in", "token_type")} == {
            "expires_in": "3600",
            "token_type": "bearer",
        }
        assert twin.record("GET", "invoice/1001", auth=_bearer(minted.json()["access_token"])).status_code == 200


def test_oauth2_refusals(twin: Twin) -> None:
    now = int(time.time())
    cases = [
        (_mint(twin, RSA_KEY, "RS256", "rsa-cert"), "invalid_client"),
        (_mint(twin, kid="unknown"), "invalid_client"),
        (_mint(twin, ec.generate_private_key(ec.SECP256R1())), "invalid_client"),
        (_mint(twin, iss="someone"), "invalid_client"),
        (_mint(twin, aud="https://example.com/token"), "invalid_grant"),
        (_mint(twin, exp=now + 3700), "invalid_grant"),
        (_mint(twin, iat=now - 4000, exp=now - 400), "invalid_grant"),
        (_mint(twin, scope=["restlets"]), "invalid_request"),
        (_mint(twin, form={"grant_type": "password"}), "unsupported_grant_type"),
        (_mint(twin, form={"client_assertion": ""}), "invalid_request"),
    ]
    for answer, error in cases:
        assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_an_access_token_expires(twin: Twin) -> None:
    twin.account.credentials.token_lifetime = -1
    answer = twin.record("GET", "invoice/1001", auth=_bearer(_mint(twin).json()["access_token"]))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="7311001_SB1", error="invalid_token"')
    twin.account.credentials.token_lifetime = 3600
    token = _mint(twin).json()["access_token"]
    twin.account.gate.expire()
    assert twin.record("GET", "invoice/1001", auth=_bearer(token)).status_code == 401


def test_tokeninfo_tells_the_role(twin: Twin) -> None:
    answer = requests.get(f"{twin.base}/rest/tokeninfo", auth=twin.auth(), timeout=10).json()
    assert (answer["companyId"], answer["roleName"], answer["roleId"]) == ("7311001_SB1", "Tieout Integration", "1042")
    twin.account.role = Role(administrator=True)
    assert requests.get(f"{twin.base}/rest/tokeninfo", auth=twin.auth(), timeout=10).json()["roleId"] == "3"


def test_missing_permissions(twin: Twin) -> None:
    no_permission = next(
        held["body"]
        for held in contract("netsuite_error_bodies.json")["errors"]
        if "does not have permission" in str(held["body"])
    )
    twin.account.role = Role().without("SuiteAnalytics Workbook")
    assert twin.query("SELECT id FROM transaction").json() == no_permission
    assert twin.record("GET", "invoice").json() == no_permission
    assert twin.record("GET", "invoice/1001").status_code == 200
    twin.account.role = Role().without("Contacts", "Invoice", "Deleted Records")
    for table in ("contact", "deletedrecord"):
        answer = twin.query(f"SELECT * FROM {table}")
        assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (400, "INVALID_PARAMETER")
    assert twin.record("GET", "contact/1").json() == no_permission
    assert twin.record("POST", "invoice", {}).json() == no_permission
    assert twin.rows("SELECT id FROM transaction WHERE type = 'CustInvc'") == []
    assert twin.rows("SELECT id FROM transactionline") == []
    twin.account.role = Role().without("REST Web Services")
    assert twin.record("GET", "invoice/1001").json() == no_permission
    twin.account.role = Role().without("Log in using Access Tokens")
    assert twin.record("GET", "invoice/1001").status_code == 401


def test_a_restricted_role_silently_sees_less(twin: Twin) -> None:
    twin.account.role = Role(FULL, frozenset({"2"}))
    assert twin.rows("SELECT id FROM transaction") == []
    assert [row["id"] for row in twin.rows("SELECT id FROM customer ORDER BY id")] == ["203"]
    assert [row["id"] for row in twin.rows("SELECT id FROM subsidiary")] == ["2"]
    assert twin.record("GET", "customer/201").status_code == 404


def test_concurrency_over_the_limit_is_429(twin: Twin) -> None:
    twin.account.in_flight += twin.account.limits.concurrency
    try:
        answer = twin.record("GET", "invoice/1001")
    finally:
        twin.account.in_flight -= twin.account.limits.concurrency
    expected = next(held for held in contract("netsuite_error_bodies.json")["errors"] if held["httpStatus"] == 429)
    assert (answer.status_code, answer.json()) == (429, expected["body"])
    limits = twin.call("GET", "/system/v1/governanceLimits").json()
    assert limits["accountConcurrencyLimit"] == 5
