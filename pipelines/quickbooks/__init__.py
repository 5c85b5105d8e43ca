"""QuickBooks Online.

What
    Intuit QuickBooks Online through its Accounting API v3. One connection is one company (realm).

Auth
    OAuth 2.0: a person consents once, and the refresh token of that consent is the secret we begin with. Intuit replaces it about once a
    day; the newest lies in a private file of the home, stored before the access token that came with it is used, and a company has one
    refresher among all processes. A consent whose e-mail address Intuit calls unverified is refused and none of its tokens kept.

Reads
    The tables of `tables.py`. First everything by pages of 1,000 in the order of ids, then change data capture since the last complete
    read less an overlap, by QuickBooks' own clock. Beyond 30 days, and where capture is cut off, queries by time and a comparison of ids.
    More deletions of a table than the brake allows are held until a person confirms. Counts, balances and the AgedReceivables report are
    asked independently.

Writes
    Payments, bank deposits, and reversals: a journal for each invoice that the payment paid puts the debt back, and the payment is pointed
    at the journals instead, unless it is in a deposit and has to stay as it is. Each is found first by a reference made of our key, then
    created under a request id made of it. The same key with another amount or customer is an error. One field of a record, by a rule: a
    sparse update, found by its value.

Quirks
    2026-11-20: a 429 comes as XML although JSON was asked; nothing may be sent for a minute
    (https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features).
    2026-11-20: change data capture reaches 30 days back, gives 1,000 objects in all, and does not say that it left some out
    (https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture).
    2026-11-20: a query that finds nothing gives no key at all; names that are inactive are hidden unless asked for.
    2026-11-20: PrivateNote cannot be queried; so our key is looked for by PaymentRefNum, DocNumber or date, and read in the note.
    2026-11-20: a deposit line that links a payment is refused if it carries DepositLineDetail, with "Select a bank account for this
    deposit" (https://github.com/routablehq/python-quickbooks/issues/391).
    2026-11-20: nothing of a payment that is in a deposit can be changed, its applications neither (6540,
    https://developer.intuit.com/hub/blog/2017/06/08/top-quickbooks-online-api-errors-and-how-to-handle-them/).
    2026-11-20: a request id repeated gives the first answer again, also for what has been deleted since.

Environment
    No fixed names: each secret setting (client_id, client_secret, refresh_token) refers to the variable that holds it.
"""

from typing import TYPE_CHECKING, Any

from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.tables import TABLES
from pipelines.system import Check, System, Writer

if TYPE_CHECKING:
    from pipelines.connections import Connection
    from pipelines.sync import SyncContext


def _source(connection: "Connection", context: "SyncContext") -> Any:
    from pipelines.quickbooks.source import source  # dlt is slow to import, and most commands need none of it

    return source(connection, context)


def _check(connection: "Connection") -> Check:
    from pipelines.quickbooks.check import check

    return check(connection)


def _writer(connection: "Connection") -> Writer:
    from pipelines.quickbooks.writer import QuickBooksWriter

    return QuickBooksWriter(connection)


def _arrivals(connection: "Connection") -> str:
    from pipelines.quickbooks.watch import arrivals

    return arrivals(connection)


SYSTEM = System(
    name="quickbooks",
    kind="erp",
    settings=QuickBooksSettings,
    tables=TABLES,
    source=_source,
    check=_check,
    writer=_writer,
    arrivals=_arrivals,
    write_kinds=("payment", "deposit", "reversal", "record_update"),
)
