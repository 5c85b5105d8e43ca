"""What a company has one of: its CompanyInfo, its Preferences, and the rates of its currencies."""

from __future__ import annotations

from datetime import date as Day
from decimal import Decimal

from .rows import Company
from .wire import Body, stamp


def company_info(company: Company) -> Body:
    """The CompanyInfo."""
    address = {"Id": "1", "Line1": "1 Main Street", "City": "Springfield", "Country": company.country}
    return {
        "CompanyName": company.name,
        "LegalName": company.name,
        "CompanyAddr": address,
        "LegalAddr": address,
        "CompanyStartDate": company.opened.date().isoformat(),
        "FiscalYearStartMonth": "January",
        "Country": company.country,
        "Email": {"Address": company.email},
        "WebAddr": {},
        "SupportedLanguages": "en",
        "DefaultTimeZone": company.time_zone,
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
        **_meta(company),
    }


def preferences(company: Company) -> Body:
    """The Preferences that matter to receivables."""
    accounting: Body = {
        "UseAccountNumbers": False, "TrackDepartments": False, "ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": False,
        "FirstMonthOfFiscalYear": "January", "TaxYearMonth": "January", "CustomerTerminology": "Customers",
    }  # fmt: skip
    if company.book_close_date:
        accounting["BookCloseDate"] = company.book_close_date.isoformat()
    return {
        "AccountingInfoPrefs": accounting,
        "CurrencyPrefs": {"MultiCurrencyEnabled": bool(company.store.kinds["CompanyCurrency"]), "HomeCurrency": {"value": company.home_currency}},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "SalesFormsPrefs": {"CustomTxnNumbers": False, "AllowDeposit": True, "AllowDiscount": True, "AutoApplyCredit": False, "AutoApplyPayments": False,
                            "DefaultTerms": {"value": "3"}, "ETransactionEnabledStatus": "NotApplicable"},
        "TaxPrefs": {"UsingSalesTax": False},
        "OtherPrefs": {"NameValue": []},
        **_meta(company),
    }  # fmt: skip


def _meta(company: Company) -> Body:
    times = {"CreateTime": stamp(company.opened), "LastUpdatedTime": stamp(company.opened)}
    return {"domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "0", "MetaData": times}


def exchange_rate(company: Company, code: str, day: Day, rate: Decimal) -> Body:
    """One rate, in home currency per unit."""
    return {
        "SyncToken": "0", "domain": "QBO", "AsOfDate": day.isoformat(), "SourceCurrencyCode": code, "Rate": rate,
        "TargetCurrencyCode": company.home_currency, "MetaData": {"LastUpdatedTime": stamp(company.opened)},
    }  # fmt: skip


def exchange_rates(company: Company) -> list[Body]:
    """All rates that are known, the home currency's among them."""
    home = (company.home_currency, company.opened.date(), Decimal(1))
    return [exchange_rate(company, *entry) for entry in (home, *company.rates())]
