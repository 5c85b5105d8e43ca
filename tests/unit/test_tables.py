"""The fast path: text in, exact types out; what does not fit is quarantined whole, and says why."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from pipelines.tables import Table, arrow_batch, columns, to_array

INVOICE = Table(
    "shop",
    "invoice",
    ("id",),
    columns("id total:money rate:rate open:bool day:date at:timestamp n:integer body:json"),
    "",
)
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def batch(*rows: dict[str, object], zone: str = "UTC") -> tuple[list[dict[str, object]], list[str]]:
    table, bad = arrow_batch(INVOICE, "corner", rows, extracted_at=NOW, time_zone=zone)
    return table.to_pylist(), [item.reason for item in bad]


def test_every_type_arrives_exactly() -> None:
    rows, bad = batch(
        {
            "id": "1",
            "total": "12345678901234.5678",
            "rate": "1.0123456789",
            "open": "T",
            "day": "2026-01-31",
            "at": "2026-01-05T09:11:12Z",
            "n": "7",
            "body": {"b": 1, "a": [2]},
        }
    )
    assert not bad
    row = rows[0]
    assert row["total"] == Decimal("12345678901234.5678")
    assert row["rate"] == Decimal("1.0123456789")
    assert (row["open"], row["n"], row["body"]) == (True, 7, '{"a":[2],"b":1}')
    assert row["at"] == datetime(2026, 1, 5, 9, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("total", "1.23456"),
        ("total", "1,234.50"),
        ("total", 1.5),
        ("total", "1e400"),
        ("open", "maybe"),
        ("day", "31/01/2026"),
        ("at", "soon"),
        ("n", "1.5"),
        ("id", None),
    ],
)
def test_a_value_that_does_not_fit_is_quarantined_and_its_neighbours_are_not(column: str, value: object) -> None:
    table, bad = arrow_batch(
        INVOICE, "corner", [{"id": "1"}, {"id": "2", column: value}, {"id": "3"}], extracted_at=NOW
    )
    assert table["id"].to_pylist() == ["1", "3"]
    assert table["_seq"].to_pylist() == [0, 2]
    assert len(bad) == 1
    assert f"corner: invoice.{column}" in bad[0].reason
    assert json.loads(bad[0].payload)[column] == value


def test_naive_times_are_read_in_the_account_s_zone_through_both_clock_changes() -> None:
    rows, _ = batch(
        {"id": "1", "at": "2026-07-01 12:00:00"}, {"id": "2", "at": "2026-10-25 01:30:00"}, zone="Europe/London"
    )
    assert [row["at"] for row in rows] == [
        datetime(2026, 7, 1, 11, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    ]


def test_epoch_seconds_are_instants() -> None:
    assert to_array([1700000010, None], "timestamp").to_pylist() == [
        datetime(2023, 11, 14, 22, 13, 30, tzinfo=UTC),
        None,
    ]


def test_a_page_whose_first_row_lacks_a_column_loses_nothing() -> None:
    rows, _ = batch({"id": "1"}, {"id": "2", "total": "3"})
    assert [row["total"] for row in rows] == [None, Decimal(3)]


def test_the_hash_sees_content_and_deletion_and_nothing_else() -> None:
    one = arrow_batch(INVOICE, "corner", [{"id": "1", "total": "3"}], extracted_at=NOW)[0]
    again = arrow_batch(INVOICE, "corner", [{"id": "1", "total": "3"}], extracted_at=datetime.now(UTC), seq=9)[0]
    gone = arrow_batch(INVOICE, "corner", [{"id": "1", "total": "3"}], extracted_at=NOW, deleted=True)[0]
    assert one["_row_hash"] == again["_row_hash"]
    assert one["_row_hash"] != gone["_row_hash"]


def test_an_empty_page_keeps_its_schema() -> None:
    table, _ = arrow_batch(INVOICE, "corner", [], extracted_at=NOW)
    assert table.schema.field("total").type == pa.decimal128(18, 4)
