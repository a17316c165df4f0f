"""Random kernels of blocks and threads: phases over a row, with barriers between them.

A phase reads the row, or what an earlier phase left in shared memory, at places of its own, and
writes each place once, or sums. What a phase leaves another may read after a barrier; one that
writes nobody's places may do without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.loops.expressions import Binary, Constant, Convert, Index, Load, Scalar, Variable
from flowc.ir.loops.kernel import (
    Allocate,
    Barrier,
    Buffer,
    Carried,
    Combiner,
    For,
    If,
    Kernel,
    Kind,
    Space,
    Statement,
    Store,
)

I32 = dtypes.int32
ROWS, COLUMNS = dims.symbol("rows"), dims.symbol("columns")
PLACES: tuple[Callable[[Dim], Dim], ...] = (
    lambda c: c,
    lambda c: COLUMNS - 1 - c,
    lambda c: dims.mod(c + 1, COLUMNS),
)  # one to one in the columns of a row

Body = tuple[Statement, ...]


class Builder:
    """Draws the phases of a block."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.numbers = 0
        self.row = as_dim(Symbol("row", ROWS))
        self.x = Buffer("x", I32, ROWS * COLUMNS)
        self.y = Buffer("y", I32, ROWS * COLUMNS)
        self.shared = [Buffer(f"s{n}", I32, COLUMNS) for n in range(2)]
        self.known: list[Scalar] = [Constant(I32, 3)]  # uniform values
        self.warps: int = draw(st.sampled_from([0, 0, 2]))  # threads of an outer dimension
        self.threads: int = draw(st.integers(1, 4))

    def pick(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def value(self, column: Dim, written: Buffer | None = None) -> Scalar:
        """A value of one column, from buffers that its phase does not write."""
        node: Scalar = Load(self.x, self.row * COLUMNS + self.pick(*PLACES)(column))
        for _ in range(self.draw(st.integers(1, 3))):
            buffers = [b for b in self.shared if b is not written]
            shared = Load(self.pick(*buffers), self.pick(*PLACES)(column))
            other = self.pick(shared, shared, *self.known[-2:], Index(I32, column))
            node = Binary(I32, self.pick("add", "maximum", "subtract"), node, other)
        return node

    def dealt(self, make: Callable[[Dim], tuple[Body, Scalar | None]]) -> Body:
        """A thread loop over the columns, dealt out in turn; what it carries is summed."""
        number = self.number()
        count = self.threads * max(1, self.warps)
        thread = Symbol(f"t{number}", self.threads)
        warp = Symbol(f"w{number}", self.warps)
        at = as_dim(thread) + (self.threads * as_dim(warp) if self.warps else 0)
        turns = dims.floordiv(COLUMNS - at + count - 1, count)
        turn = Symbol(f"k{number}", turns)
        body, added = make(at + count * as_dim(turn))
        loop = For(turn, turns, body, carried=self.sum(added, "turn"))
        for index, kind in ((thread, "thread"), (warp, "warp"))[: 2 if self.warps else 1]:
            extent = self.threads if index is thread else self.warps
            given = None if loop.carried is None else loop.carried.results[0]
            loop = For(index, extent, (loop,), Kind.THREAD, carried=self.sum(given, kind))
        if loop.carried is not None:
            self.known.append(loop.carried.results[0])
        return (loop,)

    def sum(self, added: Scalar | None, name: str) -> Carried | None:
        if added is None:
            return None
        total, result, left, right = (
            Variable(I32, f"{name}_{part}{self.number()}") for part in ("sum", "all", "a", "b")
        )
        both = Binary(I32, "add", left, right)
        combiner = Combiner((left,), (right,), (both,))
        following = Binary(I32, "add", total, added)
        return Carried((total,), (Constant(I32, 0),), (following,), (result,), combiner)

    def phase(self) -> Body:
        """A loop over the columns, or a store of the block."""
        match self.pick("stage", "stage", "sum", "block"):
            case "stage":
                target, place = self.pick(*self.shared), self.pick(*PLACES)
                return self.dealt(lambda column: (self.stage(target, place, column), None))
            case "sum":
                return self.dealt(lambda column: ((), self.value(column)))
            case _:
                target = self.pick(*self.shared)
                value = self.pick(*self.known)
                first = Convert(dtypes.bool_, Index(I32, COLUMNS))
                return (Store(target, 0, value, first),)

    def stage(self, target: Buffer, place: Callable[[Dim], Dim], column: Dim) -> Body:
        """A value for each place of a shared buffer."""
        return (Store(target, place(column), self.value(column, target)),)

    def phases(self, count: int) -> Body:
        """Phases with barriers before them; what they sum is known only there."""
        return tuple(s for _ in range(count) for s in (Barrier(), *self.phase()))

    def repeated(self) -> Body:
        """A serial loop of the block with phases in it."""
        known = list(self.known)
        index = Symbol(f"r{self.number()}", 2)
        loop = For(index, 2, self.phases(self.draw(st.integers(1, 2))))
        self.known = known
        return (loop,)

    def fill(self, buffer: Buffer) -> Body:
        """Each column its number."""
        return self.dealt(lambda column: ((Store(buffer, column, Index(I32, column)),), None))

    def result(self, column: Dim) -> tuple[Body, Scalar | None]:
        """The row's result."""
        return (Store(self.y, self.row * COLUMNS + column, self.value(column)),), None

    def build(self) -> Kernel:
        """The whole kernel."""
        body = [statement for buffer in self.shared for statement in self.fill(buffer)]
        body += self.phases(self.draw(st.integers(1, 4)))
        if self.draw(st.booleans()):
            body += self.repeated()
        body += (Barrier(), *self.dealt(self.result))
        allocations = (Allocate(b, Space.SHARED) for b in self.shared)
        grid = For(Symbol("row", ROWS), ROWS, (*allocations, *body), Kind.BLOCK)
        return Kernel("random_grid", (self.x, self.y), (grid,))


@st.composite
def grids(draw: Any) -> Kernel:
    return Builder(draw).build()


def in_series(kernel: Kernel) -> Kernel:
    """The same for a CPU: serial loops without barriers. A phase is over before the next."""
    return replace(kernel, body=_in_series(kernel.body))


def _in_series(body: Body) -> Body:
    found: list[Statement] = []
    for statement in body:
        match statement:
            case For():
                found.append(replace(statement, kind=Kind.SERIAL, body=_in_series(statement.body)))
            case If():
                found.append(replace(statement, body=_in_series(statement.body)))
            case Allocate(buffer=buffer):
                found.append(Allocate(buffer))
            case Barrier():
                pass
            case _:
                found.append(statement)
    return tuple(found)
