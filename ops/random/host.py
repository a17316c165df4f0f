"""Random numbers on the host, for ops whose work is a NumPy function.

The same streams and distributions as in `random_streams` and `random_distributions`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.random import philox
from flowc.ops.random.streams import GENERATOR, seeded
from flowc.ops.resources import Session


@dataclass(frozen=True, slots=True)
class HostStream:
    """The blocks of four words from a 128-bit counter on, under a key."""

    key: int
    counter: int

    def skip(self, blocks: int) -> HostStream:
        """The stream from a later block on."""
        return HostStream(self.key, (self.counter + blocks) % (1 << 128))

    def blocks(self, count: int) -> Array:
        """The first blocks, uint32[count, 4]."""
        low, high = (np.uint64(half) for half in (self.counter & (1 << 64) - 1, self.counter >> 64))
        with np.errstate(over="ignore"):
            lows = low + np.arange(count, dtype=np.uint64)
            return philox(self.key, lows, high + (lows < low).astype(np.uint64))


def reserve_on_host(context: Session, blocks: int, seed: int, seed2: int) -> HostStream:
    """The node's stream as this run finds it; the next run's begins `blocks` blocks later."""
    name = context.node + GENERATOR
    stream: HostStream | None = context.resources.values.get(name)
    if stream is None:
        key, low, high = seeded(seed, seed2).tolist()
        stream = HostStream(key, low + (high << 64))
    context.resources.values[name] = stream.skip(blocks)
    return stream


def uniform_on_host(blocks: Array, dtype: np.dtype[Any]) -> Array:
    """Floats in [0, 1) of uint32[..., 4]: four of each block, or two doubles."""
    if dtype == np.float64:
        high, low = (blocks[..., i::2].astype(np.uint64) for i in range(2))
        mantissa = (high & np.uint64(0xFFFFF)) << np.uint64(32) | low
        return np.ldexp(mantissa.astype(np.float64), -52)
    bits = np.finfo(dtype).nmant
    return np.ldexp((blocks & np.uint32((1 << bits) - 1)).astype(np.float32), -bits).astype(dtype)


def normal_on_host(blocks: Array, dtype: np.dtype[Any]) -> Array:
    """Standard normals of uint32[..., 4]: four of each block, or two doubles (Box-Muller)."""
    wide = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    numbers = uniform_on_host(blocks, wide)
    angle = (numbers[..., 1::2].astype(np.float64) * math.tau).astype(wide)
    length = np.sqrt(wide.type(-2) * np.log(np.maximum(numbers[..., ::2], wide.type(1e-7))))
    pairs = np.stack([np.sin(angle) * length, np.cos(angle) * length], -1)
    return pairs.reshape(numbers.shape).astype(dtype)
