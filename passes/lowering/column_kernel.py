"""Kernels around reductions of leading dimensions: bias gradients, batch statistics.

The innermost kept dimensions are the columns, one SIMD lane each. Running values of a block of
columns stand in scratch that stays in the first-level cache while the rows pass by, four at a time.
Threads divide the columns; where these are few, they divide the rows and the partial results are
combined at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.expressions import Load, Scalar
from flowc.ir.loops.kernel import Allocate, Buffer, For, Kernel, Kind, Statement, Store
from flowc.passes.index_maps import Indices, delinearize, reshape_index
from flowc.passes.lowering.elements import Elements
from flowc.passes.lowering.fused import Body, Fused, store
from flowc.passes.lowering.loop_nests import parallel
from flowc.passes.lowering.reductions import ReductionPlan, bind, flat_elements
from flowc.passes.lowering.scalars import Complex, Element
from flowc.passes.schedule.costs import element_time, lanes_of, parallel_grain

BLOCK = 1024  # columns whose running values stay in cache together
FEW_COLUMNS = 128  # below this, threads divide the rows
CHUNKS = 16  # of rows, at most
UNROLL = 4  # rows per trip: one load and store of a running value for four additions


@dataclass(frozen=True)
class Axes:
    """The axes of the space by their part: outer kept ones, reduced ones, trailing kept ones."""

    outer: tuple[int, ...]
    reduced: tuple[int, ...]
    columns: tuple[int, ...]


def split_axes(fused: Fused) -> Axes:
    """The parts of the fused space; dimensions of size 1 belong to none."""
    wide = [a for a, s in enumerate(fused.space) if s != 1]
    columns: list[int] = []
    while wide and wide[-1] in fused.kept:
        columns.insert(0, wide.pop())
    return Axes(
        tuple(a for a in wide if a in fused.kept),
        tuple(a for a in wide if a not in fused.kept),
        tuple(columns),
    )


def column_kernel(fused: Fused) -> Kernel:
    """The kernel of a column fusion."""
    return fused.kernel(ColumnPass(fused, split_axes(fused)).build())


@dataclass
class ColumnPass:
    """Builds the pass over the rows of one block of columns, and the blocks around it."""

    fused: Fused
    axes: Axes

    def build(self) -> Body:
        """The whole kernel body."""
        space = self.fused.space
        self.reductions = [r for level in ReductionPlan(self.fused).levels for r in level]
        self.plan = ReductionPlan(self.fused)
        self.row_count = product(tuple(space[a] for a in self.axes.reduced))
        self.column_count = product(tuple(space[a] for a in self.axes.columns))
        self.outer = [(Symbol(f"o{a}", space[a]), space[a]) for a in self.axes.outer]
        body = self._divided_rows() if self._few_columns() else self._divided_columns()
        for symbol, extent in reversed(self.outer[1:]):
            body = (For(symbol, extent, body),)
        if not self.outer:
            return body
        symbol, extent = self.outer[0]
        work = self.row_count * self.column_count
        return (
            parallel(symbol, extent, body, parallel_grain(self._time(), work, self.fused.target)),
        )

    def _few_columns(self) -> bool:
        count = self.column_count
        return not self.outer and isinstance(count, int) and count < FEW_COLUMNS

    def _time(self) -> float:
        body = self._row(self.fused.elements(), [], 0, 0)
        return element_time(body, self.fused.target)

    # Indices

    def _index(self, row: Dim, column: Dim) -> Indices:
        space = self.fused.space
        index: list[Dim] = [0] * len(space)
        for (symbol, _), axis in zip(self.outer, self.axes.outer, strict=True):
            index[axis] = as_dim(symbol)
        for axes, position in ((self.axes.reduced, row), (self.axes.columns, column)):
            sizes = tuple(space[a] for a in axes)
            for axis, i in zip(axes, delinearize(position, sizes), strict=True):
                index[axis] = i
        return tuple(index)

    # Accumulators

    def _accumulators(self, size: Dim, name: str = "sum") -> list[Buffer]:
        found = []
        for number, reduction in enumerate(self.reductions):
            for i, value in enumerate(reduction.operands):
                dtype = value.type.dtype
                found.append(Buffer(f"{name}{number}_{i}", dtype.real, size))
                if dtype.is_complex:
                    found.append(Buffer(f"{name}{number}_{i}i", dtype.real, size))
        return found

    def _running(self, buffers: Sequence[Buffer], position: Dim) -> list[list[Element]]:
        """The running values as elements, per reduction."""
        rest = iter(buffers)
        groups: list[list[Element]] = []
        for reduction in self.reductions:
            group: list[Element] = []
            for value in reduction.operands:
                real = Load(next(rest), position)
                complex_ = value.type.dtype.is_complex
                group.append(Complex(real, Load(next(rest), position)) if complex_ else real)
            groups.append(group)
        return groups

    def _save(self, buffers: Sequence[Buffer], position: Dim, groups: list[list[Element]]) -> Body:
        parts: tuple[Scalar, ...] = tuple(p for g in groups for p in flat_elements(g))
        return tuple(Store(b, position, p) for b, p in zip(buffers, parts, strict=True))

    def _initial(self, buffers: Sequence[Buffer], position: Dim) -> Body:
        elements = self.fused.elements()
        groups = [[elements.at(v, ()) for v in r.initial] for r in self.reductions]
        return self._save(buffers, position, groups)

    # One row, several rows

    def _row(
        self,
        elements: Elements,
        sums: Sequence[Buffer],
        row: Dim,
        column: Dim,
        count: int = 1,
        place: Dim = 0,
    ) -> Body:
        """Add `count` rows, from `row` on, at one column; store full results of these rows."""
        body: list[Statement] = []
        groups = self._running(sums, place) if sums else None
        for step in range(count):
            index = self._index(row + step, column)
            values = [[elements.at(v, index) for v in r.operands] for r in self.reductions]
            groups = (
                values
                if groups is None
                else [
                    r.combine(elements, g, v)
                    for r, g, v in zip(self.reductions, groups, values, strict=True)
                ]
            )
            body += self._full_results(elements, index)
        if not sums:
            assert groups is not None
            scratch = self._accumulators(1)
            return (*body, *self._save(scratch, 0, groups))
        assert groups is not None
        return (*body, *self._save(sums, place, groups))

    def _full_results(self, elements: Elements, index: Indices) -> Body:
        body: list[Statement] = []
        for value, buffer in zip(self.fused.computation.results, self.fused.outputs, strict=True):
            if self.plan.level(value) == 0:
                at = reshape_index(index, self.fused.space, value.type.shape)
                body += store(buffer, value, at, elements.at(value, at), self.fused.target)
        return tuple(body)

    def _rows(
        self,
        sums: Sequence[Buffer],
        start: Dim,
        count: Dim,
        columns: Callable[[Body], For],
        column: Dim,
        place: Dim,
    ) -> Body:
        """Rows `start ... start + count`, in fours and then singly, into the running values."""
        fours = dims.floordiv(count, UNROLL)
        four = Symbol("four", fours)
        at = start + as_dim(four) * UNROLL
        many = self._row(self.fused.elements(), sums, at, column, UNROLL, place)
        body: list[Statement] = []
        if fours != 0:
            body.append(For(four, fours, (columns(many),)))
        rest = count - fours * UNROLL
        if rest != 0:
            single = Symbol("single", UNROLL)
            at = start + fours * UNROLL + as_dim(single)
            one = self._row(self.fused.elements(), sums, at, column, 1, place)
            body.append(For(single, rest, (columns(one),)))
        return tuple(body)

    def _vector(self, symbol: Symbol, extent: Dim) -> Callable[[Body], For]:
        def loop(body: Body) -> For:
            lanes = lanes_of(body, self.fused.target)
            return For(symbol, extent, body, Kind.VECTOR, lanes)

        return loop

    def _results(self, sums: Sequence[Buffer], column: Dim, place: Dim) -> Body:
        """Stores of the reduced results and of what is computed from them."""
        index = self._index(0, column)
        sizes = tuple(self.fused.space[a] for a in self.fused.kept)
        kept = tuple(index[a] for a in self.fused.kept)
        groups = self._running(sums, place)

        def stores(kept: Indices) -> Body:
            elements = self.fused.elements()
            bind(elements, self.reductions, groups, kept)
            body: list[Statement] = []
            for value, buffer in zip(
                self.fused.computation.results, self.fused.outputs, strict=True
            ):
                if self.plan.level(value) > 0:
                    at = reshape_index(kept, sizes, value.type.shape)
                    body += store(buffer, value, at, elements.at(value, at), self.fused.target)
            return tuple(body)

        return self.fused.at_index(sizes, kept, stores)

    # Who divides what

    def _divided_columns(self) -> Body:
        """Blocks of columns, in parallel unless outer loops are."""
        size = self._block()
        blocks = dims.ceildiv(self.column_count, size)
        block = Symbol("block", blocks)
        start = as_dim(block) * size
        length = dims.minimum(size, self.column_count - start)
        lane = Symbol("column", size)
        column, place = start + as_dim(lane), as_dim(lane)
        sums = self._accumulators(size)
        vector = self._vector(lane, length)
        body: Body = (
            *(Allocate(b) for b in sums),
            vector(self._initial(sums, place)),
            *self._rows(sums, 0, self.row_count, vector, column, place),
            vector(self._results(sums, column, place)),
        )
        if self.outer:
            return (For(block, blocks, body),)
        least = parallel_grain(self._time(), self.row_count * size, self.fused.target)
        return (parallel(block, blocks, body, least),)

    def _block(self) -> int:
        """Columns per block: a thread's share, in whole cache lines, if that is small enough."""
        if not isinstance(self.column_count, int):
            return BLOCK
        share = -(-self.column_count // max(1, self.fused.target.threads))
        return max(16, min(BLOCK, -(-share // 16) * 16))

    def _divided_rows(self) -> Body:
        """Chunks of rows, each with running values of its own; then their combination."""
        columns = self.column_count
        assert isinstance(columns, int)
        per_chunk = dims.maximum(64, dims.ceildiv(self.row_count, CHUNKS))
        chunks = dims.ceildiv(self.row_count, per_chunk)
        if isinstance(chunks, int) and chunks <= 1:
            per_chunk, chunks = self.row_count, 1
        chunk = Symbol("chunk", chunks)
        lane = Symbol("column", columns)
        partial = self._accumulators(CHUNKS * columns, "partial")
        place = as_dim(chunk) * columns + as_dim(lane)
        start = as_dim(chunk) * per_chunk
        count = dims.minimum(per_chunk, self.row_count - start)
        vector = self._vector(lane, columns)
        body: Body = (
            vector(self._initial(partial, place)),
            *self._rows(partial, start, count, vector, as_dim(lane), place),
        )
        least = parallel_grain(self._time(), per_chunk * columns, self.fused.target)
        sums = self._accumulators(columns)
        return (
            *(Allocate(b) for b in (*partial, *sums)),
            parallel(chunk, chunks, body, least),
            vector(self._initial(sums, as_dim(lane))),
            self._merge(sums, partial, chunks, columns),
            vector(self._results(sums, as_dim(lane), as_dim(lane))),
        )

    def _merge(self, sums: list[Buffer], partial: list[Buffer], chunks: Dim, columns: int) -> For:
        number = Symbol("merged", chunks)
        lane = Symbol("column", columns)
        elements = self.fused.elements()
        left = self._running(sums, as_dim(lane))
        right = self._running(partial, as_dim(number) * columns + as_dim(lane))
        merged = [
            r.combine(elements, a, b) for r, a, b in zip(self.reductions, left, right, strict=True)
        ]
        body = self._save(sums, as_dim(lane), merged)
        return For(number, chunks, (self._vector(lane, columns)(body),))
