"""log and log1p, and the logarithm with twice the digits that powers need.

x = 2**e * m with sqrt(1/2) <= m < sqrt(2). In float32 log(m) is a polynomial of f = m - 1; in
float64 a polynomial of s = f / (2 + f), since log(m) = 2*atanh(s) (the arrangement of K. C. Ng in
Sun Microsystems' fdlibm, 1993).
"""

from __future__ import annotations

import math

from flowc.ir.dtypes import float64
from flowc.passes.math import coefficients as table
from flowc.passes.math.exponential import LN2, precision
from flowc.passes.math.values import Value, fma, near_zero_identity, polynomial, select

SQRT_HALF_BITS = {24: 0x3F3504F3, 53: 0x3FE6A09E667F3BCD}
LIFT = 54  # binary orders by which a denormal argument is raised


def split_exponent(x: Value) -> tuple[Value, Value]:
    """(e, m): x = 2**e * m with sqrt(1/2) <= m < sqrt(2), both as integers (m as its bits)."""
    f = x.format
    bits = x.bits()
    e = (bits - SQRT_HALF_BITS[precision(f)]) >> f.mantissa
    return e, bits - (e << f.mantissa)


def split_any_exponent(x: Value) -> tuple[Value, Value]:
    """`split_exponent` for positive x, denormals too, as floats."""
    f = x.format
    small = x < f.tiny
    e, m = split_exponent(select(small, x * 2.0**LIFT, x))
    exponent = e.convert(f.dtype)
    return select(small, exponent - LIFT, exponent), m.reinterpret(f.dtype)


def combine(e: Value, f: Value) -> Value:
    """e*ln 2 + log(1 + f)."""
    high, low = LN2[precision(f.format)]
    if f.dtype is not float64:  # ln 2 rounded to float32 is good to a twentieth of an ulp
        tail = fma(f, polynomial(f, table.LOGARITHM_32), -0.5)
        return fma(e, high, fma(f * f, tail, f))
    s = f / (f + 2.0)
    z = s * s
    half_square = 0.5 * f * f
    rest = fma(z, polynomial(z, table.LOGARITHM_OF_QUOTIENT_64), half_square)
    return fma(e, high, f - (half_square - fma(s, rest, e * low)))


def with_poles(x: Value, pole: float, result: Value) -> Value:
    """`result` inside the domain x > pole; -inf at it, NaN below it, inf and NaN kept."""
    outside = select(x.equals(pole), -math.inf, x.literal(math.nan))
    return select(x <= pole, outside, select(x < math.inf, result, x))


def log(x: Value) -> Value:
    """The natural logarithm."""
    e, m = split_any_exponent(x)
    return with_poles(x, 0.0, combine(e, m - 1.0))


def log_plus_one(x: Value) -> Value:
    """log(1 + x). What rounding 1 + x lost, exact by D. Knuth's two-sum, is added to f."""
    f = x.format
    u = x + 1.0
    rounded = u - 1.0
    lost = (1.0 - (u - rounded)) + (x - rounded)
    e, m = split_exponent(u)
    bounded = select(e < f.bias, e, f.bias)  # a greater e leaves nothing to correct
    scale = ((f.bias - bounded) << f.mantissa).reinterpret(f.dtype)
    result = combine(e.convert(f.dtype), fma(lost, scale, m.reinterpret(f.dtype) - 1.0))
    return near_zero_identity(x, 2.0 ** -(f.mantissa + 2), with_poles(x, -1.0, result))


def extended_log(x: Value) -> tuple[Value, Value]:
    """log(x) of a positive finite float64 as an unevaluated sum (high, low), good to about 2**-66.

    2*atanh(s) = 2*s + 2/3*s**3 + ...: s and the cube are carried as pairs, the rest is small.
    """
    e, m = split_any_exponent(x)
    f, g = m - 1.0, m + 1.0
    g_low = m - (g - 1.0)
    s = f / g
    s_low = (fma(-s, g, f) - s * g_low) / g
    z = s * s
    z_low = fma(s, s, -z) + 2.0 * s * s_low
    cube = z * s
    cube_low = fma(z, s, -cube) + fma(z, s_low, z_low * s)
    third = cube * TWO_THIRDS
    third_low = fma(cube, TWO_THIRDS, -third) + fma(cube, TWO_THIRDS_LOW, cube_low * TWO_THIRDS)
    tail = cube * z * polynomial(z, table.LOGARITHM_OF_QUOTIENT_TAIL_64)
    high, low = LN2[53]
    product = e * high
    total, error = fast_two_sum(product, s + s)
    total, more = two_sum(total, third)
    rest = fma(e, high, -product) + fma(e, low, 2.0 * s_low + third_low)
    return fast_two_sum(total, (error + more) + (rest + tail))


TWO_THIRDS = 0.6666666666666666
TWO_THIRDS_LOW = 3.700743415417188e-17


def two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """a + b rounded, and its exact error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def fast_two_sum(a: Value, b: Value) -> tuple[Value, Value]:
    """`two_sum` where a is 0 or |a| >= |b| (Dekker); also right here when e == 0."""
    total = a + b
    return total, b - (total - a)
