"""Records as JSON: the body of a record by id, its sublists, their elements."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from . import chart
from .fields import RECORD_OF, ROWS, TABLE_OF
from .model import STATUS_NAMES, Doc
from .references import Json, stamp, without_null
from .sublists import Sublists


class Reader(Sublists):
    """Renders the records of one account for one request."""

    def row(self, record: str, key: int) -> Json:
        """A list record: customer, contact, currency, ..."""
        held = self.books.store.reference[TABLE_OF[record]][key]
        body: Json = {
            "links": self.link(f"{record}/{key}"),
            "id": str(key),
            "refName": self.name(record, key),
        }
        for name, (column, kind) in ROWS[record].items():
            body[name] = self._plain(held.get(column), kind)
        if record == "customer":
            body |= self._customer(key)
        return without_null(body)

    def _plain(self, value: Any, kind: str) -> Any:
        if value is None:
            return None
        if kind.startswith("ref:"):
            return self.ref(kind[4:], value)
        shown: dict[str, Callable[[Any], Any]] = {
            "bool": lambda it: it == "T",
            "number": float,
            "datetime": stamp,
            "date": lambda it: it.isoformat(),
            "enum": lambda it: self.enum(it, it),
        }
        return shown.get(kind, lambda it: it)(value)

    def _customer(self, key: int) -> Json:
        open_, overdue = Decimal(0), Decimal(0)
        today = self.books.clock.now().astimezone(self.books.zone).date()
        found = self.books.rows(
            "select foreignamountunpaid * exchangerate as due, duedate < date '" + today.isoformat() + "' as late"
            f" from transaction where entity = {key} and type = 'CustInvc' and foreignamountunpaid <> 0"
        )
        for row in found:
            open_ += Decimal(str(row["due"]))
            overdue += Decimal(str(row["due"])) if row["late"] else Decimal(0)
        relations = self.books.store.reference["customersubsidiaryrelationship"].values()
        primary = next(
            (row["subsidiary"] for row in relations if row.get("entity") == key and row.get("isprimarysub") == "T"),
            None,
        )
        return {
            "balance": float(round(open_, 2)),
            "overdueBalance": float(round(overdue, 2)),
            "subsidiary": self.ref("subsidiary", primary),
            "addressBook": self.sublist(f"customer/{key}/addressBook", []),
            "contactRoles": self.sublist(f"customer/{key}/contactRoles", []),
        }

    def doc(self, doc: Doc) -> Json:
        """A transaction."""
        record = RECORD_OF[doc.type]
        body: Json = {
            "links": self.link(f"{record}/{doc.id}"),
            "id": str(doc.id),
            "tranId": doc.number,
            "externalId": doc.external_id,
            "currency": self.ref("currency", doc.currency),
            "subsidiary": self.ref("subsidiary", doc.subsidiary),
            "exchangeRate": float(doc.rate),
            "tranDate": doc.date.isoformat(),
            "createdDate": stamp(doc.created),
            "lastModifiedDate": stamp(doc.modified),
            "memo": doc.memo,
            "postingPeriod": self.ref("accountingPeriod", doc.period),
        }
        parts: dict[str, Callable[[Doc], Json]] = {
            "CustInvc": self._invoice, "CustCred": self._credit, "CustPymt": self._payment, "CustRfnd": self._refund,
            "Deposit": self._deposit, "Journal": lambda _: {"void": doc.voided},
        }  # fmt: skip
        body |= parts[doc.type](doc)
        for name, items in self.sublists(doc).items():
            body[name] = self.sublist(f"{record}/{doc.id}/{name}", items())
        return without_null(body)

    def _state(self, doc: Doc) -> Any:
        return self.enum(doc.state(), STATUS_NAMES[doc.type].get(doc.state()))

    def _invoice(self, doc: Doc) -> Json:
        item = doc.items[0]
        return {
            "entity": self.ref("customer", doc.customer), "status": self._state(doc), "dueDate": doc.due.isoformat() if doc.due else None,
            "otherRefNum": doc.other_ref, "terms": self.ref("term", doc.terms), "account": self.ref("account", doc.account),
            "total": float(doc.total), "amountPaid": float(item.settled), "amountRemaining": float(item.open),
            "custbody_po_contact_email": doc.po_contact,
        }  # fmt: skip

    def _credit(self, doc: Doc) -> Json:
        item = doc.items[0]
        return {
            "entity": self.ref("customer", doc.customer), "status": self._state(doc), "account": self.ref("account", doc.account),
            "total": float(doc.total), "applied": float(item.settled), "unapplied": float(item.open), "amountRemaining": float(item.open),
        }  # fmt: skip

    def _payment(self, doc: Doc) -> Json:
        item = doc.items[0]
        waiting = doc.account == chart.undeposited(self.books.store)
        return {
            "customer": self.ref("customer", doc.customer), "status": self._state(doc), "account": self.ref("account", doc.account),
            "arAcct": self.ref("account", chart.receivable(self.books.store)), "payment": float(doc.total), "applied": float(item.settled),
            "unapplied": float(item.open), "total": float(doc.total), "paymentOption": self.ref("paymentMethod", doc.method),
            "undepFunds": self.enum("true" if waiting else "false", "Undep. Funds" if waiting else "Account"),
        }  # fmt: skip

    def _refund(self, doc: Doc) -> Json:
        return {
            "customer": self.ref("customer", doc.customer), "account": self.ref("account", doc.account), "total": float(doc.total),
            "arAcct": self.ref("account", chart.receivable(self.books.store)), "status": self.enum("V", "Voided") if doc.voided else None,
        }  # fmt: skip

    def _deposit(self, doc: Doc) -> Json:
        base = doc.currency == chart.currency_id(self.books.store, self.books.base_currency)
        return {
            "account": self.ref("account", doc.account),
            "total": float(doc.total),
            "isBaseCurrency": base,
        }
