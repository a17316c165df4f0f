"""Builder methods for elementwise primitives.

Operands have one shape; a Python number stands for a tensor of it. Broadcasting is explicit
(`Shapes.broadcast`).
"""

from __future__ import annotations

from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder_shapes import Operand, Shapes
from flowc.ir.tensor.core import Value


class Unary(Shapes):
    """Functions of one tensor."""

    def abs(self, x: Value) -> Value:
        """|x|; of a complex number its real magnitude."""
        return self.emit("abs", x)

    def ceil(self, x: Value) -> Value:
        """The least integer not below x."""
        return self.emit("ceil", x)

    def floor(self, x: Value) -> Value:
        """The greatest integer not above x."""
        return self.emit("floor", x)

    def round_nearest_even(self, x: Value) -> Value:
        """The nearest integer, halves to the even one."""
        return self.emit("round_nearest_even", x)

    def round_nearest_afz(self, x: Value) -> Value:
        """The nearest integer, halves away from zero."""
        return self.emit("round_nearest_afz", x)

    def sign(self, x: Value) -> Value:
        """-1, 0 or 1; NaN and the sign of zero stay."""
        return self.emit("sign", x)

    def negate(self, x: Value) -> Value:
        """-x, wrapping around."""
        return self.emit("negate", x)

    def sqrt(self, x: Value) -> Value:
        """The square root."""
        return self.emit("sqrt", x)

    def rsqrt(self, x: Value) -> Value:
        """1 / sqrt(x)."""
        return self.emit("rsqrt", x)

    def cbrt(self, x: Value) -> Value:
        """The cube root."""
        return self.emit("cbrt", x)

    def exponential(self, x: Value) -> Value:
        """e to the x."""
        return self.emit("exponential", x)

    def exponential_minus_one(self, x: Value) -> Value:
        """e to the x, minus 1, precise near 0."""
        return self.emit("exponential_minus_one", x)

    def log(self, x: Value) -> Value:
        """The natural logarithm."""
        return self.emit("log", x)

    def log_plus_one(self, x: Value) -> Value:
        """log(1 + x), precise near 0."""
        return self.emit("log_plus_one", x)

    def logistic(self, x: Value) -> Value:
        """1 / (1 + exp(-x))."""
        return self.emit("logistic", x)

    def sine(self, x: Value) -> Value:
        """sin(x), x in radians."""
        return self.emit("sine", x)

    def cosine(self, x: Value) -> Value:
        """cos(x), x in radians."""
        return self.emit("cosine", x)

    def tan(self, x: Value) -> Value:
        """tan(x), x in radians."""
        return self.emit("tan", x)

    def tanh(self, x: Value) -> Value:
        """The hyperbolic tangent."""
        return self.emit("tanh", x)

    def asin(self, x: Value) -> Value:
        """The angle in [-pi/2, pi/2] whose sine is x."""
        return self.emit("asin", x)

    def acos(self, x: Value) -> Value:
        """The angle in [0, pi] whose cosine is x."""
        return self.emit("acos", x)

    def atan(self, x: Value) -> Value:
        """The angle in (-pi/2, pi/2) whose tangent is x."""
        return self.emit("atan", x)

    def sinh(self, x: Value) -> Value:
        """The hyperbolic sine."""
        return self.emit("sinh", x)

    def cosh(self, x: Value) -> Value:
        """The hyperbolic cosine."""
        return self.emit("cosh", x)

    def asinh(self, x: Value) -> Value:
        """The inverse of sinh."""
        return self.emit("asinh", x)

    def acosh(self, x: Value) -> Value:
        """The inverse of cosh."""
        return self.emit("acosh", x)

    def atanh(self, x: Value) -> Value:
        """The inverse of tanh."""
        return self.emit("atanh", x)

    def erf(self, x: Value) -> Value:
        """The error function."""
        return self.emit("erf", x)

    def erfc(self, x: Value) -> Value:
        """1 - erf(x), precise for large x."""
        return self.emit("erfc", x)

    def erf_inv(self, x: Value) -> Value:
        """The inverse of erf."""
        return self.emit("erf_inv", x)

    def lgamma(self, x: Value) -> Value:
        """log|gamma(x)|."""
        return self.emit("lgamma", x)

    def digamma(self, x: Value) -> Value:
        """The derivative of lgamma."""
        return self.emit("digamma", x)

    def is_finite(self, x: Value) -> Value:
        """bool: neither infinite nor NaN."""
        return self.emit("is_finite", x)

    def real(self, x: Value) -> Value:
        """The real part."""
        return self.emit("real", x)

    def imag(self, x: Value) -> Value:
        """The imaginary part."""
        return self.emit("imag", x)

    def not_(self, x: Value) -> Value:
        """Bitwise not; logical of bool."""
        return self.emit("not", x)

    def popcnt(self, x: Value) -> Value:
        """The number of bits that are set."""
        return self.emit("popcnt", x)

    def count_leading_zeros(self, x: Value) -> Value:
        """The number of zero bits above the highest set bit."""
        return self.emit("count_leading_zeros", x)

    def convert(self, x: Value, dtype: DType) -> Value:
        """x as another element type: to integers truncated and saturated, to bool `x != 0`."""
        return x if x.type.dtype == dtype else self.emit("convert", x, dtype=dtype)

    def bitcast_convert(self, x: Value, dtype: DType) -> Value:
        """x's bits as another type; a different width adds or takes away a last axis."""
        return x if x.type.dtype == dtype else self.emit("bitcast_convert", x, dtype=dtype)


class Elementwise(Unary):
    """Functions of several tensors of one shape."""

    def add(self, x: Operand, y: Operand) -> Value:
        """x + y, wrapping around."""
        return self.emit("add", *self.together(x, y))

    def subtract(self, x: Operand, y: Operand) -> Value:
        """x - y, wrapping around."""
        return self.emit("subtract", *self.together(x, y))

    def multiply(self, x: Operand, y: Operand) -> Value:
        """x * y, wrapping around."""
        return self.emit("multiply", *self.together(x, y))

    def divide(self, x: Operand, y: Operand) -> Value:
        """x / y; of integers truncated, by zero -1."""
        return self.emit("divide", *self.together(x, y))

    def remainder(self, x: Operand, y: Operand) -> Value:
        """The rest of x / y with x's sign; of integers x for y = 0."""
        return self.emit("remainder", *self.together(x, y))

    def power(self, x: Operand, y: Operand) -> Value:
        """x to the y."""
        return self.emit("power", *self.together(x, y))

    def maximum(self, x: Operand, y: Operand) -> Value:
        """The greater; NaN if either is."""
        return self.emit("maximum", *self.together(x, y))

    def minimum(self, x: Operand, y: Operand) -> Value:
        """The lesser; NaN if either is."""
        return self.emit("minimum", *self.together(x, y))

    def atan2(self, y: Operand, x: Operand) -> Value:
        """The angle of the point (y, x): atan2(y, x)."""
        return self.emit("atan2", *self.together(y, x))

    def and_(self, x: Operand, y: Operand) -> Value:
        """Bitwise and; logical of bool."""
        return self.emit("and", *self.together(x, y))

    def or_(self, x: Operand, y: Operand) -> Value:
        """Bitwise or; logical of bool."""
        return self.emit("or", *self.together(x, y))

    def xor(self, x: Operand, y: Operand) -> Value:
        """Bitwise exclusive or; logical of bool."""
        return self.emit("xor", *self.together(x, y))

    def shift_left(self, x: Operand, y: Operand) -> Value:
        """x << y; 0 for y beyond the width."""
        return self.emit("shift_left", *self.together(x, y))

    def shift_right_arithmetic(self, x: Operand, y: Operand) -> Value:
        """x >> y with the sign shifted in."""
        return self.emit("shift_right_arithmetic", *self.together(x, y))

    def shift_right_logical(self, x: Operand, y: Operand) -> Value:
        """x >> y with zeros shifted in."""
        return self.emit("shift_right_logical", *self.together(x, y))

    def complex(self, real: Operand, imaginary: Operand) -> Value:
        """A complex number from its parts."""
        return self.emit("complex", *self.together(real, imaginary))

    def compare(self, x: Operand, y: Operand, direction: str) -> Value:
        """bool: `x direction y`, where direction is EQ, NE, LT, LE, GT or GE."""
        return self.emit("compare", *self.together(x, y), comparison_direction=direction)

    def eq(self, x: Operand, y: Operand) -> Value:
        """bool: x == y."""
        return self.compare(x, y, "EQ")

    def ne(self, x: Operand, y: Operand) -> Value:
        """bool: x != y."""
        return self.compare(x, y, "NE")

    def lt(self, x: Operand, y: Operand) -> Value:
        """bool: x < y."""
        return self.compare(x, y, "LT")

    def le(self, x: Operand, y: Operand) -> Value:
        """bool: x <= y."""
        return self.compare(x, y, "LE")

    def gt(self, x: Operand, y: Operand) -> Value:
        """bool: x > y."""
        return self.compare(x, y, "GT")

    def ge(self, x: Operand, y: Operand) -> Value:
        """bool: x >= y."""
        return self.compare(x, y, "GE")

    def select(self, predicate: Value, on_true: Operand, on_false: Operand) -> Value:
        """`on_true` where the bool predicate (of the same shape, or a scalar) holds."""
        on_true, on_false = self.together(on_true, on_false)
        if predicate.type.shape:
            on_true, predicate = self.together(on_true, predicate)
        return self.emit("select", predicate, on_true, on_false)

    def clamp(self, least: Operand, x: Value, greatest: Operand) -> Value:
        """min(max(x, least), greatest); the bounds are scalars or of x's shape."""
        low, value, high = self._values([least, x, greatest])
        return self.emit("clamp", low, value, high)
