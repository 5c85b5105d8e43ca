"""The record types of the REST API: which fields each has, and where the plain ones are kept.

`ROWS` maps a field of a list record (customer, currency, ...) to (column, kind); a kind `ref:x` is a reference to record type x.
`NAMES` lists what a body may contain: other names are unknown properties. What is not modelled is accepted and not kept.
"""

from __future__ import annotations

# record type -> (transaction type code or table)
DOCUMENTS = {
    "invoice": "CustInvc",
    "creditMemo": "CustCred",
    "customerPayment": "CustPymt",
    "customerRefund": "CustRfnd",
    "deposit": "Deposit",
    "journalEntry": "Journal",
}
RECORD_OF = {code: record for record, code in DOCUMENTS.items()}
TABLE_OF = {
    "customer": "customer",
    "contact": "contact",
    "subsidiary": "subsidiary",
    "currency": "currency",
    "currencyRate": "currencyrate",
    "account": "account",
    "term": "term",
    "paymentMethod": "paymentmethod",
}
WRITABLE = (*DOCUMENTS, "customer", "contact")


def _fields(text: str) -> dict[str, tuple[str, str]]:
    found = {}
    for part in text.split():
        name, kind = part.split(":", 1)
        found[name] = (name.lower(), kind)
    return found


ROWS: dict[str, dict[str, tuple[str, str]]] = {
    "customer": _fields(
        "entityId:text companyName:text firstName:text middleName:text lastName:text salutation:text title:text isPerson:bool email:text"
        " altEmail:text phone:text mobilePhone:text fax:text url:text comments:text externalId:text accountNumber:text isInactive:bool"
        " creditLimit:number currency:ref:currency terms:ref:term category:ref:customerCategory salesRep:ref:employee"
        " receivablesAccount:ref:account dateCreated:datetime lastModifiedDate:datetime custentity_segment:text"
        " custentity_ar_owner_email:text parent:ref:customer"
    ),
    "contact": _fields(
        "entityId:text company:ref:customer email:text altEmail:text firstName:text middleName:text lastName:text salutation:text title:text"
        " phone:text officePhone:text mobilePhone:text homePhone:text fax:text comments:text externalId:text isInactive:bool isPrivate:bool"
        " subsidiary:ref:subsidiary dateCreated:datetime lastModifiedDate:datetime"
    ),
    "subsidiary": _fields(
        "name:text fullName:text legalName:text country:enum state:text email:text externalId:text tranPrefix:text url:text edition:text"
        " currency:ref:currency parent:ref:subsidiary isElimination:bool isInactive:bool lastModifiedDate:datetime"
    ),
    "currency": _fields(
        "name:text symbol:text displaySymbol:text currencyPrecision:integer exchangeRate:number isBaseCurrency:bool isInactive:bool"
        " externalId:text lastModifiedDate:datetime"
    ),
    "currencyRate": _fields(
        "baseCurrency:ref:currency transactionCurrency:ref:currency exchangeRate:number effectiveDate:date lastModifiedDate:datetime"
    ),
    "account": _fields(
        "acctNumber:text accountSearchDisplayName:text fullName:text description:text externalId:text currency:ref:currency parent:ref:account"
        " acctType:enum isInactive:bool isSummary:bool lastModifiedDate:datetime"
    ),
    "term": _fields(
        "name:text daysUntilNetDue:integer daysUntilExpiry:integer preferred:bool isInactive:bool externalId:text lastModifiedDate:datetime"
    ),
    "paymentMethod": _fields("externalId:text"),
}

_COMMON = [
    "id",
    "links",
    "refName",
    "externalId",
    "customForm",
    "tranDate",
    "tranId",
    "memo",
    "currency",
    "exchangeRate",
    "subsidiary",
    "postingPeriod",
    "class",
    "department",
    "location",
    "account",
    "createdDate",
    "lastModifiedDate",
]
NAMES: dict[str, frozenset[str]] = {
    "invoice": frozenset(
        [*_COMMON, "entity", "dueDate", "terms", "otherRefNum", "item", "status", "total", "email", "message", "toBeEmailed", "toBePrinted", "salesRep", "billAddress", "billingAddress", "shipAddress", "shippingAddress", "startDate", "endDate", "discountItem", "discountRate", "job", "partner", "custbody_po_contact_email"]
    ),
    "creditMemo": frozenset(
        [*_COMMON, "entity", "item", "apply", "otherRefNum", "status", "total", "email", "message", "toBeEmailed", "toBePrinted", "salesRep", "job", "createdFrom"]
    ),
    "customerPayment": frozenset(
        [*_COMMON, "customer", "payment", "apply", "credit", "deposit", "arAcct", "undepFunds", "autoApply", "checkNumber", "paymentOption", "paymentOperation", "handlingMode", "cleared", "clearedDate", "total", "applied", "unapplied", "status", "balance", "pending", "toBeEmailed", "transactionNumber", "excludeFromGLNumbering"]
    ),
    "customerRefund": frozenset(
        [*_COMMON, "customer", "apply", "deposit", "arAcct", "address", "cleared", "clearedDate", "paymentOption", "paymentOperation", "total", "status", "balance", "transactionNumber"]
    ),
    "deposit": frozenset(
        [*_COMMON, "payment", "other", "cashback", "total", "cleared", "clearedDate", "creditCardProcessor", "toBePrinted", "transactionNumber", "excludeFromGLNumbering"]
    ),
    "journalEntry": frozenset(
        [*_COMMON, "line", "approvalStatus", "approved", "isReversal", "reversalDate", "reversalDefer", "reversalEntry", "toSubsidiary", "void", "nexus", "createdFrom"]
    ),
    "customer": frozenset(
        [*ROWS["customer"], *["id", "links", "refName", "subsidiary", "addressBook", "contactRoles", "entityStatus", "priceLevel", "printOnCheckAs", "searchStage", "emailPreference"]]
    ),
    "contact": frozenset([*ROWS["contact"], *["id", "links", "refName", "owner", "addressBook", "category", "supervisor", "customForm"]]),
}  # fmt: skip

# A body's sublists: the fields of an element, its key
ELEMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "invoice": {"item": ("line", "item", "quantity", "rate", "amount", "description", "account")},
    "creditMemo": {
        "item": ("line", "item", "quantity", "rate", "amount", "description", "account"),
        "apply": ("doc", "line", "apply", "amount", "applyDate", "due", "total", "refNum", "type", "currency"),
    },
    "customerPayment": {
        "apply": ("doc", "line", "apply", "amount", "applyDate", "due", "total", "refNum", "type", "currency"),
        "credit": ("doc", "line", "apply", "amount", "creditDate", "due", "total", "refNum", "type", "currency"),
        "deposit": ("doc", "apply", "amount", "depositDate", "remaining", "total", "refNum", "currencyName"),
    },
    "customerRefund": {
        "apply": ("doc", "line", "apply", "amount", "applyDate", "due", "total", "refNum", "type", "currency"),
        "deposit": (),
    },
    "deposit": {
        "payment": (
            "id",
            "deposit",
            "docDate",
            "docNumber",
            "entity",
            "memo",
            "paymentAmount",
            "paymentMethod",
            "transactionAmount",
            "type",
            "currency",
            "refNum",
            "lineId",
        ),
        "other": (
            "line",
            "account",
            "amount",
            "entity",
            "memo",
            "paymentMethod",
            "class",
            "department",
            "location",
            "refNum",
        ),
        "cashback": ("line", "account", "amount", "memo", "class", "department", "location"),
    },
    "journalEntry": {
        "line": ("line", "account", "debit", "credit", "entity", "memo", "class", "department", "location")
    },
}
