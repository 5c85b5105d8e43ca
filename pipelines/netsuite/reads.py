"""What is asked of NetSuite for each raw table: SuiteQL whose columns carry the declared names."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from pipelines.netsuite import tables
from pipelines.netsuite.client import Client, Row, TooManyRows
from pipelines.netsuite.suiteql import Slice, day, moment
from pipelines.tables import Table

_CHUNK = 500  # ids in one IN list; SuiteQL takes 1,000
_ADDRESSES = ("billing", "shipping")
_ADDRESS = ("nkey", "addressee", "attention", "addr1", "addr2", "addr3", "city", "state", "zip", "country", "addrphone")
_BOOK = "1"  # the primary accounting book; NetSuite gives it id 1 in every account
_LINE_COLUMNS = (
    "tl.id, tl.transaction, tl.mainline, tl.linesequencenumber, tl.item, BUILTIN.DF(tl.item) AS item_name, tl.quantity, tl.memo, tl.entity, tl.taxline,"
    " tl.subsidiary, tl.foreignamount, tl.foreignpaymentamountunused, tal.account, tal.netamount, tal.debit, tal.credit"
)
_LINK_COLUMNS = f"l.previousdoc, l.previousline, l.previoustype, {day('l.previousdate')}, l.nextdoc, l.nextline, l.foreignamount, l.linktype"


def select_list(table: Table, alias: str, leave_out: Iterable[str] = (), extra: Iterable[str] = ()) -> str:
    """A table's declared columns as SuiteQL: dates and times as ISO text, `extra` fields behind them."""
    absent = set(leave_out)
    parts = []
    for column in table.columns:
        name = f"{alias}.{column.name}"
        if column.name not in absent:
            parts.append(day(name) if column.type == "date" else moment(name) if column.type == "timestamp" else name)
    return ", ".join([*parts, *(f"{alias}.{name}" for name in extra)])


def chunks(ids: Iterable[str]) -> Iterator[str]:
    """Ids as lists for IN (...), few enough for a query."""
    ordered = sorted(ids, key=int)
    for start in range(0, len(ordered), _CHUNK):
        yield ", ".join(ordered[start : start + _CHUNK])


@dataclass(frozen=True)
class Read:
    """How a table that is read by change is asked for: `SELECT columns FROM name alias joins WHERE ...`, then completed by `finish`."""

    table: Table
    alias: str
    columns: str
    finish: Callable[[Client, list[Row], str], None]
    joins: str = ""

    @property
    def key(self) -> str:
        return f"{self.alias}.id"

    def rows(self, client: Client, part: Slice, condition: str, children: str) -> list[Row]:
        """The records of a range of ids that meet a condition, completed; `children` is a wider condition that costs less to test."""
        query = f"SELECT {self.columns} FROM {self.table.name} {self.alias}{self.joins} WHERE {condition} AND {self.key} < ?"
        found: list[Row] = []
        for page in client.by_id(query, [str(part.high)], self.key, part.low - 1):
            self.finish(client, page, children)
            found += page
        return found


def customers(extra: tuple[str, ...], *, addressed: bool) -> Read:
    """`addressed`: with the default addresses, which are read with the customer that they belong to."""
    own = select_list(tables.CUSTOMER, "c", ["category_name", "addresses", "custom_fields"], extra)
    columns, joins = [own, "BUILTIN.DF(c.category) AS category_name"], ""
    for kind in _ADDRESSES if addressed else ():
        columns += [f"{kind}.{name} AS {kind}_{name}" for name in _ADDRESS]
        joins += f" LEFT JOIN entityaddress {kind} ON {kind}.nkey = c.default{kind}address"

    def finish(_client: Client, rows: list[Row], _condition: str) -> None:
        fold(rows, extra)
        if addressed:
            fold_addresses(rows)

    return Read(tables.CUSTOMER, "c", ", ".join(columns), finish, joins)


def fold_addresses(rows: list[Row]) -> None:
    """Put the columns of each customer's addresses into `addresses`: a JSON list of objects with their `type`."""
    for row in rows:
        found = []
        for kind in _ADDRESSES:
            address = {name: row.pop(f"{kind}_{name}", None) for name in _ADDRESS}
            if address["nkey"] is not None:
                found.append({"type": kind, **{name: value for name, value in address.items() if value is not None}})
        row["addresses"] = orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()


def contacts() -> Read:
    return Read(tables.CONTACT, "p", select_list(tables.CONTACT, "p"), lambda _client, _rows, _condition: None)


def transactions(extra: tuple[str, ...]) -> Read:
    left_out = ["subsidiary", "lines", "applications", "custom_fields"]

    def finish(client: Client, rows: list[Row], condition: str) -> None:
        fold(rows, extra)
        complete(client, rows, condition)

    return Read(tables.TRANSACTION, "t", select_list(tables.TRANSACTION, "t", left_out, extra), finish)


def fold(rows: list[Row], extra: tuple[str, ...]) -> None:
    """Put the further fields of each row into `custom_fields`, as one JSON text."""
    if extra:
        for row in rows:
            row["custom_fields"] = orjson.dumps({name: row.get(name) for name in extra}).decode()


def complete(client: Client, rows: list[Row], condition: str) -> None:
    """Give each header of a page its subsidiary, lines and applications, read by the same range of ids and condition."""
    try:
        lines, links = _children(client, rows, condition)
    except TooManyRows:
        if len(rows) == 1:
            raise
        half = len(rows) // 2
        complete(client, rows[:half], condition)
        complete(client, rows[half:], condition)
    else:
        embed(rows, lines, links)


def _children(client: Client, rows: list[Row], condition: str) -> tuple[list[Row], list[Row]]:
    within = [rows[0]["id"], rows[-1]["id"]]
    lines = client.query(
        f"SELECT {_LINE_COLUMNS} FROM transactionline tl JOIN transaction t ON t.id = tl.transaction"
        " LEFT JOIN transactionaccountingline tal ON tal.transaction = tl.transaction AND tal.transactionline = tl.id"
        f" AND tal.accountingbook = {_BOOK} WHERE {condition} AND t.id >= ? AND t.id <= ? ORDER BY tl.transaction, tl.id",
        within,
    )
    links = client.query(
        f"SELECT {_LINK_COLUMNS} FROM nexttransactionlinelink l JOIN transaction t ON t.id = l.nextdoc"
        f" WHERE {condition} AND t.id >= ? AND t.id <= ? ORDER BY l.nextdoc, l.nextline, l.previousdoc, l.previousline, l.linktype",
        within,
    )
    return lines, links


def embed(rows: list[Row], lines: list[Row], links: list[Row]) -> None:
    """Add `subsidiary`, `lines` and `applications` (JSON texts) to each header. Children without a header are left out."""
    lines_of = group(lines, "transaction")
    links_of = group(links, "nextdoc")
    for row in rows:
        mine = lines_of.get(row["id"], [])
        subsidiary = None
        for line in mine:  # the main line's is the header's; a journal has none, and its first line says it
            if line.get("subsidiary") is not None and (subsidiary is None or line.get("mainline") == "T"):
                subsidiary = line["subsidiary"]
        for line in mine:  # an intercompany journal's lines are of several
            if line.get("subsidiary") == subsidiary:
                line.pop("subsidiary", None)
        row["subsidiary"] = subsidiary
        row["lines"] = orjson.dumps(mine, option=orjson.OPT_SORT_KEYS).decode()
        row["applications"] = orjson.dumps(links_of.get(row["id"], []), option=orjson.OPT_SORT_KEYS).decode()


def group(children: list[Row], parent: str) -> dict[Any, list[Row]]:
    """Children by their parent's id, in order, without that id and without SuiteQL's empty links."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for child in children:
        child.pop("links", None)
        found[child.pop(parent)].append(child)
    return found
