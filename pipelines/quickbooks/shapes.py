"""From QuickBooks' objects to rows of the declared tables: which field is which column, and what would not fit exactly.

Amounts become text with the digits they came with. `lines` stays JSON, its numbers as they came.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines import money
from pipelines.quickbooks import tables
from pipelines.quickbooks.exact import canonical, text
from pipelines.quickbooks.transport import Row
from pipelines.tables import Table

_DECIMALS, _BELOW = 4, Decimal(10) ** 14  # decimal(18,4)
_TIMES = {"create_time": "MetaData.CreateTime", "last_updated_time": "MetaData.LastUpdatedTime"}
_COMMON = {
    "id": "Id", "sync_token": "SyncToken", "txn_date": "TxnDate", "currency": "CurrencyRef.value", "exchange_rate": "ExchangeRate",
    "private_note": "PrivateNote", "doc_number": "DocNumber", **_TIMES, "lines": "Line", "linked_txn": "LinkedTxn",
}  # fmt: skip
_TOTALS = {"customer": "CustomerRef.value", "total_amt": "TotalAmt"}
_BALANCES = {"balance": "Balance", "home_balance": "HomeBalance", "customer_memo": "CustomerMemo.value"}
_MEANS = {
    "payment_ref_num": "PaymentRefNum", "payment_method": "PaymentMethodRef.value", "deposit_to_account": "DepositToAccountRef.value",
}  # fmt: skip

FIELDS: Mapping[Table, Mapping[str, str]] = {
    tables.COMPANY_INFO: {
        "id": "Id", "company_name": "CompanyName", "legal_name": "LegalName", "country": "Country", "email": "Email.Address",
        "time_zone": "DefaultTimeZone",
    },
    tables.PREFERENCES: {
        "id": "Id", "home_currency": "CurrencyPrefs.HomeCurrency.value", "multi_currency": "CurrencyPrefs.MultiCurrencyEnabled",
        "book_close_date": "AccountingInfoPrefs.BookCloseDate",
    },
    tables.ACCOUNT: {
        "id": "Id", "name": "Name", "fully_qualified_name": "FullyQualifiedName", "account_type": "AccountType",
        "account_sub_type": "AccountSubType", "classification": "Classification", "currency": "CurrencyRef.value",
        "current_balance": "CurrentBalance", "acct_num": "AcctNum", "active": "Active", **_TIMES,
    },
    tables.CUSTOMER: {
        "id": "Id", "sync_token": "SyncToken", "display_name": "DisplayName", "company_name": "CompanyName", "given_name": "GivenName",
        "middle_name": "MiddleName", "family_name": "FamilyName", "fully_qualified_name": "FullyQualifiedName",
        "email": "PrimaryEmailAddr.Address", "primary_phone": "PrimaryPhone.FreeFormNumber",
        "alternate_phone": "AlternatePhone.FreeFormNumber", "mobile": "Mobile.FreeFormNumber", "parent": "ParentRef.value",
        "level": "Level", "job": "Job", "bill_with_parent": "BillWithParent", "currency": "CurrencyRef.value",
        "sales_term": "SalesTermRef.value", "balance": "Balance", "balance_with_jobs": "BalanceWithJobs", "active": "Active",
        "notes": "Notes", "bill_addr": "BillAddr", "ship_addr": "ShipAddr", **_TIMES,
    },
    tables.INVOICE: {
        **_COMMON, **_TOTALS, **_BALANCES, "due_date": "DueDate", "sales_term": "SalesTermRef.value", "home_total_amt": "HomeTotalAmt",
        "bill_email": "BillEmail.Address", "email_status": "EmailStatus", "custom_fields": "CustomField",
    },
    tables.PAYMENT: {
        **_COMMON, **_TOTALS, **_MEANS, "unapplied_amt": "UnappliedAmt", "ar_account": "ARAccountRef.value",
    },
    tables.CREDIT_MEMO: {**_COMMON, **_TOTALS, **_BALANCES, "remaining_credit": "RemainingCredit"},
    tables.REFUND_RECEIPT: {**_COMMON, **_TOTALS, **_MEANS},
    tables.DEPOSIT: {
        **_COMMON, "deposit_to_account": "DepositToAccountRef.value", "total_amt": "TotalAmt", "cash_back": "CashBack",
    },
    tables.JOURNAL_ENTRY: {**_COMMON, "total_amt": "TotalAmt", "adjustment": "Adjustment"},
    tables.TERM: {"id": "Id", "name": "Name", "due_days": "DueDays", "active": "Active"},
    tables.PAYMENT_METHOD: {"id": "Id", "name": "Name", "type": "Type", "active": "Active"},
    tables.EXCHANGE_RATE: {
        "source_currency": "SourceCurrencyCode", "target_currency": "TargetCurrencyCode", "as_of_date": "AsOfDate", "rate": "Rate",
    },
}  # fmt: skip
# Tables read by change, and QuickBooks' name for what is in them.
ENTITIES: Mapping[Table, str] = {
    tables.CUSTOMER: "Customer", tables.INVOICE: "Invoice", tables.CREDIT_MEMO: "CreditMemo", tables.JOURNAL_ENTRY: "JournalEntry",
    tables.PAYMENT: "Payment", tables.REFUND_RECEIPT: "RefundReceipt", tables.DEPOSIT: "Deposit",
}  # fmt: skip
_LISTS = {"lines", "linked_txn"}


def rows(table: Table, objects: list[Row]) -> list[Row]:
    """Objects as rows of a table that `FIELDS` describes."""
    plan = [(column.name, column.type, tuple(FIELDS[table][column.name].split("."))) for column in table.columns]
    return [{name: _cell(name, kind, _at(found, path)) for name, kind, path in plan} for found in objects]


def _at(found: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _cell(name: str, kind: str, value: Any) -> Any:
    if kind == "json":
        return canonical(_steady(value or [])) if name in _LISTS else canonical(value)
    if value is None or isinstance(value, str):
        return value
    if kind in {"bool", "integer"} and not isinstance(value, Decimal):
        return value
    return text(value)


def _steady(lines: Any) -> Any:
    """Lines without `LineEx`: it repeats the open balance of what a payment pays as of the moment of reading, which is no fact of the payment."""
    if not isinstance(lines, list):
        return lines
    return [
        {key: item for key, item in line.items() if key != "LineEx"} if isinstance(line, dict) else line
        for line in lines
    ]


def fault(found: Row, home_currency: str | None) -> str | None:
    """What of a transaction the warehouse could not keep exactly: a header amount with more decimals than its currency has, or a line's
    with more than four. None if all fits."""
    currency = str(_at(found, ("CurrencyRef", "value")) or home_currency or "")
    if currency:
        for name in ("TotalAmt", "Balance", "UnappliedAmt", "RemainingCredit"):
            amount = found.get(name)
            if isinstance(amount, Decimal) and amount != amount.quantize(Decimal(1).scaleb(-money.exponent(currency))):
                return f"{name}: {amount} has more than the {money.exponent(currency)} decimals of {currency}"
    for number, line in enumerate(found.get("Line") or []):
        amount = line.get("Amount") if isinstance(line, dict) else None
        if isinstance(amount, Decimal | int) and not isinstance(amount, bool):
            wrong = _unfit(Decimal(amount))
            if wrong:
                return f"Line[{number}].Amount: {amount} {wrong}"
        elif amount is not None:
            return f"Line[{number}].Amount: {amount!r} is not an amount"
    return None


def _unfit(amount: Decimal) -> str | None:
    if not amount.is_finite() or abs(amount) >= _BELOW:
        return "is no amount of at most 14 digits before the point"
    return None if amount == amount.quantize(Decimal(1).scaleb(-_DECIMALS)) else f"has more than {_DECIMALS} decimals"
