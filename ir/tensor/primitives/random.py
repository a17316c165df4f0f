"""rng_bit_generator: Philox4x32-10, TensorFlow's generator.

J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). The state is uint64[3]:
key, counter low, counter high. Block g of four 32-bit words is the cipher of counter + g (128 bits)
under the key; words follow each other in the order of TensorFlow's `PhiloxRandom`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.core import Computation, TensorType
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives.common import concrete, expect_operands, invalid

STATE = TensorType(dtypes.uint64, (3,))
ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)


def philox(key: int, low: Array, high: Array) -> Array:
    """The four words of each counter `high * 2**64 + low`, along a new last axis."""
    words = [low & _LOW, low >> np.uint64(32), high & _LOW, high >> np.uint64(32)]
    keys = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(ROUNDS):
        first = words[0] * np.uint64(MULTIPLIERS[0])
        second = words[2] * np.uint64(MULTIPLIERS[1])
        words = [
            (second >> np.uint64(32)) ^ words[1] ^ np.uint64(keys[0]),
            second & _LOW,
            (first >> np.uint64(32)) ^ words[3] ^ np.uint64(keys[1]),
            first & _LOW,
        ]
        keys = [(k + w) & 0xFFFFFFFF for k, w in zip(keys, WEYL, strict=True)]
    return np.stack(words, -1).astype(np.uint32)


def _infer(
    types: Sequence[TensorType], attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("rng_bit_generator", types, 1)
    dtype = attributes["dtype"]
    if attributes["rng_algorithm"] != "PHILOX" or types[0] != STATE or dtype != dtypes.uint32:
        raise invalid(
            f"rng_bit_generator makes uint32 by PHILOX from {STATE}, not {dtype.name} by "
            f"{attributes['rng_algorithm']} from {types[0]}"
        )
    return (types[0], TensorType(dtype, attributes["shape"]))


def _evaluate(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    shape = concrete(attributes["shape"])
    key, low, high = arrays[0].tolist()
    count = int(np.prod(shape, dtype=np.int64))
    blocks = -(-count // 4)
    counter = low + (high << 64)
    with np.errstate(over="ignore"):
        lows = np.uint64(low) + np.arange(blocks, dtype=np.uint64)
        highs = np.uint64(high) + (lows < np.uint64(low)).astype(np.uint64)
        words = philox(key, lows, highs)
    after = (counter + blocks) % (1 << 128)
    state = np.array([key, after & (1 << 64) - 1, after >> 64], np.uint64)
    return state, words.reshape(-1)[:count].reshape(shape)


define(Primitive("rng_bit_generator", _infer, _evaluate))
