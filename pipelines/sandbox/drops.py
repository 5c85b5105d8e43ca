"""Subsidiaries whose ERP we cannot reach: each week they drop a report of their open items, and now and then an invoice as a PDF."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Literal

from pipelines.sandbox import money, names
from pipelines.sandbox.calendar import Agenda, business_day, moment
from pipelines.sandbox.layouts import DACH, NORDICS, Layout, Row, pdf
from pipelines.sandbox.trade import MONTHS

FOLDER = "csv_data_uploads"
KEPT_WEEKS = 26
MOST_CLOSED = Decimal("0.4")  # of a report's items; what would be more waits for the next one
HELD_WEEKS_AGO, LAPSED = 4, range(2, 6)  # the held report; the reports that leave out the item that is reopened
State = Literal["applied", "held_truncated", "held_empty"]


@dataclass(frozen=True)
class Report:
    """A file in the drop: what it lists, and what must become of it."""

    file_name: str
    day: date
    rows: tuple[Row, ...]
    state: State
    content: bytes
    at: datetime


@dataclass(frozen=True)
class DropProfile:
    """What tells one drop from another."""

    connection: str
    layout: Layout[Row]
    countries: tuple[str, ...]
    names: str
    currencies: tuple[str, ...]
    weekday: int
    hour: int
    held: State


PROFILES = (
    DropProfile("drop_dach", DACH, ("276", "040", "756"), "DE", ("EUR",), 4, 17, "held_truncated"),
    DropProfile("drop_nordics", NORDICS, ("752", "578", "208"), "SE", ("SEK", "NOK", "DKK", "EUR"), 0, 5, "held_empty"),
)


def leave(root: Path, files: Iterable[tuple[str, bytes, datetime]]) -> None:
    """Put files (path, content, time) that are not there yet into a drop."""
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, content, at in files:
        path = root / name
        if not path.exists():
            part = path.with_name(f".{path.name}.part")  # a reader never sees half a file
            part.write_bytes(content)
            os.utime(part, (at.timestamp(), at.timestamp()))
            part.rename(path)


@dataclass
class Buyer:
    """A customer of the drop's company."""

    ref: str
    name: str
    country: str
    currency: str
    every: float
    typical: float


@dataclass
class Drop:
    """One SFTP drop and the company behind it."""

    profile: DropProfile
    agenda: Agenda
    rng: Random
    present: datetime
    buyers: list[Buyer] = field(default_factory=list)
    open: dict[str, Row] = field(default_factory=dict)
    closing: list[tuple[str, Decimal]] = field(default_factory=list)  # payments that the next report will show
    reports: list[Report] = field(default_factory=list)
    files: list[tuple[str, bytes, datetime]] = field(default_factory=list)
    invoices: int = 0
    lapsed: str = ""  # the item that some reports leave out

    def begin(self, count: int, since: datetime) -> None:
        """Let `count` customers buy from `since` on, and report every week."""
        for number in range(count):
            self._buyer(number, since)
        first = since.date() + timedelta(days=(self.profile.weekday - since.date().weekday()) % 7)
        self.agenda.at(moment(first, self.profile.hour), self._week)
        self._plant()

    def write(self, root: Path) -> None:
        """Bring the folder up to date: reports under their folder, PDFs beside it, each with the time at which it came."""
        reports = [(f"{FOLDER}/{report.file_name}", report.content, report.at) for report in self.reports]
        leave(root, [*reports, *self.files])

    def _buyer(self, number: int, since: datetime) -> None:
        rng, profile = self.rng, self.profile
        name = names.company(rng, profile.names, number)
        ref = f"{rng.randrange(1000, 10000)}-{''.join(rng.choice('ABCDEFGHJKLMNPQRSTUVWXYZ') for _ in range(5))}"
        if profile.layout is NORDICS:
            ref = str(40001 + number)
        currency = rng.choices(profile.currencies, [8, 3, 3, 1][: len(profile.currencies)])[0]
        every = min(90.0, max(6.0, rng.lognormvariate(3.35, 0.5)))
        buyer = Buyer(ref, name, rng.choice(profile.countries), currency, every, 120.0 * 2 ** rng.gauss(2.0, 1.2))
        self.buyers.append(buyer)
        first = since + timedelta(days=rng.random() * buyer.every)
        self.agenda.at(moment(business_day(first.date()), 9), lambda at: self._sell(buyer, at))

    def _sell(self, buyer: Buyer, at: datetime) -> None:
        rng = self.rng
        row = self._invoice(buyer, at.date(), money.drawn(rng, buyer.typical, 0.7, buyer.currency))
        if rng.random() >= 0.07:
            months = rng.choices([count for count, _ in MONTHS], [weight for _, weight in MONTHS])[0]
            paid = at + timedelta(days=months * 30 + rng.randrange(1, 29))
            parts = 2 if rng.random() < 0.055 and row.amount > 1 else 1
            for place, part in enumerate(money.split(rng, row.amount, parts, row.currency)):
                self._later(row.ref, part, paid + timedelta(days=14 * place))
        if rng.random() < 0.03:
            self.agenda.at(at + timedelta(days=rng.randrange(5, 40)), lambda when: self._dispute(row.ref))
        following = at.date() + timedelta(days=max(1, round(rng.expovariate(1 / buyer.every))))
        self.agenda.at(moment(business_day(following), 9 + rng.randrange(7)), lambda when: self._sell(buyer, when))

    def _invoice(self, buyer: Buyer, day: date, amount: Decimal) -> Row:
        self.invoices += 1
        number = (
            f"F{2_000_000 + self.invoices}" if self.profile.layout is NORDICS else f"{self.rng.randrange(10**9):010}"
        )
        while number in self.open:
            number = f"{self.rng.randrange(10**9):010}"
        due = day + timedelta(days=30)
        row = Row(
            number,
            buyer.ref,
            buyer.name,
            buyer.country,
            buyer.currency,
            amount,
            amount,
            day,
            due,
            False,
            self.rng.random() < 0.5,
        )
        self.open[number] = row
        if day > (self.present - timedelta(weeks=8)).date() and self.rng.random() < 0.2:
            self.files.append((f"{number}.pdf", pdf(row), moment(day, 15)))
        return row

    def _later(self, ref: str, amount: Decimal, at: datetime) -> None:
        self.agenda.at(at, lambda when: self.closing.append((ref, amount)))

    def _dispute(self, ref: str) -> None:
        if ref in self.open:
            self.open[ref] = replace(self.open[ref], disputed=True)

    def _week(self, at: datetime) -> None:
        self._close()
        self._report(at)
        self.agenda.at(at + timedelta(days=7), self._week)

    def _close(self) -> None:
        """Take what was paid off the list, though never so much that a sound report would look like a broken one."""
        applied = [report for report in self.reports if report.state == "applied"]
        listed = {row.ref for row in applied[-1].rows} if applied else set(self.open)
        room = int(len(listed) * MOST_CLOSED) - len(listed - self.open.keys())
        waiting = []
        for ref, amount in self.closing:
            row = self.open.get(ref)
            if row is None:
                continue
            if amount < row.open:
                self.open[ref] = replace(row, open=row.open - amount)
            elif ref in listed and room <= 0:
                waiting.append((ref, amount))
            else:
                room -= ref in listed
                del self.open[ref]
        self.closing = waiting

    def _report(self, at: datetime) -> None:
        weeks_ago = (self.present - at).days // 7
        if weeks_ago >= KEPT_WEEKS:
            return
        profile, rows = self.profile, tuple(sorted(self.open.values(), key=lambda row: (row.issued, row.ref)))
        if self.lapsed and weeks_ago in LAPSED:
            rows = tuple(row for row in rows if row.ref != self.lapsed)
        if at <= self.present and weeks_ago == 0 and rows:
            rows = (*rows, rows[len(rows) // 2])  # the same item twice
        state: State = profile.held if at <= self.present and weeks_ago == HELD_WEEKS_AGO else "applied"
        content = profile.layout.render(rows)
        if state == "held_empty":
            content = b""
        elif state == "held_truncated":
            content = content[: content.index(b"\n", len(content) * 2 // 5) - 30]
        self.reports.append(Report(profile.layout.file_name(at.date()), at.date(), rows, state, content, at))

    def _plant(self) -> None:
        """An item that is never paid, but which some reports leave out, and a PDF that belongs to no invoice."""

        def sell(at: datetime) -> None:
            self.lapsed = self._invoice(self.buyers[0], at.date(), Decimal("1234.50")).ref

        self.agenda.at(self.present - timedelta(weeks=12), sell)
        stray = Row(
            "0000000000",
            "0000-NOONE",
            "",
            "",
            "EUR",
            Decimal(1),
            Decimal(1),
            self.present.date(),
            self.present.date(),
            False,
            False,
        )
        self.files.append(("UNKNOWN-4711.pdf", pdf(stray), self.present - timedelta(days=3)))
