"""What QuickBooks' catch-all fault 6000 means for us. Its words stay; the diagnosis stands behind them."""

from pipelines.quickbooks.errors import ApiError, Denied

HOLDING = "holding account wrong or payment already deposited"
BANK = "bank account setting or deposit line shape"
UNCLASSIFIED = "unclassified"
_VALIDATION = "6000"


def diagnosis(error: ApiError) -> str | None:
    """The diagnosis of a business validation error; None for any other code."""
    if error.code != _VALIDATION:
        return None
    said = error.words.lower()
    if "applied to" in said and "deposit" in said:
        return HOLDING
    if "select a bank account" in said:
        return BANK
    return UNCLASSIFIED


def explained(denied: Denied) -> Denied:
    """The same refusal with its diagnosis."""
    found = diagnosis(denied.error)
    return denied if found is None else Denied(denied.error, f"(diagnosis: {found})")
