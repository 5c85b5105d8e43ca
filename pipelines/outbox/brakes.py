"""What may be sent: `writeback` per connection and kind, caps on count and total per run and connection.

Everything is on by default: a connection that says nothing is planned for and never written to.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, cast

from pipelines import money
from pipelines.outbox.model import IntentRow, State
from pipelines.system import NotConfigured

Mode = Literal["off", "plan", "apply"]
MODES = ("off", "plan", "apply")
# In this order: a deposit locks its payments, so what is to be reversed is reversed before. A kind not named here comes after them.
KINDS = ("payment", "reversal", "deposit", "record_update")


@dataclass(frozen=True)
class Brakes:
    """One connection's brakes.

    `max_total`: most value written per run, by currency, in major units; `*` is any other currency.
    """

    modes: Mapping[str, Mode] = field(default_factory=dict)
    max_writes: int = 500
    max_total: Mapping[str, Decimal] = field(default_factory=lambda: {"*": Decimal(1_000_000)})

    @classmethod
    def of(cls, settings: Any) -> "Brakes":
        """From a connection's settings: `writeback` (by kind), `max_writes`, `max_total` (or by currency).

        Raises NotConfigured for a mode that is not off, plan or apply.
        """
        given = getattr(settings, "writeback", None) or {}
        modes = {str(kind): str(mode) for kind, mode in (given if isinstance(given, Mapping) else dict(given)).items()}
        for kind, mode in modes.items():
            if mode not in MODES:
                raise NotConfigured(f"writeback.{kind} is {mode!r}. Remedy: one of {', '.join(MODES)}.")
        limits: dict[str, Any] = {"modes": cast(dict[str, Mode], modes)}
        if getattr(settings, "max_writes", None) is not None:
            limits["max_writes"] = int(settings.max_writes)
        total = getattr(settings, "max_total", None)
        if total is not None:
            by_currency = total if isinstance(total, Mapping) else {"*": total}
            limits["max_total"] = {str(currency): Decimal(str(amount)) for currency, amount in by_currency.items()}
        return cls(**limits)

    def mode(self, kind: str) -> Mode:
        return self.modes.get(kind, "plan")

    def limit(self, currency: str) -> Decimal | None:
        return self.max_total.get(currency, self.max_total.get("*"))


@dataclass(frozen=True)
class Held:
    """Intents of one connection and kind that were not sent, and why.

    `cap`: a brake was hit, which a person should look at. `policy`: the settings say so, and nothing else.
    """

    connection: str
    kind: str
    keys: tuple[str, ...]
    totals: Mapping[str, Decimal]
    reason: str
    cap: bool = False
    policy: bool = False

    def __str__(self) -> str:
        value = ", ".join(
            f"{money.text(total, currency)} {currency}" for currency, total in sorted(self.totals.items())
        )
        return (
            f"{self.connection} {self.kind}: {len(self.keys)} not sent{f' ({value})' if value else ''}: {self.reason}"
        )


def order(row: IntentRow) -> tuple[Any, ...]:
    """What was begun comes first, then payments, reversals, deposits, record updates; within a kind the oldest.

    Old is by when it was planned, and within one plan by its own accounting date.
    """
    rank = KINDS.index(row.kind) if row.kind in KINDS else len(KINDS)
    return (
        row.state != State.SENDING,
        rank,
        row.kind,
        row.created_at,
        str(row.body.get("date", "")),
        row.key,
    )


def totals(rows: Sequence[IntentRow]) -> dict[str, Decimal]:
    """Value by currency, of what moves money."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in (row for row in rows if row.value):
        found[row.currency] += abs(row.value)
    return dict(found)


def admit(rows: Sequence[IntentRow], brakes: Brakes) -> tuple[list[IntentRow], list[Held]]:
    """What of one connection's waiting intents this run may send, in order, and what is held and why.

    Caps count what this run would begin, kind after kind; a kind that would pass a cap is held as a whole,
    because a plan that large is more likely wrong than urgent, and half of it is no better. What an earlier
    run began (`sending`) was admitted then.
    """
    admitted: list[IntentRow] = []
    held: list[Held] = []
    begun: list[IntentRow] = []
    ordered = sorted(rows, key=order)
    for kind in dict.fromkeys(row.kind for row in ordered):
        group = [row for row in ordered if row.kind == kind]
        mode = brakes.mode(kind)
        if mode != "apply":
            held.append(_held(group, f'writeback.{kind} is "{mode}"', policy=True))
            continue
        stuck = [row for row in group if row.state == State.PLANNED and row.conflict]
        held += [_held([row], str(row.conflict), cap=True) for row in stuck]
        fresh = [row for row in group if row.state == State.PLANNED and not row.conflict]
        admitted += [row for row in group if row.state == State.SENDING]
        over = _over(begun + fresh, brakes)
        if fresh and over:
            held.append(_held(fresh, over, cap=True))
        else:
            begun += fresh
    return sorted([*admitted, *begun], key=order), held


def _over(rows: Sequence[IntentRow], brakes: Brakes) -> str | None:
    if len(rows) > brakes.max_writes:
        return f"{len(rows)} writes in one run, max_writes is {brakes.max_writes}"
    for currency, total in sorted(totals(rows).items()):
        limit = brakes.limit(currency)
        if limit is not None and total > limit:
            shown = f"{money.text(total, currency)} {currency}"
            return f"{shown} in one run, max_total is {money.text(limit, currency)} {currency}"
    return None


def _held(rows: Sequence[IntentRow], reason: str, cap: bool = False, policy: bool = False) -> Held:
    return Held(rows[0].connection, rows[0].kind, tuple(row.key for row in rows), totals(rows), reason, cap, policy)
