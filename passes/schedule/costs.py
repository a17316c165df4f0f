"""What statements cost on a CPU, roughly: for who gets a thread, how wide and how far unrolled.

Transcendental functions must not be expanded yet: they are counted as what they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowc.ir import dims
from flowc.ir.dims import Dim, product
from flowc.ir.dtypes import float32
from flowc.ir.loops.expressions import Binary, Load, Scalar, Unary
from flowc.ir.loops.kernel import Allocate, Buffer, For, If, Let, Statement, Store
from flowc.ir.loops.walk import operands
from flowc.passes.math import EXPANSIONS
from flowc.passes.schedule.steps import Body
from flowc.passes.target import CpuTarget

TRANSCENDENTAL = frozenset(EXPANSIONS)
_CARRIED = Buffer("carried", float32, 1)


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


def straight_line(body: Body) -> Body:
    """The statements of a nest without its loops; what a loop carries is stored, as it were."""
    found: list[Statement] = []
    for statement in body:
        match statement:
            case For(body=inner, carried=carried):
                found += straight_line(inner)
                if carried is not None:
                    found += [Store(_CARRIED, 0, value) for value in carried.next]
            case If(condition=condition, body=inner):
                found += [Store(_CARRIED, 0, condition), *straight_line(inner)]
            case Store() | Let():
                found.append(statement)
    return tuple(found)


def positions(body: Body) -> set[Dim]:
    """The positions that straight-line statements read and write."""
    found = {s.position for s in body if isinstance(s, Store)}
    found.update(n.position for n in walk(list(roots(body))) if isinstance(n, Load))
    return found


def element_time(body: Body, target: CpuTarget) -> float:
    """A rough estimate of the nanoseconds that one index of straight-line statements costs."""
    lanes, costs = max(1, target.vector_bytes // 4), target.costs
    work = 0.0
    for node in walk(list(roots(body))):
        match node:
            case Load(buffer=buffer, gather=gather):
                times = costs.gathered if gather is not None else 1
                work += costs.byte * buffer.dtype.size * times
            case Unary(operator=operator) | Binary(operator=operator):
                other = costs.transcendental if operator in TRANSCENDENTAL else 1.0
                work += costs.vector * costs.of_operator.get(operator, other) / lanes
    return work + costs.byte * sum(s.buffer.dtype.size for s in body if isinstance(s, Store))


def is_heavy(body: Body, target: CpuTarget) -> bool:
    """Whether one vector of the body is work enough to hide latency without unrolling."""
    count = 0
    for node in walk(list(roots(body))):
        count += 1
        if isinstance(node, Unary | Binary) and node.operator in TRANSCENDENTAL:
            return True
    return count > target.loops.heavy_nodes


def unroll_of(body: Body, extent: Dim, lanes: int, most: int, target: CpuTarget) -> int:
    """Vectors per trip: several for light bodies of long loops, to hide latency."""
    if is_heavy(body, target):
        return 1
    return max(1, min(most, extent // lanes)) if isinstance(extent, int) else most


def lanes_of(body: Body, target: CpuTarget) -> int:
    """SIMD lanes for a body: as many as the widest type that it computes with allows."""
    widest = max((n.dtype.size for n in walk(list(roots(body)))), default=4)
    return max(1, target.vector_bytes // max(4, widest))


def parallel_grain(time: float, iteration: Dim, target: CpuTarget) -> Dim:
    """The grain of a loop whose iteration has `iteration` elements of `time` nanoseconds each."""
    least = max(1, int(target.costs.thread / max(time, 1e-3)))  # elements
    if isinstance(iteration, int):
        return max(1, least // max(1, iteration))
    return 1 + dims.floordiv(least, dims.maximum(iteration, 1))


def is_short(extent: Dim, least: Dim) -> bool:
    """Whether a loop is known to be too short to divide into pieces of `least` iterations."""
    return isinstance(extent, int) and isinstance(least, int) and extent < 2 * least


def elements(body: Body) -> Dim:
    """How many elements the first of the nests in a body walks: an upper bound."""
    inner = next((s for s in body if isinstance(s, For)), None)
    if inner is None:
        return 1
    extent = inner.extent if inner.index.extent is None else inner.index.extent
    return product((extent, elements(inner.body)))
