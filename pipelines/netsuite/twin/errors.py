"""NetSuite's error bodies. A client matches on status and `o:errorCode`; `type` has changed between releases."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

_SECTION = {400: "15.5.1", 401: "15.5.2", 403: "15.5.4", 404: "15.5.5", 405: "15.5.6", 429: "", 500: "15.6.1"}
_TITLE = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
}
NO_PERMISSION = (
    "Your current role does not have permission to perform this action. Please contact your account administrator."
)
LOGIN = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > Users/Roles > User Management >"
    " View Login Audit Trail."
)


class ApiError(Exception):
    """A refusal with its body. `locator` is the one of o:errorPath, o:errorUrl, o:errorHeader, o:errorQueryParam that applies."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        locator: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.locator, self.headers = (
            status,
            code,
            detail,
            locator or {},
            headers or {},
        )

    def response(self) -> Response:
        if self.status == 429:  # as in Oracle's help: the older type, and a code at the top
            body: dict[str, Any] = {
                "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html",
                "title": "Bad Request",
                "status": 429,
                "o:errorCode": "USER_ERROR",
            }
        else:
            body = {
                "type": f"https://www.rfc-editor.org/rfc/rfc9110.html#section-{_SECTION[self.status]}",
                "title": _TITLE[self.status],
                "status": self.status,
            }
        body["o:errorDetails"] = [{"detail": self.detail, **self.locator, "o:errorCode": self.code}]
        media = "application/vnd.oracle.resource+json; type=error"
        return Response(orjson.dumps(body), self.status, headers=self.headers, media_type=media)


def bad_query(description: str) -> ApiError:
    """A SuiteQL or `q` search that cannot be run."""
    detail = f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {description}"
    return ApiError(400, "INVALID_PARAMETER", detail, {"o:errorQueryParam": "q"})


def bad_parameter(detail: str, name: str) -> ApiError:
    return ApiError(400, "INVALID_PARAMETER", detail, {"o:errorQueryParam": name})


def user_error(detail: str, path: str | None = None, code: str = "USER_ERROR") -> ApiError:
    """A business rule: NetSuite prefixes these."""
    locator = {"o:errorPath": path} if path else None
    return ApiError(400, code, f"Error while accessing a resource. {detail}", locator)


def bad_content(detail: str = "Invalid content in the request body.", path: str | None = None) -> ApiError:
    return ApiError(400, "INVALID_CONTENT", detail, {"o:errorPath": path} if path else None)


def forbidden() -> ApiError:
    return ApiError(400, "USER_ERROR", NO_PERMISSION)


def missing_record() -> ApiError:
    return ApiError(404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.")


def login_failed(headers: dict[str, str] | None = None) -> ApiError:
    return ApiError(401, "INVALID_LOGIN", LOGIN, headers=headers)


def too_many() -> ApiError:
    return ApiError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
