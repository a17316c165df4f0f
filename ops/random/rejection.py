"""What samplers share that try until a number is accepted.

Each element of a result has a substream of its own, `RESERVED` blocks long. All elements try at
once, in a loop that ends when the last is done; those that are done keep what they have. As in
TensorFlow the arithmetic is in double precision, and of the two uniforms or normals of a block the
second is used first.
"""

from __future__ import annotations

from collections.abc import Callable

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.common import show
from flowc.ops.random.distributions import box_muller, to_double
from flowc.ops.random.streams import RESERVED, elements, words_at

Pair = tuple[Value, Value]
Draw = Callable[[Value], tuple[Pair, Pair]]
Sampler = Callable[[Builder, Value, Draw, float], Value]


def sample(
    b: Builder, stream: Value, parameters: Value, shape: Shape, dtype: DType, sampler: Sampler
) -> Value:
    """Numbers whose parameters are the last axes of `shape`.

    `sampler` gets the parameter of each number, the function that gives the two normals and the
    two uniforms of a block of each substream, and the greatest number that there may be.
    """
    rank = len(shape) - len(b.shape(parameters))
    fits = rank >= 0 and b.assumptions.equal_shapes(shape[rank:], b.shape(parameters))
    require(fits, f"shape {show(shape)} must end with {show(b.shape(parameters))}")
    matrix = elements(shape[rank:]), elements(shape[:rank])
    flat = b.reshape(b.convert(parameters, dtypes.float64), matrix[:1])
    spread = b.reshape(b.broadcast_in_dim(flat, matrix, (0,)), (elements(matrix),))
    numbers = sampler(b, spread, _draw(b, stream, b.shape(spread)), float(dtype.max))
    by_sample = b.transpose(b.reshape(numbers, matrix), (1, 0))
    return b.convert(b.reshape(by_sample, shape), dtype)


def _draw(b: Builder, stream: Value, shape: Shape) -> Draw:
    starts = b.multiply(b.iota(shape, 0, dtypes.uint64), RESERVED)

    def draw(block: Value) -> tuple[Pair, Pair]:
        blocks = b.add(starts, b.broadcast_to(block, shape))
        word = [b.convert(w, dtypes.uint32) for w in words_at(b, stream, blocks)]
        return box_muller(b, word), (to_double(b, *word[:2]), to_double(b, *word[2:]))

    return draw
