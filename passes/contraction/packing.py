"""Copies of operands that the micro-kernel cannot read as they lie: computed, padded, transposed.

A panel of the left operand holds the rows of one tile, with whichever index is contiguous in memory
innermost, so that the copy is made of vector loads and stores. A panel of the right operand holds
the columns of one tile side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Constant
from flowc.ir.loops.kernel import Buffer, For, Kind, Statement, Store
from flowc.passes.contraction.problem import Indices, Operand
from flowc.passes.contraction.schedule import Depth
from flowc.passes.target import CpuTarget

Body = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the depth: the outer indices, where the blocked index starts, how far it goes."""

    outer: Indices
    start: Dim
    length: Dim


@dataclass(frozen=True, slots=True)
class LeftPanels:
    """How panels of `rows` rows of the left operand are laid out, and the copy of one."""

    operand: Operand
    rows: int
    depth: Depth
    dtype: DType
    target: CpuTarget

    @property
    def size(self) -> int:
        """Elements of one panel."""
        return self.rows * (self.depth.most if self.rows_innermost else self._row_stride)

    @property
    def _row_stride(self) -> int:
        """An odd number of cache lines, so that the rows of a panel share no cache set."""
        line = self.target.contraction.line
        return (-(-self.depth.most // line) | 1) * line

    @property
    def rows_innermost(self) -> bool:
        """Whether a panel has its rows side by side, rather than its depth."""
        if self.operand.depth_stride != 1:
            return self.operand.side_stride == 1 and (self.operand.side.flat or self._aligned)
        last = self.depth.inner[-1] if self.depth.inner else self.depth.piece
        wide = [d for d in self.depth.inner if d != 1]
        last = wide[-1] if wide else last
        narrow = last < self.target.contraction.narrow
        return narrow and self.operand.side_stride == 1 and self._aligned

    @property
    def _aligned(self) -> bool:
        """The rows of a panel differ in the last index only."""
        extents = self.operand.side.extents
        return bool(extents) and isinstance(extents[-1], int) and extents[-1] % self.rows == 0

    @property
    def strides(self) -> tuple[Dim, Dim]:
        """From row to row and from k to k in a panel."""
        return (1, self.rows) if self.rows_innermost else (self._row_stride, 1)

    def copy(self, panel: Buffer, batch: Indices, first: Dim, block: Block, name: str) -> Statement:
        """Fill a panel with rows from `first` on."""
        row = Symbol(f"{name}_r", self.rows)
        loops, depth, flat = depth_loops(self.depth, block, name)
        value = self.operand.element(batch, self._side(first, as_dim(row)), depth)
        (by_row, by_depth), vector_lanes = self.strides, self.target.lanes(self.dtype)
        store = Store(panel, as_dim(row) * by_row + flat * by_depth, value)
        if self.rows_innermost:
            lanes = 1 << (min(self.rows, vector_lanes) - 1).bit_length()
            loop = For(row, self.rows, (store,), Kind.VECTOR, lanes)
            return nest(loops, loop)
        *around, (symbol, extent) = loops
        vector = For(symbol, extent, (store,), Kind.VECTOR, vector_lanes)
        return For(row, self.rows, (nest(around, vector),))

    def _side(self, first: Dim, row: Dim) -> Indices:
        group = self.operand.side
        if group.flat or not self._aligned:
            return group.at(first + row)
        *before, last = group.at(first)
        return (*before, last + row)


def depth_loops(
    depth: Depth, block: Block, name: str
) -> tuple[list[tuple[Symbol, Dim]], Indices, Dim]:
    """Loops over a block, the depth indices inside of them, and the flat index within the block."""
    extents: list[Dim] = [block.length, *depth.inner]
    loops = [(Symbol(f"{name}_k{i}", extent), extent) for i, extent in enumerate(extents)]
    inside = [as_dim(symbol) for symbol, _ in loops]
    flat: Dim = 0
    for index, (_, extent) in zip(inside, loops, strict=True):
        flat = flat * extent + index
    indices = (*block.outer, block.start + inside[0], *inside[1:])
    real = [loop for loop in loops if loop[1] != 1] or loops[:1]
    return real, _without(indices, loops, real), _without((flat,), loops, real)[0]


def _without(
    values: Indices, loops: Sequence[tuple[Symbol, Dim]], kept: Sequence[tuple[Symbol, Dim]]
) -> Indices:
    """`values` with the index of every dropped loop, which has one iteration, replaced by 0."""
    dropped = {s for s, _ in loops} - {s for s, _ in kept}
    return tuple(dims.substitute(v, lambda s: 0 if s in dropped else None) for v in values)


@dataclass(frozen=True, slots=True)
class RightPanels:
    """The right operand packed as a whole: element (k, column) of panel j of a batch."""

    operand: Operand
    buffer: Buffer
    columns: int
    count: Dim  # panels
    depth: Indices
    batch: Indices
    target: CpuTarget

    @staticmethod
    def make(
        operand: Operand,
        dtype: DType,
        columns: int,
        depth: Indices,
        batch: Indices,
        target: CpuTarget,
    ) -> RightPanels:
        """Panels of `columns` columns and the scratch buffer for them."""
        count = dims.ceildiv(operand.side.size, columns)
        size = dims.product(batch) * count * dims.product(depth) * columns
        buffer = Buffer("packed_rhs", dtype, size)
        return RightPanels(operand, buffer, columns, count, depth, batch, target)

    @property
    def _lanes(self) -> int:
        return self.target.lanes(self.buffer.dtype)

    def position(self, batch: Dim, panel: Dim, depth: Dim) -> Dim:
        """Where row `depth` of a panel starts."""
        return ((batch * self.count + panel) * dims.product(self.depth) + depth) * self.columns

    def copy(self) -> Statement:
        """Fill the buffer, all panels in parallel; columns beyond the last are 0."""
        unit = Symbol("pack", dims.product(self.batch) * self.count)
        number, panel = as_dim(unit) // self.count, as_dim(unit) % self.count
        column = Symbol("pack_n", self.columns)
        first = panel * self.columns
        batch = _unflatten(number, self.batch)
        loops = [(Symbol(f"pack_k{i}", extent), extent) for i, extent in enumerate(self.depth)]
        depth = tuple(as_dim(symbol) for symbol, _ in loops)
        flat: Dim = 0
        for symbol, extent in loops:
            flat = flat * extent + as_dim(symbol)
        side = self.operand.side.at(first + as_dim(column))
        store = Store(
            self.buffer,
            self.position(number, panel, flat) + as_dim(column),
            self.operand.element(batch, side, depth),
        )
        extent = dims.minimum(self.columns, self.operand.side.size - first)
        body = (self._loops(loops, column, extent, store), *self._padding(store.position, extent))
        least = self.target.contraction.packed_elements
        grain = 1 + least // (dims.product(self.depth) * self.columns)
        return For(unit, unit_extent(unit), body, Kind.PARALLEL, grain=grain)

    def _padding(self, position: Dim, filled: Dim) -> Body:
        """Zeros for the columns of a panel from `filled` on; `position` is that of an element.

        Nobody stores the products, but what bytes lie there by chance would be multiplied.
        """
        if self.operand.side.size % self.columns == 0:
            return ()
        some = Symbol("pad", dims.minimum(1, self.columns - filled))
        loops = [(Symbol(f"pad_k{i}", extent), extent) for i, extent in enumerate(self.depth)]
        column = Symbol("pad_n", self.columns)
        by_name: dict[str, Dim] = {f"pack_k{i}": as_dim(s) for i, (s, _) in enumerate(loops)}
        by_name["pack_n"] = filled + as_dim(column)
        place = dims.substitute(position, lambda s: by_name.get(s.name))
        store = Store(self.buffer, place, Constant(self.buffer.dtype, 0))
        zeros = For(column, self.columns - filled, (store,), Kind.VECTOR, self._lanes)
        return (For(some, unit_extent(some), (nest(loops, zeros),)),)

    def _loops(
        self, loops: list[tuple[Symbol, Dim]], column: Symbol, extent: Dim, store: Store
    ) -> Statement:
        """Vectors of columns, or single elements along a contiguous depth."""
        if self.operand.side_stride == 1 or self.operand.depth_stride != 1 or not loops:
            return nest(loops, For(column, extent, (store,), Kind.VECTOR, self._lanes))
        *around, (symbol, length) = loops
        inner = For(symbol, length, (store,), unroll=self.target.contraction.copies)
        return nest(around, For(column, extent, (inner,)))


def unit_extent(symbol: Symbol) -> Dim:
    """The extent that a symbol was made with."""
    assert symbol.extent is not None
    return symbol.extent


def _unflatten(index: Dim, extents: Indices) -> Indices:
    found: list[Dim] = []
    for extent in reversed(extents[1:]):
        found.append(index % extent)
        index = index // extent
    return (index, *reversed(found)) if extents else ()


def nest(loops: Sequence[tuple[Symbol, Dim]], inner: Statement) -> Statement:
    """Serial loops around a statement."""
    for symbol, extent in reversed(loops):
        inner = For(symbol, extent, (inner,))
    return inner
