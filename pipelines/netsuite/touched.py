"""Whose balance may have changed since an instant, so that not every customer's is asked at each sync.

A changed or deleted transaction touches the customers of its lines, and those of what it was applied to, now (NetSuite knows) or as it
was last read (the warehouse knows).
"""

import orjson

from pipelines import load
from pipelines.netsuite.deletions import Deletions
from pipelines.netsuite.suiteql import since
from pipelines.netsuite.sweep import Reader
from pipelines.netsuite.tables import TRANSACTION

_MOST = 5_000  # transactions; beyond them everybody is asked for less


def customers(reader: Reader, through: str, deletions: Deletions) -> list[str] | None:
    """Ids of the customers touched since `through` (an instant as ISO text); None if that is best taken as all."""
    client = reader.client
    changed = since("t", reader.overlapped(through), client.settings.time_zone)
    types = f"{reader.scope.transactions()} AND {changed}"
    amount = client.scalar(f"SELECT COUNT(*) AS amount FROM transaction t WHERE {types}").get("amount")
    gone = deletions.ids.get("transaction", [])
    if int(amount or 0) + len(gone) > _MOST:
        return None
    ids = [row["id"] for row in client.query(f"SELECT t.id FROM transaction t WHERE {types} ORDER BY t.id")]
    own = client.query(
        f"SELECT DISTINCT m.entity FROM transactionline m JOIN transaction t ON t.id = m.transaction WHERE {types} ORDER BY m.entity"
    )
    linked = client.query(
        "SELECT DISTINCT o.entity FROM nexttransactionlinelink l JOIN transaction t ON t.id = l.nextdoc"
        f" JOIN transactionline o ON o.transaction = l.previousdoc WHERE {types} ORDER BY o.entity"
    )
    now = {row["entity"] for row in (*own, *linked) if row.get("entity")}
    return sorted(now | _as_read(reader, {*ids, *gone}), key=int)


def _as_read(reader: Reader, ids: set[str]) -> set[str]:
    """Customers of these transactions, and of what they were applied to, as the warehouse has them."""
    found: set[str] = set()
    for again in (True, False):
        rows = load.living(
            reader.context.home, TRANSACTION, reader.client.connection, "entity, lines, applications",
            "id in (select unnest(?::varchar[]))", [sorted(ids)],
        )  # fmt: skip
        found.update(entity for entity, _lines, _links in rows if entity)
        found.update(
            line["entity"]
            for _entity, lines, _links in rows
            for line in orjson.loads(lines or "[]")
            if line.get("entity")
        )
        if again:
            ids = {link["previousdoc"] for _entity, _lines, links in rows for link in orjson.loads(links or "[]")}
    return found
