"""Building scalar expressions: the arithmetic of one element.

float16 and bfloat16 are computed in float32 and rounded after each operation, as TensorFlow's CPU
kernels do. Complex values are pairs of reals (`Complex`), see `complex.py`; loop IR has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from flowc.ir import dtypes
from flowc.ir.dims import Dim, is_nonnegative, is_positive
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import (
    Binary,
    Bitcast,
    Compare,
    Constant,
    Convert,
    Index,
    Scalar,
    Select,
    Unary,
)

NARROW = (dtypes.float16, dtypes.bfloat16)


@dataclass(frozen=True, eq=False, slots=True)
class Complex:
    """A complex element as two real expressions."""

    real: Scalar
    imag: Scalar


Element: TypeAlias = Scalar | Complex


def constant(dtype: DType, value: bool | int | float) -> Constant:
    """A literal of a real type."""
    if dtype.is_bool:
        return Constant(dtype, bool(value))
    return Constant(dtype, float(value) if dtype.is_floating else int(value))


def index(dim: Dim, dtype: DType = dtypes.int64) -> Scalar:
    """An index expression as a value."""
    return Constant(dtype, dim) if isinstance(dim, int) else Index(dtype, dim)


def convert(dtype: DType, x: Scalar) -> Scalar:
    """`x` as another real type."""
    return x if x.dtype is dtype else Convert(dtype, x)


def _widened(x: Scalar) -> Scalar:
    return Convert(dtypes.float32, x) if x.dtype in NARROW else x


def unary(operator: str, x: Scalar) -> Scalar:
    """`operator(x)`, rounded to x's type."""
    if x.dtype in NARROW and operator not in ("abs", "negate"):
        return Convert(x.dtype, Unary(dtypes.float32, operator, _widened(x)))
    return Unary(x.dtype, operator, x)


def binary(operator: str, x: Scalar, y: Scalar) -> Scalar:
    """`operator(x, y)`, rounded to the operands' type."""
    if x.dtype in NARROW:
        return Convert(x.dtype, Binary(dtypes.float32, operator, _widened(x), _widened(y)))
    if operator == "power" and x.dtype.is_integer:
        return _integer_power(x, y)
    return Binary(x.dtype, operator, x, y)


def _integer_power(base: Scalar, exponent: Scalar) -> Scalar:
    """base ** exponent by repeated squaring; a negative power is 0 but of 1 and -1."""
    dtype = base.dtype
    zero, one = constant(dtype, 0), constant(dtype, 1)
    result: Scalar = one
    factor, rest = base, exponent
    for _ in range(dtype.bits):
        odd = compare("NE", binary("and", rest, one), zero)
        result = select(odd, binary("multiply", result, factor), result)
        factor = binary("multiply", factor, factor)
        rest = binary("shift_right_logical", rest, one)
    if dtype.is_unsigned:
        return result
    minus = constant(dtype, -1)
    odd = compare("NE", binary("and", exponent, one), zero)
    of_minus = select(odd, minus, one)
    small = select(compare("EQ", base, one), one, zero)
    negative = select(compare("EQ", base, minus), of_minus, small)
    return select(compare("LT", exponent, zero), negative, result)


def is_finite(x: Scalar) -> Scalar:
    """Bool: neither infinite nor NaN."""
    return Unary(dtypes.bool_, "is_finite", _widened(x))


def compare(direction: str, x: Scalar, y: Scalar) -> Scalar:
    """Bool: `x direction y`."""
    return Compare(dtypes.bool_, direction, _widened(x), _widened(y))


def select(predicate: Scalar, on_true: Scalar, on_false: Scalar) -> Scalar:
    """`on_true` where the bool holds, else `on_false`."""
    return Select(on_true.dtype, predicate, on_true, on_false)


def bitcast(dtype: DType, x: Scalar) -> Scalar:
    """The bits of `x` as another type of the same width."""
    return x if x.dtype is dtype else Bitcast(dtype, x)


def both(x: Scalar | None, y: Scalar | None) -> Scalar | None:
    """The conjunction of two masks; None is true."""
    if x is None or y is None:
        return y if x is None else x
    return Binary(dtypes.bool_, "and", x, y)


def in_range(position: Dim, size: Dim) -> Scalar | None:
    """The mask `0 <= position < size`, without what the symbols' ranges already tell."""
    low = None if is_nonnegative(position) else compare("GE", index(position), index(0))
    high = None
    if not is_positive(size - position):
        high = compare("LT", index(position), index(size))
    return both(low, high)
