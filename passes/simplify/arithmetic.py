"""Identities of add, subtract, multiply, divide, negate.

Floats are not associative, and x + 0.0 is not x where x is -0.0; what is left holds bit for bit.
Complex numbers take part only in sums: a product of them may make NaN of an infinity.
"""

from __future__ import annotations

import math

import numpy as np

from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import (
    is_exact,
    is_negative_zero,
    is_number,
    is_real,
    operand_of,
    producer,
    splat,
)
from flowc.passes.simplify.zeros import never_negative_zero


def add_zero(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x + 0 -> x`; of floats where x cannot be -0.0, or the zero is -0.0."""
    for x, zero in (i.operands, i.operands[::-1]):
        if is_negative_zero(zero) or (is_number(zero, 0) and never_negative_zero(x)):
            return x
    return None


def add_negated(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x + -y -> x - y`"""
    x, y = i.operands
    if (positive := operand_of(y, "negate")) is not None:
        return b.subtract(x, positive)
    if (positive := operand_of(x, "negate")) is not None:
        return b.subtract(y, positive)
    return None


def subtract_zero(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x - 0 -> x`"""
    x, y = i.operands
    return x if is_number(y, 0) else None


def subtract_from_zero(b: RuleBuilder, i: Instruction) -> Value | None:
    """`0 - x -> -x`; of floats only for the zero -0.0, since 0.0 - 0.0 is not -0.0."""
    zero, x = i.operands
    if is_negative_zero(zero) or (is_exact(x) and is_number(zero, 0)):
        return b.negate(x)
    return None


def subtract_negated(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x - -y -> x + y`"""
    x, y = i.operands
    positive = operand_of(y, "negate")
    return None if positive is None else b.add(x, positive)


def subtract_itself(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x - x -> 0` of integers; of floats it may be NaN."""
    x, y = i.operands
    return b.zeros_like(x) if x is y and is_exact(x) else None


def multiply_one(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x * 1 -> x`"""
    for x, one in (i.operands, i.operands[::-1]):
        if is_real(x) and is_number(one, 1):
            return x
    return None


def multiply_zero(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x * 0 -> 0` of integers; of floats it may be NaN or -0.0."""
    for zero in i.operands:
        if is_exact(zero) and is_number(zero, 0):
            return zero
    return None


def multiply_minus_one(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x * -1 -> -x`"""
    for x, one in (i.operands, i.operands[::-1]):
        if x.type.dtype.kind in ("int", "float") and is_number(one, -1):
            return b.negate(x)
    return None


def multiply_negated(b: RuleBuilder, i: Instruction) -> Value | None:
    """`-x * -y -> x * y`"""
    x, y = (operand_of(v, "negate") for v in i.operands)
    return b.multiply(x, y) if x is not None and y is not None and is_real(x) else None


def divide_by_one(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x / 1 -> x`"""
    x, one = i.operands
    return x if is_real(x) and is_number(one, 1) else None


def divide_by_power_of_two(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x / 2**k -> x * 2**-k` of floats: both round the same real number.

    Neither power may be denormal, which compiled code takes for 0, or too large.
    """
    x, y = i.operands
    divisor = splat(y)
    if divisor is None or not x.type.dtype.is_floating:
        return None
    number = float(divisor)
    if not _is_normal(number, x.type.dtype) or math.frexp(number)[0] not in (0.5, -0.5):
        return None
    reciprocal = 1 / number
    return b.multiply(x, reciprocal) if _is_normal(reciprocal, x.type.dtype) else None


def _is_normal(number: float, dtype: DType) -> bool:
    """True for a float of the type that is neither zero nor denormal, infinite or NaN."""
    tiny = 2.0**-126 if dtype.name == "bfloat16" else float(np.finfo(dtype.numpy).tiny)
    return tiny <= abs(number) <= float(dtype.max)


def negate_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`-(-x) -> x`"""
    return operand_of(i.operands[0], "negate")


def negate_difference(b: RuleBuilder, i: Instruction) -> Value | None:
    """`-(x - y) -> y - x` of integers; of floats the zero of x - x has a sign."""
    found = producer(i.operands[0], "subtract")
    if found is None or not is_exact(i.operands[0]):
        return None
    return b.subtract(found.operands[1], found.operands[0])


def associate(b: RuleBuilder, i: Instruction) -> Value | None:
    """`(x + c) + d -> x + (c + d)`, `(x * c) * d -> x * (c * d)` of integers and constants c, d"""
    for inner, d in (i.operands, i.operands[::-1]):
        found = producer(inner, i.primitive)
        if found is None or not is_exact(inner) or (second := splat(d)) is None:
            continue
        for x, c in (found.operands, found.operands[::-1]):
            if (first := splat(c)) is not None and splat(x) is None:
                with np.errstate(over="ignore"):
                    folded = first + second if i.primitive == "add" else first * second
                return b.emit(i.primitive, x, b.full_like(x, folded))
    return None


def absolute_of_sign(b: RuleBuilder, i: Instruction) -> Value | None:
    """`||x|| -> |x|` and `|-x| -> |x|`"""
    x = i.operands[0]
    if producer(x, "abs") is not None:
        return x
    opposite = operand_of(x, "negate")
    return None if opposite is None else b.abs(opposite)


def keep_integral(b: RuleBuilder, i: Instruction) -> Value | None:
    """`g(f(x)) -> f(x)` for any two f and g of floor, ceil and the roundings"""
    (x,) = i.operands
    return x if any(producer(x, name) is not None for name in _ROUNDINGS) else None


_ROUNDINGS = ("floor", "ceil", "round_nearest_even", "round_nearest_afz")

RULES: Rules = {
    "add": (add_zero, add_negated, associate),
    "subtract": (subtract_zero, subtract_from_zero, subtract_negated, subtract_itself),
    "multiply": (multiply_one, multiply_zero, multiply_minus_one, multiply_negated, associate),
    "divide": (divide_by_one, divide_by_power_of_two),
    "negate": (negate_twice, negate_difference),
    "abs": (absolute_of_sign,),
    **dict.fromkeys(_ROUNDINGS, (keep_integral,)),
}
