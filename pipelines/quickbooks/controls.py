"""What QuickBooks itself counts, and what it says that each customer owes, asked apart from the extraction."""

from collections.abc import Iterator

from pipelines.quickbooks import exact, tables
from pipelines.quickbooks.client import PAGE_ROWS, entity_rows, total
from pipelines.quickbooks.paging import statement
from pipelines.quickbooks.reader import ALL_NAMES, Reader, counted, wanted
from pipelines.quickbooks.transport import Row

_PAGES_AT_ONCE = 5  # pages of customers in one batch: a larger answer would take long to make


def totals(reader: Reader) -> list[Row]:
    """Rows of `control_total`: how many records there are of each table that is read by change. Of all time, so the window has no ends."""
    read = wanted(reader.settings)
    answers = reader.client.queries([counted(table) for table in read])
    return [
        {"table_name": table.name, "measure": "all", "row_count": total(answer)}
        for table, answer in zip(read, answers, strict=True)
    ]


def balances(reader: Reader) -> Iterator[list[Row]]:
    """Rows of `control_balance`: every customer's own balance, sub-customers apart. Of unapplied money QuickBooks says nothing apart."""
    settings = reader.settings
    if not (settings.sync_customers and settings.sync_invoices and settings.sync_payments):
        return
    expected = reader.counts[tables.CUSTOMER]
    positions = [*range(1, expected + 1, PAGE_ROWS)] or [1]
    for start in range(0, len(positions), _PAGES_AT_ONCE):
        asked = [statement("Customer", ALL_NAMES, position) for position in positions[start : start + _PAGES_AT_ONCE]]
        for answer in reader.client.queries(asked):
            yield [_balance(customer, reader.home_currency) for customer in entity_rows(answer)]


def _balance(customer: Row, home_currency: str | None) -> Row:
    return {
        "entity": customer["Id"],
        "currency": (customer.get("CurrencyRef") or {}).get("value") or home_currency,
        "open_amount": exact.text(customer.get("Balance") or 0),
        "unapplied_amount": None,
    }
