"""Random choices of classes by their probabilities."""

from __future__ import annotations

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, least, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import is_zero, require_rank
from flowc.ops.random.distributions import uniform
from flowc.ops.random.stateful import SEEDS
from flowc.ops.random.stateless import SEED_TYPE
from flowc.ops.random.streams import RESERVED, from_seed, reserve
from flowc.ops.registry import op

_CLASSES = "T: {real}, output_dtype: {index} = int64"


# Classes


@op(
    f"Multinomial(logits: T[:,:], num_samples: int32[]; {SEEDS}, {_CLASSES})"
    f" -> output: output_dtype",
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
    f"StatelessMultinomial(logits: T[:,:], num_samples: int32[], seed: Tseed[:];"
    f" {_CLASSES}, {SEED_TYPE})"
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
    require(not is_zero(b, classes), "num_classes should be positive, got 0")
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
