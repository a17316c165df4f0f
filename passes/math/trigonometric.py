"""Trigonometric functions and their inverses.

An argument x = q*pi/2 + r, |r| <= pi/4, is reduced in two ways. Up to `MODERATE`, by subtracting q
times pi/2 in pieces with fused multiplications (W. J. Cody, W. Waite, 1980), which is all there is
where x is `maximum(minimum(y, high), low)` of constants within. Beyond, fixed point:
x = M * 2**e with integers M and e, and x / (2*pi) modulo 1 needs only the bits of 1/(2*pi) from
place e on (M. Payne, R. Hanek, 1983); integer products that wrap modulo 2**64 drop the whole turns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from flowc.ir.dtypes import float32, float64, int64
from flowc.ir.loops.expressions import Binary, Constant, Unary
from flowc.passes.math import coefficients as table
from flowc.passes.math.exponential import precision
from flowc.passes.math.values import (
    FORMATS,
    Value,
    fma,
    in_double,
    near_zero_identity,
    polynomial,
    select,
    sign_bit,
    with_sign,
)

SINE = {24: table.SINE_32, 53: table.SINE_64}
COSINE = {24: table.COSINE_32, 53: table.COSINE_64}
ARCSINE = {24: table.ARCSINE_32, 53: table.ARCSINE_64}

HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33)
MODERATE = 2.0**17
TURN = 2 * math.pi * 2.0**-64  # of a fixed-point fraction, in radians

# 1/(2*pi) in binary, 64 bits a word; the words before it are the zeros left of the binary point.
INVERSE_TURN = (
    0x28BE60DB9391054A,
    0x7F09D5F47D4D3770,
    0x36D8A5664F10E410,
    0x7F9458EAF7AEF158,
    0x6DC91B8E909374B8,
    0x01924BBA82746487,
    0x3F877AC72C4A69CF,
    0xBA208D7D4BAED121,
    0x3A671C09AD17DF90,
    0x4E64758E60D4CE7D,
    0x272117E2EF7E4A0E,
    0xC7FE25FFF7816603,
    0xFBCBC462D6829B47,
    0xDB4D9FB3C9F2C26D,
    0xD3D18FD9A797FA8B,
    0x5D49EEB1FAF97C5E,
    0xCF41CE7DE294A4BA,
    0x9AFED7EC47E35742,
    0x1580CC11BF1EDAEA,
)


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def _words_from(word: Value, words: Sequence[int], count: int) -> list[Value]:
    """`words[i : i + count]` for a computed i: a shifter that moves by powers of two."""
    current = [word.literal(_signed(w)) for w in words]
    for step in (16, 8, 4, 2, 1):
        needed = count + step - 1
        if len(current) <= needed:
            continue
        moved = (word & step).differs(0)
        current = [
            select(moved, current[k + step], current[k]) if k + step < len(current) else current[k]
            for k in range(min(needed, len(current)))
        ]
    return current[:count]


def _reduce_huge(x: Value) -> tuple[Value, Value]:
    """(q, r) of a non-negative x >= `MODERATE`; r in float64."""
    f = x.format
    bits = x.bits().convert(int64)
    exponent = (bits >> f.mantissa) - (f.bias + f.mantissa)  # of the last bit of M
    significand = (bits & ((1 << f.mantissa) - 1)) | (1 << f.mantissa)
    # One word of zeros lies before the table, so that the place of the first needed bit is >= 0.
    place = exponent + 64
    count = 3 if x.dtype is float32 else 4
    last = (f.bias - f.mantissa + 64) // 64 + count
    words = _words_from(place >> 6, (0, *INVERSE_TURN)[:last], count)
    shift = place & 63
    window = [
        (a << shift) | b.logical_shift(1).logical_shift(63 - shift) for a, b in pairwise(words)
    ]
    multiply = _fraction_of_turn_32 if x.dtype is float32 else _fraction_of_turn_64
    high, below = multiply(significand, window)
    quadrant = (high + (1 << 61)) >> 62
    rest = high - (quadrant << 62)
    return quadrant, fma(rest.convert(float64), TURN, below)


def _fraction_of_turn_32(significand: Value, window: list[Value]) -> tuple[Value, float]:
    """The same for a significand of 24 bits, where 64 bits of result are enough."""
    rest = (significand * window[1].logical_shift(32)).logical_shift(32)
    return significand * window[0] + rest, 0.0


def _fraction_of_turn_64(significand: Value, window: list[Value]) -> tuple[Value, Value]:
    """significand * 0.window modulo 1: the first 64 bits, and the rest in radians."""
    first = significand * window[1]
    low = first + significand.high_product(window[2])
    overflow = (low ^ SIGN) < (first ^ SIGN)  # an unsigned comparison
    high = significand * window[0] + significand.high_product(window[1])
    high = high + select(overflow, high.literal(1), high.literal(0))
    # The upper 63 bits of an unsigned number are a signed one.
    return high, low.logical_shift(1).convert(float64) * (TURN * 2.0**-63)


SIGN = -(1 << 63)


def _reduce(x: Value) -> tuple[Value, Value]:
    """(q, r) of a non-negative x: q modulo 4 as int64, r in float64."""
    wide = x.convert(float64)
    magic = FORMATS[float64].magic
    t = fma(wide, 2 / math.pi, magic)
    n = t - magic
    r = wide
    for part in HALF_PI[: 2 if x.dtype is float32 else 3]:
        r = fma(n, -part, r)
    if _is_moderate(x):
        return t.bits(), r
    quadrant, rest = _reduce_huge(x)
    moderate = x < MODERATE
    return select(moderate, t.bits(), quadrant), select(moderate, r, rest)


def _is_moderate(x: Value) -> bool:
    """Whether |y| is less than `MODERATE` whatever it is: y was put between two constants."""
    match x.node:
        case Unary(
            operator="abs",
            operand=Binary(
                operator="maximum",
                right=Constant(value=low),
                left=Binary(operator="minimum", right=Constant(value=high)),
            ),
        ):
            return low > -MODERATE and high < MODERATE
    return False


def _sine_and_cosine(x: Value) -> tuple[Value, Value, Value]:
    """(q, sin r, cos r) of |x|."""
    quadrant, wide = _reduce(abs(x))
    return (quadrant & 3).convert(x.format.integer), *_series(wide.convert(x.dtype))


def _series(r: Value) -> tuple[Value, Value]:
    """sin r and cos r for |r| <= pi/4."""
    digits = precision(r.format)
    z = r * r
    sine = fma(r * z, polynomial(z, SINE[digits]), r)
    return sine, fma(z, fma(z, polynomial(z, COSINE[digits]), -0.5), 1.0)


def _defined(x: Value, result: Value) -> Value:
    """NaN for infinities and NaN."""
    return select(abs(x) < math.inf, result, x - x)


def _in_quadrant(quadrant: Value, sine: Value, cosine: Value) -> Value:
    """The sine of q*pi/2 + r."""
    width = sine.format.width
    value = select((quadrant & 1).differs(0), cosine, sine)
    sign = (quadrant & 2) << (width - 2)
    return (value.bits() ^ sign).reinterpret(value.dtype)


def sine(x: Value) -> Value:
    """sin(x), for every finite x."""
    result = _in_quadrant(*_sine_and_cosine(x))
    signed = (result.bits() ^ sign_bit(x)).reinterpret(x.dtype)
    return near_zero_identity(x, 2.0 ** -(x.format.mantissa // 2 + 2), _defined(x, signed))


def cosine(x: Value) -> Value:
    """cos(x), for every finite x."""
    quadrant, s, c = _sine_and_cosine(x)
    return _defined(x, _in_quadrant(quadrant + 1, s, c))


def tan(x: Value) -> Value:
    """sin(x) / cos(x), for every finite x; in float64, since three float32 roundings add up."""
    quadrant, r = _reduce(abs(x))
    s, c = _series(r)
    odd = (quadrant & 1).differs(0)
    quotient = (select(odd, -c, s) / select(odd, s, c)).convert(x.dtype)
    signed = (quotient.bits() ^ sign_bit(x)).reinterpret(x.dtype)
    return near_zero_identity(x, 2.0 ** -(x.format.mantissa // 2 + 2), _defined(x, signed))


def _angle(opposite: Value, adjacent: Value) -> Value:
    """atan(opposite / adjacent) in float64, >= 0 both, by one of three rotations and one division.

    Above tan(3*pi/8) the angle is pi/2 - atan(a/o), between it and tan(pi/8) it is
    pi/4 + atan((o - a)/(o + a)): the quotient stays below tan(pi/8).
    """
    steep = opposite > adjacent * (math.sqrt(2) + 1)
    middle = opposite > adjacent * (math.sqrt(2) - 1)
    numerator = select(steep, -adjacent, select(middle, opposite - adjacent, opposite))
    denominator = select(steep, opposite, select(middle, opposite + adjacent, adjacent))
    q = numerator / denominator
    z = q * q
    small = fma(q * z, polynomial(z, table.ARCTANGENT_64), q)
    return _offset(steep, middle, small)


def _offset(steep: Value, middle: Value, small: Value) -> Value:
    """`small` plus pi/2, pi/4 or 0; the constant's own rounding error is added first."""
    high, low = HALF_PI[:2]
    zero = small.literal(0.0)
    correction = select(steep, low, select(middle, low / 2, zero))
    return select(steep, high, select(middle, high / 2, zero)) + (small + correction)


def atan(x: Value) -> Value:
    """The arctangent. In float32 one polynomial serves up to 1, which saves two roundings."""
    magnitude = abs(x)
    if x.dtype is not float32:
        return with_sign(_angle(magnitude, magnitude.literal(1.0)), x)
    steep = magnitude > 1.0
    q = select(steep, -1.0, magnitude) / select(steep, magnitude, 1.0)
    z = q * q
    small = fma(q * z, polynomial(z, table.ARCTANGENT_32), q)
    high, low = _half_pi(x)
    return with_sign(select(steep, high + (small + low), small), x)


@in_double
def atan2(y: Value, x: Value) -> Value:
    """The angle of the point (x, y), with the special cases of C's annex F (10.1.4)."""
    opposite, adjacent = abs(y), abs(x)
    both_infinite = opposite.equals(math.inf) & adjacent.equals(math.inf)
    both_zero = opposite.equals(0.0) & adjacent.equals(0.0)
    shrink = select((opposite > 2.0**1000) | (adjacent > 2.0**1000), 2.0**-64, y.literal(1.0))
    opposite = select(both_infinite, 1.0, opposite * shrink)
    adjacent = select(both_infinite | both_zero, 1.0, adjacent * shrink)
    angle = _angle(opposite, adjacent)
    turned = math.pi - (angle - 2 * HALF_PI[1])
    return with_sign(select(sign_bit(x).differs(0), turned, angle), y)


def _arcsine_parts(x: Value) -> tuple[Value, Value]:
    """(far, p): |x| > 0.55, and asin(|x|), or asin(sqrt((1 - |x|) / 2)) where far.

    From 0.55 on twice the latter is below 1, which makes its rounding error half as large.
    """
    magnitude = abs(x)
    far = magnitude > 0.55
    z = select(far, fma(magnitude, -0.5, 0.5), magnitude * magnitude)
    u = select(far, z.sqrt(), magnitude)
    return far, fma(u * z, polynomial(z, ARCSINE[precision(x.format)]), u)


def asin(x: Value) -> Value:
    """asin|x| = pi/2 - 2*asin(sqrt((1 - |x|) / 2)) near 1; NaN beyond 1."""
    far, p = _arcsine_parts(x)
    high, low = _half_pi(x)
    return with_sign(select(far, high - (2.0 * p - low), p), x)


def acos(x: Value) -> Value:
    """pi/2 - asin(x), and 2*asin(sqrt((1 - x) / 2)) near 1, where that would cancel."""
    far, p = _arcsine_parts(x)
    high, low = _half_pi(x)
    negative = x < 0.0
    near = high - (select(negative, -p, p) - low)
    twice = p + p
    return select(far, select(negative, 2.0 * high - (twice - 2.0 * low), twice), near)


def _half_pi(x: Value) -> tuple[float, float]:
    if x.dtype is float32:
        return 1.57079637050628662109375, -4.371139000186243e-08
    return HALF_PI[0], HALF_PI[1]
