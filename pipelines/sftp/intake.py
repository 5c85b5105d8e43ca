"""One pass over a drop: fetch what is new, then decide about every report in the order of their dates.

Memory between passes is a plain dict (the dlt state, committed with the load it belongs to): `files` taken from the server, `reports`
with their decisions, and `used` confirmations. The content itself is in the landing folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pipelines.connections import Connection
from pipelines.sftp.client import RemoteFile, SftpClient
from pipelines.sftp.landing import Landing
from pipelines.sftp.reading import Reading, read
from pipelines.sftp.reports import APPLIED, DUPLICATE, MASS_CLOSE, REJECTED, Previous, Report, decided, placed
from pipelines.sftp.settings import SftpSettings
from pipelines.sync import SyncContext


@dataclass(frozen=True)
class Outcome:
    """A report with its decision and what it says."""

    report: Report
    reading: Reading
    gone: tuple[int, ...] = ()  # line numbers that no longer read as lines


class Intake:
    """Fetches and decides; call `outcomes` once per sync, with the state of the last complete one."""

    def __init__(self, connection: Connection, context: SyncContext) -> None:
        self._name = connection.name
        self._connection = connection
        self._settings: SftpSettings = connection.settings
        self._context = context
        self._landing = Landing(context.home, connection.name)
        self._refs: dict[str, frozenset[str]] = {}  # invoices of the last applied report, by report id
        self._too_large: list[RemoteFile] = []

    def outcomes(self, state: dict[str, Any]) -> Iterator[Outcome]:
        """Every report that is new or is to be decided again, in order. `state` is changed in place as they are."""
        files, reports = state.setdefault("files", {}), state.setdefault("reports", {})
        fresh = self._received(files, reports)
        redo = [report for report in map(_report, reports.values()) if self._decide_again(report, state)]
        fresh += [self._oversized(file) for file in self._too_large]
        self._refs.clear()
        if self._settings.reprocess_since:
            state["reprocessed"] = self._reprocess_token
        for report in redo:
            del reports[report.report_id]
        for report in sorted((*fresh, *redo), key=lambda item: item.order):
            outcome = self._outcome(report, state) if report.sha256 else Outcome(report, Reading())
            reports[outcome.report.report_id] = outcome.report.to_state()
            self._context.log.note(_says(outcome.report))
            yield outcome

    def _received(self, files: dict[str, Any], reports: dict[str, Any]) -> list[Report]:
        """Download what the folder has and we have not: new contents as undecided reports, further copies as duplicates."""
        folder = self._settings.folder
        with SftpClient(self._connection) as client:
            listed = client.files(folder)
            new = [file for file in listed if files.get(file.path, [])[:2] != [file.size, file.modified_at]]
            limit = self._settings.max_file_bytes
            self._too_large = [file for file in new if file.size > limit]
            new = [file for file in new if file.size <= limit]
            taken: list[tuple[RemoteFile, str]] = []
            for file in client.stable(folder, new):
                sha256 = self._landing.fetch(client, file)
                if sha256 is not None:
                    taken.append((file, sha256))
        if len(taken) < len(new):
            self._context.log.note(
                f"{self._name}: {len(new) - len(taken)} file(s) are still being written; they are read next time"
            )
        undecided = [self._undecided(file, sha256) for file, sha256 in taken]
        known = list(map(_report, reports.values()))
        fresh: list[Report] = []
        for report in sorted(undecided, key=lambda item: item.order):
            named = self._identified(report, [*known, *fresh])
            if named is not None:
                fresh.append(named)
        files.update({file.path: [file.size, file.modified_at, sha256] for file, sha256 in taken})
        return fresh

    def _oversized(self, file: RemoteFile) -> Report:
        """A file that is not even fetched: rejected under an id of its own, and looked at again at every pass."""
        name, limit = file.name, self._settings.max_file_bytes
        report = Report(f"{name}@{file.modified_at}", "", name, file.path, file.size, file.modified_at)
        reason = f"{self._name}: {name}: {file.size} bytes, more than max_file_bytes ({limit}). Remedy: raise it"
        return replace(self._placed(report, None), status=REJECTED, reason=reason)

    def _undecided(self, file: RemoteFile, sha256: str) -> Report:
        report = Report(sha256, sha256, file.name, file.path, file.size, file.modified_at)
        by_column = self._settings.profile is not None and self._settings.profile.columns.report_date
        return self._placed(report, self._reading(report) if by_column else None)

    def _placed(self, report: Report, reading: Reading | None) -> Report:
        """Placed afresh, under the settings of today."""
        return placed(replace(report, status="", reason=None, sequence=None), self._settings, reading)

    @staticmethod
    def _identified(report: Report, known: list[Report]) -> Report | None:
        """The report under its own id: equal content under a new date is a new report, under the same one a duplicate."""
        same = [other for other in known if other.sha256 == report.sha256]
        if not same:
            return report
        if report.is_dated and report.report_date not in {other.report_date for other in same}:
            return replace(report, report_id=f"{report.sha256}@{report.report_date}")
        first = same[0]
        superseded = [
            other for other in known if other.scope == first.scope and (other.sequence or 0) > (first.sequence or 0)
        ]
        if first.path == report.path and not (first.status == APPLIED and superseded):
            return None  # the very file again, only its time touched
        reason = f"the same content as {first.file_name}, which is processed once"
        if not report.is_dated and report.status != REJECTED:
            reason += f". Remedy: if the books did return to that state, confirm the subject {report.subjects[1]}"
        return replace(
            report,
            report_id=f"{report.sha256}#{report.file_name}@{report.modified_at}",
            status=DUPLICATE,
            reason=reason,
        )

    def _decide_again(self, report: Report, state: dict[str, Any]) -> bool:
        """A decision is final unless a person confirms, the settings that led to it change, or reprocessing is asked for.

        A full sync is no reason: reports are facts already taken, not a source that can be asked again.
        """
        if report.status == DUPLICATE:
            return not report.is_dated and self._confirmed(report, state)
        since = self._settings.reprocess_since
        if since and report.report_date >= since.isoformat() and state.get("reprocessed") != self._reprocess_token:
            return bool(report.sha256)
        if report.held and self._confirmed(report, state):
            return True
        unread = report.held or (report.status == REJECTED and bool(report.sha256))
        return unread and report.profile != self._settings.fingerprint

    @property
    def _reprocess_token(self) -> str:
        return f"{self._settings.reprocess_since}:{self._settings.fingerprint}"

    def _confirmed(self, report: Report, state: dict[str, Any]) -> bool:
        """A confirmation by file name counts for one content only: a later file of that name asks again."""
        used = state.setdefault("used", {})
        subjects = [subject for subject in report.subjects if subject in self._context.confirmed]
        return any(used.get(subject, report.report_id) == report.report_id for subject in subjects)

    def _outcome(self, report: Report, state: dict[str, Any]) -> Outcome:
        confirmed = self._confirmed(report, state)
        if report.status == DUPLICATE and not confirmed:
            return Outcome(report, Reading())
        reading = self._reading(report)
        if reading is None:
            return Outcome(self._as_before(report, state["reports"]), Reading())
        gone = self._gone_lines(report, reading)
        before, report = report, self._placed(report, reading)
        previous = self._previous(report.scope, state["reports"])
        report = decided(report, reading, previous, self._settings, connection=self._name, confirmed=confirmed)
        if (before.status, report.status) == (APPLIED, MASS_CLOSE) and previous is not None and previous.refs is None:
            report = replace(report, status=APPLIED, reason=before.reason)  # what could be compared was, when it came
        if report.status == APPLIED:
            report = replace(report, sequence=_next_sequence(state["reports"]))
            self._refs = {report.report_id: _refs(reading)}
        if confirmed and not report.held:
            state["used"].update(
                {subject: report.report_id for subject in report.subjects if subject in self._context.confirmed}
            )
        return Outcome(report, reading, gone)

    def _as_before(self, report: Report, reports: dict[str, Any]) -> Report:
        """A report whose kept copy someone removed: its decision stays, in its place among those decided anew."""
        self._context.log.note(
            f"{self._name}: the kept copy of {report.file_name} is gone from the landing folder, so that it is not decided again."
            " Remedy: put the file back, or send it again"
        )
        return replace(report, sequence=_next_sequence(reports)) if report.status == APPLIED else report

    def _gone_lines(self, report: Report, reading: Reading) -> tuple[int, ...]:
        """Lines that an earlier profile may have read and this one does not; they get a version that says so."""
        if report.profile == self._settings.fingerprint or report.row_count is None:
            return ()
        content = self._landing.content(report.sha256, report.file_name) or b""
        read = {line.number for line in reading.lines} | {booking.number for booking in reading.bookings}
        return tuple(sorted(set(range(1, content.count(b"\n") + 2)) - read))

    def _previous(self, scope: str, reports: dict[str, Any]) -> Previous | None:
        applied = [report for report in reports.values() if report["status"] == APPLIED and report["scope"] == scope]
        if not applied:
            return None
        last = _report(max(applied, key=lambda report: int(report["sequence"])))
        refs = self._refs.get(last.report_id)
        if refs is None:
            reading = self._reading(last)
            refs = None if reading is None else _refs(reading)
        return Previous(last, refs)

    def _reading(self, report: Report) -> Reading | None:
        content = self._landing.content(report.sha256, report.file_name)
        return None if content is None else read(content, self._settings.layout)


def _refs(reading: Reading) -> frozenset[str]:
    return frozenset(line.invoice_ref for line in reading.lines)


def _report(state: dict[str, Any]) -> Report:
    return Report(**state)


def _next_sequence(reports: dict[str, Any]) -> int:
    return 1 + max((report["sequence"] or 0 for report in reports.values()), default=0)


def _says(report: Report) -> str:
    return f"{report.file_name} ({report.report_date}): {report.status}" + (
        f", {report.reason}" if report.reason else ""
    )
