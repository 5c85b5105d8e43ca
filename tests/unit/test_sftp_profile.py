"""Any layout into canonical lines, exactly; what does not read is set aside or rejected, never guessed."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.money import exponent
from pipelines.sftp.profile import Profile
from pipelines.sftp.reading import read
from pipelines.sftp.values import CURRENCIES, BadValue, parse_amount, parse_date, parse_flag

SAMPLES = (
    Path(os.environ.get("TIEOUT_DATA_SAMPLES", Path(__file__).resolve().parents[3] / "shared" / "data")) / "open_ar"
)
PLAIN: dict[str, Any] = {
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
}
HEADER = "Customer ID,Country,Invoice Number,Invoice Date,Due Date,Open Amount,Disputed,Delivery"
NORDIC: dict[str, Any] = {
    "encoding": "ISO-8859-1",
    "delimiter": ";",
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
        "currency": "Valuta",
        "due_date": "Förfallodatum",
        "is_disputed": "Tvist",
    },
}
NORDIC_HEADER = "Kundnr;Kundnamn;Fakturanr;Valuta;Förfallodatum;Restbelopp;Tvist"


def plain(*rows: str, **changes: Any) -> Any:
    return read(("\r\n".join([HEADER, *rows]) + "\r\n").encode(), Profile(**{**PLAIN, **changes}))


def nordic(*rows: str, encoding: str = "iso-8859-1", end: str = "\r\n") -> Any:
    return read(("\r\n".join([NORDIC_HEADER, *rows]) + end).encode(encoding), Profile(**NORDIC))


def test_a_plain_layout_reads_exactly_and_keeps_what_it_does_not_map() -> None:
    reading = plain("3993-QUNVJ,770,0280670965,03/01/2012,02/02/2012,97.6,Yes,Paper")
    (line,) = reading.lines
    assert (line.number, line.invoice_ref, line.customer_ref, line.currency) == (2, "0280670965", "3993-QUNVJ", "EUR")
    assert line.open_amount == Decimal("97.6")
    assert (line.invoice_date, line.due_date, line.is_disputed) == (date(2012, 1, 3), date(2012, 2, 2), True)
    assert line.extra == {"Country": "770", "Delivery": "Paper"}
    assert not reading.bad_rows
    assert not reading.problems
    assert reading.truncated is None


def test_a_layout_with_decimal_comma_latin_letters_and_a_currency_column() -> None:
    reading = nordic("40001;Åkesson & Söner;F2000001;sek;20260105;1.234,50;J", "40002;Ørsted;F2;EUR;20260105;-12,00;N")
    first, second = reading.lines
    assert (first.customer_name, first.currency, first.open_amount, first.is_disputed) == (
        "Åkesson & Söner",
        "SEK",
        Decimal("1234.50"),
        True,
    )
    assert (second.open_amount, second.is_disputed) == (Decimal(-12), False)


def test_a_byte_order_mark_is_no_part_of_the_first_header() -> None:
    content = ("\ufeff" + HEADER + "\n1,2,3,03/01/2012,02/02/2012,4,No,x\n").encode()
    assert len(read(content, Profile(**PLAIN)).lines) == 1


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ("c,1,i,03/01/2012,02/02/2012,50.395,No,x", "too_many_decimals", "50.395"),
        ("c,1,i,03/01/2012,02/02/2012,1.234,No,x", "too_many_decimals", "1.234"),
        ('c,1,i,03/01/2012,02/02/2012,"50,39",No,x', "bad_amount", "decimal sign '.'"),
        ("c,1,i,03/01/2012,02/02/2012,fifty,No,x", "bad_amount", "fifty"),
        ("c,1,i,03/01/2012,02/02/2012,1e3,No,x", "bad_amount", "1e3"),
        ("c,1,i,03/01/2012,02/02/2012,123456789012345,No,x", "amount_too_large", "14"),
        ("c,1,i,2012-01-03,02/02/2012,5,No,x", "bad_date", "dd/mm/yyyy"),
        ("c,1,i,03/01/2012,30/02/2012,5,No,x", "bad_date", "30/02/2012"),
        ("c,1,i,03/01/2012,02/02/2012,5,Maybe,x", "bad_flag", "Maybe"),
        ("c,1,,03/01/2012,02/02/2012,5,No,x", "empty_cell", "Invoice Number"),
        ("c,1,i,03/01/2012,02/02/2012,,No,x", "empty_cell", "Open Amount"),
        ("c,1,i,03/01/2012,02/02/2012,5,No", "wrong_column_count", "7 columns"),
    ],
)
def test_a_row_that_does_not_read_is_set_aside_with_reason_and_remedy(row: str, code: str, words: str) -> None:
    reading = plain("a,1,good,03/01/2012,02/02/2012,1,No,x", row, "b,1,good2,03/01/2012,02/02/2012,1,No,x")
    (bad,) = reading.bad_rows
    assert (bad.number, bad.code) == (3, code)
    assert words in bad.reason
    assert bad.remedy
    assert [line.invoice_ref for line in reading.lines] == ["good", "good2"]
    assert reading.row_count == 3


def test_an_unknown_currency_and_a_decimal_point_in_a_comma_layout_are_set_aside() -> None:
    reading = nordic("1;n;i;XXX;20260105;1,00;N", "1;n;j;SEK;20260105;1234.50;N")
    assert [(bad.key, bad.code) for bad in reading.bad_rows] == [("i", "unknown_currency"), ("j", "bad_amount")]


def test_every_missing_column_is_named_at_once() -> None:
    reading = read(b"Customer ID,Invoice,Amount\n1,2,3\n", Profile(**PLAIN))
    (problem,) = reading.problems
    for title in ("Invoice Number", "Open Amount", "Invoice Date", "Due Date", "Disputed"):
        assert title in problem
    assert "Remedy" in problem
    assert not reading.lines


def test_an_optional_column_may_be_left_out() -> None:
    profile = Profile(**{**PLAIN, "optional": ["is_disputed", "due_date", "invoice_date"]})
    (line,) = read(b"Customer ID,Invoice Number,Open Amount\nc,i,3\n", profile).lines
    assert (line.due_date, line.is_disputed) == (None, None)


@pytest.mark.parametrize(
    ("content", "profile", "likely"),
    [
        (NORDIC_HEADER.encode() + b"\r\n1;n;i;SEK;20260105;1,00;N\r\n", NORDIC, "utf-8"),
        (HEADER.encode() + "\r\nÅ,1,i,03/01/2012,02/02/2012,5,No,x\r\n".encode("latin-1"), PLAIN, "iso-8859-1"),
        ((HEADER + "\n").encode("utf-16"), PLAIN, "utf-16"),
        (NORDIC_HEADER.encode("latin-1") + b"\r\n1;\x80;i;SEK;20260105;1,00;N\r\n", NORDIC, "cp1252"),
    ],
)
def test_another_encoding_than_declared_rejects_the_file_and_names_the_likely_one(
    content: bytes, profile: dict[str, Any], likely: str
) -> None:
    (problem,) = read(content, Profile(**profile)).problems
    assert "profile.encoding" in problem
    assert likely in problem


@pytest.mark.parametrize("content", [b"", b"\r\n \r\n", HEADER.encode() + b"\r\n"])
def test_an_empty_report_has_no_rows_and_no_problem(content: bytes) -> None:
    reading = read(content, Profile(**PLAIN))
    assert (reading.row_count, reading.problems, reading.lines) == (0, (), ())


def test_a_file_cut_anywhere_is_never_taken_for_whole() -> None:
    whole = nordic("1;n;i;SEK;20260105;1,00;N", "1;n;j;SEK;20260105;1.234,00;N")
    assert whole.final_newline
    assert whole.truncated is None
    for cut in range(1, 27):  # within the last row
        content = "\r\n".join([NORDIC_HEADER, "1;n;i;SEK;20260105;1,00;N", "1;n;j;SEK;20260105;1.234,00;N"]).encode(
            "latin-1"
        )[:-cut]
        reading = read(content, Profile(**NORDIC))
        assert reading.truncated or not reading.final_newline


def test_a_quote_left_open_shows_a_cut() -> None:
    reading = read((HEADER + '\r\n"c,1,i,03/01/2012,02/02/2012,5,No,x').encode(), Profile(**PLAIN))
    assert reading.truncated
    assert "inside a row" in reading.truncated


def test_line_numbers_count_lines_skipped_and_lines_within_quotes() -> None:
    text = f'Report of today\n{HEADER}\n"c\nd",1,i,03/01/2012,02/02/2012,5,No,x\nc,1,j,03/01/2012,02/02/2012,5,No,x\n'
    reading = read(text.encode(), Profile(**{**PLAIN, "skip_rows": 1}))
    assert [line.number for line in reading.lines] == [3, 5]


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": None},
        {"currency": "XYZ"},
        {"date_format": "mm/yyyy"},
        {"decimal": ",", "thousands": ","},
        {"encoding": "klingon"},
        {"optional": ["open_amount"]},
        {"surprise": 1},
    ],
)
def test_a_profile_that_leaves_something_to_guess_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Profile(**{**PLAIN, **wrong})


@given(
    st.sampled_from(sorted(CURRENCIES)),
    st.integers(-(10**14) + 1, 10**14 - 1),
    st.sampled_from([(".", ""), (".", ","), (",", "."), (",", " "), (".", "'"), (",", "")]),
)
def test_amounts_survive_any_layout_exactly(currency: str, units: int, signs: tuple[str, str]) -> None:
    decimal, thousands = signs
    amount = Decimal(units).scaleb(-exponent(currency))
    written = f"{amount:,f}".replace(",", "T").replace(".", "D").replace("T", thousands).replace("D", decimal)
    assert parse_amount(written, currency, decimal=decimal, thousands=thousands) == amount
    too_fine = written + ("" if decimal in written else decimal) + "1"
    with pytest.raises(BadValue):
        parse_amount(too_fine, currency, decimal=decimal, thousands=thousands)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_dates_survive_every_layout(day: date) -> None:
    assert parse_date(f"{day:%d/%m/%Y}", "dd/mm/yyyy") == day
    assert parse_date(f"{day:%Y%m%d}", "%Y%m%d") == day
    assert parse_date(f"{day.day}.{day.month}.{day:%y}", "d.m.yy") == day


def test_other_signs_of_minus() -> None:
    assert parse_amount("12.50-", "EUR", negative="trailing") == Decimal("-12.5")
    assert parse_amount("(12.50)", "EUR", negative="parentheses") == Decimal("-12.5")
    for text, negative in (("12.50-", "leading"), ("--1", "trailing"), ("1.2.3", "leading"), ("1,2", "leading")):
        with pytest.raises(BadValue):
            parse_amount(text, "EUR", negative=negative)


def test_words_for_yes_and_no() -> None:
    assert parse_flag(" YES ", ("yes",), ("no",))
    assert not parse_flag("", ("yes",), ("no",))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the sample reports are not at {SAMPLES}")
def test_the_52_real_reports_read_without_a_row_set_aside() -> None:
    files = sorted(SAMPLES.glob("open_ar_*.csv"))
    assert len(files) == 52
    for file in files:
        reading = read(file.read_bytes(), Profile(**PLAIN))
        assert (reading.problems, reading.bad_rows, reading.truncated) == ((), (), None), file.name
        assert len(reading.lines) == len(file.read_text().splitlines()) - 1
