"""How documents become rows: the header row, what may change on lines later, and the statements that write lines."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from .model import TYPES, Doc

INSERT_LINES = """
insert into transactionline by name
select l.line as id, l.transaction, l.uniquekey, l.line as linesequencenumber, if(l.line = 0, 'T', 'F') as mainline, 'F' as taxline,
    l.item, l.itemtype, l.quantity, l.memo, l.entity, l.subsidiary, l."foreign" as foreignamount, l.base as netamount,
    if(l."foreign" > 0, l."foreign", null) as debitforeignamount, if(l."foreign" < 0, -l."foreign", null) as creditforeignamount,
    if(l.quantity is null or l.quantity = 0, null, (l."foreign" / l.quantity)::decimal(18,8)) as rate,
    i.paid as foreignamountpaid, i.unpaid as foreignamountunpaid, i.unused as foreignpaymentamountunused,
    i.used as foreignpaymentamountused, l.createdfrom, l.method as paymentmethod, 'F' as cleared, 'F' as isclosed,
    'F' as donotdisplayline, coalesce(i.modified, l.created) as linelastmodifieddate
from staged_line l left join staged_item i on i.transaction = l.transaction and i.line = l.line
"""
INSERT_ACCOUNTING = """
insert into transactionaccountingline by name
select 1 as accountingbook, l.transaction, l.line as transactionline, l.account, l.accttype as accounttype, l.base as amount,
    l.base as netamount, if(l.base > 0, l.base, null) as debit, if(l.base < 0, -l.base, null) as credit, l.rate as exchangerate,
    'T' as posting, round(i.paid * i.rate, 2) as amountpaid, round(i.unpaid * i.rate, 2) as amountunpaid, 0 as amountlinked,
    round(i.unused * i.rate, 2) as paymentamountunused, round(i.used * i.rate, 2) as paymentamountused,
    coalesce(i.modified, l.created) as lastmodifieddate
from staged_line l left join staged_item i on i.transaction = l.transaction and i.line = l.line
"""
UPDATE_LINES = """
update transactionline set foreignamountpaid = i.paid, foreignamountunpaid = i.unpaid, foreignpaymentamountunused = i.unused,
    foreignpaymentamountused = i.used, linelastmodifieddate = i.modified,
    memo = if(i.header = 'T', i.memo, transactionline.memo)
from staged_item i where i.transaction = transactionline.transaction and i.line = transactionline.id
"""
UPDATE_ACCOUNTING = """
update transactionaccountingline set amountpaid = round(i.paid * i.rate, 2), amountunpaid = round(i.unpaid * i.rate, 2),
    paymentamountunused = round(i.unused * i.rate, 2), paymentamountused = round(i.used * i.rate, 2), lastmodifieddate = i.modified
from staged_item i where i.transaction = transactionaccountingline.transaction and i.line = transactionaccountingline.transactionline
"""


def header(doc: Doc) -> dict[str, Any]:
    """The `transaction` row of a document."""
    record, name, _, sign, _ = TYPES[doc.type]
    invoice = doc.items[0] if doc.type == "CustInvc" else None
    return {
        "id": doc.id, "type": doc.type, "abbrevtype": doc.type.upper()[:8], "recordtype": record, "tranid": doc.number,
        "transactionnumber": doc.number, "trandisplayname": f"{name} #{doc.number}", "externalid": doc.external_id, "status": doc.state(),
        "entity": doc.customer, "currency": doc.currency, "exchangerate": doc.rate, "foreigntotal": sign * doc.total,
        "foreignamountpaid": invoice.settled if invoice else None, "foreignamountunpaid": invoice.open if invoice else None,
        "trandate": doc.date, "duedate": doc.due, "closedate": doc.closed, "postingperiod": doc.period, "posting": "T" if doc.posts() else "F",
        "voided": "T" if doc.voided else "F", "void": "T" if doc.voided else "F", "isreversal": "F", "memo": doc.memo,
        "otherrefnum": doc.other_ref, "terms": doc.terms, "paymentmethod": doc.method, "account": doc.account,
        "createddate": doc.created, "lastmodifieddate": doc.modified, "custbody_po_contact_email": doc.po_contact,
    }  # fmt: skip


def items(doc: Doc) -> Iterable[tuple[Any, ...]]:
    """What may change on lines later: paid and unpaid on the debit side, used and unused on the credit side, the memo of the header line."""
    headed = "F" if doc.type == "Journal" else "T"
    for item in doc.items.values():
        if not item.debit:
            amounts: tuple[Decimal | None, ...] = (None, None, item.open, item.settled)
        else:
            amounts = (None,) * 4 if doc.type == "CustRfnd" else (item.settled, item.open, None, None)
        yield (doc.id, item.line, headed, doc.memo, *amounts, doc.rate, doc.modified)
    if 0 not in doc.items:
        yield (doc.id, 0, headed, doc.memo, None, None, None, None, doc.rate, doc.modified)
