"""Declared raw tables, and the fast path from documents to Arrow batches.

A raw table is a log of versions of what a system said. Its columns are declared once, typed, and frozen: a value that does not fit its
type exactly is quarantined with its row, never rounded. Values arrive as the text (or integer) that the system sent, so money never
passes through a float.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
import pyarrow as pa
import pyarrow.compute as pc

ColumnType = Literal["text", "money", "rate", "bool", "date", "timestamp", "integer", "json"]
Row = Mapping[str, Any]

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "json": pa.string(),
    "money": pa.decimal128(18, 4),
    "rate": pa.decimal128(28, 10),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "integer": pa.int64(),
}
SQL_TYPES: dict[ColumnType, str] = {
    "text": "varchar",
    "json": "varchar",
    "money": "decimal(18,4)",
    "rate": "decimal(28,10)",
    "bool": "boolean",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "integer": "bigint",
}
_TRUE, _FALSE = {"T", "true", "True", True}, {"F", "false", "False", False}


@dataclass(frozen=True)
class Column:
    name: str
    type: ColumnType = "text"
    description: str = ""


@dataclass(frozen=True)
class Table:
    """One raw table: `raw_<system>.<name>`, keyed by `connection` and `key`."""

    system: str
    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    description: str

    @property
    def dataset(self) -> str:
        return f"raw_{self.system}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def record_key(self, row: Row) -> str:
        """The native id of a row, its parts joined by `|`."""
        return "|".join(str(row.get(part, "")) for part in self.key)


LINEAGE: tuple[Column, ...] = (
    Column("connection", "text", "The connection that said it"),
    Column("is_deleted", "bool", "True in the version that records a deletion"),
    Column("_row_hash", "text", "Hash of the row as received; equal to the previous version's means nothing new"),
    Column("_seq", "integer", "Order within one extraction"),
    Column("_extracted_at", "timestamp", "When we read it (UTC)"),
)


def columns(spec: str) -> tuple[Column, ...]:
    """Columns from the short form `"id name total:money"` (text unless a type follows the colon)."""
    parts = (word.partition(":") for word in spec.split())
    return tuple(Column(name, kind or "text") for name, _, kind in parts)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Quarantined:
    """A row that does not fit its declared table; kept whole in `payload` (JSON text) until the source mends it."""

    connection: str
    table: str
    record_key: str
    reason: str
    remedy: str
    payload: str


def arrow_batch(
    table: Table,
    connection: str,
    rows: Sequence[Row],
    *,
    extracted_at: datetime,
    seq: int = 0,
    time_zone: str = "UTC",
    deleted: bool = False,
) -> tuple[pa.Table, list[Quarantined]]:
    """Rows of text/int/bool/None by column name -> (Arrow table with lineage columns, rows that did not fit).

    Timestamps: ISO text with offset or `Z`, naive text (`2026-01-05 09:11:12`) in `time_zone`, or epoch seconds as int.
    `seq` numbers the rows from there, so that the last of two versions in one load is known. Columns that no declaration names are
    ignored here: sources fold them into a json column.
    """
    try:
        return _batch(table, connection, rows, extracted_at, range(seq, seq + len(rows)), time_zone, deleted), []
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError, TypeError, OverflowError):
        pass  # some row does not fit: find out which, one by one
    good: list[Row] = []
    numbers: list[int] = []
    bad: list[Quarantined] = []
    for number, row in enumerate(rows, seq):
        problem = _misfit(table, row, time_zone)
        if problem is None:
            good.append(row)
            numbers.append(number)
        else:
            remedy = f"Correct {problem[0]} in the source and sync again; the row as received is kept in payload."
            reason = f"{connection}: {table.name}.{problem[0]}: {problem[1]}"
            payload = orjson.dumps(dict(row), default=str).decode()
            bad.append(Quarantined(connection, table.name, table.record_key(row), reason, remedy, payload))
    return _batch(table, connection, good, extracted_at, numbers, time_zone, deleted), bad


def _batch(
    table: Table,
    connection: str,
    rows: Sequence[Row],
    extracted_at: datetime,
    numbers: Iterable[int],
    time_zone: str,
    deleted: bool,
) -> pa.Table:
    names = table.names
    records = [tuple(map(row.get, names)) for row in rows]
    if any(row.get(part) in (None, "") for part in table.key for row in rows):
        raise ValueError(f"a row of {table.name} has no id ({', '.join(table.key)})")
    cells = list(zip(*records, strict=True)) or [()] * len(names)
    arrays = [to_array(values, column.type, time_zone) for values, column in zip(cells, table.columns, strict=True)]
    mark = b"deleted" if deleted else b""
    hashes = [
        hashlib.blake2b(orjson.dumps(record, default=str) + mark, digest_size=16).hexdigest() for record in records
    ]
    count = len(rows)
    lineage = [
        pa.array([connection] * count, pa.string()),
        pa.array([deleted] * count, pa.bool_()),
        pa.array(hashes, pa.string()),
        pa.array(list(numbers), pa.int64()),
        pa.array([extracted_at] * count, ARROW_TYPES["timestamp"]),
    ]
    return pa.table([*arrays, *lineage], names=[*names, *(column.name for column in LINEAGE)])


def to_array(values: Sequence[Any], kind: ColumnType, time_zone: str = "UTC") -> pa.Array:
    """One column, exactly typed. Raises ArrowInvalid, ValueError or TypeError when a value does not fit without loss."""
    return _CONVERTERS[kind](values, time_zone)


def _text(values: Sequence[Any], _zone: str) -> pa.Array:
    return pa.array(values, pa.string())


def _strings(values: Sequence[Any]) -> pa.Array | None:
    """The column as text if it is nothing else, as nearly every source sends it; else None."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None


def _json(values: Sequence[Any], _zone: str) -> pa.Array:
    texts = _strings(values)
    if texts is not None:
        return texts
    return pa.array(
        [
            v if v is None or isinstance(v, str) else orjson.dumps(v, option=orjson.OPT_SORT_KEYS).decode()
            for v in values
        ],
        pa.string(),
    )


def _decimal(kind: ColumnType) -> Callable[[Sequence[Any], str], pa.Array]:
    def convert(values: Sequence[Any], _zone: str) -> pa.Array:
        texts = _strings(values)
        return pc.cast(_number_texts(values) if texts is None else texts, ARROW_TYPES[kind])

    return convert


def _number_texts(values: Sequence[Any]) -> pa.Array:
    if any(isinstance(value, float) for value in values):
        raise TypeError("an amount arrived as a float: parse the source's text instead")
    texts = [
        value if value is None or isinstance(value, str) else f"{value:f}" if hasattr(value, "quantize") else str(value)
        for value in values
    ]
    return pa.array(texts, pa.string())


def _bool(values: Sequence[Any], _zone: str) -> pa.Array:
    unknown = {value for value in values if value is not None} - _TRUE - _FALSE
    if unknown:
        raise ValueError(f"{min(map(str, unknown))!r} is not a yes or no")
    return pa.array([None if value is None else value in _TRUE for value in values], pa.bool_())


def _date(values: Sequence[Any], _zone: str) -> pa.Array:
    texts = _strings(values)
    return pa.array(values, pa.date32()) if texts is None else pc.cast(texts, pa.date32())


def _integer(values: Sequence[Any], _zone: str) -> pa.Array:
    if all(value is None or isinstance(value, int) for value in values):
        return pa.array(values, pa.int64())
    return pc.cast(pa.array([None if value is None else str(value) for value in values], pa.string()), pa.int64())


def _timestamp(values: Sequence[Any], time_zone: str) -> pa.Array:
    kind = ARROW_TYPES["timestamp"]
    sample = next((value for value in values if value is not None), None)
    if sample is None or isinstance(sample, datetime):
        return pa.array(values, kind)
    if isinstance(sample, int):
        return pc.cast(pc.cast(pa.array(values, pa.int64()), pa.timestamp("s", tz="UTC")), kind)
    texts = pa.array(values, pa.string())
    if sample.endswith("Z") or sample[-6:-5] in "+-":
        return pc.cast(texts, kind)
    # Of the two instants an autumn hour may mean, the earlier: an overlap of hours reads the other one again.
    return pc.cast(
        pc.assume_timezone(pc.cast(texts, pa.timestamp("us")), time_zone, ambiguous="earliest", nonexistent="earliest"),
        kind,
    )


_CONVERTERS: dict[ColumnType, Callable[[Sequence[Any], str], pa.Array]] = {
    "text": _text,
    "json": _json,
    "money": _decimal("money"),
    "rate": _decimal("rate"),
    "bool": _bool,
    "date": _date,
    "integer": _integer,
    "timestamp": _timestamp,
}


def _misfit(table: Table, row: Row, time_zone: str) -> tuple[str, str] | None:
    """The first column of a row that does not fit, and why; None if all do."""
    for part in table.key:
        if row.get(part) in (None, ""):
            return part, "is missing, and it is the record's id"
    for column in table.columns:
        value = row.get(column.name)
        try:
            to_array([value], column.type, time_zone)
        except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError, TypeError, OverflowError) as error:
            return column.name, f"{value!r} is not a {column.type} ({str(error).splitlines()[0]})"
    return None
