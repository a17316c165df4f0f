"""Rows of several tensors put together at the places that indices name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowc.ir import dims
from flowc.ir.tensor.builder import Builder, DataDependent, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.arrays.scattering import replace, scatter_rows
from flowc.ops.checks import at, first
from flowc.ops.common import Tensors, abstract, fail, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, host_op, op

_LONGEST_ORDER = 1024  # rows of a result that is mostly zeros, for which it is gathered


@op("DynamicStitch(indices: N*int32, data: N*T; N: int >= 1, T: type) -> merged: T")
def dynamic_stitch(b: Builder, indices: list[Value], data: list[Value]) -> Value:
    """The rows of data at the places that indices name; of repeated ones the last."""
    inner = _stitched_inner(b, indices, data)
    known = [b.symbolic(value) for value in indices]
    places: list[int] = []
    for value, contents in zip(indices, known, strict=True):
        if contents is None:
            raise DataDependent(value)
        places.extend(_not_negative(b.static(value)).ravel().tolist())
    rows = [
        b.reshape(d, [dims.product(b.shape(i)), *inner]) for i, d in zip(indices, data, strict=True)
    ]
    joined = b.concatenate(rows, 0)
    count = max(places, default=-1) + 1
    last = {place: row for row, place in enumerate(places)}
    if count > _LONGEST_ORDER + 2 * len(places):
        kept = b.constant(np.array(list(last), np.int32))
        chosen = b.take(joined, b.constant(np.array(list(last.values()), np.int32)))
        return scatter_rows(b, b.full(0, (count, *inner), joined.type.dtype), kept, chosen, replace)
    if len(last) == count == len(places):
        return _permuted(b, joined, [last[place] for place in range(count)])
    found = [last.get(place, -1) for place in range(count)]
    return _permuted(b, joined, found)


def _not_negative(indices: Array) -> Array:
    place = first(indices < 0)
    if place is not None:
        raise fail(f"indices{at(place)} = {indices[place]} is out of range: it is negative")
    return indices


def _stitched_inner(b: Builder, indices: list[Value], data: list[Value]) -> Shape:
    """The shape of one row. Raises InvalidArgumentError where data do not fit indices."""
    inner: Shape | None = None
    for i, (index, value) in enumerate(zip(indices, data, strict=True)):
        outer, shape = b.shape(index), b.shape(value)
        fits = len(shape) >= len(outer) and b.assumptions.equal_shapes(shape[: len(outer)], outer)
        require(
            fits,
            f"data[{i}].shape = {show(shape)} does not start with indices[{i}].shape = "
            f"{show(outer)}",
        )
        rest = shape[len(outer) :]
        require(
            inner is None or b.assumptions.equal_shapes(inner, rest),
            f"Need data[0].shape[{len(outer)}:] = data[{i}].shape[{len(outer)}:]",
        )
        inner = rest
    assert inner is not None
    return inner


def _permuted(b: Builder, rows: Value, order: Sequence[int]) -> Value:
    """Rows in another order, zeros for -1; by slices where few, so that sizes can be followed."""
    if not order:
        return b.slice_axis(rows, 0, 0, 0)
    if list(order) == list(range(len(order))) and b.shape(rows)[0] == len(order):
        return rows
    if len(order) <= 16:
        empty = b.zeros_like(b.slice_axis(rows, 0, 0, 1))
        parts = [empty if i < 0 else b.slice_axis(rows, 0, i, i + 1) for i in order]
        return b.concatenate(parts, 0)
    found = b.take(rows, b.constant(np.maximum(order, 0).astype(np.int32)), 0)
    present = b.constant(np.array([i >= 0 for i in order]))
    kept = b.broadcast_in_dim(present, b.shape(found), (0,))
    return b.select(kept, found, b.zeros_like(found))


@dynamic_stitch.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    count = len(op.inputs) // 2
    values = [g("GatherV2", grad, index, g.constant(0)) for index in op.inputs[:count]]
    return (None,) * count + tuple(values)


# Where the indices depend on data


def _stitch_rows(indices: list[Array], data: list[Array]) -> Array:
    for i, (index, value) in enumerate(zip(indices, data, strict=True)):
        require(
            value.shape[: index.ndim] == index.shape,
            f"data[{i}].shape = {show(value.shape)} does not start with indices[{i}].shape = "
            f"{show(index.shape)}",
        )
    inner = data[0].shape[indices[0].ndim :]
    for i, (index, value) in enumerate(zip(indices, data, strict=True)):
        found = value.shape[index.ndim :]
        require(found == inner, f"rows of data[{i}] have shape {show(found)}, not {show(inner)}")
    size = max((int(i.max()) for i in indices if i.size), default=-1) + 1
    merged = np.zeros((size, *inner), data[0].dtype)
    for index, value in zip(indices, data, strict=True):
        merged[_not_negative(index).reshape(-1)] = value.reshape(index.size, *inner)
    return merged


@host_op("ParallelDynamicStitch(indices: N*int32, data: N*T; N: int >= 1, T: type) -> merged: T")
def parallel_dynamic_stitch(indices: list[Array], data: list[Array]) -> Array:
    """The rows of data at the places that indices name."""
    return _stitch_rows(indices, data)


@parallel_dynamic_stitch.infer
def _(b: Builder, indices: list[Value], data: list[Value]) -> Value:
    inner = b.shape(data[0])[len(b.shape(indices[0])) :]
    return abstract(b, data[0].type.dtype, None, *inner)


@parallel_dynamic_stitch.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    count = len(op.inputs) // 2
    values = [g("GatherV2", grad, index, g.constant(0)) for index in op.inputs[:count]]
    return (None,) * count + tuple(values)
