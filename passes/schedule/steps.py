"""What a step of a schedule is, what a schedule is, and how both walk a kernel's loops.

A step is a frozen dataclass: its fields say where it acts and with which numbers, its text is what
dumps show, and `run` gives the rewritten kernel. It *requires* that every loop of the kernel has an
index, and every variable a name, of its own (`with_unique_loops`), and *ensures* that again; the
kernel computes the same as before. A step that does not fit a kernel raises ScheduleError.

A schedule is a generator: it looks at a kernel, yields the step that it wants, and gets back the
kernel after it. So the same schedule runs in a compilation, in a dump that prints every kernel on
the way, and in a test that interprets each.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias

from flowc.ir.dims import Symbol
from flowc.ir.loops.expressions import Scalar, Variable
from flowc.ir.loops.kernel import Carried, Combiner, For, If, Kernel, Kind, Role, Statement
from flowc.ir.loops.rewrite import Rewriter

Body: TypeAlias = tuple[Statement, ...]
ROLES = (Role.FREE, Role.REDUCED)  # of loops that a schedule may change


class ScheduleError(Exception):
    """A step does not fit the kernel that it was asked to rewrite."""


class Step(Protocol):
    """A rewrite of a kernel. Its docstring shows the loops before and after."""

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step. Raises ScheduleError where it does not fit."""


Steps: TypeAlias = Generator[Step, Kernel, Kernel]  # returns the kernel after the last step
Seen: TypeAlias = Callable[[str, Kernel], None]  # a step's text, and the kernel after it


class Schedule(Protocol):
    """A part of a schedule, which the pipeline lists: what it does where it pays."""

    @property
    def name(self) -> str:
        """A verb phrase in words joined by underscores, as dumps give it."""

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""


def run_schedule(schedule: Schedule, kernel: Kernel, seen: Seen | None = None) -> Kernel:
    """The kernel that a schedule ends with; `seen` is told each step and the kernel after it."""
    steps = schedule.steps(kernel)
    try:
        step = next(steps)
        while True:
            kernel = step.run(kernel)
            if seen is not None:
                seen(f"{schedule.name}: {step}", kernel)
            step = steps.send(kernel)
    except StopIteration:
        return kernel


# Loops of a kernel


def replace_loop(kernel: Kernel, index: Symbol, make: Callable[[For], Body]) -> Kernel:
    """The kernel with `make(loop)` in the place of the loop whose index that is."""
    body = _replaced(kernel.body, index, make)
    if body is None:
        raise ScheduleError(f"kernel '{kernel.name}' has no loop {index}")
    return replace(kernel, body=body)


def _replaced(body: Body, index: Symbol, make: Callable[[For], Body]) -> Body | None:
    for place, statement in enumerate(body):
        if isinstance(statement, For) and statement.index == index:
            return (*body[:place], *make(statement), *body[place + 1 :])
        if isinstance(statement, For | If):
            inner = _replaced(statement.body, index, make)
            if inner is not None:
                new = replace(statement, body=inner)
                return (*body[:place], new, *body[place + 1 :])
    return None


def find_loop(kernel: Kernel, index: Symbol) -> For:
    """The loop with an index."""
    for loop in loops(kernel.body):
        if loop.index == index:
            return loop
    raise ScheduleError(f"kernel '{kernel.name}' has no loop {index}")


def loops(body: Sequence[Statement]) -> Iterator[For]:
    """All loops, outer ones first."""
    for statement in body:
        if isinstance(statement, For):
            yield statement
        if isinstance(statement, For | If):
            yield from loops(statement.body)


def chain(loop: For) -> list[For]:
    """The loop and those in it, as long as each is all that the one around it does."""
    found = [loop]
    while len(found[-1].body) == 1 and isinstance(inner := found[-1].body[0], For):
        found.append(inner)
    return found


def nests(kernel: Kernel) -> list[For]:
    """The loops of the kernel's own body that a schedule may change."""
    return [s for s in kernel.body if isinstance(s, For) and s.role in ROLES]


def expect(loop: For, *roles: Role) -> None:
    """Raise ScheduleError unless the loop has one of the roles, and no kind yet."""
    if loop.role not in roles or loop.kind is not Kind.SERIAL:
        wanted = " or ".join(role.value for role in roles)
        raise ScheduleError(
            f"loop {loop.index} is {loop.role.value} {loop.kind.value}, not {wanted}"
        )


# Carried values


def renamed(variables: Sequence[Variable], suffix: str) -> tuple[Variable, ...]:
    """Variables of the same types with a suffix to their names."""
    return tuple(Variable(v.dtype, f"{v.name}_{suffix}") for v in variables)


def combined(
    combiner: Combiner, left: Sequence[Scalar], right: Sequence[Scalar]
) -> tuple[Scalar, ...]:
    """What a combiner makes of two partial values."""
    variables = (*combiner.left, *combiner.right)
    rewriter = Rewriter(known=dict(zip(variables, (*left, *right), strict=True)))
    return tuple(rewriter.scalar(r) for r in combiner.results)


def merging(
    carried: Carried, partial: Sequence[Scalar], results: tuple[Variable, ...], suffix: str
) -> Carried:
    """What a loop carries that combines a partial value in each iteration, as `carried` would."""
    assert carried.combiner is not None
    held = renamed(carried.variables, suffix)
    left, right = (renamed(s, suffix) for s in (carried.combiner.left, carried.combiner.right))
    combiner = Combiner(left, right, combined(carried.combiner, left, right))
    following = combined(carried.combiner, held, partial)
    return Carried(held, carried.initial, following, results, combiner)
