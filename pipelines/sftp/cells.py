"""The cells of one row by canonical name -> exact values under a layout. Every method raises BadValue, which names the column."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipelines.sftp.profile import Layout
from pipelines.sftp.values import BadValue, parse_amount, parse_currency, parse_date


@dataclass(frozen=True)
class Cells:
    """One row. `texts` has the mapped columns that the file has."""

    texts: Mapping[str, str]
    layout: Layout

    def check(self) -> None:
        """Raise for a required cell that is empty."""
        for name in self.layout.required:
            if not self.texts.get(name):
                raise BadValue(
                    "empty_cell", f"{self._title(name)} is empty", "fill the cell in and send the file again"
                )

    @property
    def currency(self) -> str:
        return self.layout.currency or parse_currency(self.texts.get("currency", ""))

    def text(self, name: str) -> str | None:
        return self.texts.get(name) or None

    def amount(self, name: str) -> Decimal | None:
        text, layout = self.texts.get(name), self.layout
        try:
            signs = {"decimal": layout.decimal, "thousands": layout.thousands, "negative": layout.negative}
            return parse_amount(text, self.currency, **signs) if text else None
        except BadValue as error:
            raise BadValue(error.code, f"{self._title(name)}: {error}", error.remedy) from None

    def day(self, name: str) -> date | None:
        text = self.texts.get(name)
        return parse_date(text, self.layout.date_format) if text else None

    def _title(self, name: str) -> str:
        return str(getattr(self.layout.columns, name))
