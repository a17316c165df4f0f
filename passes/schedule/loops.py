"""Steps that change which loops there are: merge, split, reorder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from flowc.ir import dims
from flowc.ir.dims import Dim, Expr, Symbol, as_dim, product
from flowc.ir.loops.kernel import Carried, For, Kernel, Role
from flowc.ir.loops.rewrite import Rewriter
from flowc.passes.index_maps import delinearize
from flowc.passes.schedule.steps import (
    ROLES,
    Body,
    ScheduleError,
    chain,
    expect,
    merging,
    renamed,
    replace_loop,
)


@dataclass(frozen=True)
class Merge:
    """One loop over all that loops standing in each other walk: fewer loops, longer vectors.

    free i < n { free j < m { B } }
    ->  free i_j < n*m { B[i := i_j / m, j := i_j mod m] }

    Reduced loops merge, too, where each outer one only combines what the one inside it gives.
    """

    loops: tuple[Symbol, ...]

    def __str__(self) -> str:
        return f"merge {' '.join(self.loops)}"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.loops[0], self._merged)

    def _merged(self, first: For) -> Body:
        merged = chain(first)[: len(self.loops)]
        if tuple(loop.index for loop in merged) != self.loops:
            raise ScheduleError(f"loops {', '.join(self.loops)} do not stand in each other")
        expect(first, *ROLES)
        for loop in merged[1:]:
            expect(loop, first.role)
            if dims.symbols(loop.extent).intersection(self.loops):
                raise ScheduleError(f"the extent of {loop.index} is not the same in each iteration")
        rewriter = Flattening(merged)
        flat, last = rewriter.flat, merged[-1]
        carried = last.carried
        if carried is not None:
            assert first.carried is not None
            initial = first.carried.initial  # of the outermost: the others' may need its index
            carried = replace(
                rewriter.carried(carried), initial=initial, results=first.carried.results
            )
        body = rewriter.statements(last.body)
        return (For(flat, flat.extent or 0, body, carried=carried, role=first.role),)


class Flattening(Rewriter):
    """Writes one index in the place of those of loops that stand in each other.

    A position that walks memory as one loop would is found without dividing the index.
    """

    def __init__(self, loops: Sequence[For]) -> None:
        super().__init__()
        self._loops = loops
        self.flat = Symbol(
            "_".join(loop.index for loop in loops), product([loop.extent for loop in loops])
        )
        self._known: dict[Dim, Dim] = {}

    @cached_property
    def parts(self) -> dict[Symbol, Dim]:
        """What the loops' indices are in terms of the one in their place."""
        extents = tuple(loop.extent for loop in self._loops)
        indices = delinearize(as_dim(self.flat), extents)
        return {loop.index: i for loop, i in zip(self._loops, indices, strict=True)}

    def dim(self, value: Dim) -> Dim:
        """An index expression of the one index."""
        if not isinstance(value, Expr):
            return value
        if value not in self._known:
            found = self.strided(value)
            self._known[value] = dims.substitute(value, self.parts.get) if found is None else found
        return self._known[value]

    def strided(self, position: Dim) -> Dim | None:
        """A position in which the loops follow each other without gaps; None for another one."""
        rest, stride, step = position, None, None
        for loop in reversed(self._loops):
            found = dims.coefficient_of(position, loop.index)
            if found is None:
                return None
            if stride is None:
                stride = step = found
            elif found != step:
                return None
            assert step is not None
            rest, step = rest - found * as_dim(loop.index), step * loop.extent
        return rest + (stride or 0) * as_dim(self.flat)


@dataclass(frozen=True)
class Split:
    """Two loops for one: over pieces of `size` iterations, and inside a piece.

    free i < n { B }
    ->  free i_piece < ceildiv(n, size) {
          free i_in < min(size, n - size*i_piece) { B[i := size*i_piece + i_in] } }

    A reduced loop carries a partial value through each piece, and combines those of the pieces.
    """

    loop: Symbol
    size: Dim

    def __str__(self) -> str:
        return f"split {self.loop} by {self.size}"

    @property
    def outer(self) -> str:
        """The name of the loop over pieces."""
        return f"{self.loop}_piece"

    @property
    def inner(self) -> str:
        """The name of the loop inside a piece."""
        return f"{self.loop}_in"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.loop, self._split)

    def _split(self, loop: For) -> Body:
        expect(loop, *ROLES)
        pieces = dims.ceildiv(loop.extent, self.size)
        piece, within = Symbol(self.outer, pieces), Symbol(self.inner, self.size)
        start = as_dim(piece) * self.size
        length = dims.minimum(self.size, loop.extent - start)
        inner, outer = split_carried(loop.carried, self.inner)
        rewriter = Rewriter(symbols={loop.index: start + as_dim(within)})
        body = rewriter.statements(loop.body)
        carried = inner and rewriter.carried(inner)
        within_loop = For(within, length, body, carried=carried, role=loop.role)
        return (For(piece, pieces, (within_loop,), carried=outer, role=loop.role),)


def split_carried(carried: Carried | None, name: str) -> tuple[Carried | None, Carried | None]:
    """What the loop inside a piece carries, and what the loop over pieces does."""
    if carried is None:
        return None, None
    results = renamed(carried.results, name)
    return replace(carried, results=results), merging(carried, results, carried.results, name)


@dataclass(frozen=True)
class Reorder:
    """The inner one of two free loops outside.

    free i < n { free j < m { B } }  ->  free j < m { free i < n { B } }
    """

    outer: Symbol
    inner: Symbol

    def __str__(self) -> str:
        return f"put {self.inner} around {self.outer}"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.outer, self._reordered)

    def _reordered(self, outer: For) -> Body:
        expect(outer, Role.FREE)
        _, *inside = chain(outer)[:2]
        if not inside or inside[0].index != self.inner:
            raise ScheduleError(f"{self.inner} is not all that loop {self.outer} does")
        (inner,) = inside
        expect(inner, Role.FREE)
        if self.outer in dims.symbols(inner.extent):
            raise ScheduleError(f"the extent of {self.inner} depends on {self.outer}")
        return (replace(inner, body=(replace(outer, body=inner.body),)),)
