"""The windows of images and volumes, each as one vector."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, require_rank
from flowc.ops.networks.windows import Layout, layout, output_sizes, window_padding
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


def _patches(
    b: Builder,
    x: Value,
    where: Layout,
    windows: Sequence[int],
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
) -> Value:
    """Per window its elements, by position and then by channel; 0 outside of the image."""
    shape = require_rank(b, x, where.rank, "input")
    spatial = shape[1:-1]
    edges = window_padding(b, spatial, tuple(windows), strides, rates, padding)
    sizes = output_sizes(spatial, tuple(windows), strides, rates, edges)
    if 0 in sizes:
        depth = shape[-1] * math.prod(windows)
        return b.full(0, (shape[0], *sizes, depth), x.type.dtype)
    low, high = ([0, *(edge[i] for edge in edges), 0] for i in range(2))
    padded = b.pad(x, False if x.type.dtype.is_bool else 0, low, high)
    taps = []
    for tap in itertools.product(*(range(size) for size in windows)):
        start = [t * rate for t, rate in zip(tap, rates, strict=True)]
        limit: list[Dim] = [
            s + (size - 1) * stride + 1
            for s, size, stride in zip(start, sizes, strides, strict=True)
        ]
        taps.append(
            b.slice(padded, [0, *start, 0], [shape[0], *limit, shape[-1]], [1, *strides, 1])
        )
    return b.concatenate(taps, where.rank - 1)


@op(
    "ExtractImagePatches(images: T[:,:,:,:]; ksizes: list(int) >= 4, strides: list(int) >= 4,"
    ' rates: list(int) >= 4, T: {numeric, bool}, padding: {"SAME", "VALID"}) -> patches: T'
)
def extract_image_patches(
    b: Builder,
    images: Value,
    *,
    ksizes: Sequence[int],
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
) -> Value:
    """The windows of images."""
    where = layout("NHWC")
    windows, steps = where.pick(ksizes, "ksizes"), where.pick(strides, "strides")
    return _patches(b, images, where, windows, steps, where.pick(rates, "rates"), padding)


@op(
    "ExtractVolumePatches(input: T[:,:,:,:,:]; ksizes: list(int) >= 5,"
    " strides: list(int) >= 5, T: {real},"
    ' padding: {"SAME", "VALID"}) -> patches: T'
)
def extract_volume_patches(
    b: Builder, input: Value, *, ksizes: Sequence[int], strides: Sequence[int], padding: str
) -> Value:
    """The windows of volumes."""
    where = layout("NDHWC")
    windows, steps = where.pick(ksizes, "ksizes"), where.pick(strides, "strides")
    return _patches(b, input, where, windows, steps, (1, 1, 1), padding)


def _gradient(*attributes: str) -> Callable[[GraphBuilder, Operation, Tensor], Tensors]:
    """Windows of the numbers of the pixels tell which gradients belong to a pixel."""

    def gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        x = op.inputs[0]
        rank = len(g.shape_of(op.outputs[0]) or (None,) * len(op.get_attr("ksizes")))
        one, wide = g.constant(1, dtypes.int64), dtypes.int64
        batch, *sizes, depth = g("Unpack", g("Shape", x, out_type=wide), num=rank)
        pixels = _product(sizes)
        numbers = g("Reshape", g("Range", one, pixels + 1, one), g("Pack", [one, *sizes, one]))
        chosen = g(op.type, numbers, **{name: op.get_attr(name) for name in attributes})
        _, *counts, taps = g("Unpack", g("Shape", chosen, out_type=wide), num=rank)
        apart = g("Reshape", grad, g("Pack", [batch, *counts, taps, depth]))
        order = g.constant([*range(1, rank), 0, rank])
        rows = g("Reshape", g("Transpose", apart, order), g("Pack", [-one, batch * depth]))
        ids = g("Reshape", chosen, g.constant([-1])) - 1
        total = g("UnsortedSegmentSum", rows, ids, pixels)
        total = g("Reshape", total, g("Pack", [*sizes, batch, depth]))
        back = [rank - 2, *range(rank - 2), rank - 1]
        return (g("Transpose", total, g.constant(back)),)

    return gradient


def _product(sizes: Sequence[Any]) -> Any:
    total, *others = sizes
    for size in others:
        total = total * size
    return total


extract_image_patches.gradient(_gradient("ksizes", "strides", "rates", "padding"))
extract_volume_patches.gradient(_gradient("ksizes", "strides", "padding"))
