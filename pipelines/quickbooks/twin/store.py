"""Where the records of a company lie: by id, by type, by customer, by document number and by the time of their last change."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from .model import Name, Txn, instant

TXNS = ("Invoice", "Payment", "CreditMemo", "RefundReceipt", "Deposit", "JournalEntry")
NAMES = ("Customer", "Vendor", "Account", "Item", "Term", "PaymentMethod", "CompanyCurrency")
Record = Txn | Name
_LAST = datetime.max.replace(tzinfo=UTC)
_CACHED = 100_000  # rendered records kept


class Store:
    """All records of one company. Whoever changes a record tells the store with `put` or `touch`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.txns: dict[int, Txn] = {}
        self.kinds: dict[str, dict[int, Record]] = {kind: {} for kind in (*TXNS, *NAMES)}
        self.gone: dict[str, dict[int, datetime]] = {kind: {} for kind in TXNS}
        self.of_customer: dict[int, dict[int, Txn]] = {}
        self.numbers: dict[tuple[str, str], set[int]] = {}
        self.rendered: dict[tuple[str, int], bytes] = {}
        self.balances: dict[int, Decimal] = {}  # customers whose balance is known
        self.version = 0
        self.listener: Callable[[str, int, str, datetime], None] | None = None  # kind, id, operation, when
        self._order: dict[str, list[tuple[datetime, int]]] = {kind: [] for kind in self.kinds}
        self._moved: dict[str, set[int]] = {kind: set() for kind in self.kinds}

    def txn(self, kind: str, key: int) -> Txn | None:
        """The transaction of this type with this id."""
        found = self.txns.get(key)
        return found if found is not None and found.type == kind else None

    def name(self, kind: str, key: object) -> Name | None:
        """The entry of this list with this id, given as number or text."""
        text = str(key)
        found = self.kinds[kind].get(int(text)) if text.isascii() and text.isdigit() else None
        return found if isinstance(found, Name) else None

    def names(self, kind: str) -> list[Name]:
        return [name for name in self.kinds[kind].values() if isinstance(name, Name)]

    def put(self, txn: Txn) -> None:
        """A new transaction."""
        self.txns[txn.id] = txn
        self.kinds[txn.type][txn.id] = txn
        self.place(txn)
        self.number(txn, txn.number)
        self._moved[txn.type].add(txn.id)
        self._weigh(txn)
        self._tell(txn.type, txn.id, "Create", txn.modified)

    def _tell(self, kind: str, key: int, operation: str, at: datetime) -> None:
        if self.listener is not None:
            self.listener(kind, key, operation, at)

    def place(self, txn: Txn, former: Iterable[int] = ()) -> None:
        """Under which customers a transaction is found; `former` are those it was under before."""
        for customer in former:
            self.of_customer.get(customer, {}).pop(txn.id, None)
            self.balances.pop(customer, None)
        for customer in customers_of(txn):
            self.of_customer.setdefault(customer, {})[txn.id] = txn

    def _weigh(self, txn: Txn) -> None:
        self.version += 1
        if txn.customer is not None:
            self.balances.pop(txn.customer, None)
        for item in txn.items:
            self.balances.pop(item.customer, None)

    def number(self, txn: Txn, number: str | None) -> None:
        """Give a transaction another document number."""
        if txn.number is not None:
            self.numbers.get((txn.type, txn.number), set()).discard(txn.id)
        txn.number = number
        if number is not None:
            self.numbers.setdefault((txn.type, number), set()).add(txn.id)

    def put_name(self, name: Name) -> None:
        self.kinds[name.kind][name.id] = name
        self._moved[name.kind].add(name.id)
        self._tell(name.kind, name.id, "Create", name.modified)

    def touch(self, record: Record, at: datetime) -> None:
        """A record has changed: it has another SyncToken and another time."""
        kind = record.type if isinstance(record, Txn) else record.kind
        record.sync += 1
        record.modified = max(record.modified, instant(at))
        self.rendered.pop((kind, record.id), None)
        self._moved[kind].add(record.id)
        if isinstance(record, Txn):
            self._weigh(record)
        self._tell(kind, record.id, "Void" if isinstance(record, Txn) and record.voided else "Update", record.modified)

    def remove(self, txn: Txn, at: datetime) -> None:
        """A transaction is deleted; that it was there stays known."""
        del self.txns[txn.id], self.kinds[txn.type][txn.id]
        for customer in customers_of(txn):
            self.of_customer.get(customer, {}).pop(txn.id, None)
        self.number(txn, None)
        self.rendered.pop((txn.type, txn.id), None)
        self.gone[txn.type][txn.id] = instant(at)
        self._moved[txn.type].add(txn.id)
        self._weigh(txn)
        self._tell(txn.type, txn.id, "Delete", instant(at))

    def changed(self, kind: str, since: datetime | None, until: datetime | None = None) -> Iterator[Record]:
        """The records of a type whose last change is at `since` or later (and not after `until`), oldest change first."""
        order, held = self._ordered(kind), self.kinds[kind]
        first = bisect_left(order, (since, 0)) if since else 0
        last = bisect_right(order, (until or _LAST, 1 << 62))
        return (held[key] for _, key in order[first:last])

    def _ordered(self, kind: str) -> list[tuple[datetime, int]]:
        moved, held = self._moved[kind], self.kinds[kind]
        if moved:
            order = [entry for entry in self._order[kind] if entry[1] not in moved]
            order.extend((held[key].modified, key) for key in moved if key in held)
            order.sort()
            self._order[kind] = order
            moved.clear()
        return self._order[kind]

    def keep(self, kind: str, key: int, text: bytes) -> bytes:
        """Remember a record's JSON until the record changes."""
        if len(self.rendered) >= _CACHED:
            self.rendered.clear()
        self.rendered[(kind, key)] = text
        return text


def customers_of(txn: Txn) -> set[int]:
    """The customers that a transaction is about."""
    named = {item.customer for item in txn.items}
    return named if txn.customer is None else {txn.customer, *named}
