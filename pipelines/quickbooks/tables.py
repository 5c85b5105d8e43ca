"""The raw tables of the QuickBooks system, as declared to the warehouse. References are kept as the id they carry."""

from pipelines.tables import Table, columns

_COMMON = (
    "id sync_token txn_date:date currency exchange_rate:rate private_note doc_number create_time:timestamp last_updated_time:timestamp"
    " lines:json linked_txn:json"
)


def _table(name: str, key: str, spec: str, description: str) -> Table:
    return Table("quickbooks", name, tuple(key.split()), columns(spec), description)


COMPANY_INFO = _table(
    "company_info",
    "id",
    "id company_name legal_name country email time_zone",
    "One row: the company of the connection.",
)
PREFERENCES = _table(
    "preferences", "id", "id home_currency multi_currency:bool book_close_date:date",
    "One row: the company's settings; up to `book_close_date` its books are closed.",
)  # fmt: skip
ACCOUNT = _table(
    "account", "id",
    "id name fully_qualified_name account_type account_sub_type classification currency current_balance:money acct_num active:bool"
    " create_time:timestamp last_updated_time:timestamp",
    "One row per general ledger account.",
)  # fmt: skip
CUSTOMER = _table(
    "customer", "id",
    "id sync_token display_name company_name given_name middle_name family_name fully_qualified_name email primary_phone"
    " alternate_phone mobile parent level:integer job:bool bill_with_parent:bool currency sales_term balance:money"
    " balance_with_jobs:money active:bool notes bill_addr:json ship_addr:json create_time:timestamp last_updated_time:timestamp",
    "One row per version of a customer or sub-customer, with its contact.",
)  # fmt: skip
INVOICE = _table(
    "invoice", "id",
    f"{_COMMON} customer due_date:date sales_term total_amt:money home_total_amt:money balance:money home_balance:money customer_memo"
    " bill_email email_status custom_fields:json",
    "One row per version of an invoice, whole. A voided one stays, with amounts of zero.",
)  # fmt: skip
PAYMENT = _table(
    "payment", "id",
    f"{_COMMON} customer total_amt:money unapplied_amt:money payment_ref_num payment_method deposit_to_account ar_account",
    "One row per version of a customer payment; `lines` says what it pays. One of zero applies a credit memo.",
)  # fmt: skip
CREDIT_MEMO = _table(
    "credit_memo", "id",
    f"{_COMMON} customer total_amt:money remaining_credit:money balance:money home_balance:money customer_memo",
    "One row per version of a credit memo.",
)  # fmt: skip
REFUND_RECEIPT = _table(
    "refund_receipt", "id",
    f"{_COMMON} customer total_amt:money payment_ref_num payment_method deposit_to_account",
    "One row per version of a refund; `deposit_to_account` is what the money left.",
)  # fmt: skip
DEPOSIT = _table(
    "deposit", "id", f"{_COMMON} deposit_to_account total_amt:money cash_back:json",
    "One row per version of a bank deposit; `lines` links the payments in it.",
)  # fmt: skip
JOURNAL_ENTRY = _table(
    "journal_entry", "id", f"{_COMMON} total_amt:money adjustment:bool", "One row per version of a journal entry."
)
TERM = _table("term", "id", "id name due_days:integer active:bool", "One row per payment term.")
PAYMENT_METHOD = _table("payment_method", "id", "id name type active:bool", "One row per payment method.")
EXCHANGE_RATE = _table(
    "exchange_rate", "source_currency target_currency as_of_date", "source_currency target_currency as_of_date:date rate:rate",
    "One row per currency and day: what one unit of it is worth in the home currency.",
)  # fmt: skip
AGED_RECEIVABLES = _table(
    "aged_receivables", "customer", "customer as_of_date:date currency amounts:json total:money",
    "QuickBooks' own AgedReceivables report, a row per customer: amounts in home currency by column title.",
)  # fmt: skip
CONTROL_TOTAL = _table(
    "control_total", "table_name measure",
    "table_name measure window_start:timestamp window_end:timestamp row_count:integer total:money",
    "What QuickBooks itself counts of a table, asked apart from the extraction.",
)  # fmt: skip
CONTROL_BALANCE = _table(
    "control_balance", "entity currency", "entity currency open_amount:money unapplied_amount:money",
    "A customer's own balance as QuickBooks keeps it (open items less unapplied credits and payments), asked apart from the extraction.",
)  # fmt: skip

TABLES = (
    COMPANY_INFO, PREFERENCES, ACCOUNT, CUSTOMER, INVOICE, PAYMENT, CREDIT_MEMO, REFUND_RECEIPT, DEPOSIT, JOURNAL_ENTRY, TERM,
    PAYMENT_METHOD, EXCHANGE_RATE, AGED_RECEIVABLES, CONTROL_TOTAL, CONTROL_BALANCE,
)  # fmt: skip
