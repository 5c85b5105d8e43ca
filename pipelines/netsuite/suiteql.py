"""SuiteQL without a connection: times in the account's zone, ranges of ids, and which records a connection is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from pipelines.netsuite.settings import NetSuiteSettings

MOMENT = "YYYY-MM-DD HH24:MI:SS"
_PYTHON_MOMENT = "%Y-%m-%d %H:%M:%S"
DOCUMENT_TYPES = ("CustInvc", "CustCred", "Journal")
PAYMENT_TYPES = ("CustPymt", "CustRfnd", "CustDep", "DepAppl", "Deposit")


def render(moment: datetime, time_zone: str) -> str:
    """An instant as SuiteQL compares it: wall-clock text in the account's zone. Both instants of a repeated autumn hour give one text."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(ZoneInfo(time_zone)).strftime(_PYTHON_MOMENT)


def instant(text: str, time_zone: str) -> datetime:
    """Wall-clock text of the account as an instant in UTC; the earlier of two, so that a cursor is never late."""
    return datetime.strptime(text, _PYTHON_MOMENT).replace(tzinfo=ZoneInfo(time_zone), fold=0).astimezone(UTC)


def since(alias: str, moment: datetime, time_zone: str, column: str = "lastmodifieddate") -> str:
    """A condition: changed at or after an instant."""
    return f"{alias}.{column} >= TO_DATE('{render(moment, time_zone)}', '{MOMENT}')"


def moment(column: str) -> str:
    """A date-time column as full text, under its own name."""
    return f"TO_CHAR({column}, '{MOMENT}') AS {column.rpartition('.')[2]}"


def day(column: str) -> str:
    """A date column as ISO text, under its own name."""
    return f"TO_CHAR({column}, 'YYYY-MM-DD') AS {column.rpartition('.')[2]}"


def quoted(values: Sequence[str]) -> str:
    """A list of text literals for IN (...)."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


@dataclass(frozen=True)
class Slice:
    """Ids from `low` up to but not including `high`."""

    low: int
    high: int


def slices(low: int, high: int, count: int, target: int = 900) -> list[Slice]:
    """Ranges that cover ids `low`..`high` (inclusive), each about `target` of `count` records if ids lie evenly."""
    if count <= 0:
        return []
    parts = min(max(1, -(-count // target)), high - low + 1)
    edges = [low + (high - low + 1) * number // parts for number in range(parts + 1)]
    return [Slice(first, last) for first, last in pairwise(edges)]


@dataclass(frozen=True)
class Scope:
    """Which records a connection is about, as SuiteQL conditions on `t` (transaction), `c` (customer) and `p` (contact)."""

    settings: NetSuiteSettings
    receivable: tuple[str, ...] = ()  # ids of the accounts of type AcctRec

    @property
    def types(self) -> tuple[str, ...]:
        wanted = self.settings
        return (DOCUMENT_TYPES if wanted.sync_invoices else ()) + (PAYMENT_TYPES if wanted.sync_payments else ())

    @property
    def fingerprint(self) -> str:
        """Changes when the settings ask for other records or fields, so that everything must be read again."""
        wanted = self.settings
        return repr(
            (wanted.subsidiaries, wanted.primary_subsidiary_only, self.types, wanted.invoice_statuses, wanted.customer_fields,
             wanted.transaction_fields, wanted.initial_load)
        )  # fmt: skip

    def _customers_in(self) -> str:
        primary = " AND r.isprimarysub = 'T'" if self.settings.primary_subsidiary_only else ""
        mapped = ", ".join(self.settings.subsidiaries)
        return f"SELECT r.entity FROM customersubsidiaryrelationship r WHERE r.subsidiary IN ({mapped}){primary}"

    def customers(self, alias: str = "c", column: str = "id") -> str:
        return f"{alias}.{column} IN ({self._customers_in()})" if self.settings.subsidiaries else "1 = 1"

    def transactions(self) -> str:
        """Of the wanted types and subsidiaries, whatever their status."""
        conditions = [f"t.type IN ({quoted(self.types)})"]
        if self.settings.subsidiaries:
            mapped = ", ".join(self.settings.subsidiaries)
            conditions.append(
                f"EXISTS (SELECT 1 FROM transactionline s WHERE s.transaction = t.id AND s.subsidiary IN ({mapped}))"
            )
            if self.settings.primary_subsidiary_only:
                conditions.append(f"(t.entity IS NULL OR t.entity IN ({self._customers_in()}))")
        return " AND ".join(conditions)

    def kept(self) -> str:
        """The transactions that belong to the ledger: wanted invoice statuses, and journals only with a receivable line."""
        conditions = [self.transactions()]
        if "Journal" in self.types:
            conditions.append(
                "(t.type <> 'Journal' OR EXISTS (SELECT 1 FROM transactionaccountingline g WHERE g.transaction = t.id"
                f" AND g.account IN ({', '.join(self.receivable) or '-1'})))"
            )
        if self.settings.invoice_statuses:
            conditions.append(f"(t.type <> 'CustInvc' OR {self.status_wanted()})")
        return " AND ".join(conditions)

    def status_wanted(self) -> str:
        return f"t.status IN ({quoted(self.settings.invoice_statuses)})"

    def first_load(self, today: date) -> str:
        """`kept`, and with `initial_load = "open_and_recent"` only what is open, recent, or applied to what is open."""
        if self.settings.initial_load == "all":
            return self.kept()
        recent = (today - timedelta(days=self.settings.recent_payments_days)).isoformat()
        unpaid = "COALESCE({}.foreignamountunpaid, 0) <> 0"
        unused = (
            "EXISTS (SELECT 1 FROM transactionline u WHERE u.transaction = t.id AND u.mainline = 'T'"
            " AND COALESCE(u.foreignpaymentamountunused, 0) <> 0)"
        )
        applied = (
            "EXISTS (SELECT 1 FROM nexttransactionlinelink l JOIN transaction o ON o.id = l.previousdoc"
            f" WHERE l.nextdoc = t.id AND {unpaid.format('o')})"
        )
        late = f"(t.type IN ('CustPymt', 'Deposit') AND t.trandate >= TO_DATE('{recent}', 'YYYY-MM-DD'))"
        always = "t.type IN ('Journal', 'CustRfnd', 'CustDep', 'DepAppl')"
        return f"{self.kept()} AND ({always} OR {unpaid.format('t')} OR {unused} OR {late} OR {applied})"
