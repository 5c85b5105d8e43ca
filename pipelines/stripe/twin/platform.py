"""A Connect platform: which accounts have granted it access, by which codes and tokens.

Codes live for five minutes of real time and once; access tokens live until the next refresh, or until access is revoked.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipelines.stripe.twin.account import StripeAccount
from pipelines.stripe.twin.keys import PERMISSIONS

CODE_SECONDS = 300
SCOPES = ("read_only", "read_write")  # the lesser one first


class OAuthError(Exception):
    """A refusal in OAuth's format: `{"error", "error_description"}`."""

    def __init__(self, status: int, error: str, description: str, **more: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description} | more


@dataclass
class Link:
    """One account's consent."""

    account: StripeAccount
    scope: str
    refresh_token: str
    access: dict[str, str] = field(default_factory=dict)  # scope -> the access token that is good


@dataclass
class Platform:
    """One registered application, in test mode. `signed_in` is the account whose owner sits at the browser; None says no."""

    client_id: str
    secret_key: str
    redirect_uris: tuple[str, ...]
    signed_in: StripeAccount | None = None
    live_key: str = ""  # of the same platform, and of no use for what was granted in test mode
    now: Callable[[], float] = time.time
    links: dict[str, Link] = field(default_factory=dict)  # by account
    _former: dict[str, Link] = field(default_factory=dict)
    _codes: dict[str, tuple[StripeAccount, str, float]] = field(default_factory=dict)
    _used: dict[str, str] = field(default_factory=dict)  # code -> account

    def code(self, account: StripeAccount, scope: str) -> str:
        """What the browser brings back when the account's owner says yes."""
        code = f"ac_{secrets.token_hex(16)}"
        self._codes[code] = (account, scope, self.now() + CODE_SECONDS)
        return code

    def grant(self, account: StripeAccount, scope: str = "read_only") -> Link:
        """Access without a browser: the link as it is when the code was exchanged."""
        link = self.links.get(account.account_id) or Link(account, scope, f"rt_{secrets.token_hex(24)}")
        link.scope = scope
        self.links[account.account_id] = link
        return link

    def exchange(self, code: str) -> dict[str, Any]:
        """Tokens for a code. A second use revokes everything that the first one gave."""
        if code in self._used:
            self.revoke(self._used[code])
            raise OAuthError(
                400,
                "invalid_grant",
                "This authorization code has already been used. All tokens issued with this code have been revoked.",
            )
        if code not in self._codes:
            raise OAuthError(400, "invalid_grant", f"Authorization code does not exist: {code}")
        account, scope, until = self._codes.pop(code)
        if self.now() > until:
            raise OAuthError(400, "invalid_grant", f"Authorization code expired: {code}")
        self._used[code] = account.account_id
        return self._tokens(self.grant(account, scope), scope)

    def refresh(self, token: str, scope: str | None) -> dict[str, Any]:
        """A new access token; the one before, of the same scope, is revoked."""
        link = next((link for link in self.links.values() if link.refresh_token == token), None)
        if link is None:
            raise OAuthError(400, "invalid_grant", f"Refresh token does not exist: {token}")
        wanted = scope or link.scope
        if wanted not in SCOPES or SCOPES.index(wanted) > SCOPES.index(link.scope):
            raise OAuthError(400, "invalid_scope", f"Invalid scope provided: {wanted}.")
        return self._tokens(link, wanted)

    def revoke(self, account_id: str) -> None:
        """The account is disconnected, and its tokens end."""
        if account_id in self.links:
            self.end_access(account_id)
            self._former[account_id] = self.links.pop(account_id)

    def relink(self, account_id: str) -> None:
        """As if it had never been disconnected; the access tokens stay ended."""
        if account_id in self._former:
            self.links.setdefault(account_id, self._former.pop(account_id))

    def end_access(self, account_id: str) -> None:
        """The access tokens there are end; a refresh gives another."""
        if (link := self.links.get(account_id)) is not None:
            link.account.revoked_tokens.update(link.access.values())
            link.access.clear()

    def _tokens(self, link: Link, scope: str) -> dict[str, Any]:
        account = link.account
        if (before := link.access.get(scope)) is not None:
            account.revoked_tokens.add(before)
        token = link.access[scope] = f"sk_test_{secrets.token_hex(24)}"
        kinds = ("read",) if scope == "read_only" else ("read", "write")
        account.restrict(token, {f"{name}_{kind}" for name in PERMISSIONS.values() for kind in kinds})
        return {
            "access_token": token,
            "livemode": False,
            "refresh_token": link.refresh_token,
            "token_type": "bearer",
            "stripe_publishable_key": f"pk_test_{secrets.token_hex(24)}",
            "stripe_user_id": account.account_id,
            "scope": scope,
        }
