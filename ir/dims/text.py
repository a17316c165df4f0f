"""Expressions as text: Python's, and back."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType

from flowc.ir.dims.expressions import (
    OPERATIONS,
    Atom,
    Dim,
    Operation,
    Symbol,
    as_dim,
)


def to_python(value: Dim) -> str:
    """A Python expression of the symbols' names, for `eval` or a generated function."""
    if isinstance(value, int):
        return str(value)
    terms = []
    for monomial, coefficient in value.terms.items():
        factors = [str(coefficient)] if coefficient != 1 or not monomial else []
        terms.append("*".join(factors + [_atom_to_python(a) for a in monomial]))
    return "(" + " + ".join(terms) + ")"


def _atom_to_python(atom: Atom) -> str:
    if not isinstance(atom, Operation):
        return str(atom)
    left, right = to_python(atom.left), to_python(atom.right)
    match atom.operator:
        case "floordiv":
            return f"({left} // {right})"
        case "mod":
            return f"({left} % {right})"
    return f"{atom.operator}({left}, {right})"


def parse(text: str, symbols: Mapping[str, Symbol] = MappingProxyType({})) -> Dim:
    """The expression that `text` prints, e.g. `2*n*floordiv(m + 1, 2) - 3`.

    A name among `symbols` is that symbol, any other one a symbol of which nothing is known. The
    form is a subset of Python's, so Python's parser reads it. Raises ValueError for others.
    """
    try:
        return _from_ast(ast.parse(text, mode="eval").body, symbols)
    except SyntaxError as error:
        raise ValueError(f"not an index expression: {text!r}") from error


def _from_ast(node: ast.expr, symbols: Mapping[str, Symbol]) -> Dim:
    def read(operand: ast.expr) -> Dim:
        return _from_ast(operand, symbols)

    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id=name):
            return as_dim(symbols.get(name) or Symbol(name))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return read(operand) * -1
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return read(left) + read(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return read(left) - read(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return read(left) * read(right)
        case ast.Call(func=ast.Name(id=name), args=[left, right]) if name in OPERATIONS:
            return OPERATIONS[name](read(left), read(right))
    raise ValueError(f"not an index expression: {ast.unparse(node)!r}")
