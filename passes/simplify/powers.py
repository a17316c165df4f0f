"""Powers with a constant exponent: TensorFlow's own rewrites, which its answers are made with."""

from __future__ import annotations

from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import is_real, splat


def power_of_constant(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x**0 -> 1`, `x**1 -> x`, `x**2 -> x*x`, `x**-1 -> 1/x`: the nearest number, as power's is"""
    x, y = i.operands
    exponent = splat(y)
    if exponent is None or not is_real(x):
        return None
    if exponent == 0:
        return b.ones_like(x)
    if exponent == 1:
        return x
    if exponent == 2:
        return b.multiply(x, x)
    if exponent == -1 and x.type.dtype.is_floating:
        return b.divide(1, x)
    return None


def power_of_three(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x**3 -> x*x*x`: of floats of 32 bits or more, within two roundings (1 ulp)"""
    x, y = i.operands
    exponent = splat(y)
    narrow = x.type.dtype.is_floating and x.type.dtype.size < 4
    if exponent is None or exponent != 3 or not is_real(x) or narrow:
        return None
    return b.multiply(b.multiply(x, x), x)


def square_root(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x**0.5 -> sqrt(x)`, `x**-0.5 -> rsqrt(x)` of floats

    Like TensorFlow, whatever x is, though IEEE 754 has other powers of -inf (inf and 0, no NaN) and
    of -0.0 (without its sign).
    """
    x, y = i.operands
    exponent = splat(y)
    if exponent is None or not x.type.dtype.is_floating or abs(float(exponent)) != 0.5:
        return None
    return b.sqrt(x) if exponent > 0 else b.rsqrt(x)


RULES: Rules = {"power": (power_of_constant, power_of_three, square_root)}
