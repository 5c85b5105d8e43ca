"""The customers of a company: their columns, their hierarchy, and what a change of name brings with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import chart
from .lists import Lists
from .model import Name, Refused

_EMPLOYED = {"name": "DisplayName", "company_name": "CompanyName", "given_name": "GivenName", "middle_name": "MiddleName",
             "family_name": "FamilyName", "notes": "Notes", "active": "Active", "bill_with_parent": "BillWithParent"}  # fmt: skip
_WRAPPED = {
    "email": ("PrimaryEmailAddr", "Address"), "phone": ("PrimaryPhone", "FreeFormNumber"), "alternate_phone": ("AlternatePhone", "FreeFormNumber"),
    "mobile": ("Mobile", "FreeFormNumber"), "term": ("SalesTermRef", "value"), "parent": ("ParentRef", "value"),
}  # fmt: skip


class People(Lists):
    """Lists with customers in them."""

    _children: dict[str, list[Name]] | None = None

    def add_name(self, kind: str, data: dict[str, Any], *, id: str | None = None, at: datetime | None = None) -> str:
        """Add an entry to a list, as the API's properties. Raises Refused (6240) for a name that is taken."""
        with self.lock:
            self._children = None if kind == "Customer" else self._children
            return super().add_name(kind, data, id=id, at=at)

    def add_customer(
        self,
        *,
        name: str,
        currency: str | None = None,
        at: datetime | None = None,
        id: str | None = None,
        **columns: Any,
    ) -> str:
        """Add a customer. Columns: company_name, given_name, middle_name, family_name, email, phone, alternate_phone, mobile, term, parent,
        bill_with_parent, notes, active. Raises ValueError for another column."""
        data = {"Taxable": False, "Job": False, "BillWithParent": False, "Active": True, "CurrencyRef": chart.currency(currency or self.home_currency),
                "PreferredDeliveryMethod": "None", "IsProject": False, **_properties({"name": name, **columns})}  # fmt: skip
        data = {prop: value for prop, value in data.items() if value is not None}
        with self.lock:
            self.use_currency(data["CurrencyRef"]["value"])
            self.place(data)
            return self.add_name("Customer", data, id=id, at=at)

    def edit_customer(self, customer_id: str, *, at: datetime, **columns: Any) -> None:
        """Change columns of a customer (those of `add_customer`). Raises ValueError for a customer or column that is not there."""
        with self.lock:
            self.change_name(self.customer(customer_id), _properties(columns), at)

    def change_name(self, entry: Name, changes: dict[str, Any], at: datetime) -> None:
        """Replace properties of a list entry; None removes one. What is under a customer takes its new full name."""
        data = {prop: value for prop, value in {**entry.data, **changes}.items() if value is not None}
        if entry.kind == "Customer":
            self.place(data)
        self.check_unique(entry.kind, data, entry.id)
        entry.data = data
        self.store.touch(entry, at)
        if entry.kind == "Customer":
            self._children = None
            self._renamed(entry)

    def _renamed(self, customer: Name) -> None:
        for txn in self.store.of_customer.get(customer.id, {}).values():
            self.store.rendered.pop((txn.type, txn.id), None)
        for child in self.children(customer.id):
            self.place(child.data)
            self._renamed(child)

    def place(self, data: dict[str, Any]) -> None:
        """Set what follows from a customer's parent: level, job and full name. Raises Refused for a parent that is not there."""
        above = data.get("ParentRef")
        if above is None:
            data.update(Job=False, FullyQualifiedName=data["DisplayName"])
            data.pop("Level", None)
            return
        parent = self.store.name("Customer", above["value"])
        if parent is None:
            raise Refused("2500", f"Invalid Reference Id : Names element id {above['value']} not found", "ParentRef")
        level = int(parent.data.get("Level", 0)) + 1
        if level > 4:
            raise Refused(
                "6000",
                "Business Validation Error: A customer can have at most four levels of sub-customers.",
                "ParentRef",
            )
        data.update(
            Job=True,
            Level=level,
            ParentRef={"value": above["value"]},
            FullyQualifiedName=f"{parent.data['FullyQualifiedName']}:{data['DisplayName']}",
        )

    def children(self, customer: int) -> list[Name]:
        """The direct sub-customers of a customer."""
        if self._children is None:
            self._children = {}
            for name in self.store.names("Customer"):
                if "ParentRef" in name.data:
                    self._children.setdefault(name.data["ParentRef"]["value"], []).append(name)
        return self._children.get(str(customer), [])

    def customer(self, key: object) -> Name:
        """The customer with this id. Raises ValueError if there is none."""
        found = self.store.name("Customer", key)
        if found is None:
            raise ValueError(f"customer {key} does not exist in {self.realm_id}")
        return found


def _properties(columns: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for column, value in columns.items():
        if column in _EMPLOYED:
            data[_EMPLOYED[column]] = value
        elif column in _WRAPPED:
            prop, part = _WRAPPED[column]
            data[prop] = None if value is None else {part: str(value)}
        else:
            raise ValueError(f"a customer has no column {column!r}; use one of {', '.join([*_EMPLOYED, *_WRAPPED])}")
    return data
