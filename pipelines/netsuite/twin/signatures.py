"""OAuth 1.0a signatures: the header, the base string, HMAC-SHA256."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, quote, unquote, urlsplit


def _pct(text: str) -> str:
    return quote(text, safe="-._~")


def signature_base(method: str, url: str, oauth: dict[str, str]) -> str:
    """The OAuth 1.0a signature base string: every oauth_* parameter there is except the signature, and the query's."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    pairs = [
        *query,
        *((name, value) for name, value in oauth.items() if name not in ("oauth_signature", "realm")),
    ]
    normal = "&".join(f"{name}={value}" for name, value in sorted((_pct(name), _pct(value)) for name, value in pairs))
    place = f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path}"
    return "&".join(_pct(part) for part in (method.upper(), place, normal))


def sign(base: str, consumer_secret: str, token_secret: str) -> str:
    """HMAC-SHA256 of a base string, base64."""
    key = f"{_pct(consumer_secret)}&{_pct(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def parse_header(text: str) -> dict[str, str]:
    """`a="b", c="d"` decoded. A parameter that is given twice makes the header invalid (empty)."""
    given: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if not name:
            continue
        if name in given:
            return {}
        given[unquote(name)] = unquote(value.strip().strip('"'))
    return given
