"""Random numbers that follow from a seed among the operands, the same each time.

The first ops take a `seed[2]`; those of version 2 take the key and the counter that
`StatelessRandomGetKeyCounter` makes of one, and the number of an algorithm: Philox.
"""

from __future__ import annotations

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Evidence, Value
from flowc.ops.checks import check_all
from flowc.ops.common import require_rank
from flowc.ops.random.distributions import (
    full_integers,
    integers,
    normal,
    truncated_normal,
    uniform,
)
from flowc.ops.random.stateful import Distribution, check_range
from flowc.ops.random.streams import from_key, from_seed, result_shape
from flowc.ops.registry import op

_PHILOX, _ANY = 1, 3  # numbers of algorithms; 2 is ThreeFry, which TensorFlow has not on CPUs
KEYED = "key: uint64[:], counter: uint64[:], alg: int32[]"
SEED_TYPE = "Tseed: {index} = int64"
_FLOATS = "dtype: {float} = float32"
_WORDS = "dtype: {int32, int64, uint32, uint64}"


def keyed_stream(b: Builder, key: Value, counter: Value, alg: Value) -> Value:
    """The stream of a key and a counter. Raises InvalidArgumentError for other algorithms."""
    require_rank(b, alg, 0, "alg")
    check_all(
        b,
        b.or_(b.eq(alg, _PHILOX), b.eq(alg, _ANY)),
        "Unsupported algorithm id",
        Evidence((alg,), (), lambda found: f"Unsupported algorithm id: {found}"),
    )
    return from_key(b, key, counter)


# Tensors of one distribution


def _define(name: str, distribution: Distribution, types: str, seed_type: str = SEED_TYPE) -> None:
    def of_seed(b: Builder, shape: Value, seed: Value, *, dtype: DType) -> Value:
        return distribution(b, from_seed(b, seed), result_shape(b, shape), dtype)

    def of_key(
        b: Builder, shape: Value, key: Value, counter: Value, alg: Value, *, dtype: DType
    ) -> Value:
        stream = keyed_stream(b, key, counter, alg)
        return distribution(b, stream, result_shape(b, shape), dtype)

    attributes = f"{types}, T: {{index}} = int32, {seed_type}"
    first = op(f"{name}(shape: T[:], seed: Tseed[:]; {attributes}) -> output: dtype")
    first(of_seed).not_differentiable()
    attributes = f"{types}, Tshape: {{index}} = int32"
    second = op(f"{name}V2(shape: Tshape[:], {KEYED}; {attributes}) -> output: dtype")
    second(of_key).not_differentiable()


for _name, _distribution, _types in (
    ("StatelessRandomUniform", uniform, _FLOATS),
    ("StatelessRandomNormal", normal, _FLOATS),
    ("StatelessTruncatedNormal", truncated_normal, _FLOATS),
):
    _define(_name, _distribution, _types)
_define(
    "StatelessRandomUniformFullInt",
    full_integers,
    f"{_WORDS} = uint64",
    "Tseed: {index, uint32, uint64} = int64",
)


@op(
    f"StatelessRandomUniformInt(shape: T[:], seed: Tseed[:], minval: dtype[], maxval: dtype[];"
    f" dtype: {{index}}, T: {{index}} = int32, {SEED_TYPE}) -> output: dtype"
)
def uniform_int(b: Builder, shape: Value, seed: Value, minval: Value, maxval: Value) -> Value:
    """Integers in [minval, maxval)."""
    sizes = result_shape(b, shape)
    check_range(b, sizes, minval, maxval)
    return integers(b, from_seed(b, seed), sizes, minval, maxval)


@op(
    f"StatelessRandomUniformIntV2(shape: Tshape[:], {KEYED}, minval: dtype[], maxval: dtype[];"
    f" {_WORDS}, Tshape: {{index}} = int32) -> output: dtype"
)
def uniform_int_v2(
    b: Builder,
    shape: Value,
    key: Value,
    counter: Value,
    alg: Value,
    minval: Value,
    maxval: Value,
) -> Value:
    """Integers in [minval, maxval)."""
    sizes = result_shape(b, shape)
    check_range(b, sizes, minval, maxval)
    return integers(b, keyed_stream(b, key, counter, alg), sizes, minval, maxval)


uniform_int.not_differentiable()
uniform_int_v2.not_differentiable()


# Keys and counters


@op(f"StatelessRandomGetKeyCounter(seed: Tseed[:]; {SEED_TYPE}) -> key: uint64, counter: uint64")
def get_key_counter(b: Builder, seed: Value) -> tuple[Value, Value]:
    """What version 2 of the ops takes for a seed."""
    stream = from_seed(b, seed)
    return b.slice_axis(stream, 0, 0, 1), b.slice_axis(stream, 0, 1, 3)


@op("StatelessRandomGetAlg() -> alg: int32", stateful=True)
def get_alg(b: Builder) -> Value:
    """The number of the algorithm that is best here."""
    return b.constant(np.int32(_PHILOX), dtypes.int32)


@op(
    f"StatelessRandomGetKeyCounterAlg(seed: Tseed[:]; {SEED_TYPE})"
    " -> key: uint64, counter: uint64, alg: int32"
)
def get_key_counter_alg(b: Builder, seed: Value) -> tuple[Value, Value, Value]:
    """Both of these."""
    stream = from_seed(b, seed)
    key, counter = b.slice_axis(stream, 0, 0, 1), b.slice_axis(stream, 0, 1, 3)
    return key, counter, b.constant(np.int32(_PHILOX), dtypes.int32)


for _definition in (get_key_counter, get_alg, get_key_counter_alg):
    _definition.not_differentiable()
