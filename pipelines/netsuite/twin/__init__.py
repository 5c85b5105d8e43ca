"""A strict twin of NetSuite: the books of an account, SuiteQL and the record API over them, and NetSuite's own ways to log in.

Written from the vendor's contracts, apart from the client; `Books` is what a fictional company fills, `app` what a client calls.
"""

from __future__ import annotations

from .account import Account, Limits
from .app import app
from .auth import Certificate, Credentials, Token
from .books import Books, JournalLine, Line, OtherLine, Refused
from .roles import FULL, REQUIRED, Role

__all__ = [
    "FULL", "REQUIRED", "Account", "Books", "Certificate", "Credentials", "JournalLine", "Limits", "Line", "OtherLine", "Refused", "Role", "Token", "app",
]  # fmt: skip
