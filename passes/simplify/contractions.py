"""dot_general: transposes of its operands are a matter of its dimension numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flowc.ir.tensor.core import Instruction, Value
from flowc.ir.tensor.primitives.contraction import free_axes
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import producer


def dot_of_transposed_lhs(b: RuleBuilder, i: Instruction) -> Value | None:
    """`dot(transpose(x), y) -> dot(x, y)` where the free axes keep their order"""
    numbers = i.attributes["dot_dimension_numbers"]
    batch, contracting = numbers.lhs_batching_dimensions, numbers.lhs_contracting_dimensions
    found = _before_transpose(i.operands[0], batch, contracting)
    if found is None:
        return None
    x, batch, contracting = found
    new = replace(numbers, lhs_batching_dimensions=batch, lhs_contracting_dimensions=contracting)
    attributes = {**i.attributes, "dot_dimension_numbers": new}
    return b.emit("dot_general", x, i.operands[1], **attributes)


def dot_of_transposed_rhs(b: RuleBuilder, i: Instruction) -> Value | None:
    """`dot(x, transpose(y)) -> dot(x, y)` where the free axes keep their order"""
    numbers = i.attributes["dot_dimension_numbers"]
    batch, contracting = numbers.rhs_batching_dimensions, numbers.rhs_contracting_dimensions
    found = _before_transpose(i.operands[1], batch, contracting)
    if found is None:
        return None
    y, batch, contracting = found
    new = replace(numbers, rhs_batching_dimensions=batch, rhs_contracting_dimensions=contracting)
    attributes = {**i.attributes, "dot_dimension_numbers": new}
    return b.emit("dot_general", i.operands[0], y, **attributes)


def _before_transpose(
    value: Value, batch: Sequence[int], contracting: Sequence[int]
) -> tuple[Value, tuple[int, ...], tuple[int, ...]] | None:
    """What was transposed, and the batching and contracting axes in it."""
    found = producer(value, "transpose")
    if found is None:
        return None
    order = found.attributes["permutation"]
    free = [order[axis] for axis in free_axes(len(order), batch, contracting)]
    if free != sorted(free):
        return None
    return found.operands[0], tuple(order[a] for a in batch), tuple(order[a] for a in contracting)


def transpose_of_dot(b: RuleBuilder, i: Instruction) -> Value | None:
    """`transpose(dot(x, y)) -> dot(y, x)` where it swaps the free axes of a dot read once"""
    found = producer(i.operands[0], "dot_general")
    if found is None or not b.used_once(i.operands[0]):
        return None
    x, y = found.operands
    numbers = found.attributes["dot_dimension_numbers"]
    batch = len(numbers.lhs_batching_dimensions)
    middle = x.type.rank - len(numbers.lhs_contracting_dimensions)
    rank = i.types[0].rank
    swapped = (*range(batch), *range(middle, rank), *range(batch, middle))
    if i.attributes["permutation"] != swapped:
        return None
    new = replace(
        numbers,
        lhs_batching_dimensions=numbers.rhs_batching_dimensions,
        rhs_batching_dimensions=numbers.lhs_batching_dimensions,
        lhs_contracting_dimensions=numbers.rhs_contracting_dimensions,
        rhs_contracting_dimensions=numbers.lhs_contracting_dimensions,
    )
    attributes = {**found.attributes, "dot_dimension_numbers": new}
    return b.emit("dot_general", y, x, **attributes)


RULES: Rules = {
    "dot_general": (dot_of_transposed_lhs, dot_of_transposed_rhs),
    "transpose": (transpose_of_dot,),
}
