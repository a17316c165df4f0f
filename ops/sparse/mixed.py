"""Sparse tensors (indices, values, shape) with dense ones: conversions, products, reductions.

What only rearranges the indices, or whose number of values depends on data, is in
`sparse_structure`, rows by segment in `sparse_segments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim, product
from flowc.ir.tensor.builder import Builder, least, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.arrays.scattering import Combine, replace, scatter_nd, scatter_rows
from flowc.ops.checks import Array, Place, at, check_all, culprit, listed
from flowc.ops.common import Tensors, conj, conjugate, fail, normalize_axis, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


def column(b: Builder, indices: Value, number: int) -> Value:
    """One coordinate of each index."""
    return b.squeeze(b.slice_axis(indices, 1, number, number + 1), 1)


def positions(b: Builder, indices: Value, sizes: Sequence[Dim], axes: Sequence[int]) -> Value:
    """The row-major position of each index among those axes."""
    total = b.full(0, (b.shape(indices)[0],), dtypes.int64)
    for axis in axes:
        size = b.broadcast_to(b.size(sizes[axis], dtypes.int64), b.shape(total))
        total = b.add(b.multiply(total, size), b.convert(column(b, indices, axis), dtypes.int64))
    return total


def _checked(b: Builder, indices: Value, values: Value, sizes: Shape) -> Value:
    """The values, one for each index; fails the step unless every index lies in the shape."""
    shape = require_rank(b, indices, 2, "indices")
    require(
        b.assumptions.equal(shape[1], len(sizes)),
        f"indices of {shape[1]} coordinates do not fit shape {show(sizes)}",
    )
    evidence = culprit((indices,), _outside, _out_of_bounds, sizes)
    for axis, size in enumerate(sizes):
        coordinate = column(b, indices, axis)
        bound = b.broadcast_to(b.size(size, coordinate.type.dtype), b.shape(coordinate))
        inside = b.and_(b.ge(coordinate, 0), b.lt(coordinate, bound))
        check_all(b, inside, f"index out of bounds of shape {show(sizes)}", evidence)
    count, found = shape[0], require_rank(b, values, 1, "values")[0]
    require(b.assumptions.equal(count, found), f"{found} values for {count} indices")
    return b.reshape(values, (count,))


def _outside(indices: Array, *sizes: int) -> Any:
    return np.any((indices < 0) | (indices >= np.array(sizes, np.int64)), axis=-1)


def _out_of_bounds(place: Place, indices: Array, *sizes: int) -> str:
    return (
        f"indices{at(place)} = {listed(indices[place])} is out of bounds: need 0 <= index < "
        f"{listed(sizes)}"
    )


def _out_of_order(place: Place, before: Array, after: Array, indices: Array) -> str:
    number = place[0] + 1
    what = f"indices[{number}] = {listed(indices[number])}"
    if before[place] == after[place]:
        return f"{what} is repeated"
    return f"{what} is out of order. Many sparse ops require sorted indices."


# To dense tensors


@op(
    "SparseToDense(sparse_indices: Tindices, output_shape: Tindices[:], sparse_values: T,"
    " default_value: T; validate_indices: bool = true, T: type, Tindices: {index}) -> dense: T"
)
def sparse_to_dense(
    b: Builder,
    sparse_indices: Value,
    output_shape: Value,
    sparse_values: Value,
    default_value: Value,
    *,
    validate_indices: bool,
) -> Value:
    """A tensor of default values but for the values at the indices."""
    sizes = b.dims(output_shape)
    indices = _as_matrix(b, sparse_indices)
    count = b.shape(indices)[0]
    require(len(b.shape(default_value)) == 0, "default_value should be a scalar.")
    given = b.shape(sparse_values)
    fits = len(given) <= 1 and b.assumptions.equal_shapes(given, (count,)[: len(given)])
    require(fits, f"sparse_values has incorrect shape {show(given)}, should be [] or [{count}]")
    values = b.broadcast_to(sparse_values, (count,))
    values = _checked(b, indices, values, sizes)
    if validate_indices and count != 0:
        place = positions(b, indices, sizes, range(len(sizes)))
        before, after = b.slice_axis(place, 0, 0, count - 1), b.slice_axis(place, 0, 1, count)
        evidence = culprit(
            (before, after, indices), lambda before, after, _: before >= after, _out_of_order
        )
        check_all(b, b.lt(before, after), "indices are out of order or repeated", evidence)
    start = b.broadcast_to(default_value, sizes)
    return scatter_nd(b, start, indices, values, replace)


def _as_matrix(b: Builder, indices: Value) -> Value:
    shape = b.shape(indices)
    require(
        len(shape) <= 2, f"sparse_indices should be a scalar, vector, or matrix, got {show(shape)}"
    )
    return indices if len(shape) == 2 else b.reshape(indices, (product(shape), 1))


@sparse_to_dense.on_host
def _(indices: Array, shape: Array, values: Array, default: Array, **_: Any) -> Array:
    dense = np.full(tuple(shape.tolist()), default.item(), values.dtype)
    table = indices.reshape(indices.shape[0] if indices.ndim else 1, -1)
    if np.any((table < 0) | (table >= shape)):
        raise fail(f"an index is out of bounds of shape {shape.tolist()}")
    dense[tuple(table.T)] = values
    return dense


@sparse_to_dense.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    values = g("GatherNd", grad, op.inputs[0])
    every = [g("Range", g.constant(0), g("Rank", t), g.constant(1)) for t in (grad, values)]
    return None, None, values, g("Sum", grad, every[0]) - g("Sum", values, every[1])


@op(
    "SparseTensorDenseAdd(a_indices: Tindices[:,:], a_values: T[:], a_shape: Tindices[:], b: T;"
    " T: {numeric}, Tindices: {index}) -> output: T"
)
def sparse_tensor_dense_add(
    b: Builder, a_indices: Value, a_values: Value, a_shape: Value, dense: Value
) -> Value:
    """The sum of a sparse and a dense tensor of one shape."""
    sizes = b.dims(a_shape)
    require(
        b.assumptions.equal_shapes(sizes, b.shape(dense)),
        f"Dimensions of operands must be equal: {show(sizes)} and {show(b.shape(dense))}",
    )
    values = _checked(b, a_indices, a_values, sizes)
    return scatter_nd(b, dense, a_indices, values, Builder.add)


@sparse_tensor_dense_add.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return None, g("GatherNd", grad, op.inputs[0]), None, grad


# Products


@op(
    "SparseTensorDenseMatMul(a_indices: Tindices[:,:], a_values: T[:], a_shape: int64[:],"
    " b: T[:,:]; T: type,"
    " Tindices: {index} = int64, adjoint_a: bool = false, adjoint_b: bool = false) -> product: T"
)
def sparse_tensor_dense_matmul(
    b: Builder,
    a_indices: Value,
    a_values: Value,
    a_shape: Value,
    dense: Value,
    *,
    adjoint_a: bool,
    adjoint_b: bool,
) -> Value:
    """The product of a sparse and a dense matrix: rows of the dense one, scaled and added."""
    sizes = b.dims(a_shape)
    require(len(sizes) == 2, f"Tensor 'a_shape' must have 2 elements, got {len(sizes)}")
    require_rank(b, dense, 2, "b")
    values = _checked(b, a_indices, a_values, sizes)
    rows, columns = (column(b, a_indices, i) for i in ((1, 0) if adjoint_a else (0, 1)))
    height, inner = sizes[::-1] if adjoint_a else sizes
    factor = conjugate(b, values) if adjoint_a else values
    matrix = conjugate(b, b.transpose(dense, (1, 0))) if adjoint_b else dense
    require(
        b.assumptions.equal(inner, b.shape(matrix)[0]),
        f"Cannot multiply A and B because inner dimension does not match: {inner} vs. "
        f"{b.shape(matrix)[0]}.  Did you forget a transpose?",
    )
    width = b.shape(matrix)[1]
    start = b.full(0, (height, width), dense.type.dtype)
    if inner == 0:
        return start
    scaled = b.take(matrix, columns)
    scaled = b.multiply(scaled, b.broadcast_in_dim(factor, b.shape(scaled), (0,)))
    return scatter_rows(b, start, rows, scaled, Builder.add)


@sparse_tensor_dense_matmul.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    indices, values, shape, b = op.inputs
    adjoint_a, adjoint_b = op.get_attr("adjoint_a"), op.get_attr("adjoint_b")
    swap = g.constant([1, 0])
    dense = g("SparseTensorDenseMatMul", indices, values, shape, grad, adjoint_a=not adjoint_a)
    if adjoint_b:
        dense = conj(g, g("Transpose", dense, swap))
        b = conj(g, g("Transpose", b, swap))
    rows, columns = (g("GatherV2", indices, g.constant(i), g.constant(1)) for i in (0, 1))
    if adjoint_a:
        rows, columns = columns, rows
    ours = g("GatherV2", grad, rows, g.constant(0))
    theirs = g("GatherV2", b, columns, g.constant(0))
    pair = (conj(g, ours), theirs) if adjoint_a else (ours, conj(g, theirs))
    return None, g("Sum", pair[0] * pair[1], g.constant([1])), None, dense


# Elementwise with a dense tensor


def _at(b: Builder, indices: Value, sizes: Shape, dense: Value) -> Value:
    """The elements of `dense`, broadcast to the sparse shape, at the indices."""
    shape, skipped = b.shape(dense), len(sizes) - len(b.shape(dense))
    require(
        skipped >= 0,
        f"SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: "
        f"{show(sizes)} vs. {show(shape)}",
    )
    wide = [axis for axis, size in enumerate(shape) if not b.assumptions.equal(size, 1)]
    for axis in wide:
        require(
            b.assumptions.equal(shape[axis], sizes[axis + skipped]),
            f"dense.shape {show(shape)} does not broadcast to sparse.shape {show(sizes)}",
        )
    place = positions(b, indices, sizes, [axis + skipped for axis in wide])
    return b.take(b.reshape(dense, (product(shape),)), place)


def _define_elementwise(name: str, combine: Combine) -> None:
    @op(
        f"SparseDenseCwise{name}(sp_indices: int64[:,:], sp_values: T[:],"
        f" sp_shape: int64[:], dense: T;"
        " T: {numeric}) -> output: T"
    )
    def lower(
        b: Builder, sp_indices: Value, sp_values: Value, sp_shape: Value, dense: Value
    ) -> Value:
        sizes = b.dims(sp_shape)
        values = _checked(b, sp_indices, sp_values, sizes)
        return combine(b, values, _at(b, sp_indices, sizes, dense))

    @lower.gradient
    def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        if name == "Add":
            raise NotImplementedError("SparseDenseCwiseAdd has no gradient")
        return _elementwise_gradient(g, op, grad, name)


def _elementwise_gradient(g: GraphBuilder, op: Operation, grad: Tensor, name: str) -> Tensors:
    indices, values, shape, y = op.inputs
    y_shape = g("Shape", y, out_type=dtypes.int64)
    added = g("ExpandDims", g("Size", shape) - g("Size", y_shape), g.constant(0))
    ones = g("Fill", added, g.constant(1, dtypes.int64))
    scaling = g("FloorDiv", shape, g("ConcatV2", [ones, y_shape], g.constant(0)))
    begin = g("ConcatV2", [g.constant([0]), added], g.constant(0))
    scaled = g("Slice", g("FloorDiv", indices, scaling), begin, g.constant([-1, -1]))
    dense = g("GatherNd", y, scaled)
    if name == "Mul":
        by_x, by_y = grad * dense, grad * values
    else:
        by_x, by_y = grad / dense, grad * (-values / g("Square", dense))
    total = g("SparseTensorDenseAdd", scaled, by_y, y_shape, g("ZerosLike", y))
    return None, by_x, None, total


for _name, _combine in {"Add": Builder.add, "Mul": Builder.multiply, "Div": Builder.divide}.items():
    _define_elementwise(_name, _combine)


# Reductions


def _define_reduction(name: str, types: str) -> None:
    @op(
        f"SparseReduce{name}(input_indices: int64[:,:], input_values: T[:], input_shape: int64[:],"
        f" reduction_axes: int32[:?]; keep_dims: bool = false, T: {types}) -> output: T"
    )
    def lower(
        b: Builder,
        input_indices: Value,
        input_values: Value,
        input_shape: Value,
        reduction_axes: Value,
        *,
        keep_dims: bool,
    ) -> Value:
        sizes = b.dims(input_shape)
        axes = [normalize_axis(int(a), len(sizes)) for a in b.static(reduction_axes).ravel()]
        kept = [axis for axis in range(len(sizes)) if axis not in axes]
        values = _checked(b, input_indices, input_values, sizes)
        place = positions(b, input_indices, sizes, kept)
        total = _grouped(b, name, place, values, product([sizes[axis] for axis in kept]))
        shape = [1 if a in axes else d for a, d in enumerate(sizes) if keep_dims or a in kept]
        return b.reshape(total, shape)

    if name == "Sum":
        lower.gradient(_sum_gradient)


def _grouped(b: Builder, name: str, place: Value, values: Value, count: Dim) -> Value:
    """The sum or maximum of the values at each place; 0 where there is none."""
    zeros = b.full(0, (count,), values.type.dtype)
    if name == "Sum":
        return scatter_rows(b, zeros, place, values, Builder.add)
    lowest = b.full(least(values.type.dtype), (count,), values.type.dtype)
    most = scatter_rows(b, lowest, place, values, Builder.maximum)
    never, ever = b.full(False, (count,), dtypes.bool_), b.full(True, b.shape(place), dtypes.bool_)
    return b.select(scatter_rows(b, never, place, ever, Builder.or_), most, zeros)


def _sum_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    indices, _, shape, axes = op.inputs
    ones = _kept_shape(g, shape, axes)
    scale = g("FloorDiv", shape, g("Cast", ones, DstT=dtypes.int64))
    found = g("GatherNd", g("Reshape", grad, ones), g("FloorDiv", indices, scale))
    return None, found, None, None


def _kept_shape(g: GraphBuilder, shape: Tensor, axes: Tensor) -> Any:
    """The shape with 1 for the reduced axes."""
    rank = g("Size", shape)
    chosen = g("FloorMod", axes + rank, rank)
    every = g("Range", g.constant(0), rank, g.constant(1))
    ones = g("Fill", g("Shape", chosen), g.constant(1))
    return g("DynamicStitch", [every, chosen], [g("Cast", shape, DstT=dtypes.int32), ones])


_define_reduction("Sum", "{numeric}")
_define_reduction("Max", "{real}")


@op(
    "SparseSoftmax(sp_indices: int64[:,:], sp_values: T[:], sp_shape: int64[:];"
    " T: {float}) -> output: T"
)
def sparse_softmax(b: Builder, sp_indices: Value, sp_values: Value, sp_shape: Value) -> Value:
    """The softmax of the values of each row, along the last dimension."""
    sizes = b.dims(sp_shape)
    require(len(sizes) >= 2, f"Input should have rank >= 2, but received shape: {show(sizes)}")
    values = _checked(b, sp_indices, sp_values, sizes)
    rows = product(sizes[:-1])
    place = positions(b, sp_indices, sizes, range(len(sizes) - 1))
    if b.shape(values)[0] == 0:
        return values
    most = b.take(_grouped(b, "Max", place, values, rows), place)
    grown = b.exponential(b.subtract(values, most))
    return b.divide(grown, b.take(_grouped(b, "Sum", place, grown, rows), place))


@sparse_softmax.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    (indices, _, shape), y = op.inputs, op.outputs[0]
    last = g.constant([-1])
    total = g("SparseReduceSum", indices, y * grad, shape, last, keep_dims=True)
    return None, g("SparseDenseCwiseAdd", indices, grad, shape, -total) * y, None
