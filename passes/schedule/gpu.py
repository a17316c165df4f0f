"""What a GPU wants of a kernel: a first sketch, for elements, rows and sums.

Each part is a `Schedule`, as a CPU's are, and most steps are the same ones. A flat loop is cut into
blocks, whose threads take its elements in turn. A row is a block's, or a warp's where it is short;
the passes over it are dealt out to threads, which combine what they sum, and find in shared memory
what an earlier pass read or left there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
from flowc.ir.loops.kernel import Allocate, For, Kernel, Kind, Role, Space
from flowc.ir.loops.walk import block_loops, statements
from flowc.passes.schedule.columns import summed_columns
from flowc.passes.schedule.cpu import RunTheRestInOrder
from flowc.passes.schedule.functions import ExpandFunctions
from flowc.passes.schedule.grids import (
    Deal,
    Place,
    PutInOneBlock,
    StageRow,
    Synchronize,
    meets,
    staged_rows,
)
from flowc.passes.schedule.kinds import Bind, RunInOrder
from flowc.passes.schedule.loops import Split
from flowc.passes.schedule.merging import MergeLoops
from flowc.passes.schedule.partials import CombinePartialRows, CombinePartials
from flowc.passes.schedule.steps import (
    ROLES,
    Body,
    Schedule,
    ScheduleError,
    Steps,
    chain,
    find_loop,
    loops,
    nests,
)
from flowc.passes.target import GpuTarget


def schedules(target: GpuTarget) -> tuple[Schedule, ...]:
    """The parts, in order."""
    return (
        # Fewer and longer loops first: what follows looks for flat ones, and for rows.
        MergeLoops(),
        # Where a thread sums for itself, the loops around it become flat ones.
        SumColumns(target),
        # While reductions of everything still stand alone.
        DivideLongSums(target),
        BindBlocks(target),
        # Only passes that stand in a block share a row; afterwards their indices are cut.
        StageRows(target),
        DealToThreads(target),
        # All who touch scratch are known now, and who touches what after whom.
        PlaceScratch(),
        SynchronizeThreads(),
        RunTheRestInOrder(),
        # Last: until then a function is one operation to look at.
        ExpandFunctions(),
    )


@dataclass(frozen=True)
class SumColumns:
    """Sums along a strided axis: each thread has a column, or one of many rows of it.

    Threads side by side then read side by side.
    """

    target: GpuTarget
    name: str = "sum_columns"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        sizes = self.target.grids
        for nest in nests(kernel):
            column = summed_columns(nest)
            if column is None:
                continue
            rows = next(s for s in column.body if isinstance(s, For))
            short = isinstance(rows.extent, int) and rows.extent <= sizes.column_rows
            if column is nest and column.body[0] is rows and not short:
                count = dims.minimum(sizes.row_blocks, dims.ceildiv(rows.extent, sizes.column_rows))
                partials = CombinePartialRows(column.index, rows.index, count, sizes.row_blocks)
                kernel = yield partials
                part = find_loop(kernel, Symbol(partials.part))
                rows = next(s for s in part.body if isinstance(s, For))
            kernel = yield RunInOrder(rows.index)
        return kernel


@dataclass(frozen=True)
class DivideLongSums:
    """A reduction of everything is divided among blocks where it is long, or may be."""

    target: GpuTarget
    name: str = "divide_long_sums"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        sizes = self.target.grids
        for loop in [s for s in kernel.body if isinstance(s, For) and s.role is Role.REDUCED]:
            short = isinstance(loop.extent, int) and loop.extent < sizes.long_row
            alone = sum(isinstance(s, For) for s in kernel.body) == 1
            if alone and not short and not _passes(loop.body):
                count = dims.minimum(sizes.row_blocks, dims.ceildiv(loop.extent, sizes.long_row))
                kernel = yield CombinePartials(loop.index, count, sizes.row_blocks)
        return kernel


@dataclass(frozen=True)
class BindBlocks:
    """Free loops of the kernel's own body become grids; what stands beside them is one block's."""

    target: GpuTarget
    name: str = "bind_blocks"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for loop in loops(kernel.body):
            if loop.kind is not Kind.SERIAL:
                what = f"loop {loop.index} of kernel '{kernel.name}' is {loop.kind.value} already"
                raise ScheduleError(f"{what}: a GPU's schedule wants loops that only have roles")
        first = _first_bound(kernel.body)
        for statement in kernel.body[:first]:
            if isinstance(statement, For):
                kernel = yield from self._grid(kernel, chain(statement))
        if first < len(kernel.body):
            kernel = yield PutInOneBlock(first)
        return kernel

    def _grid(self, kernel: Kernel, nest: Sequence[For]) -> Steps:
        """A nest of free loops, in which passes may stand."""
        free = [
            loop for n, loop in enumerate(nest) if all(f.role is Role.FREE for f in nest[: n + 1])
        ]
        *outer, inner = free
        for loop in outer:
            kernel = yield Bind(loop.index, kind=Kind.BLOCK)
        if not _passes(inner.body):
            split = Split(inner.index, self._share(inner.extent))
            kernel = yield split
            return (yield Bind(find_loop(kernel, Symbol(split.outer)).index, kind=Kind.BLOCK))
        if not outer and self._is_warps(inner):
            return (yield from self._warps(inner))
        return (yield Bind(inner.index, kind=Kind.BLOCK))

    def _share(self, extent: Dim) -> int:
        """The elements of one block."""
        sizes = self.target.grids
        most = sizes.threads * sizes.turns
        return min(most, max(1, extent)) if isinstance(extent, int) else most

    def _is_warps(self, row: For) -> bool:
        """Whether rows are so short that a warp is enough for each."""
        passes, most = _passes(row.body), self.target.grids.warp_row
        short = all(isinstance(f.extent, int) and f.extent < most for f in passes)
        return short and all(f in row.body for f in passes) and _each_its_own(row.body)

    def _warps(self, row: For) -> Steps:
        """Several rows to a block, each to the threads of one warp."""
        warps = self.target.grids.warps
        split, deal = Split(row.index, warps), Deal(Symbol(f"{row.index}_in", warps), warps)
        yield split
        yield Bind(Symbol(split.outer), kind=Kind.BLOCK)
        yield deal
        return (yield Bind(Symbol(deal.taker), kind=Kind.THREAD))


def _first_bound(body: Body) -> int:
    """The first statement of the kernel's body that is no allocation and no free loop."""
    for number, statement in enumerate(body):
        free = isinstance(statement, For) and statement.role is Role.FREE
        if not free and not isinstance(statement, Allocate):
            return number
    return len(body)


@dataclass(frozen=True)
class StageRows:
    """Rows that passes of a block share stand in shared memory, as many as it has room for."""

    target: GpuTarget
    name: str = "stage_rows"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for block in list(_blocks(kernel)):
            room = self.target.block_memory - sum(
                s.buffer.size * s.buffer.dtype.size
                for s in block.body
                if isinstance(s, Allocate) and isinstance(s.buffer.size, int)
            )
            for row in list(staged_rows(block.body)):
                size = row.extent * row.buffer.dtype.size
                if row.pays and size <= room:
                    room -= size
                    kernel = yield StageRow(block.index, row.buffer.name)
        return kernel


@dataclass(frozen=True)
class DealToThreads:
    """The innermost loops in blocks are dealt out to threads, as many as there is work for."""

    target: GpuTarget
    name: str = "deal_to_threads"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for block in list(_blocks(kernel)):
            in_warps = any(isinstance(s, For) and s.kind is Kind.THREAD for s in block.body)
            for loop in [f for f in _passes(block.body) if not _passes(f.body)]:
                deal = Deal(loop.index, self.target.warp if in_warps else self._threads(loop))
                kernel = yield deal
                kernel = yield Bind(Symbol(deal.taker), kind=Kind.THREAD)
        return kernel

    def _threads(self, loop: For) -> int:
        """Threads for a loop: whole warps."""
        most, warp = self.target.grids.threads, self.target.warp
        known = loop.extent if isinstance(loop.extent, int) else loop.index.extent
        return min(most, -(-max(1, known) // warp) * warp) if isinstance(known, int) else most


@dataclass(frozen=True)
class PlaceScratch:
    """Scratch that threads share is in shared memory, what blocks share in global memory."""

    name: str = "place_scratch"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for statement in kernel.body:
            if isinstance(statement, Allocate):
                kernel = yield Place(statement.buffer.name, Space.GLOBAL)
        for block in list(_blocks(kernel)):
            for statement in block.body:
                if isinstance(statement, Allocate) and statement.space is Space.PRIVATE:
                    kernel = yield Place(statement.buffer.name, Space.SHARED)
        return kernel


@dataclass(frozen=True)
class SynchronizeThreads:
    """Barriers stand where a thread touches what another may have touched."""

    name: str = "synchronize_threads"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for block in list(_blocks(kernel)):
            step = Synchronize(block.index)
            if step.run(kernel) is not kernel:
                kernel = yield step
        return kernel


# Finding loops


def _blocks(kernel: Kernel) -> Iterator[For]:
    """The innermost block loop of each grid."""
    for statement in kernel.body:
        if isinstance(statement, For) and statement.kind is Kind.BLOCK:
            yield block_loops(statement)[-1]


def _passes(body: Body) -> list[For]:
    """The loops in a body whose iterations may be divided."""
    return [loop for loop in loops(body) if loop.role in ROLES]


def _each_its_own(row: Body) -> bool:
    """Whether no statement of a row touches what another one wrote but at the same element."""
    shared = {passes.buffer for passes in staged_rows(row)}
    return not any(
        meets(first, second, besides=shared) for first, second in combinations(row, 2)
    ) and not any(isinstance(s, Allocate) for s in statements(row))
