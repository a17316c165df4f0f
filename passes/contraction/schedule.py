"""Sizes: of register tiles, of blocks of depth, of the units of work that threads take.

A tile has `rows` x `columns` accumulators. A unit is `row_panels` x `column_panels` tiles. Depth is
cut into blocks of whole inner indices, so that a block of an operand is a plain nest of loops.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.passes.contraction.problem import Contraction, Indices
from flowc.passes.target import ContractionSizes, CpuTarget


@dataclass(frozen=True, slots=True)
class Depth:
    """`outer` indices are loops, `blocked` is cut into pieces of `piece`, `inner` is whole."""

    outer: Indices
    blocked: Dim
    piece: int
    inner: tuple[int, ...]

    @property
    def is_single(self) -> bool:
        """All of the depth is one block."""
        return not self.outer and isinstance(self.blocked, int) and self.blocked <= self.piece

    @property
    def inner_size(self) -> int:
        """Depth elements in one step of the blocked index."""
        return prod(self.inner)

    @property
    def most(self) -> int:
        """The largest depth of a block."""
        return self.piece * self.inner_size


@dataclass(frozen=True, slots=True)
class Schedule:
    """All sizes of one kernel."""

    rows: int
    columns: int
    row_panels: int
    column_panels: int
    depth: Depth


def split_depth(extents: Indices, dtype: DType, sizes: ContractionSizes) -> Depth:
    """The largest suffix of indices within `depth_limit` is inner; the index before it is cut."""
    limit, block = sizes.depth_limit // dtype.size, sizes.depth_block // dtype.size
    inner: list[int] = []
    for position in reversed(range(len(extents))):
        extent = extents[position]
        if isinstance(extent, int) and prod(inner) * extent <= limit:
            inner.insert(0, extent)
            continue
        piece = max(1, block // prod(inner))
        if isinstance(extent, int):
            piece = -(-extent // -(-extent // piece))
        return Depth(extents[:position], extent, piece, tuple(inner))
    return Depth((), inner[0], inner[0], tuple(inner[1:]))


def choose(
    c: Contraction, target: CpuTarget, rows: int, tile_columns: int | None = None
) -> Schedule:
    """The schedule for tiles of `rows` rows, and of `tile_columns` columns if that is given."""
    depth = split_depth(c.depth, c.dtype, target.contraction)
    columns = dims.product(c.columns)
    lanes = target.lanes(c.dtype)
    vectors = tile_vectors(rows, columns, lanes, target)
    width = tile_columns or vectors * lanes
    return _units(Schedule(rows, width, 1, 1, depth), c, columns, target)


def tile_rows(c: Contraction, target: CpuTarget, aligned: bool) -> int:
    """Rows of a tile: such that two vectors in each fill the registers, balanced if known.

    With `aligned` a divisor of the last row extent is preferred, so that no tile goes across it.
    """
    most = (target.vector_registers - 3) // 2
    rows = dims.product(c.rows)
    if aligned and c.rows and isinstance(c.rows[-1], int):
        divisors = [d for d in range(most // 2, most + 1) if c.rows[-1] % d == 0]
        if divisors:
            return divisors[-1]
    if not isinstance(rows, int):
        return most
    panels = max(1, -(-rows // most))
    return max(1, -(-rows // panels))


def tile_vectors(rows: int, columns: Dim, lanes: int, target: CpuTarget) -> int:
    """Vectors in a row of a tile: few columns too many, then two or as many as there is room for.

    Accumulators, one row of b and a broadcast element of a must fit the registers.
    """
    fitting = (target.vector_registers - 1) // (rows + 1)
    widest = max(1, min(target.contraction.widest, fitting))
    if not isinstance(columns, int):
        return widest
    needed = max(1, -(-columns // lanes))
    return min(range(1, min(widest, needed) + 1), key=lambda v: (-(-needed // v) * v, -v))


def _units(s: Schedule, c: Contraction, columns: Dim, target: CpuTarget) -> Schedule:
    """Units as large as the caches allow, and enough of them for all threads."""
    size, sizes = c.dtype.size, target.contraction
    rows, batch = dims.product(c.rows), dims.product(c.batch)
    accumulators = sizes.strip_bytes if s.depth.is_single else sizes.block_bytes // 4
    strip = max(1, accumulators // (s.rows * s.columns * size))
    cached = max(1, target.l2 // 2 // (s.depth.most * s.columns * size))
    column_panels = _at_most(min(strip, cached), columns, s.columns)
    row_panels = sizes.row_panels
    if not s.depth.is_single:
        strip = s.rows * s.columns * column_panels * size
        row_panels = max(1, sizes.block_bytes // strip - 1)
    row_panels = _at_most(row_panels, rows, s.rows)
    s = replace(s, row_panels=row_panels, column_panels=column_panels)
    wanted = sizes.units_per_thread * target.threads
    while (count := _count(s, rows, columns, batch)) is not None and count < wanted:
        if s.row_panels == s.column_panels == 1 or target.threads == 1:
            break
        s = _smaller(s)
    return s


def _smaller(s: Schedule) -> Schedule:
    if s.row_panels * s.rows > s.column_panels * s.columns:
        return replace(s, row_panels=-(-s.row_panels // 2))
    if s.column_panels > 1:
        return replace(s, column_panels=-(-s.column_panels // 2))
    return replace(s, row_panels=-(-s.row_panels // 2))


def _at_most(panels: int, extent: Dim, size: int) -> int:
    """`panels`, or fewer where the extent has fewer; balanced."""
    if not isinstance(extent, int):
        return panels
    total = max(1, -(-extent // size))
    return -(-total // -(-total // panels))


def _count(s: Schedule, rows: Dim, columns: Dim, batch: Dim) -> int | None:
    """Units there are; an unknown number of rows or columns counts as one unit of its kind."""
    across = _blocks(columns, s.columns * s.column_panels)
    down = _blocks(rows, s.rows * s.row_panels)
    return across * down * (batch if isinstance(batch, int) else 1)


def _blocks(extent: Dim, size: int) -> int:
    return -(-extent // size) if isinstance(extent, int) else 1
