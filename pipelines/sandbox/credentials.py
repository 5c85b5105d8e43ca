"""Keys and secrets of one run of the sandbox: made at each start, random, and no part of the company."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipelines.netsuite.twin import auth
from pipelines.sandbox import drops, office
from pipelines.sftp.twin import KeyPair, key_pair


@dataclass(frozen=True)
class Credentials:
    """All of them. `certificate_key` is the private key (PEM) behind the OAuth 2.0 connection's certificate."""

    tokens: dict[str, auth.Token]
    certificates: dict[str, auth.Certificate]
    certificate_keys: dict[str, str] = field(repr=False)
    stripe: dict[str, str] = field(repr=False)
    sftp: dict[str, KeyPair] = field(repr=False)
    host_key: KeyPair = field(repr=False)

    def netsuite(self, connection: str) -> auth.Credentials:
        """What may log in to a NetSuite connection's account."""
        tokens = [self.tokens[connection]] if connection in self.tokens else []
        certificates = [self.certificates[connection]] if connection in self.certificates else []
        return auth.Credentials(tokens, certificates)


def make() -> Credentials:
    """New credentials: the first ERP account uses tokens, the second a certificate."""
    first, second = (profile.connection for profile in office.PROFILES)
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    return Credentials(
        tokens={
            first: auth.Token(
                secrets.token_hex(32), secrets.token_hex(32), secrets.token_hex(32), secrets.token_hex(32)
            )
        },
        certificates={second: auth.Certificate(secrets.token_hex(32), secrets.token_urlsafe(32), public)},
        certificate_keys={second: private},
        stripe={profile.psp: f"sk_test_{secrets.token_hex(24)}" for profile in office.PROFILES},
        sftp={profile.connection: key_pair(profile.connection) for profile in drops.PROFILES},
        host_key=key_pair("sandbox"),
    )
