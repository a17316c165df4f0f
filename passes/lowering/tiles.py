"""Transposition in tiles: for loops whose innermost one reads with large strides.

Where another loop reads contiguously, both are cut into tiles. A tile is copied to scratch row by
row, in whole vectors; transposed there; and the loops over the tile then read scratch contiguously.
The transposition takes log2(rows) steps, each of which moves the even elements of the whole tile
before the odd ones: that rotates the bits of an element's number, until column and row have changed
places. It needs no scattered access, and every step works on whole vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.expressions import Load, Scalar
from flowc.ir.loops.kernel import Allocate, Buffer, For, Kind, Statement, Store
from flowc.ir.loops.rewrite import Rewriter
from flowc.passes.lowering.fused import Body, element_time, lanes_of, roots, walk
from flowc.passes.lowering.loop_nests import parallel, parallel_grain
from flowc.passes.target import CpuTarget

ROW_BYTES = 64  # of a tile: a cache line is read whole
TOGETHER = 4  # tiles that take a step one after the other: none waits for its own last stores
SHORT = 8  # a dimension known to be shorter is not worth tiles
MOST_LOADS = 4  # transposed operands

Loops = list[tuple[Symbol, Dim]]


def tiled_nest(loops: Loops, body: Body, target: CpuTarget) -> Body | None:
    """`body` inside tiled loops; None where tiles do not help.

    for i: for j: y[i, j] = x[j, i]
    ->  for i0: for j0: t = x[j0.., i0..]; transpose t; for i: for j: y[i0+i, j0+j] = t[i, j]
    """
    if len(loops) < 2 or not all(isinstance(s, Store) for s in body):
        return None
    lane, extent = loops[-1]
    choices = [(s, _transposed(body, s, lane)) for s, _ in loops[:-1]]
    across, loads = max(choices, key=lambda choice: len(choice[1]))
    size = dict(loops)[across]
    short = any(isinstance(n, int) and n < SHORT for n in (extent, size))
    if not loads or len(loads) > MOST_LOADS or short or not _stores_along(body, lane):
        return None
    return _Tiles(loops, body, target, across, lane, loads).build()


def _transposed(body: Body, across: Symbol, lane: Symbol) -> list[Load]:
    """The loads that are contiguous along `across` and far apart along `lane`."""
    return [
        node
        for node in walk(list(roots(body)))
        if isinstance(node, Load)
        and node.gather is None
        and dims.coefficient_of(node.position, across) == 1
        and dims.coefficient_of(node.position, lane) not in (-1, 0, 1, 2)
    ]


def _stores_along(body: Body, lane: Symbol) -> bool:
    return all(
        isinstance(s, Store) and dims.coefficient_of(s.position, lane) in (0, 1) for s in body
    )


@dataclass(frozen=True, eq=False)
class _Tiles:
    """Builds the tiled loops."""

    loops: Loops
    body: Body
    target: CpuTarget
    across: Symbol
    lane: Symbol
    loads: Sequence[Load]

    def build(self) -> Body:
        """Loops over blocks of tiles around what is done with one; threads divide the outermost.

        The result's rows are outside: a block goes on with the rows that the block before wrote.
        """
        sizes, extents = dict(self.loops), self._extents
        blocks = {s: dims.ceildiv(sizes[s], extents[s]) for s in extents}
        symbols = {s: Symbol(f"block_{s}", blocks[s]) for s in extents}
        starts = {s: as_dim(symbols[s]) * extents[s] for s in extents}
        counts = {s: dims.minimum(extents[s], sizes[s] - starts[s]) for s in extents}
        outer = [(s, e) for s, e in self.loops if s not in extents]
        order = [*outer, *((symbols[s], blocks[s]) for s in extents)]
        body = self._block(starts, counts)
        for symbol, extent in reversed(order[1:]):
            body = (For(symbol, extent, body),)
        symbol, extent = order[0]
        work = product(tuple(sizes.values()))
        each = dims.floordiv(work, dims.maximum(extent, 1))
        time = 2 * element_time(self.body, self.target)
        return (parallel(symbol, extent, body, parallel_grain(time, each)),)

    @cached_property
    def _size(self) -> int:
        """Rows and columns of a tile."""
        return max(8, ROW_BYTES // max(load.dtype.size for load in self.loads))

    @cached_property
    def _extents(self) -> dict[Symbol, int]:
        """How many indices of each loop a block has."""
        return {self.across: TOGETHER * self._size, self.lane: self._size}

    def _block(self, starts: dict[Symbol, Dim], counts: dict[Symbol, Dim]) -> Body:
        """Some tiles side by side: their transposed operands, then the statements."""
        across, lane = (Symbol(f"{s}_in", self._extents[s]) for s in (self.across, self.lane))
        moved: dict[Symbol, Dim] = {
            self.across: starts[self.across] + as_dim(across),
            self.lane: starts[self.lane] + as_dim(lane),
        }
        body: list[Statement] = []
        replaced: dict[Scalar, Scalar] = {}
        for number, load in enumerate(self.loads):
            size = self._size * self._extents[self.across]
            pair = [Buffer(f"tile{number}{side}", load.dtype, size) for side in "ab"]
            body += [Allocate(b) for b in pair]
            body += self._read(load, starts, counts, pair[0], number)
            body += self._transpose(pair, counts[self.across], number)
            last = pair[(self._size.bit_length() - 1) % 2]
            replaced[load] = Load(last, as_dim(across) * self._size + as_dim(lane))
        inner = Rewriter(symbols=moved, known=replaced).statements(self.body)
        vector = For(lane, counts[self.lane], inner, Kind.VECTOR, lanes_of(inner, self.target))
        return (*body, For(across, counts[self.across], (vector,)))

    def _read(
        self,
        load: Load,
        starts: dict[Symbol, Dim],
        counts: dict[Symbol, Dim],
        to: Buffer,
        number: int,
    ) -> Body:
        """The operand's elements to rows of tiles."""
        size, width = self._size, counts[self.across]
        row, tile, column = (Symbol(f"{n}_{number}", size) for n in ("row", "read", "column"))
        place = as_dim(tile) * size + as_dim(column)
        moved: dict[Symbol, Dim] = {
            self.across: starts[self.across] + place,
            self.lane: starts[self.lane] + as_dim(row),
        }
        at = (as_dim(tile) * size + as_dim(row)) * size + as_dim(column)
        body: Body = (Store(to, at, Rewriter(symbols=moved).scalar(load)),)
        count = dims.minimum(size, width - as_dim(tile) * size)
        body = (For(column, count, body, Kind.VECTOR, self.target.lanes(to.dtype)),)
        body = (For(tile, dims.ceildiv(width, size), body),)
        return (For(row, counts[self.lane], body),)

    def _transpose(self, pair: Sequence[Buffer], width: Dim, number: int) -> Body:
        """The steps, each from one buffer to the other."""
        square = self._size * self._size
        lanes = min(self.target.lanes(pair[0].dtype), square // 2)
        body: list[Statement] = []
        for step in range(self._size.bit_length() - 1):
            source, to = pair[step % 2], pair[1 - step % 2]
            tile = Symbol(f"tile_{number}_{step}", TOGETHER)
            index = Symbol(f"even_{number}_{step}", square // 2)
            first, i = as_dim(tile) * square, as_dim(index)
            halves = (
                Store(to, first + i, Load(source, first + i * 2)),
                Store(to, first + i + square // 2, Load(source, first + i * 2 + 1)),
            )
            move = For(index, square // 2, halves, Kind.VECTOR, lanes, 2)
            body.append(For(tile, dims.ceildiv(width, self._size), (move,)))
        return tuple(body)
