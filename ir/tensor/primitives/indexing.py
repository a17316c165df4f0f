"""Data movement whose positions are data: dynamic slices, gather, scatter.

Dynamic slices and gather clamp their start indices so that the slice lies within the operand;
scatter leaves out the updates that fall outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowc.ir.tensor.core import Computation, Shape, TensorType
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives.common import (
    concrete,
    expect_axes,
    expect_operands,
    expect_regions,
    expect_signature,
    invalid,
    known_negative,
    listing,
    scalar,
)

Types = Sequence[TensorType]
Computations = Sequence[Computation]
Arrays = Sequence[Array]
Regions = Sequence[Region]


@dataclass(frozen=True, slots=True)
class GatherDimensionNumbers:
    """How `gather` takes slices: names and meaning are StableHLO's."""

    offset_dims: tuple[int, ...] = ()
    collapsed_slice_dims: tuple[int, ...] = ()
    operand_batching_dims: tuple[int, ...] = ()
    start_indices_batching_dims: tuple[int, ...] = ()
    start_index_map: tuple[int, ...] = ()
    index_vector_dim: int = 0


@dataclass(frozen=True, slots=True)
class ScatterDimensionNumbers:
    """How `scatter` places updates: names and meaning are StableHLO's."""

    update_window_dims: tuple[int, ...] = ()
    inserted_window_dims: tuple[int, ...] = ()
    input_batching_dims: tuple[int, ...] = ()
    scatter_indices_batching_dims: tuple[int, ...] = ()
    scatter_dims_to_operand_dims: tuple[int, ...] = ()
    index_vector_dim: int = 0


def _expect_indices(name: str, indices: Types, rank: int) -> None:
    if len(indices) != rank or any(t.rank or not t.dtype.is_integer for t in indices):
        raise invalid(f"{name} takes {rank} integer scalars as starts, not ({listing(indices)})")


def _infer_dynamic_slice(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    operand, *indices = types
    sizes: Shape = attributes["slice_sizes"]
    _expect_indices("dynamic_slice", indices, operand.rank)
    _expect_within("dynamic_slice", sizes, operand)
    return (TensorType(operand.dtype, sizes),)


def _expect_within(name: str, sizes: Shape, operand: TensorType) -> None:
    fits = len(sizes) == operand.rank and not any(
        known_negative(size) or known_negative(limit - size)
        for size, limit in zip(sizes, operand.shape, strict=True)
    )
    if not fits:
        raise invalid(f"{name}: a slice of {sizes} does not fit {operand}")


def _dynamic_region(array: Array, starts: Arrays, sizes: tuple[int, ...]) -> tuple[slice, ...]:
    clamped = (
        min(max(int(start.item()), 0), limit - size)
        for start, limit, size in zip(starts, array.shape, sizes, strict=True)
    )
    return tuple(slice(start, start + size) for start, size in zip(clamped, sizes, strict=True))


def _evaluate_dynamic_slice(
    arrays: Arrays, attributes: Attributes, regions: Regions
) -> tuple[Array, ...]:
    array, *starts = arrays
    return (array[_dynamic_region(array, starts, concrete(attributes["slice_sizes"]))],)


define(Primitive("dynamic_slice", _infer_dynamic_slice, _evaluate_dynamic_slice, symbolic=True))


def _infer_dynamic_update_slice(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    operand, update, *indices = types
    _expect_indices("dynamic_update_slice", indices, operand.rank)
    _expect_within("dynamic_update_slice", update.shape, operand)
    if operand.dtype != update.dtype:
        raise invalid(f"dynamic_update_slice: element types differ: {operand} and {update}")
    return (operand,)


def _evaluate_dynamic_update_slice(
    arrays: Arrays, attributes: Attributes, regions: Regions
) -> tuple[Array, ...]:
    array, update, *starts = arrays
    result = array.copy()
    result[_dynamic_region(array, starts, update.shape)] = update
    return (result,)


define(
    Primitive(
        "dynamic_update_slice",
        _infer_dynamic_update_slice,
        _evaluate_dynamic_update_slice,
        symbolic=True,
    )
)


# gather and scatter see the same picture: indices in a batch of positions, each the corner of a
# window in the operand, whose axes are spread over the other tensor's `window` axes.


def _without(shape: Sequence[Any], axes: Sequence[int]) -> tuple[Any, ...]:
    return tuple(d for axis, d in enumerate(shape) if axis not in axes)


def _batch_shape(indices: TensorType, index_vector_dim: int) -> Shape:
    return _without(indices.shape, (index_vector_dim,))


def _expect_index_map(
    name: str, indices: TensorType, vector_dim: int, index_map: Sequence[int], rank: int
) -> None:
    if not indices.dtype.is_integer or not 0 <= vector_dim <= indices.rank:
        raise invalid(f"{name}: {indices} with index vectors along axis {vector_dim}")
    expect_axes(name, index_map, rank)
    length = indices.shape[vector_dim] if vector_dim < indices.rank else 1
    if length != len(index_map):
        raise invalid(
            f"{name}: index vectors of {length} elements in {indices} for axes {tuple(index_map)}"
        )


def _expect_batching(
    name: str, operand: TensorType, axes: Sequence[int], indices: TensorType, others: Sequence[int]
) -> None:
    expect_axes(name, axes, operand.rank)
    expect_axes(name, others, indices.rank)
    if [operand.shape[a] for a in axes] != [indices.shape[a] for a in others]:
        raise invalid(
            f"{name}: batching axes {tuple(axes)} of {operand} and {tuple(others)} of {indices} "
            "differ in size"
        )


def _infer_gather(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("gather", types, 2)
    operand, indices = types
    numbers: GatherDimensionNumbers = attributes["dimension_numbers"]
    sizes: Shape = attributes["slice_sizes"]
    dropped = numbers.collapsed_slice_dims + numbers.operand_batching_dims
    expect_axes("gather", dropped, operand.rank)
    _expect_index_map(
        "gather", indices, numbers.index_vector_dim, numbers.start_index_map, operand.rank
    )
    _expect_batching(
        "gather",
        operand,
        numbers.operand_batching_dims,
        indices,
        numbers.start_indices_batching_dims,
    )
    _expect_within("gather", sizes, operand)
    if any(sizes[axis] != 1 for axis in dropped):
        raise invalid(f"gather: slice sizes {sizes} must be 1 along the axes {dropped}")
    window, batch = _without(sizes, dropped), _batch_shape(indices, numbers.index_vector_dim)
    expect_axes("gather", numbers.offset_dims, len(window) + len(batch))
    if len(window) != len(numbers.offset_dims):
        raise invalid(f"gather: {len(window)} window axes and offset_dims {numbers.offset_dims}")
    return (TensorType(operand.dtype, _interleave(batch, window, numbers.offset_dims)),)


def _interleave(
    batch: Sequence[Any], window: Sequence[Any], axes: Sequence[int]
) -> tuple[Any, ...]:
    """`window` at `axes`, `batch` at the other places."""
    batches, windows = iter(batch), iter(window)
    rank = len(batch) + len(window)
    return tuple(next(windows) if axis in axes else next(batches) for axis in range(rank))


def _corners(
    indices: Array,
    vector_dim: int,
    index_map: Sequence[int],
    batching: Sequence[tuple[int, int]],
    rank: int,
) -> list[Array]:
    """Per operand axis the window's start, of the batch's shape. `batching`: (operand, indices)."""
    vectors = indices[..., None]
    if vector_dim < indices.ndim:
        vectors = np.moveaxis(indices, vector_dim, -1)
    batch = vectors.shape[:-1]
    starts = [np.zeros(batch, np.int64) for _ in range(rank)]
    for k, axis in enumerate(index_map):
        starts[axis] = vectors[..., k].astype(np.int64)
    for axis, other in batching:
        place = other if other < vector_dim else other - 1
        along = [1] * len(batch)
        along[place] = -1
        starts[axis] = np.broadcast_to(np.arange(batch[place]).reshape(along), batch)
    return starts


def _positions(
    starts: Sequence[Array], sizes: Sequence[int], dropped: Sequence[int], axes: Sequence[int]
) -> tuple[Array, ...]:
    """Per operand axis the index of every element of every window, of the result's shape."""
    batch = starts[0].shape
    kept = [axis for axis in range(len(sizes)) if axis not in dropped]
    window = [sizes[axis] for axis in kept]
    spread = _interleave(range(len(batch)), range(len(batch), len(batch) + len(window)), axes)
    positions = []
    for axis, start in enumerate(starts):
        position = start.reshape(batch + (1,) * len(window))
        if axis in kept:
            along = [1] * len(window)
            along[kept.index(axis)] = -1
            position = position + np.arange(sizes[axis]).reshape(along)
        positions.append(np.broadcast_to(position, (*batch, *window)).transpose(spread))
    return tuple(positions)


def _evaluate_gather(arrays: Arrays, attributes: Attributes, regions: Regions) -> tuple[Array, ...]:
    operand, indices = arrays
    numbers: GatherDimensionNumbers = attributes["dimension_numbers"]
    sizes = concrete(attributes["slice_sizes"])
    batching = list(
        zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True)
    )
    starts = _corners(
        indices, numbers.index_vector_dim, numbers.start_index_map, batching, operand.ndim
    )
    if not operand.ndim:
        return (np.broadcast_to(operand, _without(indices.shape, (numbers.index_vector_dim,))),)
    clamped = [
        np.clip(start, 0, limit - size)
        for start, limit, size in zip(starts, operand.shape, sizes, strict=True)
    ]
    dropped = numbers.collapsed_slice_dims + numbers.operand_batching_dims
    found = operand[_positions(clamped, sizes, dropped, numbers.offset_dims)]
    return (found if isinstance(found, np.ndarray) else _scalar(found, operand.dtype),)


def _scalar(value: Any, dtype: np.dtype[Any]) -> Array:
    """NumPy gives the element itself where no dimension is left."""
    array = np.empty((), dtype)
    array[()] = value
    return array


define(Primitive("gather", _infer_gather, _evaluate_gather, symbolic=True))


def _infer_scatter(
    types: Types, attributes: Attributes, regions: Computations
) -> tuple[TensorType, ...]:
    expect_operands("scatter", types, 3)
    expect_regions("scatter", regions, 1)
    operand, indices, updates = types
    numbers: ScatterDimensionNumbers = attributes["scatter_dimension_numbers"]
    dropped = numbers.inserted_window_dims + numbers.input_batching_dims
    expect_axes("scatter", dropped, operand.rank)
    expect_axes("scatter", numbers.update_window_dims, updates.rank)
    _expect_index_map(
        "scatter",
        indices,
        numbers.index_vector_dim,
        numbers.scatter_dims_to_operand_dims,
        operand.rank,
    )
    _expect_batching(
        "scatter",
        operand,
        numbers.input_batching_dims,
        indices,
        numbers.scatter_indices_batching_dims,
    )
    batch = _without(updates.shape, numbers.update_window_dims)
    kept = operand.rank - len(dropped)
    if (
        operand.dtype != updates.dtype
        or len(numbers.update_window_dims) != kept
        or batch != _batch_shape(indices, numbers.index_vector_dim)
    ):
        raise invalid(f"scatter: operands do not fit: {listing(types)} with {numbers}")
    _expect_within("scatter", _update_sizes(updates.shape, operand.rank, numbers), operand)
    expect_signature("scatter", regions[0], [scalar(operand)] * 2, [scalar(operand)])
    return (operand,)


def _update_sizes(updates: Shape, rank: int, numbers: ScatterDimensionNumbers) -> Shape:
    """The window's extent along each operand axis."""
    dropped = numbers.inserted_window_dims + numbers.input_batching_dims
    window = iter([updates[axis] for axis in numbers.update_window_dims])
    return tuple(1 if axis in dropped else next(window) for axis in range(rank))


def _evaluate_scatter(
    arrays: Arrays, attributes: Attributes, regions: Regions
) -> tuple[Array, ...]:
    operand, indices, updates = arrays
    numbers: ScatterDimensionNumbers = attributes["scatter_dimension_numbers"]
    batching = list(
        zip(numbers.input_batching_dims, numbers.scatter_indices_batching_dims, strict=True)
    )
    starts = _corners(
        indices,
        numbers.index_vector_dim,
        numbers.scatter_dims_to_operand_dims,
        batching,
        operand.ndim,
    )
    if not operand.ndim:
        zeros = np.zeros(updates.size, np.int64)
        return (combine_at(operand, zeros, updates.ravel(), regions[0]),)
    sizes = concrete(_update_sizes(updates.shape, operand.ndim, numbers))
    dropped = numbers.inserted_window_dims + numbers.input_batching_dims
    positions = _positions(starts, sizes, dropped, numbers.update_window_dims)
    inside = np.ones(updates.shape, bool)
    for position, limit in zip(positions, operand.shape, strict=True):
        inside &= (position >= 0) & (position < limit)
    flat = np.ravel_multi_index(tuple(p[inside] for p in positions), operand.shape)
    return (combine_at(operand, flat, updates[inside], regions[0]),)


def combine_at(operand: Array, positions: Array, updates: Array, region: Region) -> Array:
    """`operand[p] = region(operand[p], u)` for each flat position p and update u, in their order.

    Updates of different positions are applied together; those of one position in rounds.
    """
    result = operand.flatten()
    order = np.argsort(positions, kind="stable")
    positions, updates = positions[order], updates[order]
    first = np.searchsorted(positions, positions, side="left")
    rounds = np.arange(positions.size) - first
    for number in range(int(rounds.max(initial=-1)) + 1):
        chosen = rounds == number
        (result[positions[chosen]],) = region(result[positions[chosen]], updates[chosen])
    return result.reshape(operand.shape)


define(Primitive("scatter", _infer_scatter, _evaluate_scatter))
