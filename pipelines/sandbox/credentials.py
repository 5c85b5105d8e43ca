"""Keys and secrets of one run of the sandbox: made at each start, random, and no part of the company."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipelines.netsuite.twin import auth
from pipelines.quickbooks import twin as quickbooks
from pipelines.sandbox import bank, drops
from pipelines.sandbox.profile import PROFILES
from pipelines.sftp.twin import KeyPair, key_pair
from pipelines.stripe.twin import Platform, StripeAccount

_CONSENTED = ("cards_qbo_uk",)  # Stripe accounts that are connected by OAuth
_BACK = "http://localhost/connected"  # where the owner's browser goes with the code
_GRACE = 30 * 86_400  # seconds: the refresh token of the connections file has to serve a second home, too


@dataclass(frozen=True)
class Credentials:
    """All of them. `certificate_key` is the private key (PEM) behind the OAuth 2.0 connection's certificate."""

    tokens: dict[str, auth.Token]
    certificates: dict[str, auth.Certificate]
    certificate_keys: dict[str, str] = field(repr=False)
    quickbooks: dict[str, quickbooks.Credentials] = field(repr=False)
    stripe: dict[str, str] = field(repr=False)
    platform: Platform  # a Connect platform that some of the Stripe accounts may be connected to
    sftp: dict[str, KeyPair] = field(repr=False)
    host_key: KeyPair = field(repr=False)

    def netsuite(self, connection: str) -> auth.Credentials:
        """What may log in to a NetSuite connection's account."""
        tokens = [self.tokens[connection]] if connection in self.tokens else []
        certificates = [self.certificates[connection]] if connection in self.certificates else []
        return auth.Credentials(tokens, certificates)

    def stripe_login(self, connection: str, account: StripeAccount) -> tuple[dict[str, str], dict[str, str]]:
        """What a Stripe connection is set up with, secret and plain: a key, or what is left of its owner's consent."""
        if connection not in _CONSENTED:
            return {"api_key": account.secret_key}, {}
        self.platform.signed_in = account  # who opens the link that `tieout connect` prints
        token = self.platform.grant(account).refresh_token
        return {"platform_key": self.platform.secret_key, "refresh_token": token}, {
            "client_id": self.platform.client_id
        }


def make() -> Credentials:
    """New credentials: the first NetSuite account uses tokens, the second a certificate; both QuickBooks companies have granted one app,
    and one Stripe platform waits for an account's consent."""
    first, second = (profile.connection for profile in PROFILES if profile.system == "netsuite")
    app, secret = secrets.token_urlsafe(30), secrets.token_urlsafe(30)
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
        quickbooks={
            profile.connection: quickbooks.Credentials(app, secret, grace=_GRACE)
            for profile in PROFILES
            if profile.system == "quickbooks"
        },
        stripe={profile.psp: f"sk_test_{secrets.token_hex(24)}" for profile in PROFILES},
        platform=Platform(f"ca_{secrets.token_hex(16)}", f"sk_test_{secrets.token_hex(24)}", (_BACK,)),
        sftp={name: key_pair(name) for name in (bank.CONNECTION, *(one.connection for one in drops.PROFILES))},
        host_key=key_pair("sandbox"),
    )
