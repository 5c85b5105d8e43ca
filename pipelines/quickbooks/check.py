"""Testing a connection: is the link good, is it this company, and do the configured accounts fit. Nothing is synced, nothing written.

What a refusal can tell: an expired link shows at the token endpoint, an unverified e-mail address in Intuit's user info, a missing scope and
another company's consent by the fault's code. A first check stores the refresh token that Intuit gives for the configured one.
"""

from collections.abc import Iterator

from pipelines.connections import Connection
from pipelines.quickbooks import shapes, tables
from pipelines.quickbooks.client import Client
from pipelines.quickbooks.company import Company, kind_of
from pipelines.quickbooks.errors import Denied, LinkExpired, NotFound
from pipelines.quickbooks.paging import single
from pipelines.quickbooks.settings import QuickBooksSettings
from pipelines.quickbooks.tokens import is_unverified, unverified
from pipelines.system import Check, NotConfigured, Problem, Refused, Rejected, Transient

_COSTS = {"Expense", "Other Expense", "Cost of Goods Sold"}
_REALM_REMEDY = "Check realm_id (the company id) and environment."


def check(connection: Connection) -> Check:
    """Active, or exactly what is wrong. Never raises for what a person can mend."""
    name = connection.name
    try:
        with Client(connection) as client:
            return _probe(name, client)
    except NotConfigured as error:
        return _failed(name, "not_configured", Problem("not_configured", str(error), "Set what the message names."))
    except LinkExpired as error:
        return _failed(name, "disconnected", _problem("expired_link", error))
    except Refused as error:
        state = "disconnected" if error.code == "invalid_login" else "refused"
        return _failed(name, state, _problem(error.code, error))
    except Denied as error:
        text = f"{name}: {connection.settings.company_url} answered {error.error.status}: {error}"
        return _failed(name, "disconnected", Problem("wrong_realm", text, _REALM_REMEDY))
    except Transient as error:
        text = f"{error} Tried {connection.settings.company_url}."
        return _failed(name, "disconnected", Problem("unreachable", text, "Check base_url and the network."))


def _problem(code: str, error: Refused) -> Problem:
    return Problem(code, str(error).partition(" Remedy: ")[0], error.remedy)


def _failed(name: str, state: str, *problems: Problem) -> Check:
    return Check(name, state, problems)


def _probe(name: str, client: Client) -> Check:
    settings = client.settings
    facts: dict[str, str] = {"realm": settings.realm_id}
    problems: list[Problem] = []
    if "openid" in settings.scopes:
        info = client.tokens.user_info()
        facts["connected_by"] = str(info.get("email", ""))
        if is_unverified(info):
            problems.append(_problem("unverified_email", unverified(name, info)))
    company = Company(client)
    rows = shapes.rows(tables.COMPANY_INFO, client.query(single("CompanyInfo")))
    if rows:
        facts.update(
            company=str(rows[0]["company_name"]), country=str(rows[0]["country"]), zone=str(rows[0]["time_zone"] or "")
        )
    facts["base_currency"] = str(company.preferences.get("home_currency") or "")
    if client.server_time is not None:
        facts["server_time"] = client.server_time.isoformat()
    problems += _accounts(settings, company)
    problems += _others(settings, client, company)
    return Check(name, "refused" if problems else "active", tuple(problems), facts)


def _accounts(settings: QuickBooksSettings, company: Company) -> Iterator[Problem]:
    """Q12, Q13: only an Undeposited Funds account holds payments, and only a bank account takes deposits."""
    remedy = "Correct holding_account, or leave it out to use the company's Undeposited Funds account."
    if settings.holding_account is not None:
        if wrong := company.wrong_holding(settings.holding_account):
            yield Problem("wrong_holding_account", wrong, remedy)
    elif settings.stripe:
        try:
            company.holding(None)
        except Rejected as error:
            yield Problem(
                "wrong_holding_account", str(error), "Make an Undeposited Funds account in the chart of accounts."
            )
    for currency, account in settings.bank_accounts.items():
        if wrong := company.wrong_bank(account, currency):
            yield Problem("wrong_bank_account", wrong, f"Correct bank_accounts.{currency}: an account of type Bank.")
    if settings.fee_account is not None:
        found = company.accounts.get(settings.fee_account)
        if found is None or found["account_type"] not in _COSTS or found["active"] is False:
            text = f"fee_account {settings.fee_account} {kind_of(found)}; it has to be an active expense account"
            yield Problem("wrong_fee_account", text, "Correct fee_account.")
    for setting in ("dispute_account", "refund_account"):
        account = getattr(settings, setting)
        if account is not None and (wrong := company.wrong_loss(account)):
            yield Problem(f"wrong_{setting}", f"{setting} {wrong}", f"Correct {setting}.")


def _others(settings: QuickBooksSettings, client: Client, company: Company) -> Iterator[Problem]:
    """The vendor of fees, the payment methods, and an account to reopen a deposited payment's receivable against."""
    if settings.fee_vendor is not None and not _is_active(client, "Vendor", settings.fee_vendor):
        text = f"fee_vendor {settings.fee_vendor} does not exist or is inactive"
        yield Problem("wrong_fee_vendor", text, "Correct fee_vendor: the id of an active vendor.")
    for method, record in settings.payment_methods.items():
        if not _is_active(client, "PaymentMethod", record):
            text = f"payment_methods.{method}: payment method {record} does not exist or is inactive"
            yield Problem("wrong_payment_method", text, f"Correct payment_methods.{method}.")
    if settings.writeback.reversal != "off" and settings.dispute_account is None:
        text = "writeback.reversal is on, and a deposited payment cannot be reversed without dispute_account"
        yield Problem(
            "dispute_account_missing", text, "Set dispute_account: the account disputes and returned debits go to."
        )


def _is_active(client: Client, entity: str, record_id: str) -> bool:
    try:
        found = client.read(entity, record_id)
    except NotFound:
        return False
    return bool(found) and found.get("Active") is not False
