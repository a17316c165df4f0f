"""Sums and means of rows that are chosen by index, by sorted segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, accumulator, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.arrays.scattering import scatter_rows
from flowc.ops.arrays.segments import bad_segment, check_increasing, segment_count
from flowc.ops.checks import at, check_bounds, first
from flowc.ops.common import Tensors, abstract, fail, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, host_op, op

_INDICES = "Tidx: {index} = int32, Tsegmentids: {index} = int32"


def _sizes(b: Builder, kind: str, ids: Value, count: Dim, data: Value) -> Value:
    """What the sum of each segment is divided by, as a float type."""
    ones = b.full(1, b.shape(ids), data.type.dtype)
    start = b.full(0, (count,), data.type.dtype)
    sizes = b.maximum(scatter_rows(b, start, ids, ones, Builder.add), 1)
    return b.sqrt(sizes) if kind == "SqrtN" else sizes


def _bad_index(place: str, index: int, limit: int) -> str:
    return f"Bad: indices{place} == {index} out of range [0, {limit})"


def _reduce(b: Builder, kind: str, data: Value, indices: Value, ids: Value, count: Dim) -> Value:
    """The segments of the rows `indices` of data; empty segments are 0."""
    require(len(b.shape(data)) >= 1, "data must be at least 1-D")
    (rows,) = require_rank(b, indices, 1, "indices")
    (length,) = require_rank(b, ids, 1, "segment_ids")
    require(b.assumptions.equal(rows, length), "segment_ids and indices should have same size.")
    ids = b.reshape(ids, (rows,))
    limit = b.shape(data)[0]
    check_bounds(b, indices, limit, words=_bad_index)
    wide = b.convert(data, accumulator(data.type.dtype))
    start = b.full(0, (count, *b.shape(data)[1:]), wide.type.dtype)
    if limit == 0:
        return b.convert(start, data.type.dtype)
    total = scatter_rows(b, start, ids, b.take(wide, indices), Builder.add)
    if kind != "Sum":
        sizes = _sizes(b, kind, ids, count, wide)
        total = b.divide(total, b.broadcast_in_dim(sizes, b.shape(total), (0,)))
    return b.convert(total, data.type.dtype)


def _define(kind: str) -> None:
    name = f"SparseSegment{kind}"
    types = "T: {real}" if kind == "Sum" else "T: {float}"

    @op(
        f"{name}(data: T[...,:], indices: Tidx[:], segment_ids: Tsegmentids[:]; {types},"
        f" {_INDICES},"
        " sparse_gradient: bool = false) -> output: T"
    )
    def lower(b: Builder, data: Value, indices: Value, segment_ids: Value) -> Value:
        return _reduce(b, kind, data, indices, segment_ids, segment_count(b, segment_ids))

    @op(
        f"{name}WithNumSegments(data: T[...,:], indices: Tidx[:], segment_ids: Tsegmentids[:],"
        f" num_segments: Tnumsegments[]; {types}, {_INDICES}, Tnumsegments: {{index}} = int32,"
        " sparse_gradient: bool = false) -> output: T"
    )
    def lower_counted(
        b: Builder, data: Value, indices: Value, segment_ids: Value, num_segments: Value
    ) -> Value:
        require_rank(b, num_segments, 0, "num_segments")
        (count,) = b.dims(num_segments)
        require(not isinstance(count, int) or count >= 0, f"num_segments is negative: {count}")
        _check_ids(b, segment_ids, count)
        return _reduce(b, kind, data, indices, segment_ids, count)

    def gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        data, indices, ids, *others = op.inputs
        rows = g(
            "StridedSlice",
            g("Shape", data),
            *(g.constant([i]) for i in (0, 1, 1)),
            shrink_axis_mask=1,
        )
        slope = g(f"{name}Grad", grad, indices, ids, rows)
        return slope, None, None, *(None for _ in others)

    lower.gradient(gradient)
    lower_counted.gradient(gradient)


def _check_ids(b: Builder, ids: Value, count: Dim) -> None:
    (size,) = require_rank(b, ids, 1, "segment_ids")
    check_bounds(b, ids, count, "segment_ids", bad_segment)
    if size != 0:
        check_increasing(b, ids)


def _define_gradient(kind: str) -> None:
    @op(
        f"SparseSegment{kind}Grad(grad: T[...,:], indices: Tidx[:], segment_ids: Tsegmentids[:],"
        f" output_dim0: int32[]; T: {{float}}, {_INDICES}) -> output: T"
    )
    def lower(
        b: Builder, grad: Value, indices: Value, segment_ids: Value, output_dim0: Value
    ) -> Any:
        """Each segment's gradient, divided like its sum, added to the rows that it was made of."""
        (rows,) = b.dims(output_dim0)
        segments = b.shape(grad)[0]
        segment_ids = b.reshape(segment_ids, b.shape(indices))
        check_bounds(b, indices, rows, words=_bad_index)
        check_bounds(b, segment_ids, segments, "segment_ids", bad_segment)
        wide = b.convert(grad, accumulator(grad.type.dtype))
        start = b.full(0, (rows, *b.shape(grad)[1:]), wide.type.dtype)
        if segments == 0:
            return b.convert(start, grad.type.dtype)
        if kind != "Sum":
            sizes = _sizes(b, kind, segment_ids, segments, wide)
            wide = b.divide(wide, b.broadcast_in_dim(sizes, b.shape(wide), (0,)))
        total = scatter_rows(b, start, indices, b.take(wide, segment_ids), Builder.add)
        return b.convert(total, grad.type.dtype)


def _define_compact_gradient(kind: str) -> None:
    @host_op(
        f"SparseSegment{kind}GradV2(grad: T[...,:], indices: Tidx[:], segment_ids: Tsegmentids[:],"
        f" dense_output_dim0: int32[]; T: {{float}}, {_INDICES})"
        " -> output: T, sorted_unique_indices: Tidx"
    )
    def kernel(
        grad: Array, indices: Array, segment_ids: Array, dense_output_dim0: Array
    ) -> tuple[Array, Array]:
        """The rows of the gradient that are not zero, and which they are."""
        require(grad.ndim >= 1, "grad must be at least a vector")
        require(
            indices.ndim == 1 and indices.shape == segment_ids.shape,
            f"segment_ids and indices should have same size: {show(segment_ids.shape)} and "
            f"{show(indices.shape)}",
        )
        rows, segments = int(dense_output_dim0), len(grad)
        for what, found, limit in (("Index", indices, rows), ("Segment id", segment_ids, segments)):
            place = first((found < 0) | (found >= limit))
            if place is not None:
                raise fail(f"{what} {found[place]} at {at(place)} out of range [0, {limit})")
        unique, places = np.unique(indices, return_inverse=True)
        wide = grad.astype(np.float64)
        if kind != "Sum":
            counts = np.bincount(segment_ids, minlength=segments).astype(np.float64)
            sizes = np.maximum(counts, 1) if kind == "Mean" else np.sqrt(np.maximum(counts, 1))
            wide /= sizes.reshape(-1, *(1,) * (grad.ndim - 1))
        total = np.zeros((len(unique), *grad.shape[1:]))
        np.add.at(total, places, wide[segment_ids])
        return total.astype(grad.dtype), unique.astype(indices.dtype)

    @kernel.infer
    def _(
        b: Builder, grad: Value, indices: Value, ids: Value, rows: Value, *, T: DType, Tidx: DType
    ) -> tuple[Value, Value]:
        return abstract(b, T, None, *b.shape(grad)[1:]), abstract(b, Tidx, None)

    kernel.not_differentiable()


for _kind in ("Sum", "Mean", "SqrtN"):
    _define(_kind)
    _define_gradient(_kind)
    _define_compact_gradient(_kind)
