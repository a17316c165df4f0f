"""Division of polynomials: what of a sum a divisor takes out, and what two sums share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import gcd

from flowc.ir.dims.bounds import atom_nonnegative, is_nonnegative, is_positive
from flowc.ir.dims.expressions import Atom, Dim, Monomial, make, remove, terms_of


def split_multiples(left: Dim, right: Dim) -> tuple[Dim, Dim]:
    """(q, r) with `left == q*right + r`, where q takes every term that divides exactly.

    By a divisor of several terms it takes all or nothing: no r, or one that is less.
    """
    divisor = list(terms_of(right))
    if len(divisor) == 1:
        return _split_terms(left, *divisor[0])
    quotient, rest = _divide_polynomial(left, right)
    exact = rest == 0 or (is_nonnegative(rest) and is_positive(right - rest))
    return (quotient, rest) if exact else (0, left)


def without_common_factor(left: Dim, right: Dim) -> tuple[Dim, Dim, Dim] | None:
    """(c, x, y) with `left == c*x` and `right == c*y`: what all terms share that is not negative.

    As a factor of a divisor it is positive then. None where nothing is shared.
    """
    terms = [*terms_of(left), *terms_of(right)]
    number = gcd(*(coefficient for _, coefficient in terms))
    shared = tuple(a for a in _common_atoms([m for m, _ in terms]) if atom_nonnegative(a))
    if number == 1 and not shared:
        return None
    x, y = (_split_terms(side, shared, number)[0] for side in (left, right))
    return make({shared: number}), x, y


def _common_atoms(monomials: Sequence[Monomial]) -> list[Atom]:
    """The atoms that all have, as often as all have them."""
    first, *others = map(Counter, monomials)
    for other in others:
        first &= other
    return sorted(first.elements())


def _split_terms(left: Dim, monomial: Monomial, coefficient: int) -> tuple[Dim, Dim]:
    quotient: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for term, factor in terms_of(left):
        remaining = remove(term, monomial)
        if remaining is None:
            rest[term] = factor
            continue
        times, left_over = divmod(factor, coefficient)
        if left_over and (term or coefficient < 0):  # of a number all but what is less
            times, left_over = 0, factor
        quotient[remaining], rest[term] = times, left_over
    return make(quotient), make(rest)


def _divide_polynomial(left: Dim, right: Dim) -> tuple[Dim, Dim]:
    """`q*y + (x - q*y) -> x`: long division by the terms of highest degree."""
    lead, coefficient = max(terms_of(right), key=_degree, default=((), 0))
    quotient: Dim = 0
    for _ in range(_LONGEST_DIVISION if lead else 0):
        term, factor = max(terms_of(left), key=_degree, default=((), 0))
        remaining = remove(term, lead)
        if remaining is None or factor % coefficient:
            break
        found = make({remaining: factor // coefficient})
        quotient, left = quotient + found, left - found * right
    return quotient, left


_LONGEST_DIVISION = 16  # steps; sizes need a few


def _degree(term: tuple[Monomial, int]) -> tuple[int, Monomial]:
    """Terms in an order that multiplying keeps: by degree, then by name."""
    return len(term[0]), term[0]
