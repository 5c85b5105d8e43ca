"""Testing a connection: is the login good, may the role do what is needed, does it see every subsidiary. Nothing is synced.

What a 401 can tell: NetSuite answers every failed login alike, so wrong keys, a revoked token, a disabled integration record and
token-based authentication switched off look the same; only its Login Audit Trail says which. We tell apart what shows elsewhere:
a host that does not exist (account id), a clock that is off, an OAuth 2.0 client or certificate refused at the token request, and the
token limit. A role restricted to some subsidiaries is seen by references to subsidiaries that it cannot see; one restricted to
subsidiaries that nothing visible refers to cannot be told from an account that has no others. Setup > User Access Tokens lets a person
make tokens; no REST call needs it, so no call can tell whether the role has it: it is named where a login fails.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from pipelines.connections import Connection
from pipelines.netsuite import updates
from pipelines.netsuite.access import ACCOUNT_REMEDY, ADDRESS_PROBE, TABLES, TYPES, closed
from pipelines.netsuite.budget import BudgetSpent
from pipelines.netsuite.client import Client
from pipelines.netsuite.errors import Denied
from pipelines.netsuite.facts import base_currency, check_fields
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.system import Check, NotConfigured, Problem, Refused, TieoutError, Transient

_RECORDS = {
    "invoice": TYPES["CustInvc"],
    "creditMemo": TYPES["CustCred"],
    "customerPayment": TYPES["CustPymt"],
    "deposit": TYPES["Deposit"],
}
# What a record tells of a table, where no search is allowed that would; of the others nothing is told before one is.
_LISTS = {
    "customer": TABLES["customer"],
    "contact": TABLES["contact"],
    "currency": TABLES["currency"],
    "paymentMethod": TABLES["paymentmethod"],
    "subsidiary": TABLES["subsidiary"],
}
_UNTOLD = (TABLES["transaction"], TABLES["file"])
_REFUND = {"customerRefund": TYPES["CustRfnd"]}  # needed only where payments are reconciled with a provider
_SEARCH = "Reports > SuiteAnalytics Workbook, or Lists > Perform Search"
# What no call of ours needs, so that its absence is told but is no problem.
_OPTIONAL = {
    "SELECT d.recordid FROM deletedrecord d WHERE ROWNUM <= 1": (
        "Lists > Deleted Records",
        "without it deletions are not seen",
    ),
    ADDRESS_PROBE: ("The table entityaddress", "without it customers have no addresses"),
}
_SKEW_SECONDS, _DAY_SECONDS = 300, 86_400


def check(connection: Connection) -> Check:
    """Active, or exactly what is wrong. Never raises for what a person can mend."""
    try:
        with Client(connection) as client:
            return _probe(connection.name, client)
    except NotConfigured as error:
        return _failed(
            connection.name, "not_configured", Problem("not_configured", str(error), "Set what the message names.")
        )
    except Refused as error:
        problem = Problem(error.code, str(error).partition(" Remedy: ")[0], error.remedy)
        return _failed(connection.name, error.state, problem, *_skew(connection))
    except Denied as error:
        text = f"{connection.name}: {connection.settings.services} answered {error.error.status}: {error}"
        return _failed(connection.name, "disconnected", Problem("wrong_account", text, ACCOUNT_REMEDY))
    except BudgetSpent as error:
        return _failed(connection.name, "budget_spent", _spent(error))
    except Transient as error:
        text = f"{error} Tried {connection.settings.services}."
        return _failed(
            connection.name, "disconnected", Problem("unreachable", text, f"{ACCOUNT_REMEDY} Also check the network.")
        )


def _spent(error: BudgetSpent) -> Problem:
    return Problem(
        "budget_spent", str(error).partition(" Remedy: ")[0], "Wait for the next UTC day, or raise daily_requests."
    )


def _failed(name: str, state: str, *problems: Problem) -> Check:
    return Check(name, state, problems)


def _probe(name: str, client: Client) -> Check:
    facts: dict[str, str] = {"account": client.settings.account_id}
    problems: list[Problem] = []
    searchable = True
    try:
        facts["server_time"] = client.server_time().isoformat()
    except Refused as error:
        if error.code != "permission":
            raise
        searchable = False
        problems.append(_missing(_SEARCH, error))
    problems += _permissions(client, searchable)
    if not searchable:
        facts |= dict.fromkeys(_UNTOLD, "not tested: only a search can tell, and none is allowed")
    if searchable:
        problems += _subsidiaries(client)
        facts.update(_optional(client))
        with suppress(TieoutError):  # a fact more, no test
            facts["base_currency"] = base_currency(client) or ""
        try:
            check_fields(client)
        except NotConfigured as error:
            problems.append(Problem("unknown_field", str(error), "Correct customer_fields and transaction_fields."))
    return Check(name, "refused" if problems else "active", tuple(problems), facts)


def _missing(permission: str, error: Exception) -> Problem:
    text = str(error).partition(" Remedy: ")[0]
    return Problem(
        "permission", f"The role lacks {permission}. NetSuite: {text}", f"Add {permission} to the integration role."
    )


def _permissions(client: Client, searchable: bool) -> Iterator[Problem]:
    """One cheap call per permission: a row of a table, a page of one record, or a record that does not exist."""
    settings: NetSuiteSettings = client.settings
    for permission, missing in closed(client) if searchable else ():
        yield _missing(permission, missing)
    records = {**_RECORDS, **(_REFUND if settings.stripe else {}), **({} if searchable else _LISTS)}
    for record, permission in records.items():
        try:
            client.get(record, "" if searchable else "0", {"limit": "1"} if searchable else None)
        except Refused as error:
            yield _missing(permission, error)
        except Denied as error:
            if error.error.status != 404 or "Record type" in str(error):
                yield _missing(permission, error)
    for record, level in _written(settings).items():
        yield from _may_change(client, record, level)


def _written(settings: NetSuiteSettings) -> dict[str, str]:
    """The records that the settings let be written, and the level that takes: to make some is Full, to change what is there is Edit."""
    wanted = settings.writeback
    levels: dict[str, str] = {}
    if wanted.record_update != "off":
        levels = {updates.record(level): "Edit" for level, fields in settings.update_fields.items() if fields}
    if (wanted.payment, wanted.reversal) != ("off", "off"):  # a reversal changes a payment
        levels["customerPayment"] = "Full"
    if wanted.deposit != "off":
        levels["deposit"] = "Full"
    return levels


def _may_change(client: Client, record: str, level: str) -> Iterator[Problem]:
    """Changing a record that cannot exist shows whether we may change one, and changes nothing."""
    try:
        client.patch(record, "0", {})
    except Refused as error:
        if error.code != "permission":
            raise
        yield _missing(f"{(_RECORDS | _LISTS)[record]} (level {level})", error)
    except Denied:
        return


def _subsidiaries(client: Client) -> Iterator[Problem]:
    """N3: the role's subsidiary restriction has to be All; what it hides is otherwise silently absent."""
    try:
        rows = client.query("SELECT s.id, s.parent FROM subsidiary s ORDER BY s.id")
        used = client.query(
            "SELECT r.subsidiary AS id FROM customersubsidiaryrelationship r GROUP BY r.subsidiary ORDER BY r.subsidiary"
        )
    except (Refused, Denied):
        return  # the missing permission is already told
    seen = {row["id"] for row in rows}
    wanted = set(client.settings.subsidiaries)
    referred = {row["parent"] for row in rows if row.get("parent")} | {row["id"] for row in used if row.get("id")}
    hidden = sorted((wanted | referred) - seen, key=lambda item: (len(item), item))
    if rows and hidden:
        yield Problem(
            "subsidiary_restriction",
            f"The role does not see subsidiaries {', '.join(hidden)} (it sees {', '.join(sorted(seen))}): its subsidiary restriction is not All,"
            " or the ids in subsidiaries are wrong.",
            "Set Accessible Subsidiaries of the integration role to All, and correct subsidiaries in the connection.",
        )  # fmt: skip


def _optional(client: Client) -> Iterator[tuple[str, str]]:
    for probe, (permission, why) in _OPTIONAL.items():
        try:
            client.page(probe, limit=1)
        except (Refused, Denied):
            yield permission, f"not granted: {why}"


def _skew(connection: Connection) -> Iterator[Problem]:
    """After a refused login: is it this machine's clock? Asked of the server's Date header, without credentials."""
    try:
        response = requests.head(connection.settings.services, timeout=10)
        server = parsedate_to_datetime(response.headers["Date"])
    except (requests.RequestException, KeyError, ValueError):
        return
    off = abs((datetime.now(UTC) - server).total_seconds())
    if _SKEW_SECONDS < off < _DAY_SECONDS:  # a machine that is days off would fail on certificates first
        yield Problem(
            "clock_skew",
            f"{connection.name}: this machine's clock and NetSuite's differ by {off:.0f} s; logins are refused beyond {_SKEW_SECONDS} s.",
            "Set this machine's clock (NTP).",
        )
