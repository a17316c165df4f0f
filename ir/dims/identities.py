"""Identities: what floor division, modulo, minimum and maximum simplify to.

The docstring of an identity is its theorem, which `tests/ir/test_dims.py` proves of all integers;
the code may know less than the condition says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from flowc.ir.dims.bounds import is_nonnegative, is_positive
from flowc.ir.dims.division import split_multiples, without_common_factor
from flowc.ir.dims.expressions import OPERATIONS, Dim, Expr, Operation, atomic, make, terms_of


def floordiv(left: Dim, right: Dim) -> Dim:
    """`left // right`, simplified: `(6*n + j) // 6` is `n` when `0 <= j < 6`."""
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    return _simplified("floordiv", left, right)


def mod(left: Dim, right: Dim) -> Dim:
    """`left % right`, simplified like `floordiv`."""
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    return _simplified("mod", left, right)


def ceildiv(left: Dim, right: Dim) -> Dim:
    """`left / right` rounded up."""
    return floordiv(left + right - 1, right)


def minimum(left: Dim, right: Dim) -> Dim:
    """The lesser of two expressions."""
    return _simplified("min", left, right)


def maximum(left: Dim, right: Dim) -> Dim:
    """The greater of two expressions."""
    return _simplified("max", left, right)


Identity: TypeAlias = Callable[[Dim, Dim], Dim | None]
IDENTITIES: dict[str, list[Identity]] = {"floordiv": [], "mod": [], "min": [], "max": []}


def identity(*operators: str) -> Callable[[Identity], Identity]:
    """Enter an identity of `operator(x, y)`; those entered first are tried first."""

    def enter(function: Identity) -> Identity:
        for operator in operators:
            IDENTITIES[operator].append(function)
        return function

    return enter


def _simplified(operator: str, left: Dim, right: Dim) -> Dim:
    for identity in IDENTITIES[operator]:
        found = identity(left, right)
        if found is not None:
            return found
    return atomic(operator, left, right)


@identity("floordiv")
def quotient_by_one(x: Dim, y: Dim) -> Dim | None:
    """`x // 1 -> x`"""
    return x if y == 1 else None


@identity("mod")
def remainder_by_one(x: Dim, y: Dim) -> Dim | None:
    """`x % 1 -> 0`"""
    return 0 if y == 1 else None


@identity("floordiv")
def quotient_by_negative(x: Dim, y: Dim) -> Dim | None:
    """`x // y -> -x // -y` where `y < 0`"""
    return floordiv(-x, -y) if isinstance(y, int) and y < 0 else None


@identity("mod")
def remainder_by_negative(x: Dim, y: Dim) -> Dim | None:
    """`x % y -> -(-x % -y)` where `y < 0`"""
    return -mod(-x, -y) if isinstance(y, int) and y < 0 else None


@identity("floordiv")
def quotient_of_multiple(x: Dim, y: Dim) -> Dim | None:
    """`(q*y + r) // y -> q + r // y`"""
    q, r = split_multiples(x, y)
    return q + floordiv(r, y) if q != 0 else None


@identity("mod")
def remainder_of_multiple(x: Dim, y: Dim) -> Dim | None:
    """`(q*y + r) % y -> r % y`"""
    q, r = split_multiples(x, y)
    return mod(r, y) if q != 0 else None


@identity("floordiv")
def quotient_of_less_than_nothing(x: Dim, y: Dim) -> Dim | None:
    """`-x // y -> -((x + y - 1) // y)` where `y > 0`"""
    return -floordiv(-x + y - 1, y) if isinstance(y, int) and _is_turned(x) else None


@identity("mod")
def remainder_of_less_than_nothing(x: Dim, y: Dim) -> Dim | None:
    """`-x % y -> y - 1 - (x + y - 1) % y` where `y > 0`"""
    return y - 1 - mod(-x + y - 1, y) if isinstance(y, int) and _is_turned(x) else None


def _is_turned(x: Dim) -> bool:
    """Whether every symbol counts down in x: the form for which the other sign stands."""
    return isinstance(x, Expr) and all(c < 0 for monomial, c in x.terms.items() if monomial)


@identity("floordiv")
def quotient_of_quotient(x: Dim, y: Dim) -> Dim | None:
    """`(x // z + d) // y -> (x + d*z) // (z*y)` where `z > 0 and y > 0`"""
    (monomial, factor), *others = [t for t in terms_of(x) if t[0]] or [((), 0)]
    if others or factor != 1 or len(monomial) != 1 or not isinstance(y, int):
        return None
    match monomial[0]:
        case Operation(operator="floordiv", left=left, right=int(z)):
            return floordiv(left + (x - make({monomial: 1})) * z, z * y)
    return None


@identity("mod")
def remainder_of_remainder(x: Dim, y: Dim) -> Dim | None:
    """`(d + c*(x % (z*y))) % y -> (d + c*x) % y` where `z > 0 and y > 0`"""
    for monomial, c in terms_of(x):
        match monomial:
            case (Operation(operator="mod", left=left, right=int(z)),) if (
                isinstance(y, int) and c * z % y == 0
            ):
                return mod(x - make({monomial: c}) + c * left, y)
    return None


@identity("floordiv", "mod")
def quotient_of_nothing(x: Dim, y: Dim) -> Dim | None:
    """`0 // y -> 0`, `0 % y -> 0`"""
    return 0 if x == 0 else None


@identity("floordiv")
def quotient_of_less(x: Dim, y: Dim) -> Dim | None:
    """`x // y -> 0` where `0 <= x < y`"""
    return 0 if is_nonnegative(x) and is_positive(y - x) else None


@identity("mod")
def remainder_of_less(x: Dim, y: Dim) -> Dim | None:
    """`x % y -> x` where `0 <= x < y`"""
    return x if is_nonnegative(x) and is_positive(y - x) else None


@identity("floordiv")
def quotient_of_products(x: Dim, y: Dim) -> Dim | None:
    """`(c*x) // (c*y) -> x // y` where `c > 0`"""
    found = without_common_factor(x, y)
    return None if found is None else floordiv(found[1], found[2])


@identity("mod")
def remainder_of_products(x: Dim, y: Dim) -> Dim | None:
    """`(c*x) % (c*y) -> c*(x % y)` where `c > 0`"""
    found = without_common_factor(x, y)
    return None if found is None else found[0] * mod(found[1], found[2])


@identity("min")
def lesser_is_left(x: Dim, y: Dim) -> Dim | None:
    """`min(x, y) -> x` where `x <= y`"""
    return x if is_nonnegative(y - x) else None


@identity("min")
def lesser_is_right(x: Dim, y: Dim) -> Dim | None:
    """`min(x, y) -> y` where `y <= x`"""
    return y if is_nonnegative(x - y) else None


@identity("max")
def greater_is_left(x: Dim, y: Dim) -> Dim | None:
    """`max(x, y) -> x` where `x >= y`"""
    return x if is_nonnegative(x - y) else None


@identity("max")
def greater_is_right(x: Dim, y: Dim) -> Dim | None:
    """`max(x, y) -> y` where `y >= x`"""
    return y if is_nonnegative(y - x) else None


OPERATIONS.update(floordiv=floordiv, mod=mod, min=minimum, max=maximum)
