"""A profile says how the reports of one connection read: everything is explicit, and what it does not say is not guessed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.sftp import encodings
from pipelines.sftp.values import date_pattern, parse_currency

REQUIRED = ("invoice_ref", "customer_ref", "open_amount")


class ColumnMap(BaseModel):
    """Canonical column = the report's own header. A column that is named here must be in the file unless listed in `optional`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    invoice_ref: str
    customer_ref: str
    open_amount: str
    customer_name: str | None = None
    original_amount: str | None = None
    invoice_date: str | None = None
    due_date: str | None = None
    currency: str | None = None
    is_disputed: str | None = None
    scope: str | None = None
    report_date: str | None = None

    def mapped(self) -> dict[str, str]:
        """Canonical name -> header, for the columns that are mapped."""
        return {name: header for name, header in self.model_dump().items() if header is not None}


class Profile(BaseModel):
    """How the reports of one connection read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    skip_rows: int = Field(default=0, ge=0)  # lines above the header
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'", "\u00a0"] = ""
    negative: Literal["leading", "trailing", "parentheses"] = "leading"
    date_format: str  # explicit per source: dd/mm/yyyy, yyyymmdd, ...
    currency: str | None = None  # one currency for every row, where the report has no column for it
    true_values: tuple[str, ...] = ("yes", "y", "true", "1", "x")
    false_values: tuple[str, ...] = ("no", "n", "false", "0")
    optional: tuple[str, ...] = ()  # mapped columns that a file may leave out
    columns: ColumnMap

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        return encodings.known(value)

    @field_validator("date_format")
    @classmethod
    def _date_layout(cls, value: str) -> str:
        date_pattern(value)
        return value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str | None) -> str | None:
        return None if value is None else parse_currency(value)

    @model_validator(mode="after")
    def _consistent(self) -> "Profile":
        if (self.currency is None) == (self.columns.currency is None):
            raise ValueError("set exactly one of currency (fixed) and columns.currency (a column of the report)")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        wrong = [name for name in self.optional if name in REQUIRED or name not in self.columns.mapped()]
        if wrong:
            raise ValueError(
                f"optional names {', '.join(wrong)}: only mapped columns other than {', '.join(REQUIRED)} may be optional"
            )
        return self
