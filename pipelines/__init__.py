"""Everything that touches the outside world. Never imports Dagster.

One folder is one system: it declares `SYSTEM` (see `pipelines.system`). `systems()` finds them, so adding a system changes nothing here.
"""

import importlib
import pkgutil
from functools import cache

from pipelines.system import System


@cache
def systems() -> dict[str, System]:
    """The declared systems by name, in the alphabetical order of their folders."""
    found: dict[str, System] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.ispkg:
            continue
        declared = getattr(importlib.import_module(f"{__name__}.{module.name}"), "SYSTEM", None)
        if isinstance(declared, System):
            found[declared.name] = declared
    return found
