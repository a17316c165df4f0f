"""Sparse tensors kept in the session under a number, so that a queue can hold them."""

from __future__ import annotations

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, show
from flowc.ops.registry import host_op
from flowc.ops.resources import Place, Session, SparseMap

_PARTS = "sparse_indices: int64, sparse_values: T, sparse_shape: int64"
_PLACE = 'container: string = "", shared_name: string = ""'


def _map(context: Session, container: str, shared_name: str) -> SparseMap:
    return context.resources.sparse_map(Place(container, shared_name, context.node))


def _check(indices: Array, values: Array, shape: Array) -> None:
    require(
        np.ndim(indices) == 2,
        f"Input indices should be a matrix but received shape {show(np.shape(indices))}",
    )
    require(
        np.ndim(values) == np.ndim(shape) == 1
        and len(values) == len(indices)
        and indices.shape[1] == len(shape),
        f"Indices {show(indices.shape)}, values {show(np.shape(values))} and shape "
        f"{show(np.shape(shape))} are not those of a SparseTensor",
    )


@host_op(
    f"AddSparseToTensorsMap({_PARTS}; T: type, {_PLACE}) -> sparse_handle: int64", stateful=True
)
def add_sparse(
    sparse_indices: Array,
    sparse_values: Array,
    sparse_shape: Array,
    *,
    container: str,
    shared_name: str,
    context: Session,
) -> Array:
    """Keep a tensor; its number."""
    _check(sparse_indices, sparse_values, sparse_shape)
    kept = _map(context, container, shared_name)
    return np.asarray(kept.add(sparse_indices, sparse_values, sparse_shape), np.int64)


@host_op(
    f"AddManySparseToTensorsMap({_PARTS}; T: type, {_PLACE}) -> sparse_handles: int64",
    stateful=True,
)
def add_many_sparse(
    sparse_indices: Array,
    sparse_values: Array,
    sparse_shape: Array,
    *,
    container: str,
    shared_name: str,
    context: Session,
) -> Array:
    """Keep each row of a tensor; their numbers."""
    _check(sparse_indices, sparse_values, sparse_shape)
    require(len(sparse_shape) > 1, "Rank of input SparseTensor should be > 1")
    kept = _map(context, container, shared_name)
    rows = range(int(sparse_shape[0]))
    chosen = [sparse_indices[:, 0] == row for row in rows]
    return np.array(
        [kept.add(sparse_indices[c, 1:], sparse_values[c], sparse_shape[1:]) for c in chosen],
        np.int64,
    )


@host_op(
    f"TakeManySparseFromTensorsMap(sparse_handles: int64; dtype: type, {_PLACE})"
    " -> sparse_indices: int64, sparse_values: dtype, sparse_shape: int64",
    stateful=True,
)
def take_many_sparse(
    sparse_handles: Array, *, dtype: DType, container: str, shared_name: str, context: Session
) -> tuple[Array, Array, Array]:
    """The tensors of several numbers, as one with one more dimension in front."""
    require(
        np.ndim(sparse_handles) == 1,
        f"sparse_handles should be a vector but received shape {show(np.shape(sparse_handles))}",
    )
    require(
        len(sparse_handles) > 0,
        "Must have at least 1 serialized SparseTensor, but input matrix has 0 rows",
    )
    kept = _map(context, container, shared_name)
    parts = [kept.take(int(number)) for number in sparse_handles]
    ranks = {len(shape) for _, _, shape in parts}
    require(len(ranks) == 1, f"Inconsistent rank across SparseTensors: {sorted(ranks)}")
    indices = [
        np.pad(index, ((0, 0), (1, 0)), constant_values=row)
        for row, (index, _, _) in enumerate(parts)
    ]
    largest = np.max([shape for _, _, shape in parts], axis=0)
    return (
        np.concatenate(indices),
        np.concatenate([values for _, values, _ in parts]).astype(dtype.numpy),
        np.concatenate([[len(parts)], largest]).astype(np.int64),
    )


@add_sparse.infer
def _(b: Builder, *inputs: Value) -> Value:
    return abstract(b, dtypes.int64)


@add_many_sparse.infer
def _(b: Builder, *inputs: Value) -> Value:
    return abstract(b, dtypes.int64, None)


@take_many_sparse.infer
def _(b: Builder, handles: Value, *, dtype: DType) -> tuple[Value, Value, Value]:
    count, rank = b.assumptions.fresh(), b.assumptions.fresh()
    return (
        abstract(b, dtypes.int64, count, rank),
        abstract(b, dtype, count),
        abstract(b, dtypes.int64, rank),
    )


for _definition in (add_sparse, add_many_sparse, take_many_sparse):
    _definition.not_differentiable()
