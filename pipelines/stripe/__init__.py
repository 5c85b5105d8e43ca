"""Stripe: what customers paid, gave back and disputed, and what reached the bank.

What
    One connection is one Stripe account (no Connect): customers, payment intents, charges, refunds, disputes, payouts with their
    members, and every balance transaction.

Auth
    An API key as bearer token, best a restricted one with read permissions only; or Connect OAuth, where the account's owner consents
    (scope read_only) and the access token is refreshed with the platform's secret key. A key or consent of the other mode (live, test)
    or of another account is refused before anything is read.

Reads
    Balance transactions by creation date with an overlap; everything else by creation date, by events since the last sync, and by a
    daily list that reaches further back (`relist_days`). After 29 days without a sync, everything. See `pipelines.stripe.source`.

Writes
    None.

Quirks
    2026-11-20  No list can be filtered by time of change; events are kept for 30 days (docs.stripe.com/api/events).
    2026-11-20  Which transactions a payout holds is only told by balance_transactions?payout=, and only of automatic payouts.
    2026-11-20  A paid payout may still fail, and a bank debit may fail or be disputed months after it succeeded.
    2026-11-20  The library retries 409 and 5xx but not 429, and StripeClient retries nothing unless told to (stripe 16.1).
    2026-11-20  The library parses exchange_rate as a float; bodies are parsed here instead.
    2026-11-20  A deleted customer answers 200 with deleted: true, and is in no list.
    2026-11-24  A refresh revokes the access token before; a second use of a code revokes the link (docs.stripe.com/connect/oauth-reference).
    2026-11-20  Amounts are integers; ISK and UGX count in hundredths although ISO 4217 says otherwise (docs.stripe.com/currencies).

Environment
    The variables that `api_key`, or `platform_key` and `refresh_token` refer to.
"""

from pipelines.stripe.check import check
from pipelines.stripe.client import StripeReader
from pipelines.stripe.consent import connect
from pipelines.stripe.settings import StripeSettings
from pipelines.stripe.source import source
from pipelines.stripe.tables import TABLES
from pipelines.stripe.watch import arrivals
from pipelines.system import System

SYSTEM = System(
    name="stripe",
    kind="psp",
    settings=StripeSettings,
    tables=TABLES,
    source=source,
    check=check,
    arrivals=arrivals,
    connect=connect,
)

__all__ = ["SYSTEM", "StripeReader"]
