"""Greyscale dilation of images by a structuring function, and its gradients.

A window's taps are few, so each is a strided slice of the padded image.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, least, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.common import Tensors, require_rank, static_size
from flowc.ops.networks.windows import Padding, layout, output_sizes, window_padding
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op

_NHWC = layout("NHWC")


@dataclass(frozen=True)
class _Dilation:
    """The geometry of one dilation."""

    b: Builder
    image: Shape
    taps: tuple[int, int]
    strides: tuple[int, ...]
    rates: tuple[int, ...]
    edges: Padding

    @property
    def sizes(self) -> Shape:
        """Height and width of the result."""
        return output_sizes(self.image[1:3], self.taps, self.strides, self.rates, self.edges)

    def tap_positions(self) -> Iterator[tuple[int, int]]:
        """Row and column of each tap, in order."""
        return itertools.product(range(self.taps[0]), range(self.taps[1]))

    def bounds(self, tap: tuple[int, int]) -> tuple[list[Dim], list[Dim], list[int]]:
        """Where the tap reads in the padded image, for all windows."""
        starts: list[Dim] = [0, 0, 0, 0]
        limits: list[Dim] = list(self.image)
        strides = [1, 1, 1, 1]
        for axis in range(2):
            start = tap[axis] * self.rates[axis]
            starts[axis + 1] = start
            limits[axis + 1] = start + (self.sizes[axis] - 1) * self.strides[axis] + 1
            strides[axis + 1] = self.strides[axis]
        return starts, limits, strides

    def padded(self, x: Value) -> Value:
        """The image with a border that never wins."""
        low, high = ([0, *(edge[i] for edge in self.edges), 0] for i in range(2))
        worst = least(x.type.dtype)
        return self.b.pad(x, -math.inf if x.type.dtype.is_floating else worst, low, high)


def _geometry(
    b: Builder,
    image: Shape,
    filter: Value,
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
) -> _Dilation:
    height, width, depth = require_rank(b, filter, 3, "filter")
    require(len(image) == 4, f"input must be 4-dimensional: {image}")
    same = b.assumptions.equal(image[3], depth)
    require(same, f"input and filter must have the same depth: {image[3]} vs {depth}")
    taps = static_size(b, height), static_size(b, width)
    steps, spread = _NHWC.pick(strides, "strides"), _NHWC.pick(rates, "rates")
    edges = window_padding(b, image[1:3], taps, steps, spread, padding)
    return _Dilation(b, image, taps, steps, spread, edges)


def _candidates(geometry: _Dilation, x: Value, filter: Value) -> Iterator[Value]:
    """Per tap the image there plus the filter."""
    b = geometry.b
    padded = geometry.padded(x)
    for tap in geometry.tap_positions():
        part = b.slice(padded, *geometry.bounds(tap))
        row = b.slice(filter, [*tap, 0], [tap[0] + 1, tap[1] + 1, b.shape(filter)[2]])
        height = b.reshape(row, (b.shape(filter)[2],))
        yield b.add(part, b.broadcast_in_dim(height, b.shape(part), (3,)))


_ATTRS = 'T: {real}, strides: list(int) >= 4, rates: list(int) >= 4, padding: {"SAME", "VALID"}'


@op(f"Dilation2D(input: T[:,:,:,:], filter: T[:,:,:]; {_ATTRS}) -> output: T")
def dilation2d(
    b: Builder,
    input: Value,
    filter: Value,
    *,
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
) -> Value:
    """The greatest of image + filter over each window."""
    geometry = _geometry(b, b.shape(input), filter, strides, rates, padding)
    first, *others = _candidates(geometry, input, filter)
    for value in others:
        first = b.maximum(first, value)
    return first


def _winners(geometry: _Dilation, x: Value, filter: Value) -> Value:
    """Per window the number of the first tap with the greatest value."""
    b = geometry.b
    first, *others = _candidates(geometry, x, filter)
    best, winner = first, b.full(0, b.shape(first), dtypes.int32)
    for number, value in enumerate(others, 1):
        better = b.gt(value, best)
        best, winner = b.select(better, value, best), b.select(better, number, winner)
    return winner


@op(f"Dilation2DBackpropInput(input: T, filter: T, out_backprop: T; {_ATTRS}) -> in_backprop: T")
def dilation2d_backprop_input(
    b: Builder,
    input: Value,
    filter: Value,
    out_backprop: Value,
    *,
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
) -> Value:
    """Each window's gradient at the pixel that won."""
    geometry = _geometry(b, b.shape(input), filter, strides, rates, padding)
    winner = _winners(geometry, input, filter)
    dy = b.reshape(out_backprop, b.shape(winner))
    whole = b.shape(geometry.padded(input))
    total = b.full(0, whole, input.type.dtype)
    for number, tap in enumerate(geometry.tap_positions()):
        starts, limits, steps = geometry.bounds(tap)
        share = b.select(b.eq(winner, number), dy, 0)
        high = [size - limit for size, limit in zip(whole, limits, strict=True)]
        high[3] = 0
        high[0] = 0
        total = b.add(total, b.pad(share, 0, starts, high, [s - 1 for s in steps]))
    low = [0, *(edge[0] for edge in geometry.edges), 0]
    return b.slice(total, low, [s + d for s, d in zip(low, geometry.image, strict=True)])


@op(
    f"Dilation2DBackpropFilter(input: T, filter: T, out_backprop: T; {_ATTRS})"
    " -> filter_backprop: T"
)
def dilation2d_backprop_filter(
    b: Builder,
    input: Value,
    filter: Value,
    out_backprop: Value,
    *,
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
) -> Value:
    """The gradients of the windows that each tap won, summed."""
    geometry = _geometry(b, b.shape(input), filter, strides, rates, padding)
    winner = _winners(geometry, input, filter)
    dy = b.reshape(out_backprop, b.shape(winner))
    count = geometry.taps[0] * geometry.taps[1]
    sums = [
        b.expand_dims(b.reduce_sum(b.select(b.eq(winner, i), dy, 0), [0, 1, 2]), 0)
        for i in range(count)
    ]
    return b.reshape(b.concatenate(sums, 0), b.shape(filter))


@dilation2d.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    attrs = {n: op.get_attr(n) for n in ("strides", "rates", "padding")}
    names = ("Dilation2DBackpropInput", "Dilation2DBackpropFilter")
    return tuple(g(name, *op.inputs, grad, **attrs) for name in names)
