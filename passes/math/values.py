"""Scalar expressions that read as mathematics: `Value` wraps a node and overloads the operators.

The expansions of this folder are written with it; nothing else keeps a `Value`. A Python number on
either side of an operator becomes a constant of the other side's type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

from flowc.ir.dtypes import DType, bool_, float32, float64, int32, int64
from flowc.ir.loops.expressions import (
    Binary,
    Bitcast,
    Compare,
    Constant,
    Convert,
    Fma,
    Scalar,
    Select,
    Unary,
)

Operand: TypeAlias = Union["Value", float, int]


@dataclass(frozen=True, slots=True)
class Format:
    """An IEEE 754 binary format and the integer type that holds its bits."""

    dtype: DType
    integer: DType
    mantissa: int  # stored bits of the significand
    bias: int
    largest: float
    tiny: float  # least normal number

    @property
    def magic(self) -> float:
        """1.5 * 2**mantissa: adding it rounds to an integer, which then stands in the low bits."""
        return 1.5 * 2.0**self.mantissa

    @property
    def width(self) -> int:
        """Bits of the whole number."""
        return 8 * self.dtype.size


FORMATS = {
    float32: Format(float32, int32, 23, 127, 3.4028234663852886e38, 2.0**-126),
    float64: Format(float64, int64, 52, 1023, 1.7976931348623157e308, 2.0**-1022),
}


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """One scalar of an expression under construction."""

    node: Scalar

    @property
    def dtype(self) -> DType:
        """The node's type."""
        return self.node.dtype

    @property
    def format(self) -> Format:
        """The floating-point format of the node's type."""
        return FORMATS[self.dtype]

    def literal(self, other: Operand) -> Value:
        """`other` as a value of this one's type."""
        return other if isinstance(other, Value) else Value(Constant(self.dtype, other))

    def _binary(self, operator: str, left: Operand, right: Operand) -> Value:
        a, b = self.literal(left), self.literal(right)
        return Value(Binary(self.dtype, operator, a.node, b.node))

    def _unary(self, operator: str) -> Value:
        return Value(Unary(self.dtype, operator, self.node))

    def _compare(self, direction: str, other: Operand) -> Value:
        return Value(Compare(bool_, direction, self.node, self.literal(other).node))

    def __add__(self, other: Operand) -> Value:
        return self._binary("add", self, other)

    def __radd__(self, other: Operand) -> Value:
        return self._binary("add", other, self)

    def __sub__(self, other: Operand) -> Value:
        return self._binary("subtract", self, other)

    def __rsub__(self, other: Operand) -> Value:
        return self._binary("subtract", other, self)

    def __mul__(self, other: Operand) -> Value:
        return self._binary("multiply", self, other)

    def __rmul__(self, other: Operand) -> Value:
        return self._binary("multiply", other, self)

    def __truediv__(self, other: Operand) -> Value:
        return self._binary("divide", self, other)

    def __rtruediv__(self, other: Operand) -> Value:
        return self._binary("divide", other, self)

    def __and__(self, other: Operand) -> Value:
        return self._binary("and", self, other)

    def __or__(self, other: Operand) -> Value:
        return self._binary("or", self, other)

    def __xor__(self, other: Operand) -> Value:
        return self._binary("xor", self, other)

    def __lshift__(self, other: Operand) -> Value:
        return self._binary("shift_left", self, other)

    def __rshift__(self, other: Operand) -> Value:
        return self._binary("shift_right_arithmetic", self, other)

    def __neg__(self) -> Value:
        return self._unary("negate")

    def __abs__(self) -> Value:
        return self._unary("abs")

    def __invert__(self) -> Value:
        return self._unary("not")

    def __lt__(self, other: Operand) -> Value:
        return self._compare("LT", other)

    def __le__(self, other: Operand) -> Value:
        return self._compare("LE", other)

    def __gt__(self, other: Operand) -> Value:
        return self._compare("GT", other)

    def __ge__(self, other: Operand) -> Value:
        return self._compare("GE", other)

    def equals(self, other: Operand) -> Value:
        """True where both are equal (`==` is left to identity)."""
        return self._compare("EQ", other)

    def differs(self, other: Operand) -> Value:
        """True where both are unequal, or one is NaN."""
        return self._compare("NE", other)

    def logical_shift(self, count: Operand) -> Value:
        """The bits moved right, zeros coming in."""
        return self._binary("shift_right_logical", self, count)

    def high_product(self, other: Operand) -> Value:
        """The upper half of the double-width unsigned product."""
        return self._binary("multiply_high", self, other)

    def sqrt(self) -> Value:
        """The square root, correctly rounded."""
        return self._unary("sqrt")

    def nearest(self) -> Value:
        """The nearest integer, ties to even, as a float."""
        return self._unary("round_nearest_even")

    def floor(self) -> Value:
        """The greatest integer that is not greater, as a float."""
        return self._unary("floor")

    def bits(self) -> Value:
        """The representation as an integer."""
        return Value(Bitcast(self.format.integer, self.node))

    def reinterpret(self, dtype: DType) -> Value:
        """The bits as a value of `dtype`."""
        return Value(Bitcast(dtype, self.node))

    def convert(self, dtype: DType) -> Value:
        """The number as a value of `dtype`."""
        return self if dtype is self.dtype else Value(Convert(dtype, self.node))

    def at_most(self, bound: float) -> Value:
        """min(self, bound), NaN kept: in this form it is one x86 instruction."""
        return select(self.literal(bound) < self, bound, self)

    def at_least(self, bound: float) -> Value:
        """max(self, bound), NaN kept."""
        return select(self.literal(bound) > self, bound, self)


def fma(a: Value, b: Operand, c: Operand) -> Value:
    """`a*b + c`, rounded once."""
    return Value(Fma(a.dtype, a.node, a.literal(b).node, a.literal(c).node))


def select(condition: Value, on_true: Operand, on_false: Operand) -> Value:
    """`on_true` where the condition holds, else `on_false`; one of the two is a `Value`."""
    some = on_true if isinstance(on_true, Value) else on_false
    assert isinstance(some, Value)
    true, false = some.literal(on_true), some.literal(on_false)
    return Value(Select(some.dtype, condition.node, true.node, false.node))


def polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """`coefficients[0] + coefficients[1]*x + ...` by Horner's rule."""
    result: Value = x.literal(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result = fma(result, x, coefficient)
    return result


def sign_bit(x: Value) -> Value:
    """The sign bit alone, as an integer."""
    return x.bits() & -(1 << (x.format.width - 1))


def with_sign(magnitude: Value, x: Value) -> Value:
    """A non-negative `magnitude` with the sign of `x`."""
    return (magnitude.bits() | sign_bit(x)).reinterpret(x.dtype)


def near_zero_identity(x: Value, bound: float, otherwise: Value) -> Value:
    """`x` itself where |x| < bound: keeps -0.0 and denormals of functions with f(x) ~ x."""
    return select(abs(x) < bound, x, otherwise)


def in_double(function: Callable[..., Value]) -> Callable[..., Value]:
    """The expansion computed in float64 whatever the type of the arguments, then rounded.

    For functions too rare in float32 to deserve a scheme of their own: error close to half an ulp.
    """

    def wide(*arguments: Value) -> Value:
        result = function(*(a.convert(float64) for a in arguments))
        return result.convert(arguments[0].dtype)

    wide.__doc__ = function.__doc__
    return wide
