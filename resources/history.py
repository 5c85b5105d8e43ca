"""Dagster's run history in SQLite, kept open.

Dagster's own storage opens, syncs and closes its file for each of a run's 600 events, five times each: 15 s of a run. This one keeps a
connection per file and syncs at checkpoints: a crash of the process loses nothing, a power cut at most the last events of a run's log.
The outbox, which must not lose anything, is another database and is not touched.
"""

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

WAIT_SECONDS = 30  # for another process that writes the same file
OPEN_FILES = 8  # one per run, and the index


class RunHistory(SqliteEventLogStorage):
    """The event log of `$DAGSTER_HOME`, where Dagster's default keeps it: either can take over from the other."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sqlalchemy.Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "RunHistory":
        return cls(str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        """The shard's engine with its open connection; the one unused for longest is closed when there are too many."""
        if shard not in self._engines:
            engine = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": WAIT_SECONDS}, pool_size=1, max_overflow=-1
            )
            sqlalchemy.event.listen(engine, "connect", _sync_at_checkpoints)
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        while len(self._engines) > OPEN_FILES:
            self._engines.popitem(last=False)[1].dispose()
        return self._engines[shard]

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _sync_at_checkpoints(connection: Any, _record: Any) -> None:
    connection.execute("pragma synchronous = normal")
