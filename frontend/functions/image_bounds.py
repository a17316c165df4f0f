"""Images cut out of larger ones, and set into larger ones, whose sizes may be unknown.

A size or offset is an int where it is known while the graph is built, else a scalar tensor. What
must hold of them is checked at once where both sides are ints, else when the images are computed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert, is_tensor
from flowc.frontend.functions.control import assert_that, with_dependencies
from flowc.frontend.functions.shaping import expand_dims, pad, squeeze, stack
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes


def crop_to_bounding_box(
    image: TensorLike, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """The part of an image of the target size with its corner at the offsets.

    `image` is [height, width, channels] or a batch [batch, height, width, channels] of any dtype;
    sizes and offsets are ints or scalar int32 tensors. Raises ValueError, or InvalidArgumentError
    when it runs, where the part reaches beyond the image.
    """
    with name_scope(None, "crop_to_bounding_box", [image]):
        batch, single = _as_batch(image)
        height, width = _sizes(batch)
        checks = _Checks()
        checks.at_least(offset_width, 0, "offset_width must be >= 0.")
        checks.at_least(offset_height, 0, "offset_height must be >= 0.")
        checks.at_least(target_width, 1, "target_width must be > 0.")
        checks.at_least(target_height, 1, "target_height must be > 0.")
        checks.at_least(width, target_width + offset_width, "width must be >= target + offset.")
        checks.at_least(height, target_height + offset_height, "height must be >= target + offset.")
        begin = stack([0, offset_height, offset_width, 0])
        cropped = build(
            "Slice", checks.before(batch), begin, stack([-1, target_height, target_width, -1])
        )
        return _finished(cropped, batch, target_height, target_width, single)


def pad_to_bounding_box(
    image: TensorLike, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """An image inside one of zeros of the target size, with its corner at the offsets.

    `image` is [height, width, channels] or a batch [batch, height, width, channels] of numbers;
    sizes and offsets are ints or scalar int32 tensors. Raises ValueError, or InvalidArgumentError
    when it runs, where the image does not fit into the target.
    """
    with name_scope(None, "pad_to_bounding_box", [image]):
        batch, single = _as_batch(image)
        height, width = _sizes(batch)
        below = target_height - offset_height - height
        right = target_width - offset_width - width
        checks = _Checks()
        checks.at_least(offset_height, 0, "offset_height must be >= 0")
        checks.at_least(offset_width, 0, "offset_width must be >= 0")
        checks.at_least(right, 0, "width must be <= target - offset")
        checks.at_least(below, 0, "height must be <= target - offset")
        edges = stack([0, 0, offset_height, below, offset_width, right, 0, 0])
        padded = pad(checks.before(batch), build("Reshape", edges, [4, 2]))
        return _finished(padded, batch, target_height, target_width, single)


def resize_image_with_crop_or_pad(image: TensorLike, target_height: Any, target_width: Any) -> Any:
    """An image cut, or bordered by zeros, to a size; its middle stays in the middle.

    `image` is [height, width, channels] or a batch [batch, height, width, channels] of numbers, of
    known or unknown size; the target sizes are ints or scalar int32 tensors. Raises ValueError, or
    InvalidArgumentError when it runs, for a target without pixels.
    """
    with name_scope(None, "resize_image_with_crop_or_pad", [image]):
        batch, single = _as_batch(image)
        checks = _Checks()
        checks.at_least(target_width, 1, "target_width must be > 0.")
        checks.at_least(target_height, 1, "target_height must be > 0.")
        height, width = _sizes(batch)
        cropped = crop_to_bounding_box(
            checks.before(batch),
            _greater(height - target_height, 0) // 2,
            _greater(width - target_width, 0) // 2,
            _less(height, target_height),
            _less(width, target_width),
        )
        padded = pad_to_bounding_box(
            cropped,
            _greater(target_height - height, 0) // 2,
            _greater(target_width - width, 0) // 2,
            target_height,
            target_width,
        )
        return squeeze(padded, [0]) if single else padded


def central_crop(image: TensorLike, central_fraction: float) -> Any:
    """The middle of an image or of a batch, that fraction of each side.

    Raises ValueError for a fraction outside of (0, 1].
    """
    if not 0 < central_fraction <= 1:
        raise ValueError("central_fraction must be within (0, 1]")
    image = convert(image, None, "image")
    if central_fraction == 1:
        return image
    with name_scope(None, "central_crop", [image]):
        batch, single = _as_batch(image)
        sizes = _sizes(batch)
        starts = [_border(size, central_fraction) for size in sizes]
        lengths = [size - start * 2 for size, start in zip(sizes, starts, strict=True)]
        cropped = crop_to_bounding_box(batch, *starts, *lengths)
        return squeeze(cropped, [0]) if single else cropped


def _border(size: Any, fraction: float) -> Any:
    """What a crop leaves out at one side."""
    if not is_tensor(size):
        return int((size - size * fraction) / 2)
    exact = build("Cast", size, DstT=dtypes.float64)
    return build("Cast", (exact - exact * fraction) / 2, DstT=dtypes.int32)


def _as_batch(image: TensorLike) -> tuple[Any, bool]:
    """Images as a batch, and whether there was one. Raises ValueError for other ranks."""
    image = convert(image, None, "image")
    rank = image.shape.ndims
    if rank == 4:
        return image, False
    if rank not in (3, None):
        raise ValueError("'image' must have either 3 or 4 dimensions.")
    batch = expand_dims(image, 0)
    batch.set_shape([None] * 4)
    return batch, True


def _sizes(batch: Any) -> tuple[Any, Any]:
    """Height and width."""
    height, width = batch.shape.as_list()[1:3]
    if None not in (height, width):
        return height, width
    shape = build("Shape", batch)
    return (shape[1] if height is None else height), (shape[2] if width is None else width)


def _finished(made: Any, batch: Any, height: Any, width: Any, single: bool) -> Any:
    """The result with what is known of its shape, without the batch where there was one image."""
    count, _, _, depth = batch.shape.as_list()
    made.set_shape([count, _known(height), _known(width), depth])
    return squeeze(made, [0]) if single else made


class _Checks:
    """What must hold before a tensor is read."""

    def __init__(self) -> None:
        self._assertions: list[Any] = []

    def at_least(self, value: Any, least: Any, message: str) -> None:
        """Expect value >= least. Raises ValueError where both are known."""
        left, right = _known(value), _known(least)
        if left is None or right is None:
            holds = build("GreaterEqual", value, least)
            self._assertions.append(assert_that(holds, [message]))
        elif left < right:
            raise ValueError(message)

    def before(self, tensor: TensorLike) -> Any:
        """The tensor, after the checks."""
        return with_dependencies(self._assertions, tensor) if self._assertions else tensor


def _known(value: Any) -> int | None:
    """A size as an int, None where it is computed."""
    if not is_tensor(value):
        return int(value)
    contents = value.constant_value()
    return None if contents is None else int(contents)


def _choice(op_type: str, choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def chosen(x: TensorLike, y: TensorLike) -> Any:
        return build(op_type, x, y) if is_tensor(x) or is_tensor(y) else choose(x, y)

    return chosen


_greater = _choice("Maximum", max)
_less = _choice("Minimum", min)
