"""Is the key or the consent valid, of the right mode and account, and may it read everything that a sync reads?"""

from pipelines.connections import Connection
from pipelines.stripe.client import StripeReader
from pipelines.stripe.settings import StripeSettings
from pipelines.stripe.tables import MUTABLE
from pipelines.system import Check, NotConfigured, Problem, Refused, Rejected, TieoutError, Transient

_READ = ("/v1/balance", "/v1/balance_transactions", "/v1/events", *(path for _, path in MUTABLE.values()))


def check(connection: Connection) -> Check:
    """Ask for the account and for one object of each kind. Never raises for what may be wrong with a connection."""
    settings: StripeSettings = connection.settings
    facts: dict[str, str] = {"mode": settings.mode, "login": "key" if settings.api_key else "OAuth"}
    try:
        reader = StripeReader(connection, max_wait=2.0)
        account = reader.get("/v1/account").body
        facts |= {
            "account": account["id"],
            "country": account.get("country") or "",
            "currency": account.get("default_currency") or "",
        }
        problems = [*_other_account(account["id"], settings), *_unreadable(reader)]
        if not problems:
            problems += _other_mode(bool(reader.get("/v1/balance").body.get("livemode")), settings)
    except Refused as error:
        code = "expired_link" if error.code == "invalid_login" else error.code
        return Check(connection.name, error.state, (_problem(error, code),), facts)
    except NotConfigured as error:
        code = "wrong_mode" if "mode" in str(error) else "not_configured"
        return Check(connection.name, "not_configured", (_problem(error, code),), facts)
    except (Transient, Rejected) as error:
        return Check(connection.name, "disconnected", (_problem(error, "unreachable"),), facts)
    return Check(connection.name, "refused" if problems else "active", tuple(problems), facts)


def _other_account(found: str, settings: StripeSettings) -> list[Problem]:
    if settings.account_id in (None, found):
        return []
    return [
        Problem(
            "wrong_account",
            f"the key or consent is of {found}, and account_id is {settings.account_id}",
            f"use one of {settings.account_id}, or set account_id to {found}",
        )
    ]


def _other_mode(live: bool, settings: StripeSettings) -> list[Problem]:
    if live == (settings.mode == "live"):
        return []
    found = "live" if live else "test"
    return [
        Problem(
            "wrong_mode",
            f"the key is a {found} key and mode is {settings.mode!r}",
            f"use a {settings.mode} key, or set mode = {found!r}",
        )
    ]


def _unreadable(reader: StripeReader) -> list[Problem]:
    """One problem per permission that is missing, so that all are granted at once."""
    problems: dict[str, Problem] = {}
    for path in _READ:
        try:
            reader.get(path, **({} if path == "/v1/balance" else {"limit": 1}))
        except Refused as error:
            problems.setdefault(error.remedy, _problem(error, error.code))
    return list(problems.values())


def _problem(error: TieoutError, code: str) -> Problem:
    network = "check the network, status.stripe.com and base_url"
    return Problem.of(code, error, network) if code == "unreachable" else Problem.of(code, error)
