"""Loops around the statements of one index: as few as possible, the outermost for the threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.kernel import For, Kind
from flowc.ir.loops.rewrite import Rewriter
from flowc.ir.tensor.core import Shape
from flowc.passes.index_maps import Indices, delinearize
from flowc.passes.lowering.fused import (
    Body,
    element_time,
    grain,
    is_heavy,
    is_strided,
    lanes_of,
)
from flowc.passes.target import CpuTarget

CHUNK = 2048  # elements of one iteration of a parallel loop over a flat space


def choose_loops(
    space: Shape, make_body: Callable[[Indices], Body]
) -> tuple[list[tuple[Symbol, Dim]], Body]:
    """The fewest loops over `space` in which all positions are strided, and their body."""
    for runs in partitions(space):
        loops, index = run_loops(space, runs)
        body = make_body(index)
        if is_strided(body, [s for s, _ in loops]):
            break
    return loops, body


def partitions(space: Shape) -> Iterator[list[tuple[int, ...]]]:
    """Groupings of the axes into runs, each one loop: fewest first, one per axis last."""
    axes = tuple(a for a, s in enumerate(space) if s != 1)
    if len(axes) > 1:
        yield [axes]
        for cut in range(1, len(axes)):
            if len(axes) > 2:
                yield [axes[:cut], axes[cut:]]
        if len(axes) > 3:
            for cut in range(1, len(axes) - 1):
                yield [axes[:cut], axes[cut : cut + 1], axes[cut + 1 :]]
    yield [(a,) for a in axes]


def run_loops(
    space: Shape, runs: list[tuple[int, ...]], prefix: str = "i"
) -> tuple[list[tuple[Symbol, Dim]], Indices]:
    """One loop per run of axes, and the index into `space` that the loops' symbols make."""
    loops: list[tuple[Symbol, Dim]] = []
    index: list[Dim] = [0] * len(space)
    for run in runs:
        sizes = tuple(space[a] for a in run)
        extent = product(sizes)
        symbol = Symbol(f"{prefix}{len(loops)}", extent)
        loops.append((symbol, extent))
        for axis, i in zip(run, delinearize(as_dim(symbol), sizes), strict=True):
            index[axis] = i
    return loops, tuple(index)


def nest(loops: list[tuple[Symbol, Dim]], body: Body, target: CpuTarget) -> Body:
    """`body` inside the loops: the outermost parallel, the innermost vector."""
    if not loops:
        return body
    time = element_time(body, target)
    if len(loops) == 1:
        return _chunked(*loops[0], body, time, target)
    inner, extent = loops[-1]
    lanes = lanes_of(body, target)
    statement = For(inner, extent, body, Kind.VECTOR, lanes, unroll_of(body, extent, lanes))
    for symbol, size in reversed(loops[1:-1]):
        statement = For(symbol, size, (statement,))
    iteration = product(tuple(size for _, size in loops[1:]))
    symbol, size = loops[0]
    least = parallel_grain(time, iteration)
    return (parallel(symbol, size, (statement,), least),)


def parallel(symbol: Symbol, extent: Dim, body: Body, least: Dim) -> For:
    """A parallel loop, or a serial one where it is known to be too short to divide."""
    short = isinstance(extent, int) and isinstance(least, int) and extent < 2 * least
    kind = Kind.SERIAL if short else Kind.PARALLEL
    return For(symbol, extent, body, kind, grain=1 if short else least)


def parallel_grain(time: float, iteration: Dim) -> Dim:
    """The grain of a loop whose iteration has `iteration` elements of `time` nanoseconds each."""
    elements = grain(time)
    if isinstance(iteration, int):
        return max(1, elements // max(1, iteration))
    return 1 + dims.floordiv(elements, dims.maximum(iteration, 1))


def unroll_of(body: Body, extent: Dim, lanes: int, most: int = 2) -> int:
    """Vectors per trip: several for light bodies of long loops, to hide latency."""
    if is_heavy(body):
        return 1
    return max(1, min(most, extent // lanes)) if isinstance(extent, int) else most


def _chunked(symbol: Symbol, extent: Dim, body: Body, time: float, target: CpuTarget) -> Body:
    """A flat loop, cut into chunks that threads share when it is long."""
    lanes = lanes_of(body, target)
    unroll = unroll_of(body, extent, lanes)
    least = grain(time)
    if extent == 1:
        return tuple(substitute_body(body, symbol, 0))
    if isinstance(extent, int) and extent < 2 * least:
        return (For(symbol, extent, body, Kind.VECTOR, lanes, unroll),)
    chunks = dims.ceildiv(extent, CHUNK)
    chunk = Symbol("c", chunks)
    start = as_dim(chunk) * CHUNK
    length = dims.minimum(CHUNK, extent - start)
    inner = Symbol("e", CHUNK)
    moved = substitute_body(body, symbol, start + as_dim(inner))
    loop = For(inner, length, moved, Kind.VECTOR, lanes, unroll)
    return (For(chunk, chunks, (loop,), Kind.PARALLEL, grain=max(1, least // CHUNK)),)


def substitute_body(body: Body, symbol: Symbol, value: Dim) -> Body:
    """`body` with a loop symbol replaced in every position and index value."""
    return Rewriter(symbols={symbol: value}).statements(body)
