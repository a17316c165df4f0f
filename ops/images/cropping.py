"""Boxes cut out of images and resized, with gradients for the images and for the boxes.

Coordinates are in float32 as TensorFlow's are. A position outside of the image gets a fixed value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim, product
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.arrays.scattering import scatter_rows
from flowc.ops.checks import at, check_all, culprit, outside
from flowc.ops.common import Tensors, number, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.terms import Term

_IMAGES = "{uint8, uint16, int8, int16, int32, int64, float16, float32, float64}"
_METHODS = '{"bilinear", "nearest"}'


@dataclass(frozen=True)
class _Axis:
    """Where one axis of the crops reads: float positions [boxes, crop size]."""

    size: Dim
    crop: Dim
    place: Value
    part: Value  # of the way between the box's ends

    @classmethod
    def of(
        cls, b: Builder, boxes: Value, axis: int, size: Dim, crop: Dim, for_boxes: bool
    ) -> _Axis:
        """From the box's ends, which are fractions of the axis.

        The gradient for the boxes takes the factors in another order than the rest, and an ulp
        decides whether a position is a pixel's own or between two.
        """
        shape = (b.shape(boxes)[0], crop)
        ends = [b.squeeze(b.slice_axis(boxes, 1, i, i + 1), 1) for i in (axis, axis + 2)]
        start, end = (Term(b, b.broadcast_in_dim(end, shape, (0,))) for end in ends)
        last = Term(b, number(b, size - 1, dtypes.float32))
        step = Term(b, b.iota(shape, 1, dtypes.float32))
        if b.assumptions.equal(crop, 1):
            return cls(
                size, 1, ((start + end) * 0.5 * last).value, b.full(0.5, shape, dtypes.float32)
            )
        steps = Term(b, number(b, crop - 1, dtypes.float32))
        length = end - start
        stride = length * (last / steps) if for_boxes else length * last / steps
        place = start * last + step * stride
        return cls(size, crop, place.value, (step / steps).value)

    def inside(self, b: Builder) -> Value:
        """Whether the position lies in the image."""
        last = b.broadcast_to(number(b, self.size - 1, dtypes.float32), b.shape(self.place))
        return b.and_(b.ge(self.place, 0), b.le(self.place, last))

    def pixel(self, b: Builder, place: Value) -> Value:
        """A whole position as an index that lies in the image."""
        index = b.convert(place, dtypes.int32)
        last = b.broadcast_to(b.size(self.size - 1, dtypes.int32), b.shape(index))
        return b.maximum(b.minimum(index, last), 0)


@dataclass(frozen=True)
class _Grid:
    """Where all crops read; `spread` brings what belongs to an axis into the crops' shape."""

    b: Builder
    rows: _Axis
    columns: _Axis
    image: Value  # of each crop, its number

    @classmethod
    def of(
        cls,
        b: Builder,
        boxes: Value,
        ind: Value,
        image: Shape,
        crop: Shape,
        for_boxes: bool = False,
    ) -> _Grid:
        """Raises InvalidArgumentError for boxes that do not fit; checks the image numbers."""
        shape = require_rank(b, boxes, 2, "boxes")
        (count,) = require_rank(b, ind, 1, "box_index")
        require(b.assumptions.equal(shape[1], 4), "boxes must have 4 columns")
        require(b.assumptions.equal(shape[0], count), "box_index has incompatible shape")
        not_finite = "Boxes contains at least one element that is not finite"
        check_all(
            b,
            b.is_finite(boxes),
            not_finite,
            culprit(
                (boxes,),
                lambda array: ~np.isfinite(array.astype(np.float64)),
                lambda place, array: f"{not_finite}: boxes{at(place)} = {array[place]}",
            ),
        )
        limit = b.broadcast_to(b.size(image[0], dtypes.int32), b.shape(ind))
        inside = b.and_(b.ge(ind, 0), b.lt(ind, limit))
        check_all(
            b,
            inside,
            "box_index has values outside [0, batch_size)",
            outside(ind, image[0], words=_no_such_image),
            "OutOfRangeError",
        )
        rows = _Axis.of(b, boxes, 0, image[1], crop[0], for_boxes)
        columns = _Axis.of(b, boxes, 1, image[2], crop[1], for_boxes)
        return cls(b, rows, columns, b.reshape(ind, (shape[0],)))

    @property
    def shape(self) -> Shape:
        """Boxes, crop height, crop width."""
        return (*self.b.shape(self.rows.place), self.b.shape(self.columns.place)[1])

    def spread(self, value: Value, *axes: int) -> Value:
        """`value`'s axes as those axes of the grid."""
        return self.b.broadcast_in_dim(value, self.shape, axes)

    def inside(self) -> Value:
        """Whether each position lies in its image."""
        rows, columns = self.rows.inside(self.b), self.columns.inside(self.b)
        return self.b.and_(self.spread(rows, 0, 1), self.spread(columns, 0, 2))

    def pixels(self, row: Value, column: Value) -> Value:
        """The numbers of pixels among those of all images, from whole positions per axis."""
        b = self.b
        height, width = (
            b.broadcast_to(b.size(axis.size, dtypes.int32), self.shape)
            for axis in (self.rows, self.columns)
        )
        first = b.multiply(self.spread(self.image, 0), height)
        first = b.add(first, self.spread(self.rows.pixel(b, row), 0, 1))
        return b.add(b.multiply(first, width), self.spread(self.columns.pixel(b, column), 0, 2))

    def nearest(self) -> Value:
        """The pixels nearest to the positions."""
        round_ = self.b.round_nearest_afz
        return self.pixels(round_(self.rows.place), round_(self.columns.place))

    def fitting(self, grads: Value, depth: Dim) -> Value:
        """The gradients of crops of so many channels, 0 where they lie outside of the image."""
        b, shape = self.b, (*self.shape, depth)
        same = b.assumptions.equal_shapes(b.shape(grads), shape)
        require(same, f"grads {show(b.shape(grads))} do not fit the crops {show(shape)}")
        inside = b.broadcast_in_dim(self.inside(), shape, (0, 1, 2))
        return b.select(inside, b.reshape(grads, shape), 0)

    def corners(self) -> list[tuple[Value, Value]]:
        """The four pixels around the positions and their weights, by rows."""
        b, found = self.b, []
        for row, height in _ends(b, self.rows.place):
            for column, width in _ends(b, self.columns.place):
                weight = b.multiply(self.spread(height, 0, 1), self.spread(width, 0, 2))
                found.append((self.pixels(row, column), weight))
        return found


def _no_such_image(place: str, number: int, count: int) -> str:
    return f"box_index has values outside [0, batch_size): box_index{place} = {number}, of {count}"


def _ends(b: Builder, place: Value) -> list[tuple[Value, Value]]:
    """The whole positions below and above, each with its weight."""
    below, above = b.floor(place), b.ceil(place)
    part = b.subtract(place, below)
    return [(below, b.subtract(1, part)), (above, part)]


def _flat(b: Builder, image: Value) -> Value:
    """Pixels of all images, in float32."""
    shape = b.shape(image)
    return b.reshape(b.convert(image, dtypes.float32), (product(shape[:3]), shape[3]))


def _weighted(b: Builder, values: Value, weights: Value) -> Value:
    """Values [..., depth] times weights [...]."""
    return b.multiply(values, b.broadcast_in_dim(weights, b.shape(values), (0, 1, 2)))


@op(
    f"CropAndResize(image: T[:,:,:,:], boxes: float32[:,:], box_ind: int32[:],"
    f" crop_size: int32[:]; T: {_IMAGES},"
    f' method: {_METHODS} = "bilinear", extrapolation_value: float = 0) -> crops: float32'
)
def crop_and_resize(
    b: Builder,
    image: Value,
    boxes: Value,
    box_ind: Value,
    crop_size: Value,
    *,
    method: str,
    extrapolation_value: float,
) -> Value:
    """Per box the part of its image, in the crops' size."""
    shape = require_rank(b, image, 4, "input image")
    crop = b.dims(crop_size)
    require(len(crop) == 2, f"crop_size must have two elements {show(crop)}")
    positive = all(not isinstance(size, int) or size > 0 for size in crop)
    require(positive, "crop dimensions must be positive")
    grid = _Grid.of(b, boxes, box_ind, shape, crop)
    pixels = _flat(b, image)
    if method == "nearest":
        result = b.take(pixels, grid.nearest())
    else:
        (result, *others) = (_weighted(b, b.take(pixels, at), w) for at, w in grid.corners())
        for other in others:
            result = b.add(result, other)
    inside = b.broadcast_in_dim(grid.inside(), b.shape(result), (0, 1, 2))
    return b.select(inside, result, extrapolation_value)


@crop_and_resize.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    image, boxes, ind, _ = op.inputs
    by_boxes = g("CropAndResizeGradBoxes", grad, image, boxes, ind)
    if not image.dtype.is_floating:
        return None, by_boxes, None, None
    by_image = g(
        "CropAndResizeGradImage",
        grad,
        boxes,
        ind,
        g("Shape", image),
        T=image.dtype,
        method=op.get_attr("method"),
    )
    return by_image, by_boxes, None, None


@op(
    "CropAndResizeGradImage(grads: float32, boxes: float32, box_ind: int32, image_size: int32[:];"
    f' T: {{float16, float32, float64}}, method: {_METHODS} = "bilinear") -> output: T'
)
def crop_and_resize_grad_image(
    b: Builder,
    grads: Value,
    boxes: Value,
    box_ind: Value,
    image_size: Value,
    *,
    T: dtypes.DType,
    method: str,
) -> Value:
    """The crops' gradients, added to the pixels that they were made of."""
    size = b.dims(image_size)
    require(len(size) == 4, f"image_size must have 4 elements {show(size)}")
    shape = require_rank(b, grads, 4, "grads image")
    grid = _Grid.of(b, boxes, box_ind, size, shape[1:3])
    grads = grid.fitting(grads, size[3])
    total = b.full(0, (product(size[:3]), size[3]), dtypes.float32)
    if method == "nearest":
        total = scatter_rows(b, total, grid.nearest(), grads, Builder.add)
    else:
        for place, weight in grid.corners():
            total = scatter_rows(b, total, place, _weighted(b, grads, weight), Builder.add)
    return b.convert(b.reshape(total, size), T)


@op(
    "CropAndResizeGradBoxes(grads: float32, image: T, boxes: float32, box_ind: int32;"
    f' T: {_IMAGES}, method: {{"bilinear"}} = "bilinear") -> output: float32'
)
def crop_and_resize_grad_boxes(
    b: Builder, grads: Value, image: Value, boxes: Value, box_ind: Value
) -> Value:
    """How the crops change with the boxes' ends: the images' slopes where they are read."""
    shape = require_rank(b, grads, 4, "grads image")
    size = require_rank(b, image, 4, "input image")
    grid = _Grid.of(b, boxes, box_ind, size, shape[1:3], for_boxes=True)
    pixels = _flat(b, image)
    corners = [b.take(pixels, at) for at, _ in grid.corners()]
    top_left, top_right, bottom_left, bottom_right = (Term(b, corner) for corner in corners)
    grad = Term(b, grid.fitting(grads, b.shape(image)[3]))
    shape = b.shape(grad.value)

    def part(axis: _Axis, *where: int) -> Term:
        fraction = b.subtract(axis.place, b.floor(axis.place))
        return Term(b, b.broadcast_in_dim(grid.spread(fraction, *where), shape, (0, 1, 2)))

    right, down = part(grid.columns, 0, 2), part(grid.rows, 0, 1)
    by_row = (1.0 - right) * (bottom_left - top_left) + right * (bottom_right - top_right)
    by_column = (1.0 - down) * (top_right - top_left) + down * (bottom_right - bottom_left)
    first = _by_ends(grid, grid.rows, by_row * grad, 0, 1)
    second = _by_ends(grid, grid.columns, by_column * grad, 0, 2)
    return b.concatenate([first[0], second[0], first[1], second[1]], 1)


def _by_ends(grid: _Grid, axis: _Axis, slope: Term, *axes: int) -> tuple[Value, Value]:
    """The slopes in the positions as slopes in the box's start and end, one column each."""
    b = grid.b
    last = Term(b, number(b, axis.size - 1, dtypes.float32))
    total = Term(b, b.reduce_sum(slope.value, [3]))
    part = Term(b, grid.spread(axis.part, *axes))
    sums = [b.reduce_sum((total * last * share).value, [1, 2]) for share in (1.0 - part, part)]
    start, end = (b.expand_dims(one, 1) for one in sums)
    return start, end
