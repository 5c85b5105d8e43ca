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
from pipelines.sftp.profile import REQUIRED, Profile
from pipelines.sftp.values import BadValue, parse_amount, parse_currency, parse_date, parse_flag


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
    bad_rows: tuple[BadRow, ...] = ()
    problems: tuple[str, ...] = ()
    truncated: str | None = None
    final_newline: bool = True
    row_count: int = 0


def read(content: bytes, profile: Profile) -> Reading:
    """Bytes of a report -> Reading. Never raises for what a file may hold."""
    if not content.strip():
        return Reading()
    try:
        text = encodings.decode(content, profile.encoding)
    except encodings.WrongEncoding as error:
        return Reading(problems=(str(error),))
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


def _rows(text: str, profile: Profile) -> Iterator[tuple[int, list[str]]]:
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


def _header_problems(header: list[str], profile: Profile) -> tuple[str, ...]:
    mapped = {name: title for name, title in profile.columns.mapped().items() if name not in profile.optional}
    missing = [f"{title} ({name})" for name, title in mapped.items() if title not in header]
    repeated = [title for title, count in Counter(header).items() if count > 1 and title]
    problems = []
    if missing:
        problems.append(
            f"missing columns: {', '.join(missing)}; the file has: {', '.join(header)}. Remedy: send the report with these columns, or"
            " correct profile.columns, profile.delimiter or profile.skip_rows"
        )
    if repeated:
        problems.append(f"columns named twice: {', '.join(repeated)}. Remedy: send the report with each header once")
    return tuple(problems)


def _body(rows: Iterator[tuple[int, list[str]]], header: list[str], profile: Profile, final_newline: bool) -> Reading:
    lines: list[Line] = []
    bad: list[BadRow] = []
    last_short: str | None = None
    count = 0
    try:
        for number, cells in rows:
            count += 1
            last_short = (
                None if len(cells) >= len(header) else f"line {number} has {len(cells)} of {len(header)} columns"
            )
            item = _line(number, cells, header, profile)
            lines.append(item) if isinstance(item, Line) else bad.append(item)
    except csv.Error as error:
        return Reading(tuple(lines), tuple(bad), (), f"the file ends inside a row ({error})", final_newline, count)
    truncated = None
    if last_short and not final_newline:  # a short row that has a line end is a bad row; one without was cut
        truncated, bad = f"the last line is incomplete: {last_short}", bad[:-1]
    return Reading(tuple(lines), tuple(bad), (), truncated, final_newline, count)


def _line(number: int, cells: list[str], header: list[str], profile: Profile) -> Line | BadRow:
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
        return Line(number=number, extra=_extra(named, set(mapped.values())), **_values(texts, profile))
    except BadValue as error:
        return BadRow(number, texts.get("invoice_ref", ""), error.code, str(error), error.remedy, named)


def _extra(named: Mapping[str, str], mapped: set[str]) -> dict[str, str]:
    return {title: cell for title, cell in named.items() if title and title not in mapped}


def _values(texts: Mapping[str, str], profile: Profile) -> dict[str, Any]:
    for name in REQUIRED:
        if not texts.get(name):
            raise BadValue(
                "empty_cell", f"{getattr(profile.columns, name)} is empty", "fill the cell in and send the report again"
            )
    currency = profile.currency or parse_currency(texts["currency"])

    def amount(name: str) -> Decimal | None:
        text = texts.get(name)
        try:
            signs = {"decimal": profile.decimal, "thousands": profile.thousands, "negative": profile.negative}
            return parse_amount(text, currency, **signs) if text else None
        except BadValue as error:
            raise BadValue(error.code, f"{getattr(profile.columns, name)}: {error}", error.remedy) from None

    def day(name: str) -> date | None:
        text = texts.get(name)
        return parse_date(text, profile.date_format) if text else None

    flag = texts.get("is_disputed")
    return {
        "invoice_ref": texts["invoice_ref"],
        "customer_ref": texts["customer_ref"],
        "customer_name": texts.get("customer_name") or None,
        "currency": currency,
        "open_amount": amount("open_amount"),
        "original_amount": amount("original_amount"),
        "invoice_date": day("invoice_date"),
        "due_date": day("due_date"),
        "is_disputed": None if flag is None else parse_flag(flag, profile.true_values, profile.false_values),
        "scope": texts.get("scope", ""),
        "report_date": day("report_date"),
    }
