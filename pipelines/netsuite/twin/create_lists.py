"""Creating journals, customers and contacts."""

from __future__ import annotations

from typing import Any

from . import values
from .account import Account
from .errors import user_error
from .fields import ROWS
from .heading import header, now
from .model import ZERO, JournalLine
from .values import Body, elements, missing, ref


def journal(account: Account, body: Body) -> str:
    if body.get("subsidiary") is None:
        raise missing("Subsidiary")
    head = header(account, body, None)
    lines = []
    for index, element in enumerate(elements(body, "line")):
        path = f"line.items[{index}]."
        key = ref(account, element, "account", "account", path)
        if key is None:
            raise user_error("Please enter value(s) for: Account", f"{path}account")
        debit, credit = (
            values.amount(account, element, side, head.currency, path) or ZERO for side in ("debit", "credit")
        )
        if (debit == 0) == (credit == 0) or debit < 0 or credit < 0:
            raise user_error("Each journal line takes either a debit or a credit.", f"{path}debit")
        entity = ref(account, element, "entity", "entity", path)
        lines.append(JournalLine(key, debit, credit, entity, values.text(element, "memo", path)))
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.", "line")
    return account.books.post_journal(lines=lines, at=now(account), number=values.text(body, "tranId"), **head.common())


def row_columns(account: Account, record: str, body: Body) -> dict[str, Any]:
    """The columns that a body sets on a list record."""
    columns: dict[str, Any] = {}
    for name, (column, kind) in ROWS[record].items():
        if name not in body or kind == "datetime":
            continue
        if kind.startswith("ref:"):
            columns[column] = ref(account, body, name, kind[4:])
        elif kind == "bool":
            columns[column] = values.flag(body, name, False)
        elif kind == "number":
            columns[column] = values.number(body, name)
        else:
            columns[column] = values.text(body, name)
    return columns


def customer(account: Account, body: Body) -> str:
    columns = row_columns(account, "customer", body)
    person = columns.setdefault("isperson", False)
    if not columns.get("lastname" if person else "companyname"):
        raise missing("Last Name" if person else "Company Name")
    subsidiary = ref(account, body, "subsidiary", "subsidiary")
    if subsidiary is None:
        raise missing("Primary Subsidiary")
    name = columns.get("companyname") or f"{columns.get('firstname') or ''} {columns['lastname']}".strip()
    columns.setdefault("entityid", name)
    _unique_name(account, columns["entityid"])
    books = account.books
    key, moment = _next(account, "entity"), now(account)
    currency = columns.get("currency") or str(
        books.store.reference["subsidiary"][int(subsidiary)].get("currency") or books.base_currency
    )
    columns |= {
        "altname": name,
        "currency": currency,
        "isinactive": columns.get("isinactive", False),
        "datecreated": moment,
    }
    books.add("customer", id=key, lastmodifieddate=moment, **columns)
    relation = _next(account, "customersubsidiaryrelationship")
    books.add(
        "customersubsidiaryrelationship", id=relation, entity=key, subsidiary=subsidiary, isprimarysub=True, primarycurrency=currency,
        lastmodifieddate=moment,
    )  # fmt: skip
    return str(key)


def _unique_name(account: Account, name: str) -> None:
    if any(row.get("entityid") == name for row in account.books.store.reference["customer"].values()):
        raise user_error("This entity already exists.")


def contact(account: Account, body: Body) -> str:
    columns = row_columns(account, "contact", body)
    name = f"{columns.get('firstname') or ''} {columns.get('lastname') or ''}".strip()
    if not columns.get("entityid") and not name:
        raise missing("Contact Name")
    columns.setdefault("entityid", name)
    key, moment = _next(account, "entity"), now(account)
    account.books.add(
        "contact", id=key, lastmodifieddate=moment, datecreated=moment, **{"isinactive": False, **columns}
    )
    return str(key)


def _next(account: Account, table: str) -> int:
    return max(account.books.store.reference[table], default=0) + 1
