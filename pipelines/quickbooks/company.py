"""What the books of a company say about themselves: accounts, currency, and up to which day they are closed."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property

from pipelines.quickbooks import shapes, tables
from pipelines.quickbooks.client import PAGE_ROWS, Client
from pipelines.quickbooks.paging import pages, single, statement
from pipelines.quickbooks.transport import Row
from pipelines.system import Rejected

HOLDING = ("Other Current Asset", "UndepositedFunds")  # AccountType, AccountSubType
BANK, RECEIVABLE, PAYABLE = "Bank", "Accounts Receivable", "Accounts Payable"


class Company:
    """Facts of one company, each asked once."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @cached_property
    def accounts(self) -> dict[str, Row]:
        """Every account by id, inactive ones too; keys as in the table `account`."""
        read = pages(
            lambda position: self._client.query(statement("Account", "Active IN (true, false)", position)), PAGE_ROWS, 1
        )
        return {str(row["id"]): row for page in read for row in shapes.rows(tables.ACCOUNT, page)}

    @cached_property
    def preferences(self) -> Row:
        rows = shapes.rows(tables.PREFERENCES, self._client.query(single("Preferences")))
        return rows[0] if rows else {}

    def holding(self, wanted: str | None) -> str:
        """The account that receives payments until they are deposited. Raises Rejected unless it is of the one kind that QuickBooks lets
        be deposited from (Q12)."""
        if wanted is None:
            found = [key for key, row in self.accounts.items() if _is_holding(row) and row["active"] is not False]
            if not found:
                raise Rejected(
                    f"{self._client.connection}: the company has no Undeposited Funds account; nothing was written. Remedy: make one"
                    " (Other Current Asset, detail type Undeposited Funds)."
                )
            return min(found, key=lambda key: (len(key), key))
        if problem := self.wrong_holding(wanted):
            raise Rejected(f"{self._client.connection}: {problem}; nothing was written.")
        return wanted

    def wrong_holding(self, account: str) -> str | None:
        row = self.accounts.get(account)
        if row is not None and _is_holding(row) and row["active"] is not False:
            return None
        kind = f"is {row['account_type']} / {row['account_sub_type']}{_idle(row)}" if row else "does not exist"
        return f"holding_account {account} {kind}; it has to be an active Other Current Asset with detail type Undeposited Funds"

    def bank(self, account: str) -> str:
        """The account of a deposit. Raises Rejected unless it is of type Bank (Q13)."""
        if problem := self.wrong_bank(account):
            raise Rejected(f"{self._client.connection}: {problem}; nothing was written.")
        return account

    def wrong_bank(self, account: str, currency: str | None = None) -> str | None:
        row = self.accounts.get(account)
        if row is None or row["account_type"] != BANK or row["active"] is False:
            return f"bank account {account} {kind_of(row)}; it has to be of type Bank, and active"
        own = row["currency"]
        if currency and own and own not in {currency, self.preferences.get("home_currency")}:
            return f"bank account {account} is in {own}, and is named for {currency}"
        return None

    def wrong_loss(self, account: str) -> str | None:
        """Disputes and refunds may stand on any account that asks for no customer or vendor."""
        row = self.accounts.get(account)
        if row is None or row["account_type"] in (RECEIVABLE, PAYABLE) or row["active"] is False:
            return f"{account} {kind_of(row)}; it has to be active, and neither receivable nor payable"
        return None

    def receivable(self, currency: str) -> str:
        """The receivables account of a currency."""
        for key, row in self._active(RECEIVABLE):
            if (row["currency"] or self.preferences.get("home_currency")) == currency:
                return key
        raise Rejected(
            f"{self._client.connection}: the company has no receivables account in {currency}; nothing was written."
        )

    def _active(self, kind: str) -> Iterator[tuple[str, Row]]:
        for key, row in sorted(self.accounts.items(), key=lambda item: (len(item[0]), item[0])):
            if row["account_type"] == kind and row["active"] is not False:
                yield key, row

    def posting_day(self, day: str, policy: str) -> str:
        """`day` if the books are open on it; else, by policy, the first open day. Raises Rejected when it is to be held."""
        closed = self.preferences.get("book_close_date")
        if not closed or day > str(closed):
            return day
        if policy == "next_open":
            return (date.fromisoformat(str(closed)) + timedelta(days=1)).isoformat()
        raise Rejected(
            f"{self._client.connection}: the books are closed up to {closed}, and {day} lies before; nothing was written"
            f' (closed_period = {policy!r}). Remedy: move the closing date, or set closed_period = "next_open", then retry the intent.'
        )


def _is_holding(row: Row) -> bool:
    return (row["account_type"], row["account_sub_type"]) == HOLDING


def kind_of(row: Row | None) -> str:
    """An account in words, as far as it is one."""
    return f"is {row['account_type']}{_idle(row)}" if row else "does not exist"


def _idle(row: Row) -> str:
    return "" if row["active"] is not False else ", inactive"
