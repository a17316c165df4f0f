"""What the operators of loop IR compute, one element at a time: the definition tests compare with.

Integers are Python integers wrapped to their width; floats are NumPy scalars. float16 and bfloat16
are computed in float32 and rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from flowc.ir.dtypes import DType, float32
from flowc.ir.errors import InternalError

Number = Any  # a NumPy scalar of the node's type


def unary(operator: str, dtype: DType, x: Number) -> Number:
    """`operator(x)` for an operand of type `dtype`."""
    if operator == "is_finite":
        return np.bool_(np.isfinite(x) if dtype.is_floating else True)
    table = _UNARY_FLOAT if dtype.is_floating else _UNARY_INTEGER
    return _apply(table, operator, dtype, x)


def binary(operator: str, dtype: DType, x: Number, y: Number) -> Number:
    """`operator(x, y)` for operands of type `dtype`."""
    if dtype.is_bool and operator in _BINARY_BOOL:
        operator = _BINARY_BOOL[operator]
    table = _BINARY_FLOAT if dtype.is_floating else _BINARY_INTEGER
    return _apply(table, operator, dtype, x, y)


def fused_multiply_add(dtype: DType, a: Number, b: Number, c: Number) -> Number:
    """`a * b + c` rounded once."""
    if not dtype.is_floating:
        return wrap(dtype, int(a) * int(b) + int(c))
    wide = [np.float64(v) * 1.0 for v in (a, b, c)]  # flushed, where that is asked for
    if not all(map(np.isfinite, wide)):
        return from_float(dtype, wide[0] * wide[1] + wide[2])
    exact = Fraction(float(wide[0])) * Fraction(float(wide[1])) + Fraction(float(wide[2]))
    if exact == 0:
        return from_float(dtype, wide[0] * wide[1] + wide[2])
    inner = dtype if dtype.size >= 4 else float32
    return from_float(dtype, from_float(inner, _nearest(exact, inner)))


def _nearest(exact: Fraction, dtype: DType) -> float:
    """A double that rounds to the value of `dtype` nearest to `exact`."""
    try:
        near = float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
    if dtype.size == 8 or Fraction(near) == exact:
        return near
    return math.nextafter(near, math.inf if exact > near else -math.inf) if _even(near) else near


def _even(value: float) -> bool:
    return int(np.float64(value).view(np.uint64)) & 1 == 0


def compare(direction: str, x: Number, y: Number) -> np.bool_:
    """`x direction y`; only NE holds for NaN."""
    return np.bool_(
        {"EQ": x == y, "NE": x != y, "LT": x < y, "LE": x <= y, "GT": x > y, "GE": x >= y}[
            direction
        ]
    )


def convert(source: DType, target: DType, x: Number) -> Number:
    """`x` as the nearest value of `target`; floats truncate and saturate, NaN becomes 0."""
    if target.is_bool:
        return np.bool_(x != 0)
    if target.is_floating:
        return _exact_to_float(target, x) if not source.is_floating else from_float(target, x)
    if not source.is_floating:
        return wrap(target, int(x))
    if np.isnan(x):
        return wrap(target, 0)
    least, greatest = int(target.min), int(target.max)
    if np.isinf(x):
        return wrap(target, greatest if x > 0 else least)
    return wrap(target, min(max(int(float(x)), least), greatest))  # ml_dtypes' own int() overflows


def _exact_to_float(target: DType, x: Number) -> Number:
    inner = target if target.size == 8 else float32
    return from_float(target, _nearest(Fraction(int(x)), inner))


def bitcast(target: DType, x: Number) -> Number:
    """The bits of `x` as another type."""
    return np.asarray(x).view(target.numpy)[()]


def wrap(dtype: DType, value: int) -> Number:
    """`value` modulo 2**bits."""
    if dtype.is_bool:
        return np.bool_(value & 1)
    value &= (1 << dtype.bits) - 1
    if not dtype.is_unsigned and value >> (dtype.bits - 1):
        value -= 1 << dtype.bits
    return dtype.numpy.type(value)


def from_float(dtype: DType, value: Any) -> Number:
    """`value` rounded to a float type."""
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(dtype.numpy)[()]


def _apply(
    table: dict[str, Callable[..., Any]], operator: str, dtype: DType, *operands: Number
) -> Number:
    rule = table.get(operator)
    if rule is None:
        raise InternalError(None, None, f"loop IR defines no '{operator}' of {dtype.name}")
    with np.errstate(all="ignore"):
        if not dtype.is_floating:
            return wrap(dtype, int(rule(dtype, *(int(x) for x in operands))))
        compute = np.float64 if dtype.size == 8 else np.float32
        return from_float(dtype, rule(*(compute(x) for x in operands)))


def _round_afz(x: Any) -> Any:
    whole = np.trunc(x)
    return whole + np.copysign(1, x) if abs(x - whole) >= 0.5 else np.copysign(whole, x)


def _extreme(choose: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def rule(x: Any, y: Any) -> Any:
        if np.isnan(x) or np.isnan(y):
            return x if np.isnan(x) else y
        return x if choose(x, y) else y

    return rule


_UNARY_FLOAT: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "negate": np.negative,
    "sign": lambda x: x + x if x == 0 or np.isnan(x) else np.copysign(type(x)(1), x),
    "sqrt": np.sqrt,
    "rsqrt": lambda x: type(x)(1) / np.sqrt(x),
    "ceil": np.ceil,
    "floor": np.floor,
    "trunc": np.trunc,
    "round_nearest_even": np.rint,
    "round_nearest_afz": _round_afz,
}

_UNARY_INTEGER: dict[str, Callable[..., int]] = {
    "abs": lambda dtype, x: abs(x),
    "negate": lambda dtype, x: -x,
    "sign": lambda dtype, x: (x > 0) - (x < 0),
    "not": lambda dtype, x: 1 - x if dtype.is_bool else ~x,
    "popcnt": lambda dtype, x: _bits(dtype, x).bit_count(),
    "count_leading_zeros": lambda dtype, x: dtype.bits - _bits(dtype, x).bit_length(),
}

_BINARY_FLOAT: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "remainder": np.fmod,
    "maximum": _extreme(lambda x, y: x > y),
    "minimum": _extreme(lambda x, y: x < y),
}

# bool is arithmetic modulo 2 but for add, which is `or`.
_BINARY_BOOL = {"add": "or", "subtract": "xor", "multiply": "and"}


def _bits(dtype: DType, x: int) -> int:
    return x & ((1 << dtype.bits) - 1)


def _divide(dtype: DType, x: int, y: int) -> int:
    if y == 0:
        return -1
    quotient = abs(x) // abs(y)
    return quotient if (x < 0) == (y < 0) else -quotient


def _remainder(dtype: DType, x: int, y: int) -> int:
    if y == 0:
        return x
    rest = abs(x) % abs(y)
    return -rest if x < 0 else rest


def _shift_left(dtype: DType, x: int, y: int) -> int:
    return x << y if 0 <= y < dtype.bits else 0


def _shift_right_arithmetic(dtype: DType, x: int, y: int) -> int:
    """Of the two's complement bits, also for unsigned types."""
    if _bits(dtype, x) >> (dtype.bits - 1):
        x = _bits(dtype, x) - (1 << dtype.bits)
    return x >> (y if 0 <= y < dtype.bits else dtype.bits - 1)


def _shift_right_logical(dtype: DType, x: int, y: int) -> int:
    return _bits(dtype, x) >> y if 0 <= y < dtype.bits else 0


_BINARY_INTEGER: dict[str, Callable[..., int]] = {
    "add": lambda dtype, x, y: x + y,
    "subtract": lambda dtype, x, y: x - y,
    "multiply": lambda dtype, x, y: x * y,
    "divide": _divide,
    "remainder": _remainder,
    "maximum": lambda dtype, x, y: max(x, y),
    "minimum": lambda dtype, x, y: min(x, y),
    "and": lambda dtype, x, y: x & y,
    "or": lambda dtype, x, y: x | y,
    "xor": lambda dtype, x, y: x ^ y,
    "shift_left": _shift_left,
    "shift_right_arithmetic": _shift_right_arithmetic,
    "shift_right_logical": _shift_right_logical,
    "multiply_high": lambda dtype, x, y: (_bits(dtype, x) * _bits(dtype, y)) >> dtype.bits,
}
