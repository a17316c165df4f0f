"""Distributions over a stream of random words, bit for bit TensorFlow's.

Each function gives a tensor of the shape and element type asked for; which words make which
element is that of TensorFlow's `random_distributions.h`. Element types narrower than 32 bits take
a word each, wider ones two.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, accumulator
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.random.streams import RESERVED, column, elements, joined, words, words_at

_MANTISSA = {dtypes.float32: 23, dtypes.float16: 10, dtypes.bfloat16: 7}
_LEAST = 1e-7  # what Box-Muller takes the logarithm of is at least this
_TURN = 6.5  # radians, a little more than a turn
_BOUND = 2.0  # truncated normals are within two standard deviations


# Uniform


def uniform(b: Builder, stream: Value, shape: Shape, dtype: DType) -> Value:
    """Floats in [0, 1): the low bits of a word (for doubles, of two) as the mantissa."""
    if dtype == dtypes.float64:
        return to_double(b, *word_pairs(b, stream, shape))
    return to_float(b, words(b, stream, shape), dtype)


def to_float(b: Builder, word: Value, dtype: DType) -> Value:
    """Of the uint32 words as many bits as the type's mantissa has, as a fraction below 1."""
    bits = _MANTISSA[dtype]
    mantissa = b.shift_left(b.and_(word, (1 << bits) - 1), 23 - bits)
    above_one = b.bitcast_convert(b.or_(mantissa, 127 << 23), dtypes.float32)
    return b.convert(b.subtract(above_one, 1), dtype)


def to_double(b: Builder, high: Value, low: Value) -> Value:
    """A fraction below 1 of 20 bits of the first and all 32 of the second uint32 word."""
    mantissa = joined(b, low, b.and_(high, (1 << 20) - 1))
    above_one = b.bitcast_convert(b.or_(mantissa, 1023 << 52), dtypes.float64)
    return b.subtract(above_one, 1)


def word_pairs(b: Builder, stream: Value, shape: Shape) -> tuple[Value, Value]:
    """For each element of `shape` the first and the second of its two words."""
    pairs = words(b, stream, (elements(shape), 2))
    return column(b, pairs, 0, shape), column(b, pairs, 1, shape)


# Integers


def full_integers(b: Builder, stream: Value, shape: Shape, dtype: DType) -> Value:
    """Integers of all values that the type has."""
    if dtype.size == 4:
        return b.bitcast_convert(words(b, stream, shape), dtype)
    return b.bitcast_convert(joined(b, *word_pairs(b, stream, shape)), dtype)


def integers(b: Builder, stream: Value, shape: Shape, low: Value, high: Value) -> Value:
    """Integers in [low, high), scalars; the last few are a little rarer, as in TensorFlow."""
    dtype = low.type.dtype
    wide = dtypes.uint32 if dtype.size == 4 else dtypes.uint64
    first, last = (b.bitcast_convert(bound, wide) for bound in (low, high))
    offsets = b.remainder(
        full_integers(b, stream, shape, wide), b.broadcast_to(b.subtract(last, first), shape)
    )
    return b.bitcast_convert(b.add(offsets, b.broadcast_to(first, shape)), dtype)


# Normal


def normal(b: Builder, stream: Value, shape: Shape, dtype: DType) -> Value:
    """Standard normals: two of each two words, or of each four for doubles."""
    pairs = dims.ceildiv(elements(shape), 2)
    count = 4 if dtype == dtypes.float64 else 2
    rows = words(b, stream, (pairs, count))
    samples = box_muller(b, [column(b, rows, i, (pairs,)) for i in range(count)])
    return interleaved(b, [b.convert(sample, dtype) for sample in samples], shape)


def box_muller(b: Builder, word: list[Value]) -> tuple[Value, Value]:
    """Two normals of two uint32 words each as float32, or of four as float64.

    G. Box and M. Muller, "A note on the generation of random normal deviates" (1958). Each function
    is computed in double precision and rounded, which is what TensorFlow's C library gives for
    float32 but in one of a hundred cases.
    """
    dtype = dtypes.float64 if len(word) == 4 else dtypes.float32

    def rounded(function: Callable[[Value], Value], x: Value) -> Value:
        return b.convert(function(b.convert(x, dtypes.float64)), dtype)

    if len(word) == 4:
        share, turn = to_double(b, *word[:2]), to_double(b, *word[2:])
    else:
        share, turn = (to_float(b, w, dtypes.float32) for w in word)
    angle = rounded(lambda x: b.multiply(x, math.tau), turn)
    logarithm = rounded(b.log, b.maximum(share, _LEAST))
    length = b.sqrt(b.multiply(logarithm, -2))

    def of_turn(function: Callable[[Value], Value]) -> Value:
        """The function of the angle, which is told to be one: that spares the code for others."""
        return rounded(lambda x: function(b.maximum(b.minimum(x, _TURN), 0)), angle)

    return b.multiply(of_turn(b.sine), length), b.multiply(of_turn(b.cosine), length)


def interleaved(b: Builder, columns: list[Value], shape: Shape) -> Value:
    """The columns' first elements, then their second ones, and so on, as many as `shape` has."""
    rows = b.concatenate([b.expand_dims(c, 1) for c in columns], 1)
    flat = b.reshape(rows, (elements(b.shape(rows)),))
    size = elements(shape)
    if b.shape(flat) != (size,):
        flat = b.slice(flat, (0,), (size,))
    return b.reshape(flat, shape)


def truncated_normal(b: Builder, stream: Value, shape: Shape, dtype: DType) -> Value:
    """Standard normals without those beyond two standard deviations.

    Each group of four elements (two doubles) keeps the first that fit of a substream of its own.
    """
    wide = dtypes.float64 if dtype == dtypes.float64 else accumulator(dtype)
    width = 16 // wide.size
    groups = dims.ceildiv(elements(shape), width)
    kept = _keep_first(b, stream, groups, width, wide)
    return interleaved(b, [b.convert(k, dtype) for k in kept], shape)


def _keep_first(b: Builder, stream: Value, groups: Dim, width: int, dtype: DType) -> list[Value]:
    """The first `width` normals within bounds of each group, a block of words at a time."""
    starts = b.multiply(b.iota((groups,), 0, dtypes.uint64), width * RESERVED // 4)
    counts = b.full(0, (groups,), dtypes.int32)

    def unfinished(block: Value, counts: Value, *kept: Value) -> Value:
        return b.reduce_or(b.lt(counts, width))

    def take(block: Value, counts: Value, *kept: Value) -> list[Value]:
        blocks = b.add(starts, b.broadcast_to(block, b.shape(starts)))
        word = [b.convert(w, dtypes.uint32) for w in words_at(b, stream, blocks)]
        size = 2 * dtype.size // 4
        for first in range(0, 4, size):
            for sample in box_muller(b, word[first : first + size]):
                counts, kept = _keep(b, sample, counts, kept)
        return [b.add(block, 1), counts, *kept]

    slots = [b.full(0, (groups,), dtype) for _ in range(width)]
    start = b.constant(0, dtypes.uint64)
    return list(b.while_(unfinished, take, [start, counts, *slots])[2:])


def _keep(
    b: Builder, sample: Value, counts: Value, kept: tuple[Value, ...]
) -> tuple[Value, tuple[Value, ...]]:
    """Put each sample that is within bounds into its group's next free slot, if there is one."""
    fits = b.lt(b.abs(sample), _BOUND)
    slots = tuple(
        b.select(b.and_(fits, b.eq(counts, slot)), sample, old) for slot, old in enumerate(kept)
    )
    return b.add(counts, b.convert(fits, dtypes.int32)), slots
