"""x**y, the cube root."""

from __future__ import annotations

import math

from flowc.ir.dtypes import float64
from flowc.passes.math.exponential import exponential
from flowc.passes.math.logarithm import extended_log, log
from flowc.passes.math.values import Value, fma, in_double, select, sign_bit, with_sign


def power(x: Value, y: Value) -> Value:
    """x**y = e**(y * log|x|) with the special cases of IEEE 754-2019, 9.2.1.

    In float32 a float64 logarithm has digits enough; in float64 the logarithm is carried as a pair.
    """
    base = abs(x)
    if x.dtype is float64:
        magnitude = _power_of_magnitude(base, y)
    else:
        exponent = y.convert(float64) * log(base.convert(float64))
        magnitude = exponential(exponent).convert(x.dtype)
    magnitude = select(base.equals(1.0) & y.equals(y), 1.0, magnitude)
    integer = y.nearest().equals(y)
    odd = (0.5 * y).nearest().differs(0.5 * y) & integer
    negative = select(odd, -magnitude, magnitude)
    fraction = select(integer | base.equals(math.inf) | base.equals(0.0), magnitude, math.nan)
    signed = select(odd, negative, fraction)
    minus = sign_bit(x).differs(0) & x.equals(x)
    return select(y.equals(0.0) | x.equals(1.0), 1.0, select(minus, signed, magnitude))


def _power_of_magnitude(base: Value, y: Value) -> Value:
    """base**y for base >= 0 in float64: e**(h + l) = e**h * (1 + l), the product y*log exact."""
    high, low = extended_log(base)
    # With |y| above 2**64 every power but that of 1 is 0 or infinite; the sums here stay finite.
    bounded = y.at_least(-(2.0**64)).at_most(2.0**64)
    product = bounded * high
    error = fma(bounded, high, -product) + bounded * low
    near = exponential(product)
    result = select(near < math.inf, fma(near, error, near), near)
    edge = y * select(base.equals(0.0), -math.inf, base)
    regular = (base > 0.0) & (base < math.inf) & y.equals(y)
    return select(regular, result, exponential(edge))


@in_double
def cbrt(x: Value) -> Value:
    """e**(log|x| / 3), then one step of Newton's iteration with an exact residual.

    Small numbers are raised by 2**180, so that the residual does not underflow.
    """
    magnitude = abs(x)
    small = magnitude < 2.0**-900
    raised = select(small, magnitude * 2.0**180, magnitude)
    guess = exponential(log(raised) * (1.0 / 3.0))
    square = guess * guess
    residual = fma(square, guess, -raised) + fma(guess, guess, -square) * guess
    refined = guess - residual / (3.0 * square)
    lowered = select(small, refined * 2.0**-60, refined)
    special = magnitude.equals(0.0) | magnitude.equals(math.inf)
    return with_sign(select(special, magnitude, lowered), x)
