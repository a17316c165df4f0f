"""The step that stages transposed operands in fast memory: for loops that read with large strides.

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
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.loops.expressions import Load, Scalar
from flowc.ir.loops.kernel import Allocate, Buffer, For, Kernel, Kind, Role, Statement, Store
from flowc.ir.loops.rewrite import Rewriter
from flowc.passes.schedule.costs import roots, walk
from flowc.passes.schedule.steps import Body, ScheduleError, chain, expect, replace_loop


@dataclass(frozen=True)
class StageTransposed:
    """Square tiles, whose operands with large strides are transposed in scratch.

    free i < n { free j < m { store y[m*i + j] = load x[n*j + i] } }
    ->  free block_i < ceildiv(n, together*size) { free block_j < ceildiv(m, size) {
          allocate a[...], b[...]
          (a[i, j] = x[j, i] of the tile, in vectors along i; a and b take turns log2(size) times)
          serial i < ... { vector(width) j < ... { store y[...] = load b[size*i + j] } } } }

    `across` is the loop along which the loads are contiguous, `lane` the innermost loop. `size` and
    `together` are a tile's rows and columns, and how many tiles side by side make up a block;
    `vector_bytes` is the size of a vector register, `width` the lanes of the statements themselves.
    """

    outermost: Symbol
    across: Symbol
    lane: Symbol
    size: int
    together: int
    vector_bytes: int
    width: int

    def __str__(self) -> str:
        return (
            f"stage what is contiguous along {self.across}, in tiles of {self.size} by {self.size}"
        )

    @property
    def blocks(self) -> tuple[str, str]:
        """The names of the loops over blocks of tiles."""
        return f"block_{self.across}", f"block_{self.lane}"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.outermost, self._tiled)

    def _tiled(self, first: For) -> Body:
        nest = chain(first)
        for loop in nest:
            expect(loop, Role.FREE)
        indices = [loop.index for loop in nest]
        if self.across not in indices[:-1] or indices[-1] != self.lane:
            raise ScheduleError(f"no loop {self.across} is around an innermost loop {self.lane}")
        loads = transposed(nest[-1].body, self.across, self.lane)
        return _Tiles(self, nest, loads).build()


def transposed(body: Body, across: Symbol, lane: Symbol) -> list[Load]:
    """The loads that are contiguous along `across` and far apart along `lane`."""
    return [
        node
        for node in walk(list(roots(body)))
        if isinstance(node, Load)
        and node.gather is None
        and dims.coefficient_of(node.position, across) == 1
        and dims.coefficient_of(node.position, lane) not in (-1, 0, 1, 2)
    ]


def stores_along(body: Body, lane: Symbol) -> bool:
    """Whether a body only stores, to positions that are contiguous along `lane`, or all one."""
    return all(
        isinstance(s, Store) and dims.coefficient_of(s.position, lane) in (0, 1) for s in body
    )


@dataclass(frozen=True, eq=False)
class _Tiles:
    """Builds the tiled loops."""

    step: StageTransposed
    nest: Sequence[For]
    loads: Sequence[Load]

    def build(self) -> Body:
        """Loops over blocks of tiles around what is done with one.

        The result's rows are outside: a block goes on with the rows that the block before wrote.
        """
        sizes, extents = {f.index: f.extent for f in self.nest}, self._extents
        blocks = {s: dims.ceildiv(sizes[s], extents[s]) for s in extents}
        symbols = {
            s: Symbol(name, blocks[s]) for s, name in zip(extents, self.step.blocks, strict=True)
        }
        starts = {s: as_dim(symbols[s]) * extents[s] for s in extents}
        counts = {s: dims.minimum(extents[s], sizes[s] - starts[s]) for s in extents}
        outer = [(s, e) for s, e in sizes.items() if s not in extents]
        order = [*outer, *((symbols[s], blocks[s]) for s in extents)]
        body = self._block(starts, counts)
        for symbol, extent in reversed(order):
            body = (For(symbol, extent, body, role=Role.FREE),)
        return body

    @property
    def _across(self) -> Symbol:
        return self.step.across

    @property
    def _lane(self) -> Symbol:
        return self.step.lane

    @property
    def _size(self) -> int:
        return self.step.size

    @cached_property
    def _extents(self) -> dict[Symbol, int]:
        """How many indices of each loop a block has."""
        return {self._across: self.step.together * self._size, self._lane: self._size}

    def _symbol(self, name: str, extent: Dim) -> Symbol:
        return Symbol(f"{name}_{self._lane}", extent)

    def _lanes(self, buffer: Buffer) -> int:
        return max(1, self.step.vector_bytes // buffer.dtype.size)

    def _block(self, starts: dict[Symbol, Dim], counts: dict[Symbol, Dim]) -> Body:
        """Some tiles side by side: their transposed operands, then the statements."""
        across, lane = (Symbol(f"{s}_in", self._extents[s]) for s in (self._across, self._lane))
        moved: dict[Symbol, Dim] = {
            self._across: starts[self._across] + as_dim(across),
            self._lane: starts[self._lane] + as_dim(lane),
        }
        body: list[Statement] = []
        replaced: dict[Scalar, Scalar] = {}
        for number, load in enumerate(self.loads):
            size = self._size * self._extents[self._across]
            pair = [Buffer(f"tile{number}{side}_{lane}", load.dtype, size) for side in "ab"]
            body += [Allocate(b) for b in pair]
            body += self._read(load, starts, counts, pair[0], number)
            body += self._transpose(pair, counts[self._across], number)
            last = pair[(self._size.bit_length() - 1) % 2]
            replaced[load] = Load(last, as_dim(across) * self._size + as_dim(lane))
        inner = Rewriter(symbols=moved, known=replaced).statements(self.nest[-1].body)
        vector = For(lane, counts[self._lane], inner, Kind.VECTOR, self.step.width)
        return (*body, For(across, counts[self._across], (vector,)))

    def _read(
        self,
        load: Load,
        starts: dict[Symbol, Dim],
        counts: dict[Symbol, Dim],
        to: Buffer,
        number: int,
    ) -> Body:
        """The operand's elements to rows of tiles."""
        size, width = self._size, counts[self._across]
        names = (f"row{number}", f"read{number}", f"column{number}")
        row, tile, column = (self._symbol(name, size) for name in names)
        place = as_dim(tile) * size + as_dim(column)
        moved: dict[Symbol, Dim] = {
            self._across: starts[self._across] + place,
            self._lane: starts[self._lane] + as_dim(row),
        }
        at = (as_dim(tile) * size + as_dim(row)) * size + as_dim(column)
        body: Body = (Store(to, at, Rewriter(symbols=moved).scalar(load)),)
        count = dims.minimum(size, width - as_dim(tile) * size)
        body = (For(column, count, body, Kind.VECTOR, self._lanes(to)),)
        body = (For(tile, dims.ceildiv(width, size), body),)
        return (For(row, counts[self._lane], body),)

    def _transpose(self, pair: Sequence[Buffer], width: Dim, number: int) -> Body:
        """The steps, each from one buffer to the other."""
        square = self._size * self._size
        lanes = min(self._lanes(pair[0]), square // 2)
        body: list[Statement] = []
        for step in range(self._size.bit_length() - 1):
            source, to = pair[step % 2], pair[1 - step % 2]
            tile = self._symbol(f"tile{number}_{step}", self.step.together)
            index = self._symbol(f"even{number}_{step}", square // 2)
            first, i = as_dim(tile) * square, as_dim(index)
            halves = (
                Store(to, first + i, Load(source, first + i * 2)),
                Store(to, first + i + square // 2, Load(source, first + i * 2 + 1)),
            )
            move = For(index, square // 2, halves, Kind.VECTOR, lanes, 2)
            body.append(For(tile, dims.ceildiv(width, self._size), (move,)))
        return tuple(body)
