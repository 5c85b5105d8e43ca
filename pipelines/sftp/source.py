"""The dlt source of an SFTP drop: reports or bank statements with their decisions, their lines, and the invoice PDFs."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import dlt
import pyarrow as pa

from pipelines.connections import Connection
from pipelines.load import living, resource
from pipelines.sftp import statements
from pipelines.sftp.client import SftpClient
from pipelines.sftp.intake import Intake, Outcome
from pipelines.sftp.landing import Landing
from pipelines.sftp.reading import BadRow, Line
from pipelines.sftp.settings import SftpSettings
from pipelines.sftp.tables import ATTACHMENT, REPORT, REPORT_LINE, STATEMENT_LINE
from pipelines.sync import SyncContext
from pipelines.tables import Quarantined, Table, arrow_batch

_BATCH = 50_000


class Drop:
    """One sync of one drop. Reports come before their lines: the decisions are made once, while `report` is read."""

    def __init__(self, connection: Connection, context: SyncContext) -> None:
        self._name = connection.name
        self._connection = connection
        self._settings: SftpSettings = connection.settings
        self._context = context
        self._at = datetime.now(UTC)
        self._lines: list[pa.Table] | None = None
        self._reports: list[pa.Table] = []
        self._seq = 0

    def reports(self) -> Iterator[pa.Table]:
        self._decide()
        yield from self._reports

    def lines(self) -> Iterator[pa.Table]:
        self._decide()
        yield from self._lines or []

    def _decide(self) -> None:
        if self._lines is not None:
            return
        self._lines = []
        state = dlt.current.source_state()
        for outcome in Intake(self._connection, self._context).outcomes(state):
            self._reports += self._batches(REPORT, [_report_row(outcome)])
            rows, bad = self._rows(outcome)
            self._lines += self._batches(self.table, rows)
            self._lines += self._batches(self.table, self._gone(outcome, bad), deleted=True)
            self._context.quarantine += [self._set_aside(outcome, row) for row in (*outcome.reading.bad_rows, *bad)]
            self._context.log.count(**{f"reports_{outcome.report.status}": 1})
            state["through"] = max(state.get("through", 0), outcome.report.modified_at)
        if "through" in state:  # the server's clock: the newest report it had
            self._context.complete_through = datetime.fromtimestamp(state["through"], UTC)

    @property
    def table(self) -> Table:
        """Where the lines go."""
        return REPORT_LINE if self._settings.profile else STATEMENT_LINE

    def _rows(self, outcome: Outcome) -> tuple[list[dict[str, Any]], list[BadRow]]:
        """Lines as raw rows, and those that cannot be told apart."""
        reading = outcome.reading
        if self._settings.profile:
            return [_line_row(outcome, line) for line in reading.lines], []
        found = list(statements.rows(self._name, outcome.report.report_id, reading.bookings))
        rows = [row for row in found if not isinstance(row, BadRow)]
        debits = sum(booking.amount <= 0 for booking in reading.bookings)
        self._context.log.count(statement_lines=len(rows), statement_debits=debits)
        return rows, [row for row in found if isinstance(row, BadRow)]

    def _gone(self, outcome: Outcome, bad: list[BadRow]) -> list[dict[str, Any]]:
        """The lines that stand in the warehouse, and that the report, read under other settings, no longer has."""
        report = outcome.report.report_id
        numbers = sorted({*outcome.gone, *(row.number for row in bad)} if outcome.gone else ())
        return [
            {"report_id": report, "line_number": number} for number in numbers if (report, number) in self._standing
        ]

    @cached_property
    def _standing(self) -> set[tuple[Any, ...]]:
        return {*living(self._context.home, self.table, self._name, "report_id, line_number", "true")}

    def attachments(self) -> Iterator[pa.Table]:
        """Every PDF known, each run: an unchanged one adds no version."""
        if not self._settings.attachments_folder:
            return
        landing = Landing(self._context.home, self._name)
        known = landing.attachments()
        with SftpClient(self._connection) as client:
            folder = self._settings.attachments_folder
            listed = [file for file in client.files(folder) if file.name.lower().endswith(".pdf")]
            new = [
                file
                for file in listed
                if not _is_kept(known.get(file.name), file.size, file.modified_at, file.name, landing)
            ]
            for file in client.stable(folder, new):
                sha256 = landing.fetch(client, file)
                if sha256 is not None:
                    known[file.name] = [file.size, file.modified_at, sha256]
                    self._context.log.count(attachments_fetched=1)
        landing.remember(known)
        rows = [_attachment_row(name, facts, landing) for name, facts in sorted(known.items())]
        for start in range(0, len(rows), _BATCH):
            yield from self._batches(ATTACHMENT, rows[start : start + _BATCH])

    def _batches(self, table: Any, rows: list[dict[str, Any]], *, deleted: bool = False) -> list[pa.Table]:
        if not rows:
            return []
        batch, bad = arrow_batch(table, self._name, rows, extracted_at=self._at, seq=self._seq, deleted=deleted)
        self._seq += len(rows)
        self._context.quarantine += bad
        return [batch]

    def _set_aside(self, outcome: Outcome, row: BadRow) -> Quarantined:
        report = outcome.report
        return Quarantined(
            self._name,
            self.table.name,
            f"{report.report_id}|{row.number}",
            f"{self._name}: {report.file_name} line {row.number}, {row.key or 'no number'}: {row.reason} ({row.code})",
            row.remedy[:1].upper() + row.remedy[1:] + ".",
            json.dumps(
                {
                    "file_name": report.file_name,
                    "line": row.number,
                    self._settings.layout.key: row.key,
                    "cells": dict(row.cells),
                }
            ),
        )


def _report_row(outcome: Outcome) -> dict[str, Any]:
    values = outcome.report.to_state()
    return {name: values[name] for name in REPORT.names}


def _line_row(outcome: Outcome, line: Line) -> dict[str, Any]:
    return {
        "report_id": outcome.report.report_id,
        "line_number": line.number,
        "invoice_ref": line.invoice_ref,
        "customer_ref": line.customer_ref,
        "customer_name": line.customer_name,
        "currency": line.currency,
        "open_amount": line.open_amount,
        "original_amount": line.original_amount,
        "invoice_date": line.invoice_date,
        "due_date": line.due_date,
        "is_disputed": line.is_disputed,
        "extra": dict(line.extra),
    }


def _is_kept(facts: Any, size: int, modified_at: int, name: str, landing: Landing) -> bool:
    return bool(facts) and facts[:2] == [size, modified_at] and landing.has(facts[2], name)


def _attachment_row(name: str, facts: list[Any], landing: Landing) -> dict[str, Any]:
    size, modified_at, sha256 = facts
    return {
        "file_name": name,
        "invoice_ref": name[: -len(".pdf")],
        "size": size,
        "modified_at": modified_at,
        "sha256": sha256,
        "landing_path": landing.relative(sha256, name),
    }


def source(connection: Connection, context: SyncContext) -> Any:
    """The drop's dlt source; its state remembers what was taken and decided."""

    @dlt.source(name="sftp")
    def sftp() -> Any:
        drop = Drop(connection, context)
        return [  # dlt marks the functions it is given, which bound methods do not bear
            resource(REPORT, lambda: drop.reports()),
            resource(drop.table, lambda: drop.lines()),
            resource(ATTACHMENT, lambda: drop.attachments()),
        ]

    return sftp()
