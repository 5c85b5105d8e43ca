"""The raw tables of the NetSuite system, as declared to the warehouse. Names are SuiteQL's."""

from pipelines.tables import Table, columns


def _table(name: str, key: str, spec: str, description: str) -> Table:
    return Table("netsuite", name, tuple(key.split()), columns(spec), description)


SUBSIDIARY = _table(
    "subsidiary", "id", "id name fullname currency parent country iselimination:bool isinactive:bool",
    "One row per subsidiary the role can see.",
)  # fmt: skip
ACCOUNT = _table(
    "account",
    "id",
    "id acctnumber accountsearchdisplayname accttype currency isinactive:bool",
    "One row per general ledger account.",
)
CURRENCY = _table(
    "currency",
    "id",
    "id name symbol currencyprecision:integer isbasecurrency:bool isinactive:bool",
    "One row per currency.",
)
CURRENCYRATE = _table(
    "currencyrate",
    "id",
    "id basecurrency transactioncurrency exchangerate:rate effectivedate:date",
    "One row per daily rate.",
)
ACCOUNTINGPERIOD = _table(
    "accountingperiod", "id",
    "id periodname startdate:date enddate:date closed:bool arlocked:bool alllocked:bool allownonglchanges:bool isposting:bool isquarter:bool isyear:bool",
    "One row per accounting period, quarters and years among them.",
)  # fmt: skip
TERM = _table("term", "id", "id name daysuntilnetdue:integer", "One row per payment term.")
PAYMENTMETHOD = _table("paymentmethod", "id", "id name isinactive:bool", "One row per payment method.")
CUSTOMER = _table(
    "customer", "id",
    "id entityid companyname firstname lastname altname isperson:bool email phone altphone mobilephone fax url parent currency terms"
    " creditlimit:money category category_name comments externalid isinactive:bool datecreated:timestamp lastmodifieddate:timestamp"
    " addresses:json custom_fields:json",
    "One row per version of a customer. `addresses` holds its default billing and shipping address as they were then (absent where the"
    " role sees none), `custom_fields` the fields named in customer_fields, as text.",
)  # fmt: skip
RELATIONSHIP = _table(
    "customersubsidiaryrelationship",
    "id",
    "id entity subsidiary isprimarysub:bool",
    "One row per customer and subsidiary.",
)
CONTACT = _table(
    "contact", "id",
    "id company entityid firstname lastname title email phone mobilephone isinactive:bool lastmodifieddate:timestamp",
    "One row per version of a contact.",
)  # fmt: skip
TRANSACTION = _table(
    "transaction", "id",
    "id type status tranid entity subsidiary currency exchangerate:rate foreigntotal:money foreignamountpaid:money"
    " foreignamountunpaid:money trandate:date duedate:date closedate:date terms memo otherrefnum externalid postingperiod posting:bool"
    " voided:bool paymentmethod account createddate:timestamp lastmodifieddate:timestamp lines:json applications:json"
    " custom_fields:json",
    "One row per version of a transaction, whole: `lines` holds its lines with their general ledger postings in the primary book,"
    " `applications` the links whose nextdoc it is (what a payment or credit pays), all values as the text SuiteQL gave.",
)  # fmt: skip
DELETEDRECORD = _table(
    "deletedrecord", "recordtypeid recordid", "recordtypeid recordid type scriptid name deleteddate:timestamp",
    "One row per deletion NetSuite reports; the record's own table gets a version with is_deleted.",
)  # fmt: skip
CONTROL_TOTAL = _table(
    "control_total", "table_name measure",
    "table_name measure window_start:timestamp window_end:timestamp row_count:integer total:money",
    "What NetSuite itself counts and sums for a table within this connection's scope, asked apart from the extraction.",
)  # fmt: skip
CONTROL_BALANCE = _table(
    "control_balance", "entity currency", "entity currency open_amount:money unapplied_amount:money",
    "What NetSuite itself says a customer owes (open invoices, journals, less open credits) and has paid without applying it.",
)  # fmt: skip

TABLES = (
    SUBSIDIARY, ACCOUNT, CURRENCY, CURRENCYRATE, ACCOUNTINGPERIOD, TERM, PAYMENTMETHOD, CUSTOMER, RELATIONSHIP, CONTACT,
    TRANSACTION, DELETEDRECORD, CONTROL_TOTAL, CONTROL_BALANCE,
)  # fmt: skip
