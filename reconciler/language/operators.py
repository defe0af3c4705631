"""Operators: what `+`, `==`, `&&` and the others make of two values."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from reconciler.language import numbers
from reconciler.language.convert import convert
from reconciler.language.equality import UNKNOWN_BOOL, equals
from reconciler.language.marks import unmark_deep
from reconciler.language.mistakes import ValueMistake
from reconciler.language.numbers import Number
from reconciler.language.values import Sensitive, Unknown, is_null

LOGICAL = {"&&": False, "||": True}
"""The operators whose answer one side alone can settle, with the value that settles it."""


class OperandMistake(ValueMistake):
    """An operand that cannot be used; *is_left* tells which."""

    def __init__(self, message: str, *, is_left: bool) -> None:
        super().__init__(message, summary="Invalid operand")
        self.is_left = is_left
        self.other: OperandMistake | None = None
        """What is wrong with the right operand too, where this is about the left one."""


def apply_binary(operator: str, left: object, right: object) -> object:
    """`left operator right`.

    Raises:
        ValueMistake: an operand has the wrong type or value.
    """
    left_value, left_marked = unmark_deep(left)
    right_value, right_marked = unmark_deep(right)
    if operator == "==":
        result: object = equals(left_value, right_value)
    elif operator == "!=":
        result = apply_not(equals(left_value, right_value))
    elif operator in LOGICAL:
        result = _logical(operator, left_value, right_value)
    else:
        result = _numeric(operator, left_value, right_value)
    return Sensitive(result) if left_marked or right_marked else result


def _operand(value: object, target: str, *, is_left: bool) -> object:
    try:
        converted = convert(value, target)
    except ValueMistake as mistake:
        raise OperandMistake(mistake.text, is_left=is_left) from None
    if is_null(converted):
        raise OperandMistake("the operand is null", is_left=is_left)
    return converted


def _operands(left: object, right: object, target: str) -> tuple[object, object]:
    """Both operands converted; a mistake in the one does not hide that in the other."""
    try:
        a = _operand(left, target, is_left=True)
    except OperandMistake as mistake:
        try:
            _operand(right, target, is_left=False)
        except OperandMistake as other:
            mistake.other = other
        raise
    return a, _operand(right, target, is_left=False)


def _logical(operator: str, left: object, right: object) -> object:
    settles = LOGICAL[operator]
    a, b = _operands(left, right, "bool")
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return UNKNOWN_BOOL
    return settles if a is settles or b is settles else not settles


_ARITHMETIC: dict[str, Callable[[Number, Number], Number]] = {
    "+": numbers.add,
    "-": numbers.subtract,
    "*": numbers.multiply,
    "/": numbers.divide,
    "%": numbers.modulo,
}

_COMPARISONS: dict[str, Callable[[Number, Number], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _numeric(operator: str, left: object, right: object) -> object:
    a, b = left, right
    if not (type(left) is int and type(right) is int):
        a, b = _operands(left, right, "number")
    if operator in _COMPARISONS:
        return _compare(operator, a, b)
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return Unknown("number")
    return _ARITHMETIC[operator](_number(a), _number(b))


def _number(value: object) -> Number:
    assert isinstance(value, (int, Decimal)), "operands have been converted"
    return value


def _compare(operator: str, a: object, b: object) -> object:
    compare = _COMPARISONS[operator]
    if not isinstance(a, Unknown) and not isinstance(b, Unknown):
        return compare(_number(a), _number(b))
    # Ranges that touch decide nothing in Terraform, not even <= and >=.
    if bounds(a)[1] < bounds(b)[0]:
        return compare(0, 1)
    return compare(1, 0) if bounds(a)[0] > bounds(b)[1] else UNKNOWN_BOOL


def bounds(value: object) -> tuple[Number, Number]:
    """The least and the greatest that a number, known or not, can be."""
    if not isinstance(value, Unknown):
        return _number(value), _number(value)
    lower = numbers.negate(numbers.INFINITY) if value.lower is None else value.lower
    return lower, numbers.INFINITY if value.upper is None else value.upper


def finite(value: Number) -> Number | None:
    """The number, or None if it is infinite."""
    return value if isinstance(value, int) or value.is_finite() else None


def apply_unary(operator: str, operand: object) -> object:
    """`-operand` or `!operand`."""
    value, is_marked = unmark_deep(operand)
    if operator == "!":
        result = apply_not(_operand(value, "bool", is_left=True))
    else:
        number = _operand(value, "number", is_left=True)
        is_unknown = isinstance(number, Unknown)
        result = Unknown("number") if is_unknown else numbers.negate(_number(number))
    return Sensitive(result) if is_marked else result


def apply_not(value: object) -> object:
    """The opposite of a truth value that may be unknown."""
    return UNKNOWN_BOOL if isinstance(value, Unknown) else not value
