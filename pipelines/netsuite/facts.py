"""What an account says about itself: whether the configured fields exist, its base currency, and what its currencies allow."""

from pipelines.netsuite.access import explained
from pipelines.netsuite.client import Client
from pipelines.netsuite.errors import Denied
from pipelines.system import NotConfigured, Refused, Transient


def check_fields(client: Client) -> None:
    """Every configured field must exist. Raises NotConfigured naming those that do not, Refused where the table itself is closed."""
    wanted = {"customer": client.settings.customer_fields, "transaction": client.settings.transaction_fields}
    unknown = []
    for table, names in wanted.items():
        for name in () if _all_exist(client, table, names) else names:
            try:
                client.page(f"SELECT {name} FROM {table} WHERE ROWNUM <= 1")
            except Denied as error:
                if isinstance(cause := explained(client, error), Refused):  # the field is not what is wrong
                    raise cause from error
                unknown.append(f"{table}_fields: {name} ({error})")
    if unknown:
        raise NotConfigured(
            f"{client.connection}: NetSuite knows no such field: {'; '.join(unknown)}. Remedy: use the internal id shown in"
            " Customization > Lists, Records & Fields, in lower case."
        )


def _all_exist(client: Client, table: str, names: tuple[str, ...]) -> bool:
    """Asked at once, since nearly always they do; only a no is asked again name by name."""
    if names:
        try:
            client.page(f"SELECT {', '.join(dict.fromkeys(names))} FROM {table} WHERE ROWNUM <= 1", limit=1)
        except (Denied, Transient):  # some accounts answer an unknown column with an unexpected error
            return False
    return True


def base_currency(client: Client) -> str | None:
    """ISO code of the books' base currency: the subsidiary's if the connection is about one, else the account's."""
    if len(client.settings.subsidiaries) == 1:
        row = client.scalar(
            "SELECT y.symbol FROM subsidiary s JOIN currency y ON y.id = s.currency WHERE s.id = ?",
            client.settings.subsidiaries,
        )
        if row:
            return str(row["symbol"])
    row = client.scalar("SELECT y.symbol FROM currency y WHERE y.isbasecurrency = 'T' ORDER BY y.id")
    return str(row["symbol"]) if row else None


def decimals(client: Client) -> dict[str, int]:
    """How many decimals an amount of each currency has, by currency id, where NetSuite says it."""
    rows = client.query("SELECT y.id, y.currencyprecision FROM currency y ORDER BY y.id")
    return {str(row["id"]): int(row["currencyprecision"]) for row in rows if row.get("currencyprecision")}
