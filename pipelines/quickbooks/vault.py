"""Where the current tokens of a company lie, and what is kept of them."""

from dataclasses import dataclass

from pipelines import vault
from pipelines.home import Home


@dataclass(frozen=True, repr=False)
class Grant(vault.Grant):
    """`good_until` (epoch seconds) is a little before the access token ends."""

    good_until: float
    verified: bool  # the e-mail address of who consented was seen to be verified, or the consent has no say in it


def of_company(home: Home, realm: str) -> vault.Vault[Grant]:
    """The vault of a company, whichever connection reads it."""
    return vault.Vault(home, f"quickbooks_{realm}", f"QuickBooks company {realm}", Grant)
