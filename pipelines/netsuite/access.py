"""What a role must be allowed, and what NetSuite's silence or its "invalid search" mean when it is not."""

from collections.abc import Iterable, Iterator

from pipelines import load
from pipelines.netsuite.client import Client, TooManyRows
from pipelines.netsuite.deletions import type_of
from pipelines.netsuite.errors import Denied
from pipelines.netsuite.reads import chunks
from pipelines.netsuite.suiteql import since
from pipelines.netsuite.sweep import Reader, State
from pipelines.netsuite.tables import TRANSACTION
from pipelines.system import Refused, Rejected, TieoutError

# The permission behind each table; without it SuiteQL calls any query of the table invalid.
TABLES = {
    "customer": "Lists > Customers",
    "contact": "Lists > Contacts",
    "currency": "Lists > Currency",
    "paymentmethod": "Lists > Payment Methods",
    "transaction": "Transactions > Find Transaction",
    "subsidiary": "Setup > Set Up Company",
    "file": "Lists > Documents and Files",
}
# The permission behind each type of transaction; without it SuiteQL leaves the rows out and says nothing.
TYPES = {
    "CustInvc": "Transactions > Invoice",
    "CustCred": "Transactions > Credit Memo",
    "CustPymt": "Transactions > Customer Payment",
    "CustDep": "Transactions > Customer Deposit",
    "DepAppl": "Transactions > Deposit Application",
    "CustRfnd": "Transactions > Customer Refund",
    "Deposit": "Transactions > Deposit",
    "Journal": "Transactions > Make Journal Entry",
}
_DELETED = "SELECT d.recordid, d.recordtypeid, d.type, d.scriptid FROM deletedrecord d"
ADDRESS_PROBE = "SELECT e.nkey FROM entityaddress e WHERE ROWNUM <= 1"
ACCOUNT_REMEDY = "Check account_id (Setup > Company > Company Information; a sandbox's ends in _SB1) and base_url."


def closed(client: Client, tables: Iterable[str] = TABLES) -> Iterator[tuple[str, Exception]]:
    """(permission, NetSuite's words) of each table of which not even one row may be asked for."""
    for table in tables:
        try:
            client.page(f"SELECT x.id FROM {table} x WHERE ROWNUM <= 1", limit=1)
        except (Refused, Denied) as error:
            yield TABLES[table], error


def explained(client: Client, denied: Denied) -> TieoutError:
    """What is behind a denied query, so that a person knows what to mend: the account, a permission, or else NetSuite's own words."""
    name = client.connection
    if denied.error.status == 404:
        return Refused(
            f"{name}: {client.settings.services} answered 404: no account is there.", ACCOUNT_REMEDY, "wrong_account"
        )
    for permission, error in closed(client):
        text = str(error).partition(" Remedy: ")[0]
        return Refused(
            f"{name}: the role lacks the permission {permission}. NetSuite: {text}",
            f"add {permission} to the integration role.",
            "permission",
        )
    return Rejected(f"{name}: NetSuite denied a query: {denied}")


def check_types(reader: Reader, state: State, *, confirmed: bool) -> None:
    """Raises Refused if a type of transaction that was there at the last sync has gone out of sight as a whole, other than by deletion.

    What comes while it is hidden would otherwise be passed over for good. `state` keeps the types seen, and when (`at`, ISO text);
    `confirmed`: a person says that they were deleted.
    """
    client, scope = reader.client, reader.scope
    rows = client.query(
        f"SELECT t.type FROM transaction t WHERE {scope.transactions()} GROUP BY t.type ORDER BY t.type"
    )
    seen = {str(row["type"]) for row in rows}
    known = set(state.get("types", ())) if state.get("scope") == scope.fingerprint else set()
    at = state.get("at", reader.started.isoformat())
    hidden = [] if confirmed else [kind for kind in sorted(known - seen) if not _all_deleted(reader, kind, at)]
    if hidden:
        raise Refused(
            f"{client.connection}: NetSuite no longer shows any transaction of type {', '.join(hidden)}, and did at the last sync.",
            f"give the integration role {', '.join(TYPES[kind] for kind in hidden)} again; if all of them were really deleted, run"
            f" `tieout confirm {client.connection} deletes:{client.connection}` and sync again.",
            "permission",
        )
    state.update(scope=scope.fingerprint, types=sorted(seen), at=reader.started.isoformat())


def _all_deleted(reader: Reader, kind: str, at: str) -> bool:
    """Whether NetSuite itself says that all we have of a type is deleted; if we have none, that one was deleted since `at`."""
    client = reader.client
    found = load.living(reader.context.home, TRANSACTION, client.connection, "id", "type = ?", [kind])

    def told(where: str) -> int:
        rows = client.query(f"{_DELETED} WHERE {where} ORDER BY d.recordid, d.recordtypeid")
        return sum(type_of(row) == kind for row in rows)

    try:
        if not found:
            return told(since("d", reader.overlapped(at), client.settings.time_zone, "deleteddate")) > 0
        return all(
            told(f"d.recordid IN ({chunk})") > chunk.count(",") for chunk in chunks(str(row[0]) for row in found)
        )
    except (Refused, Denied, TooManyRows):
        return False  # nobody says so
