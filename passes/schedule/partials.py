"""Steps that divide a reduction among threads: partial results, combined at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.loops.expressions import Load, Scalar
from flowc.ir.loops.kernel import Allocate, Buffer, Carried, For, Kernel, Role, Store
from flowc.ir.loops.rewrite import Rewriter
from flowc.passes.schedule.steps import Body, ScheduleError, expect, merging, renamed, replace_loop


@dataclass(frozen=True)
class CombinePartials:
    """A reduced loop in `count` pieces of equal length, `most` at most, that need not wait.

    reduced i < n { carry s = e; next f(s, i) } results r
    ->  allocate partial[most]
        free i_piece < count {
          reduced i_in < min(length, n - length*i_piece) {
            carry s = e; next f(s, length*i_piece + i_in) } results t
          store partial[i_piece] = t }
        serial i_merged < count { carry u = e; next combine(u, load partial[i_merged]) } results r

    with length = ceildiv(n, count). The pieces are combined in their order, so the result does not
    depend on who computed which.
    """

    loop: Symbol
    count: Dim
    most: int

    def __str__(self) -> str:
        return f"combine partial results of {self.count} pieces of {self.loop}"

    @property
    def outer(self) -> str:
        """The name of the loop over pieces."""
        return f"{self.loop}_piece"

    @property
    def merged(self) -> str:
        """The name of the loop that combines the pieces' results."""
        return f"{self.loop}_merged"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.loop, self._divided)

    def _divided(self, loop: For) -> Body:
        expect(loop, Role.REDUCED)
        carried = loop.carried
        assert carried is not None
        piece = Symbol(self.outer, self.count)
        inner = one_piece(loop, piece)
        assert inner.carried is not None
        results = inner.carried.results
        partial = [Buffer(f"partial_{v.name}", v.dtype, self.most) for v in carried.variables]
        saves = tuple(Store(b, as_dim(piece), v) for b, v in zip(partial, results, strict=True))
        number = Symbol(self.merged, self.count)
        return (
            *(Allocate(b) for b in partial),
            For(piece, self.count, (inner, *saves), role=Role.FREE),
            together(carried, number, [Load(b, as_dim(number)) for b in partial]),
        )


@dataclass(frozen=True)
class CombinePartialRows:
    """The same for a reduced loop in each iteration of a free one of known extent.

    free c < n { reduced r < m { carry s = e; next f(s, r) } results t; T(t) }
    ->  allocate partial[most*n]
        free r_piece < count { free c_part < n {
          reduced r_in < ... { carry s = e; next f(s, length*r_piece + r_in) } results u
          store partial[n*r_piece + c_part] = u } }
        free c < n {
          serial r_merged < count {
            carry v = e; next combine(v, load partial[n*r_merged + c]) } results t
          T(t) }
    """

    around: Symbol
    loop: Symbol
    count: Dim
    most: int

    def __str__(self) -> str:
        return f"combine partial results of {self.count} pieces of {self.loop} in {self.around}"

    @property
    def outer(self) -> str:
        """The name of the loop over pieces."""
        return f"{self.loop}_piece"

    @property
    def part(self) -> str:
        """The name of the free loop in a piece."""
        return f"{self.around}_part"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return replace_loop(kernel, self.around, self._divided)

    def _divided(self, around: For) -> Body:
        expect(around, Role.FREE)
        loop, *rest = around.body
        if not isinstance(loop, For) or loop.index != self.loop or loop.carried is None:
            raise ScheduleError(f"loop {self.around} does not begin with loop {self.loop}")
        expect(loop, Role.REDUCED)
        carried, extent = loop.carried, around.extent
        piece, part = Symbol(self.outer, self.count), Symbol(self.part, extent)
        moved = Rewriter(symbols={around.index: as_dim(part)})
        inner = moved.statement(one_piece(loop, piece))
        assert isinstance(inner, For) and inner.carried is not None
        partial = [
            Buffer(f"partial_{v.name}", v.dtype, self.most * extent) for v in carried.variables
        ]
        place = as_dim(piece) * extent + as_dim(part)
        saves = tuple(
            Store(b, place, v) for b, v in zip(partial, inner.carried.results, strict=True)
        )
        number = Symbol(f"{self.loop}_merged", self.count)
        position = as_dim(number) * extent + as_dim(around.index)
        merged = together(carried, number, [Load(b, position) for b in partial])
        pieces = For(part, extent, (inner, *saves), role=Role.FREE)
        return (
            *(Allocate(b) for b in partial),
            For(piece, self.count, (pieces,), role=Role.FREE),
            replace(around, body=(merged, *rest)),
        )


def one_piece(loop: For, piece: Symbol) -> For:
    """A reduced loop over one of the pieces of equal length into which it is divided."""
    assert loop.carried is not None and piece.extent is not None
    length = dims.ceildiv(loop.extent, piece.extent)
    within, start = Symbol(f"{loop.index}_in", length), as_dim(piece) * length
    rewriter = Rewriter(symbols={loop.index: start + as_dim(within)})
    results = renamed(loop.carried.results, within.name)
    return For(
        within,
        dims.maximum(0, dims.minimum(length, loop.extent - start)),
        rewriter.statements(loop.body),
        carried=replace(rewriter.carried(loop.carried), results=results),
        role=Role.REDUCED,
    )


def together(carried: Carried, number: Symbol, partial: Sequence[Scalar]) -> For:
    """The loop that combines partial values, in their order."""
    assert number.extent is not None
    new = merging(carried, partial, carried.results, number.name)
    return For(number, number.extent, (), carried=replace(new, combiner=None))
