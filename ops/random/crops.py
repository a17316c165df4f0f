"""Random boxes to crop images with: `SampleDistortedBoundingBox`.

The numbers and the rounding are TensorFlow's (`sample_distorted_bounding_box_op.cc`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, show
from flowc.ops.random.host import reserve_on_host, uniform_on_host
from flowc.ops.registry import OpDefinition, host_op
from flowc.ops.resources import Session

_float = np.float32
Words: TypeAlias = Iterator[np.uint32]


@dataclass(frozen=True)
class _Box:
    """A box of pixels: the first row and column, and those behind the last."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        return max(0, self.bottom - self.top) * max(0, self.right - self.left)

    def common(self, other: _Box) -> _Box:
        """What lies in both."""
        return _Box(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )


def _below(words: Words, limit: int) -> int:
    """A random integer below a limit; words that would favour some are skipped."""
    if limit & (limit - 1) == 0:
        return int(next(words)) & (limit - 1)
    surplus = (1 << 32) % limit
    return next(int(word) for word in words if word >= surplus) % limit


def _rounded(value: Any) -> int:
    return int(np.rint(value))


def _heights(width: int, height: int, ratio: Any, low: Any, high: Any) -> tuple[int, int]:
    """The least and the greatest height of crops of that ratio and an area between two numbers."""
    least, greatest = (_rounded(np.sqrt(_float(area) / ratio)) for area in (low, high))
    if _rounded(_float(greatest) * ratio) > width:
        greatest = int((width + 0.5 - float(_float(1e-7))) / float(ratio))
        if _rounded(_float(greatest) * ratio) > width:
            greatest -= 1
    greatest = min(greatest, height)
    return min(least, greatest), greatest


def _crop(
    words: Words, width: int, height: int, ratio: Any, area_range: Sequence[Any]
) -> _Box | None:
    """A random box of that ratio, and of a part of the image's area in that range."""
    if area_range[1] <= 0 or ratio <= 0 or area_range[0] > area_range[1]:
        return None
    low, high = (_float(part) * _float(width) * _float(height) for part in area_range)
    least, greatest = _heights(width, height, ratio, low, high)
    rows = least + _below(words, greatest - least + 1) if least < greatest else least
    columns = _rounded(_float(rows) * ratio)
    if rows * columns < low:
        rows += 1
        columns = _rounded(_float(rows) * ratio)
    if rows * columns > high:
        rows -= 1
        columns = _rounded(_float(rows) * ratio)
    if not (low <= rows * columns <= high and 0 < columns <= width and 0 < rows <= height):
        return None
    top = _below(words, height - rows) if rows < height else 0
    left = _below(words, width - columns) if columns < width else 0
    return _Box(top, left, top + rows, left + columns)


def _covers(crop: _Box, boxes: Sequence[_Box], part: Any) -> bool:
    """Whether a crop covers that part of one of the boxes; those below a pixel do not count."""
    return crop.area >= 1 and any(
        box.area >= 1 and _float(crop.common(box).area) / _float(box.area) >= part for box in boxes
    )


def _boxes(tensor: Array, width: int, height: int, whole_if_none: bool) -> list[_Box]:
    require(
        tensor.ndim == 3 and tensor.shape[-1] == 4,
        f"input boxes must be 3-dimensional [batch, num_boxes, coords], got {show(tensor.shape)}",
    )
    flat = tensor.reshape(-1, 4)
    require(
        whole_if_none or len(flat) > 0,
        "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if "
        "you wish to not provide any bounding boxes.",
    )
    outside = flat[~((flat >= 0) & (flat <= 1))]
    require(not outside.size, f"All bounding box coordinates must be in [0.0, 1.0]: {outside[:1]}")
    scaled = (flat * np.array([height, width, height, width], _float)).astype(int)
    return [_Box(*row) for row in scaled.tolist()] or [_Box(0, 0, height, width)]


def _sample(
    image_size: Array,
    bounding_boxes: Array,
    min_object_covered: Any,
    *,
    seed: int,
    seed2: int,
    aspect_ratio_range: Sequence[float],
    area_range: Sequence[float],
    max_attempts: int,
    use_image_if_no_bounding_boxes: bool,
    context: Session,
) -> tuple[Array, Array, Array]:
    require(
        image_size.shape == (3,), f"image_size must contain 3 elements {show(image_size.shape)}"
    )
    _check_ranges(aspect_ratio_range, area_range, max_attempts)
    part = _float(min_object_covered)
    require(bool(part >= 0), f"Min object covered must be non-negative: {part}")
    height, width = (int(size) for size in image_size[:2])
    require(height > 0 and width > 0, f"Image height and width must be > 0: {height}, {width}")
    boxes = _boxes(np.asarray(bounding_boxes), width, height, use_image_if_no_bounding_boxes)
    stream = reserve_on_host(context, max_attempts, seed, seed2)
    words = iter(stream.blocks(4 * max_attempts + 64).ravel())
    low, high = (_float(ratio) for ratio in aspect_ratio_range)
    found = _Box(0, 0, height, width)
    for _ in range(max_attempts):
        uniform = uniform_on_host(np.array([next(words)]), np.dtype(_float))[0]
        crop = _crop(words, width, height, _float(uniform * (high - low)) + low, area_range)
        if crop is not None and _covers(crop, boxes, part):
            found = crop
            break
    return _outputs(found, height, width, image_size.dtype)


def _check_ranges(ratios: Sequence[float], areas: Sequence[float], attempts: int) -> None:
    require(len(ratios) == 2, "Aspect ratio range field must specify 2 dimensions")
    require(min(ratios) > 0, f"Aspect ratio range must be positive: {list(ratios)}")
    require(len(areas) == 2, "Area range field must specify 2 dimensions")
    require(min(areas) > 0 and max(areas) <= 1, f"Area range must be in (0, 1]: {list(areas)}")
    require(attempts > 0, f"Max attempts must be positive: {attempts}")


def _outputs(box: _Box, height: int, width: int, dtype: Any) -> tuple[Array, Array, Array]:
    """`begin` and `size` of a slice, and the box in fractions of the image."""
    begin = np.array([box.top, box.left, 0]).astype(dtype)
    size = np.array([box.bottom - box.top, box.right - box.left, -1]).astype(dtype)
    corners = np.array([box.top, box.left, box.bottom, box.right], _float)
    ends = np.array([height, width, height, width], _float)
    return begin, size, (corners / ends).reshape(1, 1, 4)


_INPUTS = "image_size: T, bounding_boxes: float32"
_OPTIONS = (
    "aspect_ratio_range: list(float) = [0.75, 1.33], area_range: list(float) = [0.05, 1.0],"
    " max_attempts: int = 100, use_image_if_no_bounding_boxes: bool = false"
)
_REST = "T: {uint8, int8, int16, int32, int64}, seed: int = 0, seed2: int = 0"
_OUTPUTS = "begin: T, size: T, bboxes: float32"


@host_op(
    f"SampleDistortedBoundingBoxV2({_INPUTS}, min_object_covered: float32; {_REST}, {_OPTIONS})"
    f" -> {_OUTPUTS}",
    stateful=True,
)
def sample_with_input(
    image_size: Array,
    bounding_boxes: Array,
    min_object_covered: Array,
    *,
    seed: int,
    seed2: int,
    aspect_ratio_range: Sequence[float],
    area_range: Sequence[float],
    max_attempts: int,
    use_image_if_no_bounding_boxes: bool,
    context: Session,
) -> tuple[Array, Array, Array]:
    """A random box that covers a part of one of the given boxes; the image where none does."""
    require(np.ndim(min_object_covered) == 0, "min_object_covered must be 0-D")
    return _sample(
        image_size,
        bounding_boxes,
        min_object_covered,
        seed=seed,
        seed2=seed2,
        aspect_ratio_range=aspect_ratio_range,
        area_range=area_range,
        max_attempts=max_attempts,
        use_image_if_no_bounding_boxes=use_image_if_no_bounding_boxes,
        context=context,
    )


@host_op(
    f"SampleDistortedBoundingBox({_INPUTS}; {_REST}, min_object_covered: float = 0.1, {_OPTIONS})"
    f" -> {_OUTPUTS}",
    stateful=True,
)
def sample_with_attribute(
    image_size: Array,
    bounding_boxes: Array,
    *,
    min_object_covered: float,
    seed: int,
    seed2: int,
    aspect_ratio_range: Sequence[float],
    area_range: Sequence[float],
    max_attempts: int,
    use_image_if_no_bounding_boxes: bool,
    context: Session,
) -> tuple[Array, Array, Array]:
    """The same with a part that is known when the graph is made."""
    return _sample(
        image_size,
        bounding_boxes,
        min_object_covered,
        seed=seed,
        seed2=seed2,
        aspect_ratio_range=aspect_ratio_range,
        area_range=area_range,
        max_attempts=max_attempts,
        use_image_if_no_bounding_boxes=use_image_if_no_bounding_boxes,
        context=context,
    )


def _infer(definition: OpDefinition) -> None:
    @definition.infer
    def _(b: Builder, image_size: Value, *_: Any) -> tuple[Value, Value, Value]:
        dtype = image_size.type.dtype
        return (abstract(b, dtype, 3), abstract(b, dtype, 3), abstract(b, dtypes.float32, 1, 1, 4))

    definition.not_differentiable()


for _definition in (sample_with_input, sample_with_attribute):
    _infer(_definition)
