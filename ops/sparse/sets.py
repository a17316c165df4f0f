"""Sets along the last dimension: what two tensors have in common, together, or apart. On the host.

A row of a sparse tensor is the set of its values, one of a dense tensor the set of its elements.
Results are sparse: each row's elements in ascending order, and as many columns as the longest has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, fail, show
from flowc.ops.registry import host_op

_TYPES = "T: {int8, int16, int32, int64, uint8, uint16, string}"
_OPERATION = f"set_operation: string, validate_indices: bool = true, {_TYPES}"
_RESULT = "result_indices: int64, result_values: T, result_shape: int64"
_Row = tuple[int, ...]
_Sets = dict[_Row, set[Any]]  # by row; one that is not there is empty

_OPERATIONS: Mapping[str, Callable[[set[Any], set[Any]], set[Any]]] = {
    "a-b": lambda a, b: a - b,
    "b-a": lambda a, b: b - a,
    "intersection": lambda a, b: a & b,
    "union": lambda a, b: a | b,
}


def _of_dense(x: Array) -> tuple[_Sets, _Row]:
    """The sets of a dense tensor, and the shape of its rows."""
    require(x.ndim >= 2, f"Invalid input rank {x.ndim}: sets lie along the last of at least 2")
    rows = x.shape[:-1]
    return {row: set(x[row].tolist()) for row in np.ndindex(rows)}, rows


def _of_sparse(indices: Array, values: Array, shape: Array, validate: bool) -> tuple[_Sets, _Row]:
    """The sets of a sparse tensor, and the shape of its rows."""
    rank = len(shape)
    require(rank >= 2, f"Invalid input rank {rank}: sets lie along the last of at least 2")
    fits = indices.shape == (len(values), rank)
    require(fits, f"indices {show(indices.shape)} do not fit {len(values)} values of rank {rank}")
    inside = bool(((indices >= 0) & (indices < shape)).all())
    require(inside, f"an index is outside of shape {shape.tolist()}")
    found: _Sets = {}
    last: tuple[int, ...] | None = None
    for index, value in zip(map(tuple, indices.tolist()), values.tolist(), strict=True):
        require(
            not validate or last is None or last < index,
            f"indices are out of order or repeated at {index}",
        )
        last = index
        found.setdefault(index[:-1], set()).add(value)
    return found, tuple(shape[:-1].tolist())


def _combined(a: tuple[_Sets, _Row], b: tuple[_Sets, _Row], operation: str) -> tuple[Array, ...]:
    require(a[1] == b[1], f"Mismatched group shapes {show(a[1])} and {show(b[1])}")
    combine = _OPERATIONS.get(operation.lower())
    if combine is None:
        raise fail(f"Invalid set_operation {operation}.")
    rows = sorted({*a[0], *b[0]})
    results = {row: sorted(combine(a[0].get(row, set()), b[0].get(row, set()))) for row in rows}
    indices = [(*row, place) for row in rows for place in range(len(results[row]))]
    values = [value for row in rows for value in results[row]]
    longest = max(map(len, results.values()), default=0)
    table = np.array(indices, np.int64).reshape(len(indices), len(a[1]) + 1)
    return table, np.array(values, object), np.array([*a[1], longest], np.int64)


def _typed(result: tuple[Array, ...], like: Array) -> tuple[Array, ...]:
    indices, values, shape = result
    return indices, values.astype(like.dtype), shape


@host_op(f"DenseToDenseSetOperation(set1: T, set2: T; {_OPERATION}) -> {_RESULT}")
def dense_to_dense(set1: Array, set2: Array, *, set_operation: str) -> tuple[Array, ...]:
    """A set operation on each pair of rows."""
    return _typed(_combined(_of_dense(set1), _of_dense(set2), set_operation), set1)


@host_op(
    "DenseToSparseSetOperation(set1: T, set2_indices: int64[:,:], set2_values: T[:],"
    f" set2_shape: int64[:]; {_OPERATION}) -> {_RESULT}"
)
def dense_to_sparse(
    set1: Array,
    indices: Array,
    values: Array,
    shape: Array,
    *,
    set_operation: str,
    validate_indices: bool,
) -> tuple[Array, ...]:
    """A set operation on each pair of rows."""
    second = _of_sparse(indices, values, shape, validate_indices)
    return _typed(_combined(_of_dense(set1), second, set_operation), set1)


@host_op(
    "SparseToSparseSetOperation(set1_indices: int64[:,:], set1_values: T[:], set1_shape: int64[:],"
    " set2_indices: int64[:,:], set2_values: T[:], set2_shape: int64[:];"
    f" {_OPERATION}) -> {_RESULT}"
)
def sparse_to_sparse(
    indices: Array,
    values: Array,
    shape: Array,
    other_indices: Array,
    other_values: Array,
    other_shape: Array,
    *,
    set_operation: str,
    validate_indices: bool,
) -> tuple[Array, ...]:
    """A set operation on each pair of rows."""
    first = _of_sparse(indices, values, shape, validate_indices)
    second = _of_sparse(other_indices, other_values, other_shape, validate_indices)
    return _typed(_combined(first, second, set_operation), values)


def _result(b: Builder, dtype: DType, rank: Dim) -> tuple[Value, ...]:
    return (
        abstract(b, dtypes.int64, None, rank),
        abstract(b, dtype, None),
        abstract(b, dtypes.int64, rank),
    )


@dense_to_dense.infer
@dense_to_sparse.infer
def _(b: Builder, set1: Value, *others: Value) -> tuple[Value, ...]:
    return _result(b, set1.type.dtype, len(b.shape(set1)))


@sparse_to_sparse.infer
def _(b: Builder, indices: Value, values: Value, shape: Value, *_: Value) -> tuple[Value, ...]:
    return _result(b, values.type.dtype, b.shape(shape)[0])


@host_op(
    "SetSize(set_indices: int64[:,:], set_values: T[:], set_shape: int64[:];"
    f" validate_indices: bool = true, {_TYPES}) -> size: int32"
)
def set_size(indices: Array, values: Array, shape: Array, *, validate_indices: bool) -> Array:
    """The number of distinct values in each row."""
    sets, rows = _of_sparse(indices, values, shape, validate_indices)
    sizes = np.zeros(rows, np.int32)
    for row, elements in sets.items():
        sizes[row] = len(elements)
    return sizes


for _definition in (dense_to_dense, dense_to_sparse, sparse_to_sparse, set_size):
    _definition.not_differentiable()
