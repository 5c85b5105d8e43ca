"""What QuickBooks says a foreign currency is worth, day by day."""

from collections.abc import Iterator
from datetime import date

from pipelines.quickbooks import shapes, tables
from pipelines.quickbooks.paging import statement
from pipelines.quickbooks.reader import ALL_NAMES, Reader, State
from pipelines.quickbooks.transport import Row


def rates(reader: Reader, state: State) -> Iterator[list[Row]]:
    """Rows of `exchange_rate`, asked once a day: for today, and for the last day asked, whose rate may have been set after that.

    Not for the days between: documents carry their own rates. `state` keeps the last day.
    """
    days = _days(state.get("through"), reader.today)
    preferences = shapes.rows(tables.PREFERENCES, reader.snapshots[tables.PREFERENCES])
    if not days or not any(row["multi_currency"] for row in preferences):
        return
    known = reader.client.query(statement("CompanyCurrency", ALL_NAMES))
    codes = sorted({str(row["Code"]) for row in known if row.get("Code")} - {str(reader.home_currency)})
    for code in codes:
        found = [{**reader.client.exchange_rate(code, day), "AsOfDate": day} for day in days]
        rows = [row for row in shapes.rows(tables.EXCHANGE_RATE, found) if row["rate"] is not None]
        if rows:
            yield [{**row, "target_currency": row["target_currency"] or reader.home_currency} for row in rows]
    state["through"] = reader.today.isoformat()


def _days(through: str | None, today: date) -> list[str]:
    """What to ask for; nothing where today has been asked for."""
    if through == today.isoformat():
        return []
    return sorted({through or today.isoformat(), today.isoformat()})
