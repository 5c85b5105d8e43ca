"""Iterators that are read ahead of, or before, the one who consumes them."""

import queue
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any


class Shared:
    """An iterator that one reader may drain before the other has read it; nothing is read twice."""

    def __init__(self, items: Iterator[Any]) -> None:
        self._items = items
        self._drained: deque[Any] = deque()

    def drain(self) -> None:
        self._drained.extend(self._items)

    def __iter__(self) -> Iterator[Any]:
        while True:
            if self._drained:
                yield self._drained.popleft()
                continue
            item = next(self._items, None)
            if item is None:
                return
            yield item


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error


_END = object()


def ahead(pages: Iterator[Any], depth: int = 3) -> Iterator[Any]:
    """The same items, fetched by a thread at most `depth` ahead of the consumer. What it raises is raised here."""
    buffer: queue.Queue[Any] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: Any) -> bool:
        while not stopped.is_set():
            try:
                buffer.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def fetch() -> None:
        try:
            for page in pages:
                if not put(page):
                    return
            put(_END)
        except BaseException as error:  # noqa: BLE001 - handed over whole, and raised by the consumer
            put(_Raised(error))

    threading.Thread(target=fetch, name="stripe-pages", daemon=True).start()
    try:
        while (item := buffer.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item
    finally:
        stopped.set()
