"""What Stripe refuses, the twin refuses: keys, versions, parameters, cursors, idempotency, budgets; seen from the wire and the library."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import stripe

from pipelines.stripe.twin import StripeAccount
from tests.contract.test_stripe_twin_world import KEY, NOW, account, serving

stripe.enable_telemetry = False
OTHER = "sk_test_other_0123456789abcdef"


class Wire:
    """Raw requests against one account."""

    def __init__(self, url: str, twin: StripeAccount) -> None:
        self.url, self.twin = url, twin
        self._session = requests.Session()
        self.customer = twin.create_customer(name="A", email="a@example.com", metadata={}, at=NOW - timedelta(days=20))
        self.charges = [self.charge(day) for day in range(9, 4, -1)]

    def charge(self, days_ago: int) -> str:
        return self.twin.charge(
            customer=self.customer,
            amount=1000 * days_ago,
            currency="usd",
            method="card",
            description="INV",
            metadata={},
            at=NOW - timedelta(days=days_ago),
            fee=0,
        )

    def get(self, path: str, *, key: str = KEY, **headers: str) -> requests.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._session.get(self.url + path, headers={"Authorization": f"Bearer {key}"} | names)

    def post(self, path: str, data: str | dict[str, Any] = "", *, key: str = KEY, **headers: str) -> requests.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._session.post(self.url + path, data=data, headers={"Authorization": f"Bearer {key}"} | form | names)


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    twin = account()
    with serving(twin, account("acct_1Other", OTHER)) as url:
        yield Wire(url, twin)


def error(answer: requests.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error"}
    assert {"type", "message"} <= set(body["error"])
    return dict(body["error"])


def test_keys(wire: Wire) -> None:
    assert "provide your API key" in error(requests.get(wire.url + "/v1/charges"), 401)["message"]
    assert "sk_test_tieout_" not in error(wire.get("/v1/charges", key="sk_test_wrong_1234567890"), 401)["message"]
    assert requests.get(wire.url + "/v1/account", auth=(KEY, "")).json()["id"] == "acct_1TieoutTest"
    assert requests.get(wire.url + "/v1/account", auth=(OTHER, "")).json()["id"] == "acct_1Other"
    assert wire.get("/v1/charges", key=OTHER).json()["data"] == []
    error(wire.get(f"/v1/charges/{wire.charges[0]}", key=OTHER), 404)


def test_restricted_and_expired_keys(wire: Wire) -> None:
    wire.twin.restrict("rk_test_reader_12345678", {"rak_charge_read", "rak_customer_write"})
    assert wire.get("/v1/charges", key="rk_test_reader_12345678").status_code == 200
    assert wire.get("/v1/customers", key="rk_test_reader_12345678").status_code == 200  # write includes read
    refused = error(wire.get("/v1/payouts", key="rk_test_reader_12345678"), 403)
    assert "Having the 'rak_payout_read' permission would allow this request to continue." in refused["message"]
    assert (
        "rak_charge_write"
        in error(wire.post("/v1/refunds", {"charge": "ch_1"}, key="rk_test_reader_12345678"), 403)["message"]
    )
    wire.twin.expire_key("rk_test_reader_12345678")
    assert error(wire.get("/v1/charges", key="rk_test_reader_12345678"), 401)["code"] == "api_key_expired"


def test_version_account_and_request_id(wire: Wire) -> None:
    answer = wire.get("/v1/charges", Stripe_Version="2026-10-28.endive", Stripe_Account="acct_1TieoutTest")
    assert answer.status_code == 200
    assert (answer.headers["Stripe-Version"], answer.headers["Content-Type"]) == (
        "2026-10-28.endive",
        "application/json",
    )
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Request-Id"] != wire.get("/v1/charges").headers["Request-Id"]
    assert "Invalid Stripe API version" in error(wire.get("/v1/charges", Stripe_Version="2019-01-01"), 400)["message"]
    assert error(wire.get("/v1/charges", Stripe_Account="acct_1Other"), 403)["code"] == "account_invalid"


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("limit=0", "parameter_invalid_integer", "limit"),
        ("limit=101", "parameter_invalid_integer", "limit"),
        ("limit=ten", "parameter_invalid_integer", "limit"),
        ("limit=", "parameter_invalid_empty", "limit"),
        ("page=2", "parameter_unknown", "page"),
        ("status=succeeded", "parameter_unknown", "status"),
        ("created[from]=1", "parameter_unknown", "created[from]"),
        ("created[gte]=2026-01-01", "parameter_invalid_integer", "created[gte]"),
        ("created=1&created[gte]=1", None, "created"),
        ("starting_after=ch_unknown", "resource_missing", "starting_after"),
        ("customer=cus_unknown", "resource_missing", "customer"),
        ("expand[]=customer", None, "expand"),
        ("expand[]=data.amount", None, "expand"),
        ("expand=data.customer", None, "expand"),
        ("expand[]=data.payment_intent.latest_charge.payment_intent.latest_charge.customer", None, "expand"),
    ],
)
def test_list_parameters_are_checked(wire: Wire, query: str, code: str | None, param: str) -> None:
    refused = error(wire.get(f"/v1/charges?{query}"), 400)
    assert (refused["type"], refused.get("code"), refused["param"]) == ("invalid_request_error", code, param)


def test_both_cursors_are_refused(wire: Wire) -> None:
    error(wire.get(f"/v1/charges?starting_after={wire.charges[0]}&ending_before={wire.charges[1]}"), 400)


@pytest.mark.parametrize(
    "path",
    [
        "charges?type=card",
        "refunds?customer=c",
        "payouts?currency=usd",
        "payment_methods?created=1",
        "balance_transactions?status=x",
        "events?object=x",
        "balance?limit=1",
        "account?limit=1",
    ],
)
def test_each_list_has_only_its_filters(wire: Wire, path: str) -> None:
    assert error(wire.get(f"/v1/{path}"), 400)["code"] == "parameter_unknown"


@pytest.mark.parametrize(
    "query",
    [
        "expand[]=data.customer",
        "expand[0]=data.customer",
        "expand%5B%5D=data.customer",
        "expand%5B0%5D=data.customer",
        "expand[1]=data.payment_intent&expand[0]=data.customer",
        "expand[]=data.payment_intent.customer&expand[]=data.customer",
    ],
)
def test_expand_in_every_notation(wire: Wire, query: str) -> None:
    assert {charge["customer"]["id"] for charge in wire.get(f"/v1/charges?{query}").json()["data"]} == {wire.customer}


def test_created_bounds(wire: Wire) -> None:
    at = [
        charge["created"] for charge in wire.get("/v1/charges?limit=100").json()["data"] if charge["id"] in wire.charges
    ][::-1]

    def found(query: str) -> list[int]:
        return [charge["created"] for charge in wire.get(f"/v1/charges?limit=100&{query}").json()["data"]][::-1]

    assert found(f"created={at[2]}") == [at[2]]
    assert found(f"created[gte]={at[1]}&created[lt]={at[3]}") == at[1:3]
    assert found(f"created%5Bgt%5D={at[1]}&created%5Blte%5D={at[3]}") == at[2:4]
    assert found(f"created[gt]={at[1]}&created[gte]={at[0]}&created[lte]={at[2]}") == [at[2]]


def test_cursors_are_exact(wire: Wire) -> None:
    page = wire.get(f"/v1/charges?limit=2&customer={wire.customer}").json()
    assert (page["object"], page["url"], page["has_more"]) == ("list", "/v1/charges", True)
    assert [charge["id"] for charge in page["data"]] == [wire.charges[-1], wire.charges[-2]]
    rest = wire.get(f"/v1/charges?limit=3&customer={wire.customer}&starting_after={page['data'][-1]['id']}").json()
    assert [charge["id"] for charge in rest["data"]] == wire.charges[2::-1]
    assert rest["has_more"] is False
    newer = wire.get(f"/v1/charges?limit=1&ending_before={wire.charges[0]}").json()
    assert ([charge["id"] for charge in newer["data"]], newer["has_more"]) == ([wire.charges[1]], True)


@pytest.mark.parametrize(
    "path", ["charges/ch_1", "payment_intents/pi_1", "balance_transactions/txn_1", "payouts/po_1", "events/evt_1"]
)
def test_unknown_ids(wire: Wire, path: str) -> None:
    assert error(wire.get(f"/v1/{path}"), 404)["code"] == "resource_missing"


@pytest.mark.parametrize("path", ["/v1/charge", "/v2/charges", "/v1", "/v1/", "/v1/charges/ch_1/lines"])
def test_unknown_routes(wire: Wire, path: str) -> None:
    assert "Unrecognized request URL" in error(wire.get(path), 404)["message"]


def test_methods_that_do_not_exist(wire: Wire) -> None:
    error(wire.post("/v1/events", {"type": "x"}), 404)
    error(requests.delete(wire.url + f"/v1/charges/{wire.charges[0]}", auth=(KEY, "")), 404)


def test_a_json_body_is_refused(wire: Wire) -> None:
    answer = requests.post(wire.url + "/v1/customers", json={"name": "A"}, auth=(KEY, ""))
    assert "application/x-www-form-urlencoded" in error(answer, 400)["message"]


@pytest.mark.parametrize(
    ("data", "param"),
    [
        ({"metadata[k]": "x" * 501}, "metadata[k]"),
        ({"metadata[" + "k" * 41 + "]": "x"}, "metadata[" + "k" * 41 + "]"),
        ({f"metadata[k{number}]": "x" for number in range(51)}, "metadata"),
        ({"metadata[a][b]": "x"}, "metadata[a]"),
        ({"metadata": "x"}, "metadata"),
        ({"colour": "red"}, "colour"),
        ({"email": "nobody"}, "email"),
        ({"address[planet]": "Mars"}, "address[planet]"),
    ],
)
def test_customer_parameters_are_checked(wire: Wire, data: dict[str, str], param: str) -> None:
    before = len(wire.twin.objects("customer"))
    assert error(wire.post("/v1/customers", data), 400)["param"] == param
    assert len(wire.twin.objects("customer")) == before


def test_metadata_can_be_emptied(wire: Wire) -> None:
    made = wire.post("/v1/customers", {"metadata[a]": "1", "metadata[0]": "2"}).json()
    assert made["metadata"] == {"a": "1", "0": "2"}
    assert wire.post(f"/v1/customers/{made['id']}", {"metadata": ""}).json()["metadata"] == {}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"currency": "usd"}, "parameter_missing"),
        ({"amount": "49", "currency": "usd"}, "amount_too_small"),
        ({"amount": "100000000", "currency": "usd"}, "amount_too_large"),
        ({"amount": "10.00", "currency": "usd"}, "parameter_invalid_integer"),
        ({"amount": "1000", "currency": "usd", "customer": "cus_unknown"}, "resource_missing"),
        ({"amount": "1000", "currency": "usd", "payment_method": "pm_unknown"}, "resource_missing"),
        (
            {"amount": "1000", "currency": "usd", "payment_method_types[]": "card"},
            "parameter_unknown",
        ),  # gone in this version
    ],
)
def test_payment_intent_parameters_are_checked(wire: Wire, data: dict[str, str], code: str) -> None:
    assert error(wire.post("/v1/payment_intents", data), 400)["code"] == code


def test_refund_rules(wire: Wire) -> None:
    charge = wire.charge(3)
    error(wire.post("/v1/refunds"), 400)
    assert error(wire.post("/v1/refunds", {"charge": charge, "amount": "3001"}), 400)["param"] == "amount"
    assert error(wire.post("/v1/refunds", {"charge": charge, "reason": "regret"}), 400)["param"] == "reason"
    assert wire.post("/v1/refunds", {"charge": charge}).json()["amount"] == 3000
    assert error(wire.post("/v1/refunds", {"charge": charge}), 400)["code"] == "charge_already_refunded"
    assert error(wire.post("/v1/refunds", {"charge": "ch_unknown"}), 400)["code"] == "resource_missing"


def test_the_same_idempotency_key_gives_the_same_answer(wire: Wire) -> None:
    before = len(wire.twin.objects("customer"))
    first = wire.post("/v1/customers", {"name": "Ada"}, Idempotency_Key="once")
    again = wire.post("/v1/customers", {"name": "Ada"}, Idempotency_Key="once")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert len(wire.twin.objects("customer")) == before + 1
    other = error(wire.post("/v1/customers", {"name": "Eve"}, Idempotency_Key="once"), 400)
    assert other["type"] == "idempotency_error"
    assert error(wire.post("/v1/payouts", {"name": "Ada"}, Idempotency_Key="once"), 400)["type"] == "idempotency_error"
    assert wire.post("/v1/customers", {"name": "Ada"}, Idempotency_Key="once", key=OTHER).json()[
        "id"
    ]  # keys are per account
    error(wire.post("/v1/customers", {"name": "Ada"}, Idempotency_Key="k" * 256), 400)


def test_what_the_work_refused_is_stored_and_what_the_form_refused_is_not(wire: Wire) -> None:
    declined = {"amount": "1000", "currency": "usd", "payment_method": "pm_card_chargeDeclined", "confirm": "true"}
    first = wire.post("/v1/payment_intents", declined, Idempotency_Key="declined")
    again = wire.post("/v1/payment_intents", declined, Idempotency_Key="declined")
    assert (first.status_code, again.headers.get("Idempotent-Replayed")) == (402, "true")
    assert first.content == again.content
    error(wire.post("/v1/customers", {"colour": "red"}, Idempotency_Key="form"), 400)
    assert wire.post("/v1/customers", {"name": "Ada"}, Idempotency_Key="form").status_code == 200


def test_idempotency_keys_are_forgotten_after_a_day() -> None:
    twin = account()
    with serving(twin) as url:
        wire = Wire(url, twin)
        first = wire.post("/v1/customers", {"name": "Ada"}, Idempotency_Key="once").json()
        twin.clock.set(NOW + timedelta(hours=23))  # type: ignore[attr-defined]
        assert wire.post("/v1/customers", {"name": "Ada"}, Idempotency_Key="once").json() == first
        twin.clock.set(NOW + timedelta(hours=25))  # type: ignore[attr-defined]
        assert wire.post("/v1/customers", {"name": "Ada"}, Idempotency_Key="once").json()["id"] != first["id"]


def test_a_key_in_flight_is_a_conflict() -> None:
    twin = account()
    twin.write_seconds = 0.4
    with serving(twin) as url:
        wire = Wire(url, twin)
        thread = threading.Thread(
            target=wire.post, args=("/v1/customers", {"name": "Ada"}), kwargs={"Idempotency_Key": "k"}
        )
        thread.start()
        time.sleep(0.15)
        conflict = error(
            requests.post(url + "/v1/customers", {"name": "Ada"}, auth=(KEY, ""), headers={"Idempotency-Key": "k"}), 409
        )
        thread.join()
        assert (conflict["type"], conflict["code"]) == ("idempotency_error", "idempotency_key_in_use")
        assert wire.post("/v1/customers", {"name": "Ada"}, Idempotency_Key="k").headers["Idempotent-Replayed"] == "true"
        assert len(twin.objects("customer")) == 2


def test_the_request_budget() -> None:
    twin = account()
    twin.requests_per_second = 5
    with serving(twin) as url:
        answers = [requests.get(url + "/v1/charges", auth=(KEY, "")) for _ in range(10)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert 3 <= len(refused) <= 5
        assert refused[0].headers["Stripe-Rate-Limited-Reason"] == "global-rate"
        assert error(refused[0], 429)["code"] == "rate_limit"
        time.sleep(0.5)
        assert requests.get(url + "/v1/charges", auth=(KEY, "")).status_code == 200


def test_every_write_moves_the_clock_one_second(wire: Wire) -> None:
    before = wire.twin.clock.now()
    made = wire.post("/v1/customers", {"name": "Ada"}).json()
    wire.get("/v1/customers")
    assert wire.twin.clock.now() == before + timedelta(seconds=1)
    assert made["created"] == int(wire.twin.clock.now().timestamp())


def test_a_deleted_customer_is_still_a_place_in_the_list(wire: Wire) -> None:
    ids = [wire.post("/v1/customers", {"name": "Ada"}).json()["id"] for _ in range(3)][::-1]
    requests.delete(wire.url + f"/v1/customers/{ids[1]}", auth=(KEY, ""))
    page = wire.get(f"/v1/customers?limit=1&starting_after={ids[1]}").json()
    assert [customer["id"] for customer in page["data"]] == ids[2:]


@pytest.mark.parametrize(
    ("key", "kind"),
    [("sk_test_wrong_123456789", stripe.AuthenticationError), ("rk_test_poor_123456789", stripe.PermissionError)],
)
def test_the_library_raises_its_own_errors_for_keys(wire: Wire, key: str, kind: type[stripe.StripeError]) -> None:
    wire.twin.restrict("rk_test_poor_123456789", set())
    client = stripe.StripeClient(key, base_addresses={"api": wire.url})
    with pytest.raises(kind):
        client.v1.charges.list()


def test_the_library_raises_its_own_errors_for_requests(wire: Wire) -> None:
    client = stripe.StripeClient(KEY, base_addresses={"api": wire.url})
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        client.v1.charges.retrieve("ch_unknown")
    assert (unknown.value.http_status, unknown.value.code, unknown.value.param) == (404, "resource_missing", "id")
    made = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "library"})
    assert client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "library"}).id == made.id
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"name": "Eve"}, {"idempotency_key": "library"})


def test_the_library_is_refused_when_the_budget_is_spent() -> None:
    twin = account()
    twin.requests_per_second = 1
    with serving(twin) as url:
        client = stripe.StripeClient(KEY, base_addresses={"api": url})
        client.v1.charges.list()
        with pytest.raises(stripe.RateLimitError):
            client.v1.charges.list()
