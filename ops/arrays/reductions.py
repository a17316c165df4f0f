"""Sums, means, products, extremes and logical reductions over dimensions; arg-max; L2 loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, accumulator, greatest, least, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, conj, is_zero, normalize_axis, number, show, static_axis
from flowc.ops.registry import GraphBuilder, OpDefinition, Operation, Tensor, op


def reduction_axes(b: Builder, indices: Value, rank: int) -> list[int]:
    """The axes that a reduction's second operand lists."""
    require(len(b.shape(indices)) <= 1, f"axes must be a vector: {show(b.shape(indices))}")
    listed = b.static(indices).ravel().tolist()
    for axis in listed:
        require(
            -rank <= axis < rank,
            f"Invalid reduction dimension ({axis} for input with {rank} dimension(s))",
        )
    axes = [normalize_axis(axis, rank) for axis in listed]
    repeated = [axis for axis in axes if axes.count(axis) > 1]
    require(not repeated, "Invalid reduction arguments: Axes contains duplicate dimension")
    return axes


def _define(name: str, types: str, function: Callable[..., Value]) -> OpDefinition:
    """An op that reduces `input` over the axes that `reduction_indices` lists."""

    def lower(b: Builder, input: Value, reduction_indices: Value, *, keep_dims: bool) -> Value:
        axes = reduction_axes(b, reduction_indices, len(b.shape(input)))
        return function(b, input, axes, keep_dims)

    typed = f"T: {types}, " if types else ""
    kind = "T" if types else "bool"
    return op(
        f"{name}(input: {kind}, reduction_indices: Tidx; keep_dims: bool = false, {typed}"
        f"Tidx: {{index}} = int32) -> output: {kind}"
    )(lower)


def _mean(b: Builder, x: Value, axes: list[int], keep_dims: bool) -> Value:
    dtype = x.type.dtype
    count = dims.product([b.shape(x)[axis] for axis in axes])
    if dtype.is_integer:
        count = dims.maximum(count, 1)  # the mean of no integers is 0
    wide = dtypes.int64 if dtype.is_integer and dtype.size < 8 else accumulator(dtype)
    total = b.reduce_sum(b.convert(x, wide), axes, keep_dims)
    divisor = b.broadcast_to(number(b, count, total.type.dtype), b.shape(total))
    return b.convert(b.divide(total, divisor), dtype)


def _norm(b: Builder, x: Value, axes: list[int], keep_dims: bool) -> Value:
    dtype = x.type.dtype
    magnitude = b.convert(b.abs(x), accumulator(dtype.real))
    total = b.reduce_sum(b.multiply(magnitude, magnitude), axes, keep_dims)
    if total.type.dtype.is_integer:
        total = b.convert(b.sqrt(b.convert(total, dtypes.float64)), total.type.dtype)
    else:
        total = b.sqrt(total)
    if dtype.is_complex:
        return b.complex(total, b.zeros_like(total))
    return b.convert(total, dtype)


sum_ = _define("Sum", "{numeric}", Builder.reduce_sum)
mean = _define("Mean", "{numeric}", _mean)
prod = _define("Prod", "{numeric}", Builder.reduce_prod)
max_ = _define("Max", "{real}", Builder.reduce_max)
min_ = _define("Min", "{real}", Builder.reduce_min)
norm = _define("EuclideanNorm", "{numeric}", _norm)
all_ = _define("All", "", Builder.reduce_and)
any_ = _define("Any", "", Builder.reduce_or)


# Gradients


def kept_shape(g: GraphBuilder, x: Tensor, axes: Tensor) -> Any:
    """x's shape with 1 for the reduced axes; a constant where the graph tells it."""
    sizes, known = g.shape_of(x), g.constant_value(axes)
    if sizes is not None and None not in sizes and known is not None:
        kept = np.array(sizes, np.int32)
        kept[known.ravel()] = 1
        return g.constant(kept)
    rank = g("Rank", x)
    chosen = g("FloorMod", g("Cast", axes, DstT=dtypes.int32) + rank, rank)
    every = g("Range", g.constant(0), rank, g.constant(1))
    ones = g("Fill", g("Shape", chosen), g.constant(1))
    return g("DynamicStitch", [every, chosen], [g("Shape", x), ones])


def _spread_back(g: GraphBuilder, op: Operation, grad: Tensor) -> Any:
    x, axes = op.inputs
    return g("BroadcastTo", g("Reshape", grad, kept_shape(g, x, axes)), g("Shape", x))


@sum_.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return _spread_back(g, op, grad), None


@mean.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    out = g("Maximum", g("Size", op.outputs[0]), g.constant(1))
    factor = g("Cast", g("FloorDiv", g("Size", op.inputs[0]), out), DstT=grad.dtype)
    return _spread_back(g, op, grad) / factor, None


def _extreme_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """The gradient is shared equally by all elements that attain the extreme."""
    x, axes = op.inputs
    kept = kept_shape(g, x, axes)
    y = g("Reshape", op.outputs[0], kept)
    indicators = g("Cast", g("Equal", y, x), DstT=grad.dtype)
    count = g("Reshape", g("Sum", indicators, axes), kept)
    return indicators / count * g("Reshape", grad, kept), None


max_.gradient(_extreme_gradient)
min_.gradient(_extreme_gradient)


@norm.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, axes = op.inputs
    kept = kept_shape(g, x, axes)
    y = g("Reshape", op.outputs[0], kept)
    return g("DivNoNan", x, y) * g("Reshape", grad, kept), None


@prod.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """Products of all other elements: cumulative products from both sides (no division by zero)."""
    x, axes = op.inputs
    grad = _spread_back(g, op, grad)
    size, rank = g("Shape", x), g("Rank", x)
    listed = g("Reshape", g("Cast", axes, DstT=dtypes.int32), g.constant([-1]))
    reduced = g("FloorMod", listed + rank, rank)
    every = g("Range", g.constant(0), rank, g.constant(1))
    others = g("ListDiff", every, reduced)[0]
    order = g("ConcatV2", [reduced, others], g.constant(0))
    matrix = g("Pack", [_count(g, size, reduced), _count(g, size, others)])
    permuted = g("Transpose", x, order)
    flat = g("Reshape", permuted, matrix)
    left = g("Cumprod", flat, g.constant(0), exclusive=True)
    right = g("Cumprod", flat, g.constant(0), exclusive=True, reverse=True)
    product = g("Reshape", conj(g, left) * conj(g, right), g("Shape", permuted))
    return grad * g("Transpose", product, g("InvertPermutation", order)), None


def _count(g: GraphBuilder, size: Tensor, axes: Tensor) -> Any:
    """The number of elements along some axes."""
    return g("Prod", g("GatherV2", size, axes, g.constant(0)), g.constant(0))


# Positions of extremes


def _define_arg(
    name: str, better: str, worst: Callable[[DType], Any], axes: str, positions: str
) -> None:
    @op(
        f"{name}(input: T, dimension: Tidx[]; T: {{real, bool}}, Tidx: {axes} = int32,"
        f" output_type: {positions} = int64) -> output: output_type"
    )
    def lower(b: Builder, input: Value, dimension: Value, *, output_type: DType) -> Value:
        return arg_extreme(b, input, dimension, output_type, better, worst)

    @lower.gradient
    def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        return None, None


def arg_extreme(
    b: Builder,
    x: Value,
    dimension: Value,
    dtype: DType,
    better: str,
    worst: Callable[[DType], Any],
) -> Value:
    """The first position of the extreme along a dimension; NaN never is it."""
    shape = b.shape(x)
    axis = static_axis(b, dimension, len(shape), "dimension")
    require(not is_zero(b, shape[axis]), f"Reduction axis {axis} is empty in shape {list(shape)}")
    if x.type.dtype.is_bool:
        x = b.convert(x, dtypes.int32)
    elif x.type.dtype.is_floating:
        x = b.select(b.ne(x, x), worst(x.type.dtype), x)

    def body(value: Value, index: Value, other: Value, position: Value) -> tuple[Value, Value]:
        wins = b.compare(other, value, better)
        earlier = b.and_(b.eq(other, value), b.lt(position, index))
        take = b.or_(wins, earlier)
        return b.select(take, other, value), b.select(take, position, index)

    positions = b.iota(shape, axis, dtypes.int64)
    start = b.scalar(worst(x.type.dtype), x.type.dtype), b.constant(np.int64(2**62))
    _, index = b.reduce([x, positions], start, [axis], body)
    return b.convert(b.select(b.eq(index, 2**62), b.zeros_like(index), index), dtype)


_define_arg("ArgMax", "GT", least, "{int16, index}", "{int16, uint16, index}")
_define_arg("ArgMin", "LT", greatest, "{index}", "{index}")


# Loss


@op("L2Loss(t: T; T: {float}) -> output: T")
def l2_loss(b: Builder, t: Value) -> Value:
    """Half the sum of squares."""
    wide = b.convert(t, accumulator(t.type.dtype))
    return b.convert(b.multiply(b.reduce_sum(b.multiply(wide, wide)), 0.5), t.type.dtype)


@l2_loss.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (op.inputs[0] * grad,)
