"""exp, expm1 and the logistic function.

x = n*ln 2 + r with integer n and |r| <= ln(2)/2, so e**x = 2**n * e**r (J.-M. Muller, "Elementary
Functions", 3rd ed., ch. 11). n is rounded by adding 1.5 * 2**mantissa: the sum's low bits then hold
n, already biased for an exponent field, and one shift makes the float 2**n of it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from flowc.passes.math import coefficients as table
from flowc.passes.math.values import (
    Format,
    Value,
    fma,
    near_zero_identity,
    polynomial,
    select,
)

LN2 = {
    24: (0.693147182464599609375, -1.904654299957767878541e-09),
    53: (0.6931471805599453094172, 2.319046813846299558e-17),
}
LOG2_E = math.log2(math.e)
SERIES = {24: table.EXPONENTIAL_32, 53: table.EXPONENTIAL_64}
STEP = 64  # binary orders by which a result that may be denormal is kept up


class Limits(NamedTuple):
    """Where exponentials of a format leave its range."""

    lowest: float  # e**lowest rounds to 0
    small: float  # above the logarithm of the least normal number
    highest: float  # e**highest overflows, by less than a factor of 2
    identity: float  # |x| below this: e**x - 1 rounds to x


LIMITS = {24: Limits(-104.0, -80.0, 89.0, 2.0**-25), 53: Limits(-746.0, -700.0, 710.0, 2.0**-54)}


def precision(f: Format) -> int:
    """Bits of the significand, the implicit one counted: the key of this folder's tables."""
    return f.mantissa + 1


def series(f: Format, scale: float = 1.0) -> tuple[float, ...]:
    """q where e**(scale*r) = 1 + scale*r + r**2 * q(r)."""
    return tuple(c * scale ** (k + 2) for k, c in enumerate(SERIES[precision(f)]))


def split_powers(x: Value, exponent: int, scale: float = 1.0) -> tuple[Value, Value]:
    """(r, t) where scale*x = n*ln 2 + scale*r; t holds 2**(n + exponent), see `power_of_two`."""
    f = x.format
    high, low = (part / scale for part in LN2[precision(f)])
    offset = f.magic + f.bias + exponent
    t = fma(x, scale * LOG2_E, offset)
    n = t - offset
    return fma(n, -low, fma(n, -high, x)), t


def power_of_two(t: Value) -> Value:
    """The float that `split_powers` prepared; its exponent is in range, or that of infinity."""
    return (t.bits() << t.format.mantissa).reinterpret(t.dtype)


def exponential(x: Value) -> Value:
    """e**x. The factor 2**n is applied as 2 * 2**(n-1), which overflows only when the result does.

    A result that may be denormal is computed 2**64 times too large and rounded once by the last
    product.
    """
    f = x.format
    limits = LIMITS[precision(f)]
    x = x.at_least(limits.lowest).at_most(limits.highest)
    r, t = split_powers(x, -1)
    doubled = polynomial(r, (2.0, 2.0, *(2.0 * c for c in series(f))))
    small = x < limits.small
    bits = t.bits()
    factor = (select(small, bits + STEP, bits) << f.mantissa).reinterpret(f.dtype)
    result = doubled * factor
    return select(small, result * 2.0**-STEP, result)


def half_exponential(x: Value) -> Value:
    """e**x / 2 for x >= 0; overflows only when e**x / 2 does."""
    f = x.format
    r, t = split_powers(x.at_most(LIMITS[precision(f)].highest + 1), -2)
    return polynomial(r, (2.0, 2.0, *(2.0 * c for c in series(f)))) * power_of_two(t)


def exponential_minus_one(x: Value) -> Value:
    """e**x - 1 = 2 * (2**(n-1) * (e**r - 1) + (2**(n-1) - 1/2))."""
    f = x.format
    limits = LIMITS[precision(f)]
    r, t = split_powers(x.at_least(-60.0).at_most(limits.highest), -1)
    near = fma(r * r, polynomial(r, series(f)), r)
    power = power_of_two(t)
    half = fma(power, near, power - 0.5)
    return near_zero_identity(x, limits.identity, half + half)


def logistic(x: Value) -> Value:
    """With z = e**-|x|: a - a * z / (1 + z) for a = z where x < 0, and a = 1 elsewhere.

    That is z / (1 + z) and 1 - z / (1 + z), with less rounding than a quotient by 1 + z.
    z is made 2**24 (2**54) times too large and rounded once where it is denormal.
    """
    f = x.format
    exponent = f.mantissa + 1
    magnitude = abs(x).at_most(-LIMITS[precision(f)].lowest)
    r, t = split_powers(magnitude, exponent, -1.0)
    scaled = polynomial(r, (1.0, -1.0, *series(f, -1.0))) * power_of_two(t)
    z = scaled * 2.0**-exponent
    a = select(x < 0.0, z, 1.0)
    return fma(z / (z + 1.0), -a, a)
