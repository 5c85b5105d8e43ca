"""Who we are to Stripe: what signs a request, and a key of the account itself."""

from typing import Protocol

from pipelines.connections import Connection
from pipelines.system import NotConfigured, Refused


class Access(Protocol):
    """What signs a request. Thread-safe."""

    def key(self) -> str:
        """The key or token to send."""
        ...

    def renew(self, refused: str) -> bool:
        """Whether there is another one to try than the one that was refused."""
        ...

    def refusal(self, words: str) -> Refused:
        """What to raise when Stripe does not take it."""
        ...

    def forbidden(self, path: str, permission: str, words: str) -> Refused:
        """What to raise when it may not read `path`."""
        ...


class AccountKey:
    """A restricted or secret key of the account."""

    def __init__(self, connection: Connection) -> None:
        self._name, self._settings = connection.name, connection.settings
        self._key: str = self._settings.api_key.get_secret_value()
        refuse_other_mode(self._name, self._key, self._settings.mode)

    def key(self) -> str:
        return self._key

    def renew(self, refused: str) -> bool:
        return False

    def refusal(self, words: str) -> Refused:
        remedy = "put a current key of this account into the variable that api_key names"
        return Refused(f"{self._name}: Stripe refused the key: {words}", remedy, "wrong_key")

    def forbidden(self, path: str, permission: str, words: str) -> Refused:
        remedy = f"give the restricted key {permission} (Developers, API keys)"
        return Refused(f"{self._name}: the key may not read {path}: {words}", remedy, "missing_permission")


def refuse_other_mode(name: str, key: str, mode: str) -> None:
    """Raise NotConfigured when a key is visibly of the other mode: test and live data never mix."""
    other = {"live": "_test_", "test": "_live_"}[mode]
    if key.startswith((f"sk{other}", f"rk{other}")):
        raise NotConfigured(
            f"{name}: the key is a {other.strip('_')} key and the setting mode is {mode!r}."
            f' Remedy: use a {mode} key, or set mode = "{other.strip("_")}".'
        )
