"""Memo templates of the settings: free text with `{variables}` that the `wb_*` models fill in."""

import re

BANK_PAYMENT = ("id", "amount", "reference", "description", "counterparty", "bank_id", "date_paid", "invoices")


def checked(template: str, variables: tuple[str, ...]) -> str:
    """The template. Raises ValueError for a variable that there is not, and lists those that there are."""
    unknown = sorted({*re.findall(r"\{([^{}]*)\}", template)} - {*variables})
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in variables)
        raise ValueError(f"knows no {', '.join(f'{{{name}}}' for name in unknown)}; there are {known}")
    return template
