"""The reference rates as one raw table. Rates are kept as the text that the bank published."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import dlt
import pyarrow as pa
from pydantic import field_validator

from pipelines import load
from pipelines.connections import Connection, Settings
from pipelines.http import Counter, Http
from pipelines.sync import SyncContext
from pipelines.system import Check, Problem, TieoutError, Transient
from pipelines.tables import Table, arrow_batch, columns

RATE = Table(
    "ecb",
    "rate",
    ("rate_date", "currency"),
    columns("rate_date:date currency exchange_rate:rate"),
    "Units of a currency for one euro, as the European Central Bank published them for a day",
)
TABLES = (RATE,)
HISTORY, RECENT = "eurofxref-hist.xml", "eurofxref-hist-90d.xml"
NOT_MODIFIED = 304
_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"


class EcbSettings(Settings):
    """Settings of one `[ecb.<name>]` table."""

    base_url: str = "https://www.ecb.europa.eu/stats/eurofxref"

    @field_validator("base_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        return value.rstrip("/")


def source(connection: Connection, context: SyncContext) -> Any:
    """A dlt source with the one resource `rate`. A file that has not changed since the last sync is not sent again (ETag)."""

    def batches() -> Iterator[pa.Table]:
        state = dlt.current.resource_state()
        newest: str | None = None if context.full else state.get("newest")
        tag, rows = read(connection, RECENT, state.get("tag"), context.log.meter) if newest else (None, [])
        if newest and tag == state.get("tag"):
            return
        if (
            not newest or min(row["rate_date"] for row in rows) > newest
        ):  # the short file does not reach back far enough
            rows = read(connection, HISTORY, meter=context.log.meter)[1]
        context.log.count(rows_read=len(rows))
        batch, misfits = arrow_batch(RATE, connection.name, rows, extracted_at=datetime.now(UTC))
        context.quarantine.extend(misfits)
        yield batch
        state.update(newest=max(row["rate_date"] for row in rows), tag=tag)
        context.complete_through = datetime.fromisoformat(state["newest"]).replace(tzinfo=UTC)

    context.base_currency = "EUR"
    return dlt.source(lambda: load.resource(RATE, batches), name="ecb")()


def read(
    connection: Connection, file: str, tag: str | None = None, meter: Callable[[Counter], None] = lambda _counter: None
) -> tuple[str | None, list[dict[str, str]]]:
    """The rates of one published file and its ETag; no rates when the ETag is still `tag`.

    Raises Transient when the file is not there, TieoutError when it is not what it should be.
    """
    http = Http(connection.name)
    meter(http.counter)
    try:
        headers = {"If-None-Match": tag} if tag else {}
        response = http.request("GET", f"{connection.settings.base_url}/{file}", headers=headers)
    finally:
        http.close()
    if response.status_code == NOT_MODIFIED:
        return tag, []
    if not response.ok:
        raise Transient(f"{connection.name}: {file} answered {response.status_code}. Remedy: check base_url.")
    try:
        document = ElementTree.fromstring(response.content)
    except ElementTree.ParseError as error:
        raise TieoutError(
            f"{connection.name}: {file} is not whole XML ({error}). Remedy: sync again; nothing was loaded."
        ) from error
    rows = [
        {"rate_date": day.attrib["time"], "currency": cube.attrib["currency"], "exchange_rate": cube.attrib["rate"]}
        for day in document.iter(_CUBE)
        if "time" in day.attrib
        for cube in day
    ]
    if not rows:
        raise TieoutError(f"{connection.name}: {file} holds no rates. Remedy: check base_url; nothing was loaded.")
    return response.headers.get("ETag"), rows


def check(connection: Connection) -> Check:
    """Read the short file, load nothing."""
    try:
        _, rows = read(connection, RECENT)
    except TieoutError as error:
        problem = Problem("unreachable", str(error), f"Open {connection.settings.base_url}/{RECENT} from this machine.")
        return Check(connection.name, "disconnected", (problem,))
    return Check(connection.name, "active", facts={"newest": max(row["rate_date"] for row in rows)})
