"""Looking up rows of parameter tensors by id."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.conversion import convert
from flowc.frontend.functions.mathematics import (
    cast,
    sparse_segment_mean,
    sparse_segment_sqrt_n,
    sparse_segment_sum,
)
from flowc.frontend.functions.selection import gather
from flowc.frontend.functions.shaping import Name, concat, reshape, shape
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes


def embedding_lookup(
    params: TensorLike,
    ids: TensorLike,
    partition_strategy: str = "mod",
    name: Name = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Any:
    """The rows of `params` with these ids; a list of params holds the rows in parts.

    The ids are dealt out "mod" the number of parts, or in contiguous ranges: "div". Rows longer
    than `max_norm` are scaled down. Raises ValueError.
    """
    parts = list(params) if isinstance(params, list | tuple) else [params]
    if not parts:
        raise ValueError("Need at least one param")
    with name_scope(name, "embedding_lookup", [*parts, ids]) as scope:
        ids = convert(ids, None, "ids")
        if len(parts) == 1:
            rows = _gathered(parts[0], ids, scope)
            return build("Identity", _clipped(rows, ids, max_norm))
        return _from_parts(parts, ids, partition_strategy, max_norm)


def _gathered(params: TensorLike, ids: TensorLike, name: Name = None) -> Any:
    return gather(params, ids, name=name)


def _clipped(rows: Any, ids: Any, max_norm: Any) -> Any:
    """Rows whose norm is more than `max_norm` scaled down to it."""
    if max_norm is None:
        return rows
    from flowc.frontend.functions.clipping import clip_by_norm

    first = ids.shape.ndims
    return clip_by_norm(rows, max_norm, axes=list(range(first, rows.shape.ndims)))


def _from_parts(parts: list[Any], ids: Any, strategy: str, max_norm: TensorLike) -> Any:
    flat = reshape(ids, [-1])
    assignments, positions = _dealt(parts, flat, strategy)
    count = len(parts)
    assignments = cast(assignments, dtypes.int32)
    by_part = build("DynamicPartition", positions, assignments, num_partitions=count)
    numbers = build("Range", 0, build("Size", flat), 1)
    order = build("DynamicPartition", numbers, assignments, num_partitions=count)
    rows = [
        _clipped(_gathered(part, where), where, max_norm)
        for part, where in zip(parts, by_part, strict=True)
    ]
    result = build("DynamicStitch", order, rows)
    inner = parts[0].shape[1:]
    sizes = inner.as_list() if inner.is_fully_defined() else shape(parts[0])[1:]
    result = reshape(result, concat([shape(ids), sizes], 0))
    result.set_shape(ids.shape.concatenate(inner))
    return result


def _dealt(parts: list[Any], ids: TensorLike, strategy: str) -> tuple[Any, Any]:
    """For each id, the part that holds it, and its row there."""
    count = len(parts)
    if strategy == "mod":
        return build("FloorMod", ids, count), build("FloorDiv", ids, count)
    if strategy != "div":
        raise ValueError(f"Unrecognized partition strategy: {strategy}")
    sizes = [part.shape[0].value for part in parts]
    if None in sizes:
        raise ValueError("embedding_lookup with strategy 'div' needs parts of known sizes")
    each, extras = divmod(sum(sizes), count)
    assignments = build(
        "Maximum", build("FloorDiv", ids, each + 1), build("FloorDiv", ids - extras, each)
    )
    first = assignments < extras
    inside = build(
        "Select", first, build("FloorMod", ids, each + 1), build("FloorMod", ids - extras, each)
    )
    return assignments, inside


def embedding_lookup_sparse(
    params: TensorLike,
    sp_ids: SparseTensor,
    sp_weights: SparseTensor | None,
    partition_strategy: str = "mod",
    name: Name = None,
    combiner: str | None = None,
    max_norm: Any = None,
) -> Any:
    """For each row of sparse ids, the rows of `params` combined: "mean", "sum" or "sqrtn"."""
    combiner = "mean" if combiner is None else combiner
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError("sp_ids must be SparseTensor")
    parts = list(params) if isinstance(params, list | tuple) else [params]
    with name_scope(name, "embedding_lookup_sparse", parts) as scope:
        segments = cast(sp_ids.indices[:, 0], dtypes.int32)
        if sp_weights is None:
            ids, places = build("Unique", sp_ids.values)
            rows = embedding_lookup(parts, ids, partition_strategy, max_norm=max_norm)
            combine = {
                "sum": sparse_segment_sum,
                "mean": sparse_segment_mean,
                "sqrtn": sparse_segment_sqrt_n,
            }[combiner]
            return combine(rows, places, segments, name=scope)
        return _weighted(
            parts, sp_ids, sp_weights, segments, partition_strategy, combiner, max_norm, scope
        )


def _weighted(
    parts: list[Any],
    sp_ids: SparseTensor,
    sp_weights: SparseTensor,
    segments: Any,
    strategy: str,
    combiner: str,
    max_norm: TensorLike,
    scope: str,
) -> Any:
    rows = embedding_lookup(parts, sp_ids.values, strategy, max_norm=max_norm)
    weights = cast(sp_weights.values, rows.dtype)
    column = reshape(weights, [-1] + [1] * (rows.shape.ndims - 1))
    total = build("SegmentSum", rows * column, segments)
    if combiner == "sum":
        return build("Identity", total, name=scope)
    if combiner == "mean":
        return build("RealDiv", total, build("SegmentSum", column, segments), name=scope)
    squares = build("SegmentSum", build("Pow", column, 2.0), segments)
    return build("RealDiv", total, build("Sqrt", squares), name=scope)
