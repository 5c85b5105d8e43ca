"""European Central Bank: the euro foreign exchange reference rates.

What
    One connection reads the reference rates, units of a currency for one euro, published around 16:00 CET on each TARGET working day.

Auth
    None; the files are public.

Reads
    `rate`, one row a day and currency: the whole history (since 1999) once, then the last 90 days whenever that file has changed,
    which it does once a working day.

Writes
    None.

Quirks
    2026-11-20  Weekends and holidays have no rate: the last one before a day holds on it.
    2026-11-20  A currency may end (HRK in 2022) or be suspended (RUB in 2022): it then has no row, and a later day has no rate for it.

Environment
    None.
"""

from pipelines.ecb.source import TABLES, EcbSettings, check, source
from pipelines.system import System

SYSTEM = System(name="ecb", kind="rates", settings=EcbSettings, tables=TABLES, source=source, check=check)

__all__ = ["SYSTEM"]
