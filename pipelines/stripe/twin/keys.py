"""Who is asking: API keys (secret, restricted, expired), the pinned version, the connected account, and the request budget."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.stripe.twin.account import StripeAccount
from pipelines.stripe.twin.errors import ApiError
from pipelines.stripe.twin.objects import API_VERSION

PERMISSIONS = {
    "account": "rak_accounts_kyc_basic",
    "accounts": "rak_accounts_kyc_basic",
    "balance": "rak_balance",
    "balance_transactions": "rak_balance",
    "charges": "rak_charge",
    "customers": "rak_customer",
    "disputes": "rak_dispute",
    "events": "rak_event",
    "mandates": "rak_payment_method",
    "payment_intents": "rak_payment_intent",
    "payment_methods": "rak_payment_method",
    "payouts": "rak_payout",
    "refunds": "rak_charge",
}


@dataclass(frozen=True)
class Caller:
    """An account and what the key may do with it; `permissions` None is everything."""

    account: StripeAccount
    key: str
    permissions: frozenset[str] | None

    def need(self, resource: str, *, write: bool) -> None:
        """Refuse (403) unless the key may read, or write, `resource`."""
        name = f"{PERMISSIONS[resource]}_{'write' if write else 'read'}"
        granted = self.permissions
        if granted is None or name in granted or name.replace("_read", "_write") in granted:
            return
        raise _refusal(
            403,
            f"The provided key '{masked(self.key)}' does not have the required permissions for this endpoint on account "
            f"'{self.account.account_id}'. Having the '{name}' permission would allow this request to continue.",
        )


def identify(accounts: Mapping[str, StripeAccount], headers: Mapping[str, str]) -> Caller:
    """The caller behind an Authorization header. Raises ApiError 401 or 403, or 400 for a version that is not served."""
    key = bearer(headers.get("authorization", ""))
    caller = _caller(accounts, key)
    version = headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        raise _refusal(400, f"Invalid Stripe API version: {version}. This account is served in {API_VERSION}.")
    connected = headers.get("stripe-account", caller.account.account_id)
    if connected != caller.account.account_id:
        raise _refusal(
            403,
            f"The provided key '{masked(key)}' does not have access to account '{connected}' (or that account does not exist). "
            "Application access may have been revoked.",
            code="account_invalid",
        )
    return caller


def masked(key: str) -> str:
    """`sk_test_****1234`, as Stripe shows a key."""
    kind, _, rest = key.rpartition("_")
    return f"{kind}_{'*' * max(len(rest) - 4, 4)}{rest[-4:] if len(rest) > 8 else ''}"


def bearer(authorization: str) -> str:
    """The key in an Authorization header, however it is sent; empty if there is none."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _caller(accounts: Mapping[str, StripeAccount], key: str) -> Caller:
    if not key:
        raise _refusal(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
            "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )
    account, permissions = accounts.get(key), None
    if account is None:
        account = next((candidate for candidate in accounts.values() if key in candidate.restricted_keys), None)
        permissions = account.restricted_keys[key] if account is not None else None
    if account is None:
        raise _refusal(401, f"Invalid API Key provided: {masked(key)}")
    if key in account.revoked_tokens:
        raise _refusal(
            401,
            f"Expired API Key provided: {masked(key)}. Platform access may have been revoked.",
            code="platform_api_key_expired",
        )
    if key in account.expired_keys:
        raise _refusal(401, f"Expired API Key provided: {masked(key)}", code="api_key_expired")
    return Caller(account, key, permissions)


def _refusal(status: int, message: str, *, code: str | None = None) -> ApiError:
    return ApiError(status, "invalid_request_error", message, code=code)


@dataclass
class Budget:
    """Requests per real second and account; one second's worth may come at once."""

    tokens: dict[str, tuple[float, float]] = field(default_factory=dict)

    def spend(self, account: StripeAccount) -> None:
        """Count one request. Raises ApiError 429 when the account's budget is used up."""
        rate = account.requests_per_second
        if rate is None:
            return
        now = time.monotonic()
        left, then = self.tokens.get(account.account_id, (float(rate), now))
        left = min(float(rate), left + (now - then) * rate)
        self.tokens[account.account_id] = (max(left - 1, left if left < 1 else 0.0), now)
        if left < 1:
            raise ApiError(
                429,
                "invalid_request_error",
                "Request rate limit exceeded.",
                code="rate_limit",
                headers={"Stripe-Rate-Limited-Reason": "global-rate"},
            )
