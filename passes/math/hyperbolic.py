"""Hyperbolic functions and their inverses."""

from __future__ import annotations

import math

from flowc.passes.math import coefficients as table
from flowc.passes.math.exponential import (
    half_exponential,
    power_of_two,
    precision,
    series,
    split_powers,
)
from flowc.passes.math.logarithm import log_plus_one
from flowc.passes.math.values import Value, fma, in_double, polynomial, select, with_sign

SINH_SERIES = {24: table.HYPERBOLIC_SINE_32, 53: table.HYPERBOLIC_SINE_64}
LARGE = 2.0**60  # beyond, x + 1 == x and x**2 + 1 == x**2 in float64


def tanh(x: Value) -> Value:
    """With h = (e**(2*|x|) - 1) / 2: |tanh x| = h / (h + 1) = h - h**2 / (h + 1) = 1 - 1 / (h + 1).

    The second form rounds less than the first where h < 1, the third where it is not; with
    a = min(h, 1) both are a - a * (a / (h + 1)).
    """
    f = x.format
    magnitude = abs(x).at_most(10.0 if f.mantissa == 23 else 20.0)
    r, t = split_powers(magnitude, 0, 2.0)
    near = fma(r * r, polynomial(r, tuple(c / 2 for c in series(f, 2.0))), r)
    power = power_of_two(t)
    half = fma(power, near, fma(power, 0.5, -0.5))
    a = half.at_most(1.0)
    return with_sign(fma(a / (half + 1.0), -a, a), x)


def sinh(x: Value) -> Value:
    """(e**|x| - e**-|x|) / 2, and an odd polynomial where that would cancel."""
    magnitude = abs(x)
    z = magnitude * magnitude
    near = fma(magnitude * z, polynomial(z, SINH_SERIES[precision(x.format)]), magnitude)
    half = half_exponential(magnitude)
    return with_sign(select(magnitude < 1.0, near, half - 0.25 / half), x)


def cosh(x: Value) -> Value:
    """(e**|x| + e**-|x|) / 2."""
    half = half_exponential(abs(x))
    return half + 0.25 / half


@in_double
def asinh(x: Value) -> Value:
    """log(|x| + sqrt(x**2 + 1)), arranged for log1p; log(2*|x|) where the square would overflow."""
    magnitude = abs(x)
    large = magnitude > LARGE
    square = magnitude * magnitude
    near = magnitude + square / ((square + 1.0).sqrt() + 1.0)
    result = log_plus_one(select(large, magnitude, near))
    return with_sign(select(large, result + math.log(2.0), result), x)


@in_double
def acosh(x: Value) -> Value:
    """With t = x - 1: log1p(t + sqrt(2*t + t**2)); NaN below 1."""
    t = x - 1.0
    large = x > LARGE
    result = log_plus_one(select(large, x, t + fma(t, t, t + t).sqrt()))
    return select(x < 1.0, math.nan, select(large, result + math.log(2.0), result))


@in_double
def atanh(x: Value) -> Value:
    """log1p(2*|x| / (1 - |x|)) / 2."""
    magnitude = abs(x)
    return with_sign(0.5 * log_plus_one((magnitude + magnitude) / (1.0 - magnitude)), x)
