"""What the fictional company does to its books: documents, payments, deposits, journals.

Ids are text, money is Decimal in document currency, `at` the aware instant of the change, dates are days in the company's own zone. The
keyword names are those of the other ERPs' books; `subsidiary` is accepted and means nothing here, `currency` is the ISO code and has to be
the customer's. A refund is a RefundReceipt: as in the real product it stands alone, so `apply` only has to name payments that exist, and
their unapplied money stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date as Day
from datetime import datetime, timedelta
from decimal import Decimal

from .ledger import Apply, Ledger, combine, parse
from .model import ZERO, Item, JournalLine, Line, OtherLine, Refused, Txn, total_of

_NUMBERED = ("Invoice", "CreditMemo", "RefundReceipt")
NOT_APPLICABLE = "Business Validation Error: The transaction you selected cannot be applied to a Deposit. It is not in Undeposited Funds or is already deposited."
SELECT_BANK = "Business Validation Error: Select a bank account for this deposit."


class Books(Ledger):
    """Posting methods; each returns the id of what it made."""

    def post_invoice(
        self, *, customer: str, date: Day, lines: Sequence[Line], at: datetime, subsidiary: str = "", currency: str | None = None,
        exchange_rate: Decimal | None = None, due_date: Day | None = None, number: str | None = None, memo: str | None = None,
        other_ref: str | None = None, terms: str | None = None, external_id: str | None = None,
    ) -> str:  # fmt: skip
        with self.lock:
            txn = self._sale("Invoice", customer, currency, exchange_rate, date, lines, at, number, memo)
            term = self.store.name("Term", terms) if terms else None
            txn.due = due_date or date + timedelta(days=int(term.data["DueDays"]) if term else 0)
            txn.term = term.id if term else None
            if other_ref:
                field = {"DefinitionId": "1", "Name": "P.O. Number", "Type": "StringType", "StringValue": other_ref}
                txn.extra = {"CustomField": [field]}
            self.store.put(txn)
            return str(txn.id)

    def post_credit_memo(
        self, *, customer: str, date: Day, lines: Sequence[Line], at: datetime, subsidiary: str = "", currency: str | None = None,
        exchange_rate: Decimal | None = None, apply: Apply = (), number: str | None = None, memo: str | None = None, external_id: str | None = None,
    ) -> str:  # fmt: skip
        with self.lock:
            txn = self._sale("CreditMemo", customer, currency, exchange_rate, date, lines, at, number, memo)
            self.store.put(txn)
            wanted = combine(apply)
            if wanted:
                self.credit((txn.id, 0), wanted, at, date)
            return str(txn.id)

    def post_payment(
        self, *, customer: str, date: Day, amount: Decimal, at: datetime, subsidiary: str = "", currency: str | None = None,
        exchange_rate: Decimal | None = None, account: str | None = None, apply: Apply = (), memo: str | None = None,
        method: str | None = None, external_id: str | None = None, reference: str | None = None,
    ) -> str:  # fmt: skip
        """`account` None means Undeposited Funds. `memo` is the PrivateNote, `reference` (or `external_id`) the PaymentRefNum."""
        with self.lock:
            txn = self.draft(
                "Payment",
                customer,
                currency,
                exchange_rate,
                amount,
                date,
                at,
                note=memo,
                reference=reference or external_id,
            )
            txn.account = self.undeposited if account is None else self.account(account).id
            txn.method = int(method) if method else None
            self.enter_payment(txn, combine(apply), at)
            return str(txn.id)

    def enter_payment(self, txn: Txn, links: dict[tuple[int, int], Decimal], at: datetime) -> None:
        """Put a new payment into the books, with its links. Raises Refused without a trace."""
        if links:
            self.check_links(txn, links, txn.total)
        self.store.put(txn)
        if links:
            self.relink(txn, links, at)

    def post_refund(
        self, *, customer: str, date: Day, amount: Decimal, account: str, at: datetime, subsidiary: str = "", currency: str | None = None,
        exchange_rate: Decimal | None = None, apply: Apply = (), memo: str | None = None, external_id: str | None = None,
        bank: str | None = None, method: str | None = None,
    ) -> str:  # fmt: skip
        """A refund receipt of one line on `account` (an income account), paid from `bank` (default: the bank account of the currency)."""
        with self.lock:
            for reference, _ in apply:
                self.txn(parse(reference)[0])
            lines = [Line(account, amount, memo)]
            txn = self._sale("RefundReceipt", customer, currency, exchange_rate, date, lines, at, None, memo)
            txn.account = self.account(bank).id if bank else self.bank(txn.currency)
            txn.reference, txn.method = external_id, int(method) if method else None
            self.store.put(txn)
            return str(txn.id)

    def post_deposit(
        self, *, account: str, date: Day, payments: Iterable[str], at: datetime, subsidiary: str = "", currency: str | None = None,
        exchange_rate: Decimal | None = None, other: Sequence[OtherLine] = (), cashback: Sequence[OtherLine] = (), memo: str | None = None,
        external_id: str | None = None,
    ) -> str:  # fmt: skip
        """`payments` are payments (or refund receipts) in undeposited funds; `other` amounts are signed, `cashback` has one line at most."""
        with self.lock:
            code = currency or str(self.account(account).data["CurrencyRef"]["value"])
            txn = self.draft(
                "Deposit", None, code, exchange_rate, ZERO, date, at, note=memo, account=self.account(account).id
            )
            self.fill_deposit(txn, [int(key) for key in payments], other, cashback[0] if cashback else None, at)
            self.store.put(txn)
            return str(txn.id)

    def fill_deposit(
        self, txn: Txn, payments: list[int], other: Sequence[OtherLine], cash_back: OtherLine | None, at: datetime
    ) -> None:
        """What a deposit holds. Payments that leave it are undeposited again. Raises Refused without a trace."""
        held = [self.depositable(key, txn) for key in payments]
        if len(set(payments)) != len(payments):
            raise Refused("6000", NOT_APPLICABLE, "Line.LinkedTxn")
        total = total_of(doc.total if doc.type == "Payment" else -doc.total for doc in held) + total_of(
            line.amount for line in other
        )
        total -= cash_back.amount if cash_back else ZERO
        if total < 0:
            raise Refused("6000", "Business Validation Error: Transaction amount must be 0 or greater.", "TotalAmt")
        for doc in held:
            if doc.deposit is None:
                doc.deposit = txn.id
                self.store.touch(doc, at)
        for key in set(txn.payments) - set(payments):
            self.store.txns[key].deposit = None
            self.store.touch(self.store.txns[key], at)
        txn.payments, txn.lines, txn.cash_back, txn.total = tuple(payments), tuple(other), cash_back, total

    def depositable(self, key: int, deposit: Txn) -> Txn:
        """A payment that may go into a deposit. Raises Refused: 2500 for one that is not there, 6000 for one that is not waiting."""
        doc = self.store.txns.get(key)
        if doc is None or doc.type not in ("Payment", "RefundReceipt"):
            raise Refused("2500", f"Invalid Reference Id : Transaction element id {key} not found", "TxnId")
        if doc.account != self.undeposited or doc.deposit not in (None, deposit.id) or doc.total == 0:
            raise Refused("6000", NOT_APPLICABLE, "Line.LinkedTxn")
        if doc.currency != deposit.currency:
            raise Refused(
                "6000",
                "Business Validation Error: All transactions of a deposit must be in the currency of the deposit.",
                "CurrencyRef",
            )
        return doc

    def post_journal(
        self, *, date: Day, lines: Sequence[JournalLine], at: datetime, subsidiary: str = "", currency: str | None = None,
        exchange_rate: Decimal | None = None, memo: str | None = None, external_id: str | None = None, number: str | None = None,
    ) -> str:  # fmt: skip
        """Each line on a receivables account with a customer is an open item, `<journal>.<line>`, lines counting from 0."""
        with self.lock:
            txn = self.draft(
                "JournalEntry",
                None,
                currency,
                exchange_rate,
                total_of(line.debit for line in lines),
                date,
                at,
                note=memo,
                number=number,
            )
            self.fill_journal(txn, lines)
            self.store.put(txn)
            return str(txn.id)

    def fill_journal(self, txn: Txn, lines: Sequence[JournalLine]) -> None:
        """The lines of a journal and its open items. Raises Refused for one that does not balance or has a receivable without a customer."""
        if total_of(line.debit - line.credit for line in lines) != 0:
            raise Refused("6000", "Business Validation Error: Please balance debits and credits.", "Line")
        items = []
        for index, line in enumerate(lines):
            if self.account(line.account).data["AccountType"] != "Accounts Receivable":
                continue
            if not line.entity or line.entity_type != "Customer":
                raise Refused(
                    "6000",
                    "Business Validation Error: You must select a customer for each split line that uses an Accounts Receivable account.",
                    "Entity",
                )
            own = self.customer(line.entity)
            if own.data["CurrencyRef"]["value"] != txn.currency:
                raise Refused(
                    "6000",
                    "Business Validation Error: The currency of the customer must be the currency of the transaction.",
                    "CurrencyRef",
                )
            amount = line.debit - line.credit
            items.append(Item(index, amount > 0, abs(amount), own.id))
        txn.items, txn.lines, txn.total = tuple(items), tuple(lines), total_of(line.debit for line in lines)

    def _sale(self, kind: str, customer: str, currency: str | None, rate: Decimal | None, day: Day, lines: Sequence[Line], at: datetime,
              number: str | None, memo: str | None) -> Txn:  # fmt: skip
        txn = self.draft(kind, customer, currency, rate, total_of(line.effect for line in lines), day, at, note=memo)
        txn.number, txn.lines = number or self.next_number(kind), tuple(lines)
        if kind != "RefundReceipt":
            txn.receivable = self.receivable(txn.currency)
            txn.items = (Item(0, kind == "Invoice", txn.total, txn.customer or 0),)
        return txn

    def next_number(self, kind: str) -> str | None:
        """The next number of a sales form: one sequence for all of them. Other transactions get none."""
        if kind not in _NUMBERED:
            return None
        self._next["DocNumber"] = self._next.get("DocNumber", 1000) + 1
        return str(self._next["DocNumber"])

    def bank(self, currency: str) -> int:
        """The first active bank account in a currency. Raises ValueError if there is none."""
        for account in self.store.names("Account"):
            if (
                account.active
                and account.data["AccountType"] == "Bank"
                and account.data["CurrencyRef"]["value"] == currency
            ):
                return account.id
        raise ValueError(f"there is no bank account in {currency} in {self.realm_id}")
