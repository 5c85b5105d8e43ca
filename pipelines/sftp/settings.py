"""What an SFTP connection may set: where the drop is, who we are there, how its files read, and when to ask a person."""

import hashlib
import re
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field, field_validator, model_validator

from pipelines.connections import Cadence, Secret, Settings
from pipelines.sftp.profile import Layout, Profile, Statement


class SftpSettings(Settings):
    """Settings of one `[sftp.<name>]` table."""

    sync_every: Cadence = "realtime"  # a file is read when it has come

    host: str
    port: int = Field(default=22, ge=1, le=65535)
    username: str
    host_key: str  # the server's public key line, "ssh-ed25519 AAAA...": pinned, never learned
    private_key: Secret | None = None  # OpenSSH or PEM private key text; newlines may be written \n
    private_key_file: str | None = None  # or a file that holds it, relative to connections.toml
    passphrase: Secret | None = None
    timeout_seconds: float = Field(default=30, gt=0)

    folder: str = "csv_data_uploads"  # reports, or bank statements
    attachments_folder: str = "."  # invoice PDFs; "" reads none, and where statements are dropped there are none
    file_pattern: str = r".+\.csv"  # (?P<date>...) gives the report's date, (?P<scope>...) its scope
    file_date_format: str = "yyyy-mm-dd"
    scope: str = ""  # what a report covers; absence closes only within one scope
    stable_seconds: float = Field(default=2, ge=0)  # a file is read after two equal (size, mtime) this far apart
    max_file_bytes: int = Field(default=200_000_000, gt=0)

    min_rows: int = Field(default=0, ge=0)  # fewer rows than this is a truncated report
    min_bytes: int = Field(default=0, ge=0)
    max_close_share: Decimal = Field(default=Decimal("0.5"), ge=0, le=1)  # a report that would close more asks a person
    reprocess_since: date | None = None  # decide the reports of this date and later again, once, from the copies kept

    profile: Profile | None = None  # the files are reports of open items ...
    statement: Statement | None = None  # ... or bank statements

    @field_validator("host_key")
    @classmethod
    def _key_line(cls, value: str) -> str:
        parts = value.split()
        if len(parts) < 2 or not parts[0].startswith(("ssh-", "ecdsa-", "sk-", "rsa-")):
            raise ValueError(
                'must be the server\'s public key line, such as "ssh-ed25519 AAAA..." (ssh-keyscan prints it)'
            )
        return " ".join(parts[:2])

    @model_validator(mode="before")
    @classmethod
    def _no_invoices(cls, values: Any) -> Any:
        return {"attachments_folder": "", **values} if isinstance(values, dict) and "statement" in values else values

    @field_validator("file_pattern")
    @classmethod
    def _pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _one_key(self) -> "SftpSettings":
        if (self.private_key is None) == (self.private_key_file is None):
            raise ValueError(
                "set exactly one of private_key (a secret) and private_key_file: login is by key only, never by password"
            )
        return self

    @model_validator(mode="after")
    def _one_layout(self) -> "SftpSettings":
        if (self.profile is None) == (self.statement is None):
            raise ValueError("set exactly one of profile (reports of open items) and statement (bank statements)")
        return self

    def tells_of_payments(self) -> bool:
        return self.statement is not None

    @property
    def layout(self) -> Layout:
        """How the files read."""
        layout = self.profile or self.statement
        assert layout is not None
        return layout

    @property
    def fingerprint(self) -> str:
        """Changes when a setting does that decides about reports: one held or rejected under other settings is decided again."""
        names = (
            "file_pattern",
            "file_date_format",
            "scope",
            "min_rows",
            "min_bytes",
            "max_close_share",
            "time_zone",
            self.layout.table,
        )
        return hashlib.sha256(self.model_dump_json(include=set(names)).encode()).hexdigest()[:12]
