"""The connections file, the `.env` beside it and the key files with which everything else runs against the sandbox."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.sandbox import bank
from pipelines.sandbox.company import Branch, Company
from pipelines.sandbox.credentials import Credentials
from pipelines.sandbox.drops import FOLDER
from pipelines.sandbox.layouts import Layout
from pipelines.sandbox.office import Office

MARK = "# Written by `tieout sandbox`"
_NOTE = "; it is overwritten whenever the sandbox starts."
KEYS = "sandbox-keys"
_EVERY = {
    "books_us": "15m",
    "books_emea": "30m",
    "qbo_us": "15m",
    "qbo_uk": "30m",
    "cards_us": "15m",
    "cards_emea": "30m",
    "cards_qbo_us": "15m",
    "cards_qbo_uk": "30m",
    "drop_dach": "realtime",
    "drop_nordics": "realtime",
    "bank_emea": "realtime",
}
_RULED = ("books_us", "qbo_us")
_ZONES = {"drop_dach": "Europe/Berlin", "drop_nordics": "Europe/Stockholm", "bank_emea": "Europe/London"}


def refuse_others(connections: Path) -> None:
    """Raise FileExistsError if the connections file or the `.env` beside it is there and not the sandbox's."""
    for path in (connections, connections.resolve().parent / ".env"):
        if path.exists() and not path.read_text("utf-8").startswith(MARK):
            raise FileExistsError(
                f"{path} was not written by the sandbox; move it away, or choose another --connections-out"
            )


class Files:
    """What is going to be written: settings by table, secrets by variable, key files by connection."""

    def __init__(self, company: Company, credentials: Credentials, base_url: str, sftp_port: int) -> None:
        self.credentials, self.base_url, self.sftp_port = credentials, base_url, sftp_port
        self.secrets: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.tables: dict[str, dict[str, Any]] = {}
        accounts = {"netsuite": self._netsuite, "quickbooks": self._quickbooks}
        for branch in company.branches:
            profile = branch.office.profile
            self.tables[f"{profile.system}.{profile.connection}"] = accounts[profile.system](branch)
        for branch in company.branches:
            self.tables[f"stripe.{branch.till.connection}"] = self._stripe(branch)
        self.tables["ecb.reference_rates"] = {"base_url": f"{self.base_url}/ecb", "sync_every": "daily"}
        for drop in company.drops:
            name, layout = drop.profile.connection, drop.profile.layout
            self.tables[f"sftp.{name}"] = self._sftp(
                name, layout, max_close_share=Decimal("0.6"), profile=layout.profile
            )
        statement = bank.STATEMENT
        self.tables[f"sftp.{bank.CONNECTION}"] = self._sftp(bank.CONNECTION, statement, statement=statement.profile)

    def write(self, connections: Path) -> None:
        """Write everything, readable by its owner only. Raises FileExistsError rather than overwrite a file that is not the sandbox's."""
        refuse_others(connections)
        folder = connections.resolve().parent
        environment = folder / ".env"
        (folder / KEYS).mkdir(parents=True, exist_ok=True, mode=0o700)
        for connection, key in self.keys.items():
            _private(folder / KEYS / f"{connection}.pem", key)
        _private(
            environment, "\n".join([MARK + _NOTE, *(f"{name}={value}" for name, value in self.secrets.items()), ""])
        )
        body = "\n".join(_table(name, values) for name, values in self.tables.items())
        _private(connections, f"{MARK}{_NOTE}\n\n{body}")

    def _secret(self, connection: str, name: str, value: str) -> str:
        variable = f"{connection}_{name}".upper()
        self.secrets[variable] = value
        return f"${{{variable}}}"

    def _key_file(self, connection: str, key: str) -> str:
        self.keys[connection] = key
        return f"{KEYS}/{connection}.pem"

    def _netsuite(self, branch: Branch) -> dict[str, Any]:
        office, profile, name = branch.office, branch.office.profile, branch.office.connection
        host = profile.account_id.lower().replace("_", "-")
        return {
            "account_id": profile.account_id,
            "base_url": f"{self.base_url}/netsuite/{host}",
            **self._login(name),
            "time_zone": profile.zone,
            "sync_every": _EVERY[name],
            "max_concurrency": 4,
            "subsidiaries": [profile.subsidiary],
            "customer_fields": ["custentity_segment", "custentity_ar_owner_email"],
            "transaction_fields": ["custbody_po_contact_email"],
            **_reconciled(office),
            **_ruled(name, "memo"),
        }

    def _quickbooks(self, branch: Branch) -> dict[str, Any]:
        profile, name = branch.office.profile, branch.office.connection
        granted = self.credentials.quickbooks[name]
        secrets = ("client_id", "client_secret", "refresh_token")
        return {
            "realm_id": profile.account_id,
            "base_url": f"{self.base_url}/quickbooks",
            **{part: self._secret(name, part, getattr(granted, part)) for part in secrets},
            "throttle_wait_seconds": 1,  # a planted 429 need not cost a minute
            "time_zone": profile.zone,
            "sync_every": _EVERY[name],
            **_reconciled(branch.office),
            **_ruled(name, "PrivateNote"),
        }

    def _login(self, name: str) -> dict[str, Any]:
        token = self.credentials.tokens.get(name)
        if token is not None:
            parts = ("consumer_key", "consumer_secret", "token_id", "token_secret")
            return {"auth": "oauth1"} | {part: self._secret(name, part, getattr(token, part)) for part in parts}
        certificate = self.credentials.certificates[name]
        return {
            "auth": "oauth2",
            "client_id": self._secret(name, "client_id", certificate.client_id),
            "certificate_id": self._secret(name, "certificate_id", certificate.certificate_id),
            "private_key_file": self._key_file(name, self.credentials.certificate_keys[name]),
            "algorithm": "ES256",
        }

    def _stripe(self, branch: Branch) -> dict[str, Any]:
        till = branch.till
        secrets, plain = self.credentials.stripe_login(till.connection, till.account)
        return {
            "base_url": f"{self.base_url}/stripe",
            "connect_url": f"{self.base_url}/stripe",
            "requests_per_second": 100,
            **{part: self._secret(till.connection, part, value) for part, value in secrets.items()},
            **plain,
            "account_id": till.account.account_id,
            "time_zone": branch.office.profile.zone,
            "sync_every": _EVERY[till.connection],
        }

    def _sftp(self, name: str, layout: Layout[Any], **more: Any) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.sftp_port,
            "username": name,
            "private_key_file": self._key_file(name, self.credentials.sftp[name].private),
            "host_key": self.credentials.host_key.public,
            "folder": FOLDER,
            "file_pattern": layout.file_pattern,
            "file_date_format": layout.file_date_format,
            "time_zone": _ZONES[name],
            "sync_every": _EVERY[name],
            "stable_seconds": Decimal("0.5"),
            **more,
        }


def _reconciled(office: Office) -> dict[str, Any]:
    """What every ERP's connection says of the company: what it is reconciled with, and how that is booked."""
    chart, profile = office.chart, office.profile
    return {
        "exclude_customers": [office.intercompany],
        "activated_on": office.activated_on,
        "stripe": [profile.psp],
        "banks": [bank.CONNECTION] if profile.connection == bank.BOOKS else [],
        "rates": profile.system if profile.base == "USD" else "ecb",
        "bank_accounts": dict(chart.banks),
        "fee_account": chart.fees,
        "fee_vendor": chart.fee_vendor,
        "dispute_account": chart.disputes,
        "refund_account": chart.refunds,
        "payment_methods": {
            "card": chart.methods["card"],
            "bank_transfer": chart.methods["wire"],
            **dict.fromkeys(("us_bank_account", "sepa_debit", "bacs_debit"), chart.methods["debit"]),
        },
        "max_total": 5_000_000,
    }


def _ruled(connection: str, memo: str) -> dict[str, Any]:
    """What may be written: everything; by rules one field, and in one set of books of each ERP alone."""
    kinds = ("payment", "deposit", "reversal", *(("record_update",) if connection in _RULED else ()))
    fields = {"update_fields": {"invoice": [memo]}} if connection in _RULED else {}
    return {"writeback": dict.fromkeys(kinds, "apply"), **fields}


def _table(name: str, values: Mapping[str, Any]) -> str:
    """A TOML table, its nested tables after its own keys."""
    plain = [f"{key} = {_value(value)}" for key, value in values.items() if not isinstance(value, Mapping)]
    nested = [_table(f"{name}.{key}", value) for key, value in values.items() if isinstance(value, Mapping)]
    return "\n".join([f"[{name}]", *plain, "", *nested])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(str(value), ensure_ascii=False)  # a JSON string is a TOML basic string


def _private(path: Path, content: str) -> None:
    """Replace a file at once, mode 0600 from its first byte on."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    part.replace(path)
