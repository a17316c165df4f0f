"""sort: a stable merge sort whose loops all have extents that are known on entry.

A row is cut into runs of 64, whose elements' places are found by counting what stands before each
(one lane per element). Passes over the row then merge the runs pairwise. Each pass makes its output
in stretches of equal length; where a stretch begins in the two runs that it is merged from is found
by bisection, as in S. Odeh et al., "Merge Path" (IPDPSW 2012). So threads share the work evenly in
every pass. The steps of a merge depend on each other, which is slow, so several stretches advance
side by side in one loop.

Two buffers of each value take turns. All values are moved along with the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol, as_dim, product
from flowc.ir.loops.expressions import Scalar, Variable
from flowc.ir.loops.kernel import Buffer, Carried, For, If, Kernel, Role, Statement
from flowc.ir.tensor.core import Value
from flowc.passes.lowering import scalars
from flowc.passes.lowering.buffers import buffer_for
from flowc.passes.lowering.elements import Elements, load
from flowc.passes.lowering.fused import Body, Fused
from flowc.passes.lowering.scalars import Element, binary, compare, constant, convert, select
from flowc.passes.lowering.single import Single, divided, stores

TURNS = 20  # pairs of passes, enough for any row

ZERO, ONE = (constant(dtypes.int64, n) for n in (0, 1))


def sort(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `sort`."""
    single = Single(fused)
    results, unread = single.whole_results()
    size = single.instruction.types[0].shape[single.instruction.attributes["dimension"]]
    if isinstance(size, int) and size <= single.target.instructions.sort_run:
        return single.kernel(_Sort(single, results, results).build(), unread)
    types = single.instruction.types
    spare = tuple(buffer_for(f"spare{n}", type_) for n, type_ in enumerate(types))
    return single.kernel(_Sort(single, results, spare).build(), (*unread, *spare))


@dataclass(frozen=True, eq=False)
class _Row:
    """One row: `base` is the position of its first element."""

    base: Dim
    divided: bool  # between threads


@dataclass(frozen=True, eq=False)
class _Sort:
    """Builds the loops; `spare` is the other of the two buffers of each value."""

    single: Single
    results: tuple[Buffer, ...]
    spare: tuple[Buffer, ...]

    def build(self) -> Body:
        """All rows. Threads divide the rows, or the work on each where there are few."""
        outer, inner = Symbol("outer", self._outer), Symbol("inner", self._stride)
        loops = [(s, e) for s, e in ((outer, self._outer), (inner, self._stride)) if e != 1]
        base = as_dim(outer) * self._size * self._stride if self._outer != 1 else 0
        base = base + (as_dim(inner) if self._stride != 1 else 0)
        rows = self._outer * self._stride
        few = isinstance(rows, int) and rows < self.single.target.threads
        body = self._row(_Row(base, few or not loops))
        for symbol, extent in reversed(loops[1:]):
            body = (For(symbol, extent, body),)
        if not loops:
            return body
        symbol, extent = loops[0]
        if few:
            return (For(symbol, extent, body),)
        work = self._size * product(tuple(e for _, e in loops[1:]))
        return (divided(symbol, extent, body, 5 * self._time, work, self.single.target),)

    # The instruction

    @property
    def _run(self) -> int:
        """Elements whose order is found by counting."""
        return self.single.target.instructions.sort_run

    @property
    def _stretch(self) -> int:
        """Elements that one chain of merging steps makes: at most a merged pair of runs."""
        return 2 * self._run

    @property
    def _time(self) -> float:
        return self.single.target.costs.merge_step

    @cached_property
    def _axis(self) -> int:
        axis: int = self.single.instruction.attributes["dimension"]
        return axis

    @cached_property
    def _values(self) -> tuple[Value, ...]:
        return self.single.instruction.operands

    @cached_property
    def _size(self) -> Dim:
        return self._values[0].type.shape[self._axis]

    @cached_property
    def _outer(self) -> Dim:
        return product(self._values[0].type.shape[: self._axis])

    @cached_property
    def _stride(self) -> Dim:
        """How far apart the elements of a row are."""
        return product(self._values[0].type.shape[self._axis + 1 :])

    @cached_property
    def _elements(self) -> Elements:
        return self.single.fused.elements()

    def _before(self, left: Sequence[Element], right: Sequence[Element]) -> Scalar:
        pairs = [side for pair in zip(left, right, strict=True) for side in pair]
        (found,) = self._elements.region(self.single.instruction.regions[0], pairs)
        return found  # type: ignore[return-value]

    def _load(self, buffers: Sequence[Buffer], row: _Row, place: Scalar) -> list[Element]:
        """The elements at a place of the row that is data."""
        at = self._scaled(place)
        return [
            load(b, v.type.dtype, row.base, gather=at)
            for b, v in zip(buffers, self._values, strict=True)
        ]

    def _scaled(self, place: Scalar) -> Scalar:
        if self._stride == 1:
            return place
        return binary("multiply", place, scalars.index(self._stride))

    def _store(
        self,
        buffers: Sequence[Buffer],
        position: Dim,
        new: Sequence[Element],
        mask: Scalar | None = None,
        scatter: Scalar | None = None,
    ) -> Body:
        return tuple(
            store
            for b, v, element in zip(buffers, self._values, new, strict=True)
            for store in stores(b, v.type.dtype, position, element, mask, scatter)
        )

    # One row

    def _row(self, row: _Row) -> Body:
        """Sorted runs, then passes that merge longer and longer ones."""
        runs = self._runs(row)
        return (runs,) if self._turns == 0 else (runs, self._passes(row))

    @cached_property
    def _turns(self) -> int:
        """How many pairs of passes there are, at most."""
        if not isinstance(self._size, int):
            return TURNS
        levels = max(0, (self._size - 1).bit_length() - (self._run - 1).bit_length())
        return -(-levels // 2)

    def _over(self, row: _Row, symbol: Symbol, extent: Dim, body: Body, length: int) -> For:
        """A loop over pieces of a row."""
        if not row.divided:
            return For(symbol, extent, body)
        return divided(symbol, extent, body, self._time, length, self.single.target)

    def _runs(self, row: _Row) -> For:
        """Each run sorted: an element's place is the number of those that stand before it."""
        size, runs = self._run, dims.ceildiv(self._size, self._run)
        run, lane, other = Symbol("run", runs), Symbol("lane", size), Symbol("other", size)
        first = as_dim(run) * size
        length = dims.minimum(size, self._size - first)
        mine = self._at(row, first + as_dim(lane))
        theirs = self._at(row, first + as_dim(other))
        earlier = compare("LT", _int32(as_dim(other)), _int32(as_dim(lane)))
        stands = select(
            earlier, scalars.unary("not", self._before(mine, theirs)), self._before(theirs, mine)
        )
        rank, place = (Variable(dtypes.int32, name) for name in ("rank", "place"))
        following = binary("add", rank, convert(dtypes.int32, stands))
        carried = Carried((rank,), (_int32(0),), (following,), (place,))
        count = For(other, length, (), carried=carried)
        at = self._scaled(convert(dtypes.int64, place))
        position = row.base + first * self._stride
        body: Body = (count, *self._store(self.results, position, mine, scatter=at))
        lanes = For(lane, length, body, role=Role.FREE)
        return self._over(row, run, runs, (lanes,), 3 * size)

    def _at(self, row: _Row, place: Dim) -> list[Element]:
        """The unsorted elements at a place of the row."""
        position = row.base + place * self._stride
        buffers = (self._elements.buffers[v] for v in self._values)
        return [load(b, v.type.dtype, position) for b, v in zip(buffers, self._values, strict=True)]

    def _merge(
        self,
        row: _Row,
        chains: Sequence[_Chain],
        length: Dim,
        source: Sequence[Buffer],
        target: Sequence[Buffer],
        tag: str,
    ) -> Body:
        """One loop in which every chain makes one element of the output per trip."""
        step = Symbol(f"step{tag}", self._stretch)
        held: list[Variable] = []
        following: list[Scalar] = []
        body: list[Statement] = []
        for number, chain in enumerate(chains):
            left, right = (Variable(dtypes.int64, f"{s}{tag}_{number}") for s in ("left", "right"))
            x, y = self._bounded(left), self._bounded(right)
            sooner = self._before(self._load(source, row, y), self._load(source, row, x))
            done = compare("GE", left, chain.left_end)
            takes = binary("and", compare("LT", right, chain.right_end), binary("or", done, sooner))
            place = chain.begin + as_dim(step)
            new = self._load(source, row, select(takes, y, x))
            inside = scalars.in_range(place, self._size)
            body += self._store(target, row.base + place * self._stride, new, inside)
            held += [left, right]
            took = convert(dtypes.int64, takes)
            following += [
                binary("add", left, binary("subtract", ONE, took)),
                binary("add", right, took),
            ]
        initial = tuple(x for chain in chains for x in (chain.left, chain.right))
        results = tuple(Variable(v.dtype, f"{v.name}_end") for v in held)
        carried = Carried(tuple(held), initial, tuple(following), results)
        return (For(step, length, tuple(body), carried=carried),)

    def _bounded(self, place: Scalar) -> Scalar:
        """A place of the row, also where a run is used up or was never there."""
        return binary("minimum", place, scalars.index(self._size - 1))

    # Passes

    def _passes(self, row: _Row) -> For:
        """Pairs of passes, there and back, as long as runs are shorter than the row."""
        turn, width = Symbol("turn", self._turns), Variable(dtypes.int64, "width")
        twice = binary("add", width, width)
        steps = as_dim(turn) * 2 + self._run.bit_length()  # of a bisection in a run of `width`
        body: Body = (
            self._pass(row, width, steps, self.results, self.spare, "there"),
            self._pass(row, twice, steps + 1, self.spare, self.results, "back"),
        )
        if not isinstance(self._size, int):
            body = (If(compare("LT", width, scalars.index(self._size)), body),)
        carried = Carried(
            (width,),
            (constant(dtypes.int64, self._run),),
            (binary("add", twice, twice),),
            (Variable(dtypes.int64, "widest"),),
        )
        return For(turn, self._turns, body, carried=carried)

    def _pass(
        self,
        row: _Row,
        width: Scalar,
        steps: Dim,
        source: Sequence[Buffer],
        target: Sequence[Buffer],
        tag: str,
    ) -> For:
        """The whole output, several stretches at a time, from runs of `width` elements."""
        chains_at_once = self.single.target.instructions.sort_chains
        size = self._stretch * chains_at_once
        chunks = dims.ceildiv(self._size, size)
        chunk = Symbol(f"chunk_{tag}", chunks)
        first = as_dim(chunk) * size
        starts = [first + n * self._stretch for n in range(chains_at_once)]
        pairs = [_Pair(start, width, self._size) for start in starts]
        bisection, splits = self._bisect(row, pairs, steps, source, tag)
        chains = [pair.chain(split) for pair, split in zip(pairs, splits, strict=True)]
        length = dims.minimum(self._stretch, self._size - first)
        merge = self._merge(row, chains, length, source, target, tag)
        return self._over(row, chunk, chunks, (bisection, *merge), size)

    def _bisect(
        self, row: _Row, pairs: Sequence[_Pair], steps: Dim, source: Sequence[Buffer], tag: str
    ) -> tuple[For, list[Variable]]:
        """How many of the elements before each stretch come from its left run."""
        held: list[Variable] = []
        initial: list[Scalar] = []
        following: list[Scalar] = []
        for number, pair in enumerate(pairs):
            low, high = (Variable(dtypes.int64, f"{s}{tag}_{number}") for s in ("low", "high"))
            middle = binary("shift_right_logical", binary("add", low, high), ONE)
            rival = binary("subtract", binary("subtract", pair.output, ONE), middle)
            left = self._bounded(binary("add", pair.begin, middle))
            right = self._bounded(binary("add", pair.middle, binary("maximum", rival, ZERO)))
            sooner = self._before(self._load(source, row, right), self._load(source, row, left))
            searching = compare("LT", low, high)
            rises = binary("and", searching, scalars.unary("not", sooner))
            falls = binary("and", searching, sooner)
            held += [low, high]
            initial += [pair.least, pair.most]
            following += [
                select(rises, binary("add", middle, ONE), low),
                select(falls, middle, high),
            ]
        results = tuple(Variable(v.dtype, f"{v.name}_found") for v in held)
        carried = Carried(tuple(held), tuple(initial), tuple(following), results)
        loop = For(Symbol(f"bisection_{tag}", steps), steps, (), carried=carried)
        return loop, list(results[::2])


@dataclass(frozen=True, eq=False)
class _Chain:
    """One merge: the output's first place, and the places of the two inputs and of their ends."""

    begin: Dim
    left: Scalar
    right: Scalar
    left_end: Scalar
    right_end: Scalar


@dataclass(frozen=True, eq=False)
class _Pair:
    """The two runs of `width` elements in whose merged run the output's `place` lies."""

    place: Dim
    width: Scalar
    size: Dim

    @cached_property
    def begin(self) -> Scalar:
        """Where the left run begins; widths are powers of two."""
        twice = binary("add", self.width, self.width)
        mask = binary("subtract", ZERO, twice)
        return self._in_row(binary("and", scalars.index(self.place), mask))

    @cached_property
    def middle(self) -> Scalar:
        """Where the left run ends and the right one begins."""
        return self._in_row(binary("add", self.begin, self.width))

    @cached_property
    def end(self) -> Scalar:
        """Where the right run ends."""
        return self._in_row(binary("add", binary("add", self.begin, self.width), self.width))

    @cached_property
    def output(self) -> Scalar:
        """How many elements of the merged run stand before the place."""
        before = binary("subtract", scalars.index(self.place), self.begin)
        return binary("minimum", before, binary("subtract", self.end, self.begin))

    @cached_property
    def least(self) -> Scalar:
        """The fewest of them that can come from the left run."""
        right = binary("subtract", self.end, self.middle)
        return binary("maximum", binary("subtract", self.output, right), ZERO)

    @cached_property
    def most(self) -> Scalar:
        """The most of them that can come from the left run."""
        left = binary("subtract", self.middle, self.begin)
        return binary("minimum", self.output, left)

    def _in_row(self, place: Scalar) -> Scalar:
        return binary("minimum", place, scalars.index(self.size))

    def chain(self, split: Scalar) -> _Chain:
        """The merge of the stretch at `place`, before which the left run gives `split` elements."""
        right = binary("subtract", self.output, split)
        return _Chain(
            self.place,
            binary("add", self.begin, split),
            binary("add", self.middle, right),
            self.middle,
            self.end,
        )


def _int32(value: Dim) -> Scalar:
    return scalars.index(value, dtypes.int32)
