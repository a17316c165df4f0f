"""What a CPU wants of a kernel: the parts of its schedule, which `passes/pipeline.py` lists.

Each is a `Schedule`: it finds the loops that it is about by their roles and by how they walk
memory, whichever lowering made them, and asks for steps. Loops that already run in a way of their
own (`passes/contraction`, `passes/lowering/sort.py`) have no role, and are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, product
from flowc.ir.loops.kernel import Allocate, For, If, Kernel, MultiplyTile, Role, Store
from flowc.ir.loops.walk import statements
from flowc.passes.schedule.costs import (
    element_time,
    elements,
    is_short,
    is_strided,
    lanes_of,
    parallel_grain,
    positions,
    straight_line,
    unroll_of,
)
from flowc.passes.schedule.kinds import Bind, RunInOrder, Vectorize
from flowc.passes.schedule.loops import Merge, Split, merged_index, merged_parts
from flowc.passes.schedule.partials import CombinePartialRows, CombinePartials
from flowc.passes.schedule.steps import ROLES, Body, Steps, chain, find_loop, loops, nests
from flowc.passes.schedule.sums import Repeat, StageSums
from flowc.passes.schedule.tiles import StageTransposed, stores_along, transposed
from flowc.passes.target import CpuTarget


@dataclass(frozen=True)
class MergeLoops:
    """Loops of one role that stand in each other become one where all positions stay strided."""

    name: str = "merge_loops"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for merge in [m for nest in nests(kernel) for m in _merges(nest)]:
            kernel = yield merge
        return kernel


def _merges(loop: For) -> Iterator[Merge]:
    """The merges of a loop with those in it, and of those behind them."""
    same = [loop]
    for inner in chain(loop)[1:]:
        if inner.role is not loop.role:
            break
        same.append(inner)
    if len(same) > 1:
        yield from _fewest(same)
    for statement in same[-1].body:
        if isinstance(statement, For) and statement.role in ROLES:
            yield from _merges(statement)


def _fewest(same: list[For]) -> Iterator[Merge]:
    """The merges that leave the fewest loops; none where the positions are not strided anyway."""
    places = positions(straight_line((same[0],)))
    for runs in partitions(len(same)):
        replaced: dict[Symbol, Dim] = {}
        symbols: list[Symbol] = []
        for run in runs:
            indices = tuple(same[n].index for n in run)
            extents = tuple(same[n].extent for n in run)
            flat = merged_index(indices, extents)
            symbols.append(flat)
            if len(run) > 1:
                replaced |= merged_parts(flat, extents, indices)
        if is_strided({dims.substitute(p, replaced.get) for p in places}, symbols):
            yield from (Merge(tuple(same[n].index for n in run)) for run in runs if len(run) > 1)
            return


def partitions(count: int) -> Iterator[list[tuple[int, ...]]]:
    """Groupings of neighbouring loops into runs: the fewest first, one run for each loop last."""
    every = tuple(range(count))
    yield [every]
    if count > 2:
        yield from ([every[:cut], every[cut:]] for cut in range(1, count))
    if count > 3:
        yield from (
            [every[:cut], every[cut : cut + 1], every[cut + 1 :]] for cut in range(1, count - 1)
        )
    yield [(n,) for n in every]


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
class StageColumnSums:
    """Sums along a strided axis run in the lanes of a contiguous one, several rows at a time.

    The running values of a block of columns stand in scratch that stays in the first-level cache
    while the rows pass by. Threads divide the columns; where these are few, they divide the rows.
    """

    target: CpuTarget
    name: str = "stage_column_sums"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        for nest in nests(kernel):
            found = _columns(nest)
            if found is not None:
                kernel = yield from self._divide(kernel, found, nest is not found)
        return kernel

    def _divide(self, kernel: Kernel, column: For, is_inside: bool) -> Steps:
        (rows,) = (s for s in column.body if isinstance(s, For))
        sizes, count = self.target.loops, column.extent
        if isinstance(count, int) and count < sizes.few_columns and not is_inside:
            return (yield from self._divide_rows(kernel, column, rows))
        size = self._block(count)
        index = column.index
        if not isinstance(count, int) or count > size:
            split = Split(index, size)
            kernel = yield split
            index = Symbol(split.inner)
            least = parallel_grain(self._time(rows), size * elements((rows,)), self.target)
            blocks = find_loop(kernel, Symbol(split.outer))
            if not is_inside and not is_short(blocks.extent, least):
                kernel = yield Bind(blocks.index, least)
        return (yield from self._stage(kernel, index, rows))

    def _divide_rows(self, kernel: Kernel, column: For, rows: For) -> Steps:
        """Chunks of rows, each with running values of its own; then their combination."""
        sizes = self.target.loops
        length = dims.maximum(sizes.least_rows, dims.ceildiv(rows.extent, sizes.column_chunks))
        count = dims.ceildiv(rows.extent, length)
        if not isinstance(count, int) or count > 1:
            partials = CombinePartialRows(column.index, rows.index, count, sizes.column_chunks)
            kernel = yield partials
            inside = product((length, column.extent, *(elements(rows.body),)))
            least = parallel_grain(self._time(rows), inside, self.target)
            if not is_short(count, least):
                kernel = yield Bind(Symbol(partials.outer), least)
            part = find_loop(kernel, Symbol(partials.part))
            (inner,) = (s for s in part.body if isinstance(s, For))
            kernel = yield from self._stage(kernel, part.index, inner)
        return (yield from self._stage(kernel, column.index, rows))

    def _stage(self, kernel: Kernel, column: Symbol, rows: For) -> Steps:
        innermost = chain(rows)[-1]
        if innermost.role is Role.REDUCED and innermost.index in _indices(kernel):
            kernel = yield Repeat(innermost.index, self.target.loops.rows_at_once)
        stage = StageSums(column)
        kernel = yield stage
        for index in stage.parts(kernel):
            lanes = lanes_of(find_loop(kernel, index).body, self.target)
            kernel = yield Vectorize(index, lanes)
        return kernel

    def _time(self, rows: For) -> float:
        return element_time(straight_line((rows,)), self.target)

    def _block(self, columns: Dim) -> int:
        """Columns per block: a thread's share, in whole cache lines, if that is small enough."""
        most = self.target.loops.columns
        if not isinstance(columns, int):
            return most
        share = -(-columns // max(1, self.target.threads))
        return max(16, min(most, -(-share // 16) * 16))


def _columns(nest: For) -> For | None:
    """The free loop of a nest whose lanes suit the sums in it better than their own loop does."""
    free = nest
    while free.role is Role.FREE and len(free.body) == 1 and isinstance(free.body[0], For):
        if free.body[0].role is not Role.FREE:
            break
        free = free.body[0]
    inner = [s for s in free.body if isinstance(s, For)]
    if free.role is not Role.FREE or len(inner) != 1 or inner[0].role is not Role.REDUCED:
        return None
    rows = chain(inner[0])
    every = [*free.body, *(s for row in rows for s in row.body)]
    plain = all(isinstance(s, Store) or s is inner[0] or s in rows for s in every)
    if not plain or any(row.role is not Role.REDUCED for row in rows):
        return None
    places = positions(straight_line((rows[-1],)))
    return free if _strides(places, rows[-1].index) > _strides(places, free.index) else None


def _strides(places: set[Dim], index: Symbol) -> int:
    """At how many of the positions lanes along a loop are apart in memory."""
    return sum(dims.coefficient_of(p, index) not in (-1, 0, 1) for p in places)


def _indices(kernel: Kernel) -> set[Symbol]:
    return {f.index for f in loops(kernel.body)}


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
        step = RunInOrder()
        if step.run(kernel) is not kernel:
            kernel = yield step
        return kernel
