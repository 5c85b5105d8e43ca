"""QuickBooks' faults, read: which of our errors each one is. Its words are kept as they came.

A fault is JSON with a capital `Fault`, JSON with a small `fault` (authentication), or XML (throttling, and wrong companies), whatever was
asked for; and a gateway in front may answer with none of them.
"""

from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

import orjson
import requests

from pipelines.system import Refused, Rejected, Transient

RECONSENT = "connect the company again (authorize the app at Intuit) and put the new refresh token in the environment."
_TOKEN = "3200"
_THROTTLED = "3001"
_STALE, _DEPOSITED, _MISSING, _FAILED = "5010", "6540", "610", "10000"


@dataclass(frozen=True)
class ApiError:
    """One error answer. `words` is QuickBooks' text, unchanged; `where` the element it names; `tid` what Intuit's support asks for."""

    status: int
    code: str
    message: str
    detail: str
    where: str = ""
    tid: str = ""
    further: tuple["ApiError", ...] = ()  # what the same answer says besides

    @property
    def words(self) -> str:
        """Message and detail of every error as they came, each with its code before it."""
        said = ": ".join(part for part in (self.message, self.detail) if part)
        own = " ".join(part for part in (self.code, said) if part) or f"HTTP {self.status}"
        return "; ".join((own, *(error.words for error in self.further)))

    @property
    def is_throttled(self) -> bool:
        """Refused before anything was done, because of too many requests."""
        return self.status == 429 or self.code == _THROTTLED

    @property
    def is_token(self) -> bool:
        """The access token has ended or was never good: worth one refresh."""
        return self.code == _TOKEN or (self.status == 401 and self.code not in {"100", "120", "3100"})

    @property
    def is_failure(self) -> bool:
        return self.status >= 500 or self.code == _FAILED


def parse(response: requests.Response) -> ApiError:
    """The error in a response of 400 and above, whatever its body looks like."""
    found = _json(response.content) or _xml(response.content) or [{"detail": response.text[:500]}]
    return _made(found, response.status_code, response.headers.get("intuit_tid", ""))


def of_fault(fault: dict[str, Any], status: int = 400) -> ApiError:
    """The error in a `Fault` object, such as one item of a batch holds."""
    return _made([_small(error) for error in _list(_small(fault).get("error"))] or [{}], status)


def _made(found: list[dict[str, Any]], status: int, tid: str = "") -> ApiError:
    """The first of several errors, with the others."""
    made = [
        ApiError(
            status, str(error.get("code") or "").lstrip("0"), str(error.get("message") or ""), str(error.get("detail") or ""),
            str(error.get("element") or ""), tid,
        )
        for error in found
    ]  # fmt: skip
    return replace(made[0], further=tuple(made[1:]))


def _json(content: bytes) -> list[dict[str, Any]]:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(body, dict):
        return []
    if isinstance(body.get("error"), str):  # OAuth's own form
        return [{"code": body["error"], "detail": body.get("error_description") or body["error"]}]
    fault = _small(body).get("fault")
    return [_small(error) for error in _list(_small(fault).get("error"))] if isinstance(fault, dict) else []


def _xml(content: bytes) -> list[dict[str, Any]]:
    if (
        b"<!" in content
    ):  # a document type: no fault of theirs has one, and entities of a stranger are not expanded here
        return []
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return []
    errors = []
    for element in root.iter():
        if _local(element.tag) == "Error":
            texts = {_local(child.tag).lower(): (child.text or "").strip() for child in element}
            errors.append({**texts, "code": element.get("code", ""), "element": element.get("element", "")})
    return errors


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _small(value: Any) -> dict[str, Any]:
    """Keys in small letters: faults come in both spellings."""
    return {str(key).lower(): item for key, item in value.items()} if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class Denied(Rejected):
    """QuickBooks' error answer to a request it understood."""

    def __init__(self, error: ApiError, note: str = "") -> None:
        super().__init__(f"{error.words} {note}".strip())
        self.error = error


class NotFound(Denied):
    """The object does not exist, or is inactive (610)."""


class Stale(Denied):
    """Somebody changed the object since it was read (5010)."""


class Deposited(Denied):
    """The transaction is part of a deposit, so nothing of it can be changed (6540)."""


class LinkExpired(Refused):
    """The refresh token is no longer good; only a new consent helps."""


def as_exception(error: ApiError, connection: str, what: str) -> Refused | Rejected | Transient:
    """The exception for an error answer to `what` (a request in words)."""
    if error.is_throttled or error.is_failure:
        return Transient(f"{connection}: {what}: {error.status} {error.words}")
    refusal = _refusal(error, connection, what)
    if refusal is not None:
        return refusal
    if error.code == _MISSING or error.status == 404:
        return NotFound(error)
    return {_STALE: Stale, _DEPOSITED: Deposited}.get(error.code, Denied)(error)


def _refusal(error: ApiError, connection: str, what: str) -> Refused | None:
    said = f"{connection}: QuickBooks refused {what}: {error.words}"
    match error.code:
        case "3100":
            remedy = "consent again, to this company and with the scope com.intuit.quickbooks.accounting."
            return Refused(said, remedy, "missing_scope")
        case "100":
            return Refused(said, "check realm_id and environment: the consent is for another company.", "wrong_realm")
        case "120":
            remedy = "let a user consent who may use this company's books (an administrator of it)."
            return Refused(said, remedy, "permission")
    if error.is_token or error.status == 401:
        return LinkExpired(said, RECONSENT, "invalid_login")
    if error.status == 403:
        return Refused(said, "consent again as an administrator of this company.", "permission")
    return None
