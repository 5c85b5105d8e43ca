"""Where a person opens a record in QuickBooks Online."""

_APP = {"production": "https://app.qbo.intuit.com/app", "sandbox": "https://app.sandbox.qbo.intuit.com/app"}
_PAGES = {
    "payment": "recvpayment",
    "deposit": "deposit",
    "invoice": "invoice",
    "credit_memo": "creditmemo",
    "journal_entry": "journal",
}


def record_url(table: str, record_id: str, environment: str = "production") -> str:
    """The page of a record of a raw table, such as `payment`: the company it belongs to has to be the one that is signed in to."""
    return f"{_APP[environment]}/{_PAGES[table]}?txnId={record_id}"
