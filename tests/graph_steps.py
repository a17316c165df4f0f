"""The instructions of random graphs: each step draws operands among the values so far.

A step returns None where no value fits. `EXACT` and `SMOOTH` are the vocabularies that
`tests.graphs` explains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import TensorType, Value
from flowc.ir.tensor.names import Names
from flowc.ir.tensor.primitives.contraction import DotDimensionNumbers

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

FLOATS = (dtypes.float32, dtypes.float64, dtypes.bfloat16, dtypes.float16)
INTEGERS = (dtypes.int32, dtypes.int64, dtypes.int8, dtypes.uint8)
SIZES = (0, 1, 2, 3, 4, 5, 8, 17)
LIMIT = 4096  # elements of any value, for any size that a symbol may take


class Graph:
    """A graph under construction: the builder, and the values to draw operands from."""

    def __init__(self, draw: Draw, hints: dict[str, int]) -> None:
        self.draw = draw
        self.names = Names()
        named = bool(hints) and draw(st.booleans())
        self.assumptions = Specialising(hints, self.names if named else None)
        self.b = Builder(self.assumptions)
        self.values: list[Value] = []
        self.depth = 0  # regions around the place where steps go

    def pick(self, accept: Callable[[TensorType], bool]) -> Value | None:
        """Some value whose type is acceptable; later ones are likelier."""
        found = [v for v in self.values if accept(v.type)]
        if not found:
            return None
        place: int = self.draw(st.integers(0, len(found) - 1))
        return found[-1 - place]

    def axis(self, x: Value) -> int:
        """An axis of x."""
        return int(self.draw(st.integers(0, x.type.rank - 1)))

    def choose(self, *options: Any) -> Any:
        """One of the options."""
        return self.draw(st.sampled_from(options))

    def partner(self, x: Value) -> Value:
        """A value of x's type, a constant if there is no other."""
        other = self.pick(lambda t: t == x.type)
        if other is None or self.draw(st.integers(0, 3)) == 0:
            return self.b.full_like(x, self.draw(st.integers(0, 3)))
        return other

    def add(self, value: Value) -> None:
        """Keep a new value, unless it is too large."""
        if self._greatest_size(value) <= LIMIT and value.type.rank <= 5:
            self.values.append(value)

    def _greatest_size(self, value: Value) -> int:
        size = dims.expand(value.type.size)
        return dims.evaluate(size, {s.name: 9 for s in dims.symbols(size)})


Step: TypeAlias = Callable[[Graph], Value | None]


def _is_float(type_: TensorType) -> bool:
    return type_.dtype.is_floating


def _is_integer(type_: TensorType) -> bool:
    return type_.dtype.is_integer


def _is_number(type_: TensorType) -> bool:
    return not type_.dtype.is_bool


def _has_axis(type_: TensorType) -> bool:
    return type_.rank > 0


def _anything(_: TensorType) -> bool:
    return True


def _unary(accept: Callable[[TensorType], bool], *primitives: str) -> Step:
    def step(g: Graph) -> Value | None:
        x = g.pick(accept)
        return None if x is None else g.b.emit(g.choose(*primitives), x)

    return step


def _binary(accept: Callable[[TensorType], bool], *primitives: str) -> Step:
    def step(g: Graph) -> Value | None:
        x = g.pick(accept)
        return None if x is None else g.b.emit(g.choose(*primitives), x, g.partner(x))

    return step


def _compare(g: Graph) -> Value | None:
    x = g.pick(_anything)
    direction = g.choose("EQ", "NE", "LT", "LE", "GT", "GE")
    return None if x is None else g.b.compare(x, g.partner(x), direction)


def _select(g: Graph) -> Value | None:
    predicate = g.pick(lambda t: t.dtype.is_bool)
    if predicate is None:
        return None
    fits = predicate.type.shape
    x = g.pick(lambda t: t.shape == fits) if fits else g.pick(_anything)
    return None if x is None else g.b.select(predicate, x, g.partner(x))


def _clamp(g: Graph) -> Value | None:
    x = g.pick(_is_number)
    return None if x is None else g.b.clamp(1, x, 3)


def _convert(accept: Callable[[TensorType], bool], *targets: DType) -> Step:
    def step(g: Graph) -> Value | None:
        x = g.pick(accept)
        return None if x is None else g.b.convert(x, g.choose(*targets))

    return step


def _transpose(g: Graph) -> Value | None:
    x = g.pick(_has_axis)
    if x is None:
        return None
    return g.b.transpose(x, g.draw(st.permutations(range(x.type.rank))))


def _broadcast(g: Graph) -> Value | None:
    """x with one more axis, of some known size or one that occurs in a value."""
    x = g.pick(_anything)
    if x is None:
        return None
    sizes = [d for v in g.values for d in v.type.shape]
    place = g.draw(st.integers(0, x.type.rank))
    new: Dim = g.choose(*SIZES[:5], *sizes)
    shape = [*x.type.shape[:place], new, *x.type.shape[place:]]
    axes = [a for a in range(len(shape)) if a != place]
    return g.b.broadcast_in_dim(x, shape, axes)


def _splat(g: Graph) -> Value | None:
    """One computed element in the shape of some value."""
    x = g.pick(lambda t: not t.dtype.is_bool)
    shape = g.pick(_has_axis)
    if x is None or shape is None:
        return None
    element = g.b.reduce_max(x, [*range(x.type.rank)]) if x.type.rank else x
    return g.b.broadcast_in_dim(element, shape.type.shape, ())


def _numpy_broadcast(g: Graph) -> Value | None:
    """A value with a reduced copy of itself, as in softmax and batch normalisation."""
    x = g.pick(lambda t: _has_axis(t) and not t.dtype.is_bool)
    if x is None:
        return None
    y = g.b.reduce_max(x, [g.axis(x)], keepdims=True)
    return g.b.maximum(*g.b.broadcast(x, y))


def _flatten(g: Graph) -> Value | None:
    x = g.pick(lambda t: t.rank > 1)
    return None if x is None else g.b.reshape(x, [dims.product(x.type.shape)])


def _reshape(g: Graph) -> Value | None:
    """Some neighbouring axes merged, then a known one divided."""
    x = g.pick(_has_axis)
    if x is None:
        return None
    first = g.axis(x)
    last = g.draw(st.integers(first, x.type.rank - 1))
    shape = [*x.type.shape]
    shape[first : last + 1] = [dims.product(tuple(shape[first : last + 1]))]
    places = [(a, n) for a, d in enumerate(shape) for n in (2, 3, 4) if d == d // n * n]
    if places and g.draw(st.booleans()):
        axis, divisor = g.choose(*places)
        parts = [divisor, shape[axis] // divisor]
        shape[axis : axis + 1] = g.choose(parts, parts[::-1])
    return g.b.reshape(x, shape)


def _expand(g: Graph) -> Value | None:
    x = g.pick(_anything)
    return None if x is None else g.b.expand_dims(x, g.draw(st.integers(0, x.type.rank)))


def _slice(g: Graph) -> Value | None:
    """All but some elements at both ends of a known axis, in steps."""
    x = g.pick(lambda t: any(isinstance(d, int) for d in t.shape))
    if x is None:
        return None
    axis = g.choose(*(a for a, d in enumerate(x.type.shape) if isinstance(d, int)))
    size = x.type.shape[axis]
    assert isinstance(size, int)
    start = g.draw(st.integers(0, size))
    limit = g.draw(st.integers(start, size))
    return g.b.slice_axis(x, axis, start, limit, g.draw(st.integers(1, 3)))


def _concatenate(g: Graph) -> Value | None:
    x = g.pick(_has_axis)
    return None if x is None else g.b.concatenate([x, g.partner(x)], g.axis(x))


def _pad(g: Graph) -> Value | None:
    x = g.pick(_has_axis)
    if x is None:
        return None
    edges = st.lists(st.integers(0, 2), min_size=x.type.rank, max_size=x.type.rank)
    interior = g.draw(edges) if all(isinstance(d, int) for d in x.type.shape) else None
    return g.b.pad(x, g.choose(0, 1), g.draw(edges), g.draw(edges), interior)


def _reverse(g: Graph) -> Value | None:
    x = g.pick(_has_axis)
    return None if x is None else g.b.reverse(x, [g.axis(x)])


def _iota(g: Graph) -> Value | None:
    x = g.pick(_has_axis)
    return None if x is None else g.b.iota(x.type.shape, g.axis(x), dtypes.int32)


def _take(g: Graph) -> Value | None:
    """Elements of x at integers that are themselves data."""
    x = g.pick(lambda t: any(isinstance(d, int) and d > 0 for d in t.shape))
    indices = g.pick(lambda t: t.dtype in (dtypes.int32, dtypes.int64) and t.rank < 3)
    if x is None or indices is None:
        return None
    axis = g.choose(*(a for a, d in enumerate(x.type.shape) if isinstance(d, int) and d > 0))
    return g.b.take(x, indices, axis)


def _size(g: Graph) -> Value | None:
    x = g.pick(_has_axis)
    return None if x is None else g.b.size(g.b.shape(x)[g.axis(x)], dtypes.int32)


def _reduce(accept: Callable[[TensorType], bool], *names: str) -> Step:
    def step(g: Graph) -> Value | None:
        x = g.pick(lambda t: accept(t) and t.rank > 0)
        if x is None:
            return None
        axes = sorted(g.draw(st.sets(st.integers(0, x.type.rank - 1), min_size=1)))
        keepdims = g.draw(st.booleans())
        result: Value = getattr(g.b, g.choose(*names))(x, axes, keepdims)
        return result

    return step


def _dot(accept: Callable[[TensorType], bool]) -> Step:
    """x with itself over some axes, the others free or batching."""

    def step(g: Graph) -> Value | None:
        x = g.pick(lambda t: accept(t) and t.rank > 0)
        if x is None:
            return None
        roles = [g.choose("contracting", "batching", "free") for _ in range(x.type.rank)]
        batch = tuple(a for a, role in enumerate(roles) if role == "batching")
        contracting = tuple(a for a, role in enumerate(roles) if role == "contracting")
        numbers = DotDimensionNumbers(batch, batch, contracting, contracting)
        return g.b.dot_general(x, g.partner(x), numbers)

    return step


# Control flow. What is computed inside of a region must not be drawn outside of it.


def _inside(g: Graph, arguments: Sequence[Value], results: Sequence[Value]) -> list[Value]:
    """Some steps in a region; for each of `results` a value of its type, maybe itself."""
    outside = list(g.values)
    g.values = [*outside, *arguments]
    g.depth += 1
    for _ in range(g.draw(st.integers(1, 3))):
        value = g.choose(*(BODY if g.depth < 3 else SIMPLE))(g)
        if value is not None:
            g.add(value)
    found = [g.pick(lambda t, x=x: t == x.type) or x for x in results]  # type: ignore[misc]
    g.values = outside
    g.depth -= 1
    return found


def _case(g: Graph) -> Value | None:
    """One of some branches, each of which may compute a new value for a value."""
    x = g.pick(_anything)
    index = g.pick(lambda t: t.dtype is dtypes.int32 and not t.rank)
    if x is None:
        return None
    if index is None:
        index = g.b.constant(np.int32(g.draw(st.integers(-1, 3))))
    count = g.draw(st.integers(1, 3))
    branches = [lambda: _inside(g, [], [x])] * count
    return g.b.case(index, branches)[0]


def _while(g: Graph) -> Value | None:
    """A few iterations over two values of one type, which may change places."""
    x = g.pick(_anything)
    if x is None:
        return None
    initial = [g.b.constant(np.int32(0)), x, g.partner(x)]
    limit = g.draw(st.integers(0, 3))
    swap = g.draw(st.booleans())

    def body(counter: Value, first: Value, second: Value) -> list[Value]:
        new = _inside(g, [counter, first, second], [first, second])
        return [g.b.add(counter, 1), *(reversed(new) if swap else new)]

    loop = g.b.while_(lambda counter, *_: g.b.lt(counter, limit), body, initial)
    return loop[1]


MOVEMENT: tuple[Step, ...] = (
    _transpose,
    _broadcast,
    _flatten,
    _reshape,
    _expand,
    _slice,
    _concatenate,
    _pad,
    _reverse,
    _take,
    _iota,
    _size,
    _numpy_broadcast,
    _splat,
)
INTEGER: tuple[Step, ...] = (
    _unary(_is_integer, "negate", "not", "popcnt"),
    _binary(_is_integer, "add", "subtract", "multiply", "divide", "remainder"),
    _binary(_is_integer, "maximum", "minimum", "and", "or", "xor", "shift_left"),
    _binary(lambda t: t.dtype.is_bool, "and", "or", "xor"),
    _convert(lambda t: not t.dtype.is_floating, *INTEGERS, dtypes.bool_),
    _reduce(_is_integer, "reduce_sum", "reduce_prod", "reduce_max", "reduce_min"),
    _reduce(lambda t: t.dtype.is_bool, "reduce_and", "reduce_or"),
    _dot(_is_integer),
)
EXACT: tuple[Step, ...] = (
    *MOVEMENT,
    *INTEGER,
    _unary(_is_float, "abs", "negate", "floor", "ceil", "round_nearest_even", "sign"),
    _unary(_is_float, "is_finite"),
    _binary(_is_float, "add", "subtract", "multiply", "maximum", "minimum"),
    _compare,
    _select,
    _clamp,
    _convert(_anything, *INTEGERS, *FLOATS, dtypes.bool_),
    _reduce(_is_float, "reduce_max", "reduce_min"),
)
SMOOTH: tuple[Step, ...] = (
    *MOVEMENT,
    *INTEGER,
    _unary(_is_float, "tanh", "logistic", "sine", "cosine", "abs", "negate", "atan", "erf"),
    _binary(_is_float, "add", "subtract", "multiply", "maximum", "minimum"),
    _select,
    _convert(_anything, dtypes.float32, dtypes.float64),
    _reduce(_is_float, "reduce_sum", "reduce_max", "reduce_min"),
    _dot(_is_float),
)
SIMPLE: tuple[Step, ...] = (*MOVEMENT, *INTEGER, _compare, _select, _clamp)
BODY: tuple[Step, ...] = (*SIMPLE, _case, _while)
CONTROL: tuple[Step, ...] = (*SIMPLE, _case, _while, _case, _while)
