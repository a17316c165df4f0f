"""Theorems on all integers, by z3.

`x // y` is the number q, and `x % y` the number r, with `x == q*y + r` and r between 0 and y: the
two are fresh unknowns with that definition, which also tells z3 how to reason when y is no number.
A divisor is not 0; where that is not enough, the theorem's condition says so.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeAlias

import z3

from tests.proofs.equations import Equation, Relation

Term: TypeAlias = Any  # z3 has no types

_COMPARE: dict[type[ast.cmpop], Callable[[Term, Term], Term]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
}
TIMEOUT = 10_000  # milliseconds


class Integers:
    """A theorem's variables, and the definitions that its divisions bring in."""

    def __init__(self) -> None:
        self.definitions: list[Term] = []
        self._divisions: dict[str, tuple[Term, Term]] = {}

    def term(self, node: ast.expr) -> Term:
        """The z3 term of a Python one."""
        match node:
            case ast.Constant(value=int(value)):
                return z3.IntVal(value)
            case ast.Name(id=name):
                return z3.Int(name)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return -self.term(x)
            case ast.BinOp(left=x, op=ast.FloorDiv(), right=y):
                return self.division(self.term(x), self.term(y))[0]
            case ast.BinOp(left=x, op=ast.Mod(), right=y):
                return self.division(self.term(x), self.term(y))[1]
            case ast.BinOp(left=x, op=ast.Add(), right=y):
                return self.term(x) + self.term(y)
            case ast.BinOp(left=x, op=ast.Sub(), right=y):
                return self.term(x) - self.term(y)
            case ast.BinOp(left=x, op=ast.Mult(), right=y):
                return self.term(x) * self.term(y)
            case ast.Call(func=ast.Name(id="min" | "max" as name), args=[x, y]):
                a, b = self.term(x), self.term(y)
                return z3.If(a <= b if name == "min" else a >= b, a, b)
            case ast.Compare(left=first, ops=ops, comparators=others):
                terms = [self.term(x) for x in (first, *others)]
                pairs = zip(terms, ops, terms[1:], strict=False)
                return z3.And(*(_COMPARE[type(op)](a, b) for a, op, b in pairs))
            case ast.BoolOp(op=op, values=values):
                join = z3.And if isinstance(op, ast.And) else z3.Or
                return join(*map(self.term, values))
        raise AssertionError(f"no integer term: {ast.unparse(node)}")

    def division(self, x: Term, y: Term) -> tuple[Term, Term]:
        """Quotient and remainder."""
        key = f"{x} // {y}"
        if key not in self._divisions:
            q, r = z3.FreshInt("q"), z3.FreshInt("r")
            between = z3.If(y > 0, z3.And(r >= 0, r < y), z3.And(y < r, r <= 0))
            self.definitions += [y != 0, x == q * y + r, between]
            self._divisions[key] = q, r
        return self._divisions[key]


def counterexample(theorem: Equation | Relation) -> str | None:
    """Integers that break the theorem; None when z3 proves that there are none."""
    integers = Integers()
    if isinstance(theorem, Equation):
        claim = integers.term(theorem.before) == integers.term(theorem.after)
    else:
        claim = integers.term(theorem.claim)
    given = [] if theorem.condition is None else [integers.term(theorem.condition)]
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT)
    solver.add(*integers.definitions, *given, z3.Not(claim))
    answer = solver.check()
    if answer == z3.unsat:
        return None
    return f"{answer}: {solver.model() if answer == z3.sat else solver.reason_unknown()}"
