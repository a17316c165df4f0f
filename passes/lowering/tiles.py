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

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, product
from flowc.ir.loops.expressions import Load, Scalar
from flowc.ir.loops.kernel import Allocate, Buffer, For, Kind, Statement, Store
from flowc.passes.lowering.fused import Body, element_time, lanes_of, roots, walk
from flowc.passes.lowering.loop_nests import as_dim, parallel, parallel_grain
from flowc.passes.lowering.rewriting import Rewriter
from flowc.passes.target import Target

ROW_BYTES = 64  # of a tile: a cache line is read whole
SHORT = 8  # a dimension known to be shorter is not worth tiles
MOST_LOADS = 4  # transposed operands

Loops = list[tuple[Symbol, Dim]]


def tiled_nest(loops: Loops, body: Body, target: Target) -> Body | None:
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
    target: Target
    across: Symbol
    lane: Symbol
    loads: Sequence[Load]

    def build(self) -> Body:
        """Loops over tiles around what is done with one; threads divide the outermost."""
        size = self._size
        sizes = dict(self.loops)
        tiles = {s: Symbol(f"tile_{s}", dims.ceildiv(sizes[s], size)) for s in self._pair}
        starts = {s: as_dim(tiles[s]) * size for s in self._pair}
        counts = {s: dims.minimum(size, sizes[s] - starts[s]) for s in self._pair}
        body = self._tile(starts, counts)
        outer = [(s, e) for s, e in self.loops if s not in self._pair]
        order = [*outer, *((tiles[s], dims.ceildiv(sizes[s], size)) for s in self._pair)]
        for symbol, extent in reversed(order[1:]):
            body = (For(symbol, extent, body),)
        symbol, extent = order[0]
        work = product(tuple(e for s, e in self.loops if s is not self.loops[0][0]))
        if not outer:
            work = work * size
        time = 2 * element_time(self.body, self.target)
        return (parallel(symbol, extent, body, parallel_grain(time, work)),)

    @property
    def _pair(self) -> tuple[Symbol, Symbol]:
        return self.across, self.lane

    @property
    def _size(self) -> int:
        """Rows and columns of a tile."""
        return max(8, ROW_BYTES // max(load.dtype.size for load in self.loads))

    def _tile(self, starts: dict[Symbol, Dim], counts: dict[Symbol, Dim]) -> Body:
        """One tile: its transposed operands, then the statements."""
        size = self._size
        across, lane = Symbol(f"{self.across}_in", size), Symbol(f"{self.lane}_in", size)
        moved: dict[Symbol, Dim] = {
            self.across: starts[self.across] + as_dim(across),
            self.lane: starts[self.lane] + as_dim(lane),
        }
        body: list[Statement] = []
        replaced: dict[Scalar, Scalar] = {}
        for number, load in enumerate(self.loads):
            pair = [Buffer(f"tile{number}{side}", load.dtype, size * size) for side in "ab"]
            body += [Allocate(b) for b in pair]
            body += self._read(Rewriter(moved).scalar(load), pair[0], across, lane, counts, number)
            body += self._transpose(pair, number)
            last = pair[(size.bit_length() - 1) % 2]
            replaced[load] = Load(last, as_dim(across) * size + as_dim(lane))
        inner = Rewriter(moved, replaced).statements(self.body)
        lanes = lanes_of(inner, self.target)
        vector = For(lane, counts[self.lane], inner, Kind.VECTOR, lanes)
        return (*body, For(across, counts[self.across], (vector,)))

    def _read(
        self,
        load: Scalar,
        to: Buffer,
        across: Symbol,
        lane: Symbol,
        counts: dict[Symbol, Dim],
        number: int,
    ) -> Body:
        """Rows of the operand to rows of the tile."""
        row, column = (Symbol(f"{s}_{number}", self._size) for s in (lane, across))
        renamed = Rewriter({lane: as_dim(row), across: as_dim(column)}).scalar(load)
        store = Store(to, as_dim(row) * self._size + as_dim(column), renamed)
        lanes = self.target.lanes(to.dtype)
        vector = For(column, counts[self.across], (store,), Kind.VECTOR, lanes)
        return (For(row, counts[self.lane], (vector,)),)

    def _transpose(self, pair: Sequence[Buffer], number: int) -> Body:
        """The steps, each from one buffer to the other."""
        half = self._size * self._size // 2
        lanes = self.target.lanes(pair[0].dtype)
        body: list[Statement] = []
        for step in range(self._size.bit_length() - 1):
            source, to = pair[step % 2], pair[1 - step % 2]
            index = Symbol(f"even_{number}_{step}", half)
            place = as_dim(index)
            halves = (
                Store(to, place, Load(source, place * 2)),
                Store(to, place + half, Load(source, place * 2 + 1)),
            )
            body.append(For(index, half, halves, Kind.VECTOR, min(lanes, half), 2))
        return tuple(body)
