"""The loop nest of a contraction: units of work, blocks of depth, tiles, the epilogue.

A unit is a block of rows and columns of the result. Its tiles are summed in a scratch buffer of the
thread; the epilogue reads that while it is in the cache and writes the results. Tiles are always
whole: the last one of rows, and of columns where the right operand is read in place, starts early
and computes some elements again, which no epilogue stores twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.loops.expressions import Constant, Load
from flowc.ir.loops.kernel import Allocate, Buffer, For, Kind, MultiplyTile, Statement, Store
from flowc.passes.contraction.packing import Block, LeftPanels, RightPanels, nest
from flowc.passes.contraction.problem import (
    Contraction,
    Group,
    Indices,
    Operand,
    flat_stride,
    positions,
    symbols_of,
)
from flowc.passes.contraction.schedule import Schedule
from flowc.passes.target import CpuTarget

Body = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: its batch, its first row and column panel, and how many of each it has."""

    number: Dim
    batch: Indices
    row_panel: Dim
    row_panels: Dim
    column_panel: Dim
    column_panels: Dim


@dataclass(frozen=True, slots=True)
class Span:
    """`count` rows or columns of the result from `first` on, at `place` in the sums."""

    first: Dim
    count: Dim
    place: Dim


@dataclass(frozen=True, slots=True)
class TiledKernel:
    """Builds the parallel loop over all units of one schedule."""

    c: Contraction
    schedule: Schedule
    lhs: Operand
    rhs: Operand
    packed_rhs: RightPanels | None
    target: CpuTarget
    prefix: str  # of the names of indices and buffers
    sums: Buffer
    left: LeftPanels | None  # where the left operand must be packed
    left_buffer: Buffer | None

    @staticmethod
    def make(
        c: Contraction,
        schedule: Schedule,
        operands: tuple[Operand, Operand],
        packed_rhs: RightPanels | None,
        target: CpuTarget,
        prefix: str,
    ) -> TiledKernel:
        """The builder, with the scratch buffers of one unit."""
        s = schedule
        size = s.rows * s.columns * (s.column_panels + 1)
        if not s.depth.is_single:
            size = s.rows * s.columns * s.column_panels * s.row_panels
        sums = Buffer(prefix + "sums", c.dtype, size)
        left = left_buffer = None
        if operands[0].linear is None:
            left = LeftPanels(operands[0], s.rows, s.depth, c.dtype, target)
            left_buffer = Buffer(prefix + "packed_lhs", c.dtype, left.size)
        return TiledKernel(c, s, *operands, packed_rhs, target, prefix, sums, left, left_buffer)

    @property
    def _lanes(self) -> int:
        return self.target.lanes(self.c.dtype)

    # Extents

    @property
    def _rows(self) -> Dim:
        return dims.product(self.c.rows)

    @property
    def _columns(self) -> Dim:
        return dims.product(self.c.columns)

    def statement(self) -> Statement:
        """The whole loop."""
        s = self.schedule
        down = dims.ceildiv(self._rows, s.rows * s.row_panels)
        across = dims.ceildiv(self._columns, s.columns * s.column_panels)
        unit = Symbol(f"{self.prefix}unit", down * across * dims.product(self.c.batch))
        index = as_dim(unit)
        place = index // across % down if self.c.batch else index // across
        work = s.rows * s.row_panels * s.columns * s.column_panels * dims.product(self.c.depth)
        body = self._unit(self._unit_at(index // across // down, place, index % across))
        extent = unit.extent
        assert extent is not None
        return For(unit, extent, body, Kind.PARALLEL, grain=grain(s.rows, work, self.target))

    def _unit_at(self, number: Dim, row_block: Dim, column_block: Dim) -> Unit:
        s = self.schedule
        row, column = row_block * s.row_panels, column_block * s.column_panels
        rows = dims.ceildiv(self._rows, s.rows)
        columns = dims.ceildiv(self._columns, s.columns)
        return Unit(
            number,
            Group(self.c.batch, False).at(number) if self.c.batch else (),
            row,
            dims.minimum(s.row_panels, rows - row),
            column,
            dims.minimum(s.column_panels, columns - column),
        )

    def _unit(self, unit: Unit) -> Body:
        return self._strips(unit) if self.schedule.depth.is_single else self._blocks(unit)

    # All of the depth at once: a strip of tiles, then its epilogue

    def _strips(self, unit: Unit) -> Body:
        s = self.schedule
        index = Symbol(f"{self.prefix}i", unit.row_panels)
        panel = unit.row_panel + as_dim(index)
        first = self._first_row(panel)
        block = Block((), 0, s.depth.blocked)
        copies, left = self._left(unit, panel, block)
        tiles = self._tile_row(unit, block, 0, left, accumulate=False)
        row = panel * s.rows
        rows = Span(row, dims.minimum(s.rows, self._rows - row), row - first)
        column = unit.column_panel * s.columns
        width = dims.minimum(s.columns * s.column_panels, self._columns - column)
        epilogue = self._epilogue(unit, rows, Span(column, width, s.columns))
        return (*self._allocations(), For(index, unit.row_panels, (*copies, *tiles, epilogue)))

    # Several blocks of depth: all tiles of the unit in each block, then the epilogue

    def _blocks(self, unit: Unit) -> Body:
        s = self.schedule
        outer, extents = symbols_of(f"{self.prefix}o", s.depth.outer)
        piece = Symbol(f"{self.prefix}piece", dims.ceildiv(s.depth.blocked, s.depth.piece))
        start = as_dim(piece) * s.depth.piece
        block = Block(extents, start, dims.minimum(s.depth.piece, s.depth.blocked - start))
        loops = [*zip(outer, s.depth.outer, strict=True)]
        pieces = dims.ceildiv(s.depth.blocked, s.depth.piece)
        inner = For(piece, pieces, self._block(unit, block))
        return (*self._allocations(), self._zero(), nest(loops, inner), self._finish(unit))

    def _finish(self, unit: Unit) -> Statement:
        """The epilogue of each tile of a unit."""
        s = self.schedule
        i, j = (
            Symbol(f"{self.prefix}{n}", e)
            for n, e in (("fi", unit.row_panels), ("fj", unit.column_panels))
        )
        row = (unit.row_panel + as_dim(i)) * s.rows
        column = (unit.column_panel + as_dim(j)) * s.columns
        skipped_rows = row - self._first_row(unit.row_panel + as_dim(i))
        skipped_columns = column - self._first_column(unit.column_panel + as_dim(j))
        rows = Span(row, dims.minimum(s.rows, self._rows - row), as_dim(i) * s.rows + skipped_rows)
        columns = Span(
            column,
            dims.minimum(s.columns, self._columns - column),
            as_dim(j) * s.columns + skipped_columns,
        )
        tile = self._epilogue(unit, rows, columns)
        return For(i, unit.row_panels, (For(j, unit.column_panels, (tile,)),))

    def _block(self, unit: Unit, block: Block) -> Body:
        s = self.schedule
        index = Symbol(f"{self.prefix}i", unit.row_panels)
        panel = unit.row_panel + as_dim(index)
        copies, left = self._left(unit, panel, block)
        tiles = self._tile_row(unit, block, as_dim(index) * s.rows, left, accumulate=True)
        return (For(index, unit.row_panels, (*copies, *tiles)),)

    def _zero(self) -> Statement:
        index = Symbol(f"{self.prefix}z", self.sums.size)
        zero = Constant(self.c.dtype, 0.0 if self.c.dtype.is_floating else 0)
        store = Store(self.sums, as_dim(index), zero)
        unroll = self.target.contraction.zero_unroll
        return For(index, self.sums.size, (store,), Kind.VECTOR, self._lanes, unroll)

    def _allocations(self) -> Body:
        buffers = (self.sums, self.left_buffer)
        return tuple(Allocate(buffer) for buffer in buffers if buffer is not None)

    # Tiles

    @property
    def _stride(self) -> int:
        """Columns of the sums. A strip has some before its first: a tile may start early there."""
        s = self.schedule
        return s.columns * (s.column_panels + s.depth.is_single)

    def _first_row(self, panel: Dim) -> Dim:
        rows = self.schedule.rows
        return dims.minimum(panel * rows, self._rows - rows)

    def _first_column(self, panel: Dim) -> Dim:
        columns = self.schedule.columns
        if self.packed_rhs is not None:
            return panel * columns
        return dims.minimum(panel * columns, self._columns - columns)

    def _tile_row(
        self,
        unit: Unit,
        block: Block,
        local: Dim,
        left: tuple[Buffer, Dim, Dim, Dim],
        *,
        accumulate: bool,
    ) -> Body:
        """The tiles of one row panel, stored from row `local` of the sums on."""
        s = self.schedule
        index = Symbol(f"{self.prefix}j", unit.column_panels)
        column_panel = unit.column_panel + as_dim(index)
        b, b_position, b_stride, column = self._right(unit, column_panel, block)
        place = as_dim(index) * s.columns
        if s.depth.is_single:
            place = column - unit.column_panel * s.columns + s.columns
        c_position = local * self._stride + place
        a, a_position, a_row, a_depth = left
        tile = MultiplyTile(
            self.sums,
            c_position,
            self._stride,
            a,
            a_position,
            b,
            b_position,
            s.rows,
            s.columns,
            block.length * s.depth.inner_size,
            s.columns,
            accumulate,
            a_row,
            a_depth,
            b_stride,
        )
        return (For(index, unit.column_panels, (tile,)),)

    def _flat_depth(self, block: Block) -> Dim:
        """The flat index of the block's first depth element."""
        flat: Dim = 0
        depth = self.schedule.depth
        for extent, index in zip(depth.outer, block.outer, strict=True):
            flat = flat * extent + index
        return (flat * depth.blocked + block.start) * depth.inner_size

    def _right(self, unit: Unit, panel: Dim, block: Block) -> tuple[Buffer, Dim, Dim, Dim]:
        """Buffer, position and stride of a right panel, and its first column."""
        columns = self.schedule.columns
        depth = self._flat_depth(block)
        if self.packed_rhs is not None:
            position = self.packed_rhs.position(unit.number, panel, depth)
            return self.packed_rhs.buffer, position, columns, self._first_column(panel)
        linear = self.rhs.linear
        assert linear is not None
        first = self._first_column(panel)
        position = linear.start(unit.batch) + first + depth * linear.depth_stride
        return linear.buffer, position, linear.depth_stride, first

    # The left operand

    def _left(
        self, unit: Unit, panel: Dim, block: Block
    ) -> tuple[Body, tuple[Buffer, Dim, Dim, Dim]]:
        """Statements that make a left panel, and its buffer, position and strides (row, depth)."""
        first = self._first_row(panel)
        linear = self.lhs.linear
        if linear is not None:
            depth = self._flat_depth(block) * linear.depth_stride
            at = linear.start(unit.batch) + first * linear.side_stride + depth
            return (), (linear.buffer, at, linear.side_stride, linear.depth_stride)
        assert self.left is not None and self.left_buffer is not None
        name = f"{self.prefix}a"
        copy = self.left.copy(self.left_buffer, unit.batch, first, block, name)
        return (copy,), (self.left_buffer, 0, *self.left.strides)

    # The epilogue

    def _epilogue(self, unit: Unit, rows: Span, columns: Span) -> Statement:
        """Store what is complete."""
        row = Symbol(f"{self.prefix}m", rows.count)
        column = Symbol(f"{self.prefix}n", columns.count)
        at = (rows.place + as_dim(row)) * self._stride + columns.place + as_dim(column)
        row_group, column_group = result_groups(self.c)
        stores = self.c.epilogue(
            unit.batch,
            row_group.at(rows.first + as_dim(row)),
            column_group.at(columns.first + as_dim(column)),
            Load(self.sums, at),
        )
        unroll = self.target.contraction.epilogue_unroll
        vector = For(column, columns.count, stores, Kind.VECTOR, self._lanes, unroll)
        return For(row, rows.count, (vector,))


def grain(rows: int, work: Dim, target: CpuTarget) -> Dim:
    """Units worth a thread, each of `work` products; with few rows, reading memory takes longer."""
    busy = target.contraction.busy_rows
    return 1 + target.costs.multiply_adds * min(rows, busy) // busy // work


def result_groups(c: Contraction) -> tuple[Group, Group]:
    """Rows and columns as the epilogue's positions allow to count them."""
    _, batch = symbols_of("b", c.batch)
    row_symbols, rows = symbols_of("m", c.rows)
    column_symbols, columns = symbols_of("n", c.columns)
    accumulated = Constant(c.dtype, 0.0 if c.dtype.is_floating else 0)
    every = positions(c.epilogue(batch, rows, columns, accumulated), ())
    return (
        Group(c.rows, all(flat_stride(p, row_symbols, c.rows) is not None for p in every)),
        Group(c.columns, all(flat_stride(p, column_symbols, c.columns) is not None for p in every)),
    )
