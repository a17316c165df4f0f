"""Random numbers from a generator that each node has of its own.

The generator's seeds are the attributes `seed` and `seed2`; both 0 ask for any seed. Its state
lives in the session (`random_streams`). The numbers are TensorFlow's, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable

from flowc.ir.dtypes import DType, int64
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Evidence, Shape, Value
from flowc.ops.checks import check_all
from flowc.ops.common import number, require_rank
from flowc.ops.random.distributions import integers, normal, truncated_normal, uniform
from flowc.ops.random.streams import RESERVED, elements, reserve, result_shape
from flowc.ops.registry import OpDefinition, op

SEEDS = "seed: int = 0, seed2: int = 0"
Distribution = Callable[[Builder, Value, Shape, DType], Value]


def _define(name: str, distribution: Distribution) -> OpDefinition:
    def lower(b: Builder, shape: Value, *, seed: int, seed2: int, dtype: DType) -> Value:
        sizes = result_shape(b, shape)
        stream = reserve(b, elements(sizes) * RESERVED, seed, seed2)
        return distribution(b, stream, sizes, dtype)

    text = f"{name}(shape: T[:]; {SEEDS}, dtype: {{float}}, T: {{index}}) -> output: dtype"
    return op(text, stateful=True)(lower).not_differentiable()


_define("RandomUniform", uniform)
_define("RandomStandardNormal", normal)
_define("TruncatedNormal", truncated_normal)


@op(
    f"RandomUniformInt(shape: T[:], minval: Tout[], maxval: Tout[]; {SEEDS}, Tout: {{index}},"
    " T: {index}) -> output: Tout",
    stateful=True,
)
def random_uniform_int(
    b: Builder, shape: Value, minval: Value, maxval: Value, *, seed: int, seed2: int
) -> Value:
    """Integers in [minval, maxval)."""
    sizes = result_shape(b, shape)
    check_range(b, sizes, minval, maxval)
    stream = reserve(b, elements(sizes) * RESERVED, seed, seed2)
    return integers(b, stream, sizes, minval, maxval)


random_uniform_int.not_differentiable()


def check_range(b: Builder, sizes: Shape, minval: Value, maxval: Value) -> None:
    """Fail unless minval < maxval, both scalars, or there are no numbers to make."""
    require_rank(b, minval, 0, "minval")
    require_rank(b, maxval, 0, "maxval")
    count = elements(sizes)
    if count != 0:
        fits = b.lt(minval, maxval)
        if not isinstance(count, int):
            fits = b.or_(fits, b.eq(number(b, count, int64), 0))
        check_all(
            b,
            fits,
            "Need minval < maxval",
            Evidence(
                (minval, maxval), (), lambda low, high: f"Need minval < maxval, got {low} >= {high}"
            ),
        )
