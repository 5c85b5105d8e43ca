"""Answers that refuse: QuickBooks' faults, in the spelling of each (capitalised JSON, lower-case JSON of the gate, XML)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import orjson
from starlette.responses import Response

from .model import MESSAGES, Refused
from .wire import envelope_time


@dataclass(frozen=True)
class ApiError(Exception):
    """A refusal. `style`: `Fault` (what the company says), `fault` (what the gate says), `xml` (the gate in XML)."""

    status: int
    code: str
    message: str
    detail: str
    type: str = "ValidationFault"
    element: str = ""
    style: str = "Fault"

    def body(self) -> dict[str, Any]:
        """The capitalised fault alone, as it stands in a batch item."""
        error = {"Message": self.message, "Detail": self.detail, "code": self.code, "element": self.element}
        return {"Fault": {"Error": [error], "type": self.type}}

    def response(self, at: datetime | None = None) -> Response:
        """The HTTP answer; `at` is company time (default: now)."""
        moment = at or datetime.now().astimezone()
        if self.style == "xml":
            return Response(self._xml(moment), self.status, media_type="application/xml")
        if self.style == "fault":
            return Response(orjson.dumps(self._gate(moment)), self.status, media_type="application/json")
        return Response(
            orjson.dumps({**self.body(), "time": envelope_time(moment)}), self.status, media_type="application/json"
        )

    def _gate(self, at: datetime) -> dict[str, Any]:
        error = {"message": self.message, "detail": self.detail, "code": self.code, "element": None}
        return {
            "warnings": None, "intuitObject": None, "fault": {"error": [error], "type": self.type}, "report": None, "queryResponse": None,
            "batchItemResponse": [], "attachableResponse": [], "syncErrorResponse": None, "requestId": None, "time": int(at.timestamp() * 1000),
            "status": None, "cdcresponse": [],
        }  # fmt: skip

    def _xml(self, at: datetime) -> str:
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            f'<IntuitResponse time="{envelope_time(at)}" xmlns="http://schema.intuit.com/finance/v3"><Fault type="{escape(self.type)}">'
            f'<Error code="{escape(self.code)}"><Message>{escape(self.message)}</Message><Detail>{escape(self.detail)}</Detail></Error>'
            "</Fault></IntuitResponse>"
        )


def refusal(refused: Refused) -> ApiError:
    """What the books refuse, as a fault."""
    return ApiError(400, refused.code, refused.message, refused.detail, element=refused.element)


def invalid(code: str, detail: str, element: str = "") -> ApiError:
    return ApiError(400, code, MESSAGES[code], detail, element=element)


def unsupported(operation: str) -> ApiError:
    return invalid("500", f"Operation {operation} is not supported.")


def not_found() -> ApiError:
    return invalid(
        "610",
        "Object Not Found : Something you're trying to use has been made inactive. Check the fields with accounts, customers, items, vendors or employees.",
    )


def unauthorised(detail: str = "Token expired: AB0") -> ApiError:
    """401: the access token is missing, unknown, expired or revoked."""
    return ApiError(
        401,
        "3200",
        "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        detail,
        "AUTHENTICATION",
        style="fault",
    )


def forbidden() -> ApiError:
    """403: the token lacks the accounting scope."""
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    return ApiError(
        403,
        "3100",
        message,
        "The app was not granted the scope com.intuit.quickbooks.accounting.",
        "AUTHORIZATION",
        style="fault",
    )


def wrong_realm() -> ApiError:
    """401 in XML: the token is good, but for another company."""
    detail = "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401"
    return ApiError(401, "100", "General Authentication Error", detail, "AUTHENTICATION", style="xml")


def too_many(*, xml: bool = True) -> ApiError:
    """429; often XML although JSON was asked for."""
    message, detail = (
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.  Try again later",
    )
    return ApiError(429, "3001", message, detail, "SERVICE", style="xml" if xml else "fault")


def system_failure() -> ApiError:
    """500: QuickBooks itself failed."""
    message = "An application error has occurred while processing your request"
    return ApiError(500, "10000", message, "System Failure Error: (generic)", "SystemFault")
