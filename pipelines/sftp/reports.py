"""What becomes of a report: its date, its scope, and whether it speaks for the books. Pure functions, no network.

A report says what is open; what it stops listing is closed. So the one dangerous report is the one that lists too little, and every
doubt about a report holds it until a person confirms it: `report:<file name>` or `report:<report id>`. A bank statement adds lines and
closes nothing: only one that was cut is held.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.sftp.profile import ColumnMap
from pipelines.sftp.reading import Reading
from pipelines.sftp.settings import SftpSettings
from pipelines.sftp.values import BadValue, parse_date

APPLIED, REJECTED, OLDER, DUPLICATE = "applied", "rejected", "ignored_older", "duplicate"
EMPTY, TRUNCATED, BAD_ROWS, MASS_CLOSE = "held_empty", "held_truncated", "held_bad_rows", "held_mass_close"


@dataclass(frozen=True)
class Report:
    """One file received, and what was decided about it. `modified_at` is epoch seconds, `report_date` ISO, `total` a decimal's text."""

    report_id: str
    sha256: str
    file_name: str
    path: str
    size: int
    modified_at: int
    report_date: str = ""
    is_dated: bool = False  # the file name, not the clock, gives the date
    scope: str = ""
    status: str = ""
    reason: str | None = None
    sequence: int | None = None
    row_count: int | None = None
    total: str | None = None
    profile: str = ""
    final_newline: bool = True

    @property
    def order(self) -> tuple[str, int, str]:
        """Reports are decided in this order: the last of a day wins."""
        return self.report_date, self.modified_at, self.file_name

    @property
    def held(self) -> bool:
        return self.status.startswith("held_")

    @property
    def subjects(self) -> tuple[str, str]:
        """What a person confirms to let a held report through: this very content, or the file by its name."""
        return f"report:{self.report_id}", f"report:{self.file_name}"

    def to_state(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Previous:
    """The last applied report of a scope. `refs` is None when its kept copy can no longer be read."""

    report: Report
    refs: frozenset[str] | None


def placed(report: Report, settings: SftpSettings, reading: Reading | None = None) -> Report:
    """The report with its date and scope, or rejected with the reason. A `reading` is needed where a column gives them."""
    clock = datetime.fromtimestamp(report.modified_at, UTC).astimezone(ZoneInfo(settings.time_zone)).date()
    report = replace(report, report_date=clock.isoformat(), scope=settings.scope)
    match = re.fullmatch(settings.file_pattern, report.file_name)
    if match is None:
        return _rejected(
            report,
            f"the file name does not match {settings.file_pattern!r}. Remedy: rename the file, or correct file_pattern",
        )
    groups = match.groupdict()
    report = replace(report, scope=groups.get("scope") or settings.scope)
    if groups.get("date"):
        try:
            day = parse_date(groups["date"], settings.file_date_format)
        except BadValue as error:
            return _rejected(
                report,
                f"{error} in the file name. Remedy: rename the file, or correct file_pattern and file_date_format",
            )
        report = replace(report, report_date=day.isoformat(), is_dated=True)
    if settings.profile is None or reading is None or not reading.lines:
        return report
    return _placed_by_columns(report, settings.profile.columns, reading)


def _placed_by_columns(report: Report, columns: ColumnMap, reading: Reading) -> Report:
    dates = {line.report_date for line in reading.lines} if columns.report_date else set()
    scopes = {line.scope for line in reading.lines} if columns.scope else set()
    if None in dates or len(dates) > 1 or len(scopes) > 1:
        several = columns.scope if len(scopes) > 1 else columns.report_date
        return _rejected(
            report, f"column {several} must hold one value for the whole report. Remedy: send one report per {several}"
        )
    if dates:
        report = replace(report, report_date=str(next(iter(dates))))
    return replace(report, scope=next(iter(scopes))) if scopes else report


def _rejected(report: Report, reason: str) -> Report:
    return replace(report, status=REJECTED, reason=reason)


def decided(
    report: Report,
    reading: Reading,
    previous: Previous | None,
    settings: SftpSettings,
    *,
    connection: str,
    confirmed: bool = False,
) -> Report:
    """The placed report with its status and reason. Sequence numbers are the caller's."""
    amounts = [line.open_amount for line in reading.lines] + [booking.amount for booking in reading.bookings]
    total = sum(amounts, Decimal(0))
    report = replace(
        report,
        row_count=reading.row_count,
        total=f"{total:f}",
        profile=settings.fingerprint,
        final_newline=reading.final_newline,
    )
    problems = (report.reason or "",) if report.status == REJECTED else reading.problems
    if problems:
        return replace(
            _rejected(report, f"{connection}: {report.file_name}: {'; '.join(problems)}"), row_count=None, total=None
        )
    if settings.profile and previous is not None and report.order < previous.report.order:
        last = previous.report
        reason = f"older than {last.file_name} of {last.report_date}, which was applied before; it closes nothing"
        return replace(report, status=OLDER, reason=reason)
    held = _doubt(report, reading, previous, settings)
    if held is None:
        return replace(report, status=APPLIED, reason=None)
    status, doubt = held
    if confirmed:
        return replace(report, status=APPLIED, reason=f"confirmed by a person although {doubt}")
    remedy = f"Remedy: send a whole report, or confirm this one with the subject {report.subjects[1]}"
    if status == BAD_ROWS:
        remedy += " (rows that cannot be read then count as not listed)"
    return replace(
        report, status=status, reason=f"{connection}: {report.file_name}: {doubt}; nothing is closed. {remedy}"
    )


def _doubt(
    report: Report, reading: Reading, previous: Previous | None, settings: SftpSettings
) -> tuple[str, str] | None:
    """Why a person must look first: (status, words); None if there is no reason."""
    if reading.row_count == 0 and settings.profile:
        return EMPTY, "the report lists nothing"
    if reading.truncated:
        return TRUNCATED, reading.truncated
    if previous is not None and previous.report.final_newline and not reading.final_newline:
        return TRUNCATED, "the last line has no line end, unlike the report before"
    if reading.row_count < settings.min_rows:
        return TRUNCATED, f"it has {reading.row_count} rows and min_rows is {settings.min_rows}"
    if report.size < settings.min_bytes:
        return TRUNCATED, f"it has {report.size} bytes and min_bytes is {settings.min_bytes}"
    if settings.statement:
        return None
    if reading.bad_rows:
        first = reading.bad_rows[0]
        return (
            BAD_ROWS,
            f"{len(reading.bad_rows)} row(s) cannot be read (the first: line {first.number}, {first.key}: {first.reason})",
        )
    return (
        _mass_close({line.invoice_ref for line in reading.lines}, previous, settings) if previous is not None else None
    )


def _mass_close(refs: Iterable[str], previous: Previous, settings: SftpSettings) -> tuple[str, str] | None:
    name = previous.report.file_name
    if previous.refs is None:
        return MASS_CLOSE, f"what it closes is unknown: the kept copy of {name} is gone from the landing folder"
    if not previous.refs:
        return None
    closing = len(previous.refs.difference(refs))
    if closing == len(previous.refs) or closing > settings.max_close_share * len(previous.refs):
        share = Decimal(100 * closing) / len(previous.refs)
        limit = settings.max_close_share * 100
        return (
            MASS_CLOSE,
            f"it would close {closing} of the {len(previous.refs)} invoices of {name} ({share:.0f}%, max_close_share {limit:.0f}%)",
        )
    return None
