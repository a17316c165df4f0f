"""What convolutions and pooling share: data formats, window attributes, padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Shape
from flowc.ops.common import fail


@dataclass(frozen=True)
class Layout:
    """Which axis of images is what."""

    batch: int
    feature: int
    spatial: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.spatial) + 2

    def pick(self, per_axis: Sequence[int], what: str) -> tuple[int, ...]:
        """The spatial entries of an attribute that has one entry per axis.

        Raises InvalidArgumentError where it would act on the batch or the features.
        """
        require(len(per_axis) == self.rank, f"{what} must specify {self.rank} dimensions")
        require(
            per_axis[self.batch] == 1 and per_axis[self.feature] == 1,
            f"Current implementation does not yet support {what} in the batch and depth "
            "dimensions.",
        )
        chosen = tuple(per_axis[axis] for axis in self.spatial)
        require(all(size > 0 for size in chosen), f"{what} should be positive: {per_axis}")
        return chosen


def layout(data_format: str) -> Layout:
    """The axes of a data format. Raises InvalidArgumentError for an unknown one."""
    if data_format not in ("NHWC", "NCHW", "NDHWC", "NCDHW"):
        raise fail(f"Invalid data format: {data_format}")
    spatial = tuple(axis for axis, letter in enumerate(data_format) if letter in "DHW")
    return Layout(data_format.index("N"), data_format.index("C"), spatial)


Padding = tuple[tuple[Dim, Dim], ...]


def window_padding(
    b: Builder,
    sizes: Shape,
    windows: Shape,
    strides: Sequence[int],
    dilations: Sequence[int],
    padding: str,
    explicit: Sequence[int] = (),
    where: Layout | None = None,
) -> Padding:
    """The padding of each spatial axis: VALID has none, SAME centres ceil(size/stride) windows."""
    extents = [(k - 1) * d + 1 for k, d in zip(windows, dilations, strict=True)]
    edges: list[tuple[Dim, Dim]]
    require(
        padding == "EXPLICIT" or not explicit,
        "explicit_paddings attribute must be empty if the padding attribute is not EXPLICIT",
    )
    if padding != "SAME":
        edges = [(0, 0)] * len(sizes)
        if padding == "EXPLICIT":
            assert where is not None
            edges = list(_explicit(explicit, where))
        for size, extent, stride, ends in zip(sizes, extents, strides, edges, strict=True):
            require(
                b.assumptions.at_least(size + sum(ends) + stride, extent),
                f"Computed output size would be negative: input_size {size}, window {extent}",
            )
        return tuple(edges)
    edges = []
    for size, extent, stride in zip(sizes, extents, strides, strict=True):
        total = dims.maximum((dims.ceildiv(size, stride) - 1) * stride + extent - size, 0)
        low = dims.floordiv(total, 2)
        edges.append((low, total - low))
    return tuple(edges)


def _explicit(explicit: Sequence[int], where: Layout) -> Padding:
    require(
        len(explicit) == 2 * where.rank,
        f"explicit_paddings attribute must contain {2 * where.rank} values, but got: "
        f"{len(explicit)}",
    )
    require(min(explicit) >= 0, "All elements of explicit_paddings must be nonnegative")
    for axis in (where.batch, where.feature):
        require(
            explicit[2 * axis] == explicit[2 * axis + 1] == 0,
            "Nonzero explicit padding in the batch or depth dimensions is not supported",
        )
    return tuple((explicit[2 * axis], explicit[2 * axis + 1]) for axis in where.spatial)


def output_sizes(
    sizes: Shape,
    windows: Shape,
    strides: Sequence[int],
    dilations: Sequence[int],
    padding: Padding,
) -> Shape:
    """How many windows fit along each spatial axis."""
    return tuple(
        dims.maximum(dims.floordiv(size + low + high - ((k - 1) * d + 1), stride) + 1, 0)
        for size, k, stride, d, (low, high) in zip(
            sizes, windows, strides, dilations, padding, strict=True
        )
    )
