"""Distinct names for a kernel's loops, which lowerings that are put together do not give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.loops.kernel import For, Kernel, Statement
from flowc.ir.loops.rewrite import Rewriter


def with_unique_loops(kernel: Kernel) -> Kernel:
    """The kernel with every loop's index, and every carried name, its own."""
    return replace(kernel, body=_Renaming().body(kernel.body, {}, Rewriter()))


class _Renaming:
    """Gives the loops of a kernel distinct index symbols, in the order in which they stand."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def body(
        self, body: tuple[Statement, ...], symbols: Mapping[Symbol, Dim], outer: Rewriter
    ) -> tuple[Statement, ...]:
        """A body under the renamings of the loops around it; one rewriter keeps nodes shared."""
        return tuple(
            self._loop(s, symbols, outer)
            if isinstance(s, For)
            else outer.statement(s)
            if symbols
            else s
            for s in body
        )

    def _loop(self, loop: For, symbols: Mapping[Symbol, Dim], outer: Rewriter) -> For:
        new = Symbol(self._fresh(loop.index.name), loop.index.extent)
        renamed = new != loop.index
        if renamed:
            symbols = {**symbols, loop.index: as_dim(new)}
        inner = Rewriter(symbols=symbols) if renamed else outer
        carried = loop.carried
        if carried is not None and symbols:
            initial = tuple(map(outer.scalar, carried.initial))
            carried = replace(inner.carried(carried), initial=initial)
        return replace(
            loop,
            index=new,
            extent=outer.dim(loop.extent),
            grain=outer.dim(loop.grain),
            body=self.body(loop.body, symbols, inner),
            carried=carried,
        )

    def _fresh(self, name: str) -> str:
        count, fresh = 0, name
        while fresh in self._taken:
            count += 1
            fresh = f"{name}_{count}"
        self._taken.add(fresh)
        return fresh
