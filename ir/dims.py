"""Integer expressions over symbols: the sizes of tensors and the index arithmetic of loops.

A dimension is an `int` or an `Expr`; everything here returns a plain `int` when it can. An `Expr`
is kept as a canonical polynomial (a sum of products of atoms with integer coefficients), so two
expressions that are equal as polynomials are equal objects for `==` and `hash`. Atoms are symbols
and the operations that are not polynomial: floor division, modulo, minimum and maximum.

A `Symbol` is a non-negative integer: the batch size of a placeholder, or a loop index, whose
`extent` (exclusive upper bound) lets `(i*n + j) // n` simplify to `i` when `j < n`.

A divisor that is no number is positive: a size, an extent, a step. Where it is 0, since a tensor is
empty, the quotient means nothing, and nothing may depend on it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import gcd
from typing import TypeAlias, Union

Dim: TypeAlias = Union[int, "Expr"]
Monomial: TypeAlias = tuple["Atom", ...]


class Atom(str):
    """An indivisible factor of a product: its printed form, which is what it compares by."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Symbol(Atom):
    """A named non-negative integer; `extent` is its exclusive upper bound where one is known."""

    __slots__ = ("extent",)
    extent: Dim | None

    def __new__(cls, name: str, extent: Dim | None = None) -> Symbol:
        self = super().__new__(cls, name)
        self.extent = extent
        return self

    @property
    def name(self) -> str:
        """The symbol's name, also its printed form."""
        return str(self)


class Operation(Atom):
    """A non-polynomial operation: `floordiv`, `mod`, `min` or `max` of two expressions."""

    __slots__ = ("left", "operator", "right", "symbols")
    operator: str
    left: Dim
    right: Dim
    symbols: frozenset[Symbol]

    def __new__(cls, operator: str, left: Dim, right: Dim) -> Operation:
        self = super().__new__(cls, f"{operator}({left}, {right})")
        self.operator = operator
        self.left = left
        self.right = right
        self.symbols = symbols(left) | symbols(right)
        return self


class Expr:
    """An integer polynomial over atoms; built with operators, `symbol`, `minimum`, `maximum`."""

    __slots__ = ("_hash", "_nonnegative", "_symbols", "terms")

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        ordered = sorted(terms.items()) if len(terms) > 1 else terms
        self.terms: dict[Monomial, int] = dict(ordered)
        self._hash: int | None = None  # known when first asked for, like what follows
        self._nonnegative: bool | None = None
        self._symbols: frozenset[Symbol] | None = None

    def __add__(self, other: Dim) -> Dim:
        if other == 0:
            return self
        terms = dict(self.terms)
        for monomial, coefficient in _terms(other):
            terms[monomial] = terms.get(monomial, 0) + coefficient
        return _make(terms)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        if other == 0:
            return self
        terms = dict(self.terms)
        for monomial, coefficient in _terms(other):
            terms[monomial] = terms.get(monomial, 0) - coefficient
        return _make(terms)

    def __rsub__(self, other: Dim) -> Dim:
        return self * -1 + other

    def __mul__(self, other: Dim) -> Dim:
        if not isinstance(other, Expr):
            return self._times(other)
        terms: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                monomial = tuple(sorted(left + right)) if left and right else left or right
                terms[monomial] = terms.get(monomial, 0) + a * b
        return _make(terms)

    def _times(self, factor: int) -> Dim:
        if factor in (0, 1):
            return self if factor else 0
        return Expr({monomial: int(c * factor) for monomial, c in self.terms.items()})

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return floordiv(self, other)

    def __rfloordiv__(self, other: int) -> Dim:
        return floordiv(other, self)

    def __mod__(self, other: Dim) -> Dim:
        return mod(self, other)

    def __rmod__(self, other: int) -> Dim:
        return mod(other, self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expr):
            return False
        return self is other or self.terms == other.terms

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self.terms.items()))
        return self._hash

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The symbols of the expression, those inside of operations too."""
        if self._symbols is None:
            atoms = [atom for monomial in self.terms for atom in monomial]
            inner = [_symbols_of(atom) for atom in atoms]
            self._symbols = inner[0] if len(inner) == 1 else frozenset().union(*inner)
        return self._symbols

    @property
    def is_nonnegative(self) -> bool:
        """Whether it follows from the symbols' ranges that the value is at least 0."""
        if self._nonnegative is None:
            self._nonnegative = _is_nonnegative(self)
        return self._nonnegative

    def __repr__(self) -> str:
        text = " + ".join(_print_term(m, c) for m, c in self.terms.items())
        return text.replace("+ -", "- ")


def symbol(name: str, extent: Dim | None = None) -> Expr:
    """The expression that is one symbol."""
    return as_dim(Symbol(name, extent))


def as_dim(symbol: Symbol) -> Expr:
    """The expression that is this symbol."""
    return Expr({(symbol,): 1})


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


def product(dims: tuple[Dim, ...] | list[Dim]) -> Dim:
    """The product; 1 for no dimensions."""
    result: Dim = 1
    for dim in dims:
        result = result * dim
    return result


# Identities: what each operation simplifies to. The docstring is the theorem, which
# `tests/ir/test_dims.py` proves of all integers; the code may know less than its condition.


Identity: TypeAlias = Callable[[Dim, Dim], Dim | None]
IDENTITIES: dict[str, list[Identity]] = {"floordiv": [], "mod": [], "min": [], "max": []}


def _identity(*operators: str) -> Callable[[Identity], Identity]:
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
    return _atomic(operator, left, right)


def _atomic(operator: str, left: Dim, right: Dim) -> Expr:
    return Expr({(Operation(operator, *_in_order(operator, left, right)),): 1})


@_identity("floordiv")
def quotient_by_one(x: Dim, y: Dim) -> Dim | None:
    """`x // 1 -> x`"""
    return x if y == 1 else None


@_identity("mod")
def remainder_by_one(x: Dim, y: Dim) -> Dim | None:
    """`x % 1 -> 0`"""
    return 0 if y == 1 else None


@_identity("floordiv")
def quotient_by_negative(x: Dim, y: Dim) -> Dim | None:
    """`x // y -> -x // -y` where `y < 0`"""
    return floordiv(-x, -y) if isinstance(y, int) and y < 0 else None


@_identity("mod")
def remainder_by_negative(x: Dim, y: Dim) -> Dim | None:
    """`x % y -> -(-x % -y)` where `y < 0`"""
    return -mod(-x, -y) if isinstance(y, int) and y < 0 else None


@_identity("floordiv")
def quotient_of_multiple(x: Dim, y: Dim) -> Dim | None:
    """`(q*y + r) // y -> q + r // y`"""
    q, r = _split_multiples(x, y)
    return q + floordiv(r, y) if q != 0 else None


@_identity("mod")
def remainder_of_multiple(x: Dim, y: Dim) -> Dim | None:
    """`(q*y + r) % y -> r % y`"""
    q, r = _split_multiples(x, y)
    return mod(r, y) if q != 0 else None


@_identity("floordiv", "mod")
def quotient_of_nothing(x: Dim, y: Dim) -> Dim | None:
    """`0 // y -> 0`, `0 % y -> 0`"""
    return 0 if x == 0 else None


@_identity("floordiv")
def quotient_of_less(x: Dim, y: Dim) -> Dim | None:
    """`x // y -> 0` where `0 <= x < y`"""
    return 0 if is_nonnegative(x) and is_positive(y - x) else None


@_identity("mod")
def remainder_of_less(x: Dim, y: Dim) -> Dim | None:
    """`x % y -> x` where `0 <= x < y`"""
    return x if is_nonnegative(x) and is_positive(y - x) else None


@_identity("floordiv")
def quotient_of_products(x: Dim, y: Dim) -> Dim | None:
    """`(c*x) // (c*y) -> x // y` where `c > 0`"""
    found = _without_common_factor(x, y)
    return None if found is None else floordiv(found[1], found[2])


@_identity("mod")
def remainder_of_products(x: Dim, y: Dim) -> Dim | None:
    """`(c*x) % (c*y) -> c*(x % y)` where `c > 0`"""
    found = _without_common_factor(x, y)
    return None if found is None else found[0] * mod(found[1], found[2])


@_identity("min")
def lesser_is_left(x: Dim, y: Dim) -> Dim | None:
    """`min(x, y) -> x` where `x <= y`"""
    return x if is_nonnegative(y - x) else None


@_identity("min")
def lesser_is_right(x: Dim, y: Dim) -> Dim | None:
    """`min(x, y) -> y` where `y <= x`"""
    return y if is_nonnegative(x - y) else None


@_identity("max")
def greater_is_left(x: Dim, y: Dim) -> Dim | None:
    """`max(x, y) -> x` where `x >= y`"""
    return x if is_nonnegative(x - y) else None


@_identity("max")
def greater_is_right(x: Dim, y: Dim) -> Dim | None:
    """`max(x, y) -> y` where `y >= x`"""
    return y if is_nonnegative(y - x) else None


def _in_order(operator: str, left: Dim, right: Dim) -> tuple[Dim, Dim]:
    """`min(x, y) -> min(y, x)`, `max(x, y) -> max(y, x)`: the operands sorted by their print."""
    swap = operator in ("min", "max") and str(right) < str(left)
    return (right, left) if swap else (left, right)


def _split_multiples(left: Dim, right: Dim) -> tuple[Dim, Dim]:
    """(q, r) with `left == q*right + r`, where q takes every term that divides exactly.

    By a divisor of several terms it takes all or nothing: no r, or one that is less.
    """
    divisor = list(_terms(right))
    if len(divisor) == 1:
        return _split_terms(left, *divisor[0])
    quotient, rest = _divide_polynomial(left, right)
    exact = rest == 0 or (is_nonnegative(rest) and is_positive(right - rest))
    return (quotient, rest) if exact else (0, left)


def _without_common_factor(left: Dim, right: Dim) -> tuple[Dim, Dim, Dim] | None:
    """(c, x, y) with `left == c*x` and `right == c*y`: what all terms share that is not negative.

    As a factor of a divisor it is positive then. None where nothing is shared.
    """
    terms = [*_terms(left), *_terms(right)]
    number = gcd(*(coefficient for _, coefficient in terms))
    shared = tuple(a for a in _common_atoms([m for m, _ in terms]) if _atom_nonnegative(a))
    if number == 1 and not shared:
        return None
    factor = _make({shared: number})
    return factor, *(_split_terms(x, shared, number)[0] for x in (left, right))


def _common_atoms(monomials: Sequence[Monomial]) -> list[Atom]:
    """The atoms that all have, as often as all have them."""
    first, *others = map(Counter, monomials)
    for other in others:
        first &= other
    return sorted(first.elements())


def _split_terms(left: Dim, monomial: Monomial, coefficient: int) -> tuple[Dim, Dim]:
    quotient: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for term, factor in _terms(left):
        remaining = _remove(term, monomial)
        if remaining is None or factor % coefficient:
            rest[term] = factor
        else:
            quotient[remaining] = factor // coefficient
    return _make(quotient), _make(rest)


def _divide_polynomial(left: Dim, right: Dim) -> tuple[Dim, Dim]:
    """`q*y + (x - q*y) -> x`: long division by the terms of highest degree."""
    lead, coefficient = max(_terms(right), key=_degree, default=((), 0))
    quotient: Dim = 0
    for _ in range(_LONGEST_DIVISION if lead else 0):
        term, factor = max(_terms(left), key=_degree, default=((), 0))
        remaining = _remove(term, lead)
        if remaining is None or factor % coefficient:
            break
        found = _make({remaining: factor // coefficient})
        quotient, left = quotient + found, left - found * right
    return quotient, left


_LONGEST_DIVISION = 16  # steps; sizes need a few


def _degree(term: tuple[Monomial, int]) -> tuple[int, Monomial]:
    """Terms in an order that multiplying keeps: by degree, then by name."""
    return len(term[0]), term[0]


def _remove(term: Monomial, factors: Monomial) -> Monomial | None:
    """`term` without `factors`, or None where a factor is absent."""
    remaining = list(term)
    for factor in factors:
        if factor not in remaining:
            return None
        remaining.remove(factor)
    return tuple(remaining)


def is_nonnegative(value: Dim) -> bool:
    """True when `value >= 0` follows from the symbols' ranges; False means unknown."""
    return value.is_nonnegative if isinstance(value, Expr) else value >= 0


# Bounds: what is known of an operation's value when no identity takes it away. As above, the
# docstrings are theorems.


def _is_nonnegative(value: Expr) -> bool:
    """`c*x + d*y >= 0` where `c >= 0 and d >= 0 and x >= 0 and y >= 0`"""
    if all(c >= 0 and _all_nonnegative(m) for m, c in value.terms.items()):
        return True
    return any(bound != value and is_nonnegative(bound) for bound in _lower_bounds(value))


def is_positive(value: Dim) -> bool:
    """True when `value > 0` follows from the symbols' ranges; False means unknown."""
    return is_nonnegative(value - 1)


def _all_nonnegative(monomial: Monomial) -> bool:
    """`x*y >= 0` where `x >= 0 and y >= 0`"""
    return all(map(_atom_nonnegative, monomial))


def _atom_nonnegative(atom: Atom) -> bool:
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
                others = value - _make({monomial: coefficient})
                return [others + bound for bound in found]
    return ()


def _negative_term(monomial: Monomial, c: int) -> Sequence[Dim]:
    """`c*x*y >= c*b*y` where `c < 0 and x <= b and y >= 0`"""
    if c >= 0:
        return ()
    for atom in monomial:
        rest = _remove(monomial, (atom,)) or ()
        bounds = _greatest(atom)
        if bounds and _all_nonnegative(rest):
            return [_make({rest: c}) * bound for bound in bounds]
    return ()


def _positive_term(monomial: Monomial, c: int) -> Sequence[Dim]:
    """`c*x*y >= c*b*y` where `c > 0 and x >= b and y >= 0`"""
    if c <= 0:
        return ()
    for atom in monomial:
        rest = _remove(monomial, (atom,)) or ()
        if isinstance(atom, Operation) and atom.operator in LEAST and _all_nonnegative(rest):
            bounds = LEAST[atom.operator](atom.left, atom.right)
            return [_make({rest: c}) * bound for bound in bounds]
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


def _terms(value: Dim) -> Iterable[tuple[Monomial, int]]:
    if isinstance(value, Expr):
        return value.terms.items()
    return (((), int(value)),) if value else ()


def _make(terms: Mapping[Monomial, int]) -> Dim:
    kept = {m: c for m, c in terms.items() if c}
    for monomial in kept:
        for atom in monomial:
            if isinstance(atom, Operation) and atom.operator == "mod":
                joined = _join_remainder(kept, monomial, atom)
                if joined is not None:
                    return joined
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    return Expr(kept)


def _join_remainder(terms: dict[Monomial, int], monomial: Monomial, atom: Operation) -> Dim | None:
    """`c*(x % y) + c*y*(x // y) -> c*x`: an index taken apart and put together again."""
    rest = _remove(monomial, (atom,))
    assert rest is not None
    factor: Dim = _make({rest: terms[monomial]})
    partner = factor * atom.right * _atomic("floordiv", atom.left, atom.right)
    found = list(_terms(partner))
    if len(found) != 1 or terms.get(found[0][0]) != found[0][1]:
        return None
    others = {m: c for m, c in terms.items() if m not in (monomial, found[0][0])}
    return _make(others) + factor * atom.left


def _print_term(monomial: Monomial, coefficient: int) -> str:
    factors: list[str] = list(monomial)
    if coefficient == -1 and factors:
        return "-" + "*".join(factors)
    if coefficient != 1 or not factors:
        factors.insert(0, str(coefficient))
    return "*".join(factors)


# Uses of an expression: walking, substituting, evaluating.


def as_symbol(value: Dim) -> Symbol | None:
    """The symbol that `value` is, if it is nothing else."""
    if isinstance(value, Expr) and len(value.terms) == 1:
        ((monomial, coefficient),) = value.terms.items()
        if coefficient == 1 and len(monomial) == 1 and isinstance(monomial[0], Symbol):
            return monomial[0]
    return None


def symbols(value: Dim) -> frozenset[Symbol]:
    """The symbols that `value` mentions, inside operations too."""
    return value.symbols if isinstance(value, Expr) else frozenset()


def _symbols_of(atom: Atom) -> frozenset[Symbol]:
    if isinstance(atom, Operation):
        return atom.symbols
    assert isinstance(atom, Symbol)
    return frozenset((atom,))


def substitute(value: Dim, replace: Callable[[Symbol], Dim | None]) -> Dim:
    """`value` with each symbol replaced by `replace(symbol)`, kept where that is None."""
    if not isinstance(value, Expr):
        return value
    moved = frozenset(s for s in value.symbols if replace(s) is not None)
    if not moved:
        return value
    result: dict[Monomial, int] = {}
    for monomial, coefficient in value.terms.items():
        kept = tuple(a for a in monomial if moved.isdisjoint(_symbols_of(a)))
        term: Dim = Expr({kept: coefficient}) if kept else coefficient
        if len(kept) < len(monomial):
            for atom in monomial:
                if atom not in kept:
                    term = _substitute_atom(atom, replace) * term
        for new, factor in _terms(term):
            result[new] = result.get(new, 0) + factor
    return _make(result)


def _substitute_atom(atom: Atom, replace: Callable[[Symbol], Dim | None]) -> Dim:
    if isinstance(atom, Operation):
        left, right = substitute(atom.left, replace), substitute(atom.right, replace)
        return OPERATIONS[atom.operator](left, right)
    assert isinstance(atom, Symbol)
    new = replace(atom)
    return Expr({(atom,): 1}) if new is None else new


def rename(value: Dim, names: Mapping[Symbol, Symbol]) -> Dim:
    """`value` with other symbols, which have the same extents, so that nothing simplifies."""
    if not isinstance(value, Expr) or value.symbols.isdisjoint(names):
        return value
    terms = value.terms.items()
    return Expr({tuple(sorted(_rename_atom(a, names) for a in m)): c for m, c in terms})


def _rename_atom(atom: Atom, names: Mapping[Symbol, Symbol]) -> Atom:
    if isinstance(atom, Operation):
        left, right = rename(atom.left, names), rename(atom.right, names)
        return Operation(atom.operator, *_in_order(atom.operator, left, right))
    assert isinstance(atom, Symbol)
    return names.get(atom, atom)


OPERATIONS: dict[str, Callable[[Dim, Dim], Dim]] = {
    "floordiv": floordiv,
    "mod": mod,
    "min": minimum,
    "max": maximum,
}


def evaluate(value: Dim, sizes: Mapping[str, int]) -> int:
    """The number that `value` is when symbol `s` is `sizes[s]`. Raises KeyError for others."""
    if not isinstance(value, Expr):
        return value
    total = 0
    for monomial, number in value.terms.items():
        for atom in monomial:
            number *= _evaluate_atom(atom, sizes)
        total += number
    return total


def _evaluate_atom(atom: Atom, sizes: Mapping[str, int]) -> int:
    if not isinstance(atom, Operation):
        return sizes[atom]
    return _NUMBERS[atom.operator](evaluate(atom.left, sizes), evaluate(atom.right, sizes))


_NUMBERS: dict[str, Callable[[int, int], int]] = {
    "floordiv": lambda left, right: left // right,
    "mod": lambda left, right: left % right,
    "min": min,
    "max": max,
}


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


def solve(value: Dim) -> tuple[Symbol, Dim] | None:
    """A symbol, and what it is where `value == 0`; None where no symbol is linear in it."""
    for monomial, factor in _terms(value):
        if len(monomial) != 1 or not isinstance(monomial[0], Symbol):
            continue
        name, rest = monomial[0], value - _make({monomial: factor})
        if name in symbols(rest):
            continue
        if factor in (1, -1):
            return name, rest * -factor
        if isinstance(rest, int) and rest % factor == 0:
            return name, -rest // factor
    return None


def coefficient_of(value: Dim, name: Symbol) -> Dim | None:
    """c where `value == c*name + rest`, with `name` in neither c nor rest; None if not linear."""
    if not isinstance(value, Expr) or name not in value.symbols:
        return 0
    result: dict[Monomial, int] = {}
    for monomial, factor in value.terms.items():
        rest = _remove(monomial, (name,))
        others = monomial if rest is None else rest
        if any(name in _symbols_of(atom) for atom in others):
            return None
        if rest is not None:
            result[rest] = factor
    return _make(result)


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
