"""The AgedReceivables report: what each customer owes by age, as QuickBooks itself lays it out.

A customer with sub-customers is a section: its own amounts stand in the section's header, or in a row of its own inside; the summary adds
them up and is left out.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pipelines.quickbooks import exact
from pipelines.quickbooks.reader import Reader
from pipelines.quickbooks.transport import Row

REPORT = "AgedReceivables"


def aged(reader: Reader) -> list[Row]:
    """Rows of `aged_receivables`, as of the company's today."""
    body = reader.client.report(REPORT, {"report_date": reader.today.isoformat(), "aging_method": "Report_Date"})
    return parsed(body, reader.today.isoformat(), reader.home_currency)


def parsed(body: Row, today: str, home_currency: str | None) -> list[Row]:
    """The report's customers, each once; amounts are texts as they came, and absent where the report has none."""
    header = _object(body.get("Header"))
    columns = _list(_object(body.get("Columns")).get("Column"))
    titles = [str(column.get("ColTitle") or "") for column in columns]
    found: dict[str, Row] = {}
    for cells in _customers(_object(body.get("Rows"))):
        customer = str(cells[0]["id"])
        amounts = {
            title: exact.text(cell["value"])
            for title, cell in zip(titles[1:], cells[1:], strict=False)
            if cell.get("value") not in (None, "")
        }
        own = found.setdefault(
            customer,
            {
                "customer": customer,
                "as_of_date": str(header.get("EndPeriod") or today),
                "currency": header.get("Currency") or home_currency,
                "amounts": {},
                "total": "0",
            },
        )
        own["amounts"] = {**own["amounts"], **amounts}
        own["total"] = _total(own["amounts"], titles)
    for own in found.values():
        own["amounts"] = exact.canonical(own["amounts"])
    return list(found.values())


def _total(amounts: dict[str, str], titles: list[str]) -> str:
    if titles and titles[-1] in amounts:
        return amounts[titles[-1]]
    return f"{sum(map(Decimal, amounts.values()), Decimal(0)):f}"


def _customers(rows: Row) -> Iterator[list[Row]]:
    """The cells of each line that is a customer's own."""
    for row in _list(rows.get("Row")):
        header = _object(row.get("Header")).get("ColData")
        for cells in (row.get("ColData"), header):
            own = [cell for cell in _list(cells) if isinstance(cell, dict)]
            if own and own[0].get("id") and any(cell.get("value") not in (None, "") for cell in own[1:]):
                yield own
        yield from _customers(_object(row.get("Rows")))


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Row]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
