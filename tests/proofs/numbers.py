"""Numbers to try: all of a narrow type, and of a wide one those where arithmetic has its edges."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np

from flowc.ir.dtypes import DType
from flowc.ir.tensor.primitive import Array

INTEGERS = (0, 1, 2, 3, 7, -1, -2)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.0, -2.0, 2.5, 3.0, np.inf, -np.inf, np.nan)


def limits_of(dtype: np.dtype[Any]) -> Any:
    """The greatest, least and smallest floats."""
    limits: Any = ml_dtypes.finfo  # has no types
    return limits(dtype)


@cache
def specials(dtype: DType) -> tuple[Array, ...]:
    """Zeros, ones, the greatest and least, denormals, infinities, NaN: each a scalar array."""
    if dtype.is_bool:
        return _distinct([False, True], dtype)
    if dtype.is_integer:
        ends = [int(dtype.min), int(dtype.max), int(dtype.max) // 2 + 1]
        kept = [n for n in (*INTEGERS, *ends) if int(dtype.min) <= n <= int(dtype.max)]
        return _distinct(kept, dtype)
    if dtype.is_complex:
        parts = specials(dtype.real)[:14]
        return tuple(np.asarray(complex(a, c), dtype.numpy) for a in parts for c in parts)
    limits = limits_of(dtype.numpy)
    tiny, least = float(limits.smallest_normal), float(limits.smallest_subnormal)
    odd = [
        float(limits.max),
        -float(limits.max),
        tiny,
        -tiny,
        least,
        -least,
        tiny / 2,
        1 + float(limits.eps),
    ]
    return _distinct([*FLOATS, *odd], dtype)


def _distinct(numbers: Sequence[float], dtype: DType) -> tuple[Array, ...]:
    with np.errstate(all="ignore"):
        arrays = [np.asarray(n).astype(dtype.numpy) for n in numbers]
    return tuple({a.tobytes(): a for a in arrays}.values())


@cache
def powers_of_two(dtype: DType) -> tuple[Array, ...]:
    """All of a float type, with both signs, denormal ones too."""
    limits = limits_of(dtype.numpy)
    exponents = range(limits.minexp - limits.nmant, limits.maxexp)
    return _distinct([s * 2.0**k for k in exponents for s in (1, -1)], dtype)


@cache
def several(dtype: DType) -> Array:
    """A vector of specials, or of all numbers where the type has few."""
    if dtype.bits == 8:
        return np.arange(256, dtype=np.uint8).view(dtype.numpy)
    return np.stack(specials(dtype))


@cache
def some(dtype: DType) -> Array:
    """A vector of few numbers, for programs of several operands."""
    return np.stack(specials(dtype)[:16])


@cache
def every(dtype: DType) -> Array:
    """All numbers of a type of 16 bits or less; of others the specials, steps of two, and more."""
    if dtype.is_bool:
        return np.array([False, True])
    if dtype.bits <= 16:
        unsigned = np.arange(1 << dtype.bits, dtype=f"u{dtype.size}")
        return unsigned.view(dtype.numpy)
    if dtype.is_complex:
        return np.stack(specials(dtype))
    return np.concatenate([np.stack(specials(dtype)), *_between(dtype)])


def _between(dtype: DType) -> list[Array]:
    """Numbers beside the powers of two, where conversions round and saturate; random bits."""
    random = np.random.default_rng(0).integers(0, 2**63, 5000, dtype=np.uint64)
    bits = random.view(f"u{dtype.size}").view(dtype.numpy)
    exponents = range(dtype.bits)
    steps = [2**k + d for k, d in itertools.product(exponents, (-1, 0, 1))]
    if dtype.is_floating:
        near = [s * (n + f) for n in steps for f in (0, 0.5, -0.5, 0.25) for s in (1, -1)]
        with np.errstate(all="ignore"):
            return [bits, np.array(near, np.float64).astype(dtype.numpy)]
    least, greatest = int(dtype.min), int(dtype.max)
    return [bits, np.array([n for n in steps if least <= n <= greatest], dtype.numpy)]
