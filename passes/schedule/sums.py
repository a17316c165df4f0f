"""Steps around sums whose values lie in memory: repeat a reduction's iterations, stage its sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flowc.ir import dims
from flowc.ir.dims import Symbol, as_dim
from flowc.ir.loops.expressions import Load, Scalar, Variable
from flowc.ir.loops.kernel import (
    Allocate,
    Buffer,
    Carried,
    For,
    Kernel,
    Let,
    Role,
    Statement,
    Store,
)
from flowc.ir.loops.rewrite import Rewriter
from flowc.ir.loops.walk import nodes, statements
from flowc.passes.schedule.steps import Body, ScheduleError, expect, loops, renamed, replace_loop


@dataclass(frozen=True)
class Repeat:
    """`count` iterations of a reduction in one trip, in their order; then those that are left.

    reduced i < n { carry s = e; B; next f(s, i) } results r
    ->  serial i_trip < n / 2 { carry s = e; B[i := 2*i_trip]; B[i := 2*i_trip + 1];
                                next f(f(s, 2*i_trip), 2*i_trip + 1) } results t
        serial i_left < n mod 2 { carry u = t; B[i := n - n mod 2 + i_left]; next f(u, ...) }
          results r
    """

    loop: Symbol
    count: int

    def __str__(self) -> str:
        return f"repeat {self.loop} {self.count} times in a trip"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.loop, self._repeated)

    def _repeated(self, loop: For) -> Body:
        expect(loop, Role.REDUCED)
        _expect_no_names(loop)
        assert loop.carried is not None
        carried = replace(loop.carried, combiner=None)
        trips = dims.floordiv(loop.extent, self.count)
        left = loop.extent - trips * self.count
        if left == 0:
            return (self._trips(loop, trips, carried),)
        if trips == 0:
            return (self._left(loop, 0, loop.extent, carried),)
        between = renamed(carried.results, f"{loop.index}_trip")
        first = self._trips(loop, trips, replace(carried, results=between))
        held = renamed(carried.variables, f"{loop.index}_left")
        known: dict[Scalar, Scalar] = dict(zip(carried.variables, held, strict=True))
        following = Rewriter(known=known)
        rest = Carried(held, between, tuple(map(following.scalar, carried.next)), carried.results)
        body = following.statements(loop.body)
        last = replace(loop, body=body, carried=rest)
        return (first, self._left(last, trips * self.count, left, rest))

    def _trips(self, loop: For, trips: dims.Dim, carried: Carried) -> For:
        trip = Symbol(f"{loop.index}_trip", trips)
        body: list[Statement] = []
        values: tuple[Scalar, ...] = carried.variables
        for number in range(self.count):
            place = as_dim(trip) * self.count + number
            known: dict[Scalar, Scalar] = dict(zip(carried.variables, values, strict=True))
            rewriter = Rewriter(symbols={loop.index: place}, known=known)
            body += rewriter.statements(loop.body)
            values = tuple(map(rewriter.scalar, carried.next))
        return For(trip, trips, tuple(body), carried=replace(carried, next=values))

    def _left(self, loop: For, start: dims.Dim, count: dims.Dim, carried: Carried) -> For:
        left = Symbol(f"{loop.index}_left", self.count)
        rewriter = Rewriter(symbols={loop.index: start + as_dim(left)})
        body = rewriter.statements(loop.body)
        return For(left, count, body, carried=rewriter.carried(carried))


@dataclass(frozen=True)
class StageSums:
    """What loops inside a free loop carry, in scratch with a place for each of its iterations.

    free c < n { serial r < m { carry s = e; B; next f(s) } results t; T(t) }
    ->  allocate s[n]
        free c_0 < n { store s[c_0] = e }
        serial r < m { free c_1 < n { B; store s[c_1] = f(load s[c_1]) } }
        free c_2 < n { T(load s[c_2]) }

    So neighbouring iterations of the free loop may run in lanes, while the inner loops go on.
    """

    loop: Symbol

    def __str__(self) -> str:
        return f"stage what is carried inside {self.loop} in scratch"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.loop, self._staged)

    def _staged(self, loop: For) -> Body:
        expect(loop, Role.FREE)
        _expect_no_names(loop)
        staging = _Staging(loop)
        body = staging.body(loop.body, ())
        return (*map(Allocate, staging.buffers), *body)

    def parts(self, kernel: Kernel) -> list[Symbol]:
        """The loops that stand for the free one, in a kernel after the step."""
        found = [loop.index for loop in loops(kernel.body)]
        return [
            i for i in found if i.rpartition("_")[0] == self.loop and i.rpartition("_")[2].isdigit()
        ]


@dataclass
class _Staging:
    """The rewrite of one free loop."""

    loop: For
    buffers: list[Buffer] = field(default_factory=list)
    places: dict[Variable, Buffer] = field(default_factory=dict)  # of carried values and results
    count: int = 0

    def body(self, body: Body, last: Body) -> Body:
        """Statements for all iterations of the free loop, and `last` after them."""
        found: list[Statement] = []
        line: list[Statement] = []
        for statement in body:
            if not isinstance(statement, For):
                line.append(statement)
                continue
            line += self._begin(statement)
            found += self._line(line)
            line = []
            found.append(self._inner(statement))
        return (*found, *self._line([*line, *last]))

    def _begin(self, loop: For) -> Body:
        """Memory for what a loop carries, and the stores of its initial values."""
        carried = loop.carried
        if carried is None or self.loop.index in dims.symbols(loop.extent):
            raise ScheduleError(
                f"loop {loop.index} carries nothing, or ends with {self.loop.index}"
            )
        known = [self.places.get(v) if isinstance(v, Variable) else None for v in carried.initial]
        if all(known):
            buffers = [b for b in known if b is not None]
        else:
            size = self.loop.extent if self.loop.index.extent is None else self.loop.index.extent
            names = [f"{v.name}_{self.loop.index}" for v in carried.variables]
            buffers = [
                Buffer(name, v.dtype, size)
                for name, v in zip(names, carried.variables, strict=True)
            ]
            self.buffers += buffers
        for variables in (carried.variables, carried.results):
            self.places.update(zip(variables, buffers, strict=True))
        return () if all(known) else self._saves(buffers, carried.initial)

    def _inner(self, loop: For) -> For:
        carried = loop.carried
        assert carried is not None
        buffers = [self.places[v] for v in carried.variables]
        body = self.body(loop.body, self._saves(buffers, carried.next))
        return replace(loop, body=body, carried=None, role=Role.ORDERED)

    def _saves(self, buffers: Sequence[Buffer], values: Sequence[Scalar]) -> Body:
        position = as_dim(self.loop.index)
        return tuple(Store(b, position, v) for b, v in zip(buffers, values, strict=True))

    def _line(self, line: Sequence[Statement]) -> Body:
        """Straight-line statements in a loop of their own."""
        if not line:
            return ()
        index = Symbol(f"{self.loop.index}_{self.count}", self.loop.index.extent)
        self.count += 1
        position = as_dim(index)
        loads: dict[Scalar, Scalar] = {v: Load(b, position) for v, b in self.places.items()}
        rewriter = Rewriter(symbols={self.loop.index: position}, known=loads)
        body = rewriter.statements(tuple(line))
        return (For(index, self.loop.extent, _read_first(body, self.buffers), role=Role.FREE),)


def _read_first(body: Body, sums: Sequence[Buffer]) -> Body:
    """The statements, after reads of the sums that would come after stores to them."""
    late: dict[Load, Variable] = {}
    read: set[Load] = set()
    stored: set[Buffer] = set()
    for statement in body:
        assert isinstance(statement, Store)
        for node in nodes([statement.value]):
            if isinstance(node, Load) and node.buffer in sums and node not in read:
                read.add(node)
                if node.buffer in stored:
                    late[node] = Variable(node.dtype, f"{node.buffer.name}_{len(late)}_before")
        stored.add(statement.buffer)
    if not late:
        return body
    rewriter = Rewriter(known=dict(late.items()))
    return (*(Let(v, load) for load, v in late.items()), *rewriter.statements(body))


def _expect_no_names(loop: For) -> None:
    """Raise ScheduleError where a body holds what can not be repeated or moved apart."""
    for statement in statements(loop.body):
        if not isinstance(statement, For | Store):
            kind = type(statement).__name__
            raise ScheduleError(f"there is a {kind} in loop {loop.index}")
