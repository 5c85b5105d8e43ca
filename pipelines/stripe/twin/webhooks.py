"""Signing webhook payloads as Stripe does: `Stripe-Signature: t=<unix>,v1=<hex HMAC-SHA256 of "<t>.<body>">`."""

from __future__ import annotations

import hashlib
import hmac


def signature(body: bytes, secrets: list[str], *, at: int) -> str:
    """The header for `body`, one v1 per secret (several while a secret is being rotated); the key is the whole `whsec_...` string."""
    message = str(at).encode() + b"." + body
    signed = [hmac.new(secret.encode(), message, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={value}" for value in signed)])
