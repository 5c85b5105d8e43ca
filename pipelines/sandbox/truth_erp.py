"""What one set of books says, read from its tables by plain SQL and added up by plain Python."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.sandbox.money import ZERO, text
from pipelines.sandbox.office import Office

Row = dict[str, Any]
CHARGE = re.compile(r"(?<![A-Za-z0-9])(?:ch|py)_[A-Za-z0-9]+")
PAYOUT = re.compile(r"(?<![A-Za-z0-9])po_[A-Za-z0-9]+")
REFUND = re.compile(r"(?<![A-Za-z0-9])(?:re|pyr)_[A-Za-z0-9]+")

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


@dataclass(frozen=True)
class Document:
    """An invoice, a credit note, or a receivable line of a journal. Amounts debit positive."""

    id: str
    type: str
    number: str
    customer: str
    currency: str
    amount: Decimal
    open: Decimal
    issued: date
    due: date | None
    is_deleted: bool = False


@dataclass(frozen=True)
class Payment:
    """A customer payment, with the provider charges that its memo or external id names."""

    id: str
    customer: str
    currency: str
    amount: Decimal
    unapplied: Decimal
    date: date
    cites: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Application:
    """What a credit side settles of a debit side."""

    payment: str
    document: str
    currency: str
    amount: Decimal
    date: date


@dataclass(frozen=True)
class Deposit:
    """A bank deposit, with the payouts that it names."""

    id: str
    currency: str
    amount: Decimal
    date: date
    status: str
    cites: frozenset[str]


@dataclass
class ErpView:
    """The books of one connection, without what is out of its scope."""

    office: Office
    customers: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    applications: list[Application] = field(default_factory=list)
    deposits: list[Deposit] = field(default_factory=list)
    refunds: frozenset[str] = frozenset()  # provider refunds that a customer refund names

    @property
    def connection(self) -> str:
        return self.office.connection

    def key(self, native: str) -> str:
        return f"netsuite:{self.connection}:{native}"

    def citing(self) -> dict[str, list[Payment]]:
        """Charge id -> the live payments that name it, oldest first."""
        found: dict[str, list[Payment]] = defaultdict(list)
        for payment in self.payments.values():
            for charge in payment.cites:
                found[charge].append(payment)
        return found


def read(office: Office) -> ErpView:
    """Everything of one connection as its books have it now."""
    books, subsidiary = office.books, int(office.profile.subsidiary)
    view = ErpView(office)
    with books.lock:  # one state, although it is several questions
        customers = books.rows(_CUSTOMERS.format(subsidiary=subsidiary, excluded=int(office.intercompany)))
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


def _header(view: ErpView, key: str, row: Row, paid: dict[str, Decimal], used: dict[str, Decimal]) -> None:
    kind, customer, total = row["type"], str(row["entity"]), Decimal(str(row["foreigntotal"]))
    if kind == "Deposit":
        cites = frozenset(PAYOUT.findall(_words(row)))
        view.deposits.append(Deposit(key, row["currency"], total, row["trandate"], str(row["status"]), cites))
    elif customer not in view.customers:
        return
    elif kind in ("CustInvc", "CustCred"):
        _document(view, key, "invoice" if kind == "CustInvc" else "credit_note", row, customer, total, paid, used)
    elif kind == "CustPymt" and row["voided"] != "T":
        cites = frozenset(CHARGE.findall(_words(row)))
        unapplied = total - used.get(key, ZERO)
        view.payments[key] = Payment(key, customer, row["currency"], total, unapplied, row["trandate"], cites)
    elif kind == "CustRfnd":
        view.refunds |= frozenset(REFUND.findall(_words(row)))


def _document(
    view: ErpView,
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
    view.documents[key] = Document(
        key, kind, row["tranid"], customer, row["currency"], amount, still, row["trandate"], row["duedate"], gone
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


def _words(row: Row) -> str:
    return f"{row['memo'] or ''} {row['externalid'] or ''}"


def document_row(view: ErpView, document: Document) -> Row:
    """A document in the shape of the truth."""
    return {
        "system": "netsuite",
        "connection": view.connection,
        "id": document.id,
        "type": document.type,
        "number": document.number,
        "customer_id": document.customer,
        "currency": document.currency,
        "amount": text(document.amount, document.currency),
        "open_amount": text(document.open, document.currency),
        "issued_date": document.issued.isoformat(),
        "due_date": document.due.isoformat() if document.due else None,
        "is_deleted": document.is_deleted,
    }


def payment_row(view: ErpView, payment: Payment, *, is_deleted: bool = False) -> Row:
    """A payment in the shape of the truth."""
    return {
        "system": "netsuite",
        "connection": view.connection,
        "id": payment.id,
        "customer_id": payment.customer,
        "currency": payment.currency,
        "amount": text(payment.amount, payment.currency),
        "unapplied_amount": text(payment.unapplied, payment.currency),
        "date": payment.date.isoformat(),
        "is_deleted": is_deleted,
    }
