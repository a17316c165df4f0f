"""The part of a CPU's schedule that sums along a strided axis: bias gradients, batch statistics."""

from __future__ import annotations

from dataclasses import dataclass

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, product
from flowc.ir.loops.kernel import For, Kernel, Role, Store
from flowc.passes.schedule.costs import (
    element_time,
    elements,
    is_short,
    lanes_of,
    parallel_grain,
    positions,
    straight_line,
)
from flowc.passes.schedule.kinds import Bind, Vectorize
from flowc.passes.schedule.loops import Split
from flowc.passes.schedule.partials import CombinePartialRows
from flowc.passes.schedule.steps import Steps, chain, find_loop, loops, nests
from flowc.passes.schedule.sums import Repeat, StageSums
from flowc.passes.target import CpuTarget


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
            found = summed_columns(nest)
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


def summed_columns(nest: For) -> For | None:
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
