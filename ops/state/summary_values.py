"""What summaries are made of: histograms, pictures and sounds of tensors."""

from __future__ import annotations

import struct
from functools import cache

import numpy as np

from flowc.ir.proto import HistogramProto
from flowc.ir.tensor.primitive import Array

_LARGEST = float(np.finfo(np.float64).max)


@cache
def bucket_limits() -> Array:
    """The upper limits of a histogram's buckets: 0, and from ±1e-12 on each 1.1 times the last."""
    limits, limit = [], 1e-12
    while limit < 1e20:
        limits.append(limit)
        limit *= 1.1
    limits.append(_LARGEST)
    return np.array([*(-x for x in reversed(limits)), 0.0, *limits])


def histogram(values: Array) -> HistogramProto:
    """Counts of finite float64 values; neighbouring empty buckets are written as one."""
    limits = bucket_limits()
    places = np.searchsorted(limits, values, side="right")
    counts = np.bincount(places, minlength=len(limits))
    full = HistogramProto(
        min=float(values.min()) if values.size else _LARGEST,
        max=float(values.max()) if values.size else -_LARGEST,
        num=values.size,
        sum=_sum_in_order(values),
        sum_squares=_sum_in_order(values * values),
    )
    ends_run = np.append(counts[1:] > 0, True)  # the last of its run of empty buckets
    kept = np.flatnonzero((counts > 0) | ends_run)
    full.bucket_limit.extend(limits[kept].tolist())
    full.bucket.extend(counts[kept].astype(np.float64).tolist())
    return full


def _sum_in_order(values: Array) -> float:
    return float(np.add.accumulate(values)[-1]) if values.size else 0.0


def pixels(image: Array, bad_color: Array) -> Array:
    """A picture of floats [height, width, channels] as uint8.

    From 0 up to the largest value where none is negative, else centred on 128. A pixel with a value
    that is not finite gets `bad_color`.
    """
    finite = np.isfinite(image).all(axis=2)
    scale, offset = _transform(image[finite].astype(np.float32))
    kind = image.dtype.type
    with np.errstate(invalid="ignore", over="ignore"):
        shown: Array = (image * kind(scale) + kind(offset)).astype(np.int64).astype(np.uint8)
    shown[~finite] = bad_color[: image.shape[2]]
    return shown


def _transform(values: Array) -> tuple[np.float32, np.float32]:
    """Scale and offset for the values of all finite pixels."""
    threshold, zero = np.float32(1e-6), np.float32(0)
    low = values.min() if values.size else np.float32(np.inf)
    high = values.max() if values.size else np.float32(-np.inf)
    if low < 0:
        largest = max(abs(low), abs(high))
        return (zero if largest < threshold else np.float32(127) / largest), np.float32(128)
    return (zero if high < threshold else np.float32(255) / high), zero


def wave(samples: Array, rate: float) -> bytes:
    """A WAV file of 16 bits for float samples [frames, channels] in -1 to 1."""
    channels = samples.shape[1]
    scaled = samples * np.float32(32768)
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    data = np.clip(rounded, -32768, 32767).astype("<i2").tobytes()
    per_second = round(rate)
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(data),
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        per_second,
        per_second * channels * 2,
        channels * 2,
        16,
        b"data",
        len(data),
    )
    return header + data
