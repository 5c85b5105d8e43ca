"""What QuickBooks itself counts, and what it says that each customer owes, asked apart from the extraction."""

from collections.abc import Iterator

from pipelines.quickbooks import exact, tables
from pipelines.quickbooks.client import entity_rows, total
from pipelines.quickbooks.paging import STEP, pages, statement
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
    expected, ahead = reader.counts[tables.CUSTOMER], dict[int, list[Row]]()

    def ask(position: int) -> list[Row]:
        """One page; those behind it come with it, and are asked anew once one was missed."""
        if position not in ahead:
            positions = [*range(position, max(expected, position) + 1, STEP)][:_PAGES_AT_ONCE]
            answers = reader.client.queries([statement("Customer", ALL_NAMES, start) for start in positions])
            ahead.clear()
            ahead.update(zip(positions, map(entity_rows, answers), strict=True))
        return ahead.pop(position)

    for page in pages(ask, expected, 1):
        yield [_balance(customer, reader.home_currency) for customer in page]


def _balance(customer: Row, home_currency: str | None) -> Row:
    return {
        "entity": customer["Id"],
        "currency": (customer.get("CurrencyRef") or {}).get("value") or home_currency,
        "open_amount": exact.text(customer.get("Balance") or 0),
        "unapplied_amount": None,
    }
