"""The sublists of a transaction as JSON: lines, applications, a deposit's payments."""

from __future__ import annotations

from collections.abc import Callable

from . import applications
from .fields import RECORD_OF
from .model import TYPES, Doc, OtherLine
from .references import Json, References


class Sublists(References):
    """Renders the elements of sublists."""

    def sublists(self, doc: Doc) -> dict[str, Callable[[], list[Json]]]:
        """The sublists of a transaction: name -> its elements, made when asked."""
        if doc.type in ("CustInvc", "CustCred"):
            found: dict[str, Callable[[], list[Json]]] = {"item": lambda: self._items(doc)}
            return found | ({"apply": lambda: self._apply(doc)} if doc.type == "CustCred" else {})
        if doc.type == "CustPymt":
            return {"apply": lambda: self._apply(doc), "credit": list, "deposit": list}
        if doc.type == "CustRfnd":
            return {"apply": lambda: self._apply(doc), "deposit": list}
        if doc.type == "Deposit":
            return {
                "payment": lambda: self._payments(doc),
                "other": lambda: self._others(doc.other, True),
                "cashback": lambda: self._others(doc.cashback, False),
            }
        return {"line": lambda: self._journal(doc)}

    def _items(self, doc: Doc) -> list[Json]:
        sign = -1 if doc.type == "CustInvc" else 1
        return [
            {
                "line": row.line, "item": self.ref("item", row.item), "description": row.memo, "amount": float(sign * row.foreign),
                "quantity": None if row.quantity is None else float(abs(row.quantity)), "account": self.ref("account", row.account),
            }
            for row in self.books.postings(doc.id) if row.line
        ]  # fmt: skip

    def _apply(self, doc: Doc) -> list[Json]:
        items = []
        for (other, line), amount in applications.current(doc).items():
            target = self.books.store.docs[other]
            held = target.items[line]
            items.append(
                {
                    "doc": self.ref(RECORD_OF[target.type], other, f"{TYPES[target.type][1]} #{target.number}"), "line": line, "apply": True,
                    "applyDate": target.date.isoformat(), "amount": float(amount), "due": float(held.open + amount), "total": float(held.total),
                    "refNum": target.number, "type": TYPES[target.type][1],
                    "currency": self.books.store.reference["currency"].get(target.currency, {}).get("symbol"),
                }
            )  # fmt: skip
        return items

    def _payments(self, doc: Doc) -> list[Json]:
        return [
            {
                "id": held.id, "deposit": True, "docDate": held.date.isoformat(), "docNumber": held.number, "memo": held.memo,
                "entity": self.ref("customer", held.customer), "paymentAmount": float(held.total), "transactionAmount": float(held.total),
                "paymentMethod": self.ref("paymentMethod", held.method), "type": self.enum(held.type, TYPES[held.type][1]),
            }
            for held in (self.books.store.docs[key] for key in doc.payments)
        ]  # fmt: skip

    def _others(self, lines: tuple[OtherLine, ...], full: bool) -> list[Json]:
        found = []
        for number, line in enumerate(lines, start=1):
            body: Json = {
                "line": str(number),
                "account": self.ref("account", int(line.account)),
                "amount": float(line.amount),
                "memo": line.memo,
            }
            if full:
                body["entity"] = self.ref("entity", int(line.entity)) if line.entity else None
                body["paymentMethod"] = (
                    self.ref("paymentMethod", int(line.payment_method)) if line.payment_method else None
                )
            found.append(body)
        return found

    def _journal(self, doc: Doc) -> list[Json]:
        return [
            {
                "line": row.line, "account": self.ref("account", row.account), "memo": row.memo, "entity": self.ref("customer", row.entity),
                "debit": float(row.foreign) if row.foreign > 0 else None, "credit": float(-row.foreign) if row.foreign < 0 else None,
            }
            for row in self.books.postings(doc.id)
        ]  # fmt: skip
