"""Accounting periods: on which day a write may post."""

from datetime import date

from pipelines.netsuite.client import Client, Row
from pipelines.netsuite.reads import select_list
from pipelines.netsuite.tables import ACCOUNTINGPERIOD
from pipelines.system import Rejected

_QUERY = (
    f"SELECT {select_list(ACCOUNTINGPERIOD, 's')} FROM accountingperiod s"
    " WHERE s.isquarter = 'F' AND s.isyear = 'F' AND s.enddate >= TO_DATE(?, 'YYYY-MM-DD') ORDER BY s.startdate, s.id"
)


def posting_day(client: Client, day: str, policy: str) -> str:
    """`day` if its period is open; else, by policy, the first day of the next open period. Raises Rejected when it is to be held.

    Accounts without accounting periods have no closed ones.
    """
    periods = client.query(_QUERY, [day])
    if not periods or is_open(periods[0]) or periods[0]["startdate"] > day:
        return day
    closed = periods[0]
    if policy == "next_open":
        for period in periods[1:]:
            if is_open(period):
                return max(date.fromisoformat(period["startdate"]), date.fromisoformat(day)).isoformat()
    raise Rejected(
        f"{client.connection}: {day} lies in {closed.get('periodname')}, which is closed for receivables, and nothing was written"
        f' (closed_period = {policy!r}). Remedy: reopen the period, or set closed_period = "next_open", then retry the intent.'
    )


def is_open(period: Row) -> bool:
    return not any(period.get(lock) == "T" for lock in ("closed", "alllocked", "arlocked"))
