"""What may log in to an account: tokens (OAuth 1.0a) and certificates (OAuth 2.0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def public_key(pem: str) -> Any:
    """A PEM public key or certificate as PyJWT wants it."""
    if "BEGIN CERTIFICATE" in pem:
        from cryptography.x509 import load_pem_x509_certificate

        return load_pem_x509_certificate(pem.encode()).public_key()
    return pem


@dataclass
class Token:
    """An access token of an integration record (OAuth 1.0a). Flip `revoked` or `enabled` to play a revoked token or a disabled integration."""

    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str
    revoked: bool = False
    enabled: bool = True


@dataclass
class Certificate:
    """A certificate mapping of an integration record (OAuth 2.0 client credentials): `public_key` is PEM (key or X.509)."""

    client_id: str
    certificate_id: str
    public_key: str
    revoked: bool = False
    enabled: bool = True


@dataclass
class Credentials:
    """What may log in to one account. `token_limit_exceeded` refuses every login with NetSuite's own text."""

    tokens: list[Token] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    token_limit_exceeded: bool = False
    token_lifetime: int = 3600
