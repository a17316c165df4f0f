"""Boxes in images, drawn on the host. (Which of them are kept is in `suppression`.)

Resizing is in `resizing`, colours in `colors`; cropping, patches, transforms and files in modules
whose names begin with `image_`.
"""

from __future__ import annotations

import numpy as np

from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, show
from flowc.ops.registry import OpDefinition, host_op

_COLORS = np.array(
    [
        [1, 1, 0, 1],
        [0, 0, 1, 1],
        [1, 0, 0, 1],
        [0, 1, 0, 1],
        [0.5, 0, 0.5, 1],
        [0.5, 0.5, 0, 1],
        [0.5, 0, 0, 1],
        [0, 0, 0.5, 1],
        [0, 1, 1, 1],
        [1, 0, 1, 1],
    ],
    np.float32,
)


def _draw(images: Array, boxes: Array, colors: Array) -> Array:
    require(images.ndim == 4, "The rank of the images should be 4")
    require(boxes.ndim == 3, "The rank of the boxes tensor should be 3")
    require(len(images) == len(boxes), "The batch sizes should be the same")
    require(boxes.shape[2] == 4, "The size of the third dimension of the box must be 4.")
    depth = images.shape[3]
    require(depth in (1, 3, 4), "Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)")
    require(
        colors.ndim == 2 and colors.shape[1] >= depth,
        f"colors must have equal or more channels than the image provided: {show(colors.shape)}",
    )
    canvas = images.copy()
    for image, some in zip(canvas, boxes, strict=True):
        for position, box in enumerate(some):
            _draw_box(image, box, colors[position % len(colors), :depth].astype(images.dtype))
    return canvas


def _draw_box(image: Array, box: Array, color: Array) -> None:
    """The box's four edges, as far as they lie in the image."""
    height, width = image.shape[:2]
    scale = np.array([height - 1, width - 1] * 2, np.float32)
    top, left, bottom, right = (int(end) for end in box.astype(np.float32) * scale)
    outside = top >= height or bottom < 0 or left >= width or right < 0
    if top > bottom or left > right or outside:
        return
    rows = slice(max(top, 0), min(bottom, height - 1) + 1)
    columns = slice(max(left, 0), min(right, width - 1) + 1)
    for row in (top, bottom):
        if 0 <= row < height:
            image[row, columns] = color
    for column in (left, right):
        if 0 <= column < width:
            image[rows, column] = color


@host_op(
    "DrawBoundingBoxes(images: T[:,:,:,:], boxes: float32[:,:,:]; T: {float16,"
    " float32} = float32) -> output: T"
)
def draw_bounding_boxes(images: Array, boxes: Array) -> Array:
    """The images with boxes in ten colours."""
    colors = _COLORS.copy()
    if images.ndim == 4 and images.shape[3] == 1:
        colors[:, 0] = 1
    return _draw(images, boxes, colors)


@host_op(
    "DrawBoundingBoxesV2(images: T[...,:,:,:], boxes: float32, colors: float32;"
    " T: {float16, float32} = float32) -> output: T"
)
def draw_bounding_boxes_v2(images: Array, boxes: Array, colors: Array) -> Array:
    """The images with boxes in those colours, in turn."""
    if not colors.size:
        return np.asarray(draw_bounding_boxes.host(images, boxes))  # type: ignore[misc]
    return _draw(images, boxes, colors)


def _infer_like(definition: OpDefinition) -> None:
    @definition.infer
    def _(b: Builder, images: Value, *others: Value) -> Value:
        return abstract(b, images.type.dtype, *b.shape(images))


_infer_like(draw_bounding_boxes)
_infer_like(draw_bounding_boxes_v2)
draw_bounding_boxes.not_differentiable()
