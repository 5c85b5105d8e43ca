"""What one set of books says, in words that fit every ERP: the rows from which the truth is added up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

CHARGE = re.compile(r"(?<![A-Za-z0-9])(?:ch|py|bl)_[A-Za-z0-9]+")  # or a line of a bank statement
TRANSFER = re.compile(r"(?<![A-Za-z0-9])GB[0-9]{7}(?![A-Za-z0-9])")
PAYOUT = re.compile(r"(?<![A-Za-z0-9])po_[A-Za-z0-9]+")
REFUND = re.compile(r"(?<![A-Za-z0-9])(?:re|pyr)_[A-Za-z0-9]+")
DISPUTE = re.compile(r"(?<![A-Za-z0-9])(?:dp|du)_[A-Za-z0-9]+")


@dataclass(frozen=True)
class Document:
    """An invoice, a credit note, or a receivable line of a journal. Amounts debit positive. `cites` what its words name of charges and
    disputes."""

    id: str
    type: str
    number: str | None
    customer: str
    currency: str
    amount: Decimal
    open: Decimal
    issued: date
    due: date | None
    is_deleted: bool = False
    cites: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Payment:
    """A customer payment, with the provider charges that its memo or external id names, and the bank's references that its memo does."""

    id: str
    customer: str
    currency: str
    amount: Decimal
    unapplied: Decimal
    date: date
    cites: frozenset[str] = frozenset()
    transfers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Application:
    """What a credit side settles of a debit side."""

    payment: str
    document: str
    currency: str
    amount: Decimal
    date: date


@dataclass(frozen=True)
class Deposit:
    """A bank deposit, with the payouts that it names."""

    id: str
    currency: str
    amount: Decimal
    date: date
    status: str
    cites: frozenset[str]


@dataclass
class Survey:
    """The books of one connection, without what is out of its scope."""

    customers: dict[str, str] = field(default_factory=dict)  # id -> name
    documents: dict[str, Document] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    applications: list[Application] = field(default_factory=list)
    deposits: list[Deposit] = field(default_factory=list)
    refunds: frozenset[str] = frozenset()  # provider refunds that a refund in the books names


def cites(pattern: re.Pattern[str], *words: str | None) -> frozenset[str]:
    """What a pattern finds in some words."""
    return frozenset(pattern.findall(" ".join(word or "" for word in words)))
