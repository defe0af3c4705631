"""Numbers: arithmetic as HCL does it, on `int` for whole numbers and `Decimal` for the rest.

HCL computes on binary floating point of 512 bits and writes the shortest decimal that names the
result. A `Decimal` here is such a name: every operation goes from the names to the exact binary
numbers, computes, rounds to 512 bits and names the result again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation

from reconciler.language.mistakes import ValueMistake

Number = int | Decimal


class Double(Decimal):
    """A number on 53 bits, which is what `log` and `pow` compute on.

    It is exact where it is whole, and otherwise its shortest name, which is also how it is written.
    """


PRECISION_BITS = 512
"""How many binary digits a number has."""

MAX_EXPONENT = 4000
"""Numbers with more decimal digits before or after the point than this are refused."""

INFINITY = Decimal("Infinity")
"""What `1 / 0` is."""

NEGATIVE_ZERO = Decimal("-0")
"""What `-0` is. It equals 0, reads as -0, and `1 / -0` is minus infinity."""

_EXACT = 1 << PRECISION_BITS
_HUGE = 10 ** (MAX_EXPONENT + 1)
_TINIEST = 10**MAX_EXPONENT
_NUMERAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEpP][+-]?\d+)?\Z", re.ASCII)

# Up to 153 digits there is at most one decimal per binary number, from 156 on always one.
_WIDE = Context(prec=100_000, Emax=999_999, Emin=-999_999)

_NAMING = tuple(Context(prec=digits) for digits in (153, 154, 155, 156))


def parse_number(text: str) -> Number | None:
    """The number that *text* spells in decimal, or None.

    Raises:
        ValueMistake: it is larger or smaller than any number here may be.
    """
    if len(text) < 16 and text.isascii() and text.isdigit():
        return int(text)
    if not _NUMERAL.match(text):
        sign, name = (text[:1], text[1:]) if text[:1] in ("+", "-") else ("", text)
        if name not in ("Inf", "inf"):
            return None
        return negate(INFINITY) if sign == "-" else INFINITY
    if len(text) > 2 * MAX_EXPONENT:
        raise ValueMistake("the number has too many digits")
    digits, _, power = text.lower().partition("p")
    try:
        number = normal(Decimal(digits))
    except InvalidOperation:
        raise ValueMistake(_TOO_FAR) from None
    if not power:
        return number
    if len(power) > 5 or abs(int(power)) > 3 * MAX_EXPONENT:
        raise ValueMistake(_TOO_FAR)
    return multiply(number, _power_of_two(int(power)))


_TOO_FAR = "the number is too large or too small to compute with"


def _power_of_two(exponent: int) -> Number:
    return 1 << exponent if exponent >= 0 else divide(1, 1 << -exponent)


def normal(value: Number | float) -> Number:
    """The one way to write a number: `int` if it is whole, otherwise the shortest `Decimal`."""
    if isinstance(value, int):
        return value if -_EXACT < value < _EXACT else _nearest(value, 1)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Double) or not value.is_finite():
        return value
    _check_size(value)
    if len(value.as_tuple().digits) > 153:
        return _nearest(*value.as_integer_ratio())
    if value == value.to_integral_value():
        return int(value) or _zero(has_minus=value.is_signed())
    return value.normalize(_NAMING[0])


def _zero(*, has_minus: bool) -> Number:
    return NEGATIVE_ZERO if has_minus else 0


def is_negative(value: Number) -> bool:
    """Whether there is a minus before it, be it before zero."""
    return value < 0 if isinstance(value, int) else value.is_signed()


def _check_size(value: Decimal) -> None:
    if value and abs(value.adjusted()) > MAX_EXPONENT:
        raise ValueMistake(_TOO_FAR)


def _ratio(value: Number) -> tuple[int, int]:
    """The exact binary number behind a name, as a fraction."""
    if isinstance(value, int):
        return value, 1
    if isinstance(value, Double):
        return float(value).as_integer_ratio()
    mantissa, shift = _round_binary(*value.as_integer_ratio())
    return (mantissa << shift, 1) if shift >= 0 else (mantissa, 1 << -shift)


def _round_binary(numerator: int, denominator: int) -> tuple[int, int]:
    """Round a fraction to 512 bits: mantissa and binary exponent; ties go to even."""
    negative = numerator < 0
    numerator = abs(numerator)
    shift = numerator.bit_length() - denominator.bit_length() - PRECISION_BITS
    mantissa, rest, scale = _divide(numerator, denominator, shift)
    if mantissa >= _EXACT:
        shift += 1
        mantissa, rest, scale = _divide(numerator, denominator, shift)
    if rest * 2 > scale or (rest * 2 == scale and mantissa & 1):
        mantissa += 1
    if mantissa == _EXACT:
        mantissa, shift = mantissa >> 1, shift + 1
    return (-mantissa if negative else mantissa), shift


def _divide(numerator: int, denominator: int, shift: int) -> tuple[int, int, int]:
    """Quotient and rest of `numerator / (denominator * 2**shift)`, and what the rest is of."""
    if shift > 0:
        scale = denominator << shift
        return *divmod(numerator, scale), scale
    return *divmod(numerator << -shift, denominator), denominator


def _nearest(numerator: int, denominator: int) -> Number:
    """The name of the 512-bit number nearest to a fraction with a positive denominator."""
    if numerator % denominator == 0 and abs(numerator // denominator) < _EXACT:
        return numerator // denominator
    if abs(numerator) >= _HUGE * denominator or abs(numerator) * _TINIEST < denominator:
        raise ValueMistake(_TOO_FAR)
    binary = _round_binary(numerator, denominator)
    mantissa, shift = binary
    top, bottom = (mantissa << shift, 1) if shift >= 0 else (mantissa, 1 << -shift)
    if top % bottom == 0 and abs(top // bottom) < _EXACT:
        return top // bottom
    for context in _NAMING:
        name = context.divide(Decimal(top), Decimal(bottom))
        if _round_binary(*name.as_integer_ratio()) == binary:
            break
    return int(name) if name == name.to_integral_value() else name.normalize(_NAMING[-1])


def add(left: Number, right: Number) -> Number:
    """The sum."""
    if type(left) is int and type(right) is int:
        return normal(left + right)
    if _is_infinite(left) or _is_infinite(right):
        return _infinite(lambda: Decimal(left) + Decimal(right))
    if not left and not right:
        return _zero(has_minus=is_negative(left) and is_negative(right))
    a, b = _ratio(left)
    c, d = _ratio(right)
    return _nearest(a * d + c * b, b * d)


def subtract(left: Number, right: Number) -> Number:
    """The difference."""
    if type(left) is int and type(right) is int:
        return normal(left - right)
    return add(left, negate(right))


def negate(value: Number) -> Number:
    """The number with its sign turned. A plain minus would round a `Decimal` to 28 digits."""
    if isinstance(value, int):
        return -value or NEGATIVE_ZERO
    if not value and value.is_signed():
        return 0
    negated = value.copy_negate()
    return Double(negated) if isinstance(value, Double) else negated


def multiply(left: Number, right: Number) -> Number:
    """The product."""
    if type(left) is int and type(right) is int and left and right:
        return normal(left * right)
    if _is_infinite(left) or _is_infinite(right):
        return _infinite(lambda: Decimal(left) * Decimal(right))
    if not left or not right:
        return _zero(has_minus=is_negative(left) != is_negative(right))
    a, b = _ratio(left)
    c, d = _ratio(right)
    return _nearest(a * c, b * d)


def divide(left: Number, right: Number) -> Number:
    """The quotient; by zero it is infinite.

    Raises:
        ValueMistake: zero by zero, or infinity by infinity.
    """
    has_minus = is_negative(left) != is_negative(right)
    if right == 0:
        if left == 0:
            raise ValueMistake("zero cannot be divided by zero")
        return negate(INFINITY) if has_minus else INFINITY
    if _is_infinite(right):
        if _is_infinite(left):
            raise ValueMistake("infinity cannot be divided by infinity")
        return _zero(has_minus=has_minus)
    if _is_infinite(left):
        return left if right > 0 else negate(left)
    if not left:
        return _zero(has_minus=has_minus)
    a, b = _ratio(left)
    c, d = _ratio(right)
    return _nearest(a * d * (1 if c > 0 else -1), b * abs(c))


def modulo(left: Number, right: Number) -> Number:
    """What is left of *left* after taking *right* away a whole number of times, towards zero."""
    if right == 0 or _is_infinite(right):
        return left
    if _is_infinite(left):
        raise ValueMistake("infinity has no remainder")
    if type(left) is int and type(right) is int:
        rest = abs(left) % abs(right)
        return rest if left >= 0 else -rest
    times = int(divide(left, right))
    return subtract(left, multiply(right, times))


def _is_infinite(value: Number) -> bool:
    return not isinstance(value, int) and not value.is_finite()


def _infinite(compute: Callable[[], Decimal]) -> Number:
    try:
        return compute()
    except InvalidOperation:
        raise ValueMistake("infinity makes no number this way") from None


def is_whole(value: Number) -> bool:
    """Whether there is nothing after the decimal point."""
    return isinstance(value, int) or (value.is_finite() and value == value.to_integral_value())


def format_number(value: Number) -> str:
    """How a number reads as text: without exponent, without needless zeros."""
    if isinstance(value, int):
        return str(value)
    if not value.is_finite():
        return "-Inf" if value < 0 else "+Inf"
    if isinstance(value, Double):
        value = _short_name(float(value))
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def _short_name(value: float) -> Decimal:
    """The shortest decimal within half a unit of the last of 53 bits on either side."""
    fraction, exponent = math.frexp(value)
    name = Decimal(repr(value))
    if abs(fraction) != 0.5:
        return name
    # Below a power of two the numbers are closer together; Go leaves that out of account.
    half = Decimal(math.ldexp(0.5, exponent - 53))
    names = (Decimal(f"{value:.{digits}e}") for digits in range(17))
    errors = ((each, _WIDE.abs(_WIDE.subtract(each, Decimal(value)))) for each in names)
    return next((each for each, error in errors if error <= half), name)


def exact(value: Number) -> Decimal:
    """The binary number behind a name, digit for digit, as a decimal."""
    if isinstance(value, int):
        return Decimal(value)
    top, bottom = _ratio(value)
    shift = bottom.bit_length() - 1
    return Decimal(top * 5**shift).scaleb(-shift, _WIDE)
