"""Sparse tensors rearranged: sorted, joined, cut, added, completed.

How many values there are depends on the indices, so most of these run on the host.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim, product
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.arrays.scattering import replace, scatter_rows
from flowc.ops.checks import check_bounds, first, require_vectors_inside
from flowc.ops.common import (
    Tensors,
    abstract,
    fail,
    normalize_axis,
    require_rank,
    shape_vector,
    show,
)
from flowc.ops.registry import GraphBuilder, OpDefinition, Operation, Tensor, host_op, op
from flowc.ops.sparse.mixed import positions

_OUTPUTS = "output_indices: int64, output_values: T, output_shape: int64"
Sparse = tuple[Array, Array, Array]  # indices, values, shape


def _infer(definition: OpDefinition) -> None:
    """Static inference where the count is not known: indices, values like an operand, shape."""

    @definition.infer
    def _(b: Builder, indices: Any, *others: Any) -> tuple[Value, ...]:
        first = indices[0] if isinstance(indices, list) else indices
        some = others[0]
        dtype = (some[0] if isinstance(some, list) else some).type.dtype
        depth = b.shape(first)[1]
        return (
            abstract(b, dtypes.int64, None, depth),
            abstract(b, dtype, None),
            abstract(b, dtypes.int64, depth),
        )


def _sorted(indices: Array, values: Array) -> tuple[Array, Array]:
    """In the order of the indices, repeated ones in their own."""
    order = np.lexsort(indices.T[::-1]) if indices.shape[1] else np.arange(len(values))
    return indices[order], values[order]


def _places(indices: Array, shape: Array) -> Array:
    """The row-major position of each index. Raises InvalidArgumentError outside of the shape."""
    require_vectors_inside(indices, shape)
    strides = np.cumprod([1, *shape.tolist()[:0:-1]], dtype=np.int64)[::-1]
    return np.asarray(indices @ strides[: len(shape)], np.int64)


# Order


@host_op(
    "SparseReorder(input_indices: int64[:,:], input_values: T[:], input_shape: int64[:]; T: type)"
    " -> output_indices: int64, output_values: T"
)
def sparse_reorder(indices: Array, values: Array, shape: Array) -> tuple[Array, Array]:
    """The values in row-major order of their indices."""
    require(indices.ndim == 2, f"Input indices should be a matrix, got {show(indices.shape)}")
    require(
        len(values) == len(indices),
        f"Number of elements in indices ({len(indices)}) and values ({len(values)}) do not match",
    )
    _places(indices, shape)
    return _sorted(indices, values)


@sparse_reorder.infer
def _(b: Builder, indices: Value, values: Value, shape: Value) -> tuple[Value, Value]:
    return (
        abstract(b, dtypes.int64, *b.shape(indices)),
        abstract(b, values.type.dtype, *b.shape(values)),
    )


@sparse_reorder.gradient
def _(g: GraphBuilder, op: Operation, by_indices: Tensor, by_values: Tensor) -> Tensors:
    indices, values, shape = op.inputs
    entries = g("Range", g.constant(0), g("Size", values), g.constant(1))
    order = g("SparseReorder", indices, entries, shape)[1]
    return None, g("GatherV2", by_values, g("InvertPermutation", order), g.constant(0)), None


@op(
    "SparseReshape(input_indices: int64[:,:], input_shape: int64[:], new_shape: int64[:])"
    " -> output_indices: int64, output_shape: int64"
)
def sparse_reshape(
    b: Builder, input_indices: Value, input_shape: Value, new_shape: Value
) -> tuple[Value, Value]:
    """The indices of the same row-major positions in another shape; -1 is the size that is left."""
    count, depth = require_rank(b, input_indices, 2, "Input indices")
    fits = b.assumptions.equal(depth, b.shape(input_shape)[0])
    require(fits, "Input tensor rank must match input shape length.")
    old, wanted = b.dims(input_shape), list(b.dims(new_shape))
    unknown = [axis for axis, size in enumerate(wanted) if size == -1]
    require(len(unknown) <= 1, "only one output dimension may be -1")
    if unknown:
        rest = product([size for size in wanted if size != -1])
        require(
            b.assumptions.at_least(rest, 1),
            "reshape cannot infer the missing size of an empty tensor",
        )
        wanted[unknown[0]] = product(old) // rest
    require(
        b.assumptions.equal(product(old), product(wanted)),
        f"Input to reshape is a tensor with {product(old)} dense values, but the requested shape "
        f"has {product(wanted)}",
    )
    rest_of = positions(b, input_indices, old, range(len(old)))
    columns: list[Value] = []
    for size in reversed(wanted):
        divisor = b.broadcast_to(b.size(size, dtypes.int64), b.shape(rest_of))
        columns.insert(0, b.reshape(b.remainder(rest_of, divisor), (count, 1)))
        rest_of = b.divide(rest_of, divisor)
    indices = b.concatenate(columns, 1) if columns else b.full(0, (count, 0), dtypes.int64)
    return indices, shape_vector(b, tuple(wanted), dtypes.int64)


# Joining and cutting


@host_op(
    "SparseConcat(indices: N*int64[:,:], values: N*T[:], shapes: N*int64[:];"
    " concat_dim: int, N: int >= 2,"
    f" T: type) -> {_OUTPUTS}"
)
def sparse_concat(
    indices: Sequence[Array], values: Sequence[Array], shapes: Sequence[Array], *, concat_dim: int
) -> Sparse:
    """The tensors one after the other along a dimension."""
    rank = len(shapes[0])
    require(
        -rank <= concat_dim < rank,
        f"Concat dimension must be in range [{-rank}, {rank}), got {concat_dim}",
    )
    axis, start, moved = concat_dim % rank, 0, []
    for one, size in zip(indices, shapes, strict=True):
        same = len(size) == rank and np.array_equal(
            np.delete(size, axis), np.delete(shapes[0], axis)
        )
        require(same, f"Input shapes must match outside dimension {axis}: {size} and {shapes[0]}")
        moved.append(one + start * np.eye(rank, dtype=np.int64)[axis])
        start += int(size[axis])
    shape = shapes[0].copy()
    shape[axis] = start
    return *_sorted(np.concatenate(moved), np.concatenate(values)), shape


_infer(sparse_concat)
sparse_concat.not_differentiable()


def _inside(indices: Array, start: Array, size: Array) -> Array:
    kept: Array = np.all((indices >= start) & (indices < start + size), axis=1)
    return kept


@host_op(
    "SparseSlice(indices: int64[:,:], values: T[:], shape: int64[:], start: int64[:],"
    " size: int64[:]; T: type)"
    f" -> {_OUTPUTS}"
)
def sparse_slice(indices: Array, values: Array, shape: Array, start: Array, size: Array) -> Sparse:
    """What lies in a box, which is cut off where it leaves the shape."""
    require(
        len(start) == len(size) == len(shape),
        f"Expected start and size to have {len(shape)} elements, got {len(start)}, {len(size)}",
    )
    kept = _inside(indices, start, size)
    return indices[kept] - start, values[kept], np.maximum(0, np.minimum(size, shape - start))


_infer(sparse_slice)


@sparse_slice.gradient
def _(g: GraphBuilder, op: Operation, *grads: Any) -> Tensors:
    indices, _, _, start, _ = op.inputs
    slope = g("SparseSliceGrad", grads[1], indices, start, op.outputs[0])
    return None, slope, None, None, None


@host_op(
    "SparseSliceGrad(backprop_val_grad: T[:], input_indices: int64[:,:], input_start: int64[:],"
    " output_indices: int64[:,:]; T: {numeric}) -> val_grad: T"
)
def sparse_slice_grad(grad: Array, indices: Array, start: Array, output: Array) -> Array:
    """The gradient of the values that were kept, 0 for the others."""
    return _lookup(output + start, grad, indices)


def _lookup(indices: Array, values: Array, wanted: Array) -> Array:
    """The value of each wanted index, 0 where it has none."""
    found = {tuple(i): v for i, v in zip(indices.tolist(), values, strict=True)}
    result = np.zeros(len(wanted), values.dtype)
    for number, index in enumerate(wanted.tolist()):
        result[number] = found.get(tuple(index), 0)
    return result


@sparse_slice_grad.infer
def _(b: Builder, grad: Value, indices: Value, start: Value, output: Value) -> Value:
    return abstract(b, grad.type.dtype, b.shape(indices)[0])


@host_op(
    "SparseSplit(split_dim: int64[:?], indices: int64[:,:], values: T[:], shape: int64[:];"
    " num_split: int >= 1, T: type) -> output_indices: num_split*int64, output_values: num_split*T,"
    " output_shape: num_split*int64"
)
def sparse_split(
    split_dim: Array, indices: Array, values: Array, shape: Array, *, num_split: int
) -> tuple[list[Array], ...]:
    """Parts along a dimension; the first ones are longer by 1 where the size is no multiple."""
    require(split_dim.size == 1, f"split_dim must be a scalar, got shape {show(split_dim.shape)}")
    axis = normalize_axis(int(split_dim.item()), len(shape), "split_dim")
    require(num_split <= shape[axis], f"Number of splits {num_split} exceeds size {shape[axis]}")
    require_vectors_inside(indices, shape)
    short, longer = divmod(int(shape[axis]), num_split)
    parts, begin = [], 0
    for number in range(num_split):
        start, size = np.zeros_like(shape), shape.copy()
        start[axis], size[axis] = begin, short + (number < longer)
        begin += int(size[axis])
        kept = _inside(indices, start, size)
        parts.append((indices[kept] - start, values[kept], size))
    return tuple(list(column) for column in zip(*parts, strict=True))


# Sums and comparisons of two sparse tensors


def _merge(a: Sparse, b: Sparse, combine: Callable[[Any, Any], Any]) -> Sparse:
    """All indices of both, in order; a missing value is 0."""
    require(np.array_equal(a[2], b[2]), f"operands' shapes do not match: {a[2]} and {b[2]}")
    zero = np.zeros((), a[1].dtype)
    left, right = ({tuple(i): v for i, v in zip(x[0].tolist(), x[1], strict=True)} for x in (a, b))
    indices = sorted({*left, *right})
    values = [combine(left.get(i, zero), right.get(i, zero)) for i in indices]
    table = np.array(indices, np.int64).reshape(len(indices), len(a[2]))
    return table, np.array(values, a[1].dtype), a[2]


@host_op(
    "SparseAdd(a_indices: int64[:,:], a_values: T[:], a_shape: int64[:], b_indices: int64[:,:],"
    " b_values: T[:], b_shape: int64[:], thresh: Treal[]; T: {numeric}, Treal: {real})"
    " -> sum_indices: int64, sum_values: T, sum_shape: int64"
)
def sparse_add(
    a_indices: Array,
    a_values: Array,
    a_shape: Array,
    b_indices: Array,
    b_values: Array,
    b_shape: Array,
    thresh: Array,
) -> Sparse:
    """The sum; values whose magnitude is below the threshold are left out."""
    indices, values, shape = _merge(
        (a_indices, a_values, a_shape), (b_indices, b_values, b_shape), np.add
    )
    kept = np.abs(values) >= thresh
    return indices[kept], values[kept], shape


_infer(sparse_add)


@sparse_add.gradient
def _(g: GraphBuilder, op: Operation, *grads: Any) -> Tensors:
    a, b = g("SparseAddGrad", grads[1], op.inputs[0], op.inputs[3], op.outputs[0])
    return None, a, None, None, b, None, None


@host_op(
    "SparseAddGrad(backprop_val_grad: T[:], a_indices: int64[:,:], b_indices: int64[:,:],"
    " sum_indices: int64[:,:];"
    " T: {numeric}) -> a_val_grad: T, b_val_grad: T"
)
def sparse_add_grad(grad: Array, a: Array, b: Array, total: Array) -> tuple[Array, Array]:
    """The gradient of each operand's values, 0 for those that the sum left out."""
    return _lookup(total, grad, a), _lookup(total, grad, b)


@sparse_add_grad.infer
def _(b: Builder, grad: Value, one: Value, other: Value, total: Value) -> tuple[Value, ...]:
    return tuple(abstract(b, grad.type.dtype, b.shape(v)[0]) for v in (one, other))


sparse_add_grad.not_differentiable()


def _define_extreme(name: str, combine: Callable[[Any, Any], Any]) -> None:
    @host_op(
        f"SparseSparse{name}(a_indices: int64[:,:], a_values: T[:], a_shape: int64[:],"
        " b_indices: int64[:,:], b_values: T[:], b_shape: int64[:]; T: {real})"
        " -> output_indices: int64, output_values: T"
    )
    def kernel(*operands: Array) -> tuple[Array, Array]:
        a, b = operands[:3], operands[3:]
        for indices, _, shape in (a, b):
            require_vectors_inside(indices, shape)
        return _merge((a[0], a[1], a[2]), (b[0], b[1], b[2]), combine)[:2]

    @kernel.infer
    def _(b: Builder, *operands: Value) -> tuple[Value, Value]:
        depth = b.shape(operands[0])[1]
        return abstract(b, dtypes.int64, None, depth), abstract(b, operands[1].type.dtype, None)

    @kernel.gradient
    def _(g: GraphBuilder, op: Operation, *grads: Any) -> Tensors:
        raise NotImplementedError(f"SparseSparse{name} has no gradient")


_define_extreme("Maximum", np.maximum)
_define_extreme("Minimum", np.minimum)


def _define_reduction(name: str, types: str, combine: np.ufunc) -> None:
    @host_op(
        f"SparseReduce{name}Sparse(input_indices: int64[:,:], input_values: T[:],"
        f" input_shape: int64[:],"
        f" reduction_axes: int32[:?]; keep_dims: bool = false, T: {types}) -> {_OUTPUTS}"
    )
    def kernel(
        indices: Array, values: Array, shape: Array, axes: Array, *, keep_dims: bool
    ) -> Sparse:
        rank = len(shape)
        reduced = {normalize_axis(int(axis), rank, "reduction_axes") for axis in np.ravel(axes)}
        require(indices.shape[1] == rank, f"indices of {indices.shape[1]} coordinates, rank {rank}")
        require(len(values) == len(indices), f"{len(values)} values for {len(indices)} indices")
        kept = [axis for axis in range(rank) if axis not in reduced]
        place = _places(indices[:, kept], shape[kept])
        _, first, number = np.unique(place, return_index=True, return_inverse=True)
        groups = indices[first][:, kept]
        total = np.zeros(len(groups), values.dtype)
        for group in range(len(groups)):
            total[group] = combine.reduce(values[number == group])
        if not keep_dims:
            return groups, total, shape[kept]
        wide = np.zeros((len(groups), rank), np.int64)
        wide[:, kept] = groups
        return wide, total, np.where(np.isin(np.arange(rank), kept), shape, 1)

    @kernel.infer
    def _(b: Builder, indices: Value, values: Value, *_: Value) -> tuple[Value, ...]:
        found = abstract(b, dtypes.int64, None, None)
        depth: Dim = b.shape(found)[1]
        return found, abstract(b, values.type.dtype, None), abstract(b, dtypes.int64, depth)


_define_reduction("Sum", "{numeric}", np.add)
_define_reduction("Max", "{real}", np.maximum)


# Rows without values


@host_op(
    "SparseFillEmptyRows(indices: int64[:,:], values: T[:], dense_shape: int64[:],"
    " default_value: T[]; T: type)"
    " -> output_indices: int64, output_values: T, empty_row_indicator: bool,"
    " reverse_index_map: int64"
)
def sparse_fill_empty_rows(
    indices: Array, values: Array, dense_shape: Array, default_value: Array
) -> tuple[Array, ...]:
    """A default value in the first column of every empty row; where each value went."""
    require(len(dense_shape) >= 1, "Dense shape cannot be empty.")
    require(
        len(dense_shape) == indices.shape[1] and len(values) == len(indices),
        f"The length of dense_shape ({len(dense_shape)}) must match the second dimension of "
        f"indices ({indices.shape[1]}), and {len(values)} values their number ({len(indices)})",
    )
    rows = int(dense_shape[0])
    require(rows > 0 or not len(indices), f"Received {len(indices)} indices for no rows")
    place = first((indices[:, 0] < 0) | (indices[:, 0] >= rows))
    if place is not None:
        number = indices[place[0], 0]
        fault = f"{number} < 0" if number < 0 else f"{number} >= {rows}"
        raise fail(f"indices({place[0]}, 0) is invalid: {fault}")
    empty = ~np.isin(np.arange(rows), indices[:, 0])
    added = np.zeros((int(empty.sum()), indices.shape[1]), np.int64)
    added[:, 0] = np.flatnonzero(empty)
    defaults = np.full(len(added), default_value.item(), values.dtype)
    every, content = np.concatenate([indices, added]), np.concatenate([values, defaults])
    order = np.argsort(every[:, 0], kind="stable")
    went = np.argsort(order, kind="stable")[: len(indices)].astype(np.int64)
    return every[order], content[order], empty, went


@sparse_fill_empty_rows.infer
def _(b: Builder, indices: Value, values: Value, shape: Value, default: Value) -> tuple[Value, ...]:
    contents = b.symbolic(shape)
    rows = None if contents is None else contents.ravel()[0]
    return (
        abstract(b, dtypes.int64, None, b.shape(indices)[1]),
        abstract(b, values.type.dtype, None),
        abstract(b, dtypes.bool_, rows),
        abstract(b, dtypes.int64, b.shape(indices)[0]),
    )


@sparse_fill_empty_rows.gradient
def _(g: GraphBuilder, op: Operation, *grads: Any) -> Tensors:
    values, default = g("SparseFillEmptyRowsGrad", op.outputs[3], grads[1])
    return None, values, None, default


def _outside_of_values(place: str, index: int, count: int) -> str:
    return f"Elements in reverse index must be in [0, {count}) but got {index} at {place}"


@op(
    "SparseFillEmptyRowsGrad(reverse_index_map: int64[:], grad_values: T[:]; T: type)"
    " -> d_values: T, d_default_value: T"
)
def sparse_fill_empty_rows_grad(
    b: Builder, reverse_index_map: Value, grad_values: Value
) -> tuple[Value, Value]:
    """The gradient of the values where they went, and the sum of what is left."""
    if b.shape(reverse_index_map)[0] == 0:
        return b.full(0, (0,), grad_values.type.dtype), b.reduce_sum(grad_values)
    (count,) = b.shape(grad_values)
    check_bounds(b, reverse_index_map, count, "reverse_index_map", _outside_of_values)
    values = b.take(grad_values, reverse_index_map)
    left = scatter_rows(b, grad_values, reverse_index_map, b.zeros_like(values), replace)
    return values, b.reduce_sum(left)
