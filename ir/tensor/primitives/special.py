"""Special functions in double precision: what NumPy has no function for.

Each maps Python floats; `vectorised` makes it a function of arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from flowc.ir.tensor.primitive import Array


def vectorised(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """A function of floats as one of arrays; the result is float64."""
    return np.vectorize(function, otypes=[np.float64])


def lgamma(x: float) -> float:
    """log|gamma(x)|; infinite at the poles and beyond the greatest double."""
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return math.inf


_STIRLING = (-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12)


def digamma(x: float) -> float:
    """The derivative of log gamma; NaN at the poles 0, -1, -2 ...

    Reflection for negative arguments, recurrence up to 10, then Stirling's series (Abramowitz and
    Stegun 6.3.7, 6.3.5, 6.3.18).
    """
    if math.isnan(x) or x == -math.inf or (x <= 0 and x == math.floor(x)):
        return math.nan
    if x == math.inf:
        return x
    if x < 0:
        return digamma(1 - x) - math.pi / math.tan(math.pi * math.fmod(x, 1.0))
    shift = 0.0
    while x < 10:
        shift -= 1 / x
        x += 1
    series = sum(c * x ** (-2 * k) for k, c in enumerate(_STIRLING, 1))
    return shift + math.log(x) - 0.5 / x + series


def erf_inv(x: float) -> float:
    """The inverse of erf: Winitzki's approximation, then Halley's steps on erfc."""
    if math.isnan(x) or abs(x) > 1:
        return math.nan
    if abs(x) == 1 or x == 0:
        return x * math.inf if x else x
    tail = 1 - abs(x)  # exact where it is small, so that the tail keeps its digits
    logarithm = math.log(tail * (1 + abs(x)))
    half = 2 / (math.pi * 0.147) + logarithm / 2
    y = math.sqrt(math.sqrt(half * half - logarithm / 0.147) - half)
    for _ in range(4):
        slope = -2 / math.sqrt(math.pi) * math.exp(-y * y)
        residual = math.erfc(y) - tail if abs(x) > 0.5 else abs(x) - math.erf(y)
        step = residual / slope
        y -= step / (1 + y * step)
    return math.copysign(y, x)
