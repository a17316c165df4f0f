"""The step that divides a reduction among threads: partial results, combined at the end."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.loops.expressions import Load
from flowc.ir.loops.kernel import Allocate, Buffer, For, Kernel, Role, Store
from flowc.ir.loops.rewrite import Rewriter
from flowc.passes.schedule.steps import Body, expect, merging, renamed, replace_loop


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
        length = dims.ceildiv(loop.extent, self.count)
        piece, within = Symbol(self.outer, self.count), Symbol(f"{self.loop}_in", length)
        start = as_dim(piece) * length
        rewriter = Rewriter(symbols={loop.index: start + as_dim(within)})
        results = renamed(carried.results, within.name)
        inner = For(
            within,
            dims.maximum(0, dims.minimum(length, loop.extent - start)),
            rewriter.statements(loop.body),
            carried=replace(rewriter.carried(carried), results=results),
            role=Role.REDUCED,
        )
        partial = [Buffer(f"partial_{v.name}", v.dtype, self.most) for v in carried.variables]
        saves = tuple(Store(b, as_dim(piece), v) for b, v in zip(partial, results, strict=True))
        number = Symbol(self.merged, self.count)
        loads = tuple(Load(b, as_dim(number)) for b in partial)
        together = merging(carried, loads, carried.results, number.name)
        return (
            *(Allocate(b) for b in partial),
            For(piece, self.count, (inner, *saves), role=Role.FREE),
            For(number, self.count, (), carried=replace(together, combiner=None)),
        )
