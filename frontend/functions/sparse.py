"""Functions of SparseTensors."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import AxisLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.conversion import convert
from flowc.frontend.functions.shaping import Name, one_of
from flowc.ir import dtypes


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: ShapeLike,
    sparse_values: TensorLike,
    default_value: TensorLike = 0,
    validate_indices: bool = True,
    name: Name = None,
) -> Any:
    """A dense tensor: the values at their indices, `default_value` elsewhere."""
    values = convert(sparse_values, None, "sparse_values")
    default = convert(default_value, values.dtype, "default_value")
    return build(
        "SparseToDense",
        sparse_indices,
        output_shape,
        values,
        default,
        validate_indices=validate_indices,
        name=name,
    )


def sparse_tensor_to_dense(
    sp_input: SparseTensor,
    default_value: TensorLike | None = None,
    validate_indices: bool = True,
    name: Name = None,
) -> Any:
    """The SparseTensor as a dense one; 0 or "" where nothing is stored."""
    empty: Any = "" if sp_input.dtype.name == "string" else 0
    default = empty if default_value is None else default_value
    return sparse_to_dense(
        sp_input.indices, sp_input.dense_shape, sp_input.values, default, validate_indices, name
    )


def sparse_tensor_dense_matmul(
    sp_a: SparseTensor,
    b: TensorLike,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    name: Name = None,
) -> Any:
    """The product of a sparse and a dense matrix."""
    return build(
        "SparseTensorDenseMatMul",
        sp_a.indices,
        sp_a.values,
        sp_a.dense_shape,
        b,
        adjoint_a=adjoint_a,
        adjoint_b=adjoint_b,
        name=name,
    )


def sparse_reorder(sp_input: SparseTensor, name: Name = None) -> SparseTensor:
    """The same elements in the order of their indices."""
    found = build(
        "SparseReorder", sp_input.indices, sp_input.values, sp_input.dense_shape, name=name
    )
    return SparseTensor(found[0], found[1], sp_input.dense_shape)


def sparse_reduce_sum(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
    name: Name = None,
) -> Any:
    """The sums along axes, as a dense tensor."""
    return reduced(
        "SparseReduceSum",
        sp_input,
        one_of("axis", axis, "reduction_axes", reduction_axes),
        bool(one_of("keepdims", keepdims, "keep_dims", keep_dims)),
        name,
    )


def reduced(
    op_type: str, sp_input: SparseTensor, axis: AxisLike, keepdims: bool, name: Name
) -> Any:
    """A reduction along axes, along all of them where None is given."""
    rank = build("Size", sp_input.dense_shape)
    axes = build("Range", 0, rank, 1) if axis is None else convert(axis, dtypes.int32)
    return build(
        op_type,
        sp_input.indices,
        sp_input.values,
        sp_input.dense_shape,
        axes,
        keep_dims=keepdims,
        name=name,
    )


def sparse_retain(sp_input: SparseTensor, to_retain: Any) -> SparseTensor:
    """The elements where `to_retain` is true."""
    chosen = build("Reshape", build("Where", to_retain), [-1])
    return SparseTensor(
        build("GatherV2", sp_input.indices, chosen, 0),
        build("GatherV2", sp_input.values, chosen, 0),
        sp_input.dense_shape,
    )
