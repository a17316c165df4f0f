"""A fused computation as the lowerings see it: its loop space, results and buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
from flowc.ir.loops.kernel import Buffer, For, Kernel, Role, Statement, Store
from flowc.ir.loops.rewrite import Rewriter
from flowc.ir.tensor.core import Computation, Shape, Value
from flowc.passes.index_maps import Indices, linearize, loop_indices
from flowc.passes.lowering.elements import Elements
from flowc.passes.lowering.scalars import Complex, Element
from flowc.passes.target import CpuTarget

Body: TypeAlias = tuple[Statement, ...]
Loops: TypeAlias = list[tuple[Symbol, Dim]]


@dataclass(frozen=True, eq=False)
class Fused:
    """One fusion on its way to a kernel."""

    name: str
    computation: Computation
    space: Shape
    kept: tuple[int, ...]
    inputs: tuple[Buffer, ...]  # of the computation's parameters
    outputs: tuple[Buffer, ...]  # of its results
    target: CpuTarget

    def elements(self) -> Elements:
        """A fresh element generator over the inputs' buffers."""
        return Elements(dict(zip(self.computation.parameters, self.inputs, strict=True)))

    def stores(self, elements: Elements, results: Sequence[int], index: dict[int, Indices]) -> Body:
        """Stores of the numbered results, each at its own index."""
        found: list[Statement] = []
        for number in results:
            value, buffer = self.computation.results[number], self.outputs[number]
            element = elements.at(value, index[number])
            found.extend(store(buffer, value, index[number], element, self.target))
        return tuple(found)

    def own_index(self, shape: Shape, index: Indices) -> tuple[Indices, Rewriter]:
        """What to build on instead of `index`, which is one into `shape`, and the way back.

        How reshapes divide an index is decided on symbols whose ranges are the dimensions': the
        ranges of the parts of a merged or blocked index are too wide to tell. Fusion decided on
        such symbols, too, that what is read is what is bound.
        """
        if all(i.primitive != "reshape" for i in self.computation.instructions):
            return index, Rewriter()
        symbols = loop_indices(shape, "axis")
        replaced = zip(map(dims.as_symbol, symbols), index, strict=True)
        return symbols, Rewriter(symbols={s: i for s, i in replaced if s is not None})

    def at_index(self, shape: Shape, index: Indices, make: Callable[[Indices], Body]) -> Body:
        """`make(index)`, decided on symbols of its own (`own_index`)."""
        own, rewriter = self.own_index(shape, index)
        return rewriter.statements(make(own))

    def kernel(self, body: Body) -> Kernel:
        """The finished kernel; parameters that several operands share appear once."""
        return Kernel(self.name, tuple(dict.fromkeys([*self.inputs, *self.outputs])), body)


def is_streamed(buffer: Buffer, target: CpuTarget) -> bool:
    """True for a result that is too large to be found in a cache when it is read."""
    size = buffer.size
    return isinstance(size, int) and size * buffer.dtype.size > target.loops.streaming_bytes


def store(
    buffer: Buffer, value: Value, index: Indices, element: Element, target: CpuTarget
) -> Iterator[Store]:
    """Store one element of a tensor (two reals for a complex one)."""
    position = linearize(index, value.type.shape)
    streaming = is_streamed(buffer, target)
    if isinstance(element, Complex):
        yield Store(buffer, position * 2, element.real, streaming=False)
        yield Store(buffer, position * 2 + 1, element.imag, streaming=False)
    else:
        yield Store(buffer, position, element, streaming=streaming)


def free_nest(space: Shape, make_body: Callable[[Indices], Body], prefix: str = "i") -> Body:
    """`make_body(index)` in a free loop for each axis of `space` that is longer than one."""
    loops = [(Symbol(f"{prefix}{a}", size), size) for a, size in enumerate(space) if size != 1]
    return free_loops(loops, make_body(loop_indices(space, prefix)))


def free_loops(loops: Sequence[tuple[Symbol, Dim]], body: Body) -> Body:
    """`body` inside loops whose iterations are independent."""
    for symbol, extent in reversed(loops):
        body = (For(symbol, extent, body, role=Role.FREE),)
    return body
