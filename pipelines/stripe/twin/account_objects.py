"""Shapes of the merchant's side: bank account, balance, account (version 2026-10-28.endive)."""

from __future__ import annotations

from pipelines.stripe.twin.store import Obj

_NOTHING_DUE: Obj = {
    "alternatives": [],
    "current_deadline": None,
    "currently_due": [],
    "disabled_reason": None,
    "errors": [],
    "eventually_due": [],
    "past_due": [],
    "pending_verification": [],
}


def bank_account(object_id: str, *, account: str, country: str, currency: str, fingerprint: str) -> Obj:
    """The merchant's bank account that payouts of one currency go to."""
    return {
        "id": object_id,
        "object": "bank_account",
        "account": account,
        "account_holder_name": None,
        "account_holder_type": "company",
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": country,
        "currency": currency,
        "customer": None,
        "default_for_currency": True,
        "fingerprint": fingerprint,
        "last4": "6789",
        "metadata": {},
        "routing_number": "110000000",
        "status": "new",
    }


def balance(available: dict[str, int], pending: dict[str, int]) -> Obj:
    """The balance per currency, in minor units."""

    def lines(amounts: dict[str, int]) -> list[Obj]:
        return [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sorted(amounts.items())
        ]

    return {"object": "balance", "available": lines(available), "livemode": False, "pending": lines(pending)}


def account(
    object_id: str, *, created: int, country: str, currency: str, zone: str, name: str, banks: list[Obj]
) -> Obj:
    """The merchant's account itself."""
    url = f"/v1/accounts/{object_id}/external_accounts"
    return {
        "id": object_id,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": None,
            "minority_owned_business_designation": None,
            "name": name,
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": country,
        "created": created,
        "default_currency": currency,
        "details_submitted": True,
        "email": "finance@example.com",
        "external_accounts": {"object": "list", "data": banks, "has_more": False, "url": url},
        "future_requirements": _NOTHING_DUE,
        "metadata": {},
        "payouts_enabled": True,
        "requirements": _NOTHING_DUE,
        "settings": _settings(name, zone),
        "tos_acceptance": {"date": created, "ip": None, "user_agent": None},
        "type": "standard",
    }


def _settings(name: str, zone: str) -> Obj:
    kana = {"statement_descriptor_prefix_kana": None, "statement_descriptor_prefix_kanji": None}
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {"decline_on": {"avs_failure": True, "cvc_failure": True}, "statement_descriptor_prefix": None}
        | kana,
        "dashboard": {"display_name": name, "timezone": zone},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": None},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        }
        | kana,
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }
