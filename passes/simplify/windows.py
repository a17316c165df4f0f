"""Windows of one element, and padding that windows can do themselves."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir.tensor.core import Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.reductions import map_region, maps_over_tensors


def reduce_window_of_one(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`reduce_window(x, v) -> combine(broadcast(v), x[::stride])` with windows of 1"""
    count = len(i.operands) // 2
    inputs, initial = i.operands[:count], i.operands[count:]
    if not _is_plain(i) or not maps_over_tensors(i.regions[0]):
        return None
    shape, strides = inputs[0].type.shape, i.attributes["window_strides"]
    if not all(isinstance(s, int) or step == 1 for s, step in zip(shape, strides, strict=True)):
        return None
    new = i.types[0].shape
    taken = [b.slice(v, [0] * len(shape), shape, strides) for v in inputs]
    return map_region(b, i.regions[0], [*(b.broadcast_in_dim(v, new, ()) for v in initial), *taken])


def scatter_of_one(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`select_and_scatter(x, y, v) -> combine(broadcast(v), y)` with windows of 1"""
    x, source, initial = i.operands
    strided = any(step != 1 for step in i.attributes["window_strides"])
    if not _is_plain(i) or strided or not maps_over_tensors(i.regions[1]):
        return None
    return map_region(b, i.regions[1], [b.broadcast_in_dim(initial, x.type.shape, ()), source])


def _is_plain(i: Instruction) -> bool:
    """True for windows of one element, without padding or dilation."""
    ones = (*i.attributes["window_dimensions"], *i.attributes.get("base_dilations", ()))
    return all(n == 1 for n in ones) and not any(any(p) for p in i.attributes["padding"])


RULES: Rules = {"reduce_window": (reduce_window_of_one,), "select_and_scatter": (scatter_of_one,)}
