"""Stripe's twin: accounts that behave as Stripe documents them (API version 2026-10-28.endive), for the sandbox and the tests.

`StripeAccount` is one account's state and money; `app` serves any number of them, told apart by their keys, and a `Platform` that their
owners may connect (OAuth). Nothing here is used by the client, and the client is not the reference of anything here.
"""

from pipelines.stripe.twin.account import StripeAccount
from pipelines.stripe.twin.app import app
from pipelines.stripe.twin.platform import Platform

__all__ = ["Platform", "StripeAccount", "app"]
