"""Reading an endpoint's parameters: only those it has, each of its type, refused in Stripe's words otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pipelines.stripe.twin.errors import bad_request

Span = tuple[int | None, int | None]
_INTEGER = re.compile(r"^-?[0-9]{1,15}$")
_BOUNDS = {"gte": (0, 0), "gt": (0, 1), "lt": (1, 0), "lte": (1, 1)}  # (low or high end, added to make [low, high))


class Params:
    """The parameters of one request. A name that is not `allowed` is refused, as Stripe refuses it; `expand` is always allowed.

    Parameters that Stripe has and this twin does not model are refused too: better than to accept and ignore them.
    """

    def __init__(self, raw: dict[str, Any], allowed: Iterable[str] = (), *, inside: str = "") -> None:
        self._raw, self._inside = raw, inside
        unknown = [
            self._name(name) for name in sorted(raw.keys() - set(allowed) - ({"expand"} if not inside else set()))
        ]
        if unknown:
            plural = "s" if len(unknown) > 1 else ""
            message = f"Received unknown parameter{plural}: {', '.join(unknown)}"
            raise bad_request(message, code="parameter_unknown", param=unknown[0])

    def _name(self, name: str) -> str:
        """The full name of a parameter: `created[gte]`."""
        return f"{self._inside}[{name}]" if self._inside else name

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def require(self, *names: str) -> None:
        """Refuse the request if one is missing."""
        for name in names:
            if name not in self._raw:
                full = self._name(name)
                raise bad_request(f"Missing required param: {full}.", code="parameter_missing", param=full)

    def text(self, name: str, *, clear: bool = False, most: int = 5000) -> str | None:
        """A string; None if absent. An empty one clears (None) where `clear`, and is refused elsewhere."""
        value = self._raw.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise bad_request(f"Invalid string: {value}", param=self._name(name))
        if not value:
            if clear:
                return None
            message = f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however "
            raise bad_request(
                f"{message}'{name}' cannot be unset.", code="parameter_invalid_empty", param=self._name(name)
            )
        if len(value) > most:
            raise bad_request(
                f"Invalid string: {value[:20]}...; must be at most {most} characters", param=self._name(name)
            )
        return value

    def integer(self, name: str, *, low: int | None = None, high: int | None = None) -> int | None:
        """An integer within [low, high]; None if absent."""
        value = self.text(name)
        return None if value is None else _integer(value, self._name(name), low, high)

    def boolean(self, name: str) -> bool | None:
        """`true` or `false`; None if absent."""
        value = self.text(name)
        if value not in (None, "true", "false"):
            raise bad_request(f"Invalid boolean: {value}", param=self._name(name))
        return None if value is None else value == "true"

    def choice(self, name: str, values: tuple[str, ...]) -> str | None:
        """One of `values`; None if absent."""
        value = self.text(name)
        if value is not None and value not in values:
            raise bad_request(f"Invalid {name}: must be one of {', '.join(values)}", param=self._name(name))
        return value

    def array(self, name: str, *, most: int = 100) -> list[str]:
        """An array of strings; empty if absent."""
        value = self._raw.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise bad_request("Invalid array", param=self._name(name))
        if len(value) > most:
            raise bad_request(f"Array must contain at most {most} elements", param=self._name(name))
        return value

    def child(self, name: str, allowed: Iterable[str]) -> Params | None:
        """A nested object; None if absent or (`name=`) emptied."""
        value = self._raw.get(name)
        if not value:
            return None
        if not isinstance(value, dict):
            raise bad_request("Invalid object", param=self._name(name))
        return Params(value, allowed, inside=self._name(name))

    def span(self, name: str) -> Span:
        """A date filter, an integer or {gt, gte, lt, lte}, as seconds [low, high)."""
        value = self._raw.get(name)
        if value is None:
            return None, None
        if isinstance(value, str):
            exact = _integer(value, name, 0, None)
            return exact, exact + 1
        bounds = self.child(name, _BOUNDS)
        lows: list[int] = []
        highs: list[int] = []
        for bound, (side, more) in _BOUNDS.items():
            given = bounds.integer(bound, low=0) if bounds is not None else None
            if given is not None:
                (highs if side else lows).append(given + more)
        return max(lows, default=None), min(highs, default=None)

    def metadata(self, before: dict[str, str] | None = None) -> dict[str, str]:
        """`before` with the changes asked for: `metadata[k]=` drops a key, `metadata=` drops all."""
        given = self._raw.get("metadata", {})
        if given == "":
            return {}
        if not isinstance(given, dict):
            raise bad_request("Invalid hash", param="metadata")
        merged = dict(before or {})
        for key, value in given.items():
            _check_metadata(key, value)
            if value:
                merged[key] = value
            else:
                merged.pop(key, None)
        if len(merged) > 50:
            raise bad_request("Metadata can have up to 50 keys", param="metadata")
        return merged


def _check_metadata(key: str, value: Any) -> None:
    param = f"metadata[{key}]"
    if not isinstance(value, str):
        raise bad_request(
            f"Metadata values must be strings, but for key '{key}' you passed in a value of another type", param=param
        )
    if len(key) > 40:
        message = f"Metadata keys can have up to 40 characters, but you passed in a key that is {len(key)} characters. Invalid key: {key}"
        raise bad_request(message, param=param)
    if len(value) > 500:
        message = "Metadata values can have up to 500 characters, but you passed in a value that is"
        raise bad_request(f"{message} {len(value)} characters. Invalid value: {value}", param=param)


def _integer(value: str, name: str, low: int | None, high: int | None) -> int:
    if not _INTEGER.match(value):
        raise bad_request(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    number = int(value)
    if low is not None and number < low:
        raise bad_request(
            f"This value must be greater than or equal to {low}.", code="parameter_invalid_integer", param=name
        )
    if high is not None and number > high:
        raise bad_request(
            f"This value must be less than or equal to {high}.", code="parameter_invalid_integer", param=name
        )
    return number
