"""Layouts that are no plain table: rows that are no items, no header line, amounts in bucket columns, columns by width."""

import re
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.sftp.profile import Profile, Statement
from pipelines.sftp.reading import Reading, read
from pipelines.sftp.settings import SftpSettings
from tests.unit.test_sftp_intake import Folder
from tests.unit.test_sftp_reports import PROFILE, settings

HEADER = "Customer;Invoice;Due;Current;1-30;31+"
AGED: dict[str, Any] = {
    "delimiter": ";",
    "decimal": ",",
    "thousands": ".",
    "date_format": "dd.mm.yyyy",
    "currency": "EUR",
    "ignore_rows": {"Customer": "Subtotal .*|Grand total|Customer", "Invoice": ""},
    "columns": {
        "invoice_ref": "Invoice",
        "customer_ref": "Customer",
        "due_date": "Due",
        "open_amount": ["Current", "1-30", "31+"],
    },
}
FIXED: dict[str, Any] = {
    "widths": [6, 8, 10],
    "date_format": "yyyymmdd",
    "currency": "EUR",
    "columns": {"customer_ref": "Cust", "invoice_ref": "Invoice", "open_amount": "Open"},
}


def aged(*rows: str, end: str = "\n", **changes: Any) -> Reading:
    return read(("\n".join([HEADER, *rows]) + end).encode(), Profile(**{**AGED, **changes}))


def fixed(*lines: str, end: str = "\n", **changes: Any) -> Reading:
    return read(("\n".join(lines) + end).encode(), Profile(**{**FIXED, **changes}))


def items(reading: Reading) -> list[tuple[int, str, str]]:
    assert not reading.problems
    return [(line.number, line.invoice_ref, f"{line.open_amount:.2f}") for line in reading.lines]


# Rows that are no items


@pytest.mark.parametrize(
    "row",
    [
        "Subtotal C1;;;1,00;2,00;",  # as wide as the header
        "Grand total",  # shorter
        "Grand total;;;1,00;2,00;;;;3,00",  # wider
        HEADER,  # of the next page
        "Page 2 of 3",  # by its missing invoice number
    ],
)
def test_a_row_that_is_no_item_is_neither_counted_nor_set_aside(row: str) -> None:
    reading = aged("C1;I1;31.12.2026;1,00;;", row, "C1;I2;31.12.2026;;2,00;")
    assert items(reading) == [(2, "I1", "1.00"), (4, "I2", "2.00")]
    assert (reading.row_count, reading.bad_rows, reading.truncated) == (2, (), None)


def test_the_whole_cell_must_fit_and_every_other_row_is_an_item() -> None:
    reading = aged(
        "Grand totals Ltd;I1;31.12.2026;1,00;;", "C1;I2;31.12.2026;1,00", ignore_rows={"Customer": "Grand total"}
    )
    assert items(reading) == [(2, "I1", "1.00")]
    assert [(bad.number, bad.code) for bad in reading.bad_rows] == [(3, "wrong_column_count")]
    assert "profile.ignore_rows" in reading.bad_rows[0].remedy


def test_a_header_that_the_file_lacks_rejects_it_and_names_the_setting() -> None:
    (problem,) = aged("C1;I1;31.12.2026;1,00;;", ignore_rows={"Client": "Total"}).problems
    assert "Client (profile.ignore_rows)" in problem
    assert "Remedy" in problem


LAST = "C2;I3;31.12.2026;;;1.234,50"
REPORT = [
    HEADER, "C1;I1;31.12.2026;1,00;;", "C1;I2;30.11.2026;;2,00;", "Subtotal C1;;;1,00;2,00;", LAST,
    "Subtotal C2;;;;;1.234,50", "Grand total;;;1,00;2,00;1.234,50",
]  # fmt: skip


@given(st.integers(1, len("\n".join(REPORT))))
def test_no_cut_makes_an_item_disappear_as_an_ignored_row(length: int) -> None:
    """The rule for empty invoice numbers would take every item that is cut before its number for a subtotal."""
    kept = "\n".join(REPORT)[:length]
    reading = read(kept.encode(), Profile(**AGED))
    begun = sum(line[:1] == "C" for line in kept.split("\n")[1:])
    assert reading.truncated or reading.row_count == begun or "\n" not in kept


@pytest.mark.parametrize(
    ("last", "is_cut"),
    [
        ("Grand total;;;1,00;2,00;1.234,50", False),
        ("Grand total;1,00", False),  # short, but what names it stands whole
        ("Grand tot", True),
        ("Grand total", True),  # or the first letters of a longer name
        ("C2", True),
        ("C2;", True),
        ("C2;I3;31.12.2026", True),
    ],
)
def test_a_short_last_line_without_a_line_end_is_ignored_only_by_a_cell_that_is_whole(last: str, is_cut: bool) -> None:
    reading = aged("C1;I1;31.12.2026;1,00;;", last, end="")
    assert (reading.truncated is not None) == is_cut
    assert items(reading) == [(2, "I1", "1.00")]
    assert reading.bad_rows == ()


def test_an_empty_last_cell_where_the_file_ends_does_not_name_a_row() -> None:
    rules = {"31+": ""}
    assert aged("C1;I1;31.12.2026;1,00;;", ignore_rows=rules).row_count == 0
    assert aged("C1;I1;31.12.2026;1,00;;", end="", ignore_rows=rules).row_count == 1


def test_a_report_of_totals_alone_lists_nothing() -> None:
    reading = aged("Grand total;;;0,00;0,00;0,00")
    assert (reading.row_count, reading.lines, reading.truncated) == (0, (), None)


def test_a_held_report_is_decided_again_when_its_totals_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path, monkeypatch)
    folder.kept["north_20260105.csv"] = (b"i,c,o\na,c,1.00\ntotal,,1.00\nsum,c,1.00\n", 1)
    assert folder.take() == {"20260105": "held_bad_rows"}
    assert folder.take() == {}
    assert folder.take(profile={**PROFILE, "ignore_rows": {"i": "total"}}) == {"20260105": "applied"}


def test_a_line_that_another_rule_ignores_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many items as before, but not the same ones."""
    folder = Folder(tmp_path, monkeypatch)
    folder.kept["north_20260105.csv"] = (b"i,c,o\na,c,1.00\nb,c,1.00\n,,", 1)
    gone: list[tuple[int, ...]] = []
    for rule in ("a", "b"):
        folder.take(profile={**PROFILE, "ignore_rows": {"i": rule}}, reprocess_since="2026-01-01")
        gone.append(folder.gone())
    assert gone[0] == ()
    assert 3 in gone[1]
    assert 2 not in gone[1]


# A file without a header line


def test_the_profile_may_name_the_columns() -> None:
    names = ["Customer", "", "Invoice", "Open", ""]
    columns = {"customer_ref": "Customer", "invoice_ref": "Invoice", "open_amount": "Open"}
    profile = Profile(date_format="d.m.yyyy", currency="EUR", header=names, skip_rows=1, columns=columns)
    (line,) = read(b"as of today\nC1,x,I1,5.00,y\n", profile).lines
    assert (line.number, line.customer_ref, line.invoice_ref, line.open_amount) == (2, "C1", "I1", Decimal(5))
    assert line.extra == {}
    assert read(b"as of today\n", profile).row_count == 0


def test_statements_know_headers_and_rows_too() -> None:
    layout = Statement(
        date_format="d.m.yyyy", currency="EUR", header=["Day", "Text", "In"], ignore_rows={"In": "", "Day": "Balance"},
        columns={"booked_date": "Day", "description": "Text", "amount": "In"},
    )  # fmt: skip
    reading = read(b"3.11.2026,Rent,\n4.11.2026,R-1,5.00\nBalance,,905.00\n", layout)
    (booking,) = reading.bookings
    assert (booking.number, booking.booked_date, booking.amount) == (2, date(2026, 11, 4), Decimal(5))
    assert (reading.row_count, reading.bad_rows) == (1, ())


# Amounts in several columns


@given(st.lists(st.none() | st.integers(-(10**13), 10**13), min_size=3, max_size=3))
def test_the_open_amount_is_the_exact_sum_of_its_columns(cents: list[int | None]) -> None:
    written = ["" if each is None else f"{Decimal(each).scaleb(-2):f}".replace(".", ",") for each in cents]
    reading = aged(f"C1;I1;31.12.2026;{';'.join(written)}")
    if cents == [None, None, None]:
        (bad,) = reading.bad_rows
        assert (bad.key, bad.code) == ("I1", "empty_cell")
        assert "Current, 1-30, 31+ are all empty" in bad.reason
    else:
        assert reading.lines[0].open_amount * 100 == sum(each or 0 for each in cents)


def test_an_original_amount_may_be_a_sum_as_well_and_is_nothing_where_all_is_empty() -> None:
    columns = {**AGED["columns"], "open_amount": "Current", "original_amount": ["1-30", "31+"]}
    some, none = aged("C1;I1;;1,00;2,00;3,00", "C1;I2;;1,00;;", columns=columns).lines
    assert (some.original_amount, none.original_amount) == (Decimal(5), None)
    left_out = read(b"Customer;Invoice;Due;Current\nC1;I1;;1,00\n", Profile(**{**AGED, "columns": columns, "optional": ["original_amount"]}))  # fmt: skip
    assert items(left_out) == [(2, "I1", "1.00")]


@pytest.mark.parametrize(
    ("cells", "code", "words"),
    [
        ("1,00;2.5;", "bad_amount", "1-30: '2.5'"),
        ("1,00;;0,001", "too_many_decimals", "31+: '0,001'"),
        ("99999999999999,00;1,00;", "amount_too_large", "the sum 100000000000000.00"),
    ],
)
def test_a_summand_that_does_not_read_is_named(cells: str, code: str, words: str) -> None:
    (bad,) = aged(f"C1;I1;31.12.2026;{cells}").bad_rows
    assert (bad.key, bad.code) == ("I1", code)
    assert words in bad.reason


def test_each_of_the_columns_must_be_there() -> None:
    (problem,) = read(b"Customer;Invoice;Due;Current\nC1;I1;;1,00\n", Profile(**AGED)).problems
    assert "1-30 (open_amount), 31+ (open_amount)" in problem


# Columns by width


def test_columns_by_width_with_and_without_a_header_line() -> None:
    rows = ["C1    I-1         12.50", "C2    I 2             7"]
    assert items(fixed("Cust  Invoice       Open", *rows)) == [(2, "I-1", "12.50"), (3, "I 2", "7.00")]
    assert items(fixed(*rows, header=["Cust", "Invoice", "Open"])) == [(1, "I-1", "12.50"), (2, "I 2", "7.00")]


def test_blanks_at_the_end_may_be_left_out_and_more_than_the_widths_is_no_row() -> None:
    reading = fixed("Cust  Invoice       Open", "C1    I-1", "C2    I-2              7 8", "C3    I-3              7  ")
    assert [(bad.key, bad.code) for bad in reading.bad_rows] == [("I-1", "empty_cell"), ("I-2", "wrong_column_count")]
    assert "profile.widths" in reading.bad_rows[1].remedy
    assert items(reading) == [(4, "I-3", "7.00")]


@pytest.mark.parametrize(("last", "is_cut"), [("C2    I-2", True), ("C2    I-2        1", False), ("Total  ", False), ("Total", True)])  # fmt: skip
def test_a_line_that_ends_before_its_last_column_was_cut(last: str, is_cut: bool) -> None:
    reading = fixed("Cust  Invoice       Open", "C1    I-1         12.50", last, end="", ignore_rows={"Cust": "Total"})
    assert (reading.truncated is not None) == is_cut


CELL = st.text(st.characters(whitelist_categories=("L", "N"), max_codepoint=0x24F), min_size=1, max_size=12)


@given(CELL, CELL, st.integers(0, 10**10))
def test_what_is_written_by_widths_is_read_by_widths(customer: str, invoice: str, cents: int) -> None:
    amount = f"{Decimal(cents).scaleb(-2):f}"
    widths = [len(customer) + 1, len(invoice) + 2, len(amount)]
    row = f"{customer:<{widths[0]}}{invoice:>{widths[1]}}{amount}"
    (line,) = fixed(row, widths=widths, header=["Cust", "Invoice", "Open"]).lines
    assert (line.customer_ref, line.invoice_ref, line.open_amount * 100) == (customer, invoice, cents)


# Settings


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ignore_rows": {"Customer": "(Total"}}, r"ignore_rows\n.*Customer: '\(Total' is no regular expression"),
        ({"header": ["Customer", "Invoice", "Due", "Current", "31+"]}, "header lacks 1-30"),
        ({"header": [*HEADER.split(";"), "Due"]}, "header names a column twice"),
        ({"header": HEADER.split(";"), "ignore_rows": {"Client": "x"}}, "header lacks Client"),
        ({"widths": [3, 4]}, "set widths or delimiter"),
        ({"widths": [0]}, "greater than 0"),
        ({"columns": {**AGED["columns"], "open_amount": []}}, "at least 1 item"),
        ({"columns": {**AGED["columns"], "open_amount": ["Current", "Current"]}}, "names a column twice: Current"),
        ({"columns": {**AGED["columns"], "due_date": ["Due", "Current"]}}, "valid string"),
    ],
)
def test_a_layout_that_cannot_be_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Profile(**{**AGED, **wrong})


def test_as_many_widths_as_columns() -> None:
    with pytest.raises(ValidationError, match="header names 2 columns and widths has 3"):
        Profile(**{**FIXED, "header": ["Cust", "Invoice"]})


def test_a_report_is_decided_again_when_any_of_it_changes() -> None:
    changes: list[dict[str, Any]] = [
        {}, {"ignore_rows": {"i": "x"}}, {"ignore_rows": {"i": "y"}}, {"header": ["i", "c", "o"]}, {"widths": [1, 2, 3]},
        {"columns": {**PROFILE["columns"], "open_amount": ["o", "p"]}},  # type: ignore[dict-item]
    ]  # fmt: skip
    assert len({settings(profile={**PROFILE, **change}).fingerprint for change in changes}) == len(changes)


def test_the_aged_report_of_the_docs_reads_as_they_say() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "systems" / "sftp.md").read_text("utf-8")
    (sample,) = re.findall(r"```\n(Open items.*?)```", text, re.DOTALL)
    (table,) = re.findall(r"```toml\n(\[sftp\.drop_aged\].*?)```", text, re.DOTALL)
    layout = SftpSettings(**tomllib.loads(table)["sftp"]["drop_aged"]).layout
    reading = read(sample.encode(), layout)
    assert [(line.customer_ref, line.invoice_ref, f"{line.open_amount:f}") for line in reading.lines] == [
        ("10023", "R-2101", "1200.00"), ("10023", "R-1987", "340.50"), ("10088", "R-2044", "99.90"),
    ]  # fmt: skip
    assert (reading.row_count, reading.bad_rows, reading.problems, reading.truncated) == (3, (), (), None)
