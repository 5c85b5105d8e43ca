"""What every new company starts with: its accounts, terms, payment methods and items, by the ids of QuickBooks' own sample company."""

from __future__ import annotations

from typing import Any

SERVICES, UNDEPOSITED, BANK, RECEIVABLE = "1", "4", "35", "84"
SALES, FEES, DISPUTES, REFUNDS, WRITE_OFFS, CLEARING, PAYABLE = "79", "60", "61", "62", "63", "64", "33"
FEE_VENDOR = "1"

CLASSIFICATION = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
}

ACCOUNTS = (
    (SERVICES, "Services", "Income", "ServiceFeeIncome"),
    (SALES, "Sales of Product Income", "Income", "SalesOfProductIncome"),
    (UNDEPOSITED, "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    (PAYABLE, "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    (BANK, "Checking", "Bank", "Checking"),
    (RECEIVABLE, "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    (FEES, "Card fees", "Expense", "BankCharges"),
    (DISPUTES, "Disputes", "Expense", "OtherMiscellaneousServiceCost"),
    (REFUNDS, "Refunds", "Income", "DiscountsRefundsGiven"),
    (WRITE_OFFS, "Bad debts", "Expense", "BadDebts"),
    (CLEARING, "Clearing", "Other Current Asset", "OtherCurrentAssets"),
)
TERMS = (("1", "Due on receipt", 0), ("2", "Net 15", 15), ("3", "Net 30", 30), ("4", "Net 60", 60))
METHODS = (
    ("1", "Cash", "NON_CREDIT_CARD"),
    ("2", "Check", "NON_CREDIT_CARD"),
    ("3", "Visa", "CREDIT_CARD"),
    ("4", "Wire", "NON_CREDIT_CARD"),
    ("5", "Direct debit", "NON_CREDIT_CARD"),
)
ITEMS = (("1", "Services", SERVICES), ("2", "Sales", SALES))
CURRENCIES = {
    "USD": "United States Dollar", "EUR": "Euro", "GBP": "British Pound Sterling", "CAD": "Canadian Dollar", "AUD": "Australian Dollar",
    "JPY": "Japanese Yen", "CHF": "Swiss Franc", "NZD": "New Zealand Dollar", "SEK": "Swedish Krona", "MXN": "Mexican Peso",
}  # fmt: skip


def reference(value: object, name: str = "", **more: str) -> dict[str, Any]:
    """A ReferenceType: the id and, where known, the name."""
    return {"value": str(value), **({"name": name} if name else {}), **more}


def currency(code: str) -> dict[str, Any]:
    return reference(code, CURRENCIES.get(code, code))


def account(name: str, kind: str, detail: str, code: str, number: str | None = None) -> dict[str, Any]:
    """The properties of an account. Raises ValueError for a type that QuickBooks does not have."""
    if kind not in CLASSIFICATION:
        raise ValueError(f"there is no account type {kind!r}; use one of {', '.join(CLASSIFICATION)}")
    return {
        "Name": name,
        "SubAccount": False,
        "FullyQualifiedName": name,
        "Active": True,
        "Classification": CLASSIFICATION[kind],
        "AccountType": kind,
        "AccountSubType": detail,
        **({"AcctNum": number} if number else {}),
        "CurrencyRef": currency(code),
    }
