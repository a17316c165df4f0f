"""Non-maximum suppression: the boxes by score without those that overlap a better one.

Each turn of a loop takes the best box that is left and looks at all others at once: those that
overlap it too much are taken out, or their scores sink (N. Bodla et al., "Soft-NMS", 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.checks import check_all
from flowc.ops.common import abstract, show
from flowc.ops.registry import OpDefinition, op

Similarity = Callable[[Value], Value]  # how much the box of a number overlaps each
_OUT = -math.inf  # the score of a box that is taken, or taken out


def _require_alike(b: Builder, boxes: Value, scores: Value) -> None:
    shape, other = b.shape(boxes), b.shape(scores)
    require(len(shape) == 2, f"boxes must be 2-D{show(shape)}")
    require(len(other) == 1, f"scores must be 1-D{show(other)}")
    same = b.assumptions.equal(shape[0], other[0])
    require(
        same,
        f"scores has incompatible shape (Dimensions must be equal, but are {shape[0]} "
        f"and {other[0]})",
    )


def _overlap(b: Builder, boxes: Value) -> Similarity:
    """Intersection over union; 0 with a box of no area."""
    shape = b.shape(boxes)
    require(b.assumptions.equal(shape[1], 4), "boxes must have 4 columns")
    wide = b.convert(boxes, dtypes.float32)
    first, second = (b.slice_axis(wide, 1, start, start + 2) for start in (0, 2))
    low, high = b.minimum(first, second), b.maximum(first, second)
    areas = b.reduce_prod(b.subtract(high, low), [1])

    def similarity(number: Value) -> Value:
        one = b.reshape(number, (1,))
        top, bottom = (b.broadcast_to(b.take(ends, one), (shape[0], 2)) for ends in (low, high))
        sides = b.maximum(b.subtract(b.minimum(high, bottom), b.maximum(low, top)), 0)
        common = b.reduce_prod(sides, [1])
        area = b.broadcast_to(b.take(areas, one), (shape[0],))
        empty = b.or_(b.le(areas, 0), b.le(area, 0))
        return b.select(empty, 0, b.divide(common, b.subtract(b.add(areas, area), common)))

    return similarity


@dataclass(frozen=True)
class _Rule:
    """What becomes of a score: scalars of float32. Without `sigma` it sinks to nothing at once."""

    threshold: Value
    least: Value | None = None
    sigma: Value | None = None

    def check(self, b: Builder) -> None:
        """Fail the step for thresholds that mean nothing."""
        inside = b.and_(b.ge(self.threshold, 0), b.le(self.threshold, 1))
        check_all(b, inside, "iou_threshold must be in [0, 1]")
        if self.sigma is not None:
            check_all(b, b.ge(self.sigma, 0), "soft_nms_sigma_ must be non-negative")

    def allowed(self, b: Builder, scores: Value) -> Value:
        """The scores that are above the least one; NaN is not."""
        least = b.scalar(_OUT, dtypes.float32) if self.least is None else self.least
        return b.select(b.gt(scores, b.broadcast_to(least, b.shape(scores))), scores, _OUT)

    def sunk(self, b: Builder, scores: Value, common: Value) -> Value:
        """The scores after a box is taken that all overlap so much."""
        shape = b.shape(scores)
        gone = b.gt(common, b.broadcast_to(self.threshold, shape))
        found = b.select(gone, _OUT, scores)
        if self.sigma is not None:
            sigma = b.broadcast_to(self.sigma, shape)
            exponent = b.multiply(b.divide(b.full_like(common, -0.5), sigma), common)
            soft = b.multiply(scores, b.exponential(b.multiply(exponent, common)))
            found = b.select(b.gt(sigma, 0), soft, found)
        return self.allowed(b, found)


def _chosen(
    b: Builder, scores: Value, count: Dim, rule: _Rule, similarity: Similarity
) -> tuple[Value, Value, Value]:
    """Numbers (int32) and scores of the boxes that are kept, then zeros, and how many there are."""
    rule.check(b)
    shape = b.shape(scores)
    numbers, values = b.full(0, (count,), dtypes.int32), b.full(0, (count,), dtypes.float32)
    none = b.scalar(0, dtypes.int32)
    if shape[0] == 0 or count == 0:
        return numbers, values, none
    line, places = b.iota(shape, 0, dtypes.int32), b.iota((count,), 0, dtypes.int32)
    limit = b.size(count)

    def goes_on(turn: Value, left: Value, *_: Value) -> Value:
        return b.and_(b.lt(turn, limit), b.gt(b.reduce_max(left), _OUT))

    def take(turn: Value, left: Value, numbers: Value, values: Value) -> tuple[Value, ...]:
        best = b.reduce_max(left)
        is_best = b.eq(left, b.broadcast_to(best, shape))
        number = b.reduce_min(b.select(is_best, line, b.full_like(line, 2**31 - 1)))
        here = b.eq(places, b.broadcast_to(turn, (count,)))
        sunk = rule.sunk(b, left, similarity(number))
        taken = b.eq(line, b.broadcast_to(number, shape))
        return (
            b.add(turn, 1),
            b.select(taken, _OUT, sunk),
            b.select(here, b.broadcast_to(number, (count,)), numbers),
            b.select(here, b.broadcast_to(best, (count,)), values),
        )

    start = rule.allowed(b, b.convert(scores, dtypes.float32))
    total, _, numbers, values = b.while_(goes_on, take, [none, start, numbers, values])
    return numbers, values, total


def _count(b: Builder, size: Value) -> Dim:
    (count,) = b.dims(size)
    require(not isinstance(count, int) or count >= 0, "output size must be non-negative")
    return count


def _cut(b: Builder, total: Value, count: Dim, *values: Value) -> list[Value]:
    """As many of the values as boxes are kept."""
    size = b.measure(b.convert(total, dtypes.int64), count)
    return [b.slice_axis(value, 0, 0, size) for value in values]


def _float(b: Builder, x: Value) -> Value:
    return b.convert(x, dtypes.float32)


def _indices(b: Builder, boxes: Value, scores: Value, size: Value, rule: _Rule) -> Value:
    _require_alike(b, boxes, scores)
    count = _count(b, size)
    numbers, _, total = _chosen(b, scores, count, rule, _overlap(b, boxes))
    return _cut(b, total, count, numbers)[0]


@op(
    "NonMaxSuppression(boxes: float32[:,:], scores: float32[:], max_output_size: int32[];"
    " iou_threshold: float = 0.5) -> selected_indices: int32"
)
def non_max_suppression(
    b: Builder, boxes: Value, scores: Value, size: Value, *, iou_threshold: float
) -> Value:
    """The boxes by score without those that overlap a better one."""
    return _indices(b, boxes, scores, size, _Rule(b.scalar(iou_threshold, dtypes.float32)))


_THRESHOLDS = "T: {float16, float32} = float32, T_threshold: {float16, float32} = float32"


@op(
    "NonMaxSuppressionV2(boxes: T[:,:], scores: T[:], max_output_size: int32[],"
    " iou_threshold: T_threshold[];"
    f" {_THRESHOLDS}) -> selected_indices: int32"
)
def non_max_suppression_v2(
    b: Builder, boxes: Value, scores: Value, size: Value, threshold: Value
) -> Value:
    """The same with a tensor for the threshold."""
    return _indices(b, boxes, scores, size, _Rule(_float(b, threshold)))


@op(
    "NonMaxSuppressionV3(boxes: T[:,:], scores: T[:], max_output_size: int32[],"
    " iou_threshold: T_threshold[],"
    f" score_threshold: T_threshold[]; {_THRESHOLDS}) -> selected_indices: int32"
)
def non_max_suppression_v3(
    b: Builder, boxes: Value, scores: Value, size: Value, threshold: Value, least: Value
) -> Value:
    """The same without boxes whose score is not above a threshold."""
    return _indices(b, boxes, scores, size, _Rule(_float(b, threshold), _float(b, least)))


@op(
    "NonMaxSuppressionWithOverlaps(overlaps: float32[:,:], scores: float32[:],"
    " max_output_size: int32[],"
    " overlap_threshold: float32[], score_threshold: float32[]) -> selected_indices: int32"
)
def non_max_suppression_with_overlaps(
    b: Builder, overlaps: Value, scores: Value, size: Value, threshold: Value, least: Value
) -> Value:
    """The same with a matrix of how much boxes overlap."""
    shape = b.shape(overlaps)
    square = len(shape) == 2 and b.assumptions.equal(*shape)
    require(square, f"overlaps must be square{show(shape)}")
    _require_alike(b, overlaps, scores)
    count = _count(b, size)

    def similarity(number: Value) -> Value:
        row = b.take(overlaps, b.reshape(number, (1,)), 0)
        return b.reshape(row, (shape[0],))

    numbers, _, total = _chosen(b, scores, count, _Rule(threshold, least), similarity)
    return _cut(b, total, count, numbers)[0]


@op(
    "NonMaxSuppressionV4(boxes: T[:,:], scores: T[:], max_output_size: int32[],"
    " iou_threshold: T_threshold[],"
    f" score_threshold: T_threshold[]; {_THRESHOLDS}, pad_to_max_output_size: bool = false)"
    " -> selected_indices: int32, valid_outputs: int32"
)
def non_max_suppression_v4(
    b: Builder,
    boxes: Value,
    scores: Value,
    size: Value,
    threshold: Value,
    least: Value,
    *,
    pad_to_max_output_size: bool,
) -> tuple[Value, Value]:
    """The same, also how many there are."""
    _require_alike(b, boxes, scores)
    count, rule = _count(b, size), _Rule(_float(b, threshold), _float(b, least))
    numbers, _, total = _chosen(b, scores, count, rule, _overlap(b, boxes))
    if not pad_to_max_output_size:
        (numbers,) = _cut(b, total, count, numbers)
    return numbers, total


@op(
    "NonMaxSuppressionV5(boxes: T[:,:], scores: T[:], max_output_size: int32[], iou_threshold: T[],"
    " score_threshold: T[], soft_nms_sigma: T[]; T: {float16, float32} = float32,"
    " pad_to_max_output_size: bool = false)"
    " -> selected_indices: int32, selected_scores: T, valid_outputs: int32"
)
def non_max_suppression_v5(
    b: Builder,
    boxes: Value,
    scores: Value,
    size: Value,
    threshold: Value,
    least: Value,
    sigma: Value,
    *,
    pad_to_max_output_size: bool,
) -> tuple[Value, ...]:
    """The same with scores that sink gradually, unless sigma is 0."""
    _require_alike(b, boxes, scores)
    rule = _Rule(*(_float(b, x) for x in (threshold, least, sigma)))
    count = _count(b, size)
    numbers, values, total = _chosen(b, scores, count, rule, _overlap(b, boxes))
    if not pad_to_max_output_size:
        numbers, values = _cut(b, total, count, numbers, values)
    return numbers, b.convert(values, scores.type.dtype), total


def _infer_selected(definition: OpDefinition, scores: bool = False, number: bool = False) -> None:
    @definition.infer
    def _(b: Builder, boxes: Value, values: Value, *others: Value) -> tuple[Value, ...]:
        same = b.assumptions.equal(b.shape(boxes)[0], b.shape(values)[0])
        require(same, "Dimensions of boxes and scores must be equal")
        selected = abstract(b, dtypes.int32, None)
        found = [abstract(b, values.type.dtype, *b.shape(selected))] if scores else []
        return selected, *found, *([abstract(b, dtypes.int32)] if number else [])


for _definition in (
    non_max_suppression,
    non_max_suppression_v2,
    non_max_suppression_v3,
    non_max_suppression_with_overlaps,
):
    _infer_selected(_definition)
_infer_selected(non_max_suppression_v4, number=True)
_infer_selected(non_max_suppression_v5, scores=True, number=True)
for _definition in (non_max_suppression, non_max_suppression_v2, non_max_suppression_with_overlaps):
    _definition.not_differentiable()
