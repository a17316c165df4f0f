"""Order: the greatest elements, ranks, searches in sorted rows, counts per bin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, least, require
from flowc.ir.tensor.core import Evidence, Value
from flowc.ops.arrays.scattering import scatter_rows
from flowc.ops.checks import at, check_all, culprit, outside
from flowc.ops.common import (
    Tensors,
    abstract,
    fail,
    merge_shapes,
    or_zeros,
    require_rank,
    show,
)
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


def _descending(b: Builder, x: Value) -> tuple[Value, Value]:
    """The last dimension from the greatest to the least, with positions; equal ones in order."""
    last = len(b.shape(x)) - 1
    positions = b.iota(b.shape(x), last, dtypes.int32)
    ordered, order = b.sort(
        [x, positions], last, lambda left, right, *_: is_greater(b, left, right)
    )
    return ordered, order


def is_greater(b: Builder, left: Value, right: Value) -> Value:
    """left > right, NaN being greater than any number.

    TensorFlow leaves the place of a NaN open; a sort needs an order that is total.
    """
    if not left.type.dtype.is_floating:
        return b.gt(left, right)
    return b.and_(b.eq(right, right), b.not_(b.le(left, right)))


def _top(b: Builder, x: Value, count: Dim, index_type: DType) -> tuple[Value, Value]:
    shape = b.shape(x)
    require(len(shape) >= 1, "input must be >= 1-D, got shape []")
    require(not isinstance(count, int) or count >= 0, f"Need k >= 0, got {count}")
    enough = b.assumptions.at_least(shape[-1], count)
    require(enough, f"input must have at least k columns. Had {shape[-1]}, needed {count}")
    values, positions = _descending(b, x)
    last = len(shape) - 1
    cut = [b.slice_axis(v, last, 0, count) for v in (values, positions)]
    return cut[0], b.convert(cut[1], index_type)


@op(
    "TopKV2(input: T[...,:], k: Tk; sorted: bool = true, T: {real}, Tk: {int16, int32,"
    " int64} = int32,"
    " index_type: {int16, int32, int64} = int32) -> values: T, indices: index_type"
)
def top_k_v2(b: Builder, input: Value, k: Value, *, index_type: DType) -> tuple[Value, Value]:
    """The k greatest elements of the last dimension, in order, and their positions."""
    require_rank(b, k, 0, "k")
    return _top(b, input, b.dims(k)[0], index_type)


@op("TopK(input: T; k: int >= 0, sorted: bool = true, T: {real}) -> values: T, indices: int32")
def top_k(b: Builder, input: Value, *, k: int) -> tuple[Value, Value]:
    """The k greatest elements of the last dimension, in order, and their positions."""
    return _top(b, input, k, dtypes.int32)


def _top_gradient(
    g: GraphBuilder, op: Operation, grad: Tensor | None, _indices: Tensor | None
) -> Tensors:
    """The gradients put back at the positions that were taken."""
    grad = or_zeros(g, grad, op.outputs[0])
    x = op.inputs[0]
    size, taken = g("Shape", x), g("Shape", op.outputs[1])
    minus = g.constant([-1])
    last = g("GatherV2", size, g("Size", size) - 1, g.constant(0))
    wanted = g("GatherV2", taken, g("Size", taken) - 1, g.constant(0))
    rows = g("Reshape", op.outputs[1], g("Pack", [g.constant(-1), wanted]))
    count = g("GatherV2", g("Shape", rows), g.constant(0), g.constant(0))
    starts = g("Range", g.constant(0), count * last, last)
    rows = g("Cast", rows, DstT=dtypes.int32)
    flat = g("Reshape", rows + g("ExpandDims", starts, g.constant(-1)), minus)
    total = g("ExpandDims", g("Size", x), g.constant(0))
    spread = g("ScatterNd", g("ExpandDims", flat, g.constant(-1)), g("Reshape", grad, minus), total)
    others = (None,) * (len(op.inputs) - 1)
    return g("Reshape", spread, size), *others


top_k_v2.gradient(_top_gradient)
top_k.gradient(_top_gradient)


def _too_few(place: str, n: int, size: int) -> str:
    if n < 0:
        return f"n must be non-negative, got {n}"
    return f"Input must have last dimension > n = {n}, but it is {size}"


@op("NthElement(input: T[...,:], n: int32; reverse: bool = false, T: {real}) -> values: T")
def nth_element(b: Builder, input: Value, n: Value, *, reverse: bool) -> Value:
    """The element that would be at position n of the last dimension in ascending order."""
    shape = b.shape(input)
    require_rank(b, n, 0, "N")
    require(len(shape) >= 1, "Input must be >= 1-D, got shape []")
    size = b.broadcast_to(b.size(shape[-1]), ())
    check_all(
        b,
        b.and_(b.ge(n, 0), b.lt(n, size)),
        f"n must be in [0, {shape[-1]})",
        outside(n, shape[-1], words=_too_few),
    )
    ordered, _ = _descending(b, input)
    place = n if reverse else b.subtract(b.subtract(size, 1), n)
    zero = b.constant(0, dtypes.int32)
    starts = [zero] * (len(shape) - 1) + [place]
    return b.reshape(b.dynamic_slice(ordered, starts, [*shape[:-1], 1]), shape[:-1])


@nth_element.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[0]
    found = g("ExpandDims", op.outputs[0], g.constant(-1))
    indicators = g("Cast", g("Equal", found, x), DstT=grad.dtype)
    count = g("ExpandDims", g("Sum", indicators, g.constant(-1)), g.constant(-1))
    return indicators / count * g("ExpandDims", grad, g.constant(-1)), None


def _in_top(b: Builder, predictions: Value, targets: Value, k: Value) -> Value:
    shape = require_rank(b, predictions, 2, "predictions")
    (rows,) = require_rank(b, targets, 1, "targets")
    require(
        b.assumptions.equal(shape[0], rows),
        f"First dimension of predictions {shape[0]} must match length of targets {rows}",
    )
    shape = b.shape(predictions)
    wide = b.convert(targets, dtypes.int64)
    count = b.broadcast_to(b.size(shape[1], dtypes.int64), b.shape(wide))
    valid = b.and_(b.ge(wide, 0), b.lt(wide, count))
    safe = b.select(valid, wide, b.zeros_like(wide))
    hot = b.eq(b.iota(shape, 1, dtypes.int64), b.broadcast_in_dim(safe, shape, (0,)))
    own = b.reduce_max(b.select(hot, predictions, least(dtypes.float32)), [1])
    own = b.select(b.reduce_or(b.and_(hot, b.ne(predictions, predictions)), [1]), np.nan, own)
    better = b.gt(predictions, b.broadcast_in_dim(own, shape, (0,)))
    number = b.reduce_sum(b.convert(better, dtypes.int64), [1])
    among = b.lt(number, b.broadcast_to(b.convert(k, dtypes.int64), b.shape(number)))
    # A row with a number that is not finite has no ranks.
    finite = b.reduce_and(b.is_finite(predictions), [1])
    own_finite = b.is_finite(own)
    return b.and_(b.and_(valid, among), b.and_(own_finite, b.or_(finite, finite)))


@op(
    "InTopK(predictions: float32[:,:], targets: T[:]; k: int, T: {index} = int32)"
    " -> precision: bool"
)
def in_top_k(b: Builder, predictions: Value, targets: Value, *, k: int) -> Value:
    """Whether the target's prediction is among the k greatest of its row."""
    return _in_top(b, predictions, targets, b.constant(k, dtypes.int64))


@op(
    "InTopKV2(predictions: float32[:,:], targets: T[:], k: T; T: {index} = int32)"
    " -> precision: bool"
)
def in_top_k_v2(b: Builder, predictions: Value, targets: Value, k: Value) -> Value:
    """Whether the target's prediction is among the k greatest of its row."""
    require_rank(b, k, 0, "k")
    return _in_top(b, predictions, targets, k)


# Searches


def _define_search(name: str, direction: str) -> None:
    @op(
        f"{name}(sorted_inputs: T[:,:], values: T[:,:]; T: type, out_type: {{index}} = int32)"
        " -> output: out_type"
    )
    def lower(b: Builder, sorted_inputs: Value, values: Value, *, out_type: DType) -> Value:
        rows, wanted = b.shape(sorted_inputs), b.shape(values)
        require(len(rows) == 2 == len(wanted), "sorted_inputs and values must be 2-dimensional")
        same = b.assumptions.equal(rows[0], wanted[0])
        require(same, "Leading dim_size of both tensors must match.")
        shape = (*b.shape(values), rows[1])
        left = b.broadcast_in_dim(sorted_inputs, shape, (0, 2))
        below = b.compare(left, b.broadcast_in_dim(values, shape, (0, 1)), direction)
        return b.convert(b.reduce_sum(b.convert(below, dtypes.int64), [2]), out_type)


_define_search("LowerBound", "LT")
_define_search("UpperBound", "LE")


@op(
    "Bucketize(input: T; T: {int32, int64, float32, float64}, boundaries: list(float))"
    " -> output: int32"
)
def bucketize(b: Builder, input: Value, *, boundaries: Sequence[float]) -> Value:
    """How many boundaries are not above each element."""
    if any(x > y for x, y in pairwise(boundaries)):
        raise fail("Expected sorted boundaries")
    shape = b.shape(input)
    if not boundaries:
        return b.full(0, shape, dtypes.int32)
    exact = dtypes.float64 if input.type.dtype is not dtypes.float32 else dtypes.float32
    x = b.convert(input, exact)
    whole = (*shape, len(boundaries))
    bounds = b.constant(np.asarray(boundaries, np.float32).astype(exact.numpy))
    ahead = b.lt(
        b.broadcast_in_dim(x, whole, tuple(range(len(shape)))),
        b.broadcast_in_dim(bounds, whole, (len(shape),)),
    )
    # Not "at least the boundary", so that a NaN is beyond all of them.
    return b.reduce_sum(b.convert(b.not_(ahead), dtypes.int32), [len(shape)])


@bucketize.infer
def _(b: Builder, input: Value) -> Value:
    """The input's shape; unsorted boundaries are found when the op runs, as in TensorFlow."""
    return abstract(b, dtypes.int32, *b.shape(input))


# Counts


def _negative(values: Value) -> Evidence:
    return culprit(
        (values,),
        lambda array: array < 0,
        lambda place, array: f"Input arr must be non-negative! arr{at(place)} = {array[place]}",
    )


@op(
    "Bincount(arr: int32, size: int32[], weights: T; T: {int32, int64, float32, float64})"
    " -> bins: T"
)
def bincount(b: Builder, arr: Value, size: Value, weights: Value) -> Value:
    """The sum of weights (or the number) of the elements that are 0, 1, 2 ... below size."""
    (count,) = b.dims(size)
    require(not isinstance(count, int) or count >= 0, f"size ({count}) must be non-negative")
    check_all(b, b.ge(arr, 0), "Input arr must be non-negative!", _negative(arr))
    total = dims.product(b.shape(arr))
    flat = b.reshape(arr, (total,))
    if b.assumptions.equal(dims.product(b.shape(weights)), 0):
        amount = b.full(1, (total,), weights.type.dtype)
    else:
        merge_shapes(b, "Bincount", weights, arr)
        amount = b.reshape(weights, (total,))
    bins = b.full(0, (count,), weights.type.dtype)
    return scatter_rows(b, bins, flat, amount, Builder.add)


@op(
    "DenseBincount(input: Tidx[:?,:?], size: Tidx[], weights: T; Tidx: {index},"
    " T: {int32, int64, float32, float64}, binary_output: bool = false) -> output: T"
)
def dense_bincount(
    b: Builder, input: Value, size: Value, weights: Value, *, binary_output: bool
) -> Value:
    """Bincount of a vector, or of each row; binary_output tells presence alone."""
    shape = b.shape(input)
    require(len(shape) in (1, 2), "Shape must be at most rank 2 but is rank " + str(len(shape)))
    (count,) = b.dims(size)
    require(not isinstance(count, int) or count >= 0, f"size ({count}) must be non-negative")
    check_all(b, b.ge(input, 0), "Input arr must be non-negative!", _negative(input))
    dtype = weights.type.dtype
    is_empty = b.assumptions.equal(dims.product(b.shape(weights)), 0)
    weighted = not is_empty and not binary_output
    if weighted:
        merge_shapes(b, "DenseBincount", weights, input)
    amount = weights if weighted else b.full(1, shape, dtype)
    rows = b.reshape(input, (1, shape[0])) if len(shape) == 1 else input
    amount = b.reshape(amount, b.shape(rows))
    whole = (*b.shape(rows), count)
    hit = b.eq(b.iota(whole, 2, input.type.dtype), b.broadcast_in_dim(rows, whole, (0, 1)))
    spread = b.broadcast_in_dim(amount, whole, (0, 1))
    chosen = b.select(hit, spread, b.zeros_like(spread))
    total = b.reduce_max(chosen, [1]) if binary_output else b.reduce_sum(chosen, [1])
    if binary_output:  # of no element the greatest is no count
        total = b.maximum(total, 0)
    return b.reshape(total, (count,)) if len(shape) == 1 else total


@op(
    "HistogramFixedWidth(values: T, value_range: T[:], nbins: int32[]; T: {int32, int64, float32,"
    " float64}, dtype: {index} = int32) -> out: dtype"
)
def histogram_fixed_width(
    b: Builder, values: Value, value_range: Value, nbins: Value, *, dtype: DType
) -> Value:
    """How many values fall in each of `nbins` equal parts of a range; the ends take the rest."""
    (count,) = b.dims(nbins)
    require(not isinstance(count, int) or count > 0, f"nbins should be a positive number: {count}")
    require(
        b.assumptions.equal_shapes(b.shape(value_range), (2,)),
        f"value_range should be a vector of 2 elements: {show(b.shape(value_range))}",
    )
    total = dims.product(b.shape(values))
    flat = b.convert(b.reshape(values, (total,)), dtypes.float64)
    ends = b.convert(value_range, dtypes.float64)
    low, high = (b.reshape(b.slice_axis(ends, 0, i, i + 1), ()) for i in range(2))
    order = "value_range should satisfy value_range[0] < value_range[1]"
    check_all(
        b,
        b.lt(low, high),
        order,
        Evidence((low, high), (), lambda low, high: f"{order}, but got '[{low}, {high}]'"),
    )
    number = b.convert(b.size(count, dtypes.int64), dtypes.float64)
    step = b.divide(b.subtract(high, low), number)
    shape = b.shape(flat)
    place = b.divide(b.subtract(flat, b.broadcast_to(low, shape)), b.broadcast_to(step, shape))
    last = b.broadcast_to(b.subtract(number, 1), shape)
    index = b.convert(b.minimum(b.maximum(b.floor(place), 0), last), dtypes.int64)
    return scatter_rows(b, b.full(0, (count,), dtype), index, b.full(1, shape, dtype), Builder.add)
