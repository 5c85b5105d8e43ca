"""NetSuite's error bodies, read: which of our errors each one is. Its words are kept as they came."""

from dataclasses import dataclass
from typing import Any

import orjson
import requests

from pipelines.system import Refused, Rejected, Transient

BUSY_CODES = frozenset(
    {
        "CONCURRENCY_LIMIT_EXCEEDED",
        "SSS_REQUEST_LIMIT_EXCEEDED",
        "REQUEST_LIMIT_EXCEEDED",
        "WS_CONCUR_SESSION_DISALLWD",
        "WS_CONCUR_SESSION_DISALLOWED",
        "EXCEEDEDCONCURRENTREQUESTLIMITFAULT",
        "EXCEEDEDREQUESTLIMITFAULT",
    }
)
TOKEN_LIMIT = "exceeded the number of active access tokens"
DUPLICATE = "already exists"
_PERMISSION = ("does not have permission", "insufficient permission", "permission violation")
LOGIN_REMEDY = (
    "in NetSuite open Setup > Users/Roles > View Login Audit Trail for the cause, then check account id, keys, that token and"
    " integration record are active, that the role has Setup > User Access Tokens and Log in using Access Tokens (or OAuth 2.0 Access"
    " Tokens), and this machine's clock; put new credentials in the environment if they were revoked."
)


@dataclass(frozen=True)
class ApiError:
    """One error answer. `detail` is NetSuite's text, unchanged; `where` the field or parameter it names."""

    status: int
    code: str
    detail: str
    where: str = ""

    @property
    def is_busy(self) -> bool:
        """Refused before anything was done, because of too many requests."""
        return self.status == 429 or self.code.upper() in BUSY_CODES

    @property
    def is_unexpected(self) -> bool:
        return self.status >= 500 and self.code == "UNEXPECTED_ERROR"

    @property
    def is_permission(self) -> bool:
        text = self.detail.lower()
        return (
            self.status == 403 or self.code == "INSUFFICIENT_PERMISSION" or any(words in text for words in _PERMISSION)
        )

    @property
    def is_duplicate(self) -> bool:
        return self.status == 400 and DUPLICATE in self.detail.lower()


def parse(response: requests.Response) -> ApiError:
    """The error in a response of 400 and above, whatever its body looks like."""
    try:
        body: Any = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    details = body.get("o:errorDetails")
    first: dict[str, Any] = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    code = first.get("o:errorCode") or body.get("o:errorCode") or body.get("error") or ""
    detail = (
        first.get("detail")
        or body.get("detail")
        or body.get("error_description")
        or body.get("title")
        or response.text[:500]
    )
    where = next(
        (
            str(first[key])
            for key in ("o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl")
            if key in first
        ),
        "",
    )
    return ApiError(response.status_code, str(code), str(detail), where)


class Denied(Rejected):
    """NetSuite's error answer to a request it understood."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.detail)
        self.error = error


class NotFound(Denied):
    """The record does not exist (404)."""


def as_exception(error: ApiError, connection: str, what: str) -> Refused | Rejected | Transient:
    """The exception for an error answer to `what` (a request in words)."""
    if TOKEN_LIMIT in error.detail.lower():
        remedy = "in NetSuite revoke access tokens of this user and role that are no longer used."
        return Refused(f"{connection}: {error.detail}", remedy, "token_limit")
    if error.status == 401 or error.code in {"INVALID_LOGIN", "invalid_client", "invalid_grant", "unauthorized_client"}:
        return Refused(f"{connection}: NetSuite refused the login: {error.detail}", LOGIN_REMEDY, "invalid_login")
    if error.is_permission:
        remedy = f"give the integration role the permission for {what}."
        return Refused(f"{connection}: {what}: {error.detail}", remedy, "permission")
    if (
        error.is_busy or error.status >= 500
    ):  # also an "unexpected error" that stayed: it says nothing of what was asked
        return Transient(f"{connection}: {what}: {error.status} {error.detail}")
    if error.status == 404:
        return NotFound(error)
    return Denied(error)
