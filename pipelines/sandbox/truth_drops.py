"""What the reports of a drop amount to: what the last sound one lists is open, what it stopped listing is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.sandbox.drops import Drop, Report
from pipelines.sandbox.layouts import DACH, Row
from pipelines.sandbox.money import ZERO, text
from pipelines.sandbox.truth_breaks import break_row


@dataclass(frozen=True)
class Listed:
    """One invoice over all reports: as last listed, first amount, open amount now, and the report that brought it back."""

    row: Row
    first: Decimal
    open: Decimal
    reopened_by: str | None


class DropView:
    """One drop. Held reports speak for nothing."""

    def __init__(self, drop: Drop) -> None:
        self.connection = drop.profile.connection
        self.named = drop.profile.layout is not DACH
        self.applied = [report for report in drop.reports if report.state == "applied"]
        self.held = [report for report in drop.reports if report.state != "applied"]
        self.invoices = _replay(self.applied)

    def key(self, native: str) -> str:
        return f"sftp:{self.connection}:{native}"

    def customers(self) -> Iterator[dict[str, Any]]:
        balances: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        shown: dict[str, str] = {}
        for listed in self.invoices.values():
            balances[listed.row.customer][listed.row.currency] += listed.open
            shown[listed.row.customer] = listed.row.name if self.named else listed.row.customer
        for customer, amounts in sorted(balances.items()):
            yield {
                "system": "sftp",
                "connection": self.connection,
                "id": customer,
                "name": shown[customer],
                "balances": {currency: text(amount, currency) for currency, amount in sorted(amounts.items())},
            }

    def documents(self) -> Iterator[dict[str, Any]]:
        for ref, listed in sorted(self.invoices.items()):
            row = listed.row
            yield {
                "system": "sftp",
                "connection": self.connection,
                "id": ref,
                "type": "invoice",
                "number": ref,
                "customer_id": row.customer,
                "currency": row.currency,
                "amount": text(listed.first, row.currency),
                "open_amount": text(listed.open, row.currency),
                "issued_date": row.issued.isoformat(),
                "due_date": row.due.isoformat(),
                "is_deleted": False,
            }

    def breaks(self) -> Iterator[dict[str, Any]]:
        for report in self.held:
            yield break_row("sftp", self.connection, "held_report", None, self.key(report.file_name), None, ZERO)
        for ref, listed in sorted(self.invoices.items()):
            if listed.reopened_by is not None:
                yield break_row(
                    "sftp",
                    self.connection,
                    "reopened",
                    self.key(ref),
                    self.key(listed.reopened_by),
                    listed.row.currency,
                    listed.open,
                )
        if self.applied:
            yield from self._doubled(self.applied[-1])

    def _doubled(self, report: Report) -> Iterator[dict[str, Any]]:
        """Rows that the current report lists a second time."""
        seen: set[str] = set()
        for row in report.rows:
            if row.ref in seen:
                yield break_row(
                    "sftp",
                    self.connection,
                    "duplicate_in_report",
                    self.key(row.ref),
                    self.key(report.file_name),
                    row.currency,
                    row.open,
                )
            seen.add(row.ref)


def _replay(reports: list[Report]) -> dict[str, Listed]:
    """Apply the reports in order. An item that comes back while open again says by which report; when it closes, that is history."""
    invoices: dict[str, Listed] = {}
    for report in reports:
        rows: dict[str, Row] = {}
        for row in report.rows:
            rows.setdefault(row.ref, row)
        for ref, listed in invoices.items():
            if ref not in rows:
                invoices[ref] = Listed(listed.row, listed.first, ZERO, None)
        for ref, row in rows.items():
            before = invoices.get(ref)
            if before is None:
                invoices[ref] = Listed(row, row.open, row.open, None)
            else:
                again = report.file_name if before.open == 0 else before.reopened_by
                invoices[ref] = Listed(row, before.first, row.open, again)
    return invoices
