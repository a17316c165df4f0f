"""Complex arithmetic as real arithmetic on pairs."""

from __future__ import annotations

from collections.abc import Callable

from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Scalar
from flowc.passes.lowering.scalars import (
    Complex,
    binary,
    compare,
    constant,
    convert,
    select,
    unary,
)


def add(x: Complex, y: Complex) -> Complex:
    """x + y"""
    return Complex(binary("add", x.real, y.real), binary("add", x.imag, y.imag))


def subtract(x: Complex, y: Complex) -> Complex:
    """x - y"""
    return Complex(binary("subtract", x.real, y.real), binary("subtract", x.imag, y.imag))


def multiply(x: Complex, y: Complex) -> Complex:
    """(a + bi)(c + di) = (ac - bd) + (ad + bc)i"""
    ac, bd = binary("multiply", x.real, y.real), binary("multiply", x.imag, y.imag)
    ad, bc = binary("multiply", x.real, y.imag), binary("multiply", x.imag, y.real)
    return Complex(binary("subtract", ac, bd), binary("add", ad, bc))


def divide(x: Complex, y: Complex) -> Complex:
    """Smith's method: scale by the larger part of the divisor, so nothing overflows early."""
    c, d = y.real, y.imag
    by_real = compare("GE", unary("abs", c), unary("abs", d))
    large, small = select(by_real, c, d), select(by_real, d, c)
    ratio = binary("divide", small, large)
    scale = binary("add", large, binary("multiply", small, ratio))
    a, b = select(by_real, x.real, x.imag), select(by_real, x.imag, x.real)
    real = binary("divide", binary("add", a, binary("multiply", b, ratio)), scale)
    cross = binary("subtract", b, binary("multiply", a, ratio))
    imag = binary("divide", select(by_real, cross, unary("negate", cross)), scale)
    return Complex(real, imag)


def negate(x: Complex) -> Complex:
    """-x"""
    return Complex(unary("negate", x.real), unary("negate", x.imag))


def absolute(x: Complex) -> Scalar:
    """|x|, scaled by the larger part against overflow."""
    a, b = unary("abs", x.real), unary("abs", x.imag)
    large, small = binary("maximum", a, b), binary("minimum", a, b)
    zero = constant(large.dtype, 0)
    infinite = compare("EQ", large, constant(large.dtype, float("inf")))
    safe = select(compare("EQ", large, zero), constant(large.dtype, 1), large)
    ratio = binary("divide", small, safe)
    one = constant(large.dtype, 1)
    size = binary(
        "multiply", large, unary("sqrt", binary("add", one, binary("multiply", ratio, ratio)))
    )
    return select(infinite, large, size)


def exponential(x: Complex) -> Complex:
    """e^a (cos b + i sin b)"""
    size = unary("exponential", x.real)
    return Complex(
        binary("multiply", size, unary("cosine", x.imag)),
        binary("multiply", size, unary("sine", x.imag)),
    )


def logarithm(x: Complex) -> Complex:
    """log |x| + i arg x"""
    return Complex(unary("log", absolute(x)), binary("atan2", x.imag, x.real))


def square_root(x: Complex) -> Complex:
    """The principal root: sqrt((|x| + |a|) / 2) and b over twice that, by the sign of a."""
    half = constant(x.real.dtype, 0.5)
    zero = constant(x.real.dtype, 0)
    sum_ = binary("add", absolute(x), unary("abs", x.real))
    t = unary("sqrt", binary("multiply", half, sum_))
    is_zero = compare("EQ", t, zero)
    safe = select(is_zero, constant(t.dtype, 1), t)
    u = binary("divide", binary("multiply", half, x.imag), safe)
    right = compare("GE", x.real, zero)
    sign = select(compare("LT", x.imag, zero), unary("negate", t), t)
    return Complex(select(right, t, unary("abs", u)), select(right, u, sign))


def reciprocal_root(x: Complex) -> Complex:
    """1 / sqrt(x)"""
    one = constant(x.real.dtype, 1)
    return divide(Complex(one, constant(x.real.dtype, 0)), square_root(x))


def cosine(x: Complex) -> Complex:
    """cos a cosh b - i sin a sinh b"""
    imag = binary("multiply", unary("sine", x.real), unary("sinh", x.imag))
    return Complex(
        binary("multiply", unary("cosine", x.real), unary("cosh", x.imag)), unary("negate", imag)
    )


def sine(x: Complex) -> Complex:
    """sin a cosh b + i cos a sinh b"""
    return Complex(
        binary("multiply", unary("sine", x.real), unary("cosh", x.imag)),
        binary("multiply", unary("cosine", x.real), unary("sinh", x.imag)),
    )


def hyperbolic_tangent(x: Complex) -> Complex:
    """sinh 2a / (cosh 2a + cos 2b) + i sin 2b / (cosh 2a + cos 2b)"""
    a, b = binary("add", x.real, x.real), binary("add", x.imag, x.imag)
    below = binary("add", unary("cosh", a), unary("cosine", b))
    large = compare("GT", unary("abs", a), constant(a.dtype, 40))
    real = select(large, unary("sign", a), binary("divide", unary("sinh", a), below))
    imag = select(large, constant(a.dtype, 0), binary("divide", unary("sine", b), below))
    return Complex(real, imag)


def logistic(x: Complex) -> Complex:
    """1 / (1 + e^-x)"""
    one = Complex(constant(x.real.dtype, 1), constant(x.real.dtype, 0))
    return divide(one, add(one, exponential(negate(x))))


def power(x: Complex, y: Complex) -> Complex:
    """e^(y log x), and 0 to a power with positive real part is 0."""
    general = exponential(multiply(y, logarithm(x)))
    zero = constant(x.real.dtype, 0)
    is_zero = compare("EQ", absolute(x), zero)
    one = select(compare("EQ", absolute(y), zero), constant(x.real.dtype, 1), zero)
    return Complex(select(is_zero, one, general.real), select(is_zero, zero, general.imag))


def sign(x: Complex) -> Complex:
    """x / |x|, 0 for 0."""
    size = absolute(x)
    zero = constant(size.dtype, 0)
    is_zero = compare("EQ", size, zero)
    safe = select(is_zero, constant(size.dtype, 1), size)
    return Complex(binary("divide", x.real, safe), binary("divide", x.imag, safe))


def log_plus_one(x: Complex) -> Complex:
    """log(1 + x)"""
    return logarithm(Complex(binary("add", x.real, constant(x.real.dtype, 1)), x.imag))


def exponential_minus_one(x: Complex) -> Complex:
    """e^x - 1"""
    value = exponential(x)
    return Complex(binary("subtract", value.real, constant(value.real.dtype, 1)), value.imag)


def convert_complex(dtype: DType, x: Scalar | Complex) -> Complex:
    """A real or complex element as a complex type."""
    if isinstance(x, Complex):
        return Complex(convert(dtype.real, x.real), convert(dtype.real, x.imag))
    return Complex(convert(dtype.real, x), constant(dtype.real, 0))


def tangent(x: Complex) -> Complex:
    """sin x / cos x"""
    return divide(sine(x), cosine(x))


def _turned(x: Complex) -> Complex:
    """ix"""
    return Complex(unary("negate", x.imag), x.real)


def _turned_back(x: Complex) -> Complex:
    """x / i"""
    return Complex(x.imag, unary("negate", x.real))


def hyperbolic_sine(x: Complex) -> Complex:
    """sin(ix) / i"""
    return _turned_back(sine(_turned(x)))


def hyperbolic_cosine(x: Complex) -> Complex:
    """cos(ix)"""
    return cosine(_turned(x))


# The inverse functions follow W. Kahan, "Branch cuts for complex elementary functions" (1987).


def _roots_beside_one(x: Complex) -> tuple[Complex, Complex]:
    """sqrt(1 - x) and sqrt(1 + x), the sign of a zero imaginary part kept."""
    one = constant(x.real.dtype, 1)
    below = Complex(binary("subtract", one, x.real), unary("negate", x.imag))
    return square_root(below), square_root(Complex(binary("add", one, x.real), x.imag))


def arc_sine(x: Complex) -> Complex:
    """atan2(a, Re(r s)) + i asinh(Im(conj(r) s)) with r = sqrt(1 - x), s = sqrt(1 + x)"""
    r, s = _roots_beside_one(x)
    angle = binary("atan2", x.real, multiply(r, s).real)
    conjugate = Complex(r.real, unary("negate", r.imag))
    return Complex(angle, unary("asinh", multiply(conjugate, s).imag))


def arc_cosine(x: Complex) -> Complex:
    """2 atan2(Re r, Re s) + i asinh(Im(conj(s) r)) with r = sqrt(1 - x), s = sqrt(1 + x)"""
    r, s = _roots_beside_one(x)
    half = binary("atan2", r.real, s.real)
    conjugate = Complex(s.real, unary("negate", s.imag))
    return Complex(binary("add", half, half), unary("asinh", multiply(conjugate, r).imag))


def inverse_hyperbolic_sine(x: Complex) -> Complex:
    """asin(ix) / i"""
    return _turned_back(arc_sine(_turned(x)))


def inverse_hyperbolic_cosine(x: Complex) -> Complex:
    """asinh(Re(conj(r) s)) + 2i atan2(Im r, Re s) with r = sqrt(x - 1), s = sqrt(x + 1)"""
    one = constant(x.real.dtype, 1)
    r = square_root(Complex(binary("subtract", x.real, one), x.imag))
    s = square_root(Complex(binary("add", x.real, one), x.imag))
    conjugate = Complex(r.real, unary("negate", r.imag))
    half = binary("atan2", r.imag, s.real)
    return Complex(unary("asinh", multiply(conjugate, s).real), binary("add", half, half))


def inverse_hyperbolic_tangent(x: Complex) -> Complex:
    """log1p(4a / ((1 - a)^2 + b^2)) / 4 + i atan2(2b, (1 - a)(1 + a) - b^2) / 2"""
    a, b, dtype = x.real, x.imag, x.real.dtype
    below, above = (binary(op, constant(dtype, 1), a) for op in ("subtract", "add"))
    square = binary("multiply", b, b)
    distance = binary("add", binary("multiply", below, below), square)
    quotient = binary("divide", binary("multiply", constant(dtype, 4), a), distance)
    angle = binary(
        "atan2",
        binary("add", b, b),
        binary("subtract", binary("multiply", below, above), square),
    )
    return Complex(
        binary("multiply", constant(dtype, 0.25), unary("log_plus_one", quotient)),
        binary("multiply", constant(dtype, 0.5), angle),
    )


def arc_tangent(x: Complex) -> Complex:
    """atanh(ix) / i"""
    return _turned_back(inverse_hyperbolic_tangent(_turned(x)))


UNARY: dict[str, Callable[[Complex], Scalar | Complex]] = {
    "negate": negate,
    "abs": absolute,
    "exponential": exponential,
    "exponential_minus_one": exponential_minus_one,
    "log": logarithm,
    "log_plus_one": log_plus_one,
    "sqrt": square_root,
    "rsqrt": reciprocal_root,
    "cosine": cosine,
    "sine": sine,
    "tan": tangent,
    "asin": arc_sine,
    "acos": arc_cosine,
    "atan": arc_tangent,
    "sinh": hyperbolic_sine,
    "cosh": hyperbolic_cosine,
    "tanh": hyperbolic_tangent,
    "asinh": inverse_hyperbolic_sine,
    "acosh": inverse_hyperbolic_cosine,
    "atanh": inverse_hyperbolic_tangent,
    "logistic": logistic,
    "sign": sign,
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
}
BINARY: dict[str, Callable[[Complex, Complex], Complex]] = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "divide": divide,
    "power": power,
}
