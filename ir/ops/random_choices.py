"""Random choices: classes by their probabilities, and permutations."""

from __future__ import annotations

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.ops.common import require_rank
from flowc.ir.ops.random import SEEDS
from flowc.ir.ops.random_distributions import uniform
from flowc.ir.ops.random_stateless import KEYED, SEED_TYPE, keyed_stream
from flowc.ir.ops.random_streams import RESERVED, from_seed, reserve, words
from flowc.ir.ops.registry import op
from flowc.ir.tensor.builder import Builder, least, require
from flowc.ir.tensor.core import Value

_CLASSES = "T: {real}, output_dtype: {index} = int64"


# Classes


@op(
    f"Multinomial(logits: T, num_samples: int32; {SEEDS}, {_CLASSES}) -> output: output_dtype",
    stateful=True,
)
def multinomial(
    b: Builder, logits: Value, num_samples: Value, *, seed: int, seed2: int, output_dtype: DType
) -> Value:
    """For each row of unnormalized log-probabilities as many classes as asked for."""
    batch, count = _sizes(b, logits, num_samples)
    blocks = batch * dims.ceildiv(count, 4) * 4 * 2 * RESERVED
    return _choose(b, reserve(b, blocks, seed, seed2), logits, count, output_dtype)


@op(
    f"StatelessMultinomial(logits: T, num_samples: int32, seed: Tseed; {_CLASSES}, {SEED_TYPE})"
    " -> output: output_dtype"
)
def stateless_multinomial(
    b: Builder, logits: Value, num_samples: Value, seed: Value, *, output_dtype: DType
) -> Value:
    """The same, from a seed."""
    count = _sizes(b, logits, num_samples)[1]
    return _choose(b, from_seed(b, seed), logits, count, output_dtype)


multinomial.not_differentiable()
stateless_multinomial.not_differentiable()


def _sizes(b: Builder, logits: Value, num_samples: Value) -> tuple[Dim, Dim]:
    """How many rows and how many choices for each."""
    batch, classes = require_rank(b, logits, 2, "logits")
    require_rank(b, num_samples, 0, "num_samples")
    (count,) = b.dims(num_samples)
    require(not isinstance(count, int) or count >= 0, f"num_samples is negative: {count}")
    require(classes != 0, "num_classes should be positive, got 0")
    return batch, count


def _choose(b: Builder, stream: Value, logits: Value, count: Dim, dtype: DType) -> Value:
    """For each double in [0, 1) the first class whose share of the sum, with those before, is more.

    Sums are in double precision; logits that are not finite have no share.
    """
    cumulative = _cumulative(b, b.convert(logits, dtypes.float64))
    batch, classes = b.shape(cumulative)
    total = b.slice_axis(cumulative, 1, classes - 1, classes)
    shares = uniform(b, stream, (batch, count), dtypes.float64)
    wanted = b.multiply(shares, b.broadcast_to(total, (batch, count)))
    below = b.le(
        b.broadcast_in_dim(cumulative, (batch, count, classes), (0, 2)),
        b.broadcast_in_dim(wanted, (batch, count, classes), (0, 1)),
    )
    return b.reduce_sum(b.convert(below, dtype), (2,))


def _cumulative(b: Builder, logits: Value) -> Value:
    """The sums of the exponentials of each row's first logits, up to a common factor."""
    finite = b.is_finite(logits)
    greatest = b.reduce_max(b.select(finite, logits, least(dtypes.float64)), (1,), keepdims=True)
    scaled = b.exponential(b.subtract(logits, b.broadcast_to(greatest, b.shape(logits))))
    classes = b.shape(logits)[1]
    (sums,) = b.reduce_window(
        [b.select(finite, scaled, 0.0)],
        [b.scalar(0, dtypes.float64)],
        b.add,
        window_dimensions=(1, classes),
        padding=((0, 0), (classes - 1, 0)),
    )
    return sums


# Permutations


@op(f"RandomShuffle(value: T; {SEEDS}, T: type) -> output: T", stateful=True)
def random_shuffle(b: Builder, value: Value, *, seed: int, seed2: int) -> Value:
    """The rows in another order."""
    if not b.shape(value):
        return value
    blocks = dims.floordiv(b.shape(value)[0] + 2, 4)  # a word for each row but the last
    return _shuffle(b, reserve(b, blocks, seed, seed2), value)


@op(f"StatelessShuffle(value: T, {KEYED}; T: type) -> output: T")
def stateless_shuffle(b: Builder, value: Value, key: Value, counter: Value, alg: Value) -> Value:
    """The same, from a key and a counter."""
    return _shuffle(b, keyed_stream(b, key, counter, alg), value) if b.shape(value) else value


random_shuffle.not_differentiable()
stateless_shuffle.not_differentiable()


def _shuffle(b: Builder, stream: Value, value: Value) -> Value:
    """R. Fisher and F. Yates's shuffle: each row changes places with itself or a later one."""
    count = b.shape(value)[0]
    last = b.subtract(b.size(count), 1)
    partners = _partners(b, stream, count)

    def unfinished(row: Value, order: Value) -> Value:
        return b.lt(row, last)

    def swap(row: Value, order: Value) -> list[Value]:
        partner = b.reshape(b.dynamic_slice(partners, [row], (1,)), ())
        mine, theirs = (b.dynamic_slice(order, [place], (1,)) for place in (row, partner))
        order = b.dynamic_update_slice(order, theirs, [row])
        return [b.add(row, 1), b.dynamic_update_slice(order, mine, [partner])]

    first = b.constant(0, dtypes.int32)
    order = b.iota((count,), 0, dtypes.int32)
    return b.take(value, b.while_(unfinished, swap, [first, order])[1])


def _partners(b: Builder, stream: Value, count: Dim) -> Value:
    """For each row the one that it changes places with: itself or a later one."""
    rows = b.iota((count,), 0, dtypes.uint32)
    left = b.subtract(b.broadcast_to(b.size(count, dtypes.uint32), (count,)), rows)
    offsets = b.remainder(words(b, stream, (count,)), left)
    return b.bitcast_convert(b.add(rows, offsets), dtypes.int32)
