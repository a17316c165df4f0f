"""Ops whose result's size depends on data: positions, distinct elements, partitions.

They run on the host; the compiled parts before and after take the size as a symbol.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.checks import require_inside
from flowc.ops.common import Tensors, abstract, or_zeros, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, host_op, op


@host_op("Where(input: T; T: {numeric, bool} = bool) -> index: int64")
def where(input: Array) -> Array:
    """The indices of the elements that are true or not zero, one row for each."""
    found = np.argwhere(input).astype(np.int64)
    return found if input.ndim else np.zeros((int(bool(input)), 0), np.int64)


@where.infer
def _(b: Builder, input: Value) -> Value:
    return abstract(b, dtypes.int64, None, len(b.shape(input)))


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


def _axis(x: Array, axis: Array) -> int | None:
    listed = np.ravel(axis).tolist()
    if not listed:
        return None
    require(
        len(listed) == 1 and -x.ndim <= listed[0] < x.ndim,
        f"axis has to be between [{-x.ndim}, {x.ndim}): {listed}",
    )
    return int(listed[0]) % x.ndim


@host_op("Unique(x: T[:]; T: type, out_idx: {index} = int32) -> y: T, idx: out_idx")
def unique(x: Array, *, out_idx: DType) -> tuple[Array, Array]:
    """The distinct elements in order of appearance, and the number of each element's one."""
    y, group, _ = _unique(x, None)
    return y, group.astype(out_idx.numpy)


@unique.infer
def _(b: Builder, x: Value, *, out_idx: DType) -> tuple[Value, ...]:
    return abstract(b, x.type.dtype, None), abstract(b, out_idx, *b.shape(x))


@host_op(
    "UniqueV2(x: T, axis: Taxis[:]; T: type, Taxis: {index} = int64, out_idx: {index} = int32)"
    " -> y: T, idx: out_idx"
)
def unique_v2(x: Array, axis: Array, *, out_idx: DType) -> tuple[Array, Array]:
    """The distinct slices along an axis, and the number of each slice's one."""
    y, group, _ = _unique(x, _axis(x, axis))
    return y, group.astype(out_idx.numpy)


@host_op(
    "UniqueWithCounts(x: T; T: type, out_idx: {index} = int32) -> y: T, idx: out_idx,"
    " count: out_idx"
)
def unique_with_counts(x: Array, *, out_idx: DType) -> tuple[Array, Array, Array]:
    """Unique, and how often each distinct element appears."""
    y, group, count = _unique(x, None)
    return y, group.astype(out_idx.numpy), count.astype(out_idx.numpy)


@unique_with_counts.infer
def _(b: Builder, x: Value, *, out_idx: DType) -> tuple[Value, ...]:
    y = abstract(b, x.type.dtype, None)
    return y, abstract(b, out_idx, *b.shape(x)), abstract(b, out_idx, *b.shape(y))


@host_op(
    "UniqueWithCountsV2(x: T, axis: Taxis[:]; T: type, Taxis: {index} = int64,"
    " out_idx: {index} = int32) -> y: T, idx: out_idx, count: out_idx"
)
def unique_with_counts_v2(x: Array, axis: Array, *, out_idx: DType) -> tuple[Array, Array, Array]:
    """UniqueV2, and how often each distinct slice appears."""
    y, group, count = _unique(x, _axis(x, axis))
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


@host_op(
    "DynamicPartition(data: T, partitions: int32; num_partitions: int >= 1, T: type)"
    " -> outputs: num_partitions*T"
)
def dynamic_partition(data: Array, partitions: Array, *, num_partitions: int) -> list[Array]:
    """The rows of data by the partition that each belongs to."""
    depth = partitions.ndim
    require(
        data.shape[:depth] == partitions.shape,
        f"data.shape must start with partitions.shape, got data.shape = {show(data.shape)}, "
        f"partitions.shape = {show(partitions.shape)}",
    )
    require_inside(partitions, num_partitions, "partitions")
    numbers = partitions.reshape(-1)
    rows = data.reshape(len(numbers), *data.shape[depth:])
    return [rows[numbers == i] for i in range(num_partitions)]


@dynamic_partition.infer
def _(b: Builder, data: Value, partitions: Value, *, num_partitions: int) -> list[Value]:
    inner = b.shape(data)[len(b.shape(partitions)) :]
    return [abstract(b, data.type.dtype, None, *inner) for _ in range(num_partitions)]


@dynamic_partition.gradient
def _(g: GraphBuilder, op: Operation, *grads: Tensor) -> Tensors:
    data, partitions = op.inputs
    count, zero = op.get_attr("num_partitions"), g.constant(0)
    line = g("Range", zero, g("Size", partitions), g.constant(1))
    original = g("Reshape", line, g("Shape", partitions))
    places = g("DynamicPartition", original, partitions, num_partitions=count)
    values = [or_zeros(g, grad, out) for grad, out in zip(grads, op.outputs, strict=True)]
    joined = g("ParallelDynamicStitch", places, values)
    return g("Reshape", joined, g("Shape", data)), None
