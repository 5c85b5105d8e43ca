"""52 weekly open-invoice reports of a real receivables data set, dropped one by one over SFTP."""

import csv
import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

SAMPLES = (
    Path(os.environ.get("TIEOUT_DATA_SAMPLES", Path(__file__).resolve().parents[3] / "shared" / "data")) / "open_ar"
)
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the sample reports are not at {SAMPLES}")


def open_items(report: Path) -> dict[str, tuple[str, Decimal, Any, Any, bool]]:
    """A report by invoice number: customer, open amount, dates, disputed."""
    with report.open(encoding="utf-8", newline="") as file:
        return {
            row["Invoice Number"]: (
                row["Customer ID"],
                Decimal(row["Open Amount"]),
                datetime.strptime(row["Invoice Date"], "%d/%m/%Y").date(),
                datetime.strptime(row["Due Date"], "%d/%m/%Y").date(),
                row["Disputed"] == "Yes",
            )
            for row in csv.DictReader(file)
        }
