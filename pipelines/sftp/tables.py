"""The raw tables of the SFTP system: every file with its status, the lines of reports and bank statements, and the invoice PDFs."""

from pipelines.tables import Table, columns

REPORT = Table(
    "sftp",
    "report",
    ("report_id",),
    columns(
        "report_id file_name path size:integer modified_at:timestamp report_date:date scope status reason sequence:integer"
        " row_count:integer total:money profile"
    ),
    "One row per report or bank statement received. `report_id` is the sha256 of its content (a later report with equal content adds @date, another copy"
    " adds #file name; a file too large to read is file name@time). `status` is applied, held_empty, held_truncated, held_bad_rows, held_mass_close, ignored_older, duplicate or"
    " rejected; only applied reports speak for the books, in the order of `sequence`. `total` is a control sum over all currencies.",
)
REPORT_LINE = Table(
    "sftp",
    "report_line",
    ("report_id", "line_number"),
    columns(
        "report_id line_number:integer invoice_ref customer_ref customer_name currency open_amount:money original_amount:money"
        " invoice_date:date due_date:date is_disputed:bool extra:json"
    ),
    "One row per line of a report, by its line number in the file. Columns that the profile does not map are in `extra`.",
)
ATTACHMENT = Table(
    "sftp",
    "attachment",
    ("file_name",),
    columns("file_name invoice_ref size:integer modified_at:timestamp sha256 landing_path"),
    "One row per invoice PDF; `invoice_ref` is the file name without .pdf, `landing_path` is relative to the landing folder.",
)
STATEMENT_LINE = Table(
    "sftp",
    "statement_line",
    ("report_id", "line_number"),
    columns(
        "report_id line_number:integer line_id transaction_id bank_account booked_date:date currency amount:money reference description"
        " counterparty extra:json"
    ),
    "One row per line of a bank statement, by its line number in the file (whose row is in `report`). `amount` is signed: money received"
    " is positive. `line_id` is the line's identity over all files: see pipelines.sftp.statements.",
)
TABLES = (REPORT, REPORT_LINE, ATTACHMENT, STATEMENT_LINE)
