"""Identities of and, or, xor, not, shifts, and of integer division."""

from __future__ import annotations

from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import is_exact, is_number, operand_of, producer, splat

_INVERSE = {"EQ": "NE", "NE": "EQ", "LT": "GE", "GE": "LT", "GT": "LE", "LE": "GT"}


def _is_all_ones(value: Value) -> bool:
    """True for True, and for the integer whose bits are all set."""
    found = splat(value)
    return found is not None and bool(~found == 0)


def same_operands(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x & x -> x`, `x | x -> x`"""
    x, y = i.operands
    return x if x is y else None


def and_constant(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x & ~0 -> x`, `x & 0 -> 0`"""
    for x, mask in (i.operands, i.operands[::-1]):
        if _is_all_ones(mask):
            return x
        if is_number(mask, 0):
            return mask
    return None


def or_constant(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x | 0 -> x`, `x | ~0 -> ~0`"""
    for x, mask in (i.operands, i.operands[::-1]):
        if is_number(mask, 0):
            return x
        if _is_all_ones(mask):
            return mask
    return None


def xor_constant(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x ^ 0 -> x`, `x ^ ~0 -> ~x`, `x ^ x -> 0`"""
    for x, mask in (i.operands, i.operands[::-1]):
        if is_number(mask, 0):
            return x
        if _is_all_ones(mask):
            return b.not_(x)
    return b.zeros_like(i.operands[0]) if i.operands[0] is i.operands[1] else None


def not_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`not not x -> x`"""
    return operand_of(i.operands[0], "not")


def not_comparison(b: RuleBuilder, i: Instruction) -> Value | None:
    """`not x == y -> x != y`, `not x != y -> x == y`, and of what is no float
    `not x < y -> x >= y`, `not x >= y -> x < y`, `not x > y -> x <= y`, `not x <= y -> x > y`

    NaN is in no order.
    """
    found = producer(i.operands[0], "compare")
    if found is None:
        return None
    x, y = found.operands
    direction = found.attributes["comparison_direction"]
    if direction not in ("EQ", "NE") and x.type.dtype.is_floating:
        return None
    return b.compare(x, y, _INVERSE[direction])


def shift_by_zero(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x << 0 -> x`, `x >> 0 -> x` for both shifts to the right"""
    x, amount = i.operands
    return x if is_number(amount, 0) else None


def remainder_of_one(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x % 1 -> 0` of integers"""
    x, one = i.operands
    return b.zeros_like(x) if is_exact(x) and is_number(one, 1) else None


RULES: Rules = {
    "and": (same_operands, and_constant),
    "or": (same_operands, or_constant),
    "xor": (xor_constant,),
    "not": (not_twice, not_comparison),
    "shift_left": (shift_by_zero,),
    "shift_right_logical": (shift_by_zero,),
    "shift_right_arithmetic": (shift_by_zero,),
    "remainder": (remainder_of_one,),
}
