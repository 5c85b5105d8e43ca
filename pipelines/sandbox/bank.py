"""The bank of one office: what customers transfer to it comes on a weekly statement over SFTP. The bookkeepers enter it by hand, a few
transfers of late excepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pipelines.sandbox.calendar import Agenda, moment
from pipelines.sandbox.drops import FOLDER, KEPT_WEEKS, leave
from pipelines.sandbox.layouts import Layout
from pipelines.sandbox.money import text

CONNECTION, BOOKS = "bank_emea", "books_emea"
_FEE = Decimal("-18.50")


@dataclass(frozen=True)
class Transfer:
    """One line of a statement. Money received is positive."""

    number: int
    day: date
    currency: str
    amount: Decimal
    reference: str
    details: str
    counterparty: str

    @property
    def id(self) -> str:
        """The bank's id of it."""
        return f"{self.day:%y%m%d}-{self.number:06}"

    @property
    def account(self) -> str:
        return f"GB29MERI{self.currency}0001"


@dataclass(frozen=True)
class Statement:
    """A file in the drop."""

    file_name: str
    lines: tuple[Transfer, ...]
    at: datetime


STATEMENT = Layout[Transfer](
    header=("Transaction ID", "Booking Date", "Account", "Currency", "Amount", "Reference", "Details", "Counterparty", "Branch"),
    cells=lambda line: (
        line.id, f"{line.day:%d/%m/%Y}", line.account, line.currency, text(line.amount, line.currency), line.reference, line.details,
        line.counterparty, "London",
    ),
    delimiter=",",
    encoding="utf-8",
    file_name=lambda day: f"statement_{day:%Y%m%d}.csv",
    file_pattern=r"statement_(?P<date>\d{8})\.csv",
    file_date_format="yyyymmdd",
    profile={
        "date_format": "dd/mm/yyyy",
        "columns": {
            "transaction_id": "Transaction ID",
            "booked_date": "Booking Date",
            "bank_account": "Account",
            "currency": "Currency",
            "amount": "Amount",
            "reference": "Reference",
            "description": "Details",
            "counterparty": "Counterparty",
        },
    },
)  # fmt: skip


@dataclass
class Bank:
    """The bank accounts of one office and their drop."""

    agenda: Agenda
    present: datetime
    statements: list[Statement] = field(default_factory=list)
    _fresh: list[Transfer] = field(default_factory=list)
    _count: int = 0

    def open(self, since: date) -> None:
        """Begin the weekly statements."""
        self.agenda.at(moment(since + timedelta(days=-since.weekday() % 7), 6), self._week)

    def receive(
        self, day: date, currency: str, amount: Decimal, *, reference: str, details: str, counterparty: str
    ) -> None:
        """Money moves; the next statement shows it."""
        self._count += 1
        self._fresh.append(Transfer(self._count, day, currency, amount, reference, details, counterparty))

    def lines(self) -> list[Transfer]:
        """Money received, as far as a statement has shown it."""
        return [line for statement in self.statements for line in statement.lines if line.amount > 0]

    def write(self, root: Path) -> None:
        """Bring the folder up to date."""
        leave(root, ((f"{FOLDER}/{one.file_name}", STATEMENT.render(one.lines), one.at) for one in self.statements))

    def _week(self, at: datetime) -> None:
        today = at.date()
        self.receive(today - timedelta(days=1), "GBP", _FEE, reference="FEE", details="Account fee", counterparty="")
        shown = tuple(sorted((line for line in self._fresh if line.day < today), key=lambda line: line.number))
        self._fresh = [line for line in self._fresh if line.day >= today]
        if (self.present - at).days // 7 < KEPT_WEEKS:
            self.statements.append(Statement(STATEMENT.file_name(today), shown, at))
        self.agenda.at(at + timedelta(days=7), self._week)
