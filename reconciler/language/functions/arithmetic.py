"""Arithmetic: functions over numbers."""

from __future__ import annotations

import math
from decimal import Decimal

from reconciler.language.convert import convert
from reconciler.language.functions import doubles
from reconciler.language.functions.function import Family, Parameter, number, refuse
from reconciler.language.functions.lists import elements
from reconciler.language.functions.strings import whole
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import INFINITY, Number, add, is_negative, negate, normal
from reconciler.language.types import a_type, type_of
from reconciler.language.values import is_null

FUNCTIONS = Family()
_add = FUNCTIONS.add


@_add("abs", "The number without its sign.", number(), returns="number", examples=("abs(-12.4)",))
def _abs(value: Number) -> Number:
    return negate(value) if is_negative(value) else value


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
    if not -(2**63) <= at < 2**63:
        raise refuse("the number is too large for this function", 0)
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
    result = doubles.power(_as_float(base, 0), _as_float(power, 1))
    if math.isnan(result):
        raise refuse("the power is not a number")
    return doubles.from_double(result)


@_add(
    "log",
    "The logarithm of a number to a base.",
    number("num"),
    number("base"),
    returns="number",
    examples=("log(16, 2)",),
)
def _log(value: Number, base: Number) -> Number:
    numbers = _as_float(value, 0), _as_float(base, 1)
    for position, each in enumerate(numbers):
        if each < 0:
            raise refuse("a negative number has no logarithm", position)
    top, bottom = map(doubles.natural_log, numbers)
    if math.isinf(bottom) and not math.isinf(top):
        return 0
    if bottom == 0:
        if top == 0:
            raise refuse("the logarithm of 1 to the base 1 is not a number")
        return INFINITY if top > 0 else negate(INFINITY)
    result = top / bottom
    if math.isnan(result):
        raise refuse("the result is not a number")
    return doubles.from_double(result)


def _as_float(value: Number, position: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise refuse("the number is too large for this function", position) from None


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
