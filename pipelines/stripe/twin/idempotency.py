"""Idempotency keys: the first answer of a POST is kept for 24 hours of company time and given again to the same request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from pipelines.stripe.twin.errors import ApiError, bad_request

KEPT = 86400


@dataclass
class Stored:
    """The request behind a key, and its answer once there is one."""

    fingerprint: bytes
    made: int
    request_id: str
    status: int = 0
    body: bytes = b""


@dataclass
class Memory:
    """Keys per account."""

    stored: dict[tuple[str, str], Stored] = field(default_factory=dict)

    def begin(
        self, account: str, key: str, request: tuple[str, dict[str, Any]], request_id: str, now: int
    ) -> Stored | None:
        """The stored answer to replay, or None: then the caller does the work and calls `finish`.

        Raises ApiError: 400 when the key belongs to another request, 409 while that request is in flight.
        """
        if len(key) > 255:
            raise bad_request("Idempotency keys can be at most 255 characters long.")
        fingerprint = orjson.dumps(request, option=orjson.OPT_SORT_KEYS)
        found = self.stored.get((account, key))
        if found is not None and now - found.made < KEPT:
            return self._again(found, fingerprint, key)
        self.stored[(account, key)] = Stored(fingerprint, now, request_id)
        return None

    def _again(self, found: Stored, fingerprint: bytes, key: str) -> Stored:
        if found.fingerprint != fingerprint:
            raise ApiError(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request.",
            )
        if not found.status:
            raise ApiError(
                409,
                "idempotency_error",
                "There is currently another in-progress request using this Idempotent Key (that probably means "
                f"you submitted twice, and the other request is still going through): {key}. Please try again later.",
                code="idempotency_key_in_use",
            )
        return found

    def finish(self, account: str, key: str, status: int, body: bytes, *, keep: bool) -> None:
        """Keep the answer, or forget the key when the work never began."""
        if keep:
            found = self.stored[(account, key)]
            found.status, found.body = status, body
        else:
            self.stored.pop((account, key), None)
