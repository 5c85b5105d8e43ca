"""Which table an id points at, and what a person sees of a row there."""

from __future__ import annotations

# The column that shows a reference to a row of this table to a person (BUILTIN.DF, refName).
DISPLAY = {
    "customer": "coalesce(altname, companyname, entityid)",
    "contact": "entityid",
    "entity": "coalesce(altname, entityid)",
    "subsidiary": "name",
    "currency": "name",
    "account": "coalesce(accountsearchdisplayname, acctnumber)",
    "accountingperiod": "periodname",
    "term": "name",
    "paymentmethod": "name",
    "item": "fullname",
    "transaction": "coalesce(trandisplayname, tranid)",
    "employee": "entityid",
    "department": "name",
    "classification": "name",
    "location": "name",
    "customercategory": "name",
}

# Which table an id column points at, for BUILTIN.DF.
REFERENCES = {
    "entity": "entity",
    "company": "customer",
    "customer": "customer",
    "currency": "currency",
    "basecurrency": "currency",
    "transactioncurrency": "currency",
    "subsidiary": "subsidiary",
    "account": "account",
    "postingperiod": "accountingperiod",
    "terms": "term",
    "paymentmethod": "paymentmethod",
    "item": "item",
    "transaction": "transaction",
    "previousdoc": "transaction",
    "nextdoc": "transaction",
    "createdfrom": "transaction",
    "salesrep": "employee",
    "category": "customercategory",
    "department": "department",
    "class": "classification",
    "location": "location",
}
