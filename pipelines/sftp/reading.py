"""A file's bytes under a profile -> canonical lines, rows set aside, or the reasons to reject it.

A row that does not read is set aside with its reason, and a file that does not fit at all is rejected with every reason at once.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.sftp import encodings
from pipelines.sftp.cells import Cells
from pipelines.sftp.profile import Layout, Profile
from pipelines.sftp.values import BadValue, parse_flag


@dataclass(frozen=True)
class Line:
    """One canonical row of a report. `number` is its line in the file, `extra` what the profile does not map."""

    number: int
    invoice_ref: str
    customer_ref: str
    currency: str
    open_amount: Decimal
    customer_name: str | None = None
    original_amount: Decimal | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    is_disputed: bool | None = None
    scope: str = ""
    report_date: date | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Booking:
    """One canonical row of a bank statement. `amount` is signed: money received is positive."""

    number: int
    booked_date: date
    currency: str
    amount: Decimal
    transaction_id: str | None = None
    reference: str | None = None
    description: str | None = None
    counterparty: str | None = None
    bank_account: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BadRow:
    """A row set aside: where it is, why, and what mends it."""

    number: int
    key: str
    code: str
    reason: str
    remedy: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """What a file says under a profile. `problems` (with remedies) reject the whole file; `truncated` says how its end shows a cut."""

    lines: tuple[Line, ...] = ()
    bookings: tuple[Booking, ...] = ()  # where the files are statements
    bad_rows: tuple[BadRow, ...] = ()
    problems: tuple[str, ...] = ()
    truncated: str | None = None
    final_newline: bool = True
    row_count: int = 0


def read(content: bytes, profile: Layout) -> Reading:
    """Bytes of a report or statement -> Reading. Never raises for what a file may hold."""
    if not content.strip():
        return Reading()
    try:
        text = encodings.decode(content, profile.encoding)
    except encodings.WrongEncoding as error:
        return Reading(problems=(_remedied(str(error), profile),))
    final_newline = text.endswith(("\n", "\r"))
    rows = _rows(text, profile)
    try:
        header = [name.strip() for name in next(rows)[1]]
    except (StopIteration, csv.Error):
        return Reading(final_newline=final_newline)
    problems = _header_problems(header, profile)
    if problems:
        return Reading(problems=problems, final_newline=final_newline)
    return _body(rows, header, profile, final_newline)


def _rows(text: str, profile: Layout) -> Iterator[tuple[int, list[str]]]:
    """(line number in the file, cells) of every row that is not blank, header first."""
    lines = io.StringIO(text, newline="")
    for _ in range(profile.skip_rows):
        lines.readline()
    reader = csv.reader(lines, delimiter=profile.delimiter, quotechar=profile.quote, strict=True)
    start = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield start + profile.skip_rows, cells
        start = reader.line_num + 1


def _header_problems(header: list[str], profile: Layout) -> tuple[str, ...]:
    mapped = {name: title for name, title in profile.columns.mapped().items() if name not in profile.optional}
    missing = [f"{title} ({name})" for name, title in mapped.items() if title not in header]
    repeated = [title for title, count in Counter(header).items() if count > 1 and title]
    problems = []
    if missing:
        problems.append(
            f"missing columns: {', '.join(missing)}; the file has: {', '.join(header)}. Remedy: send the report with these columns, or"
            f" correct {profile.table}.columns, {profile.table}.delimiter or {profile.table}.skip_rows"
        )
    if repeated:
        problems.append(f"columns named twice: {', '.join(repeated)}. Remedy: send the report with each header once")
    return tuple(problems)


def _body(rows: Iterator[tuple[int, list[str]]], header: list[str], profile: Layout, final_newline: bool) -> Reading:
    read: list[Line | Booking] = []
    bad: list[BadRow] = []
    last_short: str | None = None
    truncated: str | None = None
    count = 0
    try:
        for number, cells in rows:
            count += 1
            last_short = (
                None if len(cells) >= len(header) else f"line {number} has {len(cells)} of {len(header)} columns"
            )
            item = _row(number, cells, header, profile)
            bad.append(item) if isinstance(item, BadRow) else read.append(item)
        if last_short and not final_newline:  # a short row that has a line end is a bad row; one without was cut
            truncated, bad = f"the last line is incomplete: {last_short}", bad[:-1]
    except csv.Error as error:
        truncated = f"the file ends inside a row ({error})"
    return Reading(
        lines=tuple(item for item in read if isinstance(item, Line)),
        bookings=tuple(item for item in read if isinstance(item, Booking)),
        bad_rows=tuple(bad),
        truncated=truncated,
        final_newline=final_newline,
        row_count=count,
    )


def _row(number: int, cells: list[str], header: list[str], profile: Layout) -> Line | Booking | BadRow:
    named = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    mapped = profile.columns.mapped()
    texts = {name: named[title] for name, title in mapped.items() if title in named}
    try:
        if len(cells) != len(header):
            raise BadValue(
                "wrong_column_count",
                f"the row has {len(cells)} columns and the header {len(header)}",
                f"quote cells that hold the separator {profile.delimiter!r}, and send the report again",
            )
        row = Cells(texts, profile)
        row.check()
        extra = {title: cell for title, cell in named.items() if title and title not in mapped.values()}
        values = _open_item(row, profile) if isinstance(profile, Profile) else _booked(row)
        return (Line if isinstance(profile, Profile) else Booking)(number=number, extra=extra, **values)
    except BadValue as error:
        remedy = _remedied(error.remedy, profile)
        return BadRow(number, texts.get(profile.key, ""), error.code, str(error), remedy, named)


def _remedied(text: str, profile: Layout) -> str:
    """A remedy names the table that the settings have."""
    return text.replace("profile.", f"{profile.table}.")


def _open_item(row: Cells, profile: Profile) -> dict[str, Any]:
    flag = row.texts.get("is_disputed")
    return {
        "invoice_ref": row.texts["invoice_ref"],
        "customer_ref": row.texts["customer_ref"],
        "customer_name": row.text("customer_name"),
        "currency": row.currency,
        "open_amount": row.amount("open_amount"),
        "original_amount": row.amount("original_amount"),
        "invoice_date": row.day("invoice_date"),
        "due_date": row.day("due_date"),
        "is_disputed": None if flag is None else parse_flag(flag, profile.true_values, profile.false_values),
        "scope": row.texts.get("scope", ""),
        "report_date": row.day("report_date"),
    }


def _booked(row: Cells) -> dict[str, Any]:
    words = ("transaction_id", "reference", "description", "counterparty", "bank_account")
    return {
        "currency": row.currency,
        "amount": row.amount("amount"),
        "booked_date": row.day("booked_date"),
        **{name: row.text(name) for name in words},
    }
