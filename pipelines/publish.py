"""The published copy: what analysts, notebooks and BI open. Swapped in whole, read-only; readers are never locked out.

Also `query`, which reads it.
"""

import os
import shutil
from pathlib import Path

import duckdb
import polars as pl

from pipelines.home import Home, warehouse_lock
from pipelines.load import connect
from pipelines.system import TieoutError


class NotPublished(TieoutError):
    """There is no published copy yet."""


def publish(home: Home) -> Path:
    """Copy the warehouse and swap it in atomically; old readers keep the copy they opened. Takes the warehouse lock."""
    target = home.published
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_suffix(f".{os.getpid()}.tmp")
    try:
        with warehouse_lock(home):
            with connect(home) as warehouse:
                warehouse.execute("checkpoint")  # fold the write-ahead log in: the file alone is then complete
            shutil.copyfile(home.warehouse, scratch)
        scratch.chmod(0o444)
        os.replace(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)
    return target


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published copy. Raises NotPublished when there is none."""
    if not home.published.exists():
        raise NotPublished(f"There is no published warehouse in {home.root}. Remedy: run `tieout run` first.")
    published = duckdb.connect(str(home.published), read_only=True)
    published.execute("set TimeZone = 'UTC'")
    return published


def query(home: Home, sql: str) -> pl.DataFrame:
    """The answer of the published copy to one query; decimals stay exact."""
    with open_published(home) as published:
        try:
            frame: pl.DataFrame = published.sql(sql).pl()
            return frame
        except duckdb.Error as error:
            raise TieoutError(f"The warehouse cannot answer that: {error}") from error
