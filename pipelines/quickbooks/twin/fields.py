"""What a request body may hold: per entity and nested type, the properties and their types; what is not here is a 2010.

Spelling of a type: text, id, money, whole, day, flag, ref (ReferenceType), list (of anything), any (an object that is kept as it is),
`[Type]` a list of a nested type, `Type` a nested type, `<Enum>` one of the values below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date as Day
from decimal import Decimal, InvalidOperation
from typing import Any

from .model import CENT, Refused

_ENTITY = "Id:id SyncToken:id MetaData:any domain:text status:text sparse:flag CustomField:list AttachableRef:list"
_TXN = f"""{_ENTITY} DocNumber:text TxnDate:day DepartmentRef:ref CurrencyRef:ref ExchangeRate:money PrivateNote:text TxnStatus:text
    LinkedTxn:[LinkedTxn] Line:[Line] TxnTaxDetail:TxnTaxDetail TxnSource:text TransactionLocationType:text RecurDataRef:ref ProjectRef:ref"""
_SALE = f"""{_TXN} CustomerRef:ref CustomerMemo:any BillAddr:any ShipAddr:any ShipFromAddr:any FreeFormAddress:flag ClassRef:ref ShipMethodRef:ref
    ShipDate:day TrackingNum:text GlobalTaxCalculation:<GlobalTaxCalculationEnum> TotalAmt:money HomeTotalAmt:money ApplyTaxAfterDiscount:flag
    PrintStatus:<PrintStatusEnum> EmailStatus:<EmailStatusEnum> BillEmail:any BillEmailCc:any BillEmailBcc:any Balance:money HomeBalance:money
    PaymentMethodRef:ref PaymentRefNum:text DepositToAccountRef:ref SalesTermRef:ref TaxExemptionRef:ref PONumber:text DeliveryInfo:any"""
_PERSON = f"""{_ENTITY} Title:text GivenName:text MiddleName:text FamilyName:text Suffix:text FullyQualifiedName:text CompanyName:text DisplayName:text
    PrintOnCheckName:text Active:flag PrimaryPhone:any AlternatePhone:any Mobile:any Fax:any PrimaryEmailAddr:any WebAddr:any BillAddr:any
    OtherContactInfo:list Notes:text Balance:money OpenBalanceDate:date CurrencyRef:ref AcctNum:text""".replace(
    ":date", ":day"
)

_TABLES = {
    "Invoice": f"""{_SALE} DueDate:day Deposit:money AllowIPNPayment:flag AllowOnlinePayment:flag AllowOnlineCreditCardPayment:flag
        AllowOnlineACHPayment:flag EInvoiceStatus:text InvoiceLink:text DiscountRate:money DiscountAmt:money""",
    "CreditMemo": f"{_SALE} RemainingCredit:money InvoiceRef:ref",
    "RefundReceipt": f"{_SALE} PaymentType:<PaymentTypeEnum> CheckPayment:any CreditCardPayment:any RemainingCredit:money",
    "Payment": f"""{_TXN} CustomerRef:ref ARAccountRef:ref DepositToAccountRef:ref PaymentMethodRef:ref PaymentRefNum:text TotalAmt:money
        UnappliedAmt:money ProcessPayment:flag PaymentType:<PaymentTypeEnum> CheckPayment:any CreditCardPayment:any""",
    "Deposit": f"{_TXN} DepositToAccountRef:ref CashBack:CashBackInfo GlobalTaxCalculation:<GlobalTaxCalculationEnum> TotalAmt:money HomeTotalAmt:money",
    "JournalEntry": f"{_TXN} Adjustment:flag GlobalTaxCalculation:<GlobalTaxCalculationEnum> TotalAmt:money HomeTotalAmt:money",
    "Customer": f"""{_PERSON} ShipAddr:any Taxable:flag DefaultTaxCodeRef:ref Job:flag BillWithParent:flag ParentRef:ref Level:whole CustomerTypeRef:ref
        SalesTermRef:ref PaymentMethodRef:ref BalanceWithJobs:money ARAccountRef:ref PreferredDeliveryMethod:text ResaleNum:text IsProject:flag
        ClientEntityId:text Source:text TaxExemptionReasonId:text PrimaryTaxIdentifier:text""",
    "Vendor": f"{_PERSON} TaxIdentifier:text TermRef:ref BillRate:money Vendor1099:flag APAccountRef:ref",
    "Account": f"""{_ENTITY} Name:text SubAccount:flag ParentRef:ref Description:text FullyQualifiedName:text Active:flag
        Classification:<AccountClassificationEnum> AccountType:<AccountTypeEnum> AccountSubType:text AcctNum:text CurrentBalance:money
        CurrentBalanceWithSubAccounts:money CurrencyRef:ref TaxCodeRef:ref""",
    "Item": f"""{_ENTITY} Name:text Sku:text Description:text Active:flag SubItem:flag ParentRef:ref Level:whole FullyQualifiedName:text Taxable:flag
        UnitPrice:money Type:<ItemTypeEnum> IncomeAccountRef:ref PurchaseDesc:text PurchaseCost:money ExpenseAccountRef:ref TrackQtyOnHand:flag""",
    "Term": f"""{_ENTITY} Name:text Active:flag Type:text DiscountPercent:money DueDays:whole DiscountDays:whole DayOfMonthDue:whole
        DueNextMonthDays:whole DiscountDayOfMonth:whole""",
    "PaymentMethod": f"{_ENTITY} Name:text Active:flag Type:text",
    "CompanyCurrency": f"{_ENTITY} Code:text Name:text Active:flag",
    "ExchangeRate": f"{_ENTITY} SourceCurrencyCode:text TargetCurrencyCode:text Rate:money AsOfDate:day",
    "Line": """Id:id LineNum:whole Description:text Amount:money LinkedTxn:[LinkedTxn] DetailType:<LineDetailTypeEnum>
        SalesItemLineDetail:SalesItemLineDetail DiscountLineDetail:DiscountLineDetail DescriptionLineDetail:any SubTotalLineDetail:any
        DepositLineDetail:DepositLineDetail JournalEntryLineDetail:JournalEntryLineDetail CustomField:list LineEx:any ProjectRef:ref""",
    "LinkedTxn": "TxnId:id TxnType:text TxnLineId:id",
    "SalesItemLineDetail": """ItemRef:ref ClassRef:ref UnitPrice:money RatePercent:money Qty:money ItemAccountRef:ref TaxCodeRef:ref ServiceDate:day
        TaxInclusiveAmt:money DiscountRate:money DiscountAmt:money MarkupInfo:any""",
    "DiscountLineDetail": "PercentBased:flag DiscountPercent:money DiscountAccountRef:ref ClassRef:ref TaxCodeRef:ref DiscountRef:ref ServiceDate:day",
    "DepositLineDetail": """Entity:ref ClassRef:ref AccountRef:ref PaymentMethodRef:ref CheckNum:text TxnType:<TxnTypeEnum> TaxCodeRef:ref
        TaxApplicableOn:<TaxApplicableOnEnum>""",
    "JournalEntryLineDetail": """PostingType:<PostingTypeEnum> Entity:EntityTypeRef AccountRef:ref ClassRef:ref DepartmentRef:ref TaxCodeRef:ref
        TaxApplicableOn:<TaxApplicableOnEnum> TaxAmount:money BillableStatus:<BillableStatusEnum>""",
    "EntityTypeRef": "Type:<EntityTypeEnum> EntityRef:ref",
    "CashBackInfo": "AccountRef:ref Amount:money Memo:text",
    "TxnTaxDetail": "DefaultTaxCodeRef:ref TxnTaxCodeRef:ref TotalTax:money TaxLine:list",
}
TABLES: dict[str, dict[str, str]] = {
    name: dict(pair.split(":", 1) for pair in text.split()) for name, text in _TABLES.items()
}

ENUMS: dict[str, tuple[str, ...]] = {
    "GlobalTaxCalculationEnum": ("TaxInclusive", "TaxExcluded", "NotApplicable"),
    "PrintStatusEnum": ("NotSet", "NeedToPrint", "PrintComplete"),
    "EmailStatusEnum": ("NotSet", "NeedToSend", "EmailSent"),
    "PaymentTypeEnum": ("Cash", "Check", "CreditCard", "Expense", "Other"),
    "PostingTypeEnum": ("Credit", "Debit"),
    "TaxApplicableOnEnum": ("Purchase", "Sales"),
    "BillableStatusEnum": ("Billable", "NotBillable", "HasBeenBilled"),
    "EntityTypeEnum": ("Customer", "Employee", "Job", "Other", "Vendor"),
    "AccountClassificationEnum": ("Asset", "Equity", "Expense", "Liability", "Revenue"),
    "AccountTypeEnum": (
        "Bank", "Accounts Receivable", "Other Current Asset", "Fixed Asset", "Other Asset", "Accounts Payable", "Credit Card", "Other Current Liability",
        "Long Term Liability", "Equity", "Income", "Cost of Goods Sold", "Expense", "Other Income", "Other Expense"
    ),
    "ItemTypeEnum": ("Category", "Group", "Inventory", "NonInventory", "Service"),
    "LineDetailTypeEnum": (
        "PaymentLineDetail", "DiscountLineDetail", "TaxLineDetail", "SalesItemLineDetail", "ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail",
        "DepositLineDetail", "PurchaseOrderItemLineDetail", "ItemReceiptLineDetail", "JournalEntryLineDetail", "GroupLineDetail", "DescriptionOnly",
        "SubTotalLineDetail", "SalesOrderItemLineDetail", "TDSLineDetail", "ReimburseLineDetail", "ItemAdjustmentLineDetail",
    ),
    "TxnTypeEnum": (
        "Bill", "BillPaymentCheck", "CashPurchase", "Charge", "Check", "CreditCardPayment", "CreditMemo", "Deposit", "Estimate", "Invoice", "JournalEntry",
        "PurchaseOrder", "ReceivePayment", "RefundCheck", "SalesReceipt", "Transfer", "TimeActivity", "VendorCredit",
    ),
}  # fmt: skip
_MOST = Decimal("99999999999.99")
_LENGTHS = {"DocNumber": 21, "PaymentRefNum": 21, "PrivateNote": 4000, "DisplayName": 500, "CompanyName": 500, "GivenName": 100, "MiddleName": 100,
            "FamilyName": 100, "Notes": 2000, "Description": 4000, "CheckNum": 21, "Memo": 4000}  # fmt: skip


def checked(kind: str, body: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """A body with values of the right types: ids as text, money as Decimal, days as dates; what is null or empty text becomes None.
    Raises Refused 2010 (unknown property, or a value that is none), 2050 (too long), 2170 (no such value)."""
    table, found = TABLES[kind], {}
    for prop, value in body.items():
        if prop not in table:
            raise Refused("2010", f"Property Name:{prop} specified is unsupported or invalid", prop)
        found[prop] = _value(table[prop], value, prop, f"{path}{prop}")
    return found


def _value(kind: str, value: Any, prop: str, path: str) -> Any:
    if value is None or value == "":
        return None
    if kind.startswith("["):
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise _wrong(path)
        return [checked(kind[1:-1], entry, f"{path}.") for entry in value]
    if kind in TABLES:
        if not isinstance(value, dict):
            raise _wrong(path)
        return checked(kind, value, f"{path}.")
    if kind.startswith("<"):
        if value not in ENUMS[kind[1:-1]]:
            raise Refused("2170", f"Invalid Enumeration : {value}", prop)
        return value
    if kind == "text" and isinstance(value, str) and len(value) > (most := _LENGTHS.get(prop, len(value))):
        raise Refused(
            "2050",
            f"String length specified does not match the supported length. Min:0 Max:{most} supported. Supplied length:{len(value)}",
            prop,
        )
    return _SCALARS[kind](value, path)


def _wrong(path: str) -> Refused:
    return Refused("2010", f"Property Name:{path} specified is unsupported or invalid", path.rsplit(".", 1)[-1])


def _id(value: Any, path: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _wrong(path)
    return str(value)


def _text(value: Any, path: str) -> str:
    if isinstance(value, bool | list | dict):
        raise _wrong(path)
    return str(value)


def _money(value: Any, path: str) -> Decimal:
    try:
        found = Decimal(str(value)) if not isinstance(value, bool | list | dict) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > _MOST:
        raise _wrong(path)
    fine = path.rsplit(".", 1)[-1] in (
        "ExchangeRate",
        "Rate",
        "Qty",
        "UnitPrice",
        "DiscountPercent",
        "RatePercent",
        "TaxPercent",
        "DiscountRate",
    )
    if not fine and found != found.quantize(CENT):
        raise _wrong(path)
    return found if fine else found.quantize(CENT)


def _whole(value: Any, path: str) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,9}", str(value)):
        raise _wrong(path)
    return int(value)


def _day(value: Any, path: str) -> Day:
    try:
        return Day.fromisoformat(str(value)[:10])
    except ValueError:
        raise _wrong(path) from None


def _flag(value: Any, path: str) -> bool:
    if value not in (True, False, "true", "false"):
        raise _wrong(path)
    return value in (True, "true")


def _ref(value: Any, path: str) -> dict[str, Any] | None:
    if not isinstance(value, dict) or set(value) - {"value", "name", "type"}:
        raise _wrong(path)
    if value.get("value") in (None, ""):
        return None
    return {**value, "value": str(value["value"])}


def _any(value: Any, path: str) -> Any:
    if not isinstance(value, dict | list):
        raise _wrong(path)
    return value


_SCALARS = {
    "id": _id,
    "text": _text,
    "money": _money,
    "whole": _whole,
    "day": _day,
    "flag": _flag,
    "ref": _ref,
    "list": _any,
    "any": _any,
}
