"""`tf.image`: differences between pixels and between images, turns, and further colour spaces."""

from __future__ import annotations

import math
from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.images import convert_image_dtype
from flowc.frontend.functions.mathematics import tensordot
from flowc.frontend.functions.reductions import reduce_mean, reduce_sum
from flowc.frontend.functions.shaping import Name, pad
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes

_YIQ = [
    [0.299, 0.59590059, 0.2115],
    [0.587, -0.27455667, -0.52273617],
    [0.114, -0.32134392, 0.31119955],
]
_FROM_YIQ = [
    [1, 1, 1],
    [0.95598634, -0.27201283, -1.10674021],
    [0.6208248, -0.64720424, 1.70423049],
]
_YUV = [
    [0.299, -0.14714119, 0.61497538],
    [0.587, -0.28886916, -0.51496512],
    [0.114, 0.43601035, -0.10001026],
]
_FROM_YUV = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


def _mixed(images: Any, kernel: Any) -> Any:
    images = convert(images, None, "images")
    return tensordot(images, constant(kernel, images.dtype), [[images.shape.ndims - 1], [0]])


def rgb_to_yiq(images: TensorLike) -> Any:
    """Luma and the two chroma values of NTSC."""
    return _mixed(images, _YIQ)


def yiq_to_rgb(images: TensorLike) -> Any:
    """The inverse of `rgb_to_yiq`."""
    return _mixed(images, _FROM_YIQ)


def rgb_to_yuv(images: TensorLike) -> Any:
    """Luma and the two chroma values of PAL."""
    return _mixed(images, _YUV)


def yuv_to_rgb(images: TensorLike) -> Any:
    """The inverse of `rgb_to_yuv`."""
    return _mixed(images, _FROM_YUV)


def adjust_gamma(image: TensorLike, gamma: Any = 1, gain: Any = 1) -> Any:
    """gain * pixels ** gamma, pixels in [0, 1]. Raises ValueError for a negative gamma."""
    if isinstance(gamma, int | float) and gamma < 0:
        raise ValueError("Gamma should be a non-negative real number.")
    with name_scope(None, "adjust_gamma", [image, gamma, gain]):
        image = convert(image, None, "image")
        pixels = convert_image_dtype(image, dtypes.float32)
        return convert_image_dtype(gain * pixels**gamma, image.dtype, saturate=True)


def rot90(image: Any, k: int = 1, name: Name = None) -> Any:
    """Images turned k times by 90 degrees against the clock."""
    with name_scope(name, "rot90", [image]) as scope:
        image = convert(image, None, "image")
        first = image.shape.ndims - 3
        swapped = [*range(first), first + 1, first, first + 2]
        match k % 4:
            case 1:
                turned = build("ReverseV2", image, [first + 1])
                return build("Transpose", turned, swapped, name=scope)
            case 2:
                return build("ReverseV2", image, [first, first + 1], name=scope)
            case 3:
                turned = build("Transpose", image, swapped)
                return build("ReverseV2", turned, [first + 1], name=scope)
            case _:
                return build("Identity", image, name=scope)


def image_gradients(image: TensorLike) -> tuple[Any, Any]:
    """Differences to the pixel below and to the right, 0 at the end. Takes a batch."""
    image = convert(image, None, "image")
    if image.shape.ndims != 4:
        raise ValueError("image_gradients expects a 4D tensor [batch_size, h, w, d]")
    below = pad(image[:, 1:] - image[:, :-1], [[0, 0], [0, 1], [0, 0], [0, 0]])
    right = pad(image[:, :, 1:] - image[:, :, :-1], [[0, 0], [0, 0], [0, 1], [0, 0]])
    return below, right


def total_variation(images: TensorLike, name: Name = None) -> Any:
    """The sum of the differences between neighbouring pixels, of each image."""
    with name_scope(name, "total_variation", [images]):
        images = convert(images, None, "images")
        single = images.shape.ndims == 3
        batch = build("ExpandDims", images, 0) if single else images
        rows, columns = batch[:, 1:] - batch[:, :-1], batch[:, :, 1:] - batch[:, :, :-1]
        axes = None if single else [1, 2, 3]
        down, right = (reduce_sum(build("Abs", part), axes) for part in (rows, columns))
        return down + right


def psnr(a: TensorLike, b: TensorLike, max_val: Any, name: Name = None) -> Any:
    """The peak signal-to-noise ratio of pairs of images, in decibels."""
    with name_scope(name, "PSNR", [a, b]):
        peak = convert_image_dtype(convert(max_val, convert(a).dtype), dtypes.float32)
        first, second = (convert_image_dtype(x, dtypes.float32) for x in (a, b))
        error = reduce_mean(build("SquaredDifference", first, second), [-3, -2, -1])
        decibel = 10 / math.log(10)
        return build("Log", peak) * (2 * decibel) - build("Log", error) * decibel
