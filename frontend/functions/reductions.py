"""Sums, means, extremes and the like over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.frontend.aliases import AxisLike, DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.conversion import constant, convert, is_tensor
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.shaping import Name, one_of
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype


def _axes(tensor: TensorLike, axis: AxisLike) -> Any:
    """The axes to reduce: those given, or all; known ones as a constant."""
    if axis is not None:
        return axis
    if isinstance(tensor, SparseTensor):
        rank = tensor.dense_shape.shape[0].value
    else:
        rank = tensor.shape.ndims
    if rank is not None:
        return constant(np.arange(rank, dtype=np.int32))
    return build("Range", 0, build("Rank", tensor), 1)


def _reduce(
    op_type: str,
    input_tensor: Any,
    axis: Any,
    keepdims: bool | None,
    name: Name,
    reduction_indices: Any,
    keep_dims: bool | None,
) -> Any:
    axis = one_of("axis", axis, "reduction_indices", reduction_indices)
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims) or False
    tensor = convert(input_tensor, None, "input_tensor")
    return build(op_type, tensor, _axes(tensor, axis), keep_dims=keep, name=name)


def reduce_sum(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """The sum over `axis`, or over all axes."""
    return _reduce("Sum", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_mean(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """The mean over `axis`, or over all axes."""
    return _reduce("Mean", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_prod(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """The product over `axis`, or over all axes."""
    return _reduce("Prod", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_max(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """The greatest element along `axis`, or of all."""
    return _reduce("Max", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_min(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """The least element along `axis`, or of all."""
    return _reduce("Min", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_all(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """Whether all elements along `axis` are true."""
    return _reduce("All", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_any(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """Whether any element along `axis` is true."""
    return _reduce("Any", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_logsumexp(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """log(sum(exp(x))) without overflow."""
    axis = one_of("axis", axis, "reduction_indices", reduction_indices)
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims) or False
    with name_scope(name, "ReduceLogSumExp", [input_tensor]) as scope:
        raw = reduce_max(input_tensor, axis, True)
        finite = build("Select", build("IsFinite", raw), raw, build("ZerosLike", raw))
        greatest = build("StopGradient", finite)
        total = build(
            "Log", reduce_sum(build("Exp", build("Sub", input_tensor, greatest)), axis, keep)
        )
        if not keep:
            greatest = build("Reshape", greatest, build("Shape", total))
        return build("Add", total, greatest, name=scope)


def reduce_variance(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool = False,
    name: Name = None,
) -> Any:
    """The mean squared deviation from the mean."""
    with name_scope(name, "reduce_variance"):
        means = reduce_mean(input_tensor, axis, True)
        return reduce_mean(build("Square", input_tensor - means), axis, keepdims)


def reduce_std(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool = False,
    name: Name = None,
) -> Any:
    """The standard deviation."""
    with name_scope(name, "reduce_std"):
        return build("Sqrt", reduce_variance(input_tensor, axis, keepdims))


def reduce_euclidean_norm(
    input_tensor: TensorLike,
    axis: AxisLike | None = None,
    keepdims: bool = False,
    name: Name = None,
) -> Any:
    """The square root of the sum of squares."""
    return _reduce("EuclideanNorm", input_tensor, axis, keepdims, name, None, None)


def count_nonzero(
    input_tensor: TensorLike | None = None,
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    dtype: DTypeLike = dtypes.int64,
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keep_dims: bool | None = None,
    input: TensorLike | None = None,
) -> Any:
    """How many elements are not zero."""
    axis = one_of("axis", axis, "reduction_indices", reduction_indices)
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims) or False
    with name_scope(name, "count_nonzero"):
        tensor = convert(one_of("input_tensor", input_tensor, "input", input), None, "input")
        zero = constant("" if tensor.dtype is dtypes.string else 0, tensor.dtype)
        ones = cast(build("NotEqual", tensor, zero), dtypes.int64)
        return cast(reduce_sum(ones, axis, keep), as_dtype(dtype))


def _arg(op_type: str, input: Any, axis: Any, name: Name, dimension: Any, output_type: Any) -> Any:
    axis = one_of("axis", axis, "dimension", dimension)
    return build(op_type, input, 0 if axis is None else axis, output_type=output_type, name=name)


def argmax(
    input: TensorLike,
    axis: AxisLike | None = None,
    name: Name = None,
    dimension: AxisLike | None = None,
    output_type: DTypeLike = dtypes.int64,
) -> Any:
    """The index of the greatest element along `axis` (0 by default)."""
    return _arg("ArgMax", input, axis, name, dimension, output_type)


def argmin(
    input: TensorLike,
    axis: AxisLike | None = None,
    name: Name = None,
    dimension: AxisLike | None = None,
    output_type: DTypeLike = dtypes.int64,
) -> Any:
    """The index of the least element along `axis` (0 by default)."""
    return _arg("ArgMin", input, axis, name, dimension, output_type)


def arg_max(
    input: TensorLike, dimension: AxisLike, output_type: DTypeLike = dtypes.int64, name: Name = None
) -> Any:
    """`argmax` by its old name, with the dimension given."""
    return argmax(input, dimension, name, output_type=output_type)


def arg_min(
    input: TensorLike, dimension: AxisLike, output_type: DTypeLike = dtypes.int64, name: Name = None
) -> Any:
    """`argmin` by its old name, with the dimension given."""
    return argmin(input, dimension, name, output_type=output_type)


def norm(
    tensor: TensorLike,
    ord: Any = "euclidean",
    axis: AxisLike | None = None,
    keepdims: bool | None = None,
    name: Name = None,
    keep_dims: bool | None = None,
) -> Any:
    """The norm of vectors or matrices: "euclidean", "fro", 1, 2, np.inf or another p > 0.

    Raises ValueError for an unknown norm, or `axis` of more than two.
    """
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims) or False
    if isinstance(axis, list | tuple) and len(axis) > 2:
        raise ValueError("'axis' must be None, an integer, or a tuple of 2 unique integers")
    if isinstance(ord, str) and ord not in ("euclidean", "fro"):
        raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
    with name_scope(name, "norm", [tensor]):
        tensor = convert(tensor)
        if ord in ("fro", "euclidean", 2, 2.0):
            squares = reduce_sum(
                tensor * build("Conj", tensor) if tensor.dtype.is_complex else tensor * tensor,
                axis,
                True,
            )
            result = build("Sqrt", squares)
        else:
            size = build("Abs", tensor)
            if ord in (1, 1.0):
                result = reduce_sum(size, axis, True)
            elif ord == np.inf:
                result = reduce_max(size, axis, True)
            elif not isinstance(ord, str) and ord > 0:
                result = build("Pow", reduce_sum(build("Pow", size, ord), axis, True), 1.0 / ord)
            else:
                raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
        if keep:
            return result
        if axis is None:
            return build("Squeeze", result, squeeze_dims=[])
        axes = [axis] if not isinstance(axis, list | tuple) else list(axis)
        return build("Squeeze", result, squeeze_dims=axes)


def reduce_join(
    inputs: Any,
    axis: AxisLike | None = None,
    keep_dims: bool = False,
    separator: str = "",
    name: Name = None,
    reduction_indices: AxisLike | None = None,
    keepdims: bool | None = None,
) -> Any:
    """Strings joined over `axis`."""
    axis = one_of("axis", axis, "reduction_indices", reduction_indices)
    inputs = inputs if is_tensor(inputs) else convert(inputs)
    if axis is None:
        count = inputs.shape.ndims or 0
        axis = list(range(count - 1, -1, -1))
    return build(
        "ReduceJoin", inputs, axis, keep_dims=keepdims or keep_dims, separator=separator, name=name
    )
