"""Rebuilding loop IR with scalars and sizes replaced; what does not change is kept as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from flowc.ir import dims
from flowc.ir.dims import Dim, Expr, Symbol
from flowc.ir.loops.expressions import Index, Load, Scalar
from flowc.ir.loops.kernel import (
    Carried,
    Combiner,
    CopyMatrix,
    For,
    If,
    Kernel,
    Let,
    Matrix,
    MultiplyMatrices,
    MultiplyTile,
    Statement,
    Store,
)
from flowc.ir.loops.walk import nodes, operands

Rule = Callable[[Scalar, list[Scalar]], Scalar | None]
Node = TypeVar("Node", bound=Any)

_TILE_SIZES = tuple(
    field.name
    for field in fields(MultiplyTile)
    if field.name.endswith(("position", "stride")) or field.name in ("depth", "valid_columns")
)


def _keep(node: Scalar, new_operands: list[Scalar]) -> None:
    """The rule that keeps every node's operator."""


class Rewriter:
    """Applies `rule(node, new operands)` to each node once, and replaces symbols everywhere.

    A rule that returns None keeps the node's operator. What became of every node is remembered, so
    a node shared by several expressions stays shared; `known` says it of some nodes beforehand.
    """

    def __init__(
        self,
        rule: Rule = _keep,
        symbols: Mapping[Symbol, Dim] | None = None,
        known: Mapping[Scalar, Scalar] | None = None,
    ) -> None:
        self._rule = rule
        self._symbols = dict(symbols or {})
        self._done: dict[Scalar, Scalar] = dict(known or {})

    # Expressions

    def dim(self, value: Dim) -> Dim:
        """An index expression with the symbols replaced."""
        if not self._symbols or not isinstance(value, Expr):
            return value
        new = dims.substitute(value, self._symbols.get)
        return value if new == value else new

    def scalar(self, root: Scalar) -> Scalar:
        """`root` with the rule applied to it and to everything below it."""
        if root not in self._done:
            for node in nodes([root]):
                if node not in self._done:
                    self._done[node] = self._rewrite(node)
        return self._done[root]

    def _rewrite(self, node: Scalar) -> Scalar:
        old = operands(node)
        new = [self._done[operand] for operand in old]
        result = self._rule(node, new)
        if result is not None:
            return result
        by_old = dict(zip(old, new, strict=True))
        changes: dict[str, Any] = {
            f.name: by_old[value]
            for f in fields(node)
            if (value := getattr(node, f.name)) in by_old
        }
        if isinstance(node, Index):
            changes["expression"] = self.dim(node.expression)
        elif isinstance(node, Load):
            changes["position"] = self.dim(node.position)
        return _changed(node, changes)

    # Statements

    def kernel(self, kernel: Kernel) -> Kernel:
        """`kernel` with every expression rewritten."""
        return _changed(kernel, {"body": self.statements(kernel.body)})

    def statements(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """A body rewritten."""
        new = tuple(self.statement(s) for s in body)
        return body if all(a is b for a, b in zip(new, body, strict=True)) else new

    def statement(self, statement: Statement) -> Statement:
        """One statement rewritten."""
        match statement:
            case Store(position=position, value=value, mask=mask, scatter=scatter):
                new: dict[str, Any] = {
                    "position": self.dim(position),
                    "value": self.scalar(value),
                    "mask": mask and self.scalar(mask),
                    "scatter": scatter and self.scalar(scatter),
                }
            case Let(value=value):
                new = {"value": self.scalar(value)}
            case If(condition=condition, body=body):
                new = {"condition": self.scalar(condition), "body": self.statements(body)}
            case For(extent=extent, body=body, grain=grain, carried=carried):
                new = {
                    "extent": self.dim(extent),
                    "body": self.statements(body),
                    "grain": self.dim(grain),
                    "carried": carried and self.carried(carried),
                }
            case MultiplyTile(accumulate=accumulate):
                new = {name: self.dim(getattr(statement, name)) for name in _TILE_SIZES}
                new["accumulate"] = self._condition(accumulate)
            case MultiplyMatrices(c=c, a=a, b=b, accumulate=accumulate):
                new = {"c": self._matrix(c), "a": self._matrix(a), "b": self._matrix(b)}
                new["accumulate"] = self._condition(accumulate)
            case CopyMatrix(target=target, source=source):
                new = {"target": self._matrix(target), "source": self._matrix(source)}
            case _:
                return statement
        return _changed(statement, new)

    def _condition(self, condition: Scalar | bool) -> Scalar | bool:
        return condition if isinstance(condition, bool) else self.scalar(condition)

    def _matrix(self, matrix: Matrix) -> Matrix:
        names = ("position", "row_stride", "column_stride")
        return _changed(matrix, {name: self.dim(getattr(matrix, name)) for name in names})

    def carried(self, carried: Carried) -> Carried:
        """A loop's carried values rewritten."""
        new = {"initial": self._each(carried.initial), "next": self._each(carried.next)}
        combiner = carried.combiner and self._combiner(carried.combiner)
        return _changed(carried, {**new, "combiner": combiner})

    def _combiner(self, combiner: Combiner) -> Combiner:
        return _changed(combiner, {"results": self._each(combiner.results)})

    def _each(self, scalars: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
        new = tuple(self.scalar(s) for s in scalars)
        return scalars if all(a is b for a, b in zip(new, scalars, strict=True)) else new


def _changed(node: Node, new: dict[str, Any]) -> Node:
    """`node` with the fields of `new`; itself where they are what it has."""
    if all(getattr(node, name) is value for name, value in new.items()):
        return node
    result: Node = replace(node, **new)
    return result
