"""Reductions: of nothing, of one element, of what a broadcast repeated, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from flowc.ir.tensor.builder import greatest, least
from flowc.ir.tensor.core import Computation, Instruction, Value
from flowc.passes.simplify.engine import RuleBuilder, Rules
from flowc.passes.simplify.patterns import (
    ELEMENTWISE,
    combiner,
    embedding,
    is_exact,
    is_number,
    is_real,
    producer,
    splat,
    wide_axes,
)
from flowc.passes.simplify.reshapes import before_reshape

_EXTREMES = ("maximum", "minimum", "and", "or")  # p(x, x) is x, in any order


def reduce_of_ones(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`reduce(x, v) -> combine(broadcast(v), reshape(x))` over axes of size 1; of several tensors
    `reduce(x, y, v, w) -> combine(broadcast(v), reshape(x))` and so on
    """
    inputs, initial = _split(i)
    shape, axes = inputs[0].type.shape, i.attributes["dimensions"]
    if any(shape[axis] != 1 for axis in axes) or not maps_over_tensors(i.regions[0]):
        return None
    kept = i.types[0].shape
    accumulators = [b.broadcast_in_dim(v, kept, ()) if kept else v for v in initial]
    return map_region(b, i.regions[0], [*accumulators, *(b.reshape(v, kept) for v in inputs)])


def reduce_of_nothing(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`reduce(x, v) -> broadcast(v)`, `reduce(x, y, v, w) -> broadcast(v)` over no elements"""
    inputs, initial = _split(i)
    if not any(inputs[0].type.shape[axis] == 0 for axis in i.attributes["dimensions"]):
        return None
    shape = i.types[0].shape
    return [b.broadcast_in_dim(v, shape, ()) if shape else v for v in initial]


def reduce_of_reshape(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`reduce(reshape(x), v) -> reshape(reduce(x, v))` where the reshape adds axes of size 1;
    `reduce(reshape(x), reshape(y), v, w) -> reshape(reduce(x, y, v, w))`
    """
    inputs, initial = _split(i)
    shape = inputs[0].type.shape
    found = before_reshape(b, inputs, shape)
    if found is None:
        return None
    source, operands = found
    places = embedding(source, shape) or []
    axes = [a for a, place in enumerate(places) if place in i.attributes["dimensions"]]
    results = _again(b, i, [*operands, *initial], axes)
    return [b.reshape(v, i.types[0].shape) for v in results]


def reduce_of_transpose(b: RuleBuilder, i: Instruction) -> Sequence[Value] | None:
    """`reduce(transpose(x), v) -> reduce(x, v)` where kept and reduced axes are in x's order;
    `reduce(transpose(x), transpose(y), v, w) -> reduce(x, y, v, w)`
    """
    inputs, initial = _split(i)
    found = [producer(v, "transpose") for v in inputs]
    orders = {f.attributes["permutation"] for f in found if f is not None}
    if None in found or len(orders) != 1:
        return None
    (order,) = orders
    axes = [order[axis] for axis in i.attributes["dimensions"]]
    kept = [axis for axis in order if axis not in axes]
    if axes != sorted(axes) or kept != sorted(kept):
        return None
    return _again(b, i, [*(f.operands[0] for f in found if f is not None), *initial], axes)


def reduce_twice(b: RuleBuilder, i: Instruction) -> Value | None:
    """`reduce(reduce(x, c), v) -> reduce(x, v)` of one exact primitive with identity c, the inner
    read once

    Of floats these are maximum and minimum; which of two zeros of different sign they give follows
    the order of the elements, and that is nobody's to rely on.
    """
    inner = producer(i.operands[0], "reduce")
    if inner is None or len(i.operands) != 2 or len(inner.operands) != 2:
        return None
    primitive = combiner(i)
    if primitive is None or primitive != combiner(inner) or not _is_associative(primitive, i):
        return None
    if not is_identity(inner.operands[1], primitive) or not b.used_once(i.operands[0]):
        return None
    x, first = inner.operands[0], inner.attributes["dimensions"]
    kept = [axis for axis in range(x.type.rank) if axis not in first]
    second = [kept[axis] for axis in i.attributes["dimensions"]]
    return _again(b, i, [x, i.operands[1]], [*first, *second])[0]


def reduce_of_broadcast(b: RuleBuilder, i: Instruction) -> Value | None:
    """`reduce(broadcast(x), c) -> broadcast(reshape(x))` by max, min, and, or, along the new axes,
    whose identity is c; `reduce(broadcast(x), c) -> broadcast(reshape(x)) * n` of integers by add
    """
    found = producer(i.operands[0], "broadcast_in_dim")
    if found is None or len(i.operands) != 2:
        return None
    primitive, initial = combiner(i), i.operands[1]
    (x,), axes = found.operands, found.attributes["broadcast_dimensions"]
    made_of = {a for a, size in zip(axes, x.type.shape, strict=True) if size != 1}
    reduced = i.attributes["dimensions"]
    sizes = [s for s in (found.types[0].shape[a] for a in reduced) if isinstance(s, int) and s > 0]
    if primitive is None or len(sizes) != len(reduced) or not made_of.isdisjoint(reduced):
        return None
    if not is_identity(initial, primitive) or list(axes) != sorted(axes):
        return None
    if primitive not in _EXTREMES and not (primitive == "add" and is_exact(x)):
        return None
    shape = i.types[0].shape
    kept = [a for a in range(found.types[0].rank) if a not in reduced]
    core = b.reshape(x, [x.type.shape[k] for k in wide_axes(x.type.shape)])
    places = [kept.index(axes[k]) for k in wide_axes(x.type.shape)]
    if primitive in _EXTREMES:
        return b.broadcast_in_dim(core, shape, places)
    count = b.full(_wrapped(prod(sizes), x), shape, x.type.dtype)
    return b.multiply(b.broadcast_in_dim(core, shape, places), count)


def _wrapped(number: int, like: Value) -> int:
    bits = like.type.dtype.bits
    low = 0 if like.type.dtype.is_unsigned else -(1 << bits - 1)
    return (number - low) % (1 << bits) + low


def _is_associative(primitive: str, i: Instruction) -> bool:
    return primitive in _EXTREMES or (primitive in ("add", "multiply") and is_exact(i.operands[0]))


def is_identity(value: Value, primitive: str) -> bool:
    """True when `primitive` of `value` and any x is x, in either order."""
    dtype, exact = value.type.dtype, is_exact(value) or value.type.dtype.is_bool
    match primitive:
        case "add" | "or" | "xor":
            return is_number(value, 0) and exact
        case "multiply":
            return is_number(value, 1) and is_real(value)
        case "and":
            found = splat(value)
            return found is not None and exact and bool(~found == 0)
        case "maximum" if not dtype.is_complex:
            return is_number(value, least(dtype))
        case "minimum" if not dtype.is_complex:
            return is_number(value, greatest(dtype))
    return False


def _split(i: Instruction) -> tuple[Sequence[Value], Sequence[Value]]:
    """Inputs and initial values."""
    count = len(i.operands) // 2
    return i.operands[:count], i.operands[count:]


def _again(
    b: RuleBuilder, i: Instruction, operands: Sequence[Value], axes: Sequence[int]
) -> Sequence[Value]:
    """The reduction on other operands and axes."""
    attributes = {**i.attributes, "dimensions": tuple(sorted(axes))}
    return b.emit_all("reduce", operands, attributes, i.regions)


def maps_over_tensors(region: Computation) -> bool:
    """True for a region of scalar elementwise work, which can be done on tensors as well."""
    return all(x.primitive in ELEMENTWISE or x.primitive == "constant" for x in region.instructions)


def map_region(b: RuleBuilder, region: Computation, operands: Sequence[Value]) -> list[Value]:
    """The results of such a region for each element of the operands."""
    shape = operands[0].type.shape
    values: dict[Value, Value] = dict(zip(region.parameters, operands, strict=True))
    for x in region.instructions:
        if x.primitive == "constant":
            values[x.result] = b.full(x.attributes["value"], shape, x.types[0].dtype)
        else:
            values[x.result] = b.like(x, *(values[v] for v in x.operands))
    return [values[v] for v in region.results]


RULES: Rules = {
    "reduce": (
        reduce_of_nothing,
        reduce_of_ones,
        reduce_of_reshape,
        reduce_of_transpose,
        reduce_twice,
        reduce_of_broadcast,
    ),
}
