"""Who may use a company: the app's client id and secret, the refresh token that rotates, the access tokens of an hour.

Tokens are judged by real time, as a client's own clock runs by it.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ACCOUNTING = "com.intuit.quickbooks.accounting"
OPENID = "openid"
SCOPES = (ACCOUNTING, OPENID, "profile", "email")
REFRESH_LIFETIME = 8_726_400  # seconds: 101 days


@dataclass(frozen=True)
class Grant:
    """What a token endpoint hands out."""

    access_token: str
    refresh_token: str
    expires_in: int
    x_refresh_token_expires_in: int = REFRESH_LIFETIME


@dataclass
class Credentials:
    """The connection of one app to one company. `rotate_after` seconds a refresh token gets a new value (0: at each use; Intuit: about a
    day), and for `grace` seconds more the value before it is still taken."""

    client_id: str = field(default_factory=lambda: secrets.token_urlsafe(30))
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(30), repr=False)
    refresh_token: str = field(default_factory=lambda: f"AB11{secrets.token_urlsafe(30)}", repr=False)
    email: str = "books@example.com"
    email_verified: bool = True
    scopes: tuple[str, ...] = SCOPES
    access_lifetime: float = 3600
    rotate_after: float = 0
    grace: float = 300
    time: Callable[[], float] = field(default=time.time, repr=False)
    linked: bool = True  # False: revoked, or not used for 100 days

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._issued = 0.0  # when the refresh token got its value: the first one is due at its first use
        self._before: dict[str, float] = {}  # earlier refresh tokens and until when they are taken
        self._access: dict[str, float] = {}
        self._codes: dict[str, str] = {}  # authorization codes and their redirect URIs
        self.refreshes = 0

    def is_client(self, client_id: str, client_secret: str) -> bool:
        """Whether this is the app."""
        return hmac.compare_digest(client_id, self.client_id) and hmac.compare_digest(client_secret, self.client_secret)

    def refresh(self, token: str) -> Grant | None:
        """A new access token, and the refresh token's value from now on; None for a token that is not (or no longer) good."""
        with self._lock:
            now = self.time()
            if not self.linked:
                return None
            if token == self.refresh_token:
                if now - self._issued >= self.rotate_after:
                    self._before[token] = now + self.grace
                    self.refresh_token, self._issued = f"AB11{secrets.token_urlsafe(30)}", now
            elif self._before.get(token, 0.0) <= now:
                return None
            self.refreshes += 1
            return self._grant(now)

    def _grant(self, now: float) -> Grant:
        access = f"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0..{secrets.token_urlsafe(60)}"
        self._access = {known: until for known, until in self._access.items() if until > now}
        self._access[access] = now + self.access_lifetime
        return Grant(access, self.refresh_token, int(self.access_lifetime))

    def authorize(self, redirect_uri: str) -> str:
        """A person agrees: a code that can be exchanged once."""
        code = f"AB11{secrets.token_urlsafe(24)}"
        self._codes[code] = redirect_uri
        return code

    def exchange(self, code: str, redirect_uri: str) -> Grant | None:
        """The first tokens of a connection; those before it are void."""
        with self._lock:
            if code not in self._codes or self._codes.pop(code) != redirect_uri:
                return None
            now = self.time()
            self.linked, self._before, self._access = True, {}, {}
            self.refresh_token, self._issued = f"AB11{secrets.token_urlsafe(30)}", now
            return self._grant(now)

    def accepts(self, access_token: str) -> bool:
        """Whether an access token is good now."""
        return self.linked and self._access.get(access_token, 0.0) > self.time()

    def knows(self, token: str) -> bool:
        """Whether a token is, or was, of this connection."""
        return token == self.refresh_token or token in self._before or token in self._access

    def expire_access(self) -> None:
        """Control: every access token is expired from now on."""
        self._access.clear()

    def unlink(self) -> None:
        """Control, and what a revocation does: nothing of this connection is good any more until somebody connects again."""
        self.linked = False
        self._access.clear()

    def relink(self) -> None:
        """Control: the connection works again, with the refresh token it had."""
        self.linked = True
