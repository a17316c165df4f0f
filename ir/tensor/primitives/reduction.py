"""reduce and sort.

A region of scalar parameters maps over arrays of any one shape (see the interpreter), so each of
these combines whole arrays at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.core import Computation, TensorType
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives.common import (
    expect_axes,
    expect_regions,
    expect_signature,
    invalid,
    listing,
    scalar,
)


def split_inputs(name: str, types: Sequence[TensorType]) -> Sequence[TensorType]:
    """The inputs of a variadic reduction: the first half of its operands."""
    count = len(types) // 2
    inputs, initial = types[:count], types[count:]
    if not inputs or len(types) % 2 or list(map(scalar, inputs)) != list(initial):
        raise invalid(
            f"{name} takes inputs and one scalar initial value for each, not ({listing(types)})"
        )
    if any(type_.shape != inputs[0].shape for type_ in inputs):
        raise invalid(f"{name}: inputs differ in shape: {listing(inputs)}")
    return inputs


def expect_combiner(
    name: str, inputs: Sequence[TensorType], regions: Sequence[Computation]
) -> None:
    """The one region takes all accumulators, then all elements, and returns the accumulators."""
    expect_regions(name, regions, 1)
    elements = [scalar(type_) for type_ in inputs]
    expect_signature(name, regions[0], elements * 2, elements)


def _infer_reduce(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    inputs, axes = split_inputs("reduce", types), attributes["dimensions"]
    expect_axes("reduce", axes, inputs[0].rank)
    expect_combiner("reduce", inputs, regions)
    kept = tuple(d for axis, d in enumerate(inputs[0].shape) if axis not in axes)
    return tuple(TensorType(type_.dtype, kept) for type_ in inputs)


def _evaluate_reduce(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    count, axes = len(arrays) // 2, attributes["dimensions"]
    (region,) = regions
    kept = [axis for axis in range(arrays[0].ndim) if axis not in axes]
    outer = tuple(arrays[0].shape[axis] for axis in kept)
    inner = int(np.prod([arrays[0].shape[axis] for axis in axes], dtype=np.int64))
    lines = [a.transpose([*kept, *axes]).reshape(*outer, inner) for a in arrays[:count]]
    initial = [np.broadcast_to(a, outer) for a in arrays[count:]]
    if inner == 0:
        return tuple(initial)
    return region(*initial, *(line[..., 0] for line in _combine_pairs(lines, region)))


def _combine_pairs(lines: list[Array], region: Region) -> list[Array]:
    """Neighbours combined until one element is left of the last axis."""
    while (size := lines[0].shape[-1]) > 1:
        even = [line[..., 0 : size - 1 : 2] for line in lines]
        odd = [line[..., 1:size:2] for line in lines]
        last = [line[..., size - size % 2 :] for line in lines]
        combined = region(*even, *odd)
        lines = [np.concatenate(pair, -1) for pair in zip(combined, last, strict=True)]
    return lines


define(Primitive("reduce", _infer_reduce, _evaluate_reduce, symbolic=True))


def _infer_sort(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    if not types or any(type_.shape != types[0].shape for type_ in types):
        raise invalid(f"sort: operands differ in shape: {listing(types)}")
    expect_axes("sort", (attributes["dimension"],), types[0].rank)
    expect_regions("sort", regions, 1)
    compared = [scalar(type_) for type_ in types for _ in range(2)]
    expect_signature("sort", regions[0], compared, [TensorType(dtypes.bool_, ())])
    return tuple(types)


def _evaluate_sort(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    axis, (region,) = attributes["dimension"], regions
    moved = [np.moveaxis(array, axis, -1) for array in arrays]
    flat = [m.reshape(int(np.prod(m.shape[:-1], dtype=np.int64)), m.shape[-1]) for m in moved]
    rows = np.arange(flat[0].shape[0])[:, None]

    def precedes(left: Array, right: Array) -> Array:
        pairs = [side for f in flat for side in (f[rows, left], f[rows, right])]
        return region(*pairs)[0]

    order = _merge_sort(flat[0].shape, precedes)
    return tuple(
        np.moveaxis(f[rows, order].reshape(m.shape), -1, axis)
        for f, m in zip(flat, moved, strict=True)
    )


def _merge_sort(shape: tuple[int, ...], precedes: Callable[[Array, Array], Array]) -> Array:
    """A stable order of each row's positions, by merging runs of 1, 2, 4 ... elements.

    An element's place in the merged run is its place in its own run plus the number of elements of
    the other run that stand before it, which a binary search finds for all elements at once.
    """
    size = shape[1]
    order = np.broadcast_to(np.arange(size), shape).copy()
    place = np.arange(size)
    width = 1
    while width < size:
        run = place // width
        start, other = run * width, np.minimum((run ^ 1) * width, size)
        low = np.broadcast_to(other, shape)
        high = np.broadcast_to(np.minimum(other + width, size), shape)
        while np.any(low < high):
            middle = (low + high) // 2
            rival = np.take_along_axis(order, np.minimum(middle, size - 1), 1)
            # An element of the left run yields only to what is strictly before it.
            before = np.where(run % 2 == 0, precedes(rival, order), ~precedes(order, rival))
            searching = low < high
            low, high = (
                np.where(searching & before, middle + 1, low),
                np.where(searching & ~before, middle, high),
            )
        target = np.minimum(start, other) + (place - start) + (low - other)
        merged = np.empty_like(order)
        np.put_along_axis(merged, target, order, 1)
        order = merged
        width *= 2
    return order


define(Primitive("sort", _infer_sort, _evaluate_sort))
