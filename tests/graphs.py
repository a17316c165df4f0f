"""Random tensor-IR modules with matching inputs, for hypothesis.

    @given(programs())
    def test_pass_keeps_the_answer(program): ...

A program is a well-typed module over symbolic and known sizes, and arguments that bind the symbols,
with NaN, infinities, -0.0 and empty tensors among them. There are two vocabularies, because a
result that is off in its last bit may not decide a comparison:

  EXACT   integers and float operations that IEEE 754 fixes to the bit, and anything discontinuous:
          compare with `assert_same(..., exact=True)`
  SMOOTH  transcendental functions, sums and products of floats, nothing discontinuous: compare
          with a tolerance

CONTROL, of integers and movement, has branches and loops, which contain others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import ArgumentDim, Derived, Module, Parameter, TensorType
from flowc.ir.tensor.interpreter import run
from flowc.ir.tensor.printer import print_module
from tests.graph_steps import CONTROL, EXACT, FLOATS, INTEGERS, SIZES, SMOOTH, Draw, Graph, Step

__all__ = [
    "CONTROL",
    "EXACT",
    "FLOATS",
    "INTEGERS",
    "SMOOTH",
    "Array",
    "Draw",
    "Graph",
    "Program",
    "Step",
    "assert_same",
    "programs",
]

Array: TypeAlias = np.ndarray[Any, Any]

SPECIAL = (np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -1.0)
TOLERANCE = {"float64": 1e-9, "float32": 1e-4, "float16": 2e-2, "bfloat16": 1e-1}


@dataclass(frozen=True, eq=False)
class Program:
    """A module and arguments for it."""

    module: Module
    arguments: tuple[Array, ...]

    def answer(self) -> tuple[Array, ...]:
        """What the reference interpreter says."""
        return run(self.module, self.arguments)

    def __repr__(self) -> str:
        given = "\n".join(f"argument {i}: {a!r}" for i, a in enumerate(self.arguments))
        return f"{print_module(self.module)}{given}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """hypothesis shows a failing program as its text."""
        printer.text(repr(self))


def assert_same(actual: Sequence[Array], expected: Sequence[Array], exact: bool = False) -> None:
    """Fails unless results agree: exactly (zeros of either sign, any NaN), or to a tolerance.

    The tolerance is relative to the greatest element, since sums cancel.
    """
    for left, right in zip(actual, expected, strict=True):
        assert (left.dtype, left.shape) == (right.dtype, right.shape)
        if right.dtype.kind in "biu":
            np.testing.assert_array_equal(left, right)
            continue
        a, b = left.astype(np.float64), right.astype(np.float64)
        if exact:
            np.testing.assert_array_equal(a, b)
            continue
        finite = np.abs(b[np.isfinite(b)])
        scale = max(1.0, float(finite.max(initial=0.0)))
        tolerance = TOLERANCE[right.dtype.name]
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


@st.composite
def programs(
    draw: Draw,
    steps: Sequence[Step] = EXACT,
    *,
    max_steps: int = 12,
    element_types: Sequence[DType] = (*FLOATS, *INTEGERS, dtypes.bool_),
    symbolic: bool = True,
    special: bool = True,
) -> Program:
    """A random module over some of `element_types` and arguments for it.

    Without `symbolic` all sizes are known; without `special` floats are finite.
    """
    bound = {name: draw(st.integers(0, 9)) for name in ("m", "n")} if symbolic else {}
    g = Graph(draw, bound)
    parameters, symbols = _parameters(draw, bound, element_types)
    g.values.extend(parameters)
    for _ in range(draw(st.integers(1, max_steps))):
        value = draw(st.sampled_from(steps))(g)
        if value is not None:
            g.add(value)
    count = min(3, len(g.values))
    results = [*g.values[-count:]]
    main = g.b.computation(parameters, results)
    sources = symbols | {s: Derived(size) for s, size in g.names.definitions.items()}
    module = Module("random", main, sources, tuple(g.assumptions.guards))
    arguments = tuple(_argument(draw, p.type, bound, special) for p in parameters)
    return Program(module, arguments)


def _parameters(
    draw: Draw, bound: dict[str, int], element_types: Sequence[DType]
) -> tuple[list[Parameter], dict[dims.Symbol, ArgumentDim]]:
    """Parameters of random types; the first ones bind the symbols."""
    parameters, symbols = [], {}
    every: list[Dim] = [*SIZES, *map(dims.symbol, bound)]
    for number in range(len(bound) + draw(st.integers(1, 2))):
        shape = draw(st.lists(st.sampled_from(every), max_size=3))
        if number < len(bound):
            name = [*bound][number]
            axis = draw(st.integers(0, len(shape)))
            shape.insert(axis, dims.symbol(name))
            symbols[dims.Symbol(name)] = ArgumentDim(number, axis)
        shape = _within_limit(shape)
        dtype = draw(st.sampled_from(list(element_types)))
        parameters.append(Parameter(TensorType(dtype, tuple(shape)), f"p{number}"))
    return parameters, symbols


def _within_limit(shape: list[Dim]) -> list[Dim]:
    """Larger known sizes cut down to 2, so that parameters stay small."""
    return [d if not isinstance(d, int) or len(shape) < 3 else min(d, 2) for d in shape]


def _argument(draw: Draw, type_: TensorType, bound: dict[str, int], special: bool) -> Array:
    """Small numbers in a random order, special ones among them."""
    shape = tuple(dims.evaluate(d, bound) for d in type_.shape)
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    if type_.dtype.is_bool:
        return random.integers(0, 2, shape).astype(bool)
    if type_.dtype.is_integer:
        low = 0 if type_.dtype.is_unsigned else -9
        return random.integers(low, 10, shape).astype(type_.dtype.numpy)
    values = random.integers(-16, 17, shape) / 8.0
    if special:
        chosen = random.random(shape) < draw(st.sampled_from([0.0, 0.1, 0.5]))
        values = np.where(chosen, random.choice(SPECIAL, shape), values)
    return values.astype(type_.dtype.numpy)
