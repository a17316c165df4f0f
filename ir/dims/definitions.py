"""Derived symbols: sizes that have a name, and what the names stand for.

A name keeps index arithmetic short, and keeps a size whole where it multiplies or divides: in
`b*n + i` with `n == q + 1` nothing is multiplied out. Questions that names leave open are asked
again of what they stand for (`expand`).
"""

from __future__ import annotations

from flowc.ir.dims.expressions import Atom, Dim, Expr, Operation, Symbol, product
from flowc.ir.dims.substitution import substitute


def is_derived(value: Dim) -> bool:
    """Whether a derived symbol occurs in `value`."""
    return isinstance(value, Expr) and any(s.definition is not None for s in value.symbols)


def expand(value: Dim) -> Dim:
    """`value` with what derived symbols stand for, and that expanded in turn."""
    if not isinstance(value, Expr):
        return value
    if value.expanded is None:
        value.expanded = value
        while is_derived(value.expanded):
            value.expanded = substitute(value.expanded, _definition)
    return value.expanded


def _definition(symbol: Symbol) -> Dim | None:
    return symbol.definition


def unfold(value: Expr) -> Dim:
    """`value` with the sums that derived symbols stand for; the same object if there are none."""
    terms = [(m, c) for m, c in value.terms.items() if any(map(_sum, m))]
    result: Dim = value
    for monomial, coefficient in terms:
        factors = [_sum(atom) or Expr({(atom,): 1}) for atom in monomial]
        result = result - Expr({monomial: coefficient}) + product(factors) * coefficient
    return result


def _sum(atom: Atom) -> Expr | None:
    definition = atom.definition if isinstance(atom, Symbol) else None
    return definition if isinstance(definition, Expr) and len(definition.terms) > 1 else None


def brief(value: Dim) -> Dim:
    """`value`, or what it stands for where that is shorter: `n1 - n` is 1 for `n1 == n + 1`."""
    if not is_derived(value):
        return value
    expanded = expand(value)
    return expanded if weight(expanded) < weight(value) or isinstance(expanded, int) else value


def weight(value: Dim) -> int:
    """How many terms `value` has, those inside of operations too."""
    if not isinstance(value, Expr):
        return 1
    return sum(
        1 + sum(weight(a.left) + weight(a.right) for a in monomial if isinstance(a, Operation))
        for monomial in value.terms
    )
