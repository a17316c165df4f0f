"""Elementwise operations on dimensions, for values whose contents are followed at compile time.

Each takes Python ints, bools or `dims.Expr`, and gives one; it raises `Undecidable` where the
answer differs between sizes. Overflow of the tensor's element type is not modelled: sizes fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.primitives.common import Undecidable


def divide(left: Dim, right: Dim) -> Dim:
    """The quotient, truncated; sizes must be provably in range."""
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right) if right else 1
        return quotient if right and (left < 0) == (right < 0) else -quotient
    if dims.is_nonnegative(left) and dims.is_positive(right):
        return dims.floordiv(left, right)
    raise Undecidable(f"{left} / {right}")


def remainder(left: Dim, right: Dim) -> Dim:
    """The rest of `divide`."""
    return left if right == 0 else left - divide(left, right) * right


def decide(direction: str, left: Dim, right: Dim) -> bool:
    """`left direction right`, where it is the same for all sizes."""
    difference = left - right
    if isinstance(difference, int):
        return _DECIDED[direction](difference)
    match direction:
        case "GE" | "LT" if dims.is_nonnegative(difference):
            return direction == "GE"
        case "GT" | "LE" if dims.is_positive(difference):
            return direction == "GT"
        case "LE" | "GT" if dims.is_nonnegative(-difference):
            return direction == "LE"
        case "LT" | "GE" if dims.is_positive(-difference):
            return direction == "LT"
        case "EQ" | "NE" if dims.is_positive(difference) or dims.is_positive(-difference):
            return direction == "NE"
    raise Undecidable(f"{left} {direction} {right}")


_DECIDED: dict[str, Callable[[int], bool]] = {
    "EQ": lambda d: d == 0,
    "NE": lambda d: d != 0,
    "LT": lambda d: d < 0,
    "LE": lambda d: d <= 0,
    "GT": lambda d: d > 0,
    "GE": lambda d: d >= 0,
}


def sign(value: Dim) -> int:
    """-1, 0 or 1."""
    return int(decide("GT", value, 0)) - int(decide("LT", value, 0))


def absolute(value: Dim) -> Dim:
    """The magnitude."""
    return value if decide("GE", value, 0) else -value


def invert(value: Any) -> Any:
    """Logical not of a bool, bitwise of an int."""
    return not value if isinstance(value, bool) else ~value


def convert(value: Any, dtype: DType) -> Any:
    """A dimension as an element of `dtype`. Raises Undecidable for floats."""
    if dtype.is_bool:
        return value if isinstance(value, bool) else decide("NE", value, 0)
    if not dtype.is_integer:
        raise Undecidable(f"{value} as {dtype.name}")
    return int(value) if isinstance(value, bool) else value
