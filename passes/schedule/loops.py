"""Steps that change which loops there are: merge, split, reorder."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim, product
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
        flat = merged_index(self.loops, tuple(loop.extent for loop in merged))
        symbols = merged_parts(flat, tuple(loop.extent for loop in merged), self.loops)
        last, rewriter = merged[-1], Rewriter(symbols=symbols)
        carried = last.carried
        if carried is not None:
            assert first.carried is not None
            initial = first.carried.initial  # of the outermost: the others' may need its index
            carried = replace(
                rewriter.carried(carried), initial=initial, results=first.carried.results
            )
        body = rewriter.statements(last.body)
        return (For(flat, flat.extent or 0, body, carried=carried, role=first.role),)


def merged_index(loops: tuple[Symbol, ...], extents: tuple[Dim, ...]) -> Symbol:
    """The index of the loop that takes the place of others."""
    return Symbol("_".join(loops), product(extents))


def merged_parts(
    flat: Symbol, extents: tuple[Dim, ...], loops: tuple[Symbol, ...]
) -> dict[Symbol, Dim]:
    """What the merged loops' indices are in terms of the one that takes their place."""
    return dict(zip(loops, delinearize(as_dim(flat), extents), strict=True))


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
        carried = inner and replace(rewriter.carried(inner), initial=inner.initial)
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
