"""Streams of random words: the generators of ops that have a state, seeds of those that have none.

A stream is a value `uint64[3]`: key, counter low, counter high. It stands for the words of
Philox4x32-10 under that key, four for each counter from this one on (J. Salmon et al., "Parallel
random numbers: as easy as 1, 2, 3", SC 2011). A stateful op has one stream for each node and
session; a run takes the part from the current counter on, and skips as many blocks as TensorFlow's
`GuardedPhiloxRandom` reserves, however many it needs. So the numbers of a run follow from the
seeds and from the sizes of the runs before it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, Handle, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.random import MULTIPLIERS, ROUNDS, WEYL
from flowc.ops.common import number

RESERVED = 256  # blocks of four words that TensorFlow sets aside for each element of a result
_SCRAMBLE = 0x02461E293EC8F720  # the key under which TensorFlow mixes the seeds of stateless ops
_LOW = 0xFFFFFFFF
GENERATOR = "/generator"  # what the name of a node's state in the store ends in


# Where streams come from


@dataclass(frozen=True)
class FirstState:
    """Makes the first state of a node's generator, anew where its seeds leave that to chance."""

    seed: int
    seed2: int

    def __call__(self) -> Array:
        return seeded(self.seed, self.seed2)


def seeded(seed: int, seed2: int) -> Array:
    """The first state of a node with these seeds; of a nondeterministic one if both are 0."""
    if seed == 0 and seed2 == 0:
        seed, seed2 = (int.from_bytes(os.urandom(8), "little") for _ in range(2))
    mask = (1 << 64) - 1
    return np.array([seed & mask, 0, seed2 & mask], np.uint64)


def generator(node: str, seed: int, seed2: int) -> Handle:
    """The state of a node's generator, which begins as its seeds say."""
    return Handle(node + GENERATOR, dtypes.uint64, (3,), FirstState(seed, seed2))


def reserve(b: Builder, blocks: Dim, seed: int, seed2: int) -> Value:
    """The node's stream as this run finds it; the next run's begins `blocks` blocks later."""
    handle = generator(b.location, seed, seed2)
    stream = b.state.read(b, handle)
    b.state.assign(b, handle, skip(b, stream, blocks))
    return stream


def skip(b: Builder, stream: Value, blocks: Dim) -> Value:
    """The stream from a later block on; the counter has 128 bits."""
    unit = b.constant(np.array([0, 1, 0], np.uint64))
    steps = b.multiply(unit, b.broadcast_to(number(b, blocks, dtypes.uint64), (3,)))
    moved = b.add(stream, steps)
    carries = b.convert(b.lt(moved, stream), dtypes.uint64)
    return b.add(moved, b.pad(carries, 0, (1,), (-1,)))


def from_seed(b: Builder, seed: Value) -> Value:
    """The stream of a stateless op's `seed[2]`, mixed so that any two seeds are far apart."""
    shape = b.shape(seed)
    require(len(shape) == 1 and b.assumptions.equal(shape[0], 2), "seed must have shape [2]")
    key = b.constant(np.array([_SCRAMBLE], np.uint64))
    counter = b.bitcast_convert(b.convert(seed, dtypes.int64), dtypes.uint64)
    mixed = words(b, b.concatenate([key, b.reshape(counter, (2,))], 0), (2, 2))
    pairs = joined(b, *(column(b, mixed, i, (2,)) for i in range(2)))
    return b.pad(pairs, 0, (0,), (0,), (1,))


def from_key(b: Builder, key: Value, counter: Value) -> Value:
    """The stream of a key `uint64[1]` and a counter `uint64[2]`."""
    for value, size, name in ((key, 1, "key"), (counter, 2, "counter")):
        shape = b.shape(value)
        fits = len(shape) == 1 and b.assumptions.equal(shape[0], size)
        require(fits, f"{name} must have shape [{size}]")
    return b.concatenate([key, counter], 0)


# Words


def words(b: Builder, stream: Value, shape: Sequence[Dim]) -> Value:
    """The stream's words in order, as uint32 of that shape."""
    return b.rng_bit_generator(stream, shape)[1]


def column(b: Builder, matrix: Value, index: int, shape: Shape) -> Value:
    """A column of a matrix in another shape."""
    return b.reshape(b.slice_axis(matrix, 1, index, index + 1), shape)


def joined(b: Builder, low: Value, high: Value) -> Value:
    """uint64 of two words."""
    upper = b.shift_left(b.convert(high, dtypes.uint64), 32)
    return b.or_(upper, b.convert(low, dtypes.uint64))


def words_at(b: Builder, stream: Value, blocks: Value) -> tuple[Value, Value, Value, Value]:
    """The four words of each block that the uint64 vector `blocks` counts from the stream's start.

    The words are uint64 below 2**32; the arithmetic is elementwise, and so becomes one kernel.
    """
    shape = b.shape(blocks)
    key, low, high = (_spread(b, stream, i, shape) for i in range(3))
    position = b.add(low, blocks)
    carry = b.convert(b.lt(position, low), dtypes.uint64)
    return _encrypt(b, _halves(b, key), (*_halves(b, position), *_halves(b, b.add(high, carry))))


def _spread(b: Builder, stream: Value, index: int, shape: Shape) -> Value:
    return b.broadcast_to(b.slice_axis(stream, 0, index, index + 1), shape)


def _halves(b: Builder, x: Value) -> tuple[Value, Value]:
    return b.and_(x, _LOW), b.shift_right_logical(x, 32)


def _encrypt(
    b: Builder, key: tuple[Value, Value], counter: tuple[Value, Value, Value, Value]
) -> tuple[Value, Value, Value, Value]:
    """Philox4x32-10 of counters in four words under keys in two."""
    for _ in range(ROUNDS):
        low0, high0 = _halves(b, b.multiply(counter[0], MULTIPLIERS[0]))
        low1, high1 = _halves(b, b.multiply(counter[2], MULTIPLIERS[1]))
        first = b.xor(b.xor(high1, counter[1]), key[0])
        third = b.xor(b.xor(high0, counter[3]), key[1])
        counter = first, low1, third, low0
        key = b.and_(b.add(key[0], WEYL[0]), _LOW), b.and_(b.add(key[1], WEYL[1]), _LOW)
    return counter


# Shapes


def result_shape(b: Builder, shape: Value) -> Shape:
    """The sizes that a shape operand asks for. Raises InvalidArgumentError for negative ones."""
    require(len(b.shape(shape)) < 2, "shape must be a vector of {int32,int64}")
    sizes = b.dims(shape)
    negative = [size for size in sizes if isinstance(size, int) and size < 0]
    require(not negative, f"Dimension {negative} must be >= 0")
    return sizes


def elements(shape: Shape) -> Dim:
    """How many elements a result has."""
    return dims.product(shape)
