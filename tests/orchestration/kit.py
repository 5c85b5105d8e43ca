"""What the orchestration tests share: connections that nobody answers, and runs that only exist on paper."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from definitions import defs
from pipelines import systems

FILE = """
[netsuite.books_us]
account_id = "7311001"
base_url = "http://127.0.0.1:9/netsuite/7311001"
auth = "oauth1"
consumer_key = "${BOOKS_US_CONSUMER_KEY}"
consumer_secret = "${BOOKS_US_CONSUMER_SECRET}"
token_id = "${BOOKS_US_TOKEN_ID}"
token_secret = "${BOOKS_US_TOKEN_SECRET}"
sync_every = "15m"
activated_on = 2026-09-18

[netsuite.books_us.writeback]
payment = "apply"

[stripe.cards_us]
base_url = "http://127.0.0.1:9/stripe"
api_key = "${CARDS_US_API_KEY}"
account_id = "acct_1"
sync_every = "manual"
"""

DROP = """
[sftp.{name}]
host = "127.0.0.1"
port = 9
username = "{name}"
private_key_file = "{name}.pem"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDRp8ozv9q0fyPOw1Q4My2bseGK6Ak8YnxoBUG/XU+Te"
folder = "in"
file_pattern = "open_ar_(?P<date>\\\\d{{4}}-\\\\d{{2}}-\\\\d{{2}})\\\\.csv"
sync_every = "{every}"
[sftp.{name}.profile]
currency = "EUR"
date_format = "dd/mm/yyyy"
[sftp.{name}.profile.columns]
invoice_ref = "Invoice"
customer_ref = "Customer"
open_amount = "Open"
"""


def configure(
    folder: Path, monkeypatch: pytest.MonkeyPatch, drops: Mapping[str, str] | None = None, text: str = FILE
) -> None:
    """A home and a connections file in `folder`; `drops` are SFTP connections with their cadence."""
    file = folder / "connections.toml"
    file.write_text(
        text + "".join(DROP.format(name=name, every=every) for name, every in (drops or {}).items()), "utf-8"
    )
    monkeypatch.setenv("TIEOUT_CONNECTIONS", str(file))
    monkeypatch.setenv("TIEOUT_DATA", str(folder / "home"))


def begin(
    instance: dg.DagsterInstance,
    job: str,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
    config: dict[str, Any] | None = None,
) -> str:
    """A run of `job` as the instance would show it while it is on its way; returns its id."""
    return instance.add_run(dg.DagsterRun(job_name=job, status=status, run_config=config or {})).run_id


def config_of(request: Any) -> dict[str, Any]:
    """The one configuration that a request gives to every system's raw assets; it is valid for the job `refresh`."""
    assert isinstance(request, dg.RunRequest), request
    assert dg.validate_run_config(defs.resolve_job_def("refresh"), request.run_config)
    assert set(request.run_config["ops"]) == {f"raw_{name}" for name in systems()}
    found = [op["config"] for op in request.run_config["ops"].values()]
    assert all(config == found[0] for config in found)
    return dict(found[0])
