"""Gamma numbers.

G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables" (2000). With
d = alpha - 1/3 and c = 1 / (3 sqrt(d)), d * v for v = (1 + c x)**3 of a normal x is accepted if
log(u) < x**2 / 2 + d - d v + d log(v) for a uniform u. Where alpha < 1, a number for alpha + 1 is
multiplied by u**(1 / alpha) of another u. Where alpha is 1, the number is -log(1 - u).

Each element goes through phases and needs one number in each; it takes a new block for it where the
last block of that kind is used up. So one round of the loop makes one block.
"""

from __future__ import annotations

from typing import NamedTuple

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors
from flowc.ops.random.rejection import Draw, Pair, sample
from flowc.ops.random.stateful import SEEDS
from flowc.ops.random.stateless import KEYED, SEED_TYPE, keyed_stream
from flowc.ops.random.streams import RESERVED, elements, from_seed, reserve, result_shape
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op

_FLOATS = "{float16, float32, float64}"
_PROPOSE, _JUDGE, _BOOST, _EXPONENTIAL, _DONE = range(5)


class _Tries(NamedTuple):
    """What the loop carries of each element."""

    block: Value  # the next of its substream
    phase: Value
    normal: Value  # the first of the last block of normals,
    has_normal: Value  # if it has not been used
    uniform: Value
    has_uniform: Value
    x: Value
    v: Value
    result: Value


def gamma(b: Builder, alpha: Value, draw: Draw, greatest: float) -> Value:
    """A number for each alpha; NaN where it is negative or NaN."""

    def unfinished(*values: Value) -> Value:
        return b.reduce_or(b.ne(_Tries(*values).phase, _DONE))

    def proceed(*values: Value) -> _Tries:
        return _proceed(b, _Tries(*values), alpha, draw)

    return _Tries(*b.while_(unfinished, proceed, _begin(b, alpha))).result


def _begin(b: Builder, alpha: Value) -> _Tries:
    zeros, never = b.zeros_like(alpha), b.full(False, b.shape(alpha), dtypes.bool_)
    first = b.select(
        b.eq(alpha, 1), *(b.full(p, b.shape(alpha), dtypes.int32) for p in (_EXPONENTIAL, _PROPOSE))
    )
    phase = b.select(b.ge(alpha, 0), first, _DONE)
    block = b.full(0, b.shape(alpha), dtypes.uint64)
    nothing = b.full_like(alpha, float("nan"))
    return _Tries(block, phase, zeros, never, zeros, never, zeros, zeros, nothing)


def _proceed(b: Builder, old: _Tries, alpha: Value, draw: Draw) -> _Tries:
    """One phase of each element."""
    proposing, judging, boosting, exponential = (
        b.eq(old.phase, p) for p in (_PROPOSE, _JUDGE, _BOOST, _EXPONENTIAL)
    )
    judged = b.or_(judging, b.or_(boosting, exponential))
    normals, uniforms = draw(old.block)
    x, normal, has_normal, first = _use(b, proposing, normals, old.normal, old.has_normal)
    u, uniform, has_uniform, second = _use(b, judged, uniforms, old.uniform, old.has_uniform)
    block = b.add(old.block, b.convert(b.or_(first, second), dtypes.uint64))

    small = b.lt(alpha, 1)
    d = b.add(alpha, b.select(small, b.full_like(alpha, 2 / 3), -1 / 3))
    root = b.add(b.multiply(b.divide(1 / 3, b.sqrt(d)), x), 1)
    accepted = _accept(b, u, old, d)
    after = b.select(accepted, b.select(small, b.full_like(old.phase, _BOOST), _DONE), _PROPOSE)
    after = b.select(judging, after, b.full_like(after, _DONE))
    proposed = b.select(b.gt(root, 0), b.full_like(after, _JUDGE), _PROPOSE)
    result = b.select(b.and_(judging, accepted), b.multiply(d, old.v), old.result)
    boosted = b.multiply(result, b.power(u, b.divide(1, alpha)))
    result = b.select(boosting, boosted, result)
    result = b.select(exponential, b.negate(b.log_plus_one(b.negate(u))), result)
    return _Tries(
        block,
        b.select(proposing, proposed, after),
        normal,
        has_normal,
        uniform,
        has_uniform,
        b.select(proposing, x, old.x),
        b.select(proposing, b.multiply(b.multiply(root, root), root), old.v),
        result,
    )


def _use(
    b: Builder, wanted: Value, pair: Pair, left: Value, is_left: Value
) -> tuple[Value, Value, Value, Value]:
    """The next number where one is wanted; what is left then; and where a block was begun."""
    number = b.select(is_left, left, pair[1])
    begun = b.and_(wanted, b.not_(is_left))
    return number, b.select(begun, pair[0], left), b.xor(is_left, wanted), begun


def _accept(b: Builder, u: Value, tries: _Tries, d: Value) -> Value:
    """Marsaglia's and Tsang's test, and before it their bound that spares the logarithms."""
    square = b.multiply(tries.x, tries.x)
    bound = b.subtract(1, b.multiply(b.multiply(square, 0.0331), square))
    exponent = b.multiply(d, b.add(b.subtract(1, tries.v), b.log(tries.v)))
    limit = b.add(b.multiply(square, 0.5), exponent)
    return b.or_(b.lt(u, bound), b.lt(b.log(u), limit))


@op(
    f"RandomGamma(shape: S[:], alpha: T; {SEEDS}, S: {{index}}, T: {_FLOATS}) -> output: T",
    stateful=True,
)
def random_gamma(
    b: Builder, shape: Value, alpha: Value, *, seed: int, seed2: int, T: DType
) -> Value:
    """For each alpha a tensor of that shape."""
    sizes = (*result_shape(b, shape), *b.shape(alpha))
    stream = reserve(b, elements(sizes) * RESERVED, seed, seed2)
    return sample(b, stream, alpha, sizes, T, gamma)


@random_gamma.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    shape, alpha = op.inputs
    ones = g("Fill", g("Shape", shape), g.constant(1))
    aligned = g("Reshape", alpha, g("ConcatV2", [ones, g("Shape", alpha)], g.constant(0)))
    slope = g("RandomGammaGrad", aligned, op.outputs[0])
    axes = g("Range", g.constant(0), g("Size", shape), g.constant(1))
    return None, g("Sum", grad * slope, axes)


@op(
    f"StatelessRandomGammaV2(shape: T[:], seed: Tseed[:], alpha: dtype; dtype: {_FLOATS},"
    f" T: {{index}} = int32, {SEED_TYPE}) -> output: dtype"
)
def gamma_of_seed(b: Builder, shape: Value, seed: Value, alpha: Value, *, dtype: DType) -> Value:
    """Numbers whose alphas are the last axes of the shape."""
    return sample(b, from_seed(b, seed), alpha, result_shape(b, shape), dtype, gamma)


@op(
    f"StatelessRandomGammaV3(shape: shape_dtype[:], {KEYED}, alpha: dtype; dtype: {_FLOATS},"
    " shape_dtype: {index} = int32) -> output: dtype"
)
def gamma_of_key(
    b: Builder,
    shape: Value,
    key: Value,
    counter: Value,
    alg: Value,
    alpha: Value,
    *,
    dtype: DType,
) -> Value:
    """Numbers whose alphas are the last axes of the shape."""
    stream = keyed_stream(b, key, counter, alg)
    return sample(b, stream, alpha, result_shape(b, shape), dtype, gamma)
