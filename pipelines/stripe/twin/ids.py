"""Ids that look like Stripe's and are the same for the same seed: a sequence (so that objects of one second sort as they were made) and a hash."""

from __future__ import annotations

from hashlib import blake2b

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTHS = {"cus": 14, "mandate": 24}
_LEADS = {"ch": "3", "py": "3", "pi": "3", "re": "3", "cus": "", "du": "1"}


def base62(number: int, width: int) -> str:
    """`number` in 0-9A-Za-z, left-padded with zeros, so that text order is number order."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _ALPHABET[rest] + digits
    return digits.rjust(width, "0")


class Ids:
    """One account's id maker: prefix -> next id."""

    def __init__(self, account_id: str, seed: int) -> None:
        self._salt = f"{account_id}:{seed}"
        self._made: dict[str, int] = {}

    def next(self, prefix: str) -> str:
        """`ch` -> `ch_300001x7...`."""
        number = self._made[prefix] = self._made.get(prefix, 0) + 1
        lead = _LEADS.get(prefix, "1")
        body = lead + base62(number, 5)
        return f"{prefix}_{body}{self.token(f'{prefix}:{number}', _LENGTHS.get(prefix, 24) - len(body))}"

    def token(self, text: str, length: int) -> str:
        """A stable string of `length` letters and digits made of `text`."""
        digest = blake2b(f"{self._salt}:{text}".encode(), digest_size=24).digest()
        return base62(int.from_bytes(digest, "big"), 32)[-length:]
