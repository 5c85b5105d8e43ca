"""The cells of one row -> exact values under a layout. Every method raises BadValue, which names the column."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.sftp.profile import Layout, Profile
from pipelines.sftp.values import BadValue, parse_amount, parse_currency, parse_date, parse_flag, total


@dataclass(frozen=True)
class Cells:
    """One row. `named` has the file's cells by header."""

    named: Mapping[str, str]
    layout: Layout

    def check(self) -> None:
        """Raise for a required value that is empty: of a sum, where all its cells are."""
        for name in self.layout.required:
            titles = self.layout.columns.titles(name)
            if not any(self.named.get(title) for title in titles):
                words = f"{titles[0]} is empty" if len(titles) == 1 else f"{', '.join(titles)} are all empty"
                raise BadValue("empty_cell", words, "fill the cell in and send the file again")

    @property
    def currency(self) -> str:
        return self.layout.currency or parse_currency(self.cell("currency") or "")

    def cell(self, name: str) -> str | None:
        """The cell as it stands; None if the column is not mapped or not in the file."""
        titles = self.layout.columns.titles(name)
        return self.named.get(titles[0]) if titles else None

    def text(self, name: str) -> str | None:
        """What the cell says, if it says anything."""
        return self.cell(name) or None

    def amount(self, name: str) -> Decimal | None:
        """The exact sum of the cells that are not empty; None if all are."""
        titles = [title for title in self.layout.columns.titles(name) if self.named.get(title)]
        return total([self._amount(title) for title in titles]) if titles else None

    def _amount(self, title: str) -> Decimal:
        layout = self.layout
        signs = {"decimal": layout.decimal, "thousands": layout.thousands, "negative": layout.negative}
        try:
            return parse_amount(self.named[title], self.currency, **signs)
        except BadValue as error:
            raise BadValue(error.code, f"{title}: {error}", error.remedy) from None

    def day(self, name: str) -> date | None:
        text = self.text(name)
        return parse_date(text, self.layout.date_format) if text else None


def open_item(row: Cells, profile: Profile) -> dict[str, Any]:
    """The values of a report's row, by canonical name."""
    flag = row.cell("is_disputed")
    return {
        "invoice_ref": row.text("invoice_ref"),
        "customer_ref": row.text("customer_ref"),
        "customer_name": row.text("customer_name"),
        "currency": row.currency,
        "open_amount": row.amount("open_amount"),
        "original_amount": row.amount("original_amount"),
        "invoice_date": row.day("invoice_date"),
        "due_date": row.day("due_date"),
        "is_disputed": None if flag is None else parse_flag(flag, profile.true_values, profile.false_values),
        "scope": row.text("scope") or "",
        "report_date": row.day("report_date"),
    }


def booking(row: Cells) -> dict[str, Any]:
    """The values of a bank statement's row, by canonical name."""
    words = ("transaction_id", "reference", "description", "counterparty", "bank_account")
    return {
        "currency": row.currency,
        "amount": row.amount("amount"),
        "booked_date": row.day("booked_date"),
        **{name: row.text(name) for name in words},
    }
