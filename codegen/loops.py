"""Loops as LLVM blocks: counting, carried values, copies of a body, lanes and their tails.

A loop becomes: a test in the scope around it (none where it surely runs), a guarded scope for what
is computed once before it, and a scope for each trip. A vector or unrolled loop has a main loop
whose trips process `width * unroll` iterations, and a tail for the rest: one vector with a mask
where the machine has masks, else a scalar loop; and so is a tail of one iteration. A short loop is
all tail where the machine has masks: half the code, for which LLVM takes half the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from flowc.codegen.expressions import Expressions
from flowc.codegen.llvm.module import Block
from flowc.codegen.llvm.types import I1, I32, I64
from flowc.codegen.llvm.values import Value, integer, iota, lanes_of, literal, vector_of
from flowc.codegen.memory import Memory
from flowc.codegen.polling import looks
from flowc.codegen.positions import Lanes, Positions
from flowc.codegen.scopes import Scopes
from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
from flowc.ir.loops.kernel import Carried, Combiner, For, Kind, Statement, Store

SHORT = 16  # vectors, of a loop that is not worth two forms of its body

Values = list[Value]
Trip = Callable[[Value, Values], Values]


class Emitter(Protocol):
    """What loops need of the emitter of a function."""

    scopes: Scopes
    positions: Positions
    expressions: Expressions
    memory: Memory
    has_masks: bool
    streaming: frozenset[Store]  # the stores that bypass the cache at present

    def statements(self, body: Sequence[Statement]) -> None: ...

    looking: frozenset[For]  # the loops around that look whether the run is to end

    def when(self, condition: Value, emit_body: Callable[[], None]) -> None: ...

    def look(self) -> None: ...


def counted(
    scopes: Scopes,
    begin: Value,
    end: Value,
    step: int,
    initial: Values,
    trip: Trip,
    *,
    surely: bool = False,
    once: bool = False,
) -> Values:
    """`for index in range(begin, end, step)`: the values that the last trip returned.

    `trip(index, carried)` emits one trip. With `surely` the first trip is not tested for; with
    `once` there is at most one.
    """
    function = scopes.here().function
    condition = None if surely else scopes.here().icmp_signed("<", begin, end)
    before = function.append_basic_block("before")
    after: Block
    with scopes.open(before, guarded=not surely):
        emit = _single_trip if once else _repeated_trips
        results, last, after = emit(scopes, begin, end, step, initial, trip)
    return _leave(scopes, condition, before, after, last, initial, results)


def _single_trip(
    scopes: Scopes, begin: Value, end: Value, step: int, initial: Values, trip: Trip
) -> tuple[Values, Block, Block]:
    results = trip(begin, initial)
    builder = scopes.here()
    after = builder.function.append_basic_block("after")
    builder.branch(after)
    return results, builder.block, after


def _repeated_trips(
    scopes: Scopes, begin: Value, end: Value, step: int, initial: Values, trip: Trip
) -> tuple[Values, Block, Block]:
    function = scopes.here().function
    block = function.append_basic_block("trip")
    with scopes.open(block):
        builder = scopes.here()
        index = builder.phi(I64)
        carried = [builder.phi(value.type) for value in initial]
        results = trip(index, [*carried])
        builder = scopes.here()
        following = builder.add(index, integer(step))
        after = function.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", following, end), block, after)
        last = builder.block
    builder = scopes.here()
    builder.branch(block)
    for phi, start, result in zip(
        [index, *carried], [begin, *initial], [following, *results], strict=True
    ):
        phi.add_incoming(start, builder.block)
        phi.add_incoming(result, last)
    return results, last, after


def _leave(
    scopes: Scopes,
    condition: Value | None,
    before: Block,
    after: Block,
    last: Block,
    initial: Values,
    results: Values,
) -> Values:
    """Branch into the loop, and merge its results with the initial values where it may not run."""
    builder = scopes.here()
    if condition is None:
        builder.branch(before)
        scopes.continue_in(after)
        return results
    builder.cbranch(condition, before, after)
    around = builder.block
    scopes.continue_in(after)
    return [
        builder.phi(start.type, (start, around), (result, last))
        for start, result in zip(initial, results, strict=True)
    ]


class LoopEmitter:
    """Emits the serial, vector and unrolled loops of one function."""

    def __init__(self, emitter: Emitter) -> None:
        self.emitter = emitter
        self.scopes = emitter.scopes
        self.positions = emitter.positions
        self.expressions = emitter.expressions

    def emit(self, loop: For) -> None:
        """Emit a loop and bind its results."""
        around = self.emitter.looking
        if looks(loop, not around):
            self.emitter.looking = around | {loop}
        self._emit(loop)
        self.emitter.looking = around

    def _emit(self, loop: For) -> None:
        if loop.kind is Kind.UNROLLED:
            results = self._unrolled(loop)
        else:
            results = self._strip_mined(loop)
        if loop.carried is not None:
            for variable, value in zip(loop.carried.results, results, strict=True):
                self.expressions.bind(variable, value)

    def _unrolled(self, loop: For) -> Values:
        assert isinstance(loop.extent, int)
        values = self.initial(loop.carried, self._lanes_around())
        for number in range(loop.extent):
            with self._index_is(loop.index, number):
                values = self.body(loop, values)
        return values

    def _strip_mined(self, loop: For) -> Values:
        """A main loop of whole vectors, then a tail for what remains."""
        width = loop.width if loop.kind is Kind.VECTOR else 1
        step = width * loop.unroll
        lanes = width if width > 1 else self._lanes_around()
        main_end = 0 if self._is_short(loop) else dims.floordiv(loop.extent, step) * step
        values = self.initial(loop.carried, lanes)
        if main_end != 0:
            values = self._main_loops(loop, width, main_end, values)
        if main_end == loop.extent:
            return self._merge_lanes(loop.carried, values, width)
        if width > 1 and (loop.extent - main_end == 1 or not self.emitter.has_masks):
            # LLVM 22 drops the truncation of a masked store whose only lane is a constant.
            values = self._merge_lanes(loop.carried, values, width)
            return self._tail(loop, 1, main_end, values)
        values = self._tail(loop, width, main_end, values)
        return self._merge_lanes(loop.carried, values, width)

    def _is_short(self, loop: For) -> bool:
        """Whether a loop is over in a few trips, and is not run many times."""
        extent = loop.extent
        return (
            isinstance(extent, int)
            and extent <= SHORT * loop.width
            and extent % (loop.width * loop.unroll) != 0
            and loop.kind is Kind.VECTOR
            and self.emitter.has_masks
            and self.scopes.depth == 0
        )

    def _main_loops(self, loop: For, width: int, end: Dim, values: Values) -> Values:
        """The main loop; where it has streaming stores, one with and one without them.

        Streaming stores must be aligned, which is known when the loop begins.
        """
        can_stream = width > 1 and self.emitter.memory.streaming_alignment > 0
        streaming = _streaming_stores(loop) if can_stream else []
        if not streaming:
            return self._main_loop(loop, width, end, values)
        aligned: Value = literal(I1, "true")
        for store in streaming:
            start = dims.substitute(store.position, lambda s: 0 if s == loop.index else None)
            one = self.emitter.memory.is_aligned(store.buffer, start)
            aligned = self.scopes.here().and_(aligned, one)
        self.emitter.when(aligned, lambda: self._streaming_loop(loop, width, end))
        unaligned = self.scopes.here().not_(aligned)
        self.emitter.when(unaligned, lambda: self._cached_loop(loop, width, end))
        return []

    def _cached_loop(self, loop: For, width: int, end: Dim) -> None:
        self._main_loop(loop, width, end, [])

    def _streaming_loop(self, loop: For, width: int, end: Dim) -> None:
        self.emitter.streaming = frozenset(_streaming_stores(loop))
        self._main_loop(loop, width, end, [])
        self.emitter.streaming = frozenset()

    def _main_loop(self, loop: For, width: int, end: Dim, values: Values) -> Values:
        """Trips of `unroll` copies of the body; each copy has carried values of its own."""
        copies = loop.unroll
        chained = loop.carried is None or loop.carried.combiner is None
        first = dims.symbol(f"{loop.index.name}.first", loop.extent)

        def trip(index: Value, carried: Values) -> Values:
            self.scopes.bind(next(iter(dims.symbols(first))), index)
            self._look(loop)
            results: Values = []
            for copy in range(copies):
                own = carried[copy * len(values) :][: len(values)]
                with self._iterations(loop.index, first + copy * width, width, None):
                    updated = self.body(loop, results if chained and copy else own)
                results = updated if chained else results + updated
            return results

        count = 1 if chained else copies
        begin, stop = integer(0), self.positions.scalar(end)[0]
        partial = counted(
            self.scopes,
            begin,
            stop,
            width * copies,
            values * count,
            trip,
            surely=dims.is_positive(end),
            once=end == width * copies,
        )
        return self._merge_copies(loop.carried, partial, count)

    def _tail(self, loop: For, width: int, begin: Dim, values: Values) -> Values:
        """The iterations from `begin` on, one at a time or `width` with a mask."""
        rest = loop.extent - begin
        first = dims.symbol(f"{loop.index.name}.rest", loop.extent)
        start, stop = self.positions.scalar(begin)[0], self.positions.scalar(loop.extent)[0]

        def trip(index: Value, carried: Values) -> Values:
            self.scopes.bind(next(iter(dims.symbols(first))), index)
            self._look(loop)
            mask = self._mask(rest, index, stop, width) if width > 1 else None
            with self._iterations(loop.index, first, width, mask):
                return self._blend(mask, self.body(loop, carried), carried)

        once = rest <= width if isinstance(rest, int) else width >= loop.width * loop.unroll
        surely = isinstance(rest, int) and rest > 0
        return counted(self.scopes, start, stop, width, values, trip, surely=surely, once=once)

    def _mask(self, rest: Dim, index: Value, end: Value, width: int) -> Value:
        """The lanes that are inside the loop: those below `end - index`."""
        lanes = iota(I32, width)
        builder = self.scopes.here()
        if isinstance(rest, int) and rest < width:
            return vector_of(I1, ("true" if lane < rest else "false" for lane in range(width)))
        remaining = builder.sub(end, index)
        most = integer(width)
        bounded = builder.select(builder.icmp_signed("<", remaining, most), remaining, most)
        ends = builder.splat(builder.cast("trunc", bounded, I32), width)
        return builder.icmp_unsigned("<", lanes, ends)

    def _blend(self, mask: Value | None, new: Values, old: Values) -> Values:
        """Dead lanes keep their carried values."""
        if mask is None:
            return new
        return [self.scopes.here().select(mask, n, o) for n, o in zip(new, old, strict=True)]

    # One trip

    def _look(self, loop: For) -> None:
        if loop in self.emitter.looking:
            self.emitter.look()

    def body(self, loop: For, carried: Values) -> Values:
        """The statements and the next carried values, in the shape of `carried`."""
        if loop.carried is None:
            self.emitter.statements(loop.body)
            return []
        for variable, value in zip(loop.carried.variables, carried, strict=True):
            self.expressions.bind(variable, value)
        self.emitter.statements(loop.body)
        return [
            self.scopes.splat(self.expressions.value(following), lanes_of(value))[0]
            for following, value in zip(loop.carried.next, carried, strict=True)
        ]

    @contextmanager
    def _iterations(
        self, index: Symbol, first: Dim, width: int, mask: Value | None
    ) -> Iterator[None]:
        """A stretch of code in which `index` stands for `width` iterations from `first` on."""
        if width == 1:
            with self._index_is(index, first):
                yield
            return
        self.positions.lanes = Lanes(index, first, width, mask)
        with self.scopes.stretch() as scope:
            self.positions.known_since[index] = scope.depth
            yield
        del self.positions.known_since[index]
        self.positions.lanes = None

    @contextmanager
    def _index_is(self, index: Symbol, value: Dim) -> Iterator[None]:
        self.positions.known[index] = value
        with self.scopes.stretch() as scope:
            self.positions.known_since[index] = scope.depth
            yield
        del self.positions.known[index], self.positions.known_since[index]

    # Carried values

    def _lanes_around(self) -> int:
        """The lanes of the vector loop that this loop is inside of, else 1."""
        return 1 if self.positions.lanes is None else self.positions.lanes.count

    def initial(self, carried: Carried | None, lanes: int = 1) -> Values:
        """The values that a loop starts with."""
        if carried is None:
            return []
        return [
            self.scopes.splat(self.expressions.value(value), lanes)[0] for value in carried.initial
        ]

    def _merge_copies(self, carried: Carried | None, values: Values, copies: int) -> Values:
        """Combine the carried values of `copies` copies, pairwise."""
        if carried is None or carried.combiner is None or copies == 1:
            return values
        size = len(carried.variables)
        parts = [values[n * size : (n + 1) * size] for n in range(copies)]
        while len(parts) > 1:
            pairs = zip(parts[0::2], parts[1::2], strict=False)
            merged = [self.combine(carried.combiner, *pair) for pair in pairs]
            parts = merged + parts[len(merged) * 2 :]
        return parts[0]

    def _merge_lanes(self, carried: Carried | None, values: Values, width: int) -> Values:
        """Combine the lanes of each carried value by halving; scalars remain."""
        if carried is None or carried.combiner is None or width == 1:
            return values
        builder = self.scopes.here()
        while width > 2:
            width //= 2
            lower = [builder.permute(v, range(width)) for v in values]
            upper = [builder.permute(v, range(width, 2 * width)) for v in values]
            values = self.combine(carried.combiner, lower, upper)
        last = ([builder.extract_element(v, lane) for v in values] for lane in (0, 1))
        return self.combine(carried.combiner, *last)

    def combine(self, combiner: Combiner, left: Values, right: Values) -> Values:
        """What a combiner makes of two partial values."""
        with self.scopes.stretch():
            for variable, value in zip(combiner.left + combiner.right, left + right, strict=True):
                self.expressions.bind(variable, value)
            return [self.expressions.value(result)[0] for result in combiner.results]


def _streaming_stores(loop: For) -> list[Store]:
    """The stores of a loop's own body that can bypass the cache: contiguous and unconditional."""
    if loop.carried is not None:
        return []
    return [
        statement
        for statement in loop.body
        if isinstance(statement, Store)
        and statement.streaming
        and statement.mask is None
        and statement.scatter is None
        and dims.coefficient_of(statement.position, loop.index) == 1
    ]
