"""NetSuite.

What
    Oracle NetSuite through SuiteTalk REST: SuiteQL for reading, the record API for writing. One connection is one account, or some of
    its subsidiaries.

Auth
    OAuth 2.0 client credentials (`auth = "oauth2"`): a JWT signed with the private key whose certificate is mapped to the integration
    user; an access token lives an hour and is minted again before it ends. OAuth 1.0a token-based (`auth = "oauth1"`): every request,
    and every retry of one, is signed anew with HMAC-SHA256; the realm is the account id with its underscore, the host with a hyphen.

Reads
    The tables of `tables.py`, a customer with its default addresses. First everything in ranges of ids, then what changed since the last complete read less two hours, by the
    account's own clock. A transaction is read whole: header, lines, postings and applications are one version. Deletions come from
    `deletedrecord`; more of them than the brake allows are held until a person confirms. Counts and balances are asked independently.

Writes
    Customer payments, bank deposits, and the unapplying of a payment, each under our key as external id: found first, then created,
    never updated. One field of a record, by a rule: found by its value. The same key with another amount or customer is an error.

Quirks
    2026-11-20: SuiteQL values are all text, null columns are absent, dates come in the user's format unless TO_CHAR is used, and times
    in the user's time zone: `time_zone` must be the integration user's
    (https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156257799794.html).
    2026-11-20: at most 1,000 rows a page, offsets multiples of the limit, 100,000 rows a query (same page).
    2026-11-20: a missing permission is 400 USER_ERROR, not 403, and rows of a subsidiary the role cannot see are just absent; so what
    disappears is never taken for deleted unless NetSuite says so.
    2026-11-20: X-NetSuite-Idempotency-Key is ignored on synchronous calls; the external id is what makes a create happen once.
    2026-11-28: a customer's default addresses are ids (nkey) of the table entityaddress: so an extract of a real account's table has its
    columns (fivetran/dbt_netsuite, integration_tests/seeds), and so public SuiteQL joins it. Which permission opens it is not documented;
    where a role sees no such table customers come without addresses. BUILTIN.DF(category) is the category's name.
    2026-11-20: OAuth 1.0a takes no new integrations from release 2027.1
    (https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_0525020842.html).
    2026-11-20: every failed login is the same 401; the cause is only in NetSuite's Login Audit Trail.

Environment
    No fixed names: each secret setting (consumer_key, consumer_secret, token_id, token_secret; client_id, certificate_id, private_key)
    refers to the variable that holds it.
"""

from typing import TYPE_CHECKING, Any

from pipelines.netsuite.settings import NetSuiteSettings
from pipelines.netsuite.tables import TABLES
from pipelines.system import Check, System, Writer

if TYPE_CHECKING:
    from pipelines.connections import Connection
    from pipelines.sync import SyncContext


def _source(connection: "Connection", context: "SyncContext") -> Any:
    from pipelines.netsuite.source import source  # dlt is slow to import, and most commands need none of it

    return source(connection, context)


def _check(connection: "Connection") -> Check:
    from pipelines.netsuite.check import check

    return check(connection)


def _writer(connection: "Connection") -> Writer:
    from pipelines.netsuite.writer import NetSuiteWriter

    return NetSuiteWriter(connection)


def _arrivals(connection: "Connection") -> str:
    from pipelines.netsuite.watch import arrivals

    return arrivals(connection)


SYSTEM = System(
    name="netsuite",
    kind="erp",
    settings=NetSuiteSettings,
    tables=TABLES,
    source=_source,
    check=_check,
    writer=_writer,
    arrivals=_arrivals,
    write_kinds=("payment", "deposit", "reversal", "record_update"),
)
