"""Contacts where customers are not asked for: who is behind the invoices and payments of this run (Q28)."""

from collections.abc import Iterator

import pyarrow as pa

from pipelines.quickbooks import tables
from pipelines.quickbooks.changes import Captured, by_ids
from pipelines.quickbooks.reader import Reader
from pipelines.quickbooks.transport import Row

_PROCESSED = (tables.INVOICE, tables.CREDIT_MEMO, tables.PAYMENT, tables.REFUND_RECEIPT)


def people(reader: Reader, captured: Captured) -> Iterator[pa.Table]:
    """The customers of what is new, as they are now; all of them where everything is read, or more than capture shows."""
    read = [table for table in _PROCESSED if table in reader.counts]
    if not read:
        return
    rows = [captured.rows(table) if table in captured.since else None for table in read]
    if any(found is None for found in rows):
        for page in reader.everything(tables.CUSTOMER, count=1):
            yield reader.objects(tables.CUSTOMER, page)
        return
    met = {str(owner["value"]) for found in rows for row in found or () if (owner := _owner(row))}
    for page in by_ids(reader, tables.CUSTOMER, met):
        yield reader.objects(tables.CUSTOMER, page)


def _owner(row: Row) -> Row | None:
    found = row.get("CustomerRef")
    return found if isinstance(found, dict) and found.get("value") else None
