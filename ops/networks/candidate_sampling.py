"""Candidate sampling: a few random classes instead of all, and how often each is to be expected.

The samplers draw classes one after the other, without repeats where `unique` is set; here a loop
draws as many as are wanted at once, and keeps those that come first. All rows of a batch share the
candidates. The numbers are TensorFlow's (`range_sampler.cc`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.arrays.scattering import replace, scatter_rows
from flowc.ops.checks import check_all, outside
from flowc.ops.common import require_rank
from flowc.ops.random.distributions import to_double
from flowc.ops.random.stateful import SEEDS
from flowc.ops.random.streams import column, joined, reserve
from flowc.ops.registry import host_op, op

_WORDS = 2048  # that TensorFlow reserves for each candidate
_COUNTS = "sampled_candidates: int64, true_expected_count: float32, sampled_expected_count: float32"
_SAMPLING = "num_true: int >= 1, num_sampled: int >= 1, unique: bool"


@dataclass(frozen=True)
class _Sampler:
    """A distribution of the classes 0 ... range - 1."""

    # int64 classes, one for two uint32 words each, and which of them count
    draw: Callable[[Builder, Value, Value, int], tuple[Value, Value]]
    probability: Callable[[Builder, Value, int], Value]  # float32, of int64 classes


# Distributions


def _draw_uniform(b: Builder, low: Value, high: Value, size: int) -> tuple[Value, Value]:
    """The words modulo the number of classes, but for those that would favour some."""
    word = joined(b, low, high)
    surplus = 0 if size & (size - 1) == 0 else (1 << 64) % size
    rest = b.remainder(word, b.full_like(word, size))
    return b.bitcast_convert(rest, dtypes.int64), b.ge(word, b.full_like(word, surplus))


def _uniform_probability(b: Builder, classes: Value, size: int) -> Value:
    return b.full(1 / size, b.shape(classes), dtypes.float32)


def _draw_log_uniform(b: Builder, high: Value, low: Value, size: int) -> tuple[Value, Value]:
    """exp of a uniform number below log(size + 1), less 1."""
    exponent = b.multiply(to_double(b, high, low), math.log1p(size))
    drawn = b.subtract(b.convert(b.exponential(exponent), dtypes.int64), 1)
    return b.remainder(drawn, size), b.full(True, b.shape(drawn), dtypes.bool_)


def _log_uniform_probability(b: Builder, classes: Value, size: int) -> Value:
    """log((class + 2) / (class + 1)) / log(size + 1)."""
    number = b.convert(classes, dtypes.float64)
    ratio = b.divide(b.add(number, 2), b.add(number, 1))
    return b.convert(b.divide(b.log(ratio), math.log1p(size)), dtypes.float32)


# Sampling


def _candidates(
    b: Builder, stream: Value, sampler: _Sampler, count: int, unique: bool, size: int
) -> tuple[Value, Value]:
    """`count` classes, and how many had to be drawn for them."""
    rows = count + count % 2  # whole blocks of four words

    def unfinished(stream: Value, picked: Value, filled: Value, tries: Value) -> Value:
        return b.lt(filled, count)

    def draw(stream: Value, picked: Value, filled: Value, tries: Value) -> list[Value]:
        stream, word = b.rng_bit_generator(stream, (rows, 2))
        first, second = (column(b, word, i, (rows,)) for i in range(2))
        classes, valid = sampler.draw(b, first, second, size)
        new = b.and_(valid, _not_seen(b, classes, valid, picked)) if unique else valid
        before = b.add(_sums_before(b, new), b.broadcast_to(filled, (rows,)))
        counted = b.and_(valid, b.lt(before, count))
        tries = b.add(tries, b.reduce_sum(b.convert(counted, dtypes.int32)))
        places = b.select(new, before, -1)  # those outside of `picked` are left out
        picked = scatter_rows(b, picked, places, classes, replace)
        filled = b.add(filled, b.reduce_sum(b.convert(new, dtypes.int32)))
        return [stream, picked, filled, tries]

    zero = b.constant(0, dtypes.int32)
    nothing = b.full(-1, (count,), dtypes.int64)
    _, picked, _, tries = b.while_(unfinished, draw, [stream, nothing, zero, zero])
    return picked, tries


def _not_seen(b: Builder, classes: Value, valid: Value, picked: Value) -> Value:
    """Whether each class is not among those picked, nor stands earlier in `classes`."""
    rows, count = b.shape(classes)[0], b.shape(picked)[0]
    pairs = (rows, rows)
    equal = b.eq(b.broadcast_in_dim(classes, pairs, (0,)), b.broadcast_in_dim(classes, pairs, (1,)))
    earlier = b.gt(b.iota(pairs, 0, dtypes.int32), b.iota(pairs, 1, dtypes.int32))
    earlier = b.and_(earlier, b.broadcast_in_dim(valid, pairs, (1,)))
    repeated = b.reduce_or(b.and_(equal, earlier), (1,))
    pairs = (rows, count)
    known = b.eq(b.broadcast_in_dim(classes, pairs, (0,)), b.broadcast_in_dim(picked, pairs, (1,)))
    return b.not_(b.or_(repeated, b.reduce_or(known, (1,))))


def _sums_before(b: Builder, flags: Value) -> Value:
    """For each flag how many before it are set."""
    (rows,) = b.shape(flags)
    numbers = b.pad(b.convert(flags, dtypes.int32), 0, (1,), (-1,))
    (sums,) = b.reduce_window(
        [numbers],
        [b.constant(0, dtypes.int32)],
        b.add,
        window_dimensions=(rows,),
        padding=((rows - 1, 0),),
    )
    return sums


def _expected(b: Builder, probability: Value, count: int, tries: Value) -> Value:
    """How often a class of this probability is to be expected among the candidates.

    If the number of tries were always this one, it would be 1 - (1 - p)**tries.
    """
    never = b.log_plus_one(b.negate(probability))
    number = b.broadcast_to(b.convert(tries, dtypes.float32), b.shape(probability))
    once = b.negate(b.exponential_minus_one(b.multiply(number, never)))
    return b.select(b.eq(tries, count), b.multiply(probability, count), once)


def _define(name: str, sampler: _Sampler) -> None:
    def lower(
        b: Builder,
        true_classes: Value,
        *,
        num_true: int,
        num_sampled: int,
        unique: bool,
        range_max: int,
        seed: int,
        seed2: int,
    ) -> tuple[Value, Value, Value]:
        _check(b, true_classes, num_true, range_max)
        require(not unique or num_sampled <= range_max, "Sampler's range is too small.")
        stream = reserve(b, _WORDS * num_sampled // 4, seed, seed2)
        picked, tries = _candidates(b, stream, sampler, num_sampled, unique, range_max)
        of_true, of_picked = (
            _expected(b, sampler.probability(b, classes, range_max), num_sampled, tries)
            for classes in (true_classes, picked)
        )
        return picked, of_true, of_picked

    text = f"{name}(true_classes: int64; {_SAMPLING}, range_max: int >= 1, {SEEDS}) -> {_COUNTS}"
    op(text, stateful=True)(lower).not_differentiable()


_define("UniformCandidateSampler", _Sampler(_draw_uniform, _uniform_probability))
_define("LogUniformCandidateSampler", _Sampler(_draw_log_uniform, _log_uniform_probability))


def _not_a_class(place: str, label: int, size: int) -> str:
    return f"`true_candidate` out of range [0, {size}), received {label} at {place}"


def _check(b: Builder, true_classes: Value, num_true: int, size: int) -> None:
    columns = require_rank(b, true_classes, 2, "true_classes")[1]
    require(b.assumptions.equal(columns, num_true), "true_classes must have num_true columns")
    inside = b.and_(b.ge(true_classes, 0), b.lt(true_classes, size))
    check_all(
        b,
        inside,
        f"`true_candidate` out of range [0, {size})",
        outside(true_classes, size, words=_not_a_class),
    )


@op(
    f"AllCandidateSampler(true_classes: int64[:,:]; {_SAMPLING}, {SEEDS}) -> {_COUNTS}",
    stateful=True,
)
def all_candidates(
    b: Builder, true_classes: Value, *, num_true: int, num_sampled: int
) -> tuple[Value, Value, Value]:
    """Every class, once."""
    _check(b, true_classes, num_true, num_sampled)
    of_true = b.full(1, b.shape(true_classes), dtypes.float32)
    of_picked = b.full(1, (num_sampled,), dtypes.float32)
    return b.iota((num_sampled,), 0, dtypes.int64), of_true, of_picked


all_candidates.not_differentiable()


@host_op(
    f"ComputeAccidentalHits(true_classes: int64[:,:], sampled_candidates: int64[:];"
    f" num_true: int, {SEEDS})"
    " -> indices: int32, ids: int64, weights: float32"
)
def accidental_hits(
    true_classes: Array, sampled_candidates: Array, *, num_true: int
) -> tuple[Array, Array, Array]:
    """Rows whose true classes are among the candidates, which ones, and the least float of each."""
    fits = true_classes.ndim == 2 and true_classes.shape[1] == num_true
    require(fits, "true_candidates must be a batch_size * num_true matrix")
    require(sampled_candidates.ndim == 1, "sampled_candidates must be a vector")
    positions = {label: i for i, label in enumerate(sampled_candidates.tolist())}
    hits = [
        (row, positions[label])
        for row, labels in enumerate(true_classes.tolist())
        for label in labels
        if label in positions
    ]
    rows, ids = np.array(hits, np.int64).reshape(-1, 2).T
    return rows.astype(np.int32), ids, np.full(len(hits), np.finfo(np.float32).min, np.float32)


accidental_hits.not_differentiable()
