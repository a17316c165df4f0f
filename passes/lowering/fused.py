"""A fused computation as the lowerings see it: its loop space, results and buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
from flowc.ir.loops.expressions import (
    Binary,
    Load,
    Scalar,
    Unary,
)
from flowc.ir.loops.kernel import (
    Allocate,
    Buffer,
    For,
    If,
    Kernel,
    Let,
    Statement,
    Store,
)
from flowc.ir.loops.rewrite import Rewriter
from flowc.ir.loops.walk import operands
from flowc.ir.tensor.core import Computation, Shape, Value
from flowc.passes.index_maps import Indices, linearize, loop_indices
from flowc.passes.lowering.elements import Elements
from flowc.passes.lowering.scalars import Complex, Element
from flowc.passes.math import EXPANSIONS
from flowc.passes.target import CpuTarget

Body: TypeAlias = tuple[Statement, ...]

STREAMING_BYTES = 64 << 20  # results larger than this leave the caches before they are read
THREAD_WORK = 12_000.0  # nanoseconds of work below which a second thread does not pay


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
            found.extend(store(buffer, value, index[number], element))
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


def is_streamed(buffer: Buffer) -> bool:
    """True for a result that is too large to be found in a cache when it is read."""
    return isinstance(buffer.size, int) and buffer.size * buffer.dtype.size > STREAMING_BYTES


def store(buffer: Buffer, value: Value, index: Indices, element: Element) -> Iterator[Store]:
    """Store one element of a tensor (two reals for a complex one)."""
    position = linearize(index, value.type.shape)
    streaming = is_streamed(buffer)
    if isinstance(element, Complex):
        yield Store(buffer, position * 2, element.real, streaming=False)
        yield Store(buffer, position * 2 + 1, element.imag, streaming=False)
    else:
        yield Store(buffer, position, element, streaming=streaming)


# Walking what was built


def walk(roots: Sequence[Scalar]) -> Iterator[Scalar]:
    """Every node of the expressions, once."""
    pending, seen = list(roots), set()
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            yield node
            pending.extend(operands(node))


def roots(body: Body) -> Iterator[Scalar]:
    """The expressions that statements evaluate, in loops too."""
    for statement in body:
        match statement:
            case Store(value=value, mask=mask, scatter=scatter):
                yield from (x for x in (value, mask, scatter) if x is not None)
            case Let(value=value):
                yield value
            case If(condition=condition, body=inner):
                yield condition
                yield from roots(inner)
            case For(body=inner, carried=carried):
                yield from roots(inner)
                if carried is not None:
                    yield from (*carried.initial, *carried.next)
            case Allocate():
                pass


def positions(body: Body) -> Iterator[Dim]:
    """The positions that straight-line statements read and write."""
    for statement in body:
        if isinstance(statement, Store):
            yield statement.position
    for node in walk(list(roots(body))):
        if isinstance(node, Load):
            yield node.position


def is_strided(body: Body, symbols: Sequence[Symbol]) -> bool:
    """True when every position is linear in the loop symbols: no division by a size remains."""
    return all(
        dims.coefficient_of(position, s) is not None
        for position in positions(body)
        for s in symbols
    )


COSTS = {"divide": 4.0, "remainder": 8.0, "sqrt": 4.0, "rsqrt": 6.0, "power": 30.0, "atan2": 20.0}
TRANSCENDENTAL = frozenset(EXPANSIONS)


def element_time(body: Body, target: CpuTarget) -> float:
    """A rough estimate of the nanoseconds that one index of straight-line statements costs."""
    lanes = max(1, target.vector_bytes // 4)
    work = 0.0
    for node in walk(list(roots(body))):
        match node:
            case Load(buffer=buffer):
                work += 0.05 * buffer.dtype.size * (4 if node.gather is not None else 1)
            case Unary(operator=operator) | Binary(operator=operator):
                cost = COSTS.get(operator, 12.0 if operator in TRANSCENDENTAL else 1.0)
                work += 0.4 * cost / lanes
    return work + 0.05 * sum(s.buffer.dtype.size for s in body if isinstance(s, Store))


def is_heavy(body: Body) -> bool:
    """Whether one vector of the body is work enough to hide latency without unrolling."""
    count = 0
    for node in walk(list(roots(body))):
        count += 1
        if isinstance(node, Unary | Binary) and node.operator in TRANSCENDENTAL:
            return True
    return count > 24


def grain(iteration_time: float) -> int:
    """The least iterations of a parallel loop worth a thread."""
    return max(1, int(THREAD_WORK / max(iteration_time, 1e-3)))


def lanes_of(body: Body, target: CpuTarget) -> int:
    """SIMD lanes for a body: as many as the widest type that it computes with allows."""
    widest = 4
    for node in walk(list(roots(body))):
        if (node.dtype.is_numeric and not isinstance(node, Load)) or isinstance(node, Load):
            widest = max(widest, node.dtype.size)
    return max(1, target.vector_bytes // widest)
