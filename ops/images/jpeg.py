"""JPEG files decoded as TensorFlow asks libjpeg to: the fast inverse cosine transform, and chroma
smoothed where it was sampled less densely.

Pillow offers the fast transform only without the smoothing. So the planes are taken from it as they
are stored, and smoothed and turned into colours here as in libjpeg (jdsample.c, jdcolor.c).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowc.ir.tensor.primitive import Array


@dataclass(frozen=True)
class JpegOptions:
    """The choices that decoding leaves: 1 / ratio of the size, the transform, smooth chroma.

    Of a file that ends too early, `recover` makes up the rest. Else at least the share `least` of
    the rows must be there, and the others are black.
    """

    ratio: int = 1
    fast: bool = True
    smooth: bool = True
    recover: bool = False
    least: float = 1.0


def read_jpeg(
    image: Any, channels: int, options: JpegOptions, columns: tuple[int, int] | None = None
) -> Array:
    """Pixels [height, width, channels] of an opened image, 0 channels for its own number.

    `columns` are the first and the end of those that are wanted: chroma is not smoothed across the
    end, nor across the left edge of the block in which the first one is. Others may be wrong.
    """
    grey = image.mode == "L"
    if image.mode == "CMYK":
        return _inks(_decoded(image, None, options))
    is_luma = image.mode == "RGB" and not _is_rgb(image)
    if not grey and not is_luma:
        pixels = _decoded(image, None, options)
        return pixels if channels != 1 else _grey(pixels)
    if grey or channels == 1:
        planes = _decoded(image, "L", options)
        return np.repeat(planes[..., None], max(channels, 1), axis=2)
    if not options.fast or options.ratio > 1:
        whole = options.smooth and _density(image) != (2, 2)
        return _decoded(image, None, replace(options, fast=options.fast and not whole))
    density = _density(image)
    planes = _decoded(image, "YCbCr", options).astype(np.int32)
    return _colors(_smoothed(planes, density, columns) if options.smooth else planes)


def rows_before_end(image: Any, options: JpegOptions) -> int:
    """How many rows there are before the end of a file that ends too early.

    The image has been opened, and is used up by this. As in TensorFlow there are none in a file
    that ends between two blocks.
    """
    image.draft("YCbCr", tuple(size / options.ratio for size in image.size))
    image.decoderconfig = (options.ratio, 1)
    try:
        image.load()
    except OSError as error:
        if "(0 bytes not processed)" in str(error):
            return 0
    planes = np.asarray(image._new(image.im))
    filled = np.flatnonzero(planes.reshape(len(planes), -1).any(1))
    rows = int(filled[-1]) + 1 if len(filled) else 0
    is_smooth = options.smooth and options.ratio == 1 and planes.ndim == 3
    waits = is_smooth and _density(image)[0] == 2 and 0 < rows < len(planes)
    return rows - 2 if waits else rows  # the last ones are smoothed with those that follow


def _is_rgb(image: Any) -> bool:
    """Whether red, green and blue are stored as they are."""
    return (
        image.info.get("adobe_transform") == 0
        or len(getattr(image, "layer", ())) != 3
        or (
            [layer[0] for layer in image.layer] == [*b"RGB"] and "adobe_transform" not in image.info
        )
    )


def _decoded(image: Any, mode: str | None, options: JpegOptions) -> Array:
    """What libjpeg gives; the fast transform comes without smoothing."""
    image.draft(mode, tuple(size / options.ratio for size in image.size))
    image.decoderconfig = (options.ratio, int(options.fast))
    return np.array(image)


def _inks(planes: Array) -> Array:
    """Red, green and blue of cyan, magenta, yellow and black."""
    light = 255 - planes.astype(np.int32)
    return np.asarray(light[..., :3] * light[..., 3:] // 255, np.uint8)


def _grey(pixels: Array) -> Array:
    """The luma of red, green and blue, with factors of 16 binary digits."""
    luma: Array = pixels.astype(np.int32) @ np.array([19595, 38470, 7471]) + (1 << 15) >> 16
    return luma[..., None].astype(np.uint8)


def _smoothed(planes: Array, density: tuple[int, int], columns: tuple[int, int] | None) -> Array:
    """The planes, chroma smoothed where neighbouring columns share it."""
    down, right = density
    if right != 2 or down not in (1, 2) or planes.shape[1] <= 4:
        return planes
    first, end = columns or (0, planes.shape[1])
    first -= first % 16  # blocks begin there
    chroma = planes[::down, first:end:right, 1:]
    if chroma.shape[1] > 1:
        wide = _smooth_both(chroma) if down == 2 else _smooth_columns(chroma)
        planes[:, first:end, 1:] = wide[: planes.shape[0], : end - first]
    return planes


def _density(image: Any) -> tuple[int, int]:
    """How many rows and columns of pixels share a value of chroma."""
    (_, width, height, *_), (_, chroma_width, chroma_height, *_) = image.layer[:2]
    return height // chroma_height, width // chroma_width


def _neighbours(x: Array, axis: int) -> tuple[Array, Array]:
    """What lies before and after each element, at the ends the element itself."""
    first, last = np.take(x, [0], axis), np.take(x, [-1], axis)
    count = x.shape[axis]
    before = np.concatenate([first, np.take(x, range(count - 1), axis)], axis)
    return before, np.concatenate([np.take(x, range(1, count), axis), last], axis)


def _interleaved(first: Array, second: Array, axis: int) -> Array:
    shape = list(first.shape)
    shape[axis] *= 2
    return np.stack([first, second], axis + 1).reshape(shape)


def _smooth_columns(x: Array) -> Array:
    """Each value becomes two: three quarters of it and one of the neighbour on that side."""
    before, after = _neighbours(x, 1)
    left, right = (3 * x + before + 1) >> 2, (3 * x + after + 2) >> 2
    return _interleaved(left, right, 1)


def _smooth_both(x: Array) -> Array:
    """The same along rows and columns, rounded once."""
    above, below = _neighbours(x, 0)
    sums = _interleaved(3 * x + above, 3 * x + below, 0)
    before, after = _neighbours(sums, 1)
    return _interleaved((3 * sums + before + 8) >> 4, (3 * sums + after + 7) >> 4, 1)


def _colors(planes: Array) -> Array:
    """Red, green and blue from luma and chroma, with factors of 16 binary digits."""
    luma, blue, red = planes[..., 0], planes[..., 1] - 128, planes[..., 2] - 128
    half = 1 << 15
    colors = (
        luma + ((91881 * red + half) >> 16),
        luma + ((-22554 * blue - 46802 * red + half) >> 16),
        luma + ((116130 * blue + half) >> 16),
    )
    return np.asarray(np.clip(np.stack(colors, -1), 0, 255), np.uint8)
