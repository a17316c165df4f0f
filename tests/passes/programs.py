"""Random programs with much for the passes to do: identities, inverses, known control flow.

They extend the vocabulary of `tests.graphs`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from flowc.ir import dtypes
from flowc.ir.tensor.core import TensorType, Value
from flowc.ir.tensor.verifier import verify
from flowc.passes.pass_manager import Pass
from tests.graphs import EXACT, SMOOTH, Array, Graph, Program, Step, assert_same

relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck))

_NUMBERS = (0, 1, 2, 3, -1, 4)
_FLOATS = (*_NUMBERS, -0.0, 0.5, 0.25, math.inf, -math.inf, math.nan)


def _is_number(type_: TensorType) -> bool:
    return not type_.dtype.is_bool


def with_constant(g: Graph) -> Value | None:
    """Arithmetic with a number that may be an identity of it, on either side."""
    x = g.pick(_is_number)
    if x is None:
        return None
    number = g.choose(*(_FLOATS if x.type.dtype.is_floating else _NUMBERS))
    constant = g.b.constant(np.full((), number).astype(x.type.dtype.numpy), x.type.dtype)
    spread = g.b.broadcast_in_dim(constant, x.type.shape, ())
    pair = (x, spread) if g.choose(True, False) else (spread, x)
    names = ("add", "subtract", "multiply", "maximum", "minimum", "divide")
    return g.b.emit(g.choose(*names), *pair)


def with_itself(g: Graph) -> Value | None:
    """A binary primitive of one value, twice."""
    x = g.pick(_is_number)
    names = ("add", "subtract", "multiply", "maximum", "minimum")
    return None if x is None else g.b.emit(g.choose(*names), x, x)


def twice(g: Graph) -> Value | None:
    """A unary primitive of its own result."""
    x = g.pick(lambda t: t.dtype.kind in ("int", "float"))
    name = g.choose("negate", "abs", "sign")
    return None if x is None else g.b.emit(name, g.b.emit(name, x))


def negated_comparison(g: Graph) -> Value | None:
    """not (x < y)"""
    x = g.pick(_is_number)
    if x is None:
        return None
    return g.b.not_(g.b.compare(x, g.partner(x), g.choose("EQ", "NE", "LT", "GE")))


def select_known(g: Graph) -> Value | None:
    """A selection by a constant, or between constants."""
    p = g.pick(lambda t: t.dtype.is_bool)
    if p is None:
        return None
    x = g.pick(lambda t: t.shape == p.type.shape)
    if x is None or g.choose(True, False):
        constants = (g.b.ones_like(p), g.b.zeros_like(p))
        return g.b.select(p, *(constants if g.choose(True, False) else constants[::-1]))
    known = g.b.full_like(p, g.choose(True, False))
    return g.b.select(g.choose(known, g.b.not_(p)), x, g.partner(x))


def convert_chain(g: Graph) -> Value | None:
    """Two conversions in a row."""
    x = g.pick(lambda t: True)
    every = (
        dtypes.int8,
        dtypes.uint8,
        dtypes.int32,
        dtypes.int64,
        dtypes.float16,
        dtypes.float32,
        dtypes.bfloat16,
        dtypes.float64,
    )
    return None if x is None else g.b.convert(g.b.convert(x, g.choose(*every)), g.choose(*every))


def back_and_forth(g: Graph) -> Value | None:
    """Axes of size 1 that come, take part in some work, and go."""
    x = g.pick(lambda t: t.dtype.kind in ("int", "float"))
    if x is None:
        return None
    axis = g.draw(st.integers(0, x.type.rank))
    y = g.b.emit(g.choose("negate", "abs"), g.b.expand_dims(x, axis))
    return g.b.squeeze(y, axis) if g.choose(True, False) else y


def spread_work(g: Graph) -> Value | None:
    """Work on two broadcasts of one shape."""
    x = g.pick(lambda t: _is_number(t) and t.rank < 3)
    if x is None:
        return None
    shape, axes = [3, *x.type.shape], range(1, x.type.rank + 1)
    pair = [g.b.broadcast_in_dim(v, shape, axes) for v in (x, g.partner(x))]
    return g.b.add(*pair)


def cut_joined(g: Graph) -> Value | None:
    """A slice of a concatenation, or slices put together."""
    x = g.pick(lambda t: any(isinstance(d, int) and d > 1 for d in t.shape))
    if x is None:
        return None
    axis = g.choose(*(a for a, d in enumerate(x.type.shape) if isinstance(d, int) and d > 1))
    size = x.type.shape[axis]
    middle = g.draw(st.integers(1, size - 1))
    if g.choose(True, False):
        parts = (g.b.slice_axis(x, axis, 0, middle), g.b.slice_axis(x, axis, middle, size))
        return g.b.concatenate(parts, axis)
    both = g.b.concatenate([x, g.partner(x)], axis)
    start = g.choose(0, middle, size)
    return g.b.slice_axis(both, axis, start, start + g.choose(1, size), g.choose(1, 2))


def known_position(g: Graph) -> Value | None:
    """A dynamic slice or a gather at constants."""
    x = g.pick(lambda t: t.rank > 0 and all(isinstance(d, int) and d > 0 for d in t.shape))
    if x is None:
        return None
    if g.choose(True, False):
        first = g.draw(st.integers(0, 3))
        axis = g.axis(x)
        indices = np.arange(first, first + g.choose(1, 2, 4), dtype=np.int32)
        return g.b.take(x, g.b.constant(indices.reshape(g.choose((-1,), (-1, 1)))), axis)
    starts = [g.b.constant(np.int32(g.draw(st.integers(-2, 5)))) for _ in x.type.shape]
    sizes = [g.choose(1, size) for size in x.type.shape]
    return g.b.dynamic_slice(x, starts, sizes)


def padding(g: Graph) -> Value | None:
    """Pads of one another, also by nothing and less."""
    x = g.pick(lambda t: t.rank > 0 and all(isinstance(d, int) and d > 4 for d in t.shape))
    if x is None:
        return None
    for _ in range(2):
        edges = [[g.draw(st.integers(-1, 1)) for _ in x.type.shape] for _ in range(2)]
        x = g.b.pad(x, 0, *edges)
    return x


def reductions(g: Graph) -> Value | None:
    """Reductions of reductions, broadcasts and axes of size 1."""
    x = g.pick(lambda t: t.rank > 0 and _is_number(t))
    if x is None:
        return None
    name = g.choose("reduce_max", "reduce_min", *(["reduce_sum"] * (x.type.dtype.is_integer)))
    reduce: Callable[..., Value] = getattr(g.b, name)
    match g.draw(st.integers(0, 3)):
        case 0:
            x = reduce(x, [g.axis(x)], keepdims=True)
        case 1:
            x = g.b.broadcast_in_dim(x, [2, *x.type.shape], range(1, x.type.rank + 1))
        case 2:
            x = g.b.expand_dims(x, g.axis(x))
        case _:
            x = g.b.transpose(x, g.draw(st.permutations(range(x.type.rank))))
    return reduce(x, [g.axis(x)])


def loop(g: Graph) -> Value | None:
    """Three rounds over a changing, an unchanging and an unused value."""
    x = g.pick(lambda t: t.dtype.kind in ("int", "float"))
    if x is None:
        return None
    y, start = g.partner(x), g.b.constant(np.int32(0))

    def body(i: Value, a: Value, c: Value, unused: Value) -> Sequence[Value]:
        return (g.b.add(i, 1), g.b.maximum(a, g.b.negate(c)), c, g.b.add(unused, unused))

    results = g.b.while_(lambda i, *_: g.b.lt(i, 3), body, [start, x, y, x])
    return results[g.draw(st.integers(1, 2))]


def branches(g: Graph) -> Value | None:
    """A case of a known or an unknown number."""
    x = g.pick(lambda t: t.dtype.kind in ("int", "float"))
    index = g.pick(lambda t: t == TensorType(dtypes.int32, ()))
    if x is None:
        return None
    if index is None or g.choose(True, False):
        index = g.b.constant(np.int32(g.choose(0, 1, 7)))
    work = [lambda: [g.b.negate(x), g.b.add(x, x)], lambda: [x, g.b.abs(x)]]
    results = g.b.case(index, work)
    return results[g.draw(st.integers(0, 1))]


def argmax(g: Graph) -> Value | None:
    """The greatest element and its position, of which one is used."""
    x = g.pick(lambda t: t.rank > 0 and t.dtype.kind in ("int", "uint"))
    if x is None:
        return None
    axis = g.axis(x)
    places = g.b.iota(x.type.shape, axis, dtypes.int32)

    def better(a: Value, i: Value, c: Value, j: Value) -> Sequence[Value]:
        first = g.b.or_(g.b.gt(a, c), g.b.and_(g.b.eq(a, c), g.b.lt(i, j)))
        return g.b.select(first, a, c), g.b.select(first, i, j)

    least = x.type.dtype.min
    initial = [g.b.scalar(least, x.type.dtype), g.b.scalar(2**31 - 1, dtypes.int32)]
    results = g.b.reduce([x, places], initial, [axis], better)
    return results[g.draw(st.integers(0, 1))]


def windows(g: Graph) -> Value | None:
    """Windows of one element."""
    x = g.pick(lambda t: t.rank > 0 and _is_number(t) and all(isinstance(d, int) for d in t.shape))
    if x is None:
        return None
    rank = x.type.rank
    strides = [g.choose(1, 2) for _ in range(rank)]
    (result,) = g.b.reduce_window(
        [x],
        [g.b.scalar(1, x.type.dtype)],
        g.b.add,
        window_dimensions=[1] * rank,
        window_strides=strides,
    )
    return result


IDENTITIES: tuple[Step, ...] = (
    with_constant,
    with_constant,
    with_itself,
    twice,
    negated_comparison,
    select_known,
    convert_chain,
    back_and_forth,
    spread_work,
    cut_joined,
    known_position,
    padding,
    reductions,
    loop,
    branches,
    argmax,
    windows,
)
BITWISE: tuple[Step, ...] = (*EXACT, *IDENTITIES)
TOLERANT: tuple[Step, ...] = (*SMOOTH, spread_work, back_and_forth, cut_joined, reductions)


def assert_identical(actual: Sequence[Array], expected: Sequence[Array]) -> None:
    """Fails unless the results have the same bits, any NaN for any NaN."""
    assert_same(actual, expected, exact=True)
    for left, right in zip(actual, expected, strict=True):
        if right.dtype.kind not in "biu":
            wide = [a.astype(np.float64) for a in (left, right)]
            ours, theirs = (np.signbit(a) | np.isnan(a) for a in wide)
            np.testing.assert_array_equal(ours, theirs, err_msg="signs of zero")


def check_pass(pass_: Pass, program: Program, exact: bool) -> Program:
    """The program after the pass; fails unless it is well-formed and gives the same answer."""
    module = pass_.run(program.module)
    verify(module)
    after = Program(module, program.arguments)
    if exact:
        assert_identical(after.answer(), program.answer())
    else:
        assert_same(after.answer(), program.answer())
    return after
