"""The logarithm of the gamma function and its derivative, both computed in float64.

Arguments below 8 are moved up by the recurrence, so that Stirling's series (DLMF 5.11.1, 5.11.2)
holds; negative ones are reflected (DLMF 5.5.3, 5.5.4). Near a root of either function the error is
absolute: some 1e-15 of the terms that cancel.
"""

from __future__ import annotations

import math

from flowc.passes.math import coefficients as table
from flowc.passes.math.logarithm import log
from flowc.passes.math.values import Value, fma, in_double, polynomial, select

SHIFT = 8
# Bernoulli numbers: B[2k] / (2k * (2k-1)) and B[2k] / (2k), k = 1, 2, ...
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)
DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160)


def _rising(x: Value) -> tuple[Value, Value]:
    """x*(x+1)*...*(x+7) and its derivative."""
    result, slope = x, x.literal(1.0)
    for k in range(1, SHIFT):
        factor = x + float(k)
        slope = fma(slope, factor, result)
        result = result * factor
    return result, slope


def _sine_and_cosine_of_pi_times(x: Value) -> tuple[Value, Value]:
    """sin(pi*d) and cos(pi*d) for d = x - nearest(x), with the sign of neither's integer part."""
    angle = (x - x.nearest()) * math.pi
    # |angle| <= pi/2: halve it to stay inside the tables' range, then double the angle.
    h = 0.5 * angle
    z = h * h
    s = fma(h * z, polynomial(z, table.SINE_64), h)
    c = fma(z, fma(z, polynomial(z, table.COSINE_64), -0.5), 1.0)
    return 2.0 * s * c, fma(-2.0 * s, s, 1.0)


@in_double
def lgamma(x: Value) -> Value:
    """log|gamma(x)|; +inf at 0, -1, -2, ..."""
    reflected = x < 0.5
    y = select(reflected, 1.0 - x, x)
    low = y < float(SHIFT)
    z = select(low, y + float(SHIFT), y)
    inverse = 1.0 / z
    series = inverse * polynomial(inverse * inverse, STIRLING)
    product, _ = _rising(y)
    stirling = fma(z - 0.5, log(z), -z) + (0.5 * math.log(2 * math.pi) + series)
    value = select(low, stirling - log(product), stirling)
    sine, _ = _sine_and_cosine_of_pi_times(x)
    mirrored = math.log(math.pi) - log(abs(sine)) - value
    result = select(reflected, mirrored, value)
    pole = (x <= 0.0) & x.floor().equals(x)
    return select(pole | abs(x).equals(math.inf), math.inf, result)


@in_double
def digamma(x: Value) -> Value:
    """The derivative of log gamma; NaN at -1, -2, ..., an infinity of the other sign at zero."""
    reflected = x < 0.5
    y = select(reflected, 1.0 - x, x)
    low = y < float(SHIFT)
    z = select(low, y + float(SHIFT), y)
    inverse = 1.0 / z
    square = inverse * inverse
    series = log(z) - fma(square, polynomial(square, DIGAMMA), 0.5 * inverse)
    product, slope = _rising(y)
    value = select(low, series - slope / product, series)
    sine, cosine = _sine_and_cosine_of_pi_times(x)
    result = select(reflected, value - math.pi * cosine / sine, value)
    pole = (x < 0.0) & x.floor().equals(x)
    at_zero = select(x.equals(0.0), -1.0 / x, result)
    return select(pole, math.nan, select(x.equals(math.inf), x, at_zero))
