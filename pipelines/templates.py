"""Names that a memo template may use: `{name}` stands for a value of the planned write (`wb_payments`, `wb_deposits`)."""

import re
from collections.abc import Sequence

PAYMENT = (
    "charge_id", "source_id", "payment_id", "amount", "currency", "date", "psp", "method", "customer_id", "invoices",
)  # fmt: skip
BANK_PAYMENT = ("id", "amount", "reference", "description", "counterparty", "bank_id", "date_paid", "invoices")
DEPOSIT = ("payout_id", "amount", "currency", "date")


def known(template: str, names: Sequence[str]) -> str:
    """The template. Raises ValueError when it has a `{name}` that nothing would replace."""
    unknown = [name for name in re.findall(r"\{([^{}]*)\}", template) if name not in names]
    if unknown:
        listed = ", ".join(f"{{{name}}}" for name in unknown)
        raise ValueError(
            f"{listed} is nothing that can be filled in; there are: {', '.join(f'{{{name}}}' for name in names)}"
        )
    return template
