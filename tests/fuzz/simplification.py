"""Python text made simpler, one step at a time: what the shrinker does to a line."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def assigned(text: str) -> set[str]:
    """The names that statements assign, those of functions too."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


def read(text: str) -> set[str]:
    """The names that statements read."""
    nodes = ast.walk(ast.parse(text))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def simpler_texts(text: str) -> Iterator[str]:
    """The text with one expression or statement replaced by something simpler."""
    count = sum(1 for _ in ast.walk(ast.parse(text)))
    for place in range(count):
        choice = 0
        while True:
            tree = ast.parse(text)
            node = list(ast.walk(tree))[place]
            found = list(_simpler(node))
            if choice >= len(found):
                break
            new = ast.fix_missing_locations(_Replace(node, found[choice]).visit(tree))
            yield ast.unparse(new)
            choice += 1


class _Replace(ast.NodeTransformer):
    """Puts one node in place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old = old
        self._new = new

    def visit(self, node: ast.AST) -> ast.AST:
        """The node's replacement."""
        if node is self._old:
            return self._new
        result: ast.AST = super().generic_visit(node)
        return result


def _simpler(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    match node:
        case ast.Call(func=ast.Name(id="data"), args=[shape, dtype, number, _]):
            yield ast.Call(node.func, [shape, dtype, number], [])
        case ast.Call(func=ast.Name(id="data")):
            return
        case ast.Call(args=args):
            yield from _tensors(args)
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right]):
            yield from _tensors([left, right])
        case ast.Subscript(value=value):
            yield from _tensors([value])
        case ast.FunctionDef(name=name, args=parameters, body=[*body, last]):
            for left_out in body:
                rest = [s for s in body if s is not left_out]
                yield ast.FunctionDef(name, parameters, [*rest, last], [])
        case ast.Constant(value=int(value)) if value > 1 and not isinstance(value, bool):
            yield from (ast.Constant(v) for v in dict.fromkeys((1, value // 2, value - 1)))


def _tensors(parts: list[ast.expr]) -> Iterator[ast.expr]:
    """Those expressions that may be tensors: names, calls, and what lists are of."""
    for part in parts:
        if isinstance(part, ast.List | ast.Tuple):
            yield from _tensors(part.elts)
        elif not isinstance(part, ast.Constant | ast.UnaryOp | ast.Attribute):
            yield part
