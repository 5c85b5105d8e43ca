"""Has something changed? One SuiteQL request, for a sensor that asks every half minute; it counts in the day's budget.

What it cannot see (a record that is committed with an earlier time than one seen before) the hourly sync finds.
"""

from pipelines.connections import Connection
from pipelines.http import PATIENCE
from pipelines.netsuite.client import Client
from pipelines.netsuite.errors import Denied
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.netsuite.suiteql import MOMENT, Scope, quoted

_DELETED = f"SELECT 'deleted' AS name, TO_CHAR(MAX(d.deleteddate), '{MOMENT}') AS newest FROM deletedrecord d"


def arrivals(connection: Connection) -> str:
    """When transactions, customers and contacts were last changed or deleted, of the kinds that are read. Raises what Client raises.

    A role that does not see deletions is asked for the rest alone, as a sync does.
    """
    settings: NetSuiteSettings = connection.settings
    parts = _parts(settings)
    with Client(connection.impatient(), patience=PATIENCE) as client:
        try:
            rows = client.page(" UNION ALL ".join([*parts, _DELETED])).items
        except Denied:
            rows = client.page(" UNION ALL ".join(parts)).items if parts else []
    return " ".join(sorted(f"{row['name']}={row.get('newest', '')}" for row in rows))


def _parts(settings: NetSuiteSettings) -> list[str]:
    types = Scope(settings).types
    read = [
        ("transaction", "t", bool(types), f" WHERE t.type IN ({quoted(types)})"),
        ("customer", "c", settings.sync_customers, ""),
        ("contact", "p", settings.sync_contacts, ""),
    ]
    return [
        f"SELECT '{table}' AS name, TO_CHAR(MAX({alias}.lastmodifieddate), '{MOMENT}') AS newest FROM {table} {alias}{where}"
        for table, alias, wanted, where in read
        if wanted
    ]
