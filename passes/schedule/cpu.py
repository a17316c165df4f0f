"""What a CPU wants of a kernel: the parts of its schedule, which `pipeline` lists.

Each is a `Schedule`: it finds the loops that it is about by their roles and by how they walk
memory, whichever lowering made them, and asks for steps. Loops that already run in a way of their
own (`passes/contraction`, `passes/lowering/sort.py`) have no role, and are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowc.ir import dims
from flowc.ir.dims import Symbol
from flowc.ir.loops.kernel import Allocate, For, If, Kernel, MultiplyTile, Role
from flowc.ir.loops.walk import statements
from flowc.passes.schedule.costs import (
    element_time,
    elements,
    is_short,
    lanes_of,
    parallel_grain,
    straight_line,
    unroll_of,
)
from flowc.passes.schedule.kinds import Bind, RunInOrder, Vectorize
from flowc.passes.schedule.loops import Split
from flowc.passes.schedule.partials import CombinePartials
from flowc.passes.schedule.steps import ROLES, Body, Steps, chain, find_loop, loops, nests
from flowc.passes.schedule.tiles import StageTransposed, stores_along, transposed
from flowc.passes.target import CpuTarget


@dataclass(frozen=True)
class StageTransposedOperands:
    """Loops whose innermost one reads with large strides go in tiles that are transposed."""

    target: CpuTarget
    name: str = "stage_transposed_operands"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for loop in nests(kernel):
            step = self._stage(chain(loop))
            if step is None:
                continue
            kernel = yield step
            nest = chain(loop)
            names = [f.index for f in nest if f.index not in (step.across, step.lane)]
            outermost = find_loop(kernel, Symbol([*names, step.blocks[0]][0]))
            each = dims.floordiv(
                dims.product([f.extent for f in nest]), dims.maximum(outermost.extent, 1)
            )
            time = 2 * element_time(nest[-1].body, self.target)
            least = parallel_grain(time, each, self.target)
            if not is_short(outermost.extent, least):
                kernel = yield Bind(outermost.index, least)
        return kernel

    def _stage(self, nest: list[For]) -> StageTransposed | None:
        """The step for a nest; None where tiles do not help."""
        inner, sizes = nest[-1], self.target.loops
        free = all(f.role is Role.FREE for f in nest)
        if len(nest) < 2 or not free or not stores_along(inner.body, inner.index):
            return None
        choices = [(f, transposed(inner.body, f.index, inner.index)) for f in nest[:-1]]
        across, loads = max(choices, key=lambda choice: len(choice[1]))
        extents = (inner.extent, across.extent)
        short = any(isinstance(n, int) and n < sizes.short for n in extents)
        if not loads or len(loads) > sizes.tiled_loads or short:
            return None
        size = max(8, sizes.tile_row_bytes // max(load.dtype.size for load in loads))
        lanes = lanes_of(inner.body, self.target)
        indices = (nest[0].index, across.index, inner.index)
        return StageTransposed(
            *indices, size, sizes.tiles_together, self.target.vector_bytes, lanes
        )


@dataclass(frozen=True)
class DivideFlatLoops:
    """A long loop without others for the threads in it becomes chunks, which threads share."""

    target: CpuTarget
    name: str = "divide_flat_loops"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for loop in nests(kernel):
            if loop.role is not Role.FREE or not _fits_lanes(loop.body):
                continue
            time, inside = element_time(straight_line(loop.body), self.target), elements(loop.body)
            if is_short(loop.extent, parallel_grain(time, inside, self.target)):
                continue
            size = self.target.loops.chunk
            split = Split(loop.index, size)
            kernel = yield split
            kernel = yield Bind(
                Symbol(split.outer), parallel_grain(time, size * inside, self.target)
            )
        return kernel


@dataclass(frozen=True)
class DivideLongSums:
    """A reduction of everything is divided among threads where it is long, or may be."""

    target: CpuTarget
    name: str = "divide_long_sums"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        long = self.target.loops.long_row
        for loop in nests(kernel):
            known = isinstance(loop.extent, int) and loop.extent < long
            if loop.role is not Role.REDUCED or known or any(isinstance(s, For) for s in loop.body):
                continue
            time = element_time(straight_line((loop,)), self.target)
            most = self.target.loops.row_chunks
            count = dims.minimum(most, dims.ceildiv(loop.extent, long // 4))
            partials = CombinePartials(loop.index, count, most)
            kernel = yield partials
            least = parallel_grain(time, dims.ceildiv(loop.extent, count), self.target)
            if not is_short(count, least):
                kernel = yield Bind(Symbol(partials.outer), least)
        return kernel


@dataclass(frozen=True)
class VectorizeInnermost:
    """The innermost loops run in SIMD lanes, several vectors at a time where that hides latency."""

    target: CpuTarget
    name: str = "vectorize_innermost"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for loop in list(loops(kernel.body)):
            if loop.role in ROLES and loop.extent != 1 and _fits_lanes(loop.body):
                kernel = yield self._vectorize(loop)
        return kernel

    def _vectorize(self, loop: For) -> Vectorize:
        body, sizes = straight_line((loop,)), self.target.loops
        lanes = lanes_of(body, self.target)
        most = sizes.unroll if loop.carried is None else sizes.sums_unroll
        if any(isinstance(s, For) for s in loop.body):
            most = 1
        return Vectorize(loop.index, lanes, unroll_of(body, loop.extent, lanes, most, self.target))


def _fits_lanes(body: Body) -> bool:
    """Whether lanes can run a body: no loop in it may want them, and no lane may stay behind."""
    return not any(
        isinstance(s, If | Allocate | MultiplyTile) or (isinstance(s, For) and s.role in ROLES)
        for s in statements(body)
    )


@dataclass(frozen=True)
class ShareAmongThreads:
    """The outermost free loops are divided among threads where their work is worth it."""

    target: CpuTarget
    name: str = "share_among_threads"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for loop in nests(kernel):
            if loop.role is Role.FREE:
                time = element_time(straight_line(loop.body), self.target)
                least = parallel_grain(time, elements(loop.body), self.target)
                if not is_short(loop.extent, least):
                    kernel = yield Bind(loop.index, least)
        return kernel


@dataclass(frozen=True)
class RunTheRestInOrder:
    """What no part of the schedule has taken runs one iteration after the other."""

    name: str = "run_the_rest_in_order"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        if any(loop.role in ROLES for loop in loops(kernel.body)):
            kernel = yield RunInOrder()
        return kernel
