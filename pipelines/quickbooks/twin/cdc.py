"""Change data capture: what has changed since a time, up to 30 days back and 1000 objects in all."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import Any

import orjson

from .entry import ENTITIES
from .errors import invalid
from .properties import moment
from .render import record, stub
from .rows import Company

DAYS, CAP = 30, 1000


def changes(company: Company, entities: str | None, since: str | None) -> dict[str, Any]:
    """The CDCResponse: one element per entity in the order asked, each oldest change first; what is beyond the cap is left out."""
    if not entities or not since:
        raise invalid(
            "2020",
            f"Required parameter {'changedSince' if entities else 'entities'} is missing in the request",
            "changedSince" if entities else "entities",
        )
    kinds = [ENTITIES.get(name.strip().lower(), "") for name in entities.split(",")]
    if "" in kinds:
        raise invalid(
            "4001", f"QueryValidationError: Invalid Entity name {entities.split(',')[kinds.index('')].strip()}"
        )
    try:
        start = moment(since)
    except ValueError:
        raise invalid("4001", f"QueryValidationError: invalid value '{since}' for property changedSince") from None
    with company.lock:
        if start < company.clock.now() - timedelta(days=DAYS):
            raise invalid("4001", f"QueryValidationError: changedSince must be within the last {DAYS} days")
        left, found = CAP, []
        for kind in kinds:
            rows = [orjson.Fragment(text) for text in islice(_of(company, kind, start), left)]
            left -= len(rows)
            found.append({kind: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
    return {"CDCResponse": [{"QueryResponse": found}]}


def _of(company: Company, kind: str, start: Any) -> Any:
    for held in company.store.changed(kind, start):
        yield record(company, held)
    for key, at in company.store.gone.get(kind, {}).items():
        if at >= start:
            yield orjson.dumps(stub(kind, key, at))
