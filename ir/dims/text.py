"""Expressions as text: Python's, and back."""

from __future__ import annotations

import ast

from flowc.ir.dims.expressions import OPERATIONS, Atom, Dim, Operation, symbol


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


def parse(text: str) -> Dim:
    """The expression that `text` prints, e.g. `2*n*floordiv(m + 1, 2) - 3`.

    The form is a subset of Python's, so Python's parser reads it. Raises ValueError for others.
    """
    try:
        return _from_ast(ast.parse(text, mode="eval").body)
    except SyntaxError as error:
        raise ValueError(f"not an index expression: {text!r}") from error


def _from_ast(node: ast.expr) -> Dim:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id=name):
            return symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _from_ast(operand) * -1
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _from_ast(left) + _from_ast(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _from_ast(left) - _from_ast(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _from_ast(left) * _from_ast(right)
        case ast.Call(func=ast.Name(id=name), args=[left, right]) if name in OPERATIONS:
            return OPERATIONS[name](_from_ast(left), _from_ast(right))
    raise ValueError(f"not an index expression: {ast.unparse(node)!r}")
