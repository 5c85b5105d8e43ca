"""Bank statements: any layout into bookings, each known again however often it is sent; a statement adds and closes nothing."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.sftp.profile import Statement
from pipelines.sftp.reading import BadRow, Booking, Reading, read
from pipelines.sftp.reports import Report, decided, placed
from pipelines.sftp.statements import rows
from tests.unit.test_sftp_intake import Folder
from tests.unit.test_sftp_reports import settings

COLUMNS = {
    "booked_date": "Datum", "amount": "Betrag", "currency": "W", "transaction_id": "Nr", "reference": "Ref", "description": "Text",
    "counterparty": "Name", "bank_account": "Konto",
}  # fmt: skip
LAYOUT: dict[str, Any] = {"date_format": "d.m.yyyy", "delimiter": ";", "decimal": ",", "thousands": ".", "columns": COLUMNS}  # fmt: skip
HEADER = "Nr;Datum;Betrag;W;Ref;Text;Name;Konto;Saldo"
BANK = {"profile": None, "statement": LAYOUT}


def statement(*lines: str, **changes: Any) -> Reading:
    return read("\n".join((HEADER, *lines, "")).encode(), Statement(**{**LAYOUT, **changes}))


def made(reading: Reading, connection: str = "bank", report: str = "r1") -> list[Any]:
    return list(rows(connection, report, reading.bookings))


def ids(reading: Reading, connection: str = "bank") -> list[str]:
    return [row["line_id"] for row in made(reading, connection)]


def test_a_line_reads_exactly_and_keeps_what_it_does_not_map() -> None:
    (booking,) = statement("7;3.11.2026;1.234,50;eur;R-1;Rechnung 1;Acme GmbH;DE89;9,00").bookings
    assert booking == Booking(
        2, date(2026, 11, 3), "EUR", Decimal("1234.50"), "7", "R-1", "Rechnung 1", "Acme GmbH", "DE89", {"Saldo": "9,00"}
    )  # fmt: skip
    assert statement("7;3.11.2026;-5,00;EUR;;;;;").bookings[0].amount == Decimal(-5)


@pytest.mark.parametrize(
    ("line", "code", "remedy"),
    [
        ("7;03/11/2026;5,00;EUR;;;;;", "bad_date", "statement.date_format"),
        ("7;3.11.2026;5.00;EUR;;;;;", "bad_amount", "statement.decimal"),
        ("7;3.11.2026;5,001;EUR;;;;;", "too_many_decimals", "round"),
        ("7;3.11.2026;5,00;XXX;;;;;", "unknown_currency", "correct the row"),
        ("7;;5,00;EUR;;;;;", "empty_cell", "fill the cell in"),
    ],
)
def test_a_line_that_does_not_read_is_set_aside_with_its_remedy(line: str, code: str, remedy: str) -> None:
    reading = statement("6;3.11.2026;1,00;EUR;;;;;", line)
    (bad,) = reading.bad_rows
    assert (bad.number, bad.key, bad.code, len(reading.bookings)) == (3, "7", code, 1)
    assert remedy in bad.remedy


def test_the_banks_transaction_id_is_the_line_whatever_else_changes() -> None:
    pending, booked = (
        statement("7;3.11.2026;5,00;EUR;;;;DE89;"),
        statement("7;4.11.2026;5,00;EUR;late;x;Acme;DE89;"),
    )
    assert (
        ids(pending) == ids(booked) == ["bl_84d045b0e4a5de2fc971165b"]
    )  # another value would be another payment: what is written would be written again
    assert len({*ids(pending), *ids(pending, "other"), *ids(statement("7;3.11.2026;5,00;EUR;;;;DE90;"))}) == 3


def test_without_one_equal_lines_of_a_day_are_counted_and_overlapping_files_agree() -> None:
    twice = ";3.11.2026;5,00;EUR;R;;;DE89;", ";3.11.2026;5,0;EUR;R;;;DE89;"
    first, second = ids(statement(*twice))
    assert first != second
    assert ids(statement(";2.11.2026;9,00;EUR;;;;DE89;", *twice))[1:] == [first, second]
    assert ids(statement(";4.11.2026;5,00;EUR;R;;;DE89;")) not in ([first], [second])


def test_one_transaction_id_on_two_lines_is_no_identity() -> None:
    one, again, other = made(statement(*(f"7;3.11.2026;{amount};EUR;;;;DE89;" for amount in ("5,00", "5,00", "6,00"))))
    assert one["line_id"] == again["line_id"]
    assert isinstance(other, BadRow)
    assert (other.number, other.code) == (4, "repeated_transaction_id")
    assert "statement.columns.transaction_id" in other.remedy


def test_a_statement_closes_nothing_and_only_a_cut_one_is_held() -> None:
    chosen = settings(**BANK)
    item = placed(Report("sha", "sha", "north_20260105.csv", "in/x", 1000, 1), chosen)

    def status(reading: Reading) -> str:
        return decided(item, reading, None, chosen, connection="bank").status

    assert status(statement()) == "applied"
    assert status(statement("7;x;5,00;EUR;;;;;")) == "applied"
    assert status(replace(statement(), truncated="the last line is incomplete")) == "held_truncated"
    assert status(statement("7;3.11.2026;5,00;EUR;;;;;", columns={**COLUMNS, "amount": "Summe"})) == "rejected"


def test_a_late_statement_and_one_of_other_lines_are_applied_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path, monkeypatch)

    def take(day: str, *lines: str) -> dict[str, str]:
        folder.kept[f"north_{day}.csv"] = ("\n".join((HEADER, *lines, "")).encode(), int(day))
        return folder.take(**BANK)

    assert take("20260112", "7;12.1.2026;5,00;EUR;;;;;") == {"20260112": "applied"}
    assert take("20260105", "6;5.1.2026;5,00;EUR;;;;;") == {"20260105": "applied"}
    assert take("20260119", "8;19.1.2026;5,00;EUR;;;;;") == {"20260119": "applied"}
    assert take("20260119", "8;19.1.2026;5,00;EUR;;;;;") == {}


def test_a_connection_drops_one_of_both_and_statements_have_no_pdfs() -> None:
    assert settings(**BANK).attachments_folder == ""
    assert settings(**BANK).tells_of_payments()
    assert not settings().tells_of_payments()
    for wrong in ({"profile": None}, {"statement": LAYOUT}):
        with pytest.raises(ValidationError, match="exactly one of profile"):
            settings(**wrong)
    with pytest.raises(ValidationError, match="exactly one of currency"):
        Statement(**{**LAYOUT, "currency": "EUR"})


@pytest.mark.parametrize("kind", [NetSuiteSettings, QuickBooksSettings])
def test_an_unknown_variable_of_the_memo_is_refused_and_the_known_ones_listed(kind: type[Any]) -> None:
    secret = "${X_SECRET}"
    given = {"account_id": "1", "client_id": secret, "certificate_id": secret, "private_key": secret}
    if kind is QuickBooksSettings:
        given = {"realm_id": "1", "client_id": secret, "client_secret": secret, "refresh_token": secret}
    chosen = kind(**given, banks=["bank"], stripe=["cards"], account_transaction_memo_template="{id}: {invoices}")
    assert chosen.reconciles() == ("cards", "bank")
    with pytest.raises(ValidationError, match=r"\{payer\} is nothing .* there are: \{id\}, \{amount\}, \{reference\}"):
        kind(**given, account_transaction_memo_template="{payer}")
