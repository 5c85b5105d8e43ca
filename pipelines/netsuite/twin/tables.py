"""The tables of the twin, as SuiteQL names them: which columns exist, of which kind, and which permission opens them.

The kinds decide how a column is stored and rendered: `id` and `int` are whole numbers, `bool` is the text T or F, `date` has no zone,
`timestamp` is an instant (stored in UTC, shown in the account's zone).
"""

from __future__ import annotations

SQL_TYPES = {
    "id": "BIGINT",
    "int": "BIGINT",
    "text": "VARCHAR",
    "bool": "VARCHAR",
    "money": "DECIMAL(18,4)",
    "rate": "DECIMAL(18,8)",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}


def _columns(**kinds: str) -> dict[str, str]:
    return {name: kind for kind, names in kinds.items() for name in names.split()}


TABLES: dict[str, dict[str, str]] = {
    "transaction": _columns(
        id="id entity currency postingperiod terms paymentmethod account createdby lastmodifiedby reversal",
        text="transactionnumber trandisplayname tranid externalid type abbrevtype recordtype status memo otherrefnum source approvalstatus"
        " custbody_po_contact_email",
        bool="posting voided void isreversal",
        rate="exchangerate",
        money="foreigntotal foreignamountpaid foreignamountunpaid taxtotal",
        date="trandate duedate closedate",
        timestamp="createddate lastmodifieddate",
    ),
    "transactionline": _columns(
        id="id transaction uniquekey item entity subsidiary createdfrom paymentmethod department class location",
        int="linesequencenumber",
        text="memo itemtype",
        bool="mainline taxline cleared isclosed donotdisplayline",
        rate="rate quantity",
        money="foreignamount creditforeignamount debitforeignamount netamount foreignamountpaid foreignamountunpaid"
        " foreignpaymentamountunused foreignpaymentamountused",
        date="cleareddate",
        timestamp="linelastmodifieddate",
    ),
    "transactionaccountingline": _columns(
        id="accountingbook transaction transactionline account",
        text="accounttype",
        bool="posting",
        rate="exchangerate",
        money="amount netamount debit credit amountpaid amountunpaid amountlinked paymentamountunused paymentamountused",
        timestamp="lastmodifieddate",
    ),
    "nexttransactionlinelink": _columns(
        id="previousdoc previousline nextdoc nextline",
        text="previoustype nexttype linktype",
        money="foreignamount",
        date="previousdate nextdate",
        timestamp="lastmodifieddate",
    ),
    "nexttransactionlink": _columns(id="previousdoc nextdoc", text="linktype", timestamp="lastmodifieddate"),
    "previoustransactionlinelink": _columns(
        id="previousdoc previousline nextdoc nextline",
        text="previoustype nexttype linktype",
        money="foreignamount",
        timestamp="lastmodifieddate",
    ),
    "previoustransactionlink": _columns(id="previousdoc nextdoc", text="linktype"),
    "customer": _columns(
        id="id parent currency terms receivablesaccount salesrep category entitystatus defaultbillingaddress defaultshippingaddress",
        text="entityid companyname firstname middlename lastname altname salutation title email altemail phone altphone mobilephone fax url"
        " comments externalid accountnumber language searchstage custentity_segment"
        " custentity_ar_owner_email",
        bool="isperson isinactive duplicate",
        money="creditlimit balancesearch overduebalancesearch",
        timestamp="datecreated lastmodifieddate",
    ),
    "customercategory": _columns(id="id", text="name", bool="isinactive"),
    "entityaddress": _columns(
        id="nkey recordowner",
        text="addr1 addr2 addr3 addressee addrphone addrtext attention city country dropdownstate state zip",
        bool="override",
        timestamp="lastmodifieddate",
    ),
    "contact": _columns(
        id="id company owner subsidiary contactrole",
        text="entityid companyname email altemail firstname middlename lastname salutation title phone officephone mobilephone homephone fax"
        " comments externalid",
        bool="isinactive isprivate",
        timestamp="datecreated lastmodifieddate",
    ),
    "entity": _columns(
        id="id parent customer contact vendor employee toplevelparent",
        text="type entityid entitytitle altname email phone firstname lastname comments externalid",
        bool="isinactive isperson",
        timestamp="datecreated lastmodifieddate",
    ),
    "customersubsidiaryrelationship": _columns(
        id="id entity subsidiary primarycurrency",
        bool="isprimarysub inactive",
        money="balance",
        timestamp="lastmodifieddate",
    ),
    "subsidiary": _columns(
        id="id parent currency fiscalcalendar",
        text="name fullname legalname country state email externalid tranprefix url edition",
        bool="iselimination isinactive",
        timestamp="lastmodifieddate",
    ),
    "currency": _columns(
        id="id",
        int="currencyprecision symbolplacement",
        text="name symbol displaysymbol externalid",
        bool="isbasecurrency isinactive includeinfxrateupdates",
        rate="exchangerate",
        timestamp="lastmodifieddate",
    ),
    "currencyrate": _columns(
        id="id basecurrency transactioncurrency",
        rate="exchangerate",
        date="effectivedate",
        timestamp="lastmodifieddate",
    ),
    "consolidatedexchangerate": _columns(
        id="id fromcurrency fromsubsidiary tocurrency tosubsidiary postingperiod accountingbook",
        text="externalid",
        rate="averagerate currentrate historicalrate",
    ),
    "account": _columns(
        id="id parent currency department class location",
        text="acctnumber accountsearchdisplayname accountsearchdisplaynamecopy displaynamewithhierarchy fullname accttype sspecacct"
        " description externalid subsidiary generalrate cashflowrate",
        bool="isinactive issummary eliminate includechildren inventory revalue reconcilewithmatching",
        timestamp="lastmodifieddate",
    ),
    "accountingperiod": _columns(
        id="id parent",
        text="periodname",
        bool="closed alllocked aplocked arlocked allownonglchanges isadjust isinactive isposting isquarter isyear",
        date="startdate enddate closedondate",
        timestamp="lastmodifieddate",
    ),
    "accountingbook": _columns(id="id", text="name externalid", bool="isprimary isconsolidated isadjustmentonly"),
    "term": _columns(
        id="id",
        int="daysuntilnetdue daysuntilexpiry dayofmonthnetdue duenextmonthifwithindays",
        text="name externalid",
        bool="datedriven preferred isinactive",
        rate="discountpercent",
        timestamp="lastmodifieddate",
    ),
    "paymentmethod": _columns(id="id account", text="name externalid", bool="isinactive", timestamp="lastmodifieddate"),
    "item": _columns(
        id="id parent incomeaccount expenseaccount assetaccount department class location",
        text="fullname itemtype description subsidiary",
    ),
    "employee": _columns(
        id="id department subsidiary supervisor currency",
        text="entityid firstname lastname email",
        bool="isinactive",
    ),
    "department": _columns(
        id="id parent",
        text="name fullname externalid subsidiary",
        bool="isinactive",
        timestamp="lastmodifieddate",
    ),
    "classification": _columns(
        id="id parent",
        text="name fullname externalid subsidiary",
        bool="isinactive",
        timestamp="lastmodifieddate",
    ),
    "location": _columns(
        id="id parent",
        text="name fullname externalid subsidiary",
        bool="isinactive",
        timestamp="lastmodifieddate",
    ),
    "file": _columns(
        id="id folder",
        int="filesize",
        text="name filetype url description",
        bool="isinactive isonline",
        timestamp="createddate lastmodifieddate",
    ),
    "deletedrecord": _columns(
        id="recordid recordtypeid deletedby",
        text="name scriptid type context",
        bool="iscustomlist iscustomrecord iscustomtransaction",
        timestamp="deleteddate",
    ),
}

# Views over the one stored graph of applications.
VIEWS: dict[str, str] = {
    "nexttransactionlink": "select previousdoc, nextdoc, linktype, max(lastmodifieddate) as lastmodifieddate"
    " from nexttransactionlinelink group by all",
    "previoustransactionlinelink": "select previousdoc, previousline, nextdoc, nextline, previoustype, nexttype, linktype, foreignamount,"
    " lastmodifieddate from nexttransactionlinelink",
    "previoustransactionlink": "select distinct previousdoc, nextdoc, linktype from nexttransactionlinelink",
}


def ddl() -> list[str]:
    """The statements that create every table and view."""
    statements = [
        f'create table "{name}" ('
        + ", ".join(f'"{column}" {SQL_TYPES[kind]}' for column, kind in columns.items())
        + ")"
        for name, columns in TABLES.items()
        if name not in VIEWS
    ]
    return statements + [f'create view "{name}" as {body}' for name, body in VIEWS.items()]
