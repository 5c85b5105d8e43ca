"""Stripe's errors: `{"error": {"type", "code", "message", "param", ...}}` with the status that goes with each type."""

from __future__ import annotations

from typing import Any

_DOCS = "https://stripe.com/docs/error-codes/"


class ApiError(Exception):
    """A refusal in Stripe's own format.

    `executed` tells whether the endpoint had begun its work: such an answer is stored under its idempotency key, while a refusal of the
    request's shape is not.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        executed: bool = False,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.code, self.param = status, kind, message, code, param
        self.executed, self.headers, self.more = executed, headers or {}, more

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON document that is sent."""
        error: dict[str, Any] = {}
        if self.code is not None:
            error |= {"code": self.code, "doc_url": _DOCS + self.code.replace("_", "-")}
        error["message"] = self.message
        if self.param is not None:
            error["param"] = self.param
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        error["type"] = self.kind
        return {"error": error | self.more}


def bad_request(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """400 for the shape of a request; never stored under an idempotency key."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param)


def refused(message: str, *, code: str | None = None, param: str | None = None, **more: Any) -> ApiError:
    """400 from the work itself (a state that forbids it); stored under the idempotency key."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param, executed=True, **more)


def missing(noun: str, object_id: str, param: str, *, status: int = 404) -> ApiError:
    """No such object: 404 for the one in the path, 400 for one that a parameter names."""
    return ApiError(
        status,
        "invalid_request_error",
        f"No such {noun}: '{object_id}'",
        code="resource_missing",
        param=param,
        executed=status != 404,
    )


def unknown_route(method: str, path: str) -> ApiError:
    """404 for a path or method that Stripe does not have."""
    return ApiError(
        404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs"
    )


def declined(message: str, *, decline_code: str, charge: str, payment_intent: dict[str, Any]) -> ApiError:
    """402: the bank said no. It carries the intent as it now is."""
    return ApiError(
        402,
        "card_error",
        message,
        code="card_declined",
        executed=True,
        decline_code=decline_code,
        charge=charge,
        payment_intent=payment_intent,
    )
