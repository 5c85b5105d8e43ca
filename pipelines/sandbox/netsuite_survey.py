"""What the books of a NetSuite account say, read from its tables by plain SQL and added up by plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pipelines.netsuite.twin.books import Books
from pipelines.sandbox.money import ZERO
from pipelines.sandbox.survey import (
    CHARGE,
    DISPUTE,
    PAYOUT,
    REFUND,
    TRANSFER,
    Application,
    Deposit,
    Document,
    Payment,
    Survey,
    cites,
)

Row = dict[str, Any]
_HEADERS = """
select t.id, t.type, t.tranid, t.entity, c.symbol as currency, t.foreigntotal, t.trandate, t.duedate, t.memo, t.externalid, t.status,
    t.voided, l.subsidiary
from transaction t join transactionline l on l.transaction = t.id and l.id = 0 join currency c on c.id = t.currency order by t.id
"""
_JOURNALS = """
select l.transaction, l.id as line, l.entity, l.foreignamount from transactionline l
join transactionaccountingline g on g.transaction = l.transaction and g.transactionline = l.id
join account a on a.id = g.account and a.accttype = 'AcctRec' join transaction t on t.id = l.transaction and t.type = 'Journal'
where l.entity is not null order by l.transaction, l.id
"""
_LINKS = """
select previousdoc, previousline, previoustype, previousdate, nextdoc, nextline, nexttype, nextdate, foreignamount
from nexttransactionlinelink where linktype = 'Payment' and foreignamount <> 0
order by nextdoc, nextline, previousdoc, previousline
"""
_CUSTOMERS = """
select distinct c.id, c.isperson, c.companyname, c.firstname, c.lastname from customer c
join customersubsidiaryrelationship r on r.entity = c.id and r.subsidiary = {subsidiary} where c.id <> {excluded} order by c.id
"""


def read(books: Books, subsidiary: int, excluded: int) -> Survey:
    """Everything of one subsidiary as its books have it now."""
    view = Survey()
    with books.lock:  # one state, although it is several questions
        customers = books.rows(_CUSTOMERS.format(subsidiary=subsidiary, excluded=excluded))
        headers, journals, links = books.rows(_HEADERS), books.rows(_JOURNALS), books.rows(_LINKS)
    for row in customers:
        person = f"{row['firstname']} {row['lastname']}"
        view.customers[str(row["id"])] = str(person if row["isperson"] == "T" else row["companyname"])
    mine = {str(row["id"]): row for row in headers if row["subsidiary"] == subsidiary}
    view.applications = [made for made in (_application(link, mine) for link in links) if made is not None]
    paid, used = _sums(view.applications)
    for key, row in mine.items():
        _header(view, key, row, paid, used)
    for row in journals:
        head = mine.get(str(row["transaction"]))
        if head is not None and str(row["entity"]) in view.customers:
            key = f"{row['transaction']}.{row['line']}"
            _document(view, key, "journal", head, str(row["entity"]), Decimal(str(row["foreignamount"])), paid, used)
    known = view.documents.keys() | view.payments.keys()
    view.applications = [made for made in view.applications if made.payment in known]
    return view


def _header(view: Survey, key: str, row: Row, paid: dict[str, Decimal], used: dict[str, Decimal]) -> None:
    kind, customer, total = row["type"], str(row["entity"]), Decimal(str(row["foreigntotal"]))
    if kind == "Deposit":
        named = cites(PAYOUT, row["memo"], row["externalid"])
        view.deposits.append(Deposit(key, row["currency"], total, row["trandate"], str(row["status"]), named))
    elif customer not in view.customers:
        return
    elif kind in ("CustInvc", "CustCred"):
        _document(view, key, "invoice" if kind == "CustInvc" else "credit_note", row, customer, total, paid, used)
    elif kind == "CustPymt" and row["voided"] != "T":
        named = cites(CHARGE, row["memo"], row["externalid"])
        unapplied = total - used.get(key, ZERO)
        transfers = cites(TRANSFER, row["memo"])
        view.payments[key] = Payment(
            key, customer, row["currency"], total, unapplied, row["trandate"], named, transfers
        )
    elif kind == "CustRfnd":
        view.refunds |= cites(REFUND, row["memo"], row["externalid"])


def _document(
    view: Survey,
    key: str,
    kind: str,
    row: Row,
    customer: str,
    amount: Decimal,
    paid: dict[str, Decimal],
    used: dict[str, Decimal],
) -> None:
    gone = row["voided"] == "T"
    still = ZERO if gone else amount - paid.get(key, ZERO) + used.get(key, ZERO)
    words = (row["memo"], row["externalid"])
    named = cites(CHARGE, *words) | cites(DISPUTE, *words)
    view.documents[key] = Document(
        key, kind, row["tranid"], customer, row["currency"], amount, still, row["trandate"], row["duedate"], gone, named
    )


def _application(link: Row, mine: dict[str, Row]) -> Application | None:
    """A link as (credit side, debit side). A refund is the debit side, although it is the later document."""
    head = mine.get(str(link["nextdoc"]))
    if head is None:
        return None
    earlier = _side(link["previousdoc"], link["previousline"], link["previoustype"])
    later = _side(link["nextdoc"], link["nextline"], link["nexttype"])
    credit, debit = (earlier, later) if link["nexttype"] == "CustRfnd" else (later, earlier)
    return Application(
        credit,
        debit,
        head["currency"],
        Decimal(str(link["foreignamount"])),
        max(link["previousdate"], link["nextdate"]),
    )


def _side(document: object, line: object, kind: object) -> str:
    return f"{document}.{line}" if kind == "Journal" else str(document)


def _sums(applications: Iterable[Application]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    paid: dict[str, Decimal] = defaultdict(Decimal)
    used: dict[str, Decimal] = defaultdict(Decimal)
    for made in applications:
        paid[made.document] += made.amount
        used[made.payment] += made.amount
    return paid, used
