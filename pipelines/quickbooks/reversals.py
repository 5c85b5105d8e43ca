"""What happens to a payment whose money the provider has taken back (Q19-Q21).

The loss becomes journals, one for each invoice that the payment paid: debit receivables with the customer, credit `dispute_account`. One
each, because it is not certain that QuickBooks takes two lines on receivables in one journal. The payout that claws the money back has a
negative line on that same account in its own deposit, so the account comes to zero.

A payment that waits in the holding account is then pointed at the journals instead of the invoices: each invoice is as open as it was
before, and the payment, which came and went, settles what was lost. A payment that is in a deposit cannot be changed at all: QuickBooks
refuses any update of it, sparse or full, with 6540, and the only way round is to take it out of its deposit, which would no longer be what
the bank received. So payment and deposit stay as they are, what is open is the journal, and a person moves the ticks in QuickBooks.

Without `dispute_account` no loss can be written: a payment that waits is unapplied, and one that is in a deposit is for a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, partial
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.quickbooks import losses
from pipelines.quickbooks.client import Client
from pipelines.quickbooks.company import Company
from pipelines.quickbooks.errors import Deposited, Stale
from pipelines.quickbooks.keys import carries, compare, note, number, part_reference, parts_of, ref, request_id, value
from pipelines.quickbooks.losses import Loss
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.transport import Row
from pipelines.system import Intent, Rejected

ENTITY = "JournalEntry"
Make = Callable[[str, Mapping[str, Any], Callable[[Row], None]], str]  # (key, body, check) -> the id of what is there
_TRIES, _DESCRIPTION = 3, 4000
_READ_ONLY = ("MetaData", "UnappliedAmt", "LinkedTxn", "domain", "status", "sparse", "time")


@dataclass
class Reversal:
    """One payment's reversal, as far as it has come: each step is looked for before it is made."""

    client: Client
    company: Company
    settings: QuickBooksSettings
    intent: Intent

    def find(self) -> str | None:
        """The payment's id once nothing is left to do: all its journals are there, and unless it is in a deposit it points at them."""
        rows = self.client.query(f"SELECT * FROM Payment WHERE Id = '{self._payment_id}'")
        if not rows:
            return None
        lost = self._lost(rows[0])
        self._check(rows[0], lost)
        there = {str(row["DocNumber"]) for row in self._journals}
        if lost and not (is_deposited(rows[0]) and all(self._reference(loss) in there for loss in lost)):
            return None
        return self._payment_id

    def create(self, make: Make) -> str:
        """Make what is missing; returns the payment's id. Raises Rejected where it would not tie."""
        for attempt in range(1, _TRIES + 1):
            payment = self.client.read("Payment", self._payment_id)
            lost = self._lost(payment)
            self._check(payment, lost)
            if lost and self.settings.dispute_account:
                self._enter(payment, lost, make)
            try:
                if lost and not self._is_closed(payment):
                    self._repoint(payment)
            except Stale:
                if attempt == _TRIES:
                    raise
                continue
            except Deposited:  # meanwhile, or its answer did not say so
                self._is_closed({**payment, "LinkedTxn": [{"TxnType": "Deposit"}]})
            return self._payment_id
        raise AssertionError("unreachable")

    @property
    def _payment_id(self) -> str:
        kind = str(self.intent.payload.get("payment_type") or "payment")
        if kind not in {"payment", "Payment"}:
            raise Rejected(
                f"{self.intent.connection}: {self.intent.key}: only a customer payment can be reversed, not a {kind}; nothing was written."
            )
        return str(self.intent.payload["payment_id"])

    @cached_property
    def _journals(self) -> list[Row]:
        """The journals that carry the key."""
        like = f"DocNumber LIKE '{parts_of(self.intent.key)}%'"
        rows = self.client.query(f"SELECT * FROM {ENTITY} WHERE {like} MAXRESULTS 1000")
        return [row for row in rows if carries(row, self.intent.key)]

    def _reference(self, loss: Loss) -> str:
        return part_reference(self.intent.key, loss.part)

    def _lost(self, payment: Row) -> list[Loss]:
        return losses.of(self.client, payment, {str(row["Id"]) for row in self._journals})

    def _is_closed(self, payment: Row) -> bool:
        """Whether the payment cannot be changed. Raises Rejected if then nothing can be done."""
        if is_deposited(payment) and not self.settings.dispute_account:
            raise Rejected(
                f"{self.intent.connection}: payment {self._payment_id} is in a deposit, so it stays as it is, and there is no"
                " dispute_account to reopen the receivable against; nothing was written. Remedy: set dispute_account, then retry the intent."
            )
        return is_deposited(payment)

    def _check(self, payment: Row, lost: list[Loss]) -> None:
        """Raise Rejected unless this is the payment we mean and its journals, there or missing, sum to what it lost."""
        amount, own = number(self.intent, self.intent.payload["amount"], "the amount"), losses.own_money(payment)
        wanted = {"amount": amount, "currency": str(self.intent.payload["currency"])}
        compare(
            self.intent, "payment", payment, wanted, {"amount": _total(payment), "currency": self._currency(payment)}
        )
        by_part = {self._reference(loss): loss for loss in lost}
        for row in self._journals:
            if loss := by_part.pop(str(row["DocNumber"]), None):
                self._check_journal(payment, loss, row)
        put_back = sum(map(_debit, self._journals), sum((loss.amount for loss in by_part.values()), Decimal(0)))
        if put_back > own or (lost and not is_deposited(payment) and self.settings.dispute_account and put_back != own):
            raise Rejected(
                f"{self.intent.connection}: {self.intent.key}: its journals would put back {put_back}, and payment {self._payment_id} has"
                f" {own} of its own: somebody has changed what it pays meanwhile. Remedy: correct payment and journals in QuickBooks."
            )

    def _enter(self, payment: Row, lost: list[Loss], make: Make) -> None:
        """The journals that are missing."""
        there = {str(row["DocNumber"]) for row in self._journals}
        for loss in lost:
            if (reference := self._reference(loss)) not in there:
                body = self._body(payment, loss)
                made = make(f"{self.intent.key}/{loss.part}", body, partial(self._check_journal, payment, loss))
                self._journals.append({**body, "Id": made, "DocNumber": reference})

    def _body(self, payment: Row, loss: Loss) -> dict[str, Any]:
        """The journal that puts one loss back on the customer."""
        memo = f"{loss.words[0].upper()}{loss.words[1:]} of payment {self._payment_id} taken back: {self.intent.payload.get('memo') or ''}"
        entity = {"Type": "Customer", "EntityRef": ref(value(payment.get("CustomerRef")))}
        sides = (
            ("Debit", {"AccountRef": ref(self._receivable(payment)), "Entity": entity}),
            ("Credit", {"AccountRef": ref(self.settings.dispute_account)}),
        )
        made: dict[str, Any] = {
            "DocNumber": self._reference(loss),
            "TxnDate": self.company.posting_day(_today(self.client, self.settings), self.settings.closed_period),
            "PrivateNote": note(self.intent),
            "CurrencyRef": ref(self._currency(payment)),
            "Line": [
                {
                    "Amount": loss.amount, "Description": memo[:_DESCRIPTION], "DetailType": "JournalEntryLineDetail",
                    "JournalEntryLineDetail": {"PostingType": side, **detail},
                }
                for side, detail in sides
            ],
        }  # fmt: skip
        if isinstance(payment.get("ExchangeRate"), Decimal | int):
            made["ExchangeRate"] = payment["ExchangeRate"]
        return made

    def _check_journal(self, payment: Row, loss: Loss, found: Row) -> None:
        """Raise Rejected unless a journal is the one we mean: this amount, on this account, of this customer."""
        wanted = {
            "amount": loss.amount,
            "customer": value(payment.get("CustomerRef")),
            "account": self._receivable(payment),
        }
        detail: Row = next((line["JournalEntryLineDetail"] for line in _debits(found)), {})
        actual = {
            "amount": _debit(found),
            "customer": value((detail.get("Entity") or {}).get("EntityRef")),
            "account": value(detail.get("AccountRef")),
        }
        compare(self.intent, "journal entry", found, wanted, actual)

    def _repoint(self, payment: Row) -> None:
        """Let the payment settle its journals instead of the invoices; without any, nothing. Raises Stale, Deposited."""
        lines = [
            {"Amount": _debit(row), "LinkedTxn": [{"TxnId": str(row["Id"]), "TxnType": ENTITY}]}
            for row in self._journals
        ]
        body = {key: item for key, item in payment.items() if key not in _READ_ONLY}
        body["Line"] = [*losses.kept(payment), *lines]
        self.client.update("Payment", body, request_id(self.intent.key, str(payment["SyncToken"])))

    def _currency(self, payment: Row) -> str:
        return value(payment.get("CurrencyRef")) or str(self.company.preferences.get("home_currency"))

    def _receivable(self, payment: Row) -> str:
        return value(payment.get("ARAccountRef")) or self.company.receivable(self._currency(payment))


def is_deposited(payment: Row) -> bool:
    """Whether the payment says so itself; not every answer does, and then QuickBooks refuses the update."""
    return any(link.get("TxnType") == "Deposit" for link in payment.get("LinkedTxn") or [])


def _total(payment: Row) -> Decimal:
    return Decimal(str(payment.get("TotalAmt") or 0))


def _debits(entry: Mapping[str, Any]) -> list[Row]:
    lines = [line for line in entry.get("Line") or [] if "JournalEntryLineDetail" in line]
    return [line for line in lines if line["JournalEntryLineDetail"].get("PostingType") == "Debit"]


def _debit(entry: Mapping[str, Any]) -> Decimal:
    return sum((Decimal(str(line["Amount"])) for line in _debits(entry)), Decimal(0))


def _today(client: Client, settings: QuickBooksSettings) -> str:
    """The company's day by QuickBooks' own clock, which has just told the time."""
    now = client.server_time or datetime.now(ZoneInfo("UTC"))
    return now.astimezone(ZoneInfo(settings.time_zone)).date().isoformat()
