"""All rows of a query, page by page, although rows may go while it is read.

QuickBooks pages by position. When a row before a page has gone, the page begins one row too late, and a row would be passed over. So
pages overlap by one row: a page that holds none of the rows before it is too far on, and is asked again from further back.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from pipelines.quickbooks.client import PAGE_ROWS
from pipelines.quickbooks.transport import Row

Item = TypeVar("Item")
Result = TypeVar("Result")
STEP = PAGE_ROWS - 1
_REMEMBERED = 4  # pages whose ids are kept to see that the next one joins them


def statement(entity: str, where: str = "", position: int = 1) -> str:
    """One page of an entity's rows in the order of their ids. Inactive names are hidden by QuickBooks unless asked for."""
    condition = f" WHERE {where}" if where else ""
    return f"SELECT * FROM {entity}{condition} ORDERBY Id STARTPOSITION {position} MAXRESULTS {PAGE_ROWS}"


def single(entity: str) -> str:
    """The one row of an entity of which a company has one."""
    return f"SELECT * FROM {entity}"


def ordered(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[tuple[Item, Result]]:
    """`work` on each item by a few threads at once, results in order, never more than `threads` + 1 waiting."""
    with ThreadPoolExecutor(threads, thread_name_prefix="quickbooks-pages") as pool:
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) > threads:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _item, future in waiting:
                future.cancel()


def pages(ask: Callable[[int], list[Row]], count: int, threads: int) -> Iterator[list[Row]]:
    """Pages that together hold every row that was there all the time; a row may come twice. `ask(position)`: up to 1,000 rows from there;
    `count`: how many rows there are about now."""
    position, recent = 1, deque[set[str]](maxlen=_REMEMBERED)
    while True:
        planned = range(position, max(count, position) + 1, STEP)
        for position, rows in ordered(ask, planned, threads):
            ids = {str(row["Id"]) for row in rows}
            if position > 1 and recent and all(ids.isdisjoint(seen) for seen in recent):
                position = max(1, position - STEP)
                break
            recent.append(ids)
            if rows:
                yield rows
            if len(rows) < PAGE_ROWS:
                return
        else:
            position += STEP
