"""What a NetSuite connection may set: which account, who we are there, what is read, and what may be written."""

import re
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from pipelines.connections import Secret
from pipelines.erp import ErpSettings

_ACCOUNT = re.compile(r"[A-Z0-9]+(_[A-Z0-9]+)?")
_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_ID = re.compile(r"-?[0-9]+")
_OAUTH1 = ("consumer_key", "consumer_secret", "token_id", "token_secret")
_OAUTH2 = ("client_id", "certificate_id")


class NetSuiteSettings(ErpSettings):
    """Settings of one `[netsuite.<name>]` table. Ids are NetSuite internal ids."""

    # A payment is recognised by its memo and its check number.
    HARMLESS: ClassVar[dict[str, tuple[str, ...]]] = {
        "customer": ("altEmail", "comments", "email", "fax", "mobilePhone", "phone", "title", "url"),
        "invoice": ("dueDate", "email", "memo", "message", "otherRefNum"),
        "credit_note": ("email", "memo", "message", "otherRefNum"),
    }
    CUSTOM: ClassVar[dict[str, str]] = {
        "customer": r"custentity[a-z0-9_]+",
        **dict.fromkeys(("invoice", "credit_note", "payment"), r"custbody[a-z0-9_]+"),
    }

    # Who
    account_id: str  # as Company Information shows it: 1234567, or 1234567_SB1 for a sandbox
    base_url: str | None = None  # derived from the account id unless set
    auth: Literal["oauth1", "oauth2"] = "oauth2"
    consumer_key: Secret | None = None  # oauth1: the integration record's pair
    consumer_secret: Secret | None = None
    token_id: Secret | None = None  # oauth1: the access token's pair
    token_secret: Secret | None = None
    client_id: Secret | None = None  # oauth2: the integration record's client id
    certificate_id: Secret | None = None  # oauth2: id NetSuite shows for the uploaded certificate
    private_key: Secret | None = None  # oauth2: PEM text (newlines may be written \n) ...
    private_key_file: str | None = None  # ... or a file that holds it, relative to connections.toml
    algorithm: Literal["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"] = "PS256"

    # What is read
    subsidiaries: tuple[str, ...] = ()  # empty: all
    primary_subsidiary_only: bool = False
    invoice_statuses: tuple[str, ...] = ()  # status letters (A open, B paid, D pending approval, ...); empty: all
    customer_fields: tuple[str, ...] = ()  # further standard or custom fields by internal id
    transaction_fields: tuple[str, ...] = ()
    initial_load: Literal["all", "open_and_recent"] = "all"
    recent_payments_days: int = Field(default=90, ge=0)

    # How it is read
    overlap_minutes: int = Field(default=120, ge=120)  # covers a clock change; equal versions are not kept twice
    settle_minutes: int = Field(default=5, ge=0)
    max_concurrency: int = Field(default=4, ge=1, le=50)
    max_attempts: int = Field(default=8, ge=1)
    max_wait_seconds: float = Field(default=60, gt=0)
    daily_requests: int | None = Field(default=None, ge=10)  # beyond it a run stops and goes on the next UTC day
    missing_means_deleted: bool = False  # without the Deleted Records permission, treat an id no longer seen as deleted

    # What it is reconciled with
    charge_reference_field: str | None = None  # one of transaction_fields: where else to look for the charge id
    rates: Literal["netsuite", "ecb"] = "ecb"

    def tenant(self) -> str:
        return self.account_id

    @field_validator("account_id")
    @classmethod
    def _account_form(cls, value: str) -> str:
        account = value.strip().upper().replace("-", "_")
        if not _ACCOUNT.fullmatch(account):
            raise ValueError(f"{value!r} is no NetSuite account id, such as 1234567 or 1234567_SB1")
        return account

    @field_validator("customer_fields", "transaction_fields")
    @classmethod
    def _field_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not _FIELD.fullmatch(name):
                raise ValueError(f"{name!r} is no field id, such as custentity_segment (lower case)")
        return value

    @field_validator("subsidiaries")
    @classmethod
    def _ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for item in value:
            if not _ID.fullmatch(item):
                raise ValueError(f"{item!r} is no subsidiary internal id (digits)")
        return value

    @model_validator(mode="after")
    def _read_field(self) -> Self:
        field = self.charge_reference_field
        if field is not None and field not in self.transaction_fields:
            raise ValueError(f"charge_reference_field {field!r} is not read: list it in transaction_fields too")
        if field in self.update_fields.get("payment", ()):
            raise ValueError(
                f"update_fields.payment: a rule may never write {field!r}, charge_reference_field: payments are recognised by it"
            )
        return self

    @model_validator(mode="after")
    def _credentials(self) -> Self:
        wanted = _OAUTH1 if self.auth == "oauth1" else _OAUTH2
        missing = [name for name in wanted if getattr(self, name) is None]
        if missing:
            raise ValueError(f'auth = "{self.auth}" also needs {", ".join(missing)}')
        if self.auth == "oauth2" and (self.private_key is None) == (self.private_key_file is None):
            raise ValueError("set exactly one of private_key (a secret) and private_key_file")
        return self

    @model_validator(mode="after")
    def _same_account(self) -> Self:
        """Credentials of one account must never reach another: a host of NetSuite's has to be this account's."""
        base = (self.base_url or "").rstrip("/")
        if base.endswith(".suitetalk.api.netsuite.com") and base != f"https://{self.host}.suitetalk.api.netsuite.com":
            raise ValueError(f"base_url {self.base_url} is another account's, not {self.account_id}'s")
        return self

    @property
    def host(self) -> str:
        """The account id as host names have it: `1234567-sb1`."""
        return self.account_id.lower().replace("_", "-")

    @property
    def services(self) -> str:
        """Base of every REST call, without a trailing slash."""
        base = self.base_url or f"https://{self.host}.suitetalk.api.netsuite.com"
        return f"{base.rstrip('/')}/services/rest"
