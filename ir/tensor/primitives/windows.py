"""reduce_window and select_and_scatter: pooling and its gradient, cumulative sums."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.core import Computation, Shape, TensorType
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives.common import (
    concrete,
    dilate,
    expect_operands,
    expect_regions,
    expect_signature,
    invalid,
    listing,
    may_be_equal,
    scalar,
    window_count,
)
from flowc.ir.tensor.primitives.indexing import combine_at
from flowc.ir.tensor.primitives.movement import pad
from flowc.ir.tensor.primitives.reduction import expect_combiner, split_inputs


def _windowed(shape: Shape, attributes: Attributes, ones: tuple[int, ...]) -> tuple[Dim, ...]:
    """The number of windows along each axis."""
    base = attributes.get("base_dilations", ones)
    spread = attributes.get("window_dilations", ones)
    sizes = []
    for axis, size in enumerate(shape):
        low, high = attributes["padding"][axis]
        extent = dilate(attributes["window_dimensions"][axis], spread[axis])
        padded = dilate(size, base[axis]) + low + high
        sizes.append(window_count(padded, extent, attributes["window_strides"][axis]))
    return tuple(sizes)


def _expect_window(name: str, type_: TensorType, attributes: Attributes) -> None:
    for key in ("window_dimensions", "window_strides", "base_dilations", "window_dilations"):
        values = attributes.get(key, (1,) * type_.rank)
        if len(values) != type_.rank or any(isinstance(v, int) and v < 1 for v in values):
            raise invalid(f"{name}: {key} {values} does not fit {type_}")
    if len(attributes["padding"]) != type_.rank:
        raise invalid(f"{name}: padding {attributes['padding']} does not fit {type_}")


def _infer_reduce_window(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    inputs = split_inputs("reduce_window", types)
    _expect_window("reduce_window", inputs[0], attributes)
    expect_combiner("reduce_window", inputs, regions)
    shape = _windowed(inputs[0].shape, attributes, (1,) * inputs[0].rank)
    return tuple(TensorType(type_.dtype, shape) for type_ in inputs)


def _evaluate_reduce_window(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    count, (region,) = len(arrays) // 2, regions
    inputs, initial = arrays[:count], arrays[count:]
    sizes = concrete(_windowed(inputs[0].shape, attributes, (1,) * inputs[0].ndim))
    low, high = zip(*attributes["padding"], strict=True) if sizes else ((), ())
    interior = tuple(d - 1 for d in attributes["base_dilations"])
    padded = [pad(x, v, low, high, interior) for x, v in zip(inputs, initial, strict=True)]
    result = tuple(np.broadcast_to(value, sizes) for value in initial)
    if 0 in sizes:
        return result
    for window in _windows(sizes, attributes, attributes["window_dilations"]):
        result = region(*result, *(array[window] for array in padded))
    return result


def _windows(
    sizes: tuple[int, ...], attributes: Attributes, dilations: tuple[int, ...]
) -> Iterator[tuple[slice, ...]]:
    """For each offset within a window, the elements that all windows have there."""
    strides = attributes["window_strides"]
    for offset in itertools.product(*map(range, concrete(attributes["window_dimensions"]))):
        yield tuple(
            slice(k * d, k * d + (n - 1) * s + 1, s)
            for k, d, n, s in zip(offset, dilations, sizes, strides, strict=True)
        )


define(Primitive("reduce_window", _infer_reduce_window, _evaluate_reduce_window))


def _infer_select_and_scatter(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("select_and_scatter", types, 3)
    expect_regions("select_and_scatter", regions, 2)
    operand, source, initial = types
    element = scalar(operand)
    _expect_window("select_and_scatter", operand, attributes)
    expected = _windowed(operand.shape, attributes, (1,) * operand.rank)
    # A symbolic difference is for the builder's assumptions (and a guard) to settle.
    fits = source.dtype is operand.dtype and may_be_equal(source.shape, expected)
    if not fits or initial != element:
        raise invalid(
            f"select_and_scatter: operands do not fit: {listing(types)}, "
            f"the source must have shape {expected}"
        )
    chosen = [TensorType(dtypes.bool_, ())]
    expect_signature("select_and_scatter", regions[0], [element] * 2, chosen)
    expect_signature("select_and_scatter", regions[1], [element] * 2, [element])
    return (operand,)


def _evaluate_select_and_scatter(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    operand, source, initial = arrays
    select, combine = regions
    padding = attributes["padding"]
    low, high = zip(*padding, strict=True) if padding else ((), ())
    gaps = (0,) * operand.ndim
    values = pad(operand, initial, low, high, gaps)
    places = np.arange(operand.size).reshape(operand.shape)
    positions = pad(places, -1, low, high, gaps)  # -1 marks padding, which is never selected
    best, winner = np.broadcast_to(initial, source.shape), np.full(source.shape, -1)
    for window in _windows(source.shape, attributes, (1,) * operand.ndim) if source.size else ():
        keep = (winner >= 0) & (select(best, values[window])[0] | (positions[window] < 0))
        best = np.where(keep, best, values[window])
        winner = np.where(keep, winner, positions[window])
    found = winner.ravel() >= 0
    result = np.broadcast_to(initial, operand.shape)
    return (combine_at(result, winner.ravel()[found], source.ravel()[found], combine),)


define(Primitive("select_and_scatter", _infer_select_and_scatter, _evaluate_select_and_scatter))
