"""Rebuilding loop IR with symbols and expressions replaced; shared nodes stay shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
from flowc.ir.loops.expressions import (
    Binary,
    Bitcast,
    Compare,
    Convert,
    Fma,
    Index,
    Load,
    Scalar,
    Select,
    Unary,
)
from flowc.ir.loops.kernel import (
    Allocate,
    Carried,
    Combiner,
    For,
    If,
    Kernel,
    Let,
    MultiplyTile,
    Statement,
    Store,
)


class Rewriter:
    """Replaces symbols by dimensions and scalar nodes by others, everywhere in a body."""

    def __init__(
        self,
        symbols: Mapping[Symbol, Dim] | None = None,
        nodes: Mapping[Scalar, Scalar] | None = None,
    ) -> None:
        self._symbols = dict(symbols or {})
        self._memo: dict[Scalar, Scalar] = dict(nodes or {})

    def dim(self, value: Dim) -> Dim:
        """An index expression with the symbols replaced."""
        return dims.substitute(value, self._symbols.get)

    def scalar(self, node: Scalar) -> Scalar:
        """A scalar expression rebuilt; the same object where nothing changed."""
        found = self._memo.get(node)
        if found is None:
            found = self._memo[node] = self._rebuild(node)
        return found

    def optional(self, node: Scalar | None) -> Scalar | None:
        """`scalar` of a node that may be absent."""
        return None if node is None else self.scalar(node)

    def _rebuild(self, node: Scalar) -> Scalar:
        match node:
            case Index(expression=expression):
                return replace(node, expression=self.dim(expression))
            case Load(position=position, mask=mask, gather=gather):
                return replace(
                    node,
                    position=self.dim(position),
                    mask=self.optional(mask),
                    gather=self.optional(gather),
                )
            case Unary(operand=x) | Convert(operand=x) | Bitcast(operand=x):
                return replace(node, operand=self.scalar(x))
            case Binary(left=x, right=y) | Compare(left=x, right=y):
                return replace(node, left=self.scalar(x), right=self.scalar(y))
            case Fma(a=x, b=y, c=z):
                return replace(node, a=self.scalar(x), b=self.scalar(y), c=self.scalar(z))
            case Select(predicate=x, on_true=y, on_false=z):
                return replace(
                    node, predicate=self.scalar(x), on_true=self.scalar(y), on_false=self.scalar(z)
                )
        return node

    def statements(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """A body rebuilt."""
        return tuple(self.statement(s) for s in body)

    def statement(self, statement: Statement) -> Statement:
        """One statement rebuilt."""
        match statement:
            case Store(position=position, value=value, mask=mask, scatter=scatter):
                return replace(
                    statement,
                    position=self.dim(position),
                    value=self.scalar(value),
                    mask=self.optional(mask),
                    scatter=self.optional(scatter),
                )
            case Let(value=value):
                return replace(statement, value=self.scalar(value))
            case If(condition=condition, body=body):
                return If(self.scalar(condition), self.statements(body))
            case For(extent=extent, body=body, grain=grain, carried=carried):
                return replace(
                    statement,
                    extent=self.dim(extent),
                    body=self.statements(body),
                    grain=self.dim(grain),
                    carried=None if carried is None else self.carried(carried),
                )
            case Allocate():
                return statement
            case MultiplyTile(accumulate=accumulate):
                return replace(
                    statement,
                    c_position=self.dim(statement.c_position),
                    c_stride=self.dim(statement.c_stride),
                    a_position=self.dim(statement.a_position),
                    b_position=self.dim(statement.b_position),
                    depth=self.dim(statement.depth),
                    valid_columns=self.dim(statement.valid_columns),
                    a_row_stride=self.dim(statement.a_row_stride),
                    a_depth_stride=self.dim(statement.a_depth_stride),
                    b_stride=self.dim(statement.b_stride),
                    accumulate=accumulate
                    if isinstance(accumulate, bool)
                    else self.scalar(accumulate),
                )

    def carried(self, carried: Carried) -> Carried:
        """A loop's carried values rebuilt."""
        return replace(
            carried,
            initial=tuple(map(self.scalar, carried.initial)),
            next=tuple(map(self.scalar, carried.next)),
            combiner=None if carried.combiner is None else self.combiner(carried.combiner),
        )

    def combiner(self, combiner: Combiner) -> Combiner:
        """A combiner rebuilt."""
        return replace(combiner, results=tuple(map(self.scalar, combiner.results)))


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
            symbols = {**symbols, loop.index: dims.Expr({(new,): 1})}
        inner = Rewriter(symbols) if renamed else outer
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
