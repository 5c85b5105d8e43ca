"""What NetSuite itself counts and sums, asked apart from the extraction: against this the ledger is checked for completeness."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipelines.netsuite.client import Row
from pipelines.netsuite.reads import chunks
from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.netsuite.suiteql import Scope, slices
from pipelines.netsuite.sweep import Reader

_UNUSED = "SUM(m.foreignpaymentamountunused)"
_MAIN = "JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'"
_ENTITIES = 10_000  # customers a balance query covers, so that it stays far below 100,000 rows


def totals(reader: Reader) -> Iterator[list[Row]]:
    """Rows of `control_total`: count and sum per type and currency, applications per kind of link, customers, contacts.

    They are of all time, so their window has no ends, and figures that stay the same are no new version.
    """
    for table, query in _total_queries(reader.scope):
        rows = reader.client.query(query)
        for row in rows:
            if table == "transaction":
                row["measure"] += f"|{row.get('currency') or ''}"
        yield [{"table_name": table, **row} for row in rows]


def _total_queries(scope: Scope) -> Iterator[tuple[str, str]]:
    settings, kept = scope.settings, scope.kept()
    if scope.types and settings.initial_load == "all":
        yield (
            "transaction",
            (
                "SELECT t.type AS measure, t.currency AS currency, COUNT(*) AS row_count, SUM(t.foreigntotal) AS total"
                f" FROM transaction t WHERE {kept} GROUP BY t.type, t.currency ORDER BY t.type, t.currency"
            ),
        )
        yield (
            "application",
            (
                "SELECT l.linktype AS measure, COUNT(*) AS row_count, SUM(l.foreignamount) AS total FROM nexttransactionlinelink l"
                f" JOIN transaction t ON t.id = l.nextdoc WHERE {kept} GROUP BY l.linktype ORDER BY l.linktype"
            ),
        )
    if settings.sync_invoices and settings.invoice_statuses:
        yield (
            "filtered",
            (
                "SELECT t.status AS measure, COUNT(*) AS row_count, SUM(t.foreigntotal) AS total FROM transaction t"
                f" WHERE {scope.transactions()} AND t.type = 'CustInvc' AND NOT ({scope.status_wanted()}) GROUP BY t.status ORDER BY t.status"
            ),
        )
    if settings.sync_customers:
        yield "customer", f"SELECT 'all' AS measure, COUNT(*) AS row_count FROM customer c WHERE {scope.customers()}"
    if settings.sync_contacts:
        yield (
            "contact",
            f"SELECT 'all' AS measure, COUNT(*) AS row_count FROM contact p WHERE {scope.customers('p', 'company')}",
        )


def has_balances(settings: NetSuiteSettings) -> bool:
    """Not where the settings leave out open invoices or payments: the books then hold no balance that NetSuite could know."""
    return settings.sync_invoices and settings.sync_payments and "A" in (settings.invoice_statuses or "A")


def balances(reader: Reader, customers: Sequence[str] | None) -> Iterator[list[Row]]:
    """Rows of `control_balance`: what each of these customers (None: each there is) owes per currency, and what it paid without
    applying it."""
    parts = _everyone(reader) if customers is None else (f"{{}} IN ({chunk})" for chunk in chunks(customers))
    for among in parts:
        found: dict[tuple[str, str], list[Decimal]] = {}
        for sign, place, query in _balance_queries(reader.scope, among):
            for row in reader.client.query(query):
                amounts = found.setdefault((row["entity"], row["currency"]), [Decimal(0), Decimal(0)])
                amounts[place] += sign * Decimal(row.get("amount") or 0)
        yield [
            {"entity": entity, "currency": currency, "open_amount": f"{owed:f}", "unapplied_amount": f"{unapplied:f}"}
            for (entity, currency), (owed, unapplied) in sorted(found.items())
        ]


def _everyone(reader: Reader) -> Iterator[str]:
    """Conditions on an id, written {}, that together hold for every customer."""
    ends = reader.client.scalar("SELECT MIN(c.id) AS low, MAX(c.id) AS high, COUNT(*) AS amount FROM customer c")
    if int(ends.get("amount") or 0):
        for part in slices(int(ends["low"]), int(ends["high"]), int(ends["amount"]), _ENTITIES):
            yield f"{{}} >= {part.low} AND {{}} < {part.high}"


def _balance_queries(scope: Scope, among: str) -> Iterator[tuple[int, int, str]]:
    """(sign, 0 for owed or 1 for unapplied, query) for each kind of document."""
    kept = f"{scope.kept()} AND (t.posting = 'T' OR t.type = 'CustPymt')"  # an unapproved invoice is owed by nobody

    def per(entity: str, amount: str, source: str, condition: str) -> str:
        return (
            f"SELECT {entity} AS entity, t.currency AS currency, {amount} AS amount FROM transaction t {source}"
            f" WHERE {kept} AND {condition} AND {among.replace('{}', entity)} GROUP BY {entity}, t.currency"
            f" ORDER BY {entity}, t.currency"
        )

    yield 1, 0, per("t.entity", "SUM(t.foreignamountunpaid)", "", "t.type = 'CustInvc'")
    yield -1, 0, per("t.entity", _UNUSED, _MAIN, "t.type = 'CustCred'")
    yield 1, 1, per("t.entity", _UNUSED, _MAIN, "t.type = 'CustPymt'")
    receivable = (
        "JOIN transactionline m ON m.transaction = t.id JOIN transactionaccountingline g ON g.transaction = t.id"
        " AND g.transactionline = m.id AND g.accountingbook = 1 JOIN account a ON a.id = g.account AND a.accttype = 'AcctRec'"
    )
    mapped = ", ".join(scope.settings.subsidiaries)
    journal = "t.type = 'Journal'" + (f" AND m.subsidiary IN ({mapped})" if mapped else "")  # each line is of its own
    yield 1, 0, per("m.entity", "SUM(m.foreignamountunpaid)", receivable, journal)
    yield -1, 0, per("m.entity", _UNUSED, receivable, journal)
