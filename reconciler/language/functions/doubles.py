"""Doubles: logarithms and powers, digit for digit as Terraform computes them.

Both are computed there on 53 bits by Go, whose last digit differs now and then from that of C.
It shows: `ceil(log(9, 3))` is 3, because `log(9, 3)` is a little more than 2.
"""

from __future__ import annotations

import math

from reconciler.language.numbers import INFINITY, NEGATIVE_ZERO, Double, Number, negate

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_EVEN = (6.666666666666735130e-01, 2.857142874366239149e-01, 1.818357216161805012e-01,
         1.479819860511658591e-01)  # fmt: skip
_ODD = (3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01)
_MAX_SHIFT = 1 << 12


def natural_log(value: float) -> float:
    """The logarithm to the base e of a number that is not negative."""
    if value == 0:
        return -math.inf
    if math.isinf(value):
        return value
    fraction, exponent = math.frexp(value)
    if fraction < math.sqrt(2) / 2:
        fraction *= 2
        exponent -= 1
    f = fraction - 1
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    even = s2 * (_EVEN[0] + s4 * (_EVEN[1] + s4 * (_EVEN[2] + s4 * _EVEN[3])))
    odd = s4 * (_ODD[0] + s4 * (_ODD[1] + s4 * _ODD[2]))
    half = 0.5 * f * f
    return exponent * _LN2_HIGH - ((half - (s * (half + even + odd) + exponent * _LN2_LOW)) - f)


def power(base: float, exponent: float) -> float:
    """*base* to the power of *exponent*; infinite or not a number where it has no value."""
    if base == 1 or exponent == 0:
        return 1.0
    if base == 0 or math.isinf(base) or math.isinf(exponent):
        return _power_of_limit(base, exponent)
    if abs(exponent) == 0.5 and base > 0:
        return math.sqrt(base) if exponent > 0 else 1 / math.sqrt(base)
    fraction, whole = math.modf(abs(exponent))
    if fraction and base < 0:
        return math.nan
    if whole >= 2.0**63:
        return 1.0 if base == -1 else _power_of_limit(base, math.copysign(math.inf, exponent))
    result, shift = 1.0, 0
    if fraction:
        if fraction > 0.5:
            fraction, whole = fraction - 1, whole + 1
        result = math.exp(fraction * natural_log(base))
    result, shift = _times_whole_power(result, base, int(whole))
    if exponent < 0:
        result, shift = 1 / result, -shift
    try:
        return math.ldexp(result, shift)
    except OverflowError:
        return math.copysign(math.inf, result)


def _times_whole_power(result: float, base: float, times: int) -> tuple[float, int]:
    """`result * base**times` as a fraction and a power of two."""
    factor, factor_shift = math.frexp(base)
    shift = 0
    while times:
        if abs(factor_shift) > _MAX_SHIFT:
            return result, shift + factor_shift
        if times & 1:
            result *= factor
            shift += factor_shift
        factor *= factor
        factor_shift <<= 1
        if factor < 0.5:
            factor += factor
            factor_shift -= 1
        times >>= 1
    return result, shift


def _power_of_limit(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except (ValueError, OverflowError):
        return math.inf


def from_double(value: float) -> Number:
    """The number that a result is; what 53 bits do not write in full keeps its short name."""
    if math.isinf(value):
        return INFINITY if value > 0 else negate(INFINITY)
    if not value and math.copysign(1, value) < 0:
        return NEGATIVE_ZERO
    if value.is_integer():
        return int(value) if abs(value) <= 2**53 else Double(value)
    return Double(repr(value))
