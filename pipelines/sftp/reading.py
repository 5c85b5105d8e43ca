"""A file's bytes under a profile -> canonical lines, rows set aside, or the reasons to reject it.

A row that does not read is set aside with its reason, and a file that does not fit at all is rejected with every reason at once.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pipelines.sftp import cutting, encodings
from pipelines.sftp.cells import Cells, booking, open_item
from pipelines.sftp.cutting import Row
from pipelines.sftp.profile import Layout, Profile
from pipelines.sftp.values import BadValue


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
    rows = cutting.rows(text, profile)
    try:
        header = profile.header or next(rows).cells
    except (StopIteration, csv.Error):
        return Reading(final_newline=final_newline)
    problems = _header_problems(header, profile)
    if problems:
        return Reading(problems=problems, final_newline=final_newline)
    return _body(rows, header, profile, final_newline)


def _header_problems(header: Sequence[str], profile: Layout) -> tuple[str, ...]:
    mapped = {name: titles for name, titles in profile.columns.mapped().items() if name not in profile.optional}
    missing = [f"{title} ({name})" for name, titles in mapped.items() for title in titles if title not in header]
    missing += [f"{title} ({profile.table}.ignore_rows)" for title in profile.ignore_rows if title not in header]
    repeated = [title for title, count in Counter(header).items() if count > 1 and title]
    problems = []
    if missing:
        cut = "widths" if profile.widths else "delimiter"
        problems.append(
            f"missing columns: {', '.join(missing)}; the file has: {', '.join(header)}. Remedy: send the report with these columns, or"
            f" correct {profile.table}.columns, {profile.table}.ignore_rows, {profile.table}.{cut} or {profile.table}.skip_rows"
        )
    if repeated:
        problems.append(f"columns named twice: {', '.join(repeated)}. Remedy: send the report with each header once")
    return tuple(problems)


def _body(rows: Iterator[Row], header: Sequence[str], profile: Layout, final_newline: bool) -> Reading:
    read: list[Line | Booking] = []
    bad: list[BadRow] = []
    truncated: str | None = None
    count = 0
    try:
        for row in rows:
            if cutting.is_ignored(row, header, profile):
                continue
            count += 1
            if row.unfinished and len(row.cells) < len(header):  # a short row that has a line end is a bad row instead
                short = f"line {row.number} has {len(row.cells)} of {len(header)} columns"
                truncated = f"the last line is incomplete: {short}"
                break
            item = _item(row, header, profile)
            bad.append(item) if isinstance(item, BadRow) else read.append(item)
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


def _item(row: Row, header: Sequence[str], profile: Layout) -> Line | Booking | BadRow:
    named = dict(zip(header, row.cells, strict=False))
    cells = Cells(named, profile)
    try:
        if len(row.cells) != len(header):
            raise _misshapen(row, header, profile)
        cells.check()
        extra = {title: cell for title, cell in named.items() if title and title not in profile.columns.read_titles}
        values = open_item(cells, profile) if isinstance(profile, Profile) else booking(cells)
        return (Line if isinstance(profile, Profile) else Booking)(number=row.number, extra=extra, **values)
    except BadValue as error:
        remedy = _remedied(error.remedy, profile)
        return BadRow(row.number, cells.cell(profile.key) or "", error.code, str(error), remedy, named)


def _misshapen(row: Row, header: Sequence[str], profile: Layout) -> BadValue:
    quoted = f"quote cells that hold the separator {profile.delimiter!r}, and send the report again"
    return BadValue(
        "wrong_column_count",
        f"the row has {len(row.cells)} columns and the header {len(header)}",
        ("correct profile.widths" if profile.widths else quoted)
        + ", or name the row in profile.ignore_rows if it is no item",
    )


def _remedied(text: str, profile: Layout) -> str:
    """A remedy names the table that the settings have."""
    return text.replace("profile.", f"{profile.table}.")
