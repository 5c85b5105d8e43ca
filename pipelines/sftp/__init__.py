"""SFTP drops: open-receivables reports and invoice PDFs, or bank statements, that a company leaves on a server.

What
    A report lists what is open. What a newer report of the same scope stops listing is closed, by that report; no payment is invented.
    A bank statement adds lines and closes nothing; money received on it is a payment that books reconcile, like a provider's.
    A connection is one account on one server, with one profile that says how its files read (`pipelines.sftp.profile`).

Auth
    Public key only; a password is never offered, and neither the agent nor ~/.ssh is consulted. The server's host key is pinned in
    `host_key`; another key stops the connection before anything is sent.

Reads
    `report` every file with its status and reason, `report_line` or `statement_line` its lines in canonical columns, `attachment` the
    invoice PDFs. Files are kept by content in the landing folder, so that a corrected profile or `reprocess_since` needs no second upload.

Writes
    None. Nothing on the server is moved, renamed or deleted.

Quirks
    2026-11-20  Modification times have a resolution of one second, so two equal samples must lie 2 s apart to mean anything.
    2026-11-20  A stalled upload looks finished: senders should write `name.part` and rename (*.part, *.tmp and dotfiles are ignored).
    2026-11-20  Senders overwrite names, and copy old files with new times: identity is the content, and the date in the file name.
    2026-11-20  A report cut at a line end looks whole: only `max_close_share`, `min_rows` and `min_bytes` can catch it.
    2026-11-20  Any bytes are valid ISO-8859-1; that a file is in truth UTF-8 or Windows-1252 shows only in its letters (`encodings`).

Environment
    The variable that `private_key` refers to (the key's text, newlines may be written \\n), and `passphrase`'s if the key has one.
"""

from pipelines.sftp.check import check
from pipelines.sftp.client import SftpClient
from pipelines.sftp.settings import SftpSettings
from pipelines.sftp.source import source
from pipelines.sftp.tables import TABLES
from pipelines.sftp.watch import arrivals
from pipelines.system import System

SYSTEM = System(
    name="sftp",
    kind="report",
    settings=SftpSettings,
    tables=TABLES,
    source=source,
    check=check,
    arrivals=arrivals,
)

__all__ = ["SYSTEM", "SftpClient", "arrivals"]
