"""The most that an expression can be where some of its symbols are known only up to a limit."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.ir.dims.bounds import atom_nonnegative
from flowc.ir.dims.expressions import Atom, Dim, Expr, Monomial, Operation, Symbol, product, symbols
from flowc.ir.dims.identities import floordiv, maximum, minimum

Limits = Mapping[Symbol, Dim]


class Unlimited(ValueError):
    """How large an expression may be is not known."""


def upper(value: Dim, limits: Limits) -> Dim:
    """`value` for no value of the symbols in `limits`, from 0 to their limits, is greater.

    Raises Unlimited where no such is found.
    """
    return _extreme(value, limits, largest=True)


def _extreme(value: Dim, limits: Limits, largest: bool) -> Dim:
    if not isinstance(value, Expr) or symbols(value).isdisjoint(limits):
        return value
    total: Dim = 0
    for monomial, coefficient in value.terms.items():
        total = total + _of_monomial(monomial, limits, (coefficient > 0) == largest) * coefficient
    return total


def _of_monomial(monomial: Monomial, limits: Limits, largest: bool) -> Dim:
    atoms = [Expr({(atom,): 1}) for atom in monomial]
    if all(symbols(atom).isdisjoint(limits) for atom in atoms):
        return product(atoms)
    if not all(map(atom_nonnegative, monomial)):
        raise Unlimited(f"{monomial} may be negative")
    return product([_of_atom(atom, limits, largest) for atom in monomial])


def _of_atom(atom: Atom, limits: Limits, largest: bool) -> Dim:
    whole = Expr({(atom,): 1})
    if symbols(whole).isdisjoint(limits):
        return whole
    if isinstance(atom, Symbol):
        return limits[atom] if largest else 0
    assert isinstance(atom, Operation)
    return _of_operation(atom, limits, largest)


def _of_operation(atom: Operation, limits: Limits, largest: bool) -> Dim:
    left, right = (_extreme(side, limits, largest) for side in (atom.left, atom.right))
    match atom.operator:
        case "min":
            return minimum(left, right)
        case "max":
            return maximum(left, right)
        case "floordiv" if right == atom.right:
            return floordiv(left, right)
        case "mod" if isinstance(atom.right, int):
            return atom.right - 1 if largest else 0
    raise Unlimited(f"{atom} has no known limit")
