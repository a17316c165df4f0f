"""Steps that say how a loop runs: they put a kind in the place of its role."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowc.ir.dims import Dim, Symbol
from flowc.ir.loops.kernel import Carried, For, If, Kernel, Kind, Role, Statement
from flowc.passes.schedule.steps import ROLES, Body, ScheduleError, expect, replace_loop


@dataclass(frozen=True)
class Bind:
    """Iterations of a free loop to the threads of the machine, at least `grain` of them to each.

    free i < n { B }  ->  parallel(grain) i < n { B }

    With another kind, to blocks or to the threads of a block; a reduced loop's to threads, too,
    which combine what they carry.
    """

    loop: Symbol
    grain: Dim = 1
    kind: Kind = Kind.PARALLEL

    def __str__(self) -> str:
        grain = "" if self.grain == 1 else f", {self.grain} iterations or more to each"
        return f"bind {self.loop} to {self.kind.value}{grain}"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.loop, self._bound)

    def _bound(self, loop: For) -> Body:
        expect(loop, *(ROLES if self.kind is Kind.THREAD else (Role.FREE,)))
        return (replace(loop, kind=self.kind, grain=self.grain, role=Role.ORDERED),)


@dataclass(frozen=True)
class Vectorize:
    """Iterations of an innermost loop to SIMD lanes, `unroll` vectors in a trip.

    free i < n { B }  ->  vector(width=lanes, unroll) i < n { B }

    In a reduced loop each lane has a partial value; they are combined after it.
    """

    loop: Symbol
    lanes: int
    unroll: int = 1

    def __str__(self) -> str:
        together = "" if self.unroll == 1 else f", {self.unroll} vectors at a time"
        return f"vectorize {self.loop} in {self.lanes} lanes{together}"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.loop, self._vector)

    def _vector(self, loop: For) -> Body:
        expect(loop, *ROLES)
        kind, width, unroll = Kind.VECTOR, self.lanes, self.unroll
        body = tuple(map(in_order, loop.body))
        new = replace(loop, kind=kind, width=width, unroll=unroll, body=body, role=Role.ORDERED)
        return (new,)


@dataclass(frozen=True)
class Unroll:
    """The body of a loop of known extent, repeated.

    free i < 4 { B }  ->  unrolled i < 4 { B }
    """

    loop: Symbol

    def __str__(self) -> str:
        return f"unroll {self.loop}"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.loop, self._unrolled)

    def _unrolled(self, loop: For) -> Body:
        if not isinstance(loop.extent, int):
            raise ScheduleError(f"the extent of loop {loop.index} is not known: {loop.extent}")
        expect(loop, *Role)
        return (replace(loop, kind=Kind.UNROLLED, role=Role.ORDERED),)


@dataclass(frozen=True)
class RunInOrder:
    """One iteration after the other in all loops that still have a role, or in one and those in it.

    free i < n { B }  ->  serial i < n { B }
    """

    loop: Symbol | None = None

    def __str__(self) -> str:
        return "run in order" if self.loop is None else f"run {self.loop} in order"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        if self.loop is not None:
            return replace_loop(kernel, self.loop, lambda loop: (in_order(loop),))
        body = tuple(map(in_order, kernel.body))
        same = all(a is b for a, b in zip(body, kernel.body, strict=True))
        return kernel if same else replace(kernel, body=body)


def in_order(statement: Statement) -> Statement:
    """The statement with all roles gone, and the combiners of loops that have no kind with them."""
    if not isinstance(statement, For | If):
        return statement
    body = tuple(map(in_order, statement.body))
    same = all(a is b for a, b in zip(body, statement.body, strict=True))
    if isinstance(statement, For) and statement.role in ROLES:
        return replace(statement, body=body, role=Role.ORDERED, carried=_alone(statement.carried))
    return statement if same else replace(statement, body=body)


def _alone(carried: Carried | None) -> Carried | None:
    return carried and replace(carried, combiner=None)
