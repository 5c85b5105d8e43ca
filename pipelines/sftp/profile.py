"""A profile says how the files of one connection read, reports or bank statements: everything is explicit, and what it does not say is
not guessed."""

import re
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from pipelines.sftp import encodings
from pipelines.sftp.values import date_pattern, parse_currency

Summed = str | Annotated[tuple[str, ...], Field(min_length=1)]  # one header, or several whose amounts are added up


class Columns(BaseModel):
    """Canonical column = the file's own header. A column that is named here must be in the file unless listed in `optional`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str | None = None

    def titles(self, name: str) -> tuple[str, ...]:
        """The headers that a canonical column is read from; none if it is not mapped."""
        found = getattr(self, name)
        return (found,) if isinstance(found, str) else found or ()

    def mapped(self) -> dict[str, tuple[str, ...]]:
        """Canonical name -> headers, for the columns that are mapped."""
        return {name: titles for name in type(self).model_fields if (titles := self.titles(name))}

    @cached_property
    def read_titles(self) -> frozenset[str]:
        """Every header that some column is read from."""
        return frozenset(title for titles in self.mapped().values() for title in titles)


class ColumnMap(Columns):
    """Columns of a report of open items."""

    invoice_ref: str
    customer_ref: str
    open_amount: Summed
    customer_name: str | None = None
    original_amount: Summed | None = None
    invoice_date: str | None = None
    due_date: str | None = None
    is_disputed: str | None = None
    scope: str | None = None
    report_date: str | None = None

    @field_validator("open_amount", "original_amount")
    @classmethod
    def _counted_once(cls, value: Summed | None) -> Summed | None:
        if isinstance(value, tuple) and len(set(value)) < len(value):
            raise ValueError(f"names a column twice: {', '.join(value)}")
        return value


class StatementColumns(Columns):
    """Columns of a bank statement."""

    booked_date: str
    amount: str  # signed: money received is positive
    transaction_id: str | None = None  # the bank's own
    reference: str | None = None
    description: str | None = None
    counterparty: str | None = None
    bank_account: str | None = None


class Layout(BaseModel):
    """How the files of one connection are cut into cells, and the cells into values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: ClassVar[str]  # of the settings, where a remedy is to be applied
    required: ClassVar[tuple[str, ...]]
    key: ClassVar[str]  # the column that names a row to a person

    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    widths: tuple[PositiveInt, ...] = ()  # of the columns in characters, instead of a delimiter
    skip_rows: int = Field(default=0, ge=0)  # lines above the header, or above the first row
    header: tuple[str, ...] = ()  # the columns of a file that has no header line
    ignore_rows: dict[str, str] = {}  # header -> regular expression of its whole cell, in rows that are no items
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'", "\u00a0"] = ""
    negative: Literal["leading", "trailing", "parentheses"] = "leading"
    date_format: str  # explicit per source: dd/mm/yyyy, yyyymmdd, ...
    currency: str | None = None  # one currency for every row, where the file has no column for it
    optional: tuple[str, ...] = ()  # mapped columns that a file may leave out
    columns: Columns

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        return encodings.known(value)

    @field_validator("ignore_rows")
    @classmethod
    def _expressions(cls, value: dict[str, str]) -> dict[str, str]:
        for title, rule in value.items():
            try:
                re.compile(rule)
            except re.error as error:
                raise ValueError(f"{title}: {rule!r} is no regular expression: {error}") from None
        return value

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
    def _consistent(self) -> "Layout":
        if (self.currency is None) == (self.columns.currency is None):
            raise ValueError("set exactly one of currency (fixed) and columns.currency (a column of the file)")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        wrong = [name for name in self.optional if name in self.required or name not in self.columns.mapped()]
        if wrong:
            raise ValueError(
                f"optional names {', '.join(wrong)}: only mapped columns other than {', '.join(self.required)} may be optional"
            )
        return self

    @model_validator(mode="after")
    def _columns_fit(self) -> "Layout":
        if self.widths and {"delimiter", "quote"} & self.model_fields_set:
            raise ValueError("set widths or delimiter (and quote), not both")
        if not self.header:
            return self
        named = [title for title in self.header if title]
        if len(set(named)) < len(named):
            raise ValueError('header names a column twice; what is read from no column may be ""')
        if self.widths and len(self.widths) != len(self.header):
            raise ValueError(f"header names {len(self.header)} columns and widths has {len(self.widths)}")
        mapped = self.columns.mapped().items()
        wanted = [title for name, titles in mapped for title in titles if name not in self.optional]
        unknown = [title for title in (*wanted, *self.ignore_rows) if title not in named]
        if unknown:
            raise ValueError(f"header lacks {', '.join(unknown)}, which columns or ignore_rows names")
        return self


class Profile(Layout):
    """How the reports of one connection read."""

    table, key = "profile", "invoice_ref"
    required = ("invoice_ref", "customer_ref", "open_amount")

    true_values: tuple[str, ...] = ("yes", "y", "true", "1", "x")
    false_values: tuple[str, ...] = ("no", "n", "false", "0")
    columns: ColumnMap


class Statement(Layout):
    """How the bank statements of one connection read."""

    table, key = "statement", "transaction_id"
    required = ("booked_date", "amount")

    columns: StatementColumns
