"""JPEG files decoded as TensorFlow asks libjpeg to: the fast inverse cosine transform, and chroma
smoothed where it was sampled less densely.

Pillow offers the fast transform only without the smoothing. So the planes are taken from it as they
are stored, and smoothed and turned into colours here as in libjpeg (jdsample.c, jdcolor.c).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.ir.tensor.primitive import Array


def read_jpeg(image: Any, channels: int, smooth: bool) -> Array | None:
    """Pixels [height, width, channels] of an opened image; None if neither YCbCr nor grey."""
    grey = image.mode == "L"
    if image.mode not in ("L", "RGB") or image.info.get("adobe_transform") == 0:
        return None
    if not grey and len(getattr(image, "layer", ())) != 3:
        return None
    image.draft("L" if grey or channels == 1 else "YCbCr", image.size)
    image.decoderconfig = (1, 1)  # full size, fast
    planes = np.asarray(image).astype(np.int32)
    if planes.ndim == 2:
        return np.repeat(planes[..., None], max(channels, 1), axis=2).astype(np.uint8)
    down, right = _density(image)
    chroma = planes[::down, ::right, 1:]
    if smooth and right == 2 and down in (1, 2) and chroma.shape[1] > 2:
        wide = _smooth_both(chroma) if down == 2 else _smooth_columns(chroma)
        planes[..., 1:] = wide[: planes.shape[0], : planes.shape[1]]
    return _colors(planes)


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
