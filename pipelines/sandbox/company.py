"""Meridian Instruments, the fictional company: four ERP accounts, four payment provider accounts, two SFTP drops of reports and one of
bank statements, over one seed.

Its history is a simulation from its first day to the present, and its future is the same simulation going on. The same seed, number of
customers and months give the same bytes; after the present, what others write to the books is part of what it reacts to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from types import TracebackType

from pipelines.sandbox import drops, plants
from pipelines.sandbox.bank import BOOKS, CONNECTION, Bank
from pipelines.sandbox.books import Books
from pipelines.sandbox.calendar import Agenda, add_months, moment
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.customers import Directory
from pipelines.sandbox.incidents import Incidents
from pipelines.sandbox.model import Customer
from pipelines.sandbox.netsuite_books import NetSuiteBooks
from pipelines.sandbox.office import Office
from pipelines.sandbox.payments import Payments
from pipelines.sandbox.profile import PROFILES, Profile
from pipelines.sandbox.quickbooks_books import QuickBooksBooks
from pipelines.sandbox.rates import Rates
from pipelines.sandbox.till import Till
from pipelines.sandbox.trade import Trade
from pipelines.stripe.twin.account import StripeAccount

SHARES = {**{one.connection: one.share for one in PROFILES}, "drop_dach": 10, "drop_nordics": 8}
LEAST_CUSTOMERS, LEAST_MONTHS = 100, 6
_OUTSIDERS = 2
_LANDED = timedelta(hours=2)
_FOUR = Decimal("0.0001")
_BRANDS = {"netsuite": "Meridian", "quickbooks": "Studio"}
_NORDIC = {"DKK": Decimal("7.4600"), "NOK": Decimal("11.6500"), "SEK": Decimal("11.2400")}


def check_size(customers: int, months: int) -> None:
    """Raise ValueError for a company too small to hold what is planted in it."""
    if customers < LEAST_CUSTOMERS or months < LEAST_MONTHS:
        raise ValueError(
            f"a company of {customers} customers over {months} months is too small for what is planted in it;"
            f" use at least {LEAST_CUSTOMERS} customers and {LEAST_MONTHS} months"
        )


@dataclass
class Branch:
    """One office with everything that moves its books."""

    office: Office
    till: Till
    directory: Directory
    trade: Trade
    payments: Payments
    incidents: Incidents


class Company:
    """The whole company. Raises ValueError for a size too small to hold what is planted."""

    def __init__(self, seed: int, customers: int, months: int, secret_keys: dict[str, str] | None = None) -> None:
        check_size(customers, months)
        self.seed, self.clock, self.agenda = seed, Clock(), Agenda()
        self.present = self.clock.now()
        self.since = moment(add_months(self.present.date(), -months), 0)
        self.agenda.now = self.since
        keys = secret_keys or {}
        self.bank = Bank(self.agenda, self.present)
        self.branches = [self._branch(profile, keys.get(profile.psp, f"sk_test_{profile.psp}")) for profile in PROFILES]
        self.drops = [
            drops.Drop(profile, self.agenda, self._rng(profile.connection), self.present) for profile in drops.PROFILES
        ]
        self._populate(customers)
        self.agenda.run(self.present)
        for branch in self.branches:
            branch.office.books.flush()

    def advance(self, days: int) -> datetime:
        """Let `days` go by; returns the new present. One correction of each kind happens in every office."""
        if days < 1:
            raise ValueError(f"cannot advance by {days} days; give 1 or more")
        begin = self.clock.now()
        end = begin + timedelta(days=days)
        self.agenda.now = max(self.agenda.now, begin)
        for branch in self.branches:
            branch.office.seen = begin
            self.agenda.at(begin + _LANDED, branch.incidents.all_kinds)
        self.agenda.run(end, moved=self.clock.set)
        self.clock.set(end)
        for branch in self.branches:
            branch.office.books.flush()
        return end

    def write_drops(self, root: Path) -> None:
        """Bring the drops' folders under `root` up to date."""
        for drop in self.drops:
            drop.write(root / drop.profile.connection)
        self.bank.write(root / CONNECTION)

    def books(self) -> dict[str, Books]:
        """ERP connection -> its books."""
        return {branch.office.connection: branch.office.books for branch in self.branches}

    def reference_rates(self, day: date) -> dict[str, Decimal]:
        """Units of each currency for one euro, as the central bank would publish them: four decimals, from the offices' own rates."""
        worth = {"EUR": Decimal(1)}  # of one unit, in euro
        for rates in sorted((branch.office.rates for branch in self.branches), key=lambda item: item.base != "EUR"):
            worth |= {code: rates.on(code, day) * worth[rates.base] for code in rates.currencies if code not in worth}
        units = {code: (1 / value).quantize(_FOUR) for code, value in worth.items() if code != "EUR"}
        return dict(sorted((units | _NORDIC).items()))

    def close(self) -> None:
        """Let go of the books' databases."""
        for books in self.books().values():
            books.close()

    def __enter__(self) -> Company:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rng(self, name: str) -> Random:
        return Random(f"{self.seed}:{name}")

    def _branch(self, profile: Profile, secret_key: str) -> Branch:
        clock, rng, since = self.clock, self._rng(profile.connection), add_months(self.since.date(), -1)
        books = self._books(profile)
        activated = (self.present - timedelta(days=profile.activated_days)).date()
        office = Office(profile, books, Rates(profile.base, since, self.seed), activated, self.present)
        while since <= self.present.date():
            _enter_rates(office, since)
            since = add_months(since, 1)
        account = StripeAccount(
            f"acct_1{profile.country}{_BRANDS[profile.system]}{self.seed % 10000:04}",
            clock,
            country=profile.country,
            default_currency=profile.base.lower(),
            secret_key=secret_key,
            seed=self.seed,
            time_zone=profile.zone,
            name=f"Meridian Instruments ({profile.psp})",
        )
        till = Till(profile.psp, account, office, self.agenda, rng)
        till.bank = self.bank if profile.connection == BOOKS else None
        payments = Payments(office, till, self.agenda, rng, till.bank)
        trade = Trade(office, payments, self.agenda, rng)
        directory = Directory(office, rng, self.since)
        return Branch(office, till, directory, trade, payments, Incidents(office, payments, self.agenda, rng, []))

    def _books(self, profile: Profile) -> Books:
        """New books of the ERP that the office uses. A further ERP begins here."""
        if profile.system == "quickbooks":
            return QuickBooksBooks(profile, self.clock, self.seed)
        return NetSuiteBooks(profile, self.clock, self.since.date())

    def _populate(self, customers: int) -> None:
        counts = {name: customers * share // 100 for name, share in SHARES.items()}
        counts["books_us"] += customers - sum(counts.values())
        for branch in self.branches:
            planted = plants.CUSTOMERS[branch.office.profile.country]
            self._staff(branch, counts[branch.office.connection] - planted)
        for drop in self.drops:
            drop.begin(counts[drop.profile.connection], self.since)

    def _staff(self, branch: Branch, count: int) -> None:
        """Customers, the bookkeepers' routines, and what is planted."""
        office, directory, trade = branch.office, branch.directory, branch.trade
        outsiders = self._outsiders(branch)
        ordinary: list[Customer] = []
        while (room := count - len(outsiders) - len(ordinary)) > 0:
            ordinary += directory.natural(room)
        branch.incidents.customers.extend(ordinary)
        for customer in (*outsiders, *ordinary):
            trade.begin(customer, self.since)
        stage = plants.Stage(office, directory, trade, branch.payments, branch.till, self.present)
        plants.PLANTS[office.profile.country](stage)
        if branch.payments.bank is not None:
            apart = Trade(office, branch.payments, self.agenda, self._rng(CONNECTION))
            plants.plant_bank(replace(stage, trade=apart), branch.payments.bank)
            branch.payments.bank.open(self.since.date())
        branch.till.open(self.since.date())
        branch.incidents.begin(self.since)
        friday = self.since.date() + timedelta(days=(4 - self.since.date().weekday()) % 7)
        self.agenda.at(moment(friday, 16, zone=office.zone), branch.payments.bank_checks)
        self.agenda.at(self._next_month(self.present.date()), lambda at: self._month(office, at))

    def _outsiders(self, branch: Branch) -> list[Customer]:
        """Customers that trade but do not belong in the ledger; and, where there are subsidiaries, one that does although its primary
        one does not. Where there are none, a customer that is inactive."""
        office, special = branch.office, branch.directory.special
        base, outside = office.profile.base, office.profile.outside
        sister = special(f"Meridian Instruments {'EMEA Ltd' if base == 'USD' else 'Inc.'} (intercompany)", base)
        office.intercompany = sister.id
        if not outside:
            special("Gone Quiet Galleries", base, inactive=True)
            return [sister]
        others = [
            special(f"Ventures Customer {number}", base, subsidiary=outside) for number in range(1, _OUTSIDERS + 1)
        ]
        shared = special("Both Houses Builders", base, subsidiary=outside, also=office.profile.subsidiary)
        shared.subsidiary = office.profile.subsidiary
        return [sister, *others, shared]

    def _month(self, office: Office, at: datetime) -> None:
        """A new month's rates."""
        _enter_rates(office, at.date())
        self.agenda.at(self._next_month(at.date()), lambda when: self._month(office, when))

    def _next_month(self, day: date) -> datetime:
        return datetime.combine(add_months(day, 1), datetime.min.time(), UTC)


def _enter_rates(office: Office, month: date) -> None:
    """The month's rates of the office's foreign currencies."""
    for code in office.profile.currencies[1:]:
        office.books.enter_rate(code, month, office.rates.on(code, month))
