"""A strict twin of QuickBooks Online: the books of a company, the Accounting API v3 over them, and Intuit's OAuth.

Written from the vendor's contracts, apart from the client; `Company` is what a fictional company fills, `app` what a client calls.

Decided where the contracts are silent:

- Without ORDERBY, transactions come newest id first, names by name. LIKE and `=` on text ignore case. MAXRESULTS above 1000 is a 4001.
- A time without an offset (query, changedSince) is Pacific. CDC lists each entity oldest change first, entities in the order asked, the
  first 1000 in all; further back than 30 days of company time is a 4001.
- Linking or unlinking a document gives payment and document a new SyncToken and time; a new deposit does so to its payments. A customer's
  Balance changes without a new time. ExchangeRate and the Home amounts are there only for a foreign currency.
- A payment settles documents of its own customer only. A deposited payment refuses every change through the API (6540).
- Deleting or voiding an invoice leaves its payments with unapplied money; what a deleted credit memo paid is owed again.
- A refund receipt touches no receivable and consumes no payment. A deposit line on a receivables account is refused.
- Of a `requestid` (at most 50 characters) only a success is remembered, and repeated byte for byte. In a batch it stands for each write with
  its bId, unless the item has one of its own.
- Webhooks go out soon after a change, several in one call, by subscription in either body; a call that fails is made three times.
- A token for another company is a 401 in XML (code 100); one without the accounting scope a 403 (3100); the user info needs `openid`.
- Without `application/json` in Accept the answer is XML. A write that is not JSON, or a query that is not application/text, is a 415.
- The report's past days are made from dated links; credits and unapplied payments age from their own date; each document is converted at
  its own rate and rounded by itself.
"""

from __future__ import annotations

from .app import app
from .credentials import ACCOUNTING, OPENID, SCOPES, Credentials
from .model import JournalLine, Line, OtherLine, Refused
from .realm import Limits, Realm
from .row_types import ApplicationRow, CustomerRow, DepositRow, DocumentRow, PaymentRow, RefundRow
from .rows import Company

__all__ = [
    "ACCOUNTING",
    "OPENID",
    "SCOPES",
    "ApplicationRow",
    "Company",
    "Credentials",
    "CustomerRow",
    "DepositRow",
    "DocumentRow",
    "JournalLine",
    "Limits",
    "Line",
    "OtherLine",
    "PaymentRow",
    "Realm",
    "RefundRow",
    "Refused",
    "app",
]  # fmt: skip
