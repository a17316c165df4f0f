"""Ops whose result's size depends on data: positions, distinct elements, partitions.

Compiled code counts: the result is the beginning of a buffer of the largest size, and the count a
symbol from there on (`ir/tensor/primitives/counting.py`).
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import product
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, NotCompilable, UnknownShape, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.arrays.scans import scan
from flowc.ops.arrays.scattering import replace, scatter_rows
from flowc.ops.arrays.sorting import is_greater
from flowc.ops.checks import check_bounds, require_inside
from flowc.ops.common import Tensors, abstract, is_abstract, or_zeros, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


@op("Where(input: T; T: {numeric, bool} = bool) -> index: int64")
def where(b: Builder, input: Value) -> Value:
    """The indices of the elements that are true or not zero, one row for each."""
    shape = b.shape(input)
    positions = b.places(is_true(b, input))
    (count,) = b.shape(positions)
    columns = [b.reshape(i, (count, 1)) for i in delinearized(b, positions, shape)]
    return b.concatenate(columns, 1) if columns else b.full(0, (count, 0), dtypes.int64)


def is_true(b: Builder, x: Value) -> Value:
    """Bool: not zero; NaN is not zero."""
    return x if x.type.dtype.is_bool else b.compare(x, b.zeros_like(x), "NE")


def delinearized(b: Builder, positions: Value, shape: Shape) -> list[Value]:
    """The index along each axis of positions in a tensor's elements."""
    indices: list[Value] = []
    for size in reversed(shape[1:]):
        extent = b.broadcast_to(b.size(size, positions.type.dtype), b.shape(positions))
        indices.append(b.remainder(positions, extent))
        positions = b.divide(positions, extent)
    return [positions, *reversed(indices)] if shape else []


def distinct(values: Array) -> tuple[list[int], Array, Array]:
    """Positions of first occurrences, the number of each element's group, and group sizes."""
    numbers: dict[Hashable, int] = {}
    first: list[int] = []
    group = np.empty(len(values), np.int64)
    for i, value in enumerate(_keys(values)):
        if value not in numbers:
            numbers[value] = len(first)
            first.append(i)
        group[i] = numbers[value]
    return first, group, np.bincount(group, minlength=len(first))


def _keys(values: Array) -> list[Hashable]:
    """Something hashable for each row."""
    if values.ndim == 1:
        return list(values.tolist())
    return [row.tobytes() for row in np.ascontiguousarray(values)]


def _unique(x: Array, axis: int | None) -> tuple[Array, Array, Array]:
    if axis is None:
        require(x.ndim == 1, f"unique expects a 1D vector, got shape {show(x.shape)}")
    rows = np.moveaxis(x, axis or 0, 0)
    first, group, count = distinct(rows)
    return np.moveaxis(rows[first], 0, axis or 0), group, count


def _axis(rank: int, axis: Array) -> int | None:
    listed = np.ravel(axis).tolist()
    if not listed:
        return None
    require(
        len(listed) == 1 and -rank <= listed[0] < rank,
        f"axis has to be between [{-rank}, {rank}): {listed}",
    )
    return int(listed[0]) % rank


def _compiled_unique(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """The distinct elements of a vector in order of appearance, their numbers and counts (int64).

    Equal elements stand together in a sorted vector, in the order of their positions. A NaN is
    equal to nothing.
    """
    shape = b.shape(x)
    require(len(shape) == 1, f"unique expects a 1D vector, got shape {show(shape)}")
    if is_abstract(b):
        y, count = abstract(b, x.type.dtype, None), abstract(b, dtypes.int64, None)
        return y, abstract(b, dtypes.int64, *shape), count
    line = b.iota(shape, 0, dtypes.int64)
    if shape == (0,):
        return x, line, line
    ordered, places = b.sort([x, line], 0, lambda left, right, *_: is_greater(b, right, left))
    earlier = b.take(ordered, b.maximum(b.subtract(line, 1), 0))
    begins = b.or_(b.ne(ordered, earlier), b.eq(line, 0))
    starts, count = b.true_positions(begins)
    size = b.measure(count, shape[0])
    firsts = b.take(places, b.slice_axis(starts, 0, 0, size))  # where each appears first
    appears = b.full(False, shape, dtypes.bool_)
    appears = scatter_rows(b, appears, firsts, b.full(True, (size,), dtypes.bool_), replace)
    kept = b.slice_axis(b.true_positions(appears)[0], 0, 0, size)
    number = b.full(0, shape, dtypes.int64)
    number = scatter_rows(b, number, kept, b.iota((size,), 0, dtypes.int64), replace)
    run = scan(b, b.convert(begins, dtypes.int64), 0, 0, b.add, exclusive=False, reverse=False)
    found = b.take(number, b.take(firsts, b.subtract(run, 1)))
    group = scatter_rows(b, b.full(0, shape, dtypes.int64), places, found, replace)
    counts = b.full(0, (size,), dtypes.int64)
    counts = scatter_rows(b, counts, group, b.full(1, shape, dtypes.int64), Builder.add)
    return b.take(x, kept), group, counts


def _along(b: Builder, x: Value, axis: Value) -> tuple[Value, Value, Value]:
    rank = len(b.shape(x))
    if _axis(rank, b.static(axis)) is None or rank == 1:
        return _compiled_unique(b, x)
    if is_abstract(b):
        raise UnknownShape
    raise NotCompilable("distinct rows are found by their bytes")


@op("Unique(x: T[:]; T: type, out_idx: {index} = int32) -> y: T, idx: out_idx")
def unique(b: Builder, x: Value, *, out_idx: DType) -> tuple[Value, Value]:
    """The distinct elements in order of appearance, and the number of each element's one."""
    y, group, _ = _compiled_unique(b, x)
    return y, b.convert(group, out_idx)


@unique.on_host
def _(x: Array, *, out_idx: DType) -> tuple[Array, Array]:
    y, group, _ = _unique(x, None)
    return y, group.astype(out_idx.numpy)


@op(
    "UniqueV2(x: T, axis: Taxis[:]; T: type, Taxis: {index} = int64, out_idx: {index} = int32)"
    " -> y: T, idx: out_idx"
)
def unique_v2(b: Builder, x: Value, axis: Value, *, out_idx: DType) -> tuple[Value, Value]:
    """The distinct slices along an axis, and the number of each slice's one."""
    y, group, _ = _along(b, x, axis)
    return y, b.convert(group, out_idx)


@unique_v2.on_host
def _(x: Array, axis: Array, *, out_idx: DType) -> tuple[Array, Array]:
    y, group, _ = _unique(x, _axis(x.ndim, axis))
    return y, group.astype(out_idx.numpy)


@op(
    "UniqueWithCounts(x: T; T: type, out_idx: {index} = int32) -> y: T, idx: out_idx,"
    " count: out_idx"
)
def unique_with_counts(b: Builder, x: Value, *, out_idx: DType) -> tuple[Value, Value, Value]:
    """Unique, and how often each distinct element appears."""
    y, group, count = _compiled_unique(b, x)
    return y, b.convert(group, out_idx), b.convert(count, out_idx)


@unique_with_counts.on_host
def _(x: Array, *, out_idx: DType) -> tuple[Array, Array, Array]:
    y, group, count = _unique(x, None)
    return y, group.astype(out_idx.numpy), count.astype(out_idx.numpy)


@op(
    "UniqueWithCountsV2(x: T, axis: Taxis[:]; T: type, Taxis: {index} = int64,"
    " out_idx: {index} = int32) -> y: T, idx: out_idx, count: out_idx"
)
def unique_with_counts_v2(
    b: Builder, x: Value, axis: Value, *, out_idx: DType
) -> tuple[Value, Value, Value]:
    """UniqueV2, and how often each distinct slice appears."""
    y, group, count = _along(b, x, axis)
    return y, b.convert(group, out_idx), b.convert(count, out_idx)


@unique_with_counts_v2.on_host
def _(x: Array, axis: Array, *, out_idx: DType) -> tuple[Array, Array, Array]:
    y, group, count = _unique(x, _axis(x.ndim, axis))
    return y, group.astype(out_idx.numpy), count.astype(out_idx.numpy)


@op("ListDiff(x: T[:], y: T[:]; T: type, out_idx: {index} = int32) -> out: T, idx: out_idx")
def list_diff(b: Builder, x: Value, y: Value, *, out_idx: DType) -> tuple[Value, Value]:
    """The elements of x that are not in y, in order, and their positions.

    Mostly these are axes, known when the code is made; so it is compiled for their values.
    """
    out, places = list_difference(b.static(x), b.static(y), out_idx=out_idx)
    return b.constant(out), b.constant(places)


@list_diff.on_host
def list_difference(x: Array, y: Array, *, out_idx: DType) -> tuple[Array, Array]:
    """The same on arrays."""
    for name, value in (("x", x), ("y", y)):
        require(value.ndim == 1, f"{name} should be a 1D vector.")
    absent = set(y.tolist())
    kept = [i for i, value in enumerate(x.tolist()) if value not in absent]
    return x[kept], np.array(kept, out_idx.numpy)


# Partitions


@op(
    "DynamicPartition(data: T, partitions: int32; num_partitions: int >= 1, T: type)"
    " -> outputs: num_partitions*T"
)
def dynamic_partition(
    b: Builder, data: Value, partitions: Value, *, num_partitions: int
) -> list[Value]:
    """The rows of data by the partition that each belongs to."""
    shape, outer = b.shape(data), b.shape(partitions)
    fits = len(shape) >= len(outer) and b.assumptions.equal_shapes(shape[: len(outer)], outer)
    _require_rows(fits, shape, outer)
    check_bounds(b, partitions, num_partitions, "partitions")
    count = product(outer)
    numbers = b.reshape(partitions, (count,))
    rows = b.reshape(data, (count, *shape[len(outer) :]))
    if count == 0:
        return [rows] * num_partitions
    return [b.take(rows, b.places(b.eq(numbers, i))) for i in range(num_partitions)]


def _require_rows(fits: bool, data: Shape, partitions: Shape) -> None:
    require(
        fits,
        f"data.shape must start with partitions.shape, got data.shape = {show(data)}, "
        f"partitions.shape = {show(partitions)}",
    )


@dynamic_partition.on_host
def _(data: Array, partitions: Array, *, num_partitions: int) -> list[Array]:
    depth = partitions.ndim
    _require_rows(data.shape[:depth] == partitions.shape, data.shape, partitions.shape)
    require_inside(partitions, num_partitions, "partitions")
    numbers = partitions.reshape(-1)
    rows = data.reshape(len(numbers), *data.shape[depth:])
    return [rows[numbers == i] for i in range(num_partitions)]


@dynamic_partition.gradient
def _(g: GraphBuilder, op: Operation, *grads: Tensor) -> Tensors:
    data, partitions = op.inputs
    count, zero = op.get_attr("num_partitions"), g.constant(0)
    line = g("Range", zero, g("Size", partitions), g.constant(1))
    original = g("Reshape", line, g("Shape", partitions))
    places = g("DynamicPartition", original, partitions, num_partitions=count)
    values = [or_zeros(g, grad, out) for grad, out in zip(grads, op.outputs, strict=True)]
    if count > 1:
        places, values = ([g("ConcatV2", parts, zero)] for parts in (places, values))
    rows = g("UnsortedSegmentSum", *values, *places, g("Size", partitions))  # one for each
    return g("Reshape", rows, g("Shape", data)), None
