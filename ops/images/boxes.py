"""Boxes in images: drawing them, and suppressing those that overlap better ones. On the host.

Resizing is in `resizing`, colours in `colors`; cropping, patches, transforms and files in modules
whose names begin with `image_`.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, fail, show
from flowc.ops.registry import OpDefinition, host_op

_COLORS = np.array(
    [[1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1],
     [0.5, 0, 0, 1], [0, 0, 0.5, 1], [0, 1, 1, 1], [1, 0, 1, 1]], np.float32
)  # fmt: skip


def _draw(images: Array, boxes: Array, colors: Array) -> Array:
    require(images.ndim == 4, "The rank of the images should be 4")
    require(boxes.ndim == 3, "The rank of the boxes tensor should be 3")
    require(len(images) == len(boxes), "The batch sizes should be the same")
    require(boxes.shape[2] == 4, "The size of the third dimension of the box must be 4.")
    depth = images.shape[3]
    require(depth in (1, 3, 4), "Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)")
    require(colors.ndim == 2 and colors.shape[1] >= depth, "colors must have equal or more "
            f"channels than the image provided: {show(colors.shape)}")  # fmt: skip
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


# Non-maximum suppression (N. Bodla et al., "Soft-NMS", 2017, where sigma is not 0)

Similarity = Callable[[int, int], float]


def _overlap(boxes: Array) -> Similarity:
    """Intersection over union of two boxes."""
    require(boxes.ndim == 2, f"boxes must be 2-D{show(boxes.shape)}")
    require(boxes.shape[1] == 4, "boxes must have 4 columns")
    wide = boxes.astype(np.float32)
    low, high = np.minimum(wide[:, :2], wide[:, 2:]), np.maximum(wide[:, :2], wide[:, 2:])
    areas = np.prod(high - low, axis=1)

    def similarity(i: int, j: int) -> float:
        if areas[i] <= 0 or areas[j] <= 0:
            return 0.0
        sides = np.minimum(high[i], high[j]) - np.maximum(low[i], low[j])
        common = np.prod(np.maximum(sides, 0))
        return float(common / (areas[i] + areas[j] - common))

    return similarity


def _select(
    similarity: Similarity,
    scores: Array,
    count: Array,
    threshold: float,
    least: float = -math.inf,
    sigma: float = 0.0,
) -> tuple[list[int], list[float]]:
    """The best boxes and their scores; a score sinks with what was selected before, or to 0."""
    require(0 <= threshold <= 1, "iou_threshold must be in [0, 1]")
    require(count.ndim == 0, "max_output_size must be 0-D")
    require(int(count) >= 0, "output size must be non-negative")
    queue = [(-float(s), i, 0) for i, s in enumerate(scores) if s > least]
    heapq.heapify(queue)
    chosen: list[int] = []
    values: list[float] = []
    while len(chosen) < int(count) and queue:
        negative, box, begin = heapq.heappop(queue)
        score = -negative
        for other in reversed(chosen[begin:]):
            common = similarity(box, other)
            if sigma > 0:
                score = float(np.float32(score * math.exp(-0.5 / sigma * common * common)))
            elif common > threshold:
                score = -math.inf
            if score <= least:
                break
        if score == -negative:
            chosen.append(box)
            values.append(score)
        elif score > least:
            heapq.heappush(queue, (-score, box, len(chosen)))
    return chosen, values


def _scores(boxes: Array, scores: Array) -> None:
    require(scores.ndim == 1, f"scores must be 1-D{show(scores.shape)}")
    same = len(boxes) == len(scores)
    require(same, f"scores has incompatible shape (Dimensions must be equal, but are {len(boxes)} "
            f"and {len(scores)})")  # fmt: skip


def _indices(chosen: list[int]) -> Array:
    return np.array(chosen, np.int32)


@host_op(
    "NonMaxSuppression(boxes: float32[:,:], scores: float32[:], max_output_size: int32[];"
    " iou_threshold: float = 0.5) -> selected_indices: int32"
)
def non_max_suppression(
    boxes: Array, scores: Array, count: Array, *, iou_threshold: float
) -> Array:
    """The boxes by score without those that overlap a better one."""
    _scores(boxes, scores)
    return _indices(_select(_overlap(boxes), scores, count, iou_threshold)[0])


_THRESHOLDS = "T: {float16, float32} = float32, T_threshold: {float16, float32} = float32"


@host_op(
    "NonMaxSuppressionV2(boxes: T[:,:], scores: T[:], max_output_size: int32[],"
    " iou_threshold: T_threshold[];"
    f" {_THRESHOLDS}) -> selected_indices: int32"
)
def non_max_suppression_v2(boxes: Array, scores: Array, count: Array, threshold: Array) -> Array:
    """The same with a tensor for the threshold."""
    _scores(boxes, scores)
    return _indices(_select(_overlap(boxes), scores, count, float(threshold))[0])


@host_op(
    "NonMaxSuppressionV3(boxes: T[:,:], scores: T[:], max_output_size: int32[],"
    " iou_threshold: T_threshold[],"
    f" score_threshold: T_threshold[]; {_THRESHOLDS}) -> selected_indices: int32"
)
def non_max_suppression_v3(
    boxes: Array, scores: Array, count: Array, threshold: Array, least: Array
) -> Array:
    """The same without boxes whose score is not above a threshold."""
    _scores(boxes, scores)
    return _indices(_select(_overlap(boxes), scores, count, float(threshold), float(least))[0])


@host_op(
    "NonMaxSuppressionWithOverlaps(overlaps: float32[:,:], scores: float32[:],"
    " max_output_size: int32[],"
    " overlap_threshold: float32[], score_threshold: float32[]) -> selected_indices: int32"
)
def non_max_suppression_with_overlaps(
    overlaps: Array, scores: Array, count: Array, threshold: Array, least: Array
) -> Array:
    """The same with a matrix of how much boxes overlap."""
    square = overlaps.ndim == 2 and overlaps.shape[0] == overlaps.shape[1]
    require(square, f"overlaps must be square{show(overlaps.shape)}")
    _scores(overlaps, scores)

    def similarity(i: int, j: int) -> float:
        return float(overlaps[i, j])

    return _indices(_select(similarity, scores, count, float(threshold), float(least))[0])


def _padded(values: list[Any], count: Array, pad: bool) -> list[Any]:
    return values + [0] * (int(count) - len(values)) if pad else values


@host_op(
    "NonMaxSuppressionV4(boxes: T[:,:], scores: T[:], max_output_size: int32[],"
    " iou_threshold: T_threshold[],"
    f" score_threshold: T_threshold[]; {_THRESHOLDS}, pad_to_max_output_size: bool = false)"
    " -> selected_indices: int32, valid_outputs: int32"
)
def non_max_suppression_v4(
    boxes: Array,
    scores: Array,
    count: Array,
    threshold: Array,
    least: Array,
    *,
    pad_to_max_output_size: bool,
) -> tuple[Array, Array]:
    """The same, also how many there are."""
    _scores(boxes, scores)
    chosen, _ = _select(_overlap(boxes), scores, count, float(threshold), float(least))
    padded = _padded(chosen, count, pad_to_max_output_size)
    return _indices(padded), np.array(len(chosen), np.int32)


@host_op(
    "NonMaxSuppressionV5(boxes: T[:,:], scores: T[:], max_output_size: int32[], iou_threshold: T[],"
    " score_threshold: T[], soft_nms_sigma: T[]; T: {float16, float32} = float32,"
    " pad_to_max_output_size: bool = false)"
    " -> selected_indices: int32, selected_scores: T, valid_outputs: int32"
)
def non_max_suppression_v5(
    boxes: Array,
    scores: Array,
    count: Array,
    threshold: Array,
    least: Array,
    sigma: Array,
    *,
    pad_to_max_output_size: bool,
) -> tuple[Array, ...]:
    """The same with scores that sink gradually, unless sigma is 0."""
    _scores(boxes, scores)
    if float(sigma) < 0:
        raise fail("soft_nms_sigma_ must be non-negative")
    chosen, values = _select(
        _overlap(boxes), scores, count, float(threshold), float(least), float(sigma)
    )
    padded = (_padded(x, count, pad_to_max_output_size) for x in (chosen, values))
    indices, found = padded
    return _indices(indices), np.array(found, scores.dtype), np.array(len(chosen), np.int32)


def _infer_selected(definition: OpDefinition, scores: bool = False, number: bool = False) -> None:
    @definition.infer
    def _(b: Builder, boxes: Value, values: Value, *others: Value) -> tuple[Value, ...]:
        same = b.assumptions.equal(b.shape(boxes)[0], b.shape(values)[0])
        require(same, "Dimensions of boxes and scores must be equal")
        selected = abstract(b, dtypes.int32, None)
        found = [abstract(b, values.type.dtype, *b.shape(selected))] if scores else []
        return selected, *found, *([abstract(b, dtypes.int32)] if number else [])


for _definition in (non_max_suppression, non_max_suppression_v2, non_max_suppression_v3,
                    non_max_suppression_with_overlaps):  # fmt: skip
    _infer_selected(_definition)
_infer_selected(non_max_suppression_v4, number=True)
_infer_selected(non_max_suppression_v5, scores=True, number=True)
for _definition in (non_max_suppression, non_max_suppression_v2, non_max_suppression_with_overlaps):
    _definition.not_differentiable()
