"""Identities of compare, select, maximum, minimum, clamp: choices between values."""

from __future__ import annotations

from flowc.ir.tensor.builder import greatest, least
from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import is_number, operand_of, producer, splat


def compare_itself(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x < x -> false`, `x > x -> false`, and of what cannot be NaN
    `x == x -> true`, `x <= x -> true`, `x >= x -> true`, `x != x -> false`
    """
    x, y = i.operands
    direction = i.attributes["comparison_direction"]
    ordered = not (x.type.dtype.is_floating or x.type.dtype.is_complex)
    if x is not y or not (ordered or direction in ("LT", "GT")):
        return None
    return b.full(direction in ("EQ", "LE", "GE"), x.type.shape, i.types[0].dtype)


def compare_with_bool(b: RuleBuilder, i: Instruction) -> Value | None:
    """`p == true -> p`, `p != true -> not p`, `p == false -> not p`, `p != false -> p`"""
    direction = i.attributes["comparison_direction"]
    if direction not in ("EQ", "NE") or not i.operands[0].type.dtype.is_bool:
        return None
    for p, constant in (i.operands, i.operands[::-1]):
        if (known := splat(constant)) is not None:
            return p if bool(known) == (direction == "EQ") else b.not_(p)
    return None


def compare_unsigned(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x >= 0 -> true`, `x < 0 -> false` of unsigned integers"""
    x, zero = i.operands
    direction = i.attributes["comparison_direction"]
    if not x.type.dtype.is_unsigned or direction not in ("GE", "LT") or not is_number(zero, 0):
        return None
    return b.full(direction == "GE", x.type.shape, i.types[0].dtype)


def select_known(b: RuleBuilder, i: Instruction) -> Value | None:
    """`select(true, x, y) -> x`, `select(false, x, y) -> y`"""
    predicate, on_true, on_false = i.operands
    known = splat(predicate)
    return None if known is None else on_true if known else on_false


def select_same(b: RuleBuilder, i: Instruction) -> Value | None:
    """`select(p, x, x) -> x`"""
    _, on_true, on_false = i.operands
    return on_true if on_true is on_false else None


def select_not(b: RuleBuilder, i: Instruction) -> Value | None:
    """`select(not p, x, y) -> select(p, y, x)`"""
    predicate, on_true, on_false = i.operands
    opposite = operand_of(predicate, "not")
    return None if opposite is None else b.select(opposite, on_false, on_true)


def select_bools(b: RuleBuilder, i: Instruction) -> Value | None:
    """`select(p, true, false) -> p`, `select(p, false, true) -> not p`"""
    predicate, on_true, on_false = i.operands
    if predicate.type != on_true.type:
        return None
    if is_number(on_true, True) and is_number(on_false, False):
        return predicate
    if is_number(on_true, False) and is_number(on_false, True):
        return b.not_(predicate)
    return None


def select_again(b: RuleBuilder, i: Instruction) -> Value | None:
    """`select(p, select(p, x, y), z) -> select(p, x, z)`,
    `select(p, x, select(p, y, z)) -> select(p, x, z)`
    """
    predicate, on_true, on_false = i.operands
    inner = producer(on_true, "select")
    if inner is not None and inner.operands[0] is predicate:
        return b.select(predicate, inner.operands[1], on_false)
    inner = producer(on_false, "select")
    if inner is not None and inner.operands[0] is predicate:
        return b.select(predicate, on_true, inner.operands[2])
    return None


def extreme_of_same(b: RuleBuilder, i: Instruction) -> Value | None:
    """`max(x, x) -> x`, `min(x, x) -> x`"""
    x, y = i.operands
    return x if x is y else None


def extreme_identity(b: RuleBuilder, i: Instruction) -> Value | None:
    """`max(x, least) -> x`, `min(x, greatest) -> x`; NaN passes on both sides."""
    for x, bound in (i.operands, i.operands[::-1]):
        identity = least if i.primitive == "maximum" else greatest
        if is_number(bound, identity(x.type.dtype)):
            return x
    return None


def extreme_again(b: RuleBuilder, i: Instruction) -> Value | None:
    """`max(max(x, y), y) -> max(x, y)`, `min(min(x, y), y) -> min(x, y)`

    Of two zeros of different sign, max and min give either.
    """
    for inner, y in (i.operands, i.operands[::-1]):
        found = producer(inner, i.primitive)
        if found is not None and any(y is operand for operand in found.operands):
            return inner
    return None


def clamp_unbounded(b: RuleBuilder, i: Instruction) -> Value | None:
    """`clamp(least, x, greatest) -> x`"""
    low, x, high = i.operands
    dtype = x.type.dtype
    return x if is_number(low, least(dtype)) and is_number(high, greatest(dtype)) else None


RULES: Rules = {
    "compare": (compare_itself, compare_with_bool, compare_unsigned),
    "select": (select_known, select_same, select_not, select_bools, select_again),
    "maximum": (extreme_of_same, extreme_identity, extreme_again),
    "minimum": (extreme_of_same, extreme_identity, extreme_again),
    "clamp": (clamp_unbounded,),
}
