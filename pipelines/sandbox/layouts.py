"""The two layouts in which the drops report their open items, and a small valid PDF for an invoice."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pipelines.sandbox import money

Line = TypeVar("Line")


@dataclass(frozen=True)
class Row:
    """One open item as a report lists it."""

    ref: str
    customer: str
    name: str
    country: str
    currency: str
    open: Decimal
    amount: Decimal
    issued: date
    due: date
    disputed: bool
    paper: bool


@dataclass(frozen=True)
class Layout(Generic[Line]):
    """How one drop's files look, a line of which tells of a `Line`. `profile` is what a connection's settings say of it."""

    header: Sequence[str]
    cells: Callable[[Line], Sequence[str]]
    delimiter: str
    encoding: str
    file_name: Callable[[date], str]
    file_pattern: str
    file_date_format: str
    profile: Mapping[str, Any]

    def render(self, rows: Sequence[Line]) -> bytes:
        """A whole file."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=self.delimiter, lineterminator="\r\n")
        writer.writerow(self.header)
        writer.writerows(self.cells(row) for row in rows)
        return buffer.getvalue().encode(self.encoding)


def _plain(row: Row) -> Sequence[str]:
    shown = f"{row.open:.2f}".rstrip("0").rstrip(".")  # the exporting system drops trailing zeros
    return (
        row.customer, row.country, row.ref, f"{row.issued:%d/%m/%Y}", f"{row.due:%d/%m/%Y}", shown,
        "Yes" if row.disputed else "No", "Paper" if row.paper else "Electronic",
    )  # fmt: skip


def _comma(amount: Decimal) -> str:
    """1234.5 -> 1.234,50"""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _nordic(row: Row) -> Sequence[str]:
    return (
        row.customer, row.name, row.ref, row.currency, f"{row.issued:%Y%m%d}", f"{row.due:%Y%m%d}", _comma(row.amount), _comma(row.open),
        "J" if row.disputed else "N",
    )  # fmt: skip


DACH = Layout[Row](
    header=(
        "Customer ID",
        "Country",
        "Invoice Number",
        "Invoice Date",
        "Due Date",
        "Open Amount",
        "Disputed",
        "Delivery",
    ),
    cells=_plain,
    delimiter=",",
    encoding="utf-8",
    file_name=lambda day: f"open_ar_{day.isoformat()}.csv",
    file_pattern=r"open_ar_(?P<date>\d{4}-\d{2}-\d{2})\.csv",
    file_date_format="yyyy-mm-dd",
    profile={
        "delimiter": ",",
        "encoding": "utf-8",
        "decimal": ".",
        "date_format": "dd/mm/yyyy",
        "currency": "EUR",
        "columns": {
            "invoice_ref": "Invoice Number",
            "customer_ref": "Customer ID",
            "open_amount": "Open Amount",
            "invoice_date": "Invoice Date",
            "due_date": "Due Date",
            "is_disputed": "Disputed",
        },
    },
)
NORDICS = Layout[Row](
    header=(
        "Kundnr",
        "Kundnamn",
        "Fakturanr",
        "Valuta",
        "Fakturadatum",
        "Förfallodatum",
        "Ursprungsbelopp",
        "Restbelopp",
        "Tvist",
    ),
    cells=_nordic,
    delimiter=";",
    encoding="iso-8859-1",
    file_name=lambda day: f"kundreskontra_{day:%Y%m%d}.csv",
    file_pattern=r"kundreskontra_(?P<date>\d{8})\.csv",
    file_date_format="yyyymmdd",
    profile={
        "delimiter": ";",
        "encoding": "iso-8859-1",
        "decimal": ",",
        "thousands": ".",
        "date_format": "yyyymmdd",
        "true_values": ["J"],
        "false_values": ["N"],
        "columns": {
            "invoice_ref": "Fakturanr",
            "customer_ref": "Kundnr",
            "customer_name": "Kundnamn",
            "open_amount": "Restbelopp",
            "original_amount": "Ursprungsbelopp",
            "currency": "Valuta",
            "invoice_date": "Fakturadatum",
            "due_date": "Förfallodatum",
            "is_disputed": "Tvist",
        },
    },
)


def pdf(row: Row) -> bytes:
    """A one-page PDF of an invoice, the same bytes for the same row."""
    lines = (
        f"Invoice {row.ref}",
        f"Customer {row.customer}",
        f"Total {money.text(row.amount, row.currency)} {row.currency}",
        f"Due {row.due.isoformat()}",
    )
    shown = " ".join(f"({line}) Tj 0 -20 Td" for line in lines)
    stream = f"BT /F1 14 Tf 72 770 Td {shown} ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table, len(objects) + 1, len(body),
    )  # fmt: skip
