"""Steps for machines with blocks of threads: deal out, place scratch, stage a row, synchronize."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import is_

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.loops.expressions import Load, Scalar, Variable
from flowc.ir.loops.kernel import (
    Allocate,
    Barrier,
    Buffer,
    For,
    If,
    Kernel,
    Kind,
    Let,
    Space,
    Statement,
    Store,
)
from flowc.ir.loops.rewrite import Rewriter
from flowc.ir.loops.walk import nodes, roots, statements
from flowc.passes.schedule.loops import split_carried
from flowc.passes.schedule.steps import (
    ROLES,
    Body,
    ScheduleError,
    expect,
    find_loop,
    replace_loop,
)


@dataclass(frozen=True)
class Deal:
    """Iterations dealt out in turn: neighbours to different takers, as memory likes its threads.

    free i < n { B }
    ->  free i_taker < count {
          free i_turn < ceildiv(n - i_taker, count) { B[i := i_taker + count*i_turn] } }

    A reduced loop carries a partial value for each taker, and combines those of the takers.
    """

    loop: Symbol
    count: int

    def __str__(self) -> str:
        return f"deal {self.loop} out to {self.count}"

    @property
    def taker(self) -> str:
        """The name of the loop over takers."""
        return f"{self.loop}_taker"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.loop, self._dealt)

    def _dealt(self, loop: For) -> Body:
        expect(loop, *ROLES)
        taker = Symbol(self.taker, self.count)
        turns = dims.ceildiv(loop.extent - as_dim(taker), self.count)
        turn = Symbol(f"{self.loop}_turn", turns)
        inner, outer = split_carried(loop.carried, turn.name)
        rewriter = Rewriter(symbols={loop.index: as_dim(taker) + self.count * as_dim(turn)})
        body = rewriter.statements(loop.body)
        carried = inner and rewriter.carried(inner)
        turns_loop = For(turn, turns, body, carried=carried, role=loop.role)
        return (For(taker, self.count, (turns_loop,), carried=outer, role=loop.role),)


@dataclass(frozen=True)
class PutInOneBlock:
    """What stands from one statement of the kernel on, by a single block.

    A; B; C  ->  A; block only_block < 1 { B; C }
    """

    first: int
    block: str = "only_block"

    def __str__(self) -> str:
        return f"put all from statement {self.first} on in one block"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        before, after = kernel.body[: self.first], kernel.body[self.first :]
        return replace(kernel, body=(*before, For(Symbol(self.block, 1), 1, after, Kind.BLOCK)))


@dataclass(frozen=True)
class Place:
    """A scratch buffer in memory that all who touch it see.

    allocate b[n]  ->  allocate shared b[n]
    """

    buffer: str
    space: Space

    def __str__(self) -> str:
        return f"place {self.buffer} in {self.space.value} memory"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace(kernel, body=self._body(kernel.body))

    def _body(self, body: Body) -> Body:
        return tuple(map(self._statement, body))

    def _statement(self, statement: Statement) -> Statement:
        match statement:
            case Allocate(buffer=buffer) if buffer.name == self.buffer:
                return replace(statement, space=self.space)
            case For(body=body) | If(body=body):
                return replace(statement, body=self._body(body))
        return statement


@dataclass(frozen=True)
class StageRow:
    """What passes over a row read more than once, or write and read again, in shared memory.

    block i { reduced j < n { .. load x[s + j] .. } free k < n { .. load x[s + k] .. } }
    ->  block i { allocate shared row_x[n]
          reduced j < n { let v = load x[s + j]; store row_x[j] = v; .. v .. }
          free k < n { .. load row_x[k] .. } }

    A store goes to the row in shared memory where a later pass reads it, and to the buffer where no
    later pass stores there again.
    """

    block: Symbol
    buffer: str

    def __str__(self) -> str:
        return f"stage the row of {self.buffer} in shared memory"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.block, self._staged)

    def _staged(self, block: For) -> Body:
        found = [passes for passes in staged_rows(block.body) if passes.buffer.name == self.buffer]
        if not found:
            raise ScheduleError(f"'{self.buffer}' is no row that passes in {self.block} share")
        (passes,) = found
        row = Buffer(f"row_{self.buffer}", passes.buffer.dtype, passes.extent)
        body = tuple(passes.moved(number, s, row) for number, s in enumerate(block.body))
        return (replace(block, body=(Allocate(row, Space.SHARED), *body)),)


@dataclass(frozen=True)
class RowPasses:
    """The passes of a block over one row of a buffer, by their places in the block's body.

    All touch `buffer[start + index]`, and nothing else of the buffer, for an index below `extent`.
    """

    buffer: Buffer
    extent: int
    reads: tuple[int, ...]
    writes: tuple[int, ...]

    @property
    def pays(self) -> bool:
        """Whether the row comes from memory more than once."""
        first = min((*self.reads, *self.writes))
        return any(number > first for number in self.reads)

    def moved(self, number: int, statement: Statement, row: Buffer) -> Statement:
        """A statement of the block with its accesses to the row in shared memory."""
        if number not in (*self.reads, *self.writes):
            return statement
        assert isinstance(statement, For)
        place = as_dim(statement.index)
        again = Load(row, place)
        first = number == min((*self.reads, *self.writes)) and number in self.reads
        value: Scalar = again
        body: Body = ()
        if first:
            name = Variable(self.buffer.dtype, f"{row.name}_{statement.index}")
            load = next(n for n in _scalars(statement) if _loads(n, self.buffer))
            body = (Let(name, load), Store(row, place, name))
            value = name
        loads = {n: value for n in _scalars(statement) if _loads(n, self.buffer)}
        rewriter = Rewriter(known=loads)
        for inner in statement.body:
            body += self._statement(number, rewriter.statement(inner), row, place)
        carried = statement.carried
        return replace(statement, body=body, carried=carried and rewriter.carried(carried))

    def _statement(self, number: int, statement: Statement, row: Buffer, place: Dim) -> Body:
        """A statement of a pass; a store of the row also, or only, goes to shared memory."""
        if not isinstance(statement, Store) or statement.buffer is not self.buffer:
            return (statement,)
        last = number == self.writes[-1]
        again = number < max(self.reads, default=-1)
        kept = (Store(row, place, statement.value),) if again else ()
        return (*kept, statement) if last else kept


def staged_rows(body: Body) -> Iterator[RowPasses]:
    """The rows of known length that passes standing in a block's body share."""
    passes = {n: s for n, s in enumerate(body) if isinstance(s, For) and s.role in ROLES}
    for buffer in _touched(body):
        found = _row_passes(buffer, body, passes)
        if found is not None:
            yield found


def _row_passes(buffer: Buffer, body: Body, passes: dict[int, For]) -> RowPasses | None:
    """How passes share a row of `buffer`; None where they do not."""
    reads: list[int] = []
    writes: list[int] = []
    starts: set[Dim] = set()
    extents: set[Dim] = set()
    for number, statement in enumerate(body):
        loads, stores = _accesses(statement, buffer)
        if not loads and not stores:
            continue
        loop = passes.get(number)
        if loop is None or any(isinstance(s, For | If) for s in loop.body) or None in stores:
            return None
        for position in (*loads, *stores):
            if position is None or dims.coefficient_of(position, loop.index) != 1:
                return None
            starts.add(position - as_dim(loop.index))
        extents.add(loop.extent)
        reads += [number] * bool(loads)
        writes += [number] * bool(stores)
    if len(starts) != 1 or len(extents) != 1:
        return None
    (extent,) = extents
    return (
        RowPasses(buffer, extent, tuple(reads), tuple(writes)) if isinstance(extent, int) else None
    )


def _accesses(statement: Statement, buffer: Buffer) -> tuple[set[Dim | None], set[Dim | None]]:
    """Where a statement loads from a buffer and stores to it; None for where data decides."""
    loads: set[Dim | None] = set()
    for node in _scalars(statement):
        if isinstance(node, Load) and node.buffer is buffer:
            plain = node.mask is None and node.gather is None
            loads.add(node.position if plain else None)
    stores: set[Dim | None] = set()
    for inner in statements((statement,)):
        if isinstance(inner, Store) and inner.buffer is buffer:
            plain = inner.mask is None and inner.scatter is None
            stores.add(inner.position if plain else None)
    return loads, stores


def _scalars(statement: Statement) -> Iterator[Scalar]:
    yield from nodes([root for s in statements((statement,)) for root in roots(s)])


def _loads(node: Scalar, buffer: Buffer) -> bool:
    return isinstance(node, Load) and node.buffer is buffer


def _touched(body: Body) -> dict[Buffer, None]:
    """The buffers that statements touch, in order."""
    found: dict[Buffer, None] = {}
    for statement in body:
        found.update({n.buffer: None for n in _scalars(statement) if isinstance(n, Load)})
        stores = (s for s in statements((statement,)) if isinstance(s, Store))
        found.update({s.buffer: None for s in stores})
    return found


# Barriers


@dataclass(frozen=True)
class Synchronize:
    """A barrier in front of each statement of a block that touches what others may have touched.

    block i { thread t { store b[t] } thread t { load b[n - t] } }
    ->  block i { thread t { store b[t] } barrier; thread t { load b[n - t] } }

    None where each thread finds only what it left itself.
    """

    block: Symbol

    def __str__(self) -> str:
        return f"synchronize the threads of {self.block}"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        block = find_loop(kernel, self.block)
        body = with_barriers(block.body)
        if len(body) == len(block.body) and all(map(is_, body, block.body)):
            return kernel
        return replace_loop(kernel, self.block, lambda _: (replace(block, body=body),))


def with_barriers(body: Body) -> Body:
    """A block's body with the barriers that it needs."""
    found: list[Statement] = []
    since: list[Statement] = []  # the last barrier
    for statement in body:
        if isinstance(statement, For | If) and not _is_thread_loop(statement):
            statement = _with_barriers_inside(statement)
        if not _begins_with_barrier(statement) and any(meets(s, statement) for s in since):
            found.append(Barrier())
            since = []
        found.append(statement)
        since.append(statement)
    return tuple(found)


def _with_barriers_inside(statement: For | If) -> Statement:
    """The statement with barriers in its body; one at its start where iterations meet."""
    inner = with_barriers(statement.body)
    if len(inner) > len(statement.body) or meets(statement, statement):
        return replace(statement, body=(Barrier(), *inner))
    return statement


def _begins_with_barrier(statement: Statement) -> bool:
    if not isinstance(statement, For | If):
        return False
    return any(isinstance(s, Barrier) for s in statement.body[:1])


def meets(
    first: Statement, second: Statement, besides: frozenset[Buffer] | set[Buffer] = frozenset()
) -> bool:
    """Whether threads may touch, in `second`, what others wrote or read in `first`.

    Buffers in `besides` do not count.
    """
    local = {s.buffer for s in statements((first, second)) if isinstance(s, Allocate)} | besides
    for buffer in _touched((first, second)):
        writes = any(_accesses(s, buffer)[1] for s in (first, second))
        both = all(any(_accesses(s, buffer)) for s in (first, second))
        if both and writes and buffer not in local and not _own(first, second, buffer):
            return True
    return False


def _own(first: Statement, second: Statement, buffer: Buffer) -> bool:
    """Whether the threads of two loops touch the same elements of a buffer, each its own."""
    owned = [_owned(s, buffer) for s in (first, second)]
    return owned[0] is not None and owned[0] == owned[1]


def _owned(statement: Statement, buffer: Buffer) -> tuple[Dim, Dim] | None:
    """`(start, count)` where thread t of `count` touches `start + t + count*k` only."""
    if not _is_thread_loop(statement):
        return None
    assert isinstance(statement, For)
    inner = statement.body[0]
    if not isinstance(inner, For) or len(statement.body) > 1:
        return None
    starts: set[Dim] = set()
    loads, stores = _accesses(statement, buffer)
    for position in loads | stores:
        if position is None:
            return None
        ours = dims.coefficient_of(position, statement.index)
        turn = dims.coefficient_of(position, inner.index)
        if ours != 1 or turn != statement.extent:
            return None
        starts.add(position - as_dim(statement.index) - statement.extent * as_dim(inner.index))
    return (starts.pop(), statement.extent) if len(starts) == 1 else None


def _is_thread_loop(statement: Statement) -> bool:
    return isinstance(statement, For) and statement.kind is Kind.THREAD
