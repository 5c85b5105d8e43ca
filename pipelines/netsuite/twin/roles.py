"""Roles: which permissions a token carries, and what each permission opens."""

from __future__ import annotations

from dataclasses import dataclass, replace

WORKBOOK = "SuiteAnalytics Workbook"
REST = "REST Web Services"
TOKEN_LOGIN = "Log in using Access Tokens"
OAUTH2_LOGIN = "Log in using OAuth 2.0 Access Tokens"
SEARCH = "Perform Search"

REQUIRED = frozenset(
    {
        "Credit Memo", "Customer Payment", "Deposit", "Find Transaction", "Invoice",
        "Contacts", "Currency", "Customers", "Payment Methods", SEARCH, "Documents and Files",
        "Set Up Company", "User Access Tokens",
    }
)  # fmt: skip
FULL = REQUIRED | {
    "Customer Refund",
    "Make Journal Entry",
    "Deleted Records",
    WORKBOOK,
    REST,
    TOKEN_LOGIN,
    OAUTH2_LOGIN,
}

TABLE_PERMISSION = {
    "transaction": "Find Transaction",
    "transactionline": "Find Transaction",
    "transactionaccountingline": "Find Transaction",
    "nexttransactionlinelink": "Find Transaction",
    "nexttransactionlink": "Find Transaction",
    "previoustransactionlinelink": "Find Transaction",
    "previoustransactionlink": "Find Transaction",
    "customer": "Customers",
    "customersubsidiaryrelationship": "Customers",
    "entityaddress": "Customers",
    "contact": "Contacts",
    "currency": "Currency",
    "currencyrate": "Currency",
    "consolidatedexchangerate": "Currency",
    "paymentmethod": "Payment Methods",
    "subsidiary": "Set Up Company",
    "deletedrecord": "Deleted Records",
    "file": "Documents and Files",
}

RECORD_PERMISSION = {
    "invoice": "Invoice",
    "creditMemo": "Credit Memo",
    "customerPayment": "Customer Payment",
    "customerRefund": "Customer Refund",
    "deposit": "Deposit",
    "journalEntry": "Make Journal Entry",
    "customer": "Customers",
    "contact": "Contacts",
    "currency": "Currency",
    "currencyRate": "Currency",
    "paymentMethod": "Payment Methods",
    "subsidiary": "Set Up Company",
}

# Rows of these transaction types are silently absent for a role without the permission.
TYPE_PERMISSION = {
    "CustInvc": "Invoice",
    "CustCred": "Credit Memo",
    "CustPymt": "Customer Payment",
    "CustRfnd": "Customer Refund",
    "Deposit": "Deposit",
}


@dataclass(frozen=True)
class Role:
    """What a token may do. `subsidiaries` None means All; a restricted role does not see the other subsidiaries' rows at all.
    `view_only` are the permissions of level View: the others are of level Full.
    """

    permissions: frozenset[str] = FULL
    subsidiaries: frozenset[str] | None = None
    administrator: bool = False
    name: str = "Tieout Integration"
    id: str = "1042"
    view_only: frozenset[str] = frozenset()

    def may(self, permission: str | None, *, write: bool = False) -> bool:
        if self.administrator or permission is None:
            return True
        return permission in self.permissions and not (write and permission in self.view_only)

    def viewing(self, *permissions: str) -> Role:
        """This role with some permissions on level View."""
        return replace(self, view_only=self.view_only | set(permissions))

    def without(self, *permissions: str) -> Role:
        """This role less some permissions."""
        return replace(self, permissions=self.permissions - set(permissions), administrator=False)

    def hidden_types(self) -> list[str]:
        return sorted(kind for kind, permission in TYPE_PERMISSION.items() if not self.may(permission))
