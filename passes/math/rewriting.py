"""Replacing scalar nodes of a kernel, bottom-up; what does not change is kept as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

from flowc.ir.loops.expressions import Scalar
from flowc.ir.loops.kernel import (
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
from flowc.ir.loops.walk import nodes, operands

Rule = Callable[[Scalar, list[Scalar]], Scalar | None]
Node = TypeVar("Node", bound=Any)


class Rewriter:
    """Applies `rule(node, new operands)` to each node once; None keeps the node's operator.

    Remembers what became of every node, so a node shared by several expressions stays shared.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._done: dict[Scalar, Scalar] = {}

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
        return _changed(node, {
            f.name: by_old[value]
            for f in fields(node)
            if (value := getattr(node, f.name)) in by_old
        })  # fmt: skip

    def kernel(self, kernel: Kernel) -> Kernel:
        """`kernel` with every expression rewritten."""
        return _changed(kernel, {"body": self._body(kernel.body)})

    def _body(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        new = tuple(self._statement(s) for s in body)
        return body if all(a is b for a, b in zip(new, body, strict=True)) else new

    def _statement(self, statement: Statement) -> Statement:
        match statement:
            case Store(value=value, mask=mask, scatter=scatter):
                new: dict[str, Any] = {
                    "value": self.scalar(value),
                    "mask": mask and self.scalar(mask),
                    "scatter": scatter and self.scalar(scatter),
                }
            case Let(value=value):
                new = {"value": self.scalar(value)}
            case If(condition=condition, body=body):
                new = {"condition": self.scalar(condition), "body": self._body(body)}
            case For(body=body, carried=carried):
                new = {"body": self._body(body), "carried": carried and self._carried(carried)}
            case MultiplyTile(accumulate=accumulate) if not isinstance(accumulate, bool):
                new = {"accumulate": self.scalar(accumulate)}
            case _:
                return statement
        return _changed(statement, new)

    def _carried(self, carried: Carried) -> Carried:
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
