"""erf, erfc and the inverse of erf."""

from __future__ import annotations

import math

from flowc.ir.dtypes import float32, float64
from flowc.passes.math import coefficients as table
from flowc.passes.math.exponential import (
    exponential,
    power_of_two,
    precision,
    series,
    split_powers,
)
from flowc.passes.math.logarithm import log
from flowc.passes.math.values import Value, fma, in_double, polynomial, select, with_sign

NEAR = {24: table.ERROR_FUNCTION_32, 53: table.ERROR_FUNCTION_64}
CENTRE = 4.0  # of the variable (x - 4) / (x + 4) of the table of erfc


def _near(x: Value, magnitude: Value) -> Value:
    """erf(|x|) for |x| <= 1: x + x*P(x**2)."""
    return fma(magnitude, polynomial(x * x, NEAR[precision(x.format)]), magnitude)


def erf(x: Value) -> Value:
    """x + x*P(x**2) up to 1; beyond, 1 - erfc(|x|)."""
    magnitude = abs(x)
    far = _far_32(magnitude) if x.dtype is float32 else 1.0 - _complement(magnitude.at_most(7.0))
    return with_sign(select(magnitude < 1.0, _near(x, magnitude), far), x)


def _far_32(magnitude: Value) -> Value:
    """1 - e**-q, where q is a polynomial for -log(erfc(x)) (after N. Juffa)."""
    q = polynomial(magnitude.at_most(3.94), table.ERROR_FUNCTION_TAIL_32)
    r, t = split_powers(q, 0, -1.0)
    factor = polynomial(r, (1.0, -1.0, *series(r.format, -1.0)))
    return fma(factor, -power_of_two(t), 1.0)


def _complement(x: Value) -> Value:
    """erfc(x) for x >= 0, in float64."""
    scaled, decay = _complement_parts(x.at_most(28.0))
    return scaled * decay


def _complement_parts(x: Value) -> tuple[Value, Value]:
    """(s, e**-square) with erfc(x) = s * e**-square, where square is x**2 rounded.

    s = Q((x - 4) / (x + 4)) / (1 + 2*x): the form of M. Shepherd and J. Laframboise, Math. Comp. 36
    (1981). What rounding the square lost is put into s.
    """
    t = (x - CENTRE) / (x + CENTRE)
    scaled = polynomial(t, table.SCALED_COMPLEMENT_64) / fma(x, 2.0, 1.0)
    square = x * x
    lost = fma(x, x, -square)
    return fma(scaled, -lost, scaled), exponential(-square)


@in_double
def erfc(x: Value) -> Value:
    """1 - erf(x), to full relative accuracy."""
    magnitude = abs(x)
    tail = _complement(magnitude)
    far = select(x < 0.0, 2.0 - tail, tail)
    near = 1.0 - with_sign(_near(x, magnitude), x)
    return select(x < 0.46875, select(x > -1.0, near, far), far)


def erf_inv(x: Value) -> Value:
    """A closed form refined by Halley's iteration, which triples the right digits at each step.

    The steps work on erfc(y) = 1 - |x| where |x| > 1/2 and on erf(y) = |x| below, in float64.
    """
    magnitude = abs(x).convert(float64)
    y = _first_guess(magnitude)
    for _ in range(2 if x.dtype is float32 else 3):
        scaled, decay = _complement_parts(y)
        beyond_half = (1.0 - magnitude) - scaled * decay
        excess = select(magnitude > 0.5, beyond_half, _near(y, y) - magnitude)
        step = excess / (decay * (2.0 / math.sqrt(math.pi)))
        y = y - step / fma(y, step, 1.0)
    outside = select(magnitude.equals(1.0), math.inf, magnitude.literal(math.nan))
    return with_sign(select(magnitude < 1.0, y, outside).convert(x.dtype), x)


def _first_guess(magnitude: Value) -> Value:
    """S. Winitzki, "A handy approximation for the error function and its inverse" (2008)."""
    w = -log(fma(-magnitude, magnitude, 1.0))
    a = 0.147
    half = 2.0 / (math.pi * a) - 0.5 * w
    return ((half * half + w / a).sqrt() - half).sqrt()
