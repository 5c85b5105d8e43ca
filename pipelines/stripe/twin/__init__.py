"""Stripe's twin: accounts that behave as Stripe documents them (API version 2026-10-28.endive), for the sandbox and the tests.

`StripeAccount` is one account's state and money; `app` serves any number of them, told apart by their keys. Nothing here is used by the
client, and the client is not the reference of anything here.
"""

from pipelines.stripe.twin.account import StripeAccount
from pipelines.stripe.twin.app import app

__all__ = ["StripeAccount", "app"]
