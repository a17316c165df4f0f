"""Choosing elements: gather, where, top_k, unique, dynamic partitions and stitches."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import AxisLike, DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.conversion import convert
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.shaping import Name
from flowc.frontend.scopes import name_scope
from flowc.frontend.slicing import boolean_mask as _boolean_mask
from flowc.frontend.tensor import Tensor
from flowc.frontend.variables.resource import ResourceVariable
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype


def gather(
    params: TensorLike,
    indices: TensorLike,
    validate_indices: Any = None,
    name: Name = None,
    axis: AxisLike | None = None,
    batch_dims: int = 0,
) -> Any:
    """The slices of `params` along `axis` (0, or `batch_dims`) at `indices`."""
    axis = batch_dims if axis is None else axis
    if isinstance(params, ResourceVariable) and axis == 0 and not batch_dims:
        return params.sparse_read(indices, name=name)
    return build("GatherV2", params, indices, axis, batch_dims=batch_dims, name=name)


def batch_gather(params: TensorLike, indices: TensorLike, name: Name = None) -> Any:
    """The slices of each batch of `params` at the indices of that batch."""
    with name_scope(name, "BatchGather", [params, indices]):
        indices = convert(indices, None, "indices")
        if indices.shape.ndims is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        return gather(
            params, indices, axis=indices.shape.ndims - 1, batch_dims=indices.shape.ndims - 1
        )


def gather_nd(
    params: TensorLike, indices: TensorLike, name: Name = None, batch_dims: int = 0
) -> Any:
    """The slices of `params` at multi-dimensional indices."""
    if batch_dims:
        raise NotImplementedError("gather_nd with batch_dims is not implemented in flowc.")
    if isinstance(params, ResourceVariable):
        return build("ResourceGatherNd", params.handle, indices, dtype=params.dtype, name=name)
    return build("GatherNd", params, indices, name=name)


def where(
    condition: TensorLike,
    x: TensorLike | None = None,
    y: TensorLike | None = None,
    name: Name = None,
) -> Any:
    """The indices of true or nonzero elements; with `x` and `y`, x where true and y elsewhere.

    Raises ValueError where only one of `x` and `y` is given.
    """
    if x is None and y is None:
        with name_scope(name, "Where", [condition]) as scope:
            wanted = convert(condition, None, "condition", dtypes.bool_)
            return build("Where", wanted, name=scope)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return build("Select", condition, x, y, name=name)


def where_v2(
    condition: TensorLike,
    x: TensorLike | None = None,
    y: TensorLike | None = None,
    name: Name = None,
) -> Any:
    """`where` with broadcasting."""
    if x is None and y is None:
        return where(condition, name=name)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return build("SelectV2", condition, x, y, name=name)


def boolean_mask(
    tensor: TensorLike, mask: TensorLike, name: str = "boolean_mask", axis: int | None = None
) -> Any:
    """The slices of `tensor` where `mask` is true."""
    return _boolean_mask(tensor, mask, name, axis)


def top_k(input: TensorLike, k: TensorLike = 1, sorted: bool = True, name: Name = None) -> Any:
    """The k greatest elements of each row, and their indices."""
    return build("TopKV2", input, k, sorted=sorted, name=name)


def in_top_k(predictions: TensorLike, targets: TensorLike, k: TensorLike, name: Name = None) -> Any:
    """Whether each target is among the k classes predicted most."""
    with name_scope(name, "in_top_k"):
        return build("InTopKV2", predictions, targets, k)


def unique(x: TensorLike, out_idx: Any = dtypes.int32, name: Name = None) -> Any:
    """The different elements of a vector in order of appearance, and each element's number."""
    return build("Unique", x, out_idx=as_dtype(out_idx), name=name)


def unique_with_counts(x: TensorLike, out_idx: Any = dtypes.int32, name: Name = None) -> Any:
    """`unique` with how often each element occurs."""
    return build("UniqueWithCounts", x, out_idx=as_dtype(out_idx), name=name)


def setdiff1d(
    x: TensorLike, y: TensorLike, index_dtype: Any = dtypes.int32, name: Name = None
) -> Any:
    """The elements of `x` that are not in `y`, and their indices."""
    return build("ListDiff", x, y, out_idx=as_dtype(index_dtype), name=name)


def dynamic_partition(
    data: TensorLike, partitions: Any, num_partitions: int, name: Name = None
) -> Any:
    """`data` cut into tensors by the number that stands for each slice."""
    return build("DynamicPartition", data, partitions, num_partitions=num_partitions, name=name)


def dynamic_stitch(indices: TensorLike, data: TensorLike, name: Name = None) -> Any:
    """The slices of several tensors put where their indices say."""
    return build("DynamicStitch", indices, data, name=name)


def argsort(
    values: TensorLike,
    axis: int = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: Name = None,
) -> Any:
    """The indices that sort `values` along an axis: int32, of the same shape."""
    return _sorted(values, axis, direction, name, "argsort")[1]


def sort(
    values: TensorLike, axis: int = -1, direction: str = "ASCENDING", name: Name = None
) -> Any:
    """`values` sorted along an axis."""
    return _sorted(values, axis, direction, name, "sort")[0]


def _sorted(values: Any, axis: int, direction: str, name: Name, default: str) -> tuple[Any, Any]:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"Direction should be one of ASCENDING, DESCENDING, got {direction}")
    with name_scope(name, default):
        values = convert(values, None, "values")
        rank = values.shape.ndims
        if axis != -1 and axis != (rank or 0) - 1:
            if rank is None or not -rank <= axis < rank:
                raise ValueError(f"axis {axis} is out of range for values of shape {values.shape}.")
            order = list(range(rank))
            order[axis], order[-1] = order[-1], order[axis]
            found = _sorted(build("Transpose", values, order), -1, direction, None, default)
            return build("Transpose", found[0], order), build("Transpose", found[1], order)
        ascending = direction == "ASCENDING"
        found = build(
            "TopKV2", build("Neg", values) if ascending else values, build("Shape", values)[-1]
        )
        return (build("Neg", found[0]) if ascending else found[0]), found[1]


def clip_by_value(
    t: TensorLike, clip_value_min: TensorLike, clip_value_max: TensorLike, name: Name = None
) -> Any:
    """`t` with each element at least `clip_value_min` and at most `clip_value_max`."""
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        values = convert(t.values if isinstance(t, IndexedSlices) else t, None, "t")
        low = build("Minimum", values, clip_value_max)
        values.shape.merge_with(low.shape)
        result = build("Maximum", low, clip_value_min, name=scope)
        values.shape.merge_with(result.shape)
        return (
            IndexedSlices(result, t.indices, t.dense_shape)
            if isinstance(t, IndexedSlices)
            else result
        )


scatter_nd = derive("ScatterNd", "scatter_nd")
tensor_scatter_update = derive("TensorScatterUpdate", "tensor_scatter_update", tensor="tensor")
tensor_scatter_add = derive("TensorScatterAdd", "tensor_scatter_add")
tensor_scatter_sub = derive("TensorScatterSub", "tensor_scatter_sub")
tensor_scatter_nd_update = derive("TensorScatterUpdate", "tensor_scatter_nd_update")
tensor_scatter_nd_add = derive("TensorScatterAdd", "tensor_scatter_nd_add")
tensor_scatter_nd_sub = derive("TensorScatterSub", "tensor_scatter_nd_sub")


def searchsorted(
    sorted_sequence: Any,
    values: TensorLike,
    side: str = "left",
    out_type: DTypeLike = dtypes.int32,
    name: Name = None,
) -> Any:
    """Where each value would have to stand in a sorted sequence."""
    op_type = {"left": "LowerBound", "right": "UpperBound"}[side]
    sequence, values = convert(sorted_sequence), convert(values)
    found = build(op_type, _rows(sequence), _rows(values), out_type=out_type, name=name)
    return build("Reshape", found, build("Shape", values))


def _rows(tensor: Tensor) -> Any:
    """The tensor as a matrix, whose rows are those of the last axis."""
    return build("Reshape", tensor, build("Pack", [-1, build("Shape", tensor)[-1]]))
