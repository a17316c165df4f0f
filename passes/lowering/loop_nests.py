"""Loops of the lowerings that say themselves how they run: serial ones over few indices."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.kernel import For, Kind
from flowc.ir.tensor.core import Shape
from flowc.passes.index_maps import Indices, delinearize
from flowc.passes.lowering.fused import Body
from flowc.passes.schedule.costs import is_short
from flowc.passes.schedule.merging import partitions as runs_of


def partitions(space: Shape) -> Iterator[list[tuple[int, ...]]]:
    """Groupings of the axes into runs, each one loop: fewest first, one per axis last."""
    axes = tuple(a for a, s in enumerate(space) if s != 1)
    for runs in runs_of(len(axes)):
        yield [tuple(axes[n] for n in run) for run in runs if run]


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


def parallel(symbol: Symbol, extent: Dim, body: Body, least: Dim) -> For:
    """A parallel loop, or a serial one where it is known to be too short to divide."""
    if is_short(extent, least):
        return For(symbol, extent, body)
    return For(symbol, extent, body, Kind.PARALLEL, grain=least)
