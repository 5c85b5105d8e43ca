"""The execution log of each connection: `logs/<connection>.jsonl` in the home, one line for each sync or delivery, failed ones too.

An entry says `connection`, `kind` ("sync", "delivery"), `state` ("active" is a good sync), `at`, `counts` (calls, retries, errors, rows_read,
posted, rejected, ...), `notes`, and for a failure `error`; a sync also `started`, `full`, `versions` and `quarantined`.

It is what a person reads (`tieout log`) and what the clock and the sensors, which must not open the warehouse, ask for the last good sync.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pipelines.home import Home

_TAIL = 1 << 18  # bytes that hold the last few hundred entries
_COUNTS = ("calls", "retries", "errors")


def write(home: Home, entry: dict[str, Any]) -> None:
    """Append one entry; `connection` and `state` it must have. `started` is the instant from which on a sync read."""
    stamped = {**entry, "at": datetime.now(UTC).strftime("%Y%m%dT%H%M%S")}
    with (home.logs / f"{entry['connection']}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(stamped, default=str) + "\n")


def newest(home: Home, connection: str) -> Iterator[dict[str, Any]]:
    """The entries of a connection, the last one first. A line that a power cut left half written is passed over."""
    path = home.logs / f"{connection}.jsonl"
    if not path.exists():
        return
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - _TAIL)
        file.seek(start)
        lines = file.read().splitlines()
        yield from _parsed(lines[1:] if start else lines)
        if start:
            file.seek(0)
            yield from _parsed(file.read(start + len(lines[0])).splitlines())


def _parsed(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in reversed(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def last_sync(home: Home, connection: str, *, full: bool = False) -> datetime | None:
    """When the last good sync began to read; with `full`, the last one that read everything. None: there was none."""
    for entry in newest(home, connection):
        if entry.get("state") == "active" and entry.get("started") and (entry.get("full") or not full):
            return datetime.fromisoformat(entry["started"])
    return None


def tries(home: Home, connection: str, *, full: bool = False) -> list[datetime]:
    """When the syncs began that failed since the last good one (with `full`: those that were to read everything), newest first."""
    found = []
    for entry in newest(home, connection):
        if not entry.get("started") or (full and not entry.get("full")):
            continue
        if entry["state"] == "active":
            break
        found.append(datetime.fromisoformat(entry["started"]))
    return found


def render(connection: str, entries: Sequence[dict[str, Any]]) -> str:
    """Entries for people, one line each, its notes and its error below it."""
    lines = [f"{connection}: no entry yet" if not entries else connection]
    for entry in entries:
        counts = entry.get("counts") or {}
        seconds = sum(float(entry.get(name) or 0) for name in ("extract_seconds", "load_seconds"))
        rows = sum((entry.get("versions") or {}).values())
        told = [f"{counts.get(name, 0)} {name}" for name in _COUNTS]
        if entry.get("kind") == "delivery":
            told += [f"{counts.get(name, 0)} {name}" for name in ("posted", "rejected", "unknown", "waiting")]
        else:
            told += [
                f"{counts.get('rows_read', rows)} read",
                f"{rows} new",
                f"{entry.get('quarantined') or 0} quarantined",
            ]
        kind = f"{entry.get('kind', 'sync')}{' of everything' if entry.get('full') else ''}"
        lines.append(f"  {entry.get('at')}  {kind}  {entry['state']}  {', '.join(told)}  {seconds:.1f} s")
        notes = [*(entry.get("notes") or ()), *([entry["error"]] if entry.get("error") else ())]
        lines += [f"      {line}" for note in notes for line in str(note).splitlines()]
    return "\n".join(lines) + "\n"
