"""One deliverer per outbox at a time, however it dies.

A file lock beside SQLite, a session's advisory lock in PostgreSQL.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from pipelines.home import WarehouseBusy, file_lock
from pipelines.outbox.store import Store
from pipelines.system import TieoutError

_TRY = text("select pg_try_advisory_lock(hashtext('tieout.outbox'), hashtext(current_schema()))")
_WHO = text("select pg_backend_pid()")
_UNLOCK = text("select pg_advisory_unlock(hashtext('tieout.outbox'), hashtext(current_schema()))")


class DeliveryBusy(TieoutError):
    """Another process is delivering from this outbox; nothing was done."""


@contextmanager
def deliverer(store: Store, timeout: float) -> Iterator[Callable[[], bool]]:
    """Be the only deliverer, or raise DeliveryBusy after `timeout` seconds.

    Yields a question: do we still hold the lock?
    """
    with ExitStack() as stack:
        if store.file is not None:
            path = store.file.with_name(store.file.name + ".deliver.lock")
            try:
                stack.enter_context(file_lock(path, timeout, "The outbox's delivery lock"))
            except WarehouseBusy as error:
                raise _busy(store) from error
            yield lambda: True  # the kernel keeps a file lock for as long as the process lives
        else:
            connection = stack.enter_context(store.engine.connect()).execution_options(isolation_level="AUTOCOMMIT")
            deadline = time.monotonic() + timeout
            while not connection.execute(_TRY).scalar():
                if time.monotonic() > deadline:
                    raise _busy(store)
                time.sleep(0.05)
            session = _Session(connection)
            stack.callback(session.release)
            yield session.holds


def _busy(store: Store) -> DeliveryBusy:
    shown = store.url.render_as_string(hide_password=True)
    return DeliveryBusy(
        f"Another process is delivering from the outbox {shown}. "
        "Remedy: let it finish; the rest waits for the next run."
    )


class _Session:
    """The database session that holds the lock; asked by several threads, while it serves one at a time."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.guard = threading.Lock()
        self.backend = connection.execute(_WHO).scalar()

    def holds(self) -> bool:
        # A server drops the lock with its session; without this question a deliverer cut off from it would go
        # on beside its successor. A session opened anew by the pool answers too, but is another one.
        with self.guard:
            try:
                return bool(self.connection.execute(_WHO).scalar() == self.backend)
            except SQLAlchemyError:
                return False

    def release(self) -> None:
        if self.holds():
            self.connection.execute(_UNLOCK)
