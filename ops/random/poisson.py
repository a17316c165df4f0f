"""Poisson numbers.

For rates below 10, D. E. Knuth's method (The Art of Computer Programming, volume 2): the number of
uniforms, less one, whose product is at most exp(-rate). For others W. Hoermann's transformed
rejection ("The transformed rejection method for generating Poisson random variables", 1993), whose
names for the constants are kept here. Each round of the loop uses the two uniforms of a block.
"""

from __future__ import annotations

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.random.rejection import Draw, sample
from flowc.ops.random.stateful import SEEDS
from flowc.ops.random.stateless import SEED_TYPE
from flowc.ops.random.streams import RESERVED, elements, from_seed, reserve, result_shape
from flowc.ops.registry import op

_COUNTS = "{float16, float32, float64, int32, int64}"


def poisson(b: Builder, rate: Value, draw: Draw, greatest: float) -> Value:
    """A number for each rate; NaN where it is not finite."""

    def unfinished(block: Value, done: Value, product: Value, result: Value) -> Value:
        return b.reduce_or(b.not_(done))

    def proceed(block: Value, done: Value, product: Value, result: Value) -> list[Value]:
        _, (second, first) = draw(block)
        small = b.lt(rate, 10)
        counted = _count(b, rate, [first, second], done, product, result)
        number, accepted = _transform(b, rate, first, second)
        taken = b.and_(b.not_(done), b.and_(accepted, b.le(number, greatest)))
        ends = b.select(small, counted[0], b.or_(done, taken))
        result = b.select(small, counted[2], b.select(taken, number, result))
        return [b.add(block, 1), ends, counted[1], result]

    finite = b.is_finite(rate)
    start = b.select(finite, b.zeros_like(rate), float("nan"))
    block = b.constant(0, dtypes.uint64)
    return b.while_(unfinished, proceed, [block, b.not_(finite), b.ones_like(rate), start])[3]


def _count(
    b: Builder, rate: Value, uniforms: list[Value], done: Value, product: Value, count: Value
) -> tuple[Value, Value, Value]:
    """Knuth's method: what is done, the products and the counts after these uniforms."""
    limit = b.exponential(b.negate(rate))
    for uniform in uniforms:
        product = b.multiply(product, uniform)
        done = b.or_(done, b.le(product, limit))
        count = b.select(done, count, b.add(count, 1))
    return done, product, count


def _transform(b: Builder, rate: Value, first: Value, second: Value) -> tuple[Value, Value]:
    """Hoermann's method: a number for two uniforms, and whether it is accepted."""
    u, v = b.subtract(first, 0.5), second
    scale = b.add(b.multiply(b.sqrt(rate), 2.53), 0.931)  # b
    a = b.add(b.multiply(scale, 0.02483), -0.059)
    inverse_alpha = b.add(b.divide(1.1328, b.subtract(scale, 3.4)), 1.1239)
    shifted = b.subtract(0.5, b.abs(u))
    slope = b.add(b.divide(b.multiply(a, 2), shifted), scale)
    k = b.floor(b.add(b.add(b.multiply(slope, u), rate), 0.43))

    inner = b.subtract(0.9277, b.divide(3.6224, b.subtract(scale, 2)))
    at_once = b.and_(b.ge(shifted, 0.07), b.le(v, inner))
    outside = b.or_(b.lt(k, 0), b.and_(b.lt(shifted, 0.013), b.gt(v, shifted)))
    density = b.add(b.divide(a, b.multiply(shifted, shifted)), scale)
    s = b.log(b.divide(b.multiply(v, inverse_alpha), density))
    power = b.add(b.negate(rate), b.multiply(k, b.log(rate)))
    t = b.subtract(power, b.lgamma(b.add(k, 1)))
    return k, b.or_(at_once, b.and_(b.not_(outside), b.le(s, t)))


def _random_poisson(
    b: Builder, shape: Value, rate: Value, *, seed: int, seed2: int, dtype: DType
) -> Value:
    """For each rate a tensor of that shape."""
    sizes = (*result_shape(b, shape), *b.shape(rate))
    stream = reserve(b, elements(sizes) * RESERVED, seed, seed2)
    return sample(b, stream, rate, sizes, dtype, poisson)


op(
    f"RandomPoisson(shape: S, rate: dtype; {SEEDS}, S: {{index}},"
    " dtype: {float16, float32, float64}) -> output: dtype",
    stateful=True,
)(_random_poisson).not_differentiable()
op(
    f"RandomPoissonV2(shape: S[:], rate: R; {SEEDS}, S: {{index}}, R: {_COUNTS} = float64,"
    f" dtype: {_COUNTS} = int64) -> output: dtype",
    stateful=True,
)(_random_poisson).not_differentiable()


@op(
    f"StatelessRandomPoisson(shape: T[:], seed: Tseed[:], lam: Rtype; Rtype: {_COUNTS},"
    f" dtype: {_COUNTS}, T: {{index}} = int32, {SEED_TYPE}) -> output: dtype"
)
def stateless_poisson(b: Builder, shape: Value, seed: Value, lam: Value, *, dtype: DType) -> Value:
    """Numbers whose rates are the last axes of the shape."""
    return sample(b, from_seed(b, seed), lam, result_shape(b, shape), dtype, poisson)


stateless_poisson.not_differentiable()
