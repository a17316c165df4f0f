"""Bounds: what is known of a value when no identity takes its operations away.

Docstrings are theorems on all integers, which `tests/ir/test_dims.py` proves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import local

from flowc.ir.dims.definitions import unfold
from flowc.ir.dims.expressions import Atom, Dim, Expr, Monomial, Operation, Symbol, make, remove

MOST_BOUNDS = 256  # that one question follows, since each may lead to two others


class _Search(local):
    """How far the question at hand has come."""

    asked = False
    bounds = 0


_search = _Search()


def is_nonnegative(value: Dim) -> bool:
    """True when `value >= 0` follows from the symbols' ranges; False means unknown."""
    if not isinstance(value, Expr):
        return value >= 0
    if value.nonnegative is not None:
        return value.nonnegative
    if _search.asked:
        return _known_when_found(value)
    _search.asked, _search.bounds = True, 0
    try:
        value.nonnegative = _is_nonnegative(value)
    finally:
        _search.asked = False
    return value.nonnegative


def _known_when_found(value: Expr) -> bool:
    """The answer within another question, which is kept unless it was given up."""
    found = _search.bounds < MOST_BOUNDS and _is_nonnegative(value)
    if found or _search.bounds < MOST_BOUNDS:
        value.nonnegative = found
    return found


def _is_nonnegative(value: Expr) -> bool:
    """`c*x + d*y >= 0` where `c >= 0 and d >= 0 and x >= 0 and y >= 0`"""
    if all(c >= 0 and _all_nonnegative(m) for m, c in value.terms.items()):
        return True
    for bound in _lower_bounds(value):
        _search.bounds += 1
        if bound != value and is_nonnegative(bound):
            return True
    unfolded = unfold(value)
    return unfolded is not value and is_nonnegative(unfolded)


def is_positive(value: Dim) -> bool:
    """True when `value > 0` follows from the symbols' ranges; False means unknown."""
    return is_nonnegative(value - 1)


def _all_nonnegative(monomial: Monomial) -> bool:
    """`x*y >= 0` where `x >= 0 and y >= 0`"""
    return all(map(atom_nonnegative, monomial))


def atom_nonnegative(atom: Atom) -> bool:
    """True for a symbol, and where it follows from an operation's operands."""
    return not isinstance(atom, Operation) or NONNEGATIVE[atom.operator](atom.left, atom.right)


def quotient_nonnegative(x: Dim, y: Dim) -> bool:
    """`x // y >= 0` where `x >= 0 and y > 0`"""
    return is_nonnegative(x)


def remainder_nonnegative(x: Dim, y: Dim) -> bool:
    """`x % y >= 0` where `y > 0`"""
    return True


def lesser_nonnegative(x: Dim, y: Dim) -> bool:
    """`min(x, y) >= 0` where `x >= 0 and y >= 0`"""
    return is_nonnegative(x) and is_nonnegative(y)


def greater_nonnegative(x: Dim, y: Dim) -> bool:
    """`max(x, y) >= 0` where `x >= 0 or y >= 0`"""
    return is_nonnegative(x) or is_nonnegative(y)


NONNEGATIVE: dict[str, Callable[[Dim, Dim], bool]] = {
    "floordiv": quotient_nonnegative,
    "mod": remainder_nonnegative,
    "min": lesser_nonnegative,
    "max": greater_nonnegative,
}


def _lower_bounds(value: Expr) -> Sequence[Dim]:
    """What the value is at least, by the first term of which something is known."""
    for bounded in (_negative_term, _positive_term):
        for monomial, coefficient in value.terms.items():
            found = bounded(monomial, coefficient)
            if found:
                others = value - make({monomial: coefficient})
                return [others + bound for bound in found]
    return ()


def _negative_term(monomial: Monomial, c: int) -> Sequence[Dim]:
    """`c*x*y >= c*b*y` where `c < 0 and x <= b and y >= 0`"""
    if c >= 0:
        return ()
    for atom in monomial:
        rest = remove(monomial, (atom,)) or ()
        bounds = _greatest(atom)
        if bounds and _all_nonnegative(rest):
            return [make({rest: c}) * bound for bound in bounds]
    return ()


def _positive_term(monomial: Monomial, c: int) -> Sequence[Dim]:
    """`c*x*y >= c*b*y` where `c > 0 and x >= b and y >= 0`"""
    if c <= 0:
        return ()
    for atom in monomial:
        rest = remove(monomial, (atom,)) or ()
        if isinstance(atom, Operation) and atom.operator in LEAST and _all_nonnegative(rest):
            bounds = LEAST[atom.operator](atom.left, atom.right)
            return [make({rest: c}) * bound for bound in bounds]
    return ()


def _greatest(atom: Atom) -> Sequence[Dim]:
    """What the atom is at most, where something is known."""
    match atom:
        case Symbol(extent=extent) if extent is not None:
            return (extent - 1,)
        case Operation(operator=operator, left=left, right=right) if operator in GREATEST:
            return GREATEST[operator](left, right)
    return ()


def remainder_at_most(x: Dim, y: Dim) -> Sequence[Dim]:
    """`x % y <= y - 1` where `y > 0`"""
    return (y - 1,)


def lesser_at_most(x: Dim, y: Dim) -> Sequence[Dim]:
    """`min(x, y) <= x`, `min(x, y) <= y`"""
    return x, y


def greater_at_least(x: Dim, y: Dim) -> Sequence[Dim]:
    """`max(x, y) >= x`, `max(x, y) >= y`"""
    return x, y


LEAST: dict[str, Callable[[Dim, Dim], Sequence[Dim]]] = {"max": greater_at_least}
GREATEST: dict[str, Callable[[Dim, Dim], Sequence[Dim]]] = {
    "mod": remainder_at_most,
    "min": lesser_at_most,
}
