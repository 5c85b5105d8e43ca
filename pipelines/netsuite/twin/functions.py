"""The functions of SuiteQL: what kind of value each gives, and how DuckDB says it. A function that is not here is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from .display import strftime
from .errors import bad_query

Kind = Callable[[exp.Expr | None], str]
Rebuild = Callable[[exp.Expr], exp.Expr]

DATES = ("date", "timestamp", "local")
DISPLAY_DATE = "%-m/%-d/%Y"
_TEXT = (
    exp.ToChar,
    exp.TimeToStr,
    exp.Upper,
    exp.Lower,
    exp.DPipe,
    exp.Concat,
    exp.Substring,
    exp.Trim,
    exp.Replace,
    exp.GroupConcat,
    exp.Pad,
)
_NUMBER = (
    exp.Count,
    exp.Sum,
    exp.Avg,
    exp.Abs,
    exp.Round,
    exp.Length,
    exp.ToNumber,
    exp.Mul,
    exp.Div,
    exp.Neg,
    exp.StrPosition,
    exp.Extract,
)
_DATE = (
    exp.CurrentTimestamp,
    exp.CurrentDate,
    exp.StrToDate,
    exp.StrToTime,
    exp.DateStrToDate,
    exp.LastDay,
    exp.AddMonths,
    exp.TsOrDsToDate,
)
_SAME = (exp.Min, exp.Max, exp.Coalesce, exp.Paren, exp.Greatest, exp.Least, exp.Nullif, exp.Distinct)
_PLAIN = (
    exp.Literal, exp.Null, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like, exp.Is,
    exp.Exists, exp.Case, exp.If, exp.Add, exp.Sub, exp.Cast, exp.Nvl2, exp.DecodeCase, exp.Alias, exp.Ordered, exp.Order, exp.Where, exp.Group,
    exp.Having, exp.Qualify, exp.Star, exp.Identifier, exp.DataType, exp.DataTypeParam, exp.Var, exp.Subquery, exp.Escape, exp.Window, exp.RowNumber,
    exp.Tuple, exp.Boolean, exp.Interval,
)  # fmt: skip
_ALLOWED = _TEXT + _NUMBER + _DATE + _SAME + _PLAIN


@dataclass
class Context:
    """What a translation needs to know of the account: its zone and its local time now."""

    zone: str
    now: str
    clock_used: bool = False


def kind(node: exp.Expr | None, of: Kind) -> str:
    """The kind of a function's value: text, number, date, timestamp, or of its arguments."""
    if isinstance(node, _TEXT) or (isinstance(node, exp.Literal) and node.is_string) or isinstance(node, exp.Dot):
        return "text"
    if isinstance(node, _DATE) or (
        isinstance(node, exp.Anonymous) and node.name.upper() == "TRUNC" and of(node.expressions[0]) != "number"
    ):
        return "local"
    if isinstance(node, (*_SAME, exp.Alias)):
        return of(node.this if node.this is not None else (node.expressions or [None])[0])
    if isinstance(node, (exp.Add, exp.Sub)):
        return "local" if of(node.this) in DATES and of(node.expression) not in DATES else "number"
    if isinstance(node, exp.Case):
        branches = [of(branch.args["true"]) for branch in node.args["ifs"]]
        return branches[0]
    if isinstance(node, (*_NUMBER, exp.Literal)):
        return "number"
    if isinstance(node, exp.Subquery):
        return "text"
    return "unknown"


def column(alias: str, name: str, kind_: str, context: Context) -> exp.Expr:
    """A column; an instant is shown as the account's local time."""
    plain = exp.column(name, alias, quoted=True)
    return _call("timezone", exp.Literal.string(context.zone), plain) if kind_ == "timestamp" else plain


def before(node: exp.Expr, of: Kind, context: Context) -> exp.Expr | None:
    """A comparison of an instant with a constant is made in UTC, so that DuckDB can skip what lies outside."""
    if not isinstance(node, (exp.GT, exp.GTE, exp.LT, exp.LTE)):
        return None
    left, right = node.this, node.expression
    if (
        isinstance(left, exp.Column)
        and of(left) == "timestamp"
        and isinstance(right, (exp.StrToDate, exp.StrToTime))
        and not right.find(exp.Column)
    ):
        moment = _constant(right)
        if moment is not None and left.table:
            bound = _call("timezone", exp.Literal.string(context.zone), moment)
            return type(node)(this=exp.column(left.name.lower(), left.table.lower(), quoted=True), expression=bound)
    return None


def _constant(node: exp.Expr) -> exp.Expr | None:
    return parse_date(node) if isinstance(node.this, exp.Literal) else None


def parse_date(node: exp.Expr) -> exp.Expr:
    """TO_DATE(text, format): sqlglot has turned the Oracle format into strftime's; without one, the account's display format."""
    pattern = node.args.get("format")
    text = pattern.name if pattern is not None else "%m/%d/%Y"
    return _call("strptime", node.this, exp.Literal.string(text))


def translation(node: exp.Expr, of: Kind, context: Context) -> Rebuild | None:
    """How to rebuild a node once its children are translated; None keeps it. Kinds are asked of the original children, now.
    Raises ApiError for what SuiteQL does not have."""
    if isinstance(node, (exp.ToChar, exp.TimeToStr)):
        return _to_char(node, of(node.this))
    if isinstance(node, (exp.StrToDate, exp.StrToTime)):
        return parse_date
    if isinstance(node, exp.DateStrToDate):
        raise bad_query(
            "Invalid or unsupported search: date literals are not supported; use TO_DATE('..', 'YYYY-MM-DD')."
        )
    if isinstance(node, (exp.CurrentTimestamp, exp.CurrentDate)):
        context.clock_used = True
        return lambda _: exp.cast(exp.Literal.string(context.now), "timestamp")
    if isinstance(node, exp.ToNumber):
        return lambda it: exp.cast(it.this.copy(), "decimal(38,10)")
    if isinstance(node, exp.Anonymous):
        return _anonymous(node, of)
    if isinstance(node, exp.Sub) and of(node.this) in DATES and of(node.expression) in DATES:
        return _day_difference
    if isinstance(node, (exp.Add, exp.Sub)) and of(node.this) in DATES:
        return _shift
    if not isinstance(node, _ALLOWED):
        raise bad_query(
            f"Invalid or unsupported search: {node.sql_name() if isinstance(node, exp.Func) else node.key.upper()} is not supported."
        )
    return None


def _to_char(node: exp.Expr, kind_: str) -> Rebuild:
    pattern = node.args.get("format")
    if pattern is not None and not isinstance(pattern, exp.Literal):
        raise bad_query("Invalid or unsupported search: the format of TO_CHAR must be a literal.")
    if kind_ in DATES:
        text = (
            DISPLAY_DATE
            if pattern is None
            else pattern.name
            if isinstance(node, exp.TimeToStr)
            else strftime(pattern.name)
        )
        return lambda it: _call("strftime", it.this, exp.Literal.string(text))
    if pattern is not None:
        raise bad_query("Invalid or unsupported search: TO_CHAR of a number takes no format here.")
    return lambda it: exp.cast(it.this.copy(), "varchar")


def _anonymous(node: exp.Anonymous, of: Kind) -> Rebuild:
    name = node.name.upper()
    if name == "TRUNC" and node.expressions:
        numeric = of(node.expressions[0]) not in DATES
        if len(node.expressions) == 1:
            return lambda it: (
                _call("trunc", it.expressions[0]) if numeric else exp.cast(it.expressions[0].copy(), "date")
            )
    if name in ("INSTR", "LPAD", "RPAD", "LTRIM", "RTRIM"):
        return lambda it: _call(name.lower(), *it.expressions)
    raise bad_query(f"Invalid or unsupported search: function {node.name} is not supported.")


def _day_difference(node: exp.Expr) -> exp.Expr:
    seconds = _call("date_diff", exp.Literal.string("second"), node.expression, node.this)
    return exp.Div(this=exp.Paren(this=seconds), expression=exp.Literal.number("86400.0"), typed=False, safe=False)


def _shift(node: exp.Expr) -> exp.Expr:
    days = _call(
        "to_seconds",
        exp.Mul(this=exp.Paren(this=node.expression.copy()), expression=exp.Literal.number(86400)),
    )
    return type(node)(this=exp.cast(node.this.copy(), "timestamp"), expression=days)


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
