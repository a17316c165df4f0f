"""`tf.image`: structural similarity, edges, resizing into a frame, the quality of JPEG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert, is_tensor
from flowc.frontend.functions.control import assert_that, with_dependencies
from flowc.frontend.functions.convolutions import avg_pool, depthwise_conv2d
from flowc.frontend.functions.image_bounds import pad_to_bounding_box
from flowc.frontend.functions.images import (
    ResizeMethod,
    convert_image_dtype,
    decode_jpeg,
    resize_images,
)
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.random import random_uniform
from flowc.frontend.functions.reductions import reduce_all, reduce_mean, reduce_prod
from flowc.frontend.functions.shaping import Name, pad, reshape, stack
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes

_FACTORS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of Wang, Simoncelli and Bovik 2003

# Structural similarity


def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Any:
    """The structural similarity of pairs of images: float32, at most 1, the mean over channels.

    The images are [..., height, width, channels] of one dtype, at least `filter_size` pixels in
    each direction; their leading dimensions broadcast and are the result's. `max_val` is the
    greatest value minus the least. Wang, Bovik, Sheikh and Simoncelli 2004.
    Raises ValueError for ranks below 3 and sizes that differ.
    """
    with name_scope(None, "SSIM", [img1, img2]):
        first, second, peak = _floats(img1, img2, max_val)
        found, _ = _per_channel(first, second, peak, filter_size, filter_sigma, k1, k2)
        return reduce_mean(found, [-1])


def ssim_multiscale(
    img1: Any,
    img2: Any,
    max_val: Any,
    power_factors: Sequence[float] = _FACTORS,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Any:
    """`ssim` at several resolutions, each half of the one before: a product of powers.

    `power_factors` are the exponents, one for each resolution, the finest first. At the coarsest
    the images must still be as large as the filter.
    """
    with name_scope(None, "MS-SSIM", [img1, img2]):
        first, second, peak = _floats(img1, img2, max_val)
        parts: list[Any] = []
        found: Any = None
        for scale in range(len(power_factors)):
            if scale:
                first, second = _halved(first), _halved(second)
            found, structure = _per_channel(first, second, peak, filter_size, filter_sigma, k1, k2)
            parts.append(build("Relu", structure))
        parts[-1] = build("Relu", found)
        powers = build("Pow", stack(parts, -1), constant(list(power_factors), dtypes.float32))
        return reduce_mean(reduce_prod(powers, [-1]), [-1])


def _floats(img1: Any, img2: Any, max_val: Any) -> tuple[Any, Any, Any]:
    """Both images and the greatest value as float32. Raises ValueError where sizes differ."""
    first, second = convert(img1, None, "img1"), convert(img2, None, "img2")
    for image in (first, second):
        image.shape.with_rank_at_least(3)
    first.shape[-3:].assert_is_compatible_with(second.shape[-3:])
    peak = convert_image_dtype(cast(max_val, first.dtype), dtypes.float32)
    return (
        convert_image_dtype(first, dtypes.float32),
        convert_image_dtype(second, dtypes.float32),
        peak,
    )


def _gaussian(size: int, sigma: float) -> Any:
    """The weights of the window, [size, size, 1, 1], whose sum is 1."""
    squares = np.square(np.arange(size) - (size - 1) / 2.0) * (-0.5 / sigma**2)
    weights = np.exp(squares[:, None] + squares[None, :])
    return constant((weights / weights.sum())[:, :, None, None], dtypes.float32)


def _per_channel(
    x: Any, y: Any, peak: Any, size: int, sigma: float, k1: float, k2: float
) -> tuple[Any, Any]:
    """Similarity, and contrast and structure alone, of each channel."""
    sizes = build("Shape", x)
    fits = reduce_all(build("GreaterEqual", sizes[-3:-1], size))
    x = with_dependencies([assert_that(fits, [sizes, size])], x)
    window = build("Tile", _gaussian(size, sigma), stack([1, 1, sizes[-1], 1]))

    def local(image: Any) -> Any:
        lead, tail = build("Shape", image)[:-3], build("Shape", image)[-3:]
        flat = reshape(image, build("ConcatV2", [[-1], tail], 0))
        means = depthwise_conv2d(flat, window, [1, 1, 1, 1], "VALID")
        return reshape(means, build("ConcatV2", [lead, build("Shape", means)[1:]], 0))

    c1, c2 = build("Square", k1 * peak), build("Square", k2 * peak)
    mean_x, mean_y = local(x), local(y)
    both = mean_x * mean_y * 2.0
    squares = build("Square", mean_x) + build("Square", mean_y)
    cross = local(x * y) * 2.0
    own = local(build("Square", x) + build("Square", y))
    luminance = (both + c1) / (squares + c1)
    structure = (cross - both + c2) / (own - squares + c2)
    return reduce_mean(luminance * structure, [-3, -2]), reduce_mean(structure, [-3, -2])


def _halved(images: Any) -> Any:
    """Means of 2 x 2 pixels; an odd last row or column is doubled."""
    sizes = build("Shape", images)
    flat = reshape(images, build("ConcatV2", [[-1], sizes[-3:]], 0))
    odd = build("FloorMod", sizes[-3:-1], 2)
    edges = stack([stack([0, 0]), stack([0, odd[0]]), stack([0, odd[1]]), stack([0, 0])])
    small = avg_pool(build("MirrorPad", flat, edges, mode="SYMMETRIC"), 2, 2, "VALID")
    return reshape(small, build("ConcatV2", [sizes[:-3], build("Shape", small)[1:]], 0))


# Edges


_SOBEL = ([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def sobel_edges(image: Any) -> Any:
    """How pixels change downwards and to the right, by Sobel's filters.

    `image` is [batch, height, width, channels] of floats, at least 2 x 2 pixels, which are
    mirrored at the borders. The result is [batch, height, width, channels, 2].
    """
    image = convert(image, None, "image")
    sizes, static = build("Shape", image), image.shape
    kernels = constant(np.stack(_SOBEL, -1)[:, :, None, :], image.dtype)
    kernels = build("Tile", kernels, stack([1, 1, sizes[-1], 1]), name="sobel_filters")
    padded = pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    edges = depthwise_conv2d(padded, kernels, [1, 1, 1, 1], "VALID")
    result = reshape(edges, build("ConcatV2", [sizes, [2]], 0))
    if static.ndims is not None:
        result.set_shape(TensorShape([*static.as_list(), 2]))
    return result


# Resizing into a frame


def resize_image_with_pad(
    image: Any,
    target_height: Any,
    target_width: Any,
    method: int = ResizeMethod.BILINEAR,
    align_corners: bool = False,
) -> Any:
    """Images resized without distortion until they fit, in a frame of zeros of the target size.

    `image` is [height, width, channels] or a batch of such. Raises ValueError for another rank.
    """
    with name_scope(None, "resize_image_with_pad", [image]):
        image = convert(image, None, "image")
        single = image.shape.ndims == 3
        batch = build("ExpandDims", image, 0) if single else image
        if batch.shape.ndims != 4:
            raise ValueError("'image' must have either 3 or 4 dimensions.")
        height, width = (
            build("Shape", batch)[axis]
            if batch.shape[axis].value is None
            else batch.shape[axis].value
            for axis in (1, 2)
        )
        wanted = [target_height, target_width]
        new, offsets = _fitted([height, width], wanted)
        resized = resize_images(batch, stack(new), method, align_corners)
        padded = pad_to_bounding_box(resized, *offsets, *wanted)
        return build("Squeeze", padded, squeeze_dims=[0]) if single else padded


def _fitted(sizes: list[Any], wanted: list[Any]) -> tuple[list[Any], list[Any]]:
    """The sizes that fit, and how much stands before: ints where all sizes are."""
    if not any(map(is_tensor, [*sizes, *wanted])):
        ratio = max(size / target for size, target in zip(sizes, wanted, strict=True))
        exact = [size / ratio for size in sizes]
        offsets = [max(0, int(np.floor((t - e) / 2))) for t, e in zip(wanted, exact, strict=True)]
        return [int(np.floor(e)) for e in exact], offsets
    f_sizes, f_wanted = ([cast(v, dtypes.float64) for v in values] for values in (sizes, wanted))
    ratio_ = build("Maximum", *(s / t for s, t in zip(f_sizes, f_wanted, strict=True)))
    exact_ = [size / ratio_ for size in f_sizes]
    before = [build("Floor", (t - e) / 2.0) for t, e in zip(f_wanted, exact_, strict=True)]
    return (
        [cast(build("Floor", e), dtypes.int32) for e in exact_],
        [build("Maximum", 0, cast(b, dtypes.int32)) for b in before],
    )


# JPEG


def adjust_jpeg_quality(image: Any, jpeg_quality: Any, name: Name = None) -> Any:
    """An image as it is after encoding as JPEG of a quality in [0, 100], in its own dtype.

    `image` is [height, width, 1 or 3], `jpeg_quality` an int or a scalar int32 tensor.
    """
    with name_scope(name, "adjust_jpeg_quality", [image]):
        image = convert(image, None, "image")
        pixels = convert_image_dtype(image, dtypes.uint8)
        quality = convert(jpeg_quality, dtypes.int32)
        encoded = build("EncodeJpegVariableQuality", pixels, quality)
        return convert_image_dtype(decode_jpeg(encoded), image.dtype)


def random_jpeg_quality(
    image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: int | None = None
) -> Any:
    """`adjust_jpeg_quality` by a whole number in [min_jpeg_quality, max_jpeg_quality).

    Raises ValueError for bounds outside of [0, 100], or in the wrong order.
    """
    if not 0 <= min_jpeg_quality <= 100 or not 0 <= max_jpeg_quality <= 100:
        raise ValueError("jpeg encoding range must be between 0 and 100.")
    if min_jpeg_quality >= max_jpeg_quality:
        raise ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`.")
    quality = random_uniform([], min_jpeg_quality, max_jpeg_quality, dtypes.int32, seed)
    return adjust_jpeg_quality(image, quality)
