"""Arithmetic: functions over numbers."""

from __future__ import annotations

import math
from decimal import Decimal

from reconciler.language.convert import convert
from reconciler.language.functions.function import Family, Parameter, number, refuse
from reconciler.language.functions.lists import elements
from reconciler.language.functions.strings import whole
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import INFINITY, Number, add, negate, normal
from reconciler.language.types import a_type, type_of
from reconciler.language.values import is_null

FUNCTIONS = Family()
_add = FUNCTIONS.add


@_add("abs", "The number without its sign.", number(), returns="number", examples=("abs(-12.4)",))
def _abs(value: Number) -> Number:
    return negate(value) if value < 0 else value


@_add(
    "ceil",
    "The nearest whole number that is not smaller.",
    number(),
    returns="number",
    examples=("ceil(5.1)",),
)
def _ceil(value: Number) -> Number:
    return math.ceil(value) if _is_finite(value) else value


@_add(
    "floor",
    "The nearest whole number that is not greater.",
    number(),
    returns="number",
    examples=("floor(4.9)",),
)
def _floor(value: Number) -> Number:
    return math.floor(value) if _is_finite(value) else value


def _is_finite(value: Number) -> bool:
    return isinstance(value, int) or value.is_finite()


@_add(
    "signum",
    "-1, 0 or 1: the sign of a whole number.",
    number(),
    returns="number",
    examples=("signum(-13)",),
)
def _signum(value: Number) -> Number:
    at = whole(value, "num", 0)
    return (at > 0) - (at < 0)


@_add(
    "max",
    "The greatest of the numbers.",
    variadic=number("numbers"),
    returns="number",
    examples=("max(12, 54, 3)",),
)
def _max(*values: Number) -> Number:
    if not values:
        raise refuse("at least one number is required")
    return max(values)


@_add(
    "min",
    "The least of the numbers.",
    variadic=number("numbers"),
    returns="number",
    examples=("min(12, 54, 3)",),
)
def _min(*values: Number) -> Number:
    if not values:
        raise refuse("at least one number is required")
    return min(values)


@_add(
    "sum",
    "The sum of the elements.",
    Parameter("list"),
    returns="number",
    examples=("sum([10, 13, 6, 4.5])",),
)
def _sum(items: object) -> Number:
    total: Number | None = None
    for index, each in enumerate(elements(items, "list")):
        value = _as_number(each, index)
        total = value if total is None else add(total, value)
    if total is None:
        raise refuse("an empty list has no sum", 0)
    return total


def _as_number(value: object, index: int) -> Number:
    if is_null(value):
        raise refuse(f"element {index} is null", 0)
    try:
        converted = convert(value, "number")
    except ValueMistake as mistake:
        raise refuse(f"element {index}: {mistake.text}", 0) from None
    assert isinstance(converted, (int, Decimal)), "conversion gives a number"
    return converted


@_add(
    "pow",
    "The first number to the power of the second.",
    number("num"),
    number("power"),
    returns="number",
    examples=("pow(3, 2)",),
)
def _pow(base: Number, power: Number) -> Number:
    if base == 0 and power < 0:
        return INFINITY
    try:
        return _from_float(math.pow(_as_float(base), _as_float(power)))
    except OverflowError:
        return INFINITY
    except ValueError:
        raise refuse("the power is not a number") from None


@_add(
    "log",
    "The logarithm of a number to a base.",
    number("num"),
    number("base"),
    returns="number",
    examples=("log(16, 2)",),
)
def _log(value: Number, base: Number) -> Number:
    top, bottom = _natural_log(_as_float(value)), _natural_log(_as_float(base))
    if math.isinf(bottom) and not math.isinf(top):
        return 0
    if bottom == 0:
        if top == 0:
            raise refuse("the logarithm of 1 to the base 1 is not a number")
        return INFINITY if top > 0 else negate(INFINITY)
    return _from_float(top / bottom)


def _as_float(value: Number) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _natural_log(value: float) -> float:
    if value < 0:
        raise refuse("a negative number has no logarithm")
    return math.log(value) if value > 0 else -math.inf


def _from_float(value: float) -> Number:
    if math.isnan(value):
        raise refuse("the result is not a number")
    if math.isinf(value):
        return INFINITY if value > 0 else negate(INFINITY)
    return int(value) if value.is_integer() else normal(value)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@_add(
    "parseint",
    "The whole number that a text spells in a base between 2 and 62.",
    Parameter("number"),
    number("base"),
    returns="number",
    examples=('parseint("100", 10)', 'parseint("FF", 16)'),
)
def _parseint(value: object, base: Number) -> Number:
    if not isinstance(value, str):
        raise refuse(f"text is required, not {a_type(type_of(value))}", 0)
    radix = whole(base, "base", 1)
    if not 2 <= radix <= 62:
        raise refuse("the base must be between 2 and 62", 1)
    digits = value[1:] if value[:1] in ("-", "+") else value
    if radix <= 36:
        digits = digits.lower()
    allowed = _DIGITS[:radix]
    if not digits or any(each not in allowed for each in digits):
        raise refuse(f"the text does not spell a whole number in base {radix}", 0)
    if len(digits) > 5_000:
        raise refuse("the text is too long for a number", 0)
    total = 0
    for each in digits:
        total = total * radix + allowed.index(each)
    return normal(-total if value.startswith("-") else total)
