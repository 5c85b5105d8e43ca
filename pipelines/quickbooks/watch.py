"""Has something changed? One batch of queries, for a sensor that asks every half minute; it waits for its turn like every call.

Change data capture would need a look-back that slides: what falls out of it would look like news. A deletion shows in the count.
"""

from pipelines.connections import Connection
from pipelines.http import PATIENCE
from pipelines.quickbooks import shapes
from pipelines.quickbooks.client import Client, entity_rows, total
from pipelines.quickbooks.reader import condition, counted, wanted


def arrivals(connection: Connection) -> str:
    """Of each entity that is read: how many there are, and when the last change was. Raises what Client raises."""
    tables = wanted(connection.settings)
    newest = [_newest(shapes.ENTITIES[table], condition(table)) for table in tables]
    with Client(connection.impatient(), patience=PATIENCE) as client:
        answers = list(client.queries([*map(counted, tables), *newest]))
    told = []
    for table, count, last in zip(tables, answers, answers[len(tables) :], strict=False):
        moments = [str((row.get("MetaData") or {}).get("LastUpdatedTime", "")) for row in entity_rows(last)]
        told.append(f"{table.name}={total(count)}:{max(moments, default='')}")
    return " ".join(told)


def _newest(entity: str, where: str) -> str:
    met = f" WHERE {where}" if where else ""
    return f"SELECT * FROM {entity}{met} ORDERBY MetaData.LastUpdatedTime DESC MAXRESULTS 1"
