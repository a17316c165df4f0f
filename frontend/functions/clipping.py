"""Clipping by norm, of one tensor or of many together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.frontend.aliases import AxisLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.control import identity
from flowc.frontend.functions.mathematics import minimum
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.shaping import Name, size
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes


def _values(t: TensorLike) -> Any:
    return convert(t.values if isinstance(t, IndexedSlices) else t, None, "t")


def _like(t: TensorLike, values: Any) -> Any:
    return (
        IndexedSlices(values, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else values
    )


def clip_by_norm(
    t: TensorLike, clip_norm: TensorLike, axes: AxisLike | None = None, name: Name = None
) -> Any:
    """`t` scaled down where its L2 norm (over `axes`) is more than `clip_norm`."""
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values = _values(t)
        total = reduce_sum(values * values, axes, keepdims=True)
        positive = total > 0
        safe = build("Select", positive, total, build("OnesLike", total))
        norm = build("Select", positive, build("Sqrt", safe), total)
        intermediate = values * clip_norm
        values.shape.merge_with(intermediate.shape)
        clipped = identity(intermediate / build("Maximum", norm, clip_norm), name=scope)
        return _like(t, clipped)


def clip_by_average_norm(t: TensorLike, clip_norm: TensorLike, name: Name = None) -> Any:
    """`t` scaled down where its L2 norm divided by its size is more than `clip_norm`."""
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        t = convert(t, None, "t")
        count = build("Cast", size(t), DstT=dtypes.float32)
        inverse = build("Rsqrt", reduce_sum(t * t, range_of(t)))
        return identity(
            t * clip_norm * minimum(inverse * count, constant(1.0) / clip_norm), name=scope
        )


def range_of(t: Any) -> Any:
    """All axes of a tensor, as an int vector."""
    rank = t.shape.ndims
    return (
        constant(np.arange(rank, dtype=np.int32))
        if rank is not None
        else build("Range", 0, build("Rank", t), 1)
    )


def global_norm(t_list: Sequence[Any], name: Name = None) -> Any:
    """The L2 norm of all tensors together; None for a list of nothing but None."""
    _require_list(t_list)
    with name_scope(name, "global_norm", [t for t in t_list if t is not None]):
        halves = []
        for t in t_list:
            if t is not None:
                values = _values(t)
                with values.graph.colocate_with(values):
                    halves.append(build("L2Loss", values))
        if not halves:
            return None
        total = build("Sum", build("Pack", halves), [0])
        return build("Sqrt", total * constant(2.0, total.dtype), name="global_norm")


def clip_by_global_norm(
    t_list: Sequence[Any], clip_norm: TensorLike, use_norm: Any = None, name: Name = None
) -> tuple[list[Any], Any]:
    """All tensors scaled by one factor where their global norm is more than `clip_norm`.

    Returns the list and the global norm. A norm that is not finite makes everything NaN.
    """
    _require_list(t_list)
    norm = global_norm(t_list, name) if use_norm is None else use_norm
    with name_scope(
        name, "clip_by_global_norm", [*(t for t in t_list if t is not None), clip_norm]
    ):
        scale_for_finite = clip_norm * build(
            "Minimum", 1.0 / norm, constant(1.0, norm.dtype) / clip_norm
        )
        finite = build("IsFinite", norm)
        scale = build("Select", finite, scale_for_finite, constant(np.nan, norm.dtype))
        clipped: list[Any] = []
        for i, t in enumerate(t_list):
            if t is None:
                clipped.append(None)
                continue
            values = _values(t)
            with values.graph.colocate_with(values):
                result = identity(values * scale, name=f"clip_by_global_norm/_{i}")
            clipped.append(_like(t, result))
        return clipped, norm


def _require_list(t_list: Any) -> None:
    if not isinstance(t_list, list | tuple):
        raise TypeError("t_list should be a sequence")
