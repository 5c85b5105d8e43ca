"""Cells of a report -> exact values. Every function raises BadValue, which says what is wrong and how to mend it; nothing is guessed."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache

from pipelines.money import exponent

# ISO 4217 active codes (table A.1, without funds, metals and test codes).
_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP
    CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY
    KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
    NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"""
CURRENCIES = frozenset(_CODES.split())
_INTEGER_DIGITS = 14  # money is decimal(18,4) in the warehouse
_TOKENS = {"yyyy": r"(?P<y>\d{4})", "yy": r"(?P<y>\d{2})", "mm": r"(?P<m>\d{2})", "m": r"(?P<m>\d{1,2})"}
_TOKENS |= {"dd": r"(?P<d>\d{2})", "d": r"(?P<d>\d{1,2})"}
_PERCENT = {"%Y": "yyyy", "%y": "yy", "%m": "mm", "%d": "dd"}


class BadValue(ValueError):
    """A cell that the profile cannot read. `remedy` says what to change, `code` is stable."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


@cache
def date_pattern(layout: str) -> re.Pattern[str]:
    """`dd/mm/yyyy`, `yyyymmdd`, `d.m.yy` or `%d/%m/%Y` -> a strict pattern. Raises ValueError for a layout without day, month and year."""
    for percent, token in _PERCENT.items():
        layout = layout.replace(percent, token)
    parts = re.split(r"(yyyy|yy|mm|m|dd|d)", layout.lower())
    pattern = "".join(_TOKENS.get(part, re.escape(part)) for part in parts)
    if sorted(token[0] for token in parts if token in _TOKENS) != ["d", "m", "y"]:
        raise ValueError(
            f"date layout {layout!r} must name day, month and year once each, for example dd/mm/yyyy or yyyymmdd"
        )
    return re.compile(pattern)


def parse_date(text: str, layout: str) -> date:
    """A date in the declared layout and no other; two-digit years are 20yy."""
    match = date_pattern(layout).fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        year = int(match["y"])
        return date(year + 2000 if len(match["y"]) == 2 else year, int(match["m"]), int(match["d"]))
    except ValueError:
        raise BadValue(
            "bad_date",
            f"{text!r} is not a date in the layout {layout}",
            "correct the row and send the report again, or set profile.date_format to the layout that the report uses",
        ) from None


@cache
def _amount_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    grouped = rf"|\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+" if thousands else ""
    return re.compile(rf"(?P<sign>-?)(?P<whole>\d+{grouped})(?:{re.escape(decimal)}(?P<part>\d+))?")


def parse_amount(
    text: str, currency: str, *, decimal: str = ".", thousands: str = "", negative: str = "leading"
) -> Decimal:
    """An exact amount with the declared decimal and thousands signs and no more decimals than the currency has."""
    body = _leading_sign(text, negative)
    match = _amount_pattern(decimal, thousands).fullmatch(body)
    if match is None:
        raise BadValue(
            "bad_amount",
            f"{text!r} is not an amount with decimal sign {decimal!r} and thousands sign {thousands!r}",
            "correct the row and send the report again, or set profile.decimal, profile.thousands and profile.negative to the report's signs",
        )
    whole, part = match["whole"].replace(thousands, "") if thousands else match["whole"], match["part"] or ""
    places = exponent(currency)
    if part[places:].strip("0"):
        raise BadValue(
            "too_many_decimals",
            f"{text!r} has more decimals than {currency} has ({places})",
            "the sender must round in the books, not in the report: correct the row and send the report again",
        )
    if len(whole.lstrip("0")) > _INTEGER_DIGITS:
        raise BadValue(
            "amount_too_large", f"{text!r} has more than {_INTEGER_DIGITS} digits", "correct the row and send it again"
        )
    return Decimal(f"{match['sign']}{whole}.{part[:places] or '0'}")


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of amounts that `parse_amount` gave."""
    found = sum(amounts, Decimal(0))
    if abs(found) >= 10**_INTEGER_DIGITS:
        raise BadValue(
            "amount_too_large",
            f"the sum {found:f} has more than {_INTEGER_DIGITS} digits",
            "correct the row and send it again",
        )
    return found


def _leading_sign(text: str, negative: str) -> str:
    if negative == "trailing" and text.endswith("-"):
        return "-" + text[:-1]
    if negative == "parentheses" and text.startswith("(") and text.endswith(")"):
        return "-" + text[1:-1]
    return text


def parse_currency(text: str) -> str:
    """An ISO 4217 code, upper case."""
    code = text.strip().upper()
    if code not in CURRENCIES:
        raise BadValue(
            "unknown_currency", f"{text!r} is not an ISO 4217 currency", "correct the row and send the report again"
        )
    return code


def parse_flag(text: str, true_values: tuple[str, ...], false_values: tuple[str, ...]) -> bool:
    """A yes/no cell by the declared words, whatever their case; an empty cell is no."""
    word = text.strip().casefold()
    if word in {value.casefold() for value in true_values}:
        return True
    if not word or word in {value.casefold() for value in false_values}:
        return False
    raise BadValue(
        "bad_flag",
        f"{text!r} is neither one of {', '.join(true_values)} nor one of {', '.join(false_values)}",
        "add the word to profile.true_values or profile.false_values",
    )
