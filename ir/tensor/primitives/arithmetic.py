"""Elementwise arithmetic on NumPy arrays where NumPy's own function means something else.

Integers wrap around; division by zero gives -1 (all bits set) and leaves the dividend as the
remainder; shifts by the width or more give 0, or the sign. `apply` is the one place that widens
narrow floats and rounds the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.primitive import Array

_WIDE = {dtypes.float16: np.float32, dtypes.bfloat16: np.float32}
_PRECISE = {
    dtypes.float16: np.float64,
    dtypes.bfloat16: np.float64,
    dtypes.float32: np.float64,
    dtypes.complex64: np.complex128,
}


def apply(
    function: Callable[..., Any], arrays: Sequence[Array], result: DType, precise: bool = False
) -> Array:
    """`function` of the arrays as `result`.

    float16 and bfloat16 are computed in float32 and rounded once. `precise` functions (exponential,
    sine ...) are computed in double, so that the answer is the nearest float on every machine.
    """
    table: dict[DType, Any] = _PRECISE if precise else _WIDE
    wide = [a.astype(table.get(dtypes.as_dtype(a.dtype), a.dtype), copy=False) for a in arrays]
    with np.errstate(all="ignore"):
        return np.asarray(np.asarray(function(*wide)).astype(result.numpy, copy=False))


def divide(x: Array, y: Array) -> Array:
    """The quotient; of integers truncated toward zero."""
    if x.dtype.kind not in "iu":
        return np.asarray(x / y)
    quotient = np.asarray(x // np.where(y == 0, np.ones_like(y), y))
    inexact = quotient * y != x
    quotient = np.where(inexact & ((x < 0) != (y < 0)), quotient + np.ones_like(x), quotient)
    return np.where(y == 0, ~np.zeros_like(x), quotient)


def remainder(x: Array, y: Array) -> Array:
    """The rest of the truncated division, with the dividend's sign."""
    if x.dtype.kind not in "iu":
        return np.asarray(np.fmod(x, y))
    return np.where(y == 0, x, np.fmod(x, np.where(y == 0, np.ones_like(y), y)))


def power(x: Array, y: Array) -> Array:
    """x to the y; a negative integer exponent gives the truncated true value, 0 for base 0."""
    if x.dtype.kind not in "iu":
        return np.asarray(np.power(x, y))
    result, base, exponent = np.ones_like(x), x, np.where(y < 0, np.zeros_like(y), y)
    while np.any(exponent > 0):
        result = np.where(exponent & 1 == 1, result * base, result)
        base, exponent = base * base, exponent >> 1
    unit = np.where(y & 1 == 1, x, np.ones_like(x))
    negative = np.where((x == 1) | (x + 1 == 0), unit, np.zeros_like(x))
    return np.where(y < 0, negative, result)


def sign(x: Array) -> Array:
    """-1, 0 or 1; zero keeps its sign and NaN stays; of a complex number x / |x|."""
    return np.where(x == 0, x + x, np.sign(x))  # x + x: what counts as 0 becomes 0


def round_half_away(x: Array) -> Array:
    """The nearest integer, halves away from zero."""
    whole = np.trunc(x)
    away = np.where(np.abs(x - whole) >= 0.5, np.copysign(1.0, x), 0.0)
    return np.asarray(np.copysign(whole + away, x))


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-x)))


def rsqrt(x: Array) -> Array:
    """1 / sqrt(x)."""
    return np.asarray(1 / np.sqrt(x))


def invert(x: Array) -> Array:
    """Bitwise not; logical not of bool."""
    return np.asarray(np.invert(x))


def _bits(x: Array) -> list[Array]:
    """The bits from the lowest to the highest."""
    unsigned = x.view(f"u{x.dtype.itemsize}")
    return [(unsigned >> unsigned.dtype.type(i)) & 1 for i in range(8 * x.dtype.itemsize)]


def popcnt(x: Array) -> Array:
    """The number of bits that are set."""
    return np.asarray(sum(_bits(x)))


def count_leading_zeros(x: Array) -> Array:
    """The number of zero bits above the highest set bit."""
    seen, count = np.zeros(x.shape, bool), np.zeros(x.shape, np.int64)
    for bit in reversed(_bits(x)):
        seen |= bit == 1
        count += ~seen
    return count


def _shift(x: Array, y: Array, function: Callable[[Array, Array], Any], overflow: Array) -> Array:
    width = 8 * x.dtype.itemsize
    amount = y.view(f"u{y.dtype.itemsize}")
    inside = np.where(amount < width, amount, np.zeros_like(amount)).astype(x.dtype)
    return np.where(amount < width, function(x, inside), overflow)


def shift_left(x: Array, y: Array) -> Array:
    """x << y."""
    return _shift(x, y, np.left_shift, np.zeros_like(x))


def shift_right_logical(x: Array, y: Array) -> Array:
    """x >> y with zeros shifted in."""
    unsigned = x.view(f"u{x.dtype.itemsize}")
    shifted = _shift(unsigned, y.astype(unsigned.dtype), np.right_shift, np.zeros_like(unsigned))
    return shifted.view(x.dtype)


def shift_right_arithmetic(x: Array, y: Array) -> Array:
    """x >> y with the sign shifted in, for unsigned types too."""
    signed = x.view(f"i{x.dtype.itemsize}")
    negative = np.where(signed < 0, ~np.zeros_like(signed), np.zeros_like(signed))
    return _shift(signed, y.view(signed.dtype), np.right_shift, negative).view(x.dtype)


def float_to_int(x: Array, dtype: DType) -> Array:
    """Truncated and saturated; NaN becomes 0."""
    least, greatest = int(dtype.min), int(dtype.max)
    whole = np.trunc(np.nan_to_num(x.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf))
    high, low = whole >= float(greatest + 1), whole < float(least)
    inside = np.where(high | low, 0.0, whole).astype(dtype.numpy)
    bounds = np.where(high, dtype.numpy.type(greatest), dtype.numpy.type(least))
    return np.where(high | low, bounds, inside)
